/* Compiling and evaluating one expression, for tests. */
#ifndef TESTS_WORKLOADS_EXPRESSIONS_H
#define TESTS_WORKLOADS_EXPRESSIONS_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"
#include "workloads/expr.h"

static void keep_problem(void *user, size_t offset, size_t len, const char *text)
{
    (void)offset, (void)len;
    snprintf(user, 512, "%s", text);
}

/* The value as "int 5", "double 1.5", "boolean true", "text abc", "null", as pgbench's debug() prints; or "error: why".
 */
static void evaluate(const char *text, const struct expr_scope *given, struct eval_scope *eval_scope, char out[512])
{
    struct arena *arena = arena_new();
    assert_non_null(arena);
    struct expr_scope scope = *given;
    char problem[512] = "";
    scope.problem = keep_problem;
    scope.user = problem;
    const struct program *program = expr_compile(arena, text, &scope);
    struct value value;
    enum make_status status = MAKE_OK;
    if (!program)
        snprintf(out, 512, "error: %.500s", problem);
    else if ((status = eval(program, eval_scope, &value)) != MAKE_OK)
        snprintf(out, 512, "error: %s", make_status_text(status));
    else if (value.type == VALUE_NULL)
        snprintf(out, 512, "null");
    else if (value.type == VALUE_INT)
        snprintf(out, 512, "int %lld", (long long)value.integer);
    else if (value.type == VALUE_DOUBLE && isnan(value.real))
        snprintf(out, 512, "double NaN");
    else if (value.type == VALUE_DOUBLE && isinf(value.real))
        snprintf(out, 512, "double %sInfinity", value.real < 0 ? "-" : "");
    else if (value.type == VALUE_DOUBLE)
        snprintf(out, 512, "double %.15g", value.real);
    else if (value.type == VALUE_BOOL)
        snprintf(out, 512, "boolean %s", value.boolean ? "true" : "false");
    else {
        char buf[VALUE_TEXT_MAX];
        const char *data = buf;
        size_t len = value_text(&value, buf, &data);
        snprintf(out, 512, "%s %.*s", value_type_name(value.type), (int)len, data);
    }
    arena_free(arena);
}

#endif

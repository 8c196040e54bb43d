/* json(), list(), numeric() and uuid7(). All arguments are evaluated first: what they take of the scratch must not come
 * between the pieces of the result. */
#include <string.h>

#include "functions.h"
#include "generators/document.h"
#include "generators/text.h"
#include "numbers.h"

/* Everything appended to the scratch since it was `start` full. */
static enum make_status set_text(struct scratch *scratch, size_t start, enum text_kind kind, struct value *out)
{
    *out = (struct value){.type = VALUE_TEXT, .kind = kind};
    out->text.data = scratch->data + start;
    out->text.len = scratch->used - start;
    return MAKE_OK;
}

static bool put(struct scratch *scratch, const char *text)
{
    return document_put(scratch, text, strlen(text));
}

/* --- json(k, v, …) ------------------------------------------------------------------------------------------------ */

static bool put_member(struct scratch *scratch, const struct value *key, const struct value *value, bool first)
{
    return put(scratch, first ? "" : ", ") && document_put_key(scratch, key) && put(scratch, ": ") &&
           document_put_json(scratch, value);
}

enum make_status function_json(const struct node *node, struct eval_scope *scope, struct value *out)
{
    struct value values[NODE_ARGS_MAX];
    for (int i = 0; i < node->n_args; i++) {
        enum make_status status = eval_arg(node, i, scope, &values[i]);
        if (status == MAKE_OK && i % 2 == 0 && values[i].type == VALUE_NULL)
            status = MAKE_NULL_KEY;
        if (status != MAKE_OK)
            return status;
    }
    struct scratch *scratch = scope->scratch;
    size_t start = scratch->used;
    bool ok = put(scratch, "{");
    for (int i = 0; ok && i < node->n_args; i += 2)
        ok = put_member(scratch, &values[i], &values[i + 1], i == 0);
    return ok && put(scratch, "}") ? set_text(scratch, start, TEXT_JSON, out) : MAKE_FULL;
}

bool compile_json(struct parser *parser, struct node *node)
{
    if (node->n_args % 2 != 0)
        return parser_problem(parser, node->n_args - 1, "json() takes pairs of a key and its value; this key has none");
    for (int i = 0; i < node->n_args; i += 2) {
        if (node_is_constant(node->args[i]) && node->args[i]->value.type == VALUE_NULL)
            return parser_problem(parser, i, "%s", make_status_text(MAKE_NULL_KEY));
    }
    return true;
}

/* --- list(n, x) --------------------------------------------------------------------------------------------------- */

static struct value *take_values(struct scratch *scratch, int64_t n)
{
    size_t misaligned = (size_t)((uintptr_t)(scratch->data + scratch->used) % _Alignof(struct value));
    if ((uint64_t)n > scratch->size / sizeof(struct value))
        return NULL;
    if (misaligned && !scratch_take(scratch, _Alignof(struct value) - misaligned))
        return NULL;
    return (struct value *)(void *)scratch_take(scratch, (size_t)n * sizeof(struct value));
}

static enum text_kind list_of(const struct value *element)
{
    enum text_kind kind = element->type == VALUE_TEXT ? element->kind : TEXT_PLAIN;
    return kind == TEXT_JSON || kind == TEXT_JSON_LIST ? TEXT_JSON_LIST : TEXT_LIST;
}

static bool is_list(const struct value *value)
{
    return value->type == VALUE_TEXT && (value->kind == TEXT_LIST || value->kind == TEXT_JSON_LIST);
}

/* Of JSON or not, and of lists or not: one list cannot be of both. */
static enum make_status common_kind(const struct value *values, int64_t n, enum text_kind *out)
{
    const struct value *first = NULL;
    *out = TEXT_LIST;
    for (int64_t i = 0; i < n; i++) {
        if (values[i].type == VALUE_NULL)
            continue;
        if (!first)
            *out = list_of(first = &values[i]);
        if (list_of(&values[i]) != *out || is_list(&values[i]) != is_list(first))
            return MAKE_MIXED_LIST;
    }
    return MAKE_OK;
}

static enum make_status put_list(struct scratch *scratch, const struct value *values, int64_t n, struct value *out)
{
    enum text_kind kind;
    enum make_status status = common_kind(values, n, &kind);
    if (status != MAKE_OK)
        return status;
    size_t start = scratch->used;
    bool ok = put(scratch, "{");
    for (int64_t i = 0; ok && i < n; i++)
        ok = put(scratch, i > 0 ? "," : "") && document_put_element(scratch, &values[i]);
    return ok && put(scratch, "}") ? set_text(scratch, start, kind, out) : MAKE_FULL;
}

enum make_status function_list(const struct node *node, struct eval_scope *scope, struct value *out)
{
    int64_t n = 0;
    bool null = false;
    enum make_status status = eval_int(node, 0, scope, &n, &null);
    if (status != MAKE_OK)
        return status;
    if (null)
        return set_null(out);
    if (n < 0)
        return MAKE_LIST_LENGTH;
    struct value *values = take_values(scope->scratch, n);
    if (!values)
        return MAKE_FULL;
    for (int64_t i = 0; i < n; i++)
        if ((status = eval_arg(node, 1, scope, &values[i])) != MAKE_OK)
            return status;
    return put_list(scope->scratch, values, n, out);
}

bool compile_list(struct parser *parser, struct node *node)
{
    int64_t n = 0;
    bool null = false;
    if (!node_is_constant(node->args[0]))
        return true;
    if (eval_int(node, 0, &(struct eval_scope){0}, &n, &null) != MAKE_OK)
        return parser_problem(parser, 0, "list(n, x) wants the number of values first");
    return n >= 0 || parser_problem(parser, 0, "a list cannot have %lld values", (long long)n);
}

/* --- numeric(x, digits) ------------------------------------------------------------------------------------------- */

static enum make_status to_numeric(const struct value *value, int scale, struct numeric *out)
{
    struct numeric exact;
    struct value number = *value;
    if (value->type == VALUE_NUMERIC)
        exact = value->numeric;
    else if (value->type != VALUE_TEXT || !numeric_parse(value->text.data, value->text.len, &exact)) {
        enum make_status status = value_number(&number);
        if (status != MAKE_OK)
            return status;
        if (number.type == VALUE_DOUBLE)
            return numeric_from_double(number.real, scale, out) ? MAKE_OK : MAKE_NUMERIC_RANGE;
        exact = (struct numeric){number.integer, 0};
    }
    return numeric_rescale(exact, scale, out) ? MAKE_OK : MAKE_NUMERIC_RANGE;
}

enum make_status function_numeric(const struct node *node, struct eval_scope *scope, struct value *out)
{
    struct value value;
    int64_t scale = 0;
    bool null = false;
    enum make_status status = eval_arg(node, 0, scope, &value);
    if (status == MAKE_OK)
        status = eval_int(node, 1, scope, &scale, &null);
    if (status != MAKE_OK)
        return status;
    if (null || value.type == VALUE_NULL)
        return set_null(out);
    if (scale < 0 || scale > NUMERIC_SCALE_MAX)
        return MAKE_SCALE;
    *out = (struct value){.type = VALUE_NUMERIC};
    return to_numeric(&value, (int)scale, &out->numeric);
}

bool compile_numeric(struct parser *parser, struct node *node)
{
    int64_t scale = 0;
    bool null = false;
    if (!node_is_constant(node->args[1]))
        return true;
    if (eval_int(node, 1, &(struct eval_scope){0}, &scale, &null) != MAKE_OK || scale < 0 || scale > NUMERIC_SCALE_MAX)
        return parser_problem(parser, 1, "%s", make_status_text(MAKE_SCALE));
    return true;
}

/* --- uuid7(t) ----------------------------------------------------------------------------------------------------- */

enum make_status function_uuid7(const struct node *node, struct eval_scope *scope, struct value *out)
{
    struct value value;
    int64_t us;
    enum make_status status = eval_arg(node, 0, scope, &value);
    if (status != MAKE_OK || value.type == VALUE_NULL)
        return status == MAKE_OK ? set_null(out) : status;
    status = value_moment(&value, &us);
    return status == MAKE_OK ? text_uuid7(scope->rng, us, scope->scratch, out) : status;
}

/* Constants are computed while an expression is compiled; why one has no value is told with what its parts are. */
#include <stdio.h>
#include <string.h>

#include "parser.h"

enum {
    FOLD_BYTES = 8192
};

static bool all_constant(const struct node *node)
{
    for (int i = 0; i < node->n_args; i++)
        if (!node_is_constant(node->args[i]))
            return false;
    return true;
}

const char *type_in_words(enum value_type type)
{
    switch (type) {
    case VALUE_NULL:
        return "NULL";
    case VALUE_TEXT:
        return "text";
    case VALUE_INT:
        return "an integer";
    case VALUE_INTERVAL:
        return "an interval";
    case VALUE_BOOL:
        return "a boolean";
    case VALUE_DOUBLE:
        return "a double";
    case VALUE_NUMERIC:
        return "a numeric";
    case VALUE_TIMESTAMP:
        return "a timestamp";
    case VALUE_DATE:
        return "a date";
    }
    return "a value";
}

/* "`NOT x` does not take an integer": what the constants are, beside what stands in the help. */
static void wrong_types(struct parser *parser, const struct node *node)
{
    const struct function *function = node->function;
    if (node->eval == eval_case) {
        parser_doubt(parser, -1,
                     "a condition of CASE is a boolean (or a number), not text; compare it, as in `x = 'a'`");
        return;
    }
    const struct piece *first = &parser->call->args[0];
    char sign = parser->text[first->offset];
    bool prefix = first->end == first->offset + 1 && (sign == '-' || sign == '~'); /* the 0 or -1 is not written */
    bool number = false;
    char given[160] = "";
    for (int i = prefix; i < node->n_args && i < 4; i++) {
        size_t len = strlen(given);
        enum value_type type = node->args[i]->value.type;
        number = number || type == VALUE_INT || type == VALUE_DOUBLE;
        snprintf(given + len, sizeof given - len, "%s%s",
                 i == prefix            ? ""
                 : i + 1 < node->n_args ? ", "
                                        : " and ",
                 type_in_words(type));
    }
    bool condition = number && strcmp(function->group, "conditions") == 0;
    const char *usage = !prefix ? function->usage : sign == '-' ? "- x" : "~ x";
    parser_doubt(parser, -1, "`%s` does not take %s%s%s", usage, given, node->n_args > 4 ? ", …" : "",
                 condition ? "; compare it, as in `x <> 0`" : "");
}

/* Why a constant has no value. */
static void report_fold(struct parser *parser, const struct node *node, enum make_status status)
{
    if (status == MAKE_BAD_TYPE)
        wrong_types(parser, node);
    else if (status == MAKE_OVERFLOW)
        parser_doubt(parser, -1, "%s; a double goes further, as `1.0` is one", make_status_text(status));
    else if (status != MAKE_FULL)
        parser_doubt(parser, -1, "%s", make_status_text(status));
}

void parser_fold(struct parser *parser, struct node *node)
{
    if (!all_constant(node))
        return;
    char bytes[FOLD_BYTES];
    struct scratch scratch = {.data = bytes, .size = sizeof bytes};
    struct eval_scope scope = {.scratch = &scratch};
    struct value value;
    enum make_status status = node->eval(node, &scope, &value);
    if (status != MAKE_OK) {
        report_fold(parser, node, status);
        return;
    }
    if (value.type == VALUE_TEXT) {
        char *copy = parser_alloc(parser, value.text.len + 1);
        if (!copy)
            return;
        memcpy(copy, value.text.data, value.text.len);
        value.text.data = copy;
    }
    *node = (struct node){.eval = eval_constant, .value = value};
}

/* Names, CASE, AND and OR, and the coercions that operators.c and functions.c share. */
#include "workloads/eval.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "program.h"

enum {
    TEXT_NUMBER_MAX = 512 /* no longer text is a number */
};

enum make_status eval(const struct program *program, struct eval_scope *scope, struct value *out)
{
    return program->root->eval(program->root, scope, out);
}

enum make_status program_column(const void *program, struct row_scope *row, struct value *out)
{
    struct eval_scope scope = {.rng = &row->rng, .row = row, .scratch = row->scratch, .depth = row->depth};
    return eval(program, &scope, out);
}

bool program_constant(const struct program *program, struct value *out)
{
    if (!node_is_constant(program->root))
        return false;
    *out = program->root->value;
    return true;
}

const struct cell_ref *program_cells(const struct program *program)
{
    return program->cells;
}

enum make_status eval_constant(const struct node *node, struct eval_scope *scope, struct value *out)
{
    (void)scope;
    *out = node->value;
    return MAKE_OK;
}

enum make_status eval_variable(const struct node *node, struct eval_scope *scope, struct value *out)
{
    *out = scope->slots[node->index];
    return MAKE_OK;
}

enum make_status eval_column(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return row_cell(scope->row, (size_t)node->index, out);
}

enum make_status eval_row(const struct node *node, struct eval_scope *scope, struct value *out)
{
    (void)node;
    *out = (struct value){.type = VALUE_INT, .integer = scope->row->row};
    return MAKE_OK;
}

enum make_status eval_cell(const struct node *node, struct eval_scope *scope, struct value *out)
{
    int64_t row;
    bool null = false;
    enum make_status status = eval_int(node, 0, scope, &row, &null);
    if (status != MAKE_OK)
        return status;
    if (null) {
        out->type = VALUE_NULL;
        return MAKE_OK;
    }
    return table_cell(node->table, (size_t)node->index, row, scope->scratch, scope->depth, out);
}

/* --- Text as what it looks like ------------------------------------------------------------------------------------
 */

static bool is_prefix(const char *text, size_t len, const char *word, size_t least)
{
    return len >= least && len <= strlen(word) && strncasecmp(text, word, len) == 0;
}

/* "y", "ye", "n", "of", … but not "o". */
static bool text_bool(const char *text, size_t len, bool *out)
{
    *out = is_prefix(text, len, "true", 1) || is_prefix(text, len, "yes", 1) || is_prefix(text, len, "on", 2);
    return *out || is_prefix(text, len, "false", 1) || is_prefix(text, len, "no", 1) || is_prefix(text, len, "off", 2);
}

/* Digits alone must fit an integer; anything else that strtod() reads to its end is a double. */
static bool text_number(const char *text, struct value *out)
{
    char *end;
    const char *digits = text + strspn(text, " \t\n\v\f\r");
    digits += *digits == '-' || *digits == '+';
    bool integer = digits[strspn(digits, "0123456789")] == '\0';
    errno = 0;
    if (integer)
        *out = (struct value){.type = VALUE_INT, .integer = strtoll(text, &end, 10)};
    else
        *out = (struct value){.type = VALUE_DOUBLE, .real = strtod(text, &end)};
    return errno == 0 && end != text && *end == '\0';
}

enum make_status value_of_text(struct value *value)
{
    char text[TEXT_NUMBER_MAX];
    size_t len = value->text.len;
    bool truth;
    if (len == 0 || len >= sizeof text)
        return MAKE_BAD_TYPE;
    memcpy(text, value->text.data, len);
    text[len] = '\0';
    if (strcasecmp(text, "null") == 0)
        *value = (struct value){.type = VALUE_NULL};
    else if (text_bool(text, len, &truth))
        *value = (struct value){.type = VALUE_BOOL, .boolean = truth};
    else if (!text_number(text, value))
        return MAKE_BAD_TYPE;
    return MAKE_OK;
}

enum make_status eval_script_variable(const struct node *node, struct eval_scope *scope, struct value *out)
{
    *out = scope->slots[node->index];
    return out->type == VALUE_TEXT ? value_of_text(out) : MAKE_OK;
}

/* --- Coercions ------------------------------------------------------------------------------------------------------
 */

enum make_status value_number(struct value *value)
{
    struct value number = *value;
    if (value->type == VALUE_TEXT && value_of_text(&number) != MAKE_OK)
        return MAKE_BAD_TYPE;
    if (number.type == VALUE_NUMERIC)
        number = (struct value){.type = VALUE_DOUBLE, .real = numeric_double(value->numeric)};
    if (number.type != VALUE_INT && number.type != VALUE_DOUBLE)
        return MAKE_BAD_TYPE;
    *value = number;
    return MAKE_OK;
}

enum make_status value_int(struct value *value, int64_t *out)
{
    if (value->type == VALUE_NUMERIC &&
        numeric_rescale(value->numeric, 0, &value->numeric)) /* exact, not by a double */
        *value = (struct value){.type = VALUE_INT, .integer = value->numeric.units};
    enum make_status status = value_number(value);
    if (status == MAKE_OK && value->type == VALUE_DOUBLE) {
        double rounded = rint(value->real);
        if (!(rounded >= -0x1p63 && rounded < 0x1p63))
            return MAKE_OVERFLOW;
        *value = (struct value){.type = VALUE_INT, .integer = (int64_t)rounded};
    }
    if (status == MAKE_OK)
        *out = value->integer;
    return status;
}

enum make_status value_double(struct value *value, double *out)
{
    enum make_status status = value_number(value);
    if (status == MAKE_OK)
        *out = value->type == VALUE_INT ? (double)value->integer : value->real;
    return status;
}

enum make_status value_bool(const struct value *value, bool *out)
{
    if (value->type == VALUE_TEXT) {
        struct value meant = *value;
        return value_of_text(&meant) == MAKE_OK && meant.type != VALUE_TEXT ? value_bool(&meant, out) : MAKE_BAD_TYPE;
    }
    if (value->type != VALUE_BOOL)
        return MAKE_BAD_TYPE;
    *out = value->boolean;
    return MAKE_OK;
}

enum make_status eval_int(const struct node *node, int i, struct eval_scope *scope, int64_t *out, bool *null)
{
    struct value value;
    enum make_status status = eval_arg(node, i, scope, &value);
    if (status == MAKE_OK && value.type == VALUE_INT)
        *out = value.integer;
    else if (status == MAKE_OK && value.type == VALUE_NULL)
        *null = true;
    else if (status == MAKE_OK)
        status = value_int(&value, out);
    return status;
}

enum make_status eval_double(const struct node *node, int i, struct eval_scope *scope, double *out, bool *null)
{
    struct value value;
    enum make_status status = eval_arg(node, i, scope, &value);
    if (status == MAKE_OK && value.type == VALUE_NULL)
        *null = true;
    else if (status == MAKE_OK)
        status = value_double(&value, out);
    return status;
}

/* --- Conditions -----------------------------------------------------------------------------------------------------
 */

enum make_status value_condition(const struct value *value, bool *out)
{
    switch (value->type) {
    case VALUE_NULL:
        *out = false;
        return MAKE_OK;
    case VALUE_BOOL:
        *out = value->boolean;
        return MAKE_OK;
    case VALUE_INT:
        *out = value->integer != 0;
        return MAKE_OK;
    case VALUE_DOUBLE:
        *out = value->real != 0.0;
        return MAKE_OK;
    case VALUE_NUMERIC:
        *out = value->numeric.units != 0;
        return MAKE_OK;
    case VALUE_TEXT: {
        struct value meant = *value;
        return value_of_text(&meant) == MAKE_OK ? value_condition(&meant, out) : MAKE_BAD_TYPE;
    }
    default:
        return MAKE_BAD_TYPE;
    }
}

/* args: condition, result, condition, result, …, else. */
enum make_status eval_case(const struct node *node, struct eval_scope *scope, struct value *out)
{
    for (int i = 0; i + 1 < node->n_args; i += 2) {
        bool truth;
        enum make_status status = eval_arg(node, i, scope, out);
        if (status == MAKE_OK)
            status = value_condition(out, &truth);
        if (status != MAKE_OK)
            return status;
        if (truth)
            return eval_arg(node, i + 1, scope, out);
    }
    return eval_arg(node, node->n_args - 1, scope, out);
}

/* As pgbench has it: from left to right, and the first that is NULL or `decisive` settles it. (In SQL, NULL AND FALSE
 * is FALSE; here it is NULL.) */
static enum make_status eval_logical(const struct node *node, struct eval_scope *scope, bool decisive,
                                     struct value *out)
{
    bool truth = decisive;
    for (int i = 0; i < 2; i++) {
        enum make_status status = eval_arg(node, i, scope, out);
        if (status != MAKE_OK || out->type == VALUE_NULL)
            return status;
        if ((status = value_bool(out, &truth)) != MAKE_OK)
            return status;
        *out = (struct value){.type = VALUE_BOOL, .boolean = truth};
        if (truth == decisive)
            return MAKE_OK;
    }
    return MAKE_OK;
}

enum make_status eval_and(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return eval_logical(node, scope, false, out);
}

enum make_status eval_or(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return eval_logical(node, scope, true, out);
}

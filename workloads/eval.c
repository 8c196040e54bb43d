/* Names, CASE, AND and OR, and the coercions that operators.c and functions.c share. */
#include "workloads/eval.h"

#include <math.h>
#include <string.h>

#include "base/units.h"
#include "program.h"

enum make_status eval(const struct program *program, struct eval_scope *scope, struct value *out)
{
    return program->root->eval(program->root, scope, out);
}

enum make_status eval_condition(const struct program *program, struct eval_scope *scope, bool *out)
{
    struct value value;
    enum make_status status = eval(program, scope, &value);
    if (status == MAKE_OK && !value_truth(&value, out))
        status = MAKE_BAD_TYPE;
    return status;
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

/* As pgbench takes the text of a variable: an integer if it looks like one, else a double. */
static enum make_status text_number(struct value *value)
{
    char digits[VALUE_TEXT_MAX];
    if (value->text.len >= sizeof digits)
        return MAKE_BAD_TYPE;
    memcpy(digits, value->text.data, value->text.len);
    digits[value->text.len] = '\0';
    struct value number = {.type = VALUE_INT};
    if (!units_parse_int(digits, &number.integer)) {
        number.type = VALUE_DOUBLE;
        if (!units_parse_double(digits, &number.real))
            return MAKE_BAD_TYPE;
    }
    *value = number;
    return MAKE_OK;
}

enum make_status eval_int(const struct node *node, int i, struct eval_scope *scope, int64_t *out, bool *null)
{
    struct value value;
    enum make_status status = eval_arg(node, i, scope, &value);
    if (status == MAKE_OK && value.type == VALUE_TEXT)
        status = text_number(&value);
    if (status != MAKE_OK)
        return status;
    switch (value.type) {
    case VALUE_NULL:
        *null = true;
        return MAKE_OK;
    case VALUE_INT:
        *out = value.integer;
        return MAKE_OK;
    case VALUE_DOUBLE:
        value.real = rint(value.real);
        if (!(value.real >= -0x1p63 && value.real < 0x1p63))
            return MAKE_OVERFLOW;
        *out = (int64_t)value.real;
        return MAKE_OK;
    default:
        return MAKE_BAD_TYPE;
    }
}

enum make_status eval_double(const struct node *node, int i, struct eval_scope *scope, double *out, bool *null)
{
    struct value value;
    enum make_status status = eval_arg(node, i, scope, &value);
    if (status == MAKE_OK && value.type == VALUE_TEXT)
        status = text_number(&value);
    if (status != MAKE_OK)
        return status;
    switch (value.type) {
    case VALUE_NULL:
        *null = true;
        return MAKE_OK;
    case VALUE_INT:
        *out = (double)value.integer;
        return MAKE_OK;
    case VALUE_DOUBLE:
        *out = value.real;
        return MAKE_OK;
    default:
        return MAKE_BAD_TYPE;
    }
}

enum make_status value_number(struct value *value)
{
    if (value->type == VALUE_TEXT)
        return text_number(value);
    return value->type == VALUE_INT || value->type == VALUE_DOUBLE ? MAKE_OK : MAKE_BAD_TYPE;
}

bool value_truth(const struct value *value, bool *out)
{
    switch (value->type) {
    case VALUE_NULL:
        *out = false;
        return true;
    case VALUE_BOOL:
        *out = value->boolean;
        return true;
    case VALUE_INT:
        *out = value->integer != 0;
        return true;
    case VALUE_DOUBLE:
        *out = value->real != 0.0;
        return true;
    default:
        return false;
    }
}

/* args: condition, result, condition, result, …, else. */
enum make_status eval_case(const struct node *node, struct eval_scope *scope, struct value *out)
{
    for (int i = 0; i + 1 < node->n_args; i += 2) {
        bool truth;
        enum make_status status = eval_arg(node, i, scope, out);
        if (status == MAKE_OK && !value_truth(out, &truth))
            status = MAKE_BAD_TYPE;
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
    for (int i = 0; i < 2; i++) {
        enum make_status status = eval_arg(node, i, scope, out);
        if (status != MAKE_OK)
            return status;
        if (out->type == VALUE_NULL)
            return MAKE_OK;
        if (out->type != VALUE_BOOL)
            return MAKE_BAD_TYPE;
        if (out->boolean == decisive)
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

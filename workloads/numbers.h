/* What functions of numbers have in common: all arguments, then NULL, then their types, as in pgbench. */
#ifndef WORKLOADS_NUMBERS_H
#define WORKLOADS_NUMBERS_H

#include "program.h"

static inline enum make_status set_null(struct value *out)
{
    out->type = VALUE_NULL;
    return MAKE_OK;
}

static inline enum make_status set_int(struct value *out, int64_t integer)
{
    *out = (struct value){.type = VALUE_INT, .integer = integer};
    return MAKE_OK;
}

static inline enum make_status set_double(struct value *out, double real)
{
    *out = (struct value){.type = VALUE_DOUBLE, .real = real};
    return MAKE_OK;
}

enum {
    NUMBERS_MAX = 3
};

/* The first `count` arguments, *null when one of them is. */
static inline enum make_status eval_first(const struct node *node, int count, struct eval_scope *scope,
                                          struct value *values, bool *null)
{
    enum make_status status = MAKE_OK;
    for (int i = 0; i < count && status == MAKE_OK; i++) {
        status = eval_arg(node, i, scope, &values[i]);
        *null = *null || (status == MAKE_OK && values[i].type == VALUE_NULL);
    }
    return status;
}

static inline enum make_status as_int(struct value *value, int64_t *out)
{
    if (value->type != VALUE_INT)
        return value_int(value, out);
    *out = value->integer;
    return MAKE_OK;
}

/* Of an INT or a DOUBLE. */
static inline double as_double(const struct value *value)
{
    return value->type == VALUE_INT ? (double)value->integer : value->real;
}

/* All of them, as integers. */
static inline enum make_status eval_ints(const struct node *node, struct eval_scope *scope, int64_t *out, bool *null)
{
    struct value values[NUMBERS_MAX];
    enum make_status status = eval_first(node, node->n_args, scope, values, null);
    for (int i = 0; i < node->n_args && status == MAKE_OK && !*null; i++)
        status = as_int(&values[i], &out[i]);
    return status;
}

/* Whatever the others are, the outcome is NULL then. */
static inline bool has_constant_null(const struct node *node)
{
    for (int i = 0; i < node->n_args; i++)
        if (node_is_constant(node->args[i]) && node->args[i]->value.type == VALUE_NULL)
            return true;
    return false;
}

#endif

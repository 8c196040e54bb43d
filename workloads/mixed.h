/* Operators on what pgbench does not have: moments, intervals and fixed point. */
#ifndef WORKLOADS_MIXED_H
#define WORKLOADS_MIXED_H

#include "program.h"

static inline bool value_is_mixed(const struct value *value)
{
    return value->type == VALUE_TIMESTAMP || value->type == VALUE_DATE || value->type == VALUE_NUMERIC ||
           value->type == VALUE_INTERVAL;
}

/* At least one of a and b is_mixed, neither is NULL; they may be changed. */
typedef enum make_status mixed_fn(struct value *a, struct value *b, struct value *out);
mixed_fn mixed_add, mixed_subtract, mixed_multiply, mixed_divide;

/* Below 0, 0 or above in *out; a double among them is compared as doubles, *unordered for NaN. */
enum make_status mixed_compare(struct value *a, struct value *b, int *out, bool *unordered);

/* Of + and -: a constant text is read as an interval or moment once. */
compile_fn compile_sum;

#endif

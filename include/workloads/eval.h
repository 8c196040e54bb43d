/* Evaluating a compiled expression. Nothing is allocated; text lives in the scope's scratch. */
#ifndef PGDYNO_WORKLOADS_EVAL_H
#define PGDYNO_WORKLOADS_EVAL_H

#include "generators/rng.h"
#include "generators/table.h"
#include "generators/value.h"

struct program;

/* What an expression can see: either a transaction's variables or a row being made. */
struct eval_scope {
    struct rng *rng; /* random functions draw from it */
    /* A transaction's variables; NULL in a table's column. What `into` keeps is best typed as the server says: text
     * that looks like a number counts as one in arithmetic, but two texts compare as texts. */
    const struct value *slots;
    struct row_scope *row; /* the row being made; NULL in a transaction */
    struct scratch *scratch;
    int depth;
};

/* On failure *out is undefined. Text in *out lives in the scratch, the program, a slot or a source. */
enum make_status eval(const struct program *program, struct eval_scope *scope, struct value *out);

/* A condition's value: *out is false for NULL. MAKE_BAD_TYPE unless boolean (or a number, as pgbench takes it). */
enum make_status value_condition(const struct value *value, bool *out);

/* A value as a number: text that looks like one counts, as in arithmetic; *value becomes an integer or a double.
 * MAKE_BAD_TYPE for the rest, and for NULL. */
enum make_status value_double(struct value *value, double *out);

#endif

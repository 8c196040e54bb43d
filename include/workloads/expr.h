/* From the text of an expression to a compact program: pgbench's language, extended (workloads/README.md). A program is
 * a tree of nodes in the caller's arena, each with the function that evaluates it; constants are folded away. */
#ifndef PGDYNO_WORKLOADS_EXPR_H
#define PGDYNO_WORKLOADS_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "generators/table.h"
#include "generators/value.h"
#include "workloads/eval.h"

/* A named constant. */
struct expr_param {
    const char *name;
    struct value value;
};

/* Told of each mistake: the place is bytes within the expression's text, `text` one sentence. */
typedef void expr_problem_fn(void *user, size_t offset, size_t len, const char *text);
/* How many rows a table has, by its index; false when that is not known (the reason was reported). */
typedef bool expr_rows_fn(void *user, size_t table, int64_t *out);

/* What the names in an expression mean; innermost first: columns or variables, then params. Everything is borrowed. */
struct expr_scope {
    const struct table_spec *row; /* the table whose column this is: `row` and `:column`; NULL elsewhere */
    const char *const *variables; /* a transaction's slots so far */
    int n_variables;
    const char *const *later; /* variables that only a step further on sets: no mistake of spelling, but of order */
    size_t n_later;
    const struct expr_param *params;
    size_t n_params;
    const struct table_spec *const *tables; /* and CSV sources, for rows(t) and t.c[n] */
    size_t n_tables;
    bool script;           /* a pgbench script's: text in a variable or param counts as the number, boolean or null that
                            * it looks like, and is an error where it looks like none */
    bool constant;         /* nothing random, no rows of tables: `params` and `rows:` */
    uint64_t default_seed; /* of hash() and permute() without one, where nothing is called `default_seed` */
    expr_rows_fn *rows;
    expr_problem_fn *problem;
    void *user;
};

/* Compile `text` into `arena`. NULL after at least one call of scope->problem, or when memory ran out. */
const struct program *expr_compile(struct arena *arena, const char *text, const struct expr_scope *scope);

/* The program's value if it needs nothing to be known. */
bool program_constant(const struct program *program, struct value *out);

/* The column_fn of a compiled column. */
enum make_status program_column(const void *program, struct row_scope *scope, struct value *out);

/* The cells that the program reads, `:column` and `t.c[n]`, for finding circles. */
struct cell_ref {
    const struct table_spec *table;
    size_t column;
    const struct cell_ref *next;
};
const struct cell_ref *program_cells(const struct program *program);

/* One function or operator, for a help page; everything is a literal. */
struct expr_help {
    const char *name;
    const char *group;   /* "arithmetic", "random integers", …: rows of a group need not be neighbours */
    const char *usage;   /* "abs(x)", "a + b" */
    const char *meaning; /* no capital, no full stop */
    const char *example;
    const char *gives; /* the example's value; NULL where it is random, or needs a table or a variable */
    int binds;         /* of an operator: the larger, the tighter (equal: from left to right); 0 of a function */
};
/* The i-th, from 0; false behind the last. Operators come from the tightest to the loosest. */
bool expr_function_help(size_t i, struct expr_help *out);
bool expr_operator_help(size_t i, struct expr_help *out);

/* A name of params, columns and variables: a letter or underscore, then letters, digits, underscores. */
bool expr_is_name(const char *text);

#endif

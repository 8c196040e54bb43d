/* What expr.c builds and eval*.c run: a tree of nodes, each with the function that evaluates it. */
#ifndef WORKLOADS_PROGRAM_H
#define WORKLOADS_PROGRAM_H

#include "workloads/eval.h"
#include "workloads/expr.h"

struct node;
typedef enum make_status node_fn(const struct node *node, struct eval_scope *scope, struct value *out);

enum {
    NODE_ARGS_MAX = 64,
    NODE_DEPTH_MAX = 200 /* evaluation recurses: bounds its stack */
};

struct node {
    node_fn *eval;
    struct value value; /* of a constant */
    const struct node *const *args;
    int n_args;
    int depth;                      /* of the tree below, for NODE_DEPTH_MAX */
    int index;                      /* slot of a variable, number of a column */
    const struct table_spec *table; /* of t.c[n] */
    const void *data;               /* what a function worked out from constant arguments */
};

struct program {
    const struct node *root;
    const struct cell_ref *cells;
};

/* eval.c: the shapes that are not in a table of rows. */
node_fn eval_constant, eval_variable, eval_column, eval_cell, eval_row, eval_case, eval_and, eval_or;

/* eval.c: argument `i` as a number (text that looks like one counts, as a variable's does in pgbench). */
enum make_status eval_int(const struct node *node, int i, struct eval_scope *scope, int64_t *out, bool *null);
enum make_status eval_double(const struct node *node, int i, struct eval_scope *scope, double *out, bool *null);
enum make_status value_number(struct value *value);     /* the same for a value: INT or DOUBLE afterwards */
bool value_truth(const struct value *value, bool *out); /* pgbench's valueTruth; false for text */

/* operators.c: append the text of a value (not NULL) to the scratch; pieces taken in a row are one text. */
enum make_status eval_append(struct scratch *scratch, const struct value *value);

static inline enum make_status eval_arg(const struct node *node, int i, struct eval_scope *scope, struct value *out)
{
    return node->args[i]->eval(node->args[i], scope, out);
}

static inline bool node_is_constant(const struct node *node)
{
    return node->eval == eval_constant;
}

struct parser;
/* Extra work when a call is compiled: check constant arguments, prepare node->data. False after reporting. */
typedef bool compile_fn(struct parser *parser, struct node *node);

/* How tightly an operator binds; see expr.c. */
enum level {
    LEVEL_ANY,
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_IS,
    LEVEL_COMPARE,
    LEVEL_BITS,
    LEVEL_SUM,
    LEVEL_PRODUCT,
    LEVEL_UNARY,
    LEVEL_PRIMARY /* values and names */
};

/* One operator or function of the language. */
struct function {
    const char *name;
    int min_args;
    int max_args;        /* -1: any number */
    node_fn *eval;       /* NULL: known, but not supported yet; or for the help alone: the parser sees to it */
    compile_fn *compile; /* may be NULL */
    unsigned flags;
    const char *group; /* under which the help shows it */
    const char *usage; /* "abs(x)" */
    const char *meaning;
    const char *example;
    const char *gives; /* the example's value as text; NULL where it is random or needs a table */
};
struct operator
{
    struct function call;
    enum level level;
};
enum {
    FUNCTION_PURE = 1,   /* folded when all arguments are constant */
    FUNCTION_RANDOM = 2, /* not where only constants may stand */
    FUNCTION_LAZY = 4    /* does not evaluate every argument: errors in constants are not reported early */
};

/* operators.c and functions.c: rows ended by a NULL name. */
extern const struct operator operator_rows[];
extern const struct function function_rows[];

/* expr.c, for compile functions: report at the place of argument `arg` (-1: the whole call). Returns false. */
bool parser_problem(struct parser *parser, int arg, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void *parser_alloc(struct parser *parser, size_t size); /* NULL, and the parse failed, when there is no memory */
const struct expr_scope *parser_scope(const struct parser *parser);

#endif

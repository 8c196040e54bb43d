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
    int depth;                       /* of the tree below, for NODE_DEPTH_MAX */
    int index;                       /* slot of a variable, number of a column */
    const struct table_spec *table;  /* of t.c[n] */
    const void *data;                /* what a function worked out from constant arguments */
    const struct function *function; /* whose call this is; NULL for constants and names */
};

struct program {
    const struct node *root;
    const struct cell_ref *cells;
};

/* eval.c: the shapes that are not in a table of rows. */
node_fn eval_constant, eval_variable, eval_script_variable, eval_column, eval_cell, eval_row, eval_case, eval_and,
    eval_or;

/* eval.c: argument `i` as a number. Text that looks like one counts, here and below, as a variable's does in pgbench.
 */
enum make_status eval_int(const struct node *node, int i, struct eval_scope *scope, int64_t *out, bool *null);
enum make_status eval_double(const struct node *node, int i, struct eval_scope *scope, double *out, bool *null);
/* The same for a value that is not NULL. */
enum make_status value_number(struct value *value); /* INT or DOUBLE afterwards */
enum make_status value_int(struct value *value, int64_t *out);
enum make_status value_bool(const struct value *value, bool *out);         /* numbers are none */
enum make_status value_moment(const struct value *value, int64_t *out_us); /* mixed.c: also a date's, or text's */
/* TEXT to the NULL, BOOL, INT or DOUBLE that pgbench makes of a variable's text: prefixes of true, yes, on, false, no
 * and off in any case, "null", digits, whatever strtod() reads. MAKE_BAD_TYPE, value untouched or not, when it is none.
 */
enum make_status value_of_text(struct value *value);

/* operators.c: append the text of a value (not NULL) to the scratch; pieces taken in a row are one text. */
enum make_status eval_append(struct scratch *scratch, const struct value *value);

static inline bool node_is_constant(const struct node *node)
{
    return node->eval == eval_constant;
}

static inline enum make_status eval_arg(const struct node *node, int i, struct eval_scope *scope, struct value *out)
{
    const struct node *arg = node->args[i];
    if (!node_is_constant(arg))
        return arg->eval(arg, scope, out);
    *out = arg->value; /* spares a call, and is foreseen well */
    return MAKE_OK;
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
struct operator_row {
    struct function call;
    enum level level;
};
enum {
    FUNCTION_PURE = 1,   /* folded when all arguments are constant */
    FUNCTION_RANDOM = 2, /* not where only constants may stand */
    FUNCTION_LAZY = 4,   /* does not evaluate every argument: errors in constants are not reported early */
    FUNCTION_SEEDED = 8  /* the last argument may be left out: it is :default_seed then */
};

/* operators.c and functions.c: rows ended by a NULL name. */
extern const struct operator_row operator_rows[];
extern const struct function function_rows[];

/* fold.c: "an integer", "text", … */
const char *type_in_words(enum value_type type);

/* expr.c, for compile functions: report at the place of argument `arg` (-1: the whole call). Returns false. */
bool parser_problem(struct parser *parser, int arg, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same, unless it stands where it may never be evaluated: nothing is reported then, evaluating will fail. Returns
 * whether nothing was reported. */
bool parser_doubt(struct parser *parser, int arg, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void *parser_alloc(struct parser *parser, size_t size); /* NULL, and the parse failed, when there is no memory */
const struct expr_scope *parser_scope(const struct parser *parser);

#endif

/* What expr.c and names.c share while one expression is parsed. */
#ifndef WORKLOADS_PARSER_H
#define WORKLOADS_PARSER_H

#include "lexer.h"
#include "program.h"

/* A parsed piece and where it stands. No node: the parse is over. */
struct piece {
    struct node *node;
    size_t offset;
    size_t end;
};

struct call {
    struct piece args[NODE_ARGS_MAX];
    int n_args;
    size_t offset;
    size_t end;
};

struct parser {
    struct arena *arena;
    const char *text;
    const struct expr_scope *scope;
    struct token token; /* the next one */
    size_t end;         /* of the one before */
    int nesting;
    int conditional;         /* inside something that may never be evaluated */
    int told;                /* mistakes reported */
    bool failed;             /* something was reported, or memory ran out */
    const struct call *call; /* being compiled */
    const struct cell_ref *cells;
};

extern const struct piece no_piece;

/* Whatever stands next and binds at least as tightly as `lowest`. */
struct piece parser_level(struct parser *parser, enum level lowest);
/* Report at these bytes. Returns false. */
bool parser_problem_at(struct parser *parser, size_t offset, size_t end, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* "`x` stands where `expected` should come": the parse is over. */
struct piece parser_unexpected(struct parser *parser, const char *expected);
/* fold.c: a node that needs nothing to be known becomes its value. An error in a branch that may not be taken waits for
 * its turn. */
void parser_fold(struct parser *parser, struct node *node);
void parser_advance(struct parser *parser);
bool parser_at(const struct parser *parser, const char *word);
bool parser_accept(struct parser *parser, const char *word); /* parser_at, then parser_advance */
/* A copy without the first `skip` bytes; NULL when there is no memory. */
char *parser_token_text(struct parser *parser, const struct token *token, size_t skip);
struct piece parser_leaf(struct parser *parser, node_fn *fn, size_t offset);
struct piece parser_constant(struct parser *parser, struct value value, size_t offset);
/* Stands for what could not be understood, so that parsing goes on; the program is never run. */
struct piece parser_unknown(struct parser *parser, size_t offset);
bool parser_same_name(const char *name, const char *text, size_t len);
/* " (did you mean `x`?)" with `before` in front of x, or "", in `buf`. */
const char *parser_hint(char *buf, size_t size, const char *nearest, const char *before);

/* names.c; the name is parser->token. */
struct piece names_variable(struct parser *parser);
/* :default_seed where there is a variable or param of that name, else the scope's. */
struct piece names_default_seed(struct parser *parser);
/* table.column[row]; the point is next. */
struct piece names_cell(struct parser *parser, const struct token *table_token);
/* rows(table); the opening parenthesis is next. */
struct piece names_rows(struct parser *parser, const struct token *name);

#endif

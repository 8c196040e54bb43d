/* The words of an expression. */
#ifndef WORKLOADS_LEXER_H
#define WORKLOADS_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_kind {
    TOKEN_END,
    TOKEN_BAD,      /* `problem` or `remedy` says why */
    TOKEN_INT,      /* `integer` */
    TOKEN_DOUBLE,   /* `real` */
    TOKEN_TEXT,     /* 'it''s', quotes included */
    TOKEN_VARIABLE, /* :name, colon included */
    TOKEN_NAME,
    TOKEN_KEYWORD, /* a NAME that is reserved, any case */
    TOKEN_OPERATOR /* also ( ) [ ] , . */
};

struct token {
    enum token_kind kind;
    size_t offset;
    size_t len;
    uint64_t integer; /* up to 2^63, which only a minus before it makes valid */
    double real;
    const char *problem; /* NULL: a sign that means nothing, and perhaps … */
    const char *remedy;  /* … what to write instead */
};

/* The token that begins at or after `offset`. */
struct token lexer_next(const char *text, size_t offset);
/* Is it this operator or (lower case) keyword? */
bool token_is(const char *text, const struct token *token, const char *word);
bool lexer_name_start(char c);
bool lexer_name_char(char c);

#endif

/* Finding `:name` in SQL without being fooled by quotes, comments, casts and array slices. */
#ifndef PGDYNO_WORKLOADS_SQLTEXT_H
#define PGDYNO_WORKLOADS_SQLTEXT_H

#include <stdbool.h>
#include <stddef.h>

enum sql_item_kind {
    SQL_END,
    SQL_VARIABLE,  /* :name, colon included */
    SQL_NUMBERED,  /* $1: not ours to number */
    SQL_SEMICOLON, /* outside of everything */
    SQL_UNFINISHED /* a quote or comment that never ends: its start */
};

struct sql_item {
    enum sql_item_kind kind;
    size_t offset;
    size_t len;
};

/* All-zero but `sql`: at the beginning. */
struct sql_scan {
    const char *sql;
    size_t at;
    int brackets; /* [ … ]: there a colon after an operand separates the bounds of a slice */
    char before;  /* the last character that was not white space or comment */
};

/* The next of the items above. In brackets, a[1:n] is a slice with a column n and a[:n] a variable; write a[1 : :n] for
 * a slice up to a variable. */
struct sql_item sqltext_next(struct sql_scan *scan);

enum {
    SQLTEXT_UNFINISHED = -1
};
/* Past the quoted text, quoted identifier or comment that begins at `at`; `at` itself if none does;
 * SQLTEXT_UNFINISHED if it never ends. */
long sqltext_skip(const char *sql, size_t at, bool *comment);

/* Length without trailing white space and semicolons. */
size_t sqltext_trimmed(const char *sql);

#endif

/* What went wrong, for set-up code: one fixed-size, caller-owned value that never allocates. */
#ifndef PGDYNO_BASE_ERR_H
#define PGDYNO_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

/* The kind decides the exit status; the text is for the person. */
enum err_kind {
    ERR_NONE,
    ERR_USAGE,  /* the command line */
    ERR_INPUT,  /* a workload file, a CSV source, a result folder */
    ERR_SERVER, /* PostgreSQL refused or went away */
    ERR_SYSTEM, /* the operating system refused: file, memory, process */
    ERR_STOPPED /* the user asked to stop (Ctrl-C, SIGTERM); not a failure of ours */
};

struct err {
    enum err_kind kind;
    char where[256]; /* file:line:column, table.column, statement name; may be empty */
    char text[2048]; /* one or more lines, no final newline: what happened, then what to do */
};

/* Fill `err` and return false, so that `return err_set(…)` ends a failed step. `where` may be NULL. Too long a text
 * is cut at the end of the buffer. The first error wins nothing here: a second call overwrites, and may take `where`
 * and arguments from the old one. All functions accept a NULL `err`. */
bool err_set(struct err *err, enum err_kind kind, const char *where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for a failed system call: appends ": " and strerror(errno), kind ERR_SYSTEM. */
bool err_system(struct err *err, const char *where, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Out of memory, kind ERR_SYSTEM. */
bool err_memory(struct err *err);

/* Append a line to the text (a hint, the statement it happened in). Returns false. */
bool err_append(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

/* One COPY ... FROM STDIN at a time over one connection. Never waits where the server cannot be heard, so that neither
 * a rejected row, nor a stop request, nor a lost server leaves it hanging. */
#ifndef PGDYNO_GENERATORS_COPY_IN_H
#define PGDYNO_GENERATORS_COPY_IN_H

#include <libpq-fe.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct copy_in {
    PGconn *conn;            /* borrowed; made non-blocking */
    const atomic_bool *stop; /* somebody else failed: give up soon */
    PGresult *rejected;      /* the server's error, owned */
};

enum copy_in_status {
    COPY_IN_OK,
    COPY_IN_SPOKEN,   /* the server said something in the middle: copy_in_end() tells what */
    COPY_IN_REJECTED, /* an error of the server or the connection: `rejected`, or NULL if only the connection knows */
    COPY_IN_STOPPED   /* a stop request or *stop: copy_in_abandon() is next */
};

/* `conn` is idle and outlives *copy. False when it cannot be made non-blocking. */
bool copy_in_init(struct copy_in *copy, PGconn *conn, const atomic_bool *stop);
void copy_in_deinit(struct copy_in *copy);

/* Send `sql`, a COPY ... FROM STDIN, and wait until the server wants data (it may have to wait for a lock). */
enum copy_in_status copy_in_begin(struct copy_in *copy, const char *sql);
/* Whole rows, best 64 kB and more at once. COPY_IN_SPOKEN: they may be lost; if copy_in_end() finds no error they are
 * not. COPY_IN_REJECTED: they are, and copy_in_abandon() is next. */
enum copy_in_status copy_in_send(struct copy_in *copy, const char *data, size_t len);
/* No more rows: wait for the server's verdict. After COPY_IN_OK the rows are committed and another COPY may begin. */
enum copy_in_status copy_in_end(struct copy_in *copy);
/* Break off what goes on, nothing of it is committed; waits at most two seconds for the server to say so. */
void copy_in_abandon(struct copy_in *copy, const char *why);

#endif

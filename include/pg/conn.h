/* One asynchronous connection for the measured path: everything here returns at once, and conn.c is the only file that
 * reads from a socket of libpq's. The caller owns the event loop: it watches conn_socket() edge-triggered and calls
 * conn_receive() at each event. Notices are dropped.
 *
 * A pipeline: conn_pipeline_begin(), then each send is only queued, up to conn_sync() or conn_flush(). Each request is
 * answered on its own (CONN_ANSWER), each sync too; when nothing is left to be answered it is CONN_DONE as ever, and
 * conn_pipeline_end() may follow. */
#ifndef PGDYNO_PG_CONN_H
#define PGDYNO_PG_CONN_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "pg/sqlstate.h"
#include "pg/target.h"

enum conn_status {
    CONN_PENDING, /* wait for the socket */
    CONN_DONE,    /* connected; or the reply is complete */
    CONN_LOST,    /* gone, or never there: conn_close() and start again */
    CONN_ANSWER,  /* in a pipeline: what was sent next is answered, or synced; then conn_next() */
    CONN_COPY_IN  /* after conn_send_copy(): the server takes rows, or more rows */
};

/* What the socket must become before the next step. */
enum conn_want {
    CONN_WANT_READ = 1,
    CONN_WANT_WRITE = 2
};

/* What a statement did about transactions, by its tag. */
enum conn_tag {
    CONN_TAG_OTHER,
    CONN_TAG_BEGIN,
    CONN_TAG_COMMIT,
    CONN_TAG_ROLLBACK /* to a savepoint too */
};

/* Rows of a reply that more rows follow, of a request with several queries. */
typedef void conn_rows_fn(void *user, const PGresult *rows);

/* All-zero is a closed one. */
struct conn {
    PGconn *pg;
    conn_rows_fn *earlier; /* told of all rows but the last; NULL: nobody wants them. To be set before a request */
    void *earlier_user;
    PGresult *result; /* of the last reply: its error, else its last rows; NULL for neither. Gone at the next send */
    sqlstate code;    /* SQLSTATE of the last reply's error, 0 if it brought none */
    bool failed;      /* the last reply was an error, or the connection was lost */
    bool awaiting;    /* sent, and the reply is not complete */
    bool hung_up;     /* the server's end is closed: nothing more can be sent */
    bool tls;
    bool wants_copy, copying; /* a COPY was sent; the server takes rows */
    bool pipeline;
    bool answered;     /* in a pipeline: the next request's results have come, but not their end */
    bool synced;       /* the last CONN_ANSWER was a sync's */
    bool aborted;      /* it was skipped, since one before it failed */
    enum conn_tag tag; /* of the last reply */
    int due;           /* in a pipeline: requests and syncs that are not answered */
    int unanswered_s;  /* given up after that long without an answer; 0: it was not */
    unsigned want;     /* enum conn_want, or-ed */
};

/* Begin to connect. CONN_LOST at once when libpq sees that it cannot be (conn_error says why). */
enum conn_status conn_open(struct conn *conn, const struct target *target, const char *app);
/* Go on when the socket is as `want` says; the socket may be another one afterwards. */
enum conn_status conn_connect(struct conn *conn);
/* Without waiting for the server; a closed one is fine. */
void conn_close(struct conn *conn);

int conn_socket(const struct conn *conn);
/* The server's or libpq's message for the last failure, without a final newline; never NULL. It points into the
 * connection or into `buf`. */
const char *conn_error(const struct conn *conn, char *buf, size_t size);

/* Each sends one request; false: the connection is lost. Text is copied before they return. CONN_WANT_WRITE in `want`
 * afterwards: not all of it went out, watch for writability too and call conn_receive() then. */
bool conn_send_query(struct conn *conn, const char *sql); /* not in a pipeline */
bool conn_send_params(struct conn *conn, const char *sql, int n_params, const char *const *params);
bool conn_send_prepare(struct conn *conn, const char *name, const char *sql);
bool conn_send_prepared(struct conn *conn, const char *name, int n_params, const char *const *params);

/* COPY … FROM STDIN, not in a pipeline. At CONN_COPY_IN: rows in text format, until CONN_WANT_WRITE is in `want`; then
 * another CONN_COPY_IN comes when they are out. An error among them is told after the end. */
bool conn_send_copy(struct conn *conn, const char *sql);
bool conn_copy_put(struct conn *conn, const char *data, size_t len);
/* `why`: NULL, or what went wrong on our side: the server then takes none of them, and says so. */
bool conn_copy_end(struct conn *conn, const char *why);

/* Nothing may be awaited. */
bool conn_pipeline_begin(struct conn *conn);
/* A sync point, which is sent at once with all before it: what failed before it is over, what was not in a block is
 * committed. */
bool conn_sync(struct conn *conn);
/* Ask for the answers without one. */
bool conn_flush(struct conn *conn);
/* Nothing may be due, and the last request was a sync. */
bool conn_pipeline_end(struct conn *conn);

/* Read what is there. CONN_DONE: ReadyForQuery has come, and `failed`, `code` and `result` tell the outcome. Reads
 * until the socket is empty unless the reply is complete, as edge-triggered events require. */
enum conn_status conn_receive(struct conn *conn);
/* After CONN_ANSWER: the next of what was read already. CONN_PENDING: then conn_receive(). After conn_copy_end(): the
 * reply, if it has been read among the rows; else CONN_PENDING, and an event will tell. */
enum conn_status conn_next(struct conn *conn);
/* The rows of the last reply, which are the caller's now; NULL if there were none. */
PGresult *conn_take_rows(struct conn *conn);
/* Is a transaction block open on the server, failed or not? Not known while anything is due. */
bool conn_in_transaction(const struct conn *conn);

#endif

/* One asynchronous connection for the measured path: everything here returns at once, and conn.c is the only file that
 * reads from a socket of libpq's. The caller owns the event loop: it watches conn_socket() edge-triggered and calls
 * conn_receive() at each event. Notices are dropped. */
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
    CONN_LOST     /* gone, or never there: conn_close() and start again */
};

/* What the socket must become before the next step. */
enum conn_want {
    CONN_WANT_READ = 1,
    CONN_WANT_WRITE = 2
};

/* All-zero is a closed one. */
struct conn {
    PGconn *pg;
    PGresult *result; /* of the last reply: its error, else its last rows; NULL for neither. Gone at the next send */
    sqlstate code;    /* SQLSTATE of the last reply's error, 0 if it brought none */
    bool failed;      /* the last reply was an error, or the connection was lost */
    bool awaiting;    /* sent, and the reply is not complete */
    bool hung_up;     /* the server's end is closed: nothing more can be sent */
    bool tls;
    int unanswered_s; /* given up after that long without an answer; 0: it was not */
    unsigned want; /* enum conn_want, or-ed */
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
bool conn_send_query(struct conn *conn, const char *sql);
bool conn_send_params(struct conn *conn, const char *sql, int n_params, const char *const *params);
bool conn_send_prepare(struct conn *conn, const char *name, const char *sql);
bool conn_send_prepared(struct conn *conn, const char *name, int n_params, const char *const *params);

/* Read what is there. CONN_DONE: ReadyForQuery has come, and `failed`, `code` and `result` tell the outcome. Reads
 * until the socket is empty unless the reply is complete, as edge-triggered events require. */
enum conn_status conn_receive(struct conn *conn);
/* Is a transaction block open on the server, failed or not? */
bool conn_in_transaction(const struct conn *conn);

#endif

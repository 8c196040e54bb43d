/* The server's errors in words: what happened, where in the statement, and what to do. Never a password. */
#ifndef PGDYNO_PG_SQLERROR_H
#define PGDYNO_PG_SQLERROR_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "pg/sqlstate.h"

/* Fill `err` (ERR_SERVER) from a failed result or, with result NULL, from the connection's last message. `what` names
 * the step; `sql` (may be NULL) gives the statement's line with a caret. Returns false. */
bool sqlerror_set(PGconn *conn, const PGresult *result, const char *what, const char *sql, struct err *err);

/* Fill `err` from a connection that could not be made, with the remedy. Expects that the connection was made with
 * PQERRORS_VERBOSE, which is what brings the SQLSTATE into libpq's message whatever the server's language. Returns
 * false; the code, if the server gave one, in *code (may be NULL). */
bool sqlerror_set_connect(PGconn *conn, struct err *err, sqlstate *code);

/* Check a connection string or URI (`dbname` as in struct target; NULL is fine) without showing any of its parts, since
 * one of them may be a password in the wrong place. ERR_USAGE. */
bool sqlerror_check_conninfo(const char *dbname, struct err *err);

/* "line 3: SELECT a,, b\n                ^": the line of `sql` that has its `position`th character (from 1, counted in
 * characters of libpq's `encoding`), the caret under it as wide characters need it, a long line cut around it. Appends
 * nothing if there is no such position. */
void sqlerror_caret(struct str *out, const char *sql, int position, int encoding);
/* Columns of a terminal that `len` bytes of UTF-8 take: wide characters two, combining ones none, a tab one. */
int sqlerror_columns(const char *text, size_t len);

#endif

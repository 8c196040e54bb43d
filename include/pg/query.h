/* Blocking SQL for set-up and observation, never in the measured path. Server errors carry message, detail, hint,
 * SQLSTATE and, where the server gives a position, the statement's line with a caret.
 *
 * Interruptible: a stop request, even one that came before, cancels the statement on the server and returns
 * ERR_STOPPED. What must run all the same, such as dropping what was created, stands between
 * db_set_uninterruptible(db, true) and (db, false); a second signal ends the process even there. */
#ifndef PGDYNO_PG_QUERY_H
#define PGDYNO_PG_QUERY_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "pg/sqlstate.h"
#include "pg/target.h"

/* One connection for set-up work. */
struct db;

/* Connect (10 s limit unless connect_timeout is set). Refuses servers older than 14. client_min_messages is warning,
 * and notices are discarded. On failure the error says what to do (is it running, password file, pg_hba.conf, too many
 * connections); *out is NULL. */
bool db_open(const struct target *target, struct db **out, struct err *err);
/* The same for clean-up: connects, and runs its statements, whether or not a stop was asked for. */
bool db_open_uninterruptible(const struct target *target, struct db **out, struct err *err);
void db_close(struct db *db); /* NULL is fine */

/* From now on statements run to their end (true), or end with a stop request (false, as after db_open). Returns what
 * was set before, to be set again. */
bool db_set_uninterruptible(struct db *db, bool on);

/* libpq's handle, borrowed: for COPY and for quoting. It is in blocking mode. */
PGconn *db_handle(struct db *db);
/* Ask the server, over connections of their own, to cancel what goes on over each of `conns`. Whether it heard shows in
 * the result of that. A server that does not answer is given up after three seconds for all of them together. */
void query_cancel(PGconn *const *conns, size_t n);
int db_version(const struct db *db); /* 150018 */
/* libpq's own version, in the same form. */
int db_client_version(void);
/* Does pgdyno work with this server version? If not, the error names it. */
bool db_version_supported(int version, struct err *err);
/* The SQLSTATE of the last failed statement; 0 if none. */
sqlstate db_sqlstate(const struct db *db);

/* Run one or several statements (simple protocol). `what` names the step in an error, e.g. "schema". */
bool db_exec(struct db *db, const char *what, const char *sql, struct err *err);
bool db_execf(struct db *db, const char *what, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Run one statement with text parameters ($1 …; NULL entries are NULL) and return its rows; the caller PQclears.
 * NULL on failure. */
PGresult *db_rows(struct db *db, const char *what, const char *sql, int n_params, const char *const *params,
                  struct err *err);
/* The single value of the first row and column, copied into `buf` ("" for NULL or no row); false on failure, or if it
 * does not fit. */
bool db_value(struct db *db, const char *sql, char *buf, size_t size, struct err *err);
/* The same as a whole number; NULL, no row and what is not a number are failures. */
bool db_int(struct db *db, const char *sql, int64_t *out, struct err *err);

/* Prepare as `name` ("" is the unnamed statement) by protocol, so that positions in errors are those in `sql`. */
bool db_prepare(struct db *db, const char *what, const char *name, const char *sql, struct err *err);
/* Prepare on the server without running: syntax and names are checked. Leaves no prepared statement behind. */
bool db_prepare_check(struct db *db, const char *what, const char *sql, struct err *err);

/* Fill `err` from a failed result or, with result NULL, from the connection; `sql` (may be NULL) gives the caret.
 * Remembers the SQLSTATE for db_sqlstate. Returns false. */
bool db_set_error(struct db *db, const PGresult *result, const char *what, const char *sql, struct err *err);

/* Quoted for SQL into `buf`; false if it does not fit. */
bool db_quote_ident(struct db *db, const char *name, char *buf, size_t size);

#endif

/* Statements of one connection: prepared ones, what runs, and what becomes of its transaction. */
#ifndef PGDYNO_TESTS_STUBPG_STATEMENT_H
#define PGDYNO_TESTS_STUBPG_STATEMENT_H

#include "server.h"
#include "sql.h"

/* NULL if there is none of that name. */
struct prepared *statement_find(struct conn *conn, const char *name);
/* A new one without text; NULL without memory. */
struct prepared *statement_add(struct conn *conn, const char *name);
void statement_forget(struct conn *conn, size_t i);
void statement_forget_all(struct conn *conn);

/* True if a service has begun, or waits to: statement_served() goes on. False: it was answered at once. */
bool statement_run(struct conn *conn, const struct sql *sql, int64_t at_ns);
/* What conn->portal says. */
struct sql statement_of_portal(const struct conn *conn);
/* struct service's `done`: answers, and goes on with the connection's messages. */
void statement_served(struct request *request, int64_t at_ns);
/* The same with 57014, before the service has ended. */
void statement_cancel(struct conn *conn, int64_t now_ns);

/* ErrorResponse; what follows is skipped, and an open transaction has failed. */
void statement_fail(struct conn *conn, const char *sqlstate, const char *message);
/* RowDescription of a statement of this kind. */
void statement_describe(struct conn *conn, enum sql_kind kind);

#endif

#include "statement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "command.h"
#include "conn.h"
#include "protocol.h"
#include "reply.h"

enum {
    OUT_LIMIT = 8192 /* PostgreSQL, too, sends a full buffer without waiting for Sync */
};

/* --- Prepared statements ------------------------------------------------------------------------------------------ */

struct prepared *statement_find(struct conn *conn, const char *name)
{
    for (size_t i = 0; i < conn->n_prepared; i++)
        if (strcmp(str_text(&conn->prepared[i].name), name) == 0)
            return &conn->prepared[i];
    return NULL;
}

struct prepared *statement_add(struct conn *conn, const char *name)
{
    struct prepared *more = realloc(conn->prepared, (conn->n_prepared + 1) * sizeof *more);
    if (!more)
        return NULL;
    conn->prepared = more;
    more[conn->n_prepared] = (struct prepared){0};
    str_append(&more[conn->n_prepared].name, name);
    return &more[conn->n_prepared++];
}

void statement_forget(struct conn *conn, size_t i)
{
    str_deinit(&conn->prepared[i].name);
    str_deinit(&conn->prepared[i].text);
    conn->prepared[i] = conn->prepared[--conn->n_prepared];
}

void statement_forget_all(struct conn *conn)
{
    while (conn->n_prepared > 0)
        statement_forget(conn, conn->n_prepared - 1);
}

/* DEALLOCATE name; DEALLOCATE ALL; DISCARD ALL. */
static void forget_named(struct conn *conn, const struct sql *sql)
{
    char name[64];
    size_t len = 0;
    while (len < sql->len && len < sizeof name - 1 && !strchr(" \t\n\"", sql->text[sql->len - len - 1]))
        len++;
    memcpy(name, sql->text + sql->len - len, len);
    name[len] = '\0';
    struct prepared *prepared = statement_find(conn, name);
    if (prepared)
        statement_forget(conn, (size_t)(prepared - conn->prepared));
    else if (strcasecmp(name, "all") == 0)
        statement_forget_all(conn);
}

/* --- Answers ------------------------------------------------------------------------------------------------------ */

void statement_fail(struct conn *conn, const char *sqlstate, const char *message)
{
    reply_error(&conn->out, "ERROR", sqlstate, message);
    conn->failed = true;
    conn->server->counters.errors++;
    if (conn->status == 'T')
        conn->status = 'E';
}

void statement_describe(struct conn *conn, enum sql_kind kind)
{
    static const char *const names[] = {"stub"};
    reply_row_description(&conn->out, 1, names, kind == SQL_DATA ? OID_INT4 : OID_TEXT);
}

static const char *value_of(const struct sql *sql)
{
    static const char *const shown[][2] = {
        {"transaction_isolation", "read committed"},
        {"default_transaction_isolation", "read committed"},
        {"server_version_num", "150000"},
        {"server_version", "15.0"},
        {"max_connections", "100"},
    };
    if (sql->kind == SQL_DATA)
        return "1";
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        if (memmem(sql->text, sql->len, shown[i][0], strlen(shown[i][0])))
            return shown[i][1];
    return "on";
}

/* In the extended protocol Describe has told of the row already. */
static void complete(struct conn *conn, const struct sql *sql)
{
    const char *value = value_of(sql);
    if (sql->rows && conn->query_pos > 0)
        statement_describe(conn, sql->kind);
    if (sql->rows)
        reply_row(&conn->out, 1, &value);
    reply_complete(&conn->out, sql->tag);
}

/* --- Running ------------------------------------------------------------------------------------------------------ */

static void end_block(struct conn *conn, const struct sql *sql)
{
    bool commits = sql->kind == SQL_COMMIT && conn->status != 'E';
    if (conn->status != 'I')
        (*(commits ? &conn->server->counters.commits : &conn->server->counters.rollbacks))++;
    conn->status = 'I';
    reply_complete(&conn->out, commits ? sql->tag : "ROLLBACK");
}

static void run_stub(struct conn *conn, const struct sql *sql)
{
    struct status status;
    struct err err = {0};
    if (conn->query_pos == 0) {
        statement_fail(conn, "0A000", "STUB statements are for the simple protocol");
        return;
    }
    if (!command_run(conn->server, sql, &status, &err)) {
        char text[512];
        snprintf(text, sizeof text, "STUB %.100s: %.380s", err.where, err.text);
        statement_fail(conn, "22023", text);
        return;
    }
    if (status.n > 0) {
        reply_row_description(&conn->out, status.n, status.names, OID_TEXT);
        reply_row(&conn->out, status.n, status.values);
    }
    reply_complete(&conn->out, sql->tag);
}

static void run_at_once(struct conn *conn, const struct sql *sql)
{
    switch (sql->kind) {
    case SQL_STUB:
        run_stub(conn, sql);
        return;
    case SQL_BEGIN:
        conn->status = 'T';
        break;
    case SQL_COMMIT:
    case SQL_ROLLBACK:
        end_block(conn, sql);
        return;
    case SQL_ROLLBACK_TO:
        conn->status = 'T';
        break;
    case SQL_FORGET:
        forget_named(conn, sql);
        break;
    case SQL_COPY:
        statement_fail(conn, "0A000", "the stub does not know COPY");
        return;
    default:
        break;
    }
    complete(conn, sql);
}

/* True if a service has begun, or waits to. */
bool statement_run(struct conn *conn, const struct sql *sql, int64_t at_ns)
{
    bool ends = sql->kind == SQL_COMMIT || sql->kind == SQL_ROLLBACK || sql->kind == SQL_ROLLBACK_TO;
    if (conn->status == 'E' && !ends && sql->kind != SQL_STUB) {
        statement_fail(conn, "25P02",
                       "current transaction is aborted, commands ignored until end of transaction block");
        return false;
    }
    if (sql->kind != SQL_DATA) {
        run_at_once(conn, sql);
        return false;
    }
    conn->server->counters.requests++;
    service_request(&conn->server->service, &conn->request, conn->pid, conn->recv_ns, at_ns);
    return true;
}

/* The statement under way: of the query at the front of the buffer, or of the portal. */
struct sql statement_of_portal(const struct conn *conn)
{
    return sql_first(str_text(&conn->portal), conn->portal.len, NULL);
}

static void count_alone(struct conn *conn, bool ok)
{
    if (conn->status != 'I')
        return;
    if (ok)
        conn->server->counters.commits++;
    else
        conn->server->counters.rollbacks++;
}

static void end_service(struct conn *conn, const char *sqlstate)
{
    if (conn->n_unsent == CONN_UNSENT || conn->out.len > OUT_LIMIT)
        conn_flush(conn);
    conn->unsent[conn->n_unsent++] = conn->request.slot;
    count_alone(conn, !*sqlstate);
    if (*sqlstate) {
        statement_fail(conn, sqlstate, "the stub was told to fail");
    } else {
        struct sql sql = statement_of_portal(conn);
        complete(conn, &sql);
    }
}

void statement_served(struct request *request, int64_t at_ns)
{
    struct conn *conn = (struct conn *)(void *)request;
    end_service(conn, request->record.sqlstate);
    protocol_process(conn, at_ns);
}

void statement_cancel(struct conn *conn, int64_t now_ns)
{
    static const char code[] = "57014";
    memcpy(conn->request.record.sqlstate, code, sizeof code);
    service_drop(&conn->server->service, &conn->request, now_ns);
    conn->server->counters.cancels++;
    end_service(conn, code);
    protocol_process(conn, now_ns);
}

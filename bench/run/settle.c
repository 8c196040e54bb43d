/* Data at rest: vacuumed, analysed, on disk, in memory, and counted. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "session.h"

/* --- VACUUM ------------------------------------------------------------------------------------------------------- */

/* Not only the declared ones: what triggers fill is measured too. Partitions are reached through their parent. */
#define TABLES_SQL                                                                                                     \
    "SELECT quote_ident(relname), relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace "          \
    "AND relkind IN ('r', 'p', 'm') AND NOT relispartition ORDER BY relname"

bool settle_vacuum(struct session *session, struct err *err)
{
    PGresult *tables = db_rows(session->db, "tables", TABLES_SQL, 0, NULL, err);
    if (!tables)
        return false;
    bool ok = true;
    int count = PQntuples(tables);
    for (int i = 0; ok && i < count; i++) {
        session_progress(session, PHASE_VACUUM, PQgetvalue(tables, i, 1), i, count);
        ok = db_execf(session->db, "vacuum", err, "VACUUM (FREEZE, ANALYZE) %s.%s", session->schema,
                      PQgetvalue(tables, i, 0));
    }
    PQclear(tables);
    return ok;
}

/* What pgbench does before its own scripts, but for its emptying pgbench_history: rows of somebody's are not ours to
 * throw away. It needs no help to go on, so it may fail. */
bool settle_existing(struct session *session, struct err *err)
{
    static const char *const tables[] = {"pgbench_branches", "pgbench_tellers"};
    struct err mine = {0};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0] && session->workload->builtins; i++)
        if (!db_execf(session->db, "vacuum", &mine, "VACUUM %s", tables[i]) && mine.kind == ERR_STOPPED)
            return err_set(err, ERR_STOPPED, NULL, "stopped");
    return true;
}

/* --- CHECKPOINT --------------------------------------------------------------------------------------------------- */

bool settle_checkpoint(struct session *session, struct err *err)
{
    if (session->can_checkpoint)
        return db_exec(session->db, "checkpoint", "CHECKPOINT", err);
    if (!session->checkpoint_warned)
        log_warning(session->options.log, "this role may not run CHECKPOINT, so that one may fall into a trial\n"
                                          "as a superuser, from PostgreSQL 15 on: GRANT pg_checkpoint TO …");
    session->checkpoint_warned = true;
    return session_not_stopped(err);
}

/* --- Into memory -------------------------------------------------------------------------------------------------- */

static bool count_rows(struct session *session, const struct table_spec *table, int64_t *rows, struct err *err)
{
    char ident[SESSION_IDENT_BYTES], sql[2 * SESSION_IDENT_BYTES + 64];
    if (!db_quote_ident(session->db, table->name, ident, sizeof ident))
        return err_set(err, ERR_INPUT, session->workload->path, "the table name %.80s is too long", table->name);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s.%s", session->schema, ident);
    return db_int(session->db, sql, rows, err);
}

/* Without the extension a scan at least brings the tables into the operating system's cache; the indexes follow in the
 * warm-up. */
static bool read_tables(struct session *session, struct err *err)
{
    int64_t rows;
    for (size_t i = 0; i < session->workload->n_tables; i++)
        if (!session->workload->tables[i].source && !count_rows(session, &session->workload->tables[i], &rows, err))
            return false;
    return true;
}

bool settle_prewarm(struct session *session, struct err *err)
{
    char sql[512];
    int64_t pages;
    if (session->workload->existing) /* whatever else is there need not fit */
        return true;
    if (!session->prewarm[0])
        return read_tables(session, err);
    snprintf(sql, sizeof sql,
             "SELECT coalesce(sum(%s(oid::regclass)), 0)::bigint FROM pg_class "
             "WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'm', 'i')",
             session->prewarm);
    return db_int(session->db, sql, &pages, err);
}

/* --- Counting ----------------------------------------------------------------------------------------------------- */

bool settle_verify(struct session *session, struct err *err)
{
    for (size_t i = 0; i < session->workload->n_tables; i++) {
        const struct table_spec *table = &session->workload->tables[i];
        int64_t rows;
        if (table->source)
            continue;
        if (!count_rows(session, table, &rows, err))
            return false;
        if (rows != table->rows)
            return err_set(
                err, ERR_INPUT, session->workload->path,
                "table %s holds %" PRId64 " rows after loading %" PRId64
                "\ndoes the schema have a trigger or rule that drops or adds rows? Put it under `constraints`",
                table->name, rows, table->rows);
    }
    return true;
}

/* --- Checks ------------------------------------------------------------------------------------------------------- */

/* The server's words on one line. */
static void flatten(char *text)
{
    for (; *text; text++)
        if (*text == '\n')
            *text = ' ';
}

bool checks_run(struct session *session, const char **broken, char *why, size_t size, struct err *err)
{
    *broken = NULL;
    for (size_t i = 0; !*broken && i < session->workload->n_checks; i++) {
        const struct check *check = &session->workload->checks[i];
        char value[64];
        struct err mine = {0};
        if (!db_value(session->db, check->sql, value, sizeof value, &mine)) {
            if (mine.kind == ERR_STOPPED || PQstatus(db_handle(session->db)) != CONNECTION_OK)
                return err_set(err, mine.kind, mine.where, "%s", mine.text);
            snprintf(why, size, "%.*s", (int)size - 1, mine.text);
            flatten(why);
        } else if (strcmp(value, "t") != 0) {
            snprintf(why, size, "it gives %s", strcmp(value, "f") == 0 ? "false" : value[0] ? value : "NULL");
        } else {
            continue;
        }
        *broken = check->name;
    }
    return true;
}

/* Workloads that write would hand each trial what the one before left. So every trial starts from the seeded state:
 *
 *     private server    pgdyno_seed ──CREATE DATABASE … TEMPLATE──► pgdyno      a copy of files
 *     somebody's        drop our schema, seed it again                          the same bytes from the same seed
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "session.h"

/* Connections of ours to a database forbid copying or dropping it, so this happens from another one. */
static bool maintain(struct session *session, const char *sql[], size_t count, struct err *err)
{
    struct db *db = NULL;
    session_disconnect(session);
    bool ok = db_open(cluster_target(session->cluster), &db, err);
    for (size_t i = 0; ok && i < count; i++)
        ok = db_exec(db, "copy the seeded database", sql[i], err);
    db_close(db);
    return ok && session_connect(session, err);
}

/* Copying files is faster than writing each page to WAL, which 15 made the default. */
static const char *strategy(const struct session *session)
{
    return db_version(session->db) >= 150000 ? " STRATEGY file_copy" : "";
}

bool restore_prepare(struct session *session, struct err *err)
{
    char copy[128];
    if (!session->cluster || session->has_template)
        return true;
    session_progress(session, PHASE_RESTORE, "keeping a copy of the seeded database", 0, 0);
    snprintf(copy, sizeof copy, "CREATE DATABASE pgdyno_seed TEMPLATE pgdyno%s", strategy(session));
    const char *sql[] = {copy, "ALTER DATABASE pgdyno_seed WITH ALLOW_CONNECTIONS false"};
    session->has_template = maintain(session, sql, 2, err);
    return session->has_template;
}

static bool copy_back(struct session *session, struct err *err)
{
    char copy[128];
    snprintf(copy, sizeof copy, "CREATE DATABASE pgdyno TEMPLATE pgdyno_seed%s", strategy(session));
    const char *sql[] = {"DROP DATABASE IF EXISTS pgdyno WITH (FORCE)", copy};
    return maintain(session, sql, 2, err) && settle_prewarm(session, err);
}

static bool seed_again(struct session *session, struct err *err)
{
    if (!session->reseed_said)
        log_notice(session->options.log,
                   session->writes
                       ? "transactions change rows: schema %s will be seeded again before each trial, so that all meet "
                         "the same"
                       : "the rows may have changed: schema %s is seeded again, so that all trials meet the same",
                   session->schema);
    session->reseed_said = true;
    if (!seed_fresh(session, err) || !restore_prepare(session, err))
        return false;
    seed_mark_used(session, true);
    return true;
}

bool restore_run(struct session *session, struct err *err)
{
    session_progress(session, PHASE_RESTORE, "the seeded state", 0, 0);
    if (!session_not_stopped(err))
        return false;
    if (session->workload->existing)
        return !(session->dirty = false);
    bool ok = session->has_template ? copy_back(session, err) : seed_again(session, err);
    if (ok)
        session->dirty = false;
    return ok;
}

/* --- Fingerprint -------------------------------------------------------------------------------------------------- */

#define PRINT_SQL                                                                                                      \
    "SELECT coalesce(sum(greatest(reltuples, 0)) FILTER (WHERE relkind = 'r'), 0)::bigint, "                           \
    "coalesce(sum(pg_relation_size(oid) / current_setting('block_size')::int), 0)::bigint, "                           \
    "coalesce((SELECT sum(n_dead_tup) FROM pg_stat_user_tables WHERE schemaname = current_schema()), 0)::bigint, "     \
    "coalesce((SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables "                                \
    "WHERE schemaname = current_schema()), 0)::bigint "                                                                \
    "FROM pg_class WHERE relkind IN ('r', 'm', 'i') AND relnamespace = "                                               \
    "(SELECT oid FROM pg_namespace WHERE nspname = current_schema())" /* ::regnamespace wants it quoted */

bool restore_print(struct session *session, struct state_print *out, struct err *err)
{
    PGresult *rows = db_rows(session->db, "fingerprint", PRINT_SQL, 0, NULL, err);
    if (!rows)
        return false;
    int64_t *const fields[] = {&out->rows, &out->pages, &out->dead, &out->writes};
    for (int i = 0; i < 4; i++)
        *fields[i] = strtoll(PQgetvalue(rows, 0, i), NULL, 10);
    PQclear(rows);
    return true;
}

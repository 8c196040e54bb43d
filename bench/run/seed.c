/* The schema's comment is the mark that tells ours from somebody's, and what is in it:
 *
 *     pgdyno seeding        being filled, or left half filled
 *     pgdyno seed HASH      as seeded: rows, constraints, statistics
 *     pgdyno used HASH      a sweep is under way, was killed, or has changed rows
 *
 * Only the second is reused; all three may be dropped; anything else is never touched. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/units.h"
#include "generators/load.h"
#include "session.h"

#define MARK "pgdyno "

enum schema_state {
    SCHEMA_ABSENT,
    SCHEMA_FOREIGN,
    SCHEMA_OURS,
    SCHEMA_SEEDED
};

/* --- The mark ----------------------------------------------------------------------------------------------------- */

static enum schema_state read_mark(const struct session *session, const char *comment)
{
    char seeded[64];
    snprintf(seeded, sizeof seeded, MARK "seed %s", session->workload->seed_hash);
    if (strcmp(comment, seeded) == 0)
        return SCHEMA_SEEDED;
    return str_starts_with(comment, MARK) ? SCHEMA_OURS : SCHEMA_FOREIGN;
}

static bool find_schema(struct session *session, enum schema_state *state, struct err *err)
{
    const char *params[] = {session->workload->name};
    PGresult *rows =
        db_rows(session->db, "looking for the schema",
                "SELECT coalesce(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace WHERE nspname = $1", 1,
                params, err);
    if (!rows)
        return false;
    *state = PQntuples(rows) == 0 ? SCHEMA_ABSENT : read_mark(session, PQgetvalue(rows, 0, 0));
    PQclear(rows);
    return true;
}

static bool refuse_foreign(const struct session *session, struct err *err)
{
    char place[256];
    session_place(session, place, sizeof place);
    return err_set(err, ERR_SERVER, NULL,
                   "schema %s exists in %s, and pgdyno did not make it: nothing was touched\n"
                   "rename the workload (its `workload:` names the schema), or use another database (-d)",
                   session->schema, place);
}

static bool set_mark(struct session *session, const char *what, const char *hash, struct err *err)
{
    return db_execf(session->db, "mark the schema", err, "COMMENT ON SCHEMA %s IS '" MARK "%s%s%s'", session->schema,
                    what, *hash ? " " : "", hash);
}

void seed_mark_used(struct session *session, bool used)
{
    if (session->workload->existing)
        return;
    char sql[SESSION_IDENT_BYTES + 128];
    snprintf(sql, sizeof sql, "COMMENT ON SCHEMA %s IS '" MARK "%s %s'", session->schema, used ? "used" : "seed",
             session->workload->seed_hash);
    session_exec_anyway(session, sql);
}

/* --- Filling ------------------------------------------------------------------------------------------------------ */

static void load_progress(void *user, const char *table, int64_t done, int64_t total, int64_t bytes)
{
    (void)bytes;
    session_progress(user, PHASE_SEED, table, done, total);
}

static bool load(struct session *session, struct err *err)
{
    const struct workload *workload = session->workload;
    struct table_spec *tables = calloc(workload->n_tables + 1, sizeof *tables);
    size_t count = 0;
    if (!tables)
        return err_memory(err);
    for (size_t i = 0; i < workload->n_tables; i++)
        if (!workload->tables[i].source)
            tables[count++] = workload->tables[i];
    struct load_options options = {.connections = session_load_connections(session),
                                   .schema = workload->name,
                                   .progress = load_progress,
                                   .user = session};
    struct load_result result = {0};
    bool ok = load_tables(&session->target, tables, count, &options, &result, err);
    free(tables);
    return ok;
}

static bool create_schema(struct session *session, struct err *err)
{
    if (!db_execf(session->db, "create the schema", err, "DROP SCHEMA IF EXISTS %s CASCADE", session->schema) ||
        !db_execf(session->db, "create the schema", err, "CREATE SCHEMA %s; COMMENT ON SCHEMA %s IS '" MARK "seeding'",
                  session->schema, session->schema))
        return false;
    return session_run(session, "schema", session->workload->schema_sql, err);
}

static bool add_constraints(struct session *session, struct err *err)
{
    session_progress(session, PHASE_CONSTRAINTS, "constraints", 0, 0);
    return session_run(session, "constraints", session->workload->constraints_sql, err);
}

/* A check that is false before any transaction ran would mark every trial broken. */
static bool check_fresh(struct session *session, struct err *err)
{
    const char *broken = NULL;
    char why[256];
    if (!checks_run(session, &broken, why, sizeof why, err))
        return false;
    return !broken || err_set(err, ERR_INPUT, session->workload->path,
                              "check %s does not hold on the freshly seeded tables: %s\nmend the check, or the tables",
                              broken, why);
}

static bool fill(struct session *session, struct err *err)
{
    return create_schema(session, err) && load(session, err) && add_constraints(session, err) &&
           settle_vacuum(session, err) && settle_verify(session, err) && check_fresh(session, err) &&
           set_mark(session, "seed", session->workload->seed_hash, err) && settle_checkpoint(session, err) &&
           settle_prewarm(session, err);
}

bool seed_fresh(struct session *session, struct err *err)
{
    char drop[SESSION_IDENT_BYTES + 64];
    session->current.variant = -1;
    if (fill(session, err)) {
        session->dirty = false;
        return true;
    }
    /* Half a seed is of no use to anybody. */
    snprintf(drop, sizeof drop, "DROP SCHEMA IF EXISTS %s CASCADE", session->schema);
    session_exec_anyway(session, drop);
    return false;
}

/* --- What the other rooms call ------------------------------------------------------------------------------------ */

/* The mark says that all is there; this only catches a table that somebody dropped by hand. */
static bool all_tables_there(struct session *session, bool *there, struct err *err)
{
    *there = true;
    for (size_t i = 0; *there && i < session->workload->n_tables; i++) {
        const char *params[] = {session->workload->tables[i].name};
        if (session->workload->tables[i].source)
            continue;
        PGresult *rows = db_rows(session->db, "looking for tables", "SELECT to_regclass(quote_ident($1)) IS NOT NULL",
                                 1, params, err);
        if (!rows)
            return false;
        *there = strcmp(PQgetvalue(rows, 0, 0), "t") == 0;
        PQclear(rows);
    }
    return true;
}

static void announce(struct session *session, enum schema_state state)
{
    const struct workload *workload = session->workload;
    char place[256], rows[32];
    double total = 0;
    if (session->cluster)
        return;
    session_place(session, place, sizeof place);
    for (size_t i = 0; i < workload->n_tables; i++)
        total += workload->tables[i].source ? 0 : (double)workload->tables[i].rows;
    units_format_count(rows, sizeof rows, total, 0);
    if (state == SCHEMA_OURS)
        log_notice(session->options.log,
                   "schema %s in %s is pgdyno's and not as this workload seeds it: it will be dropped", session->schema,
                   place);
    log_notice(session->options.log,
               "will create schema %s in %s and fill %zu table%s with %s rows; "
               "nothing outside it is changed",
               session->schema, place, workload->n_tables, workload->n_tables == 1 ? "" : "s", rows);
}

static void say_done(struct session *session, int64_t started_ns)
{
    char elapsed[32];
    units_format_elapsed(elapsed, sizeof elapsed, clock_now_ns() - started_ns);
    log_notice(session->options.log, "seeded schema %s in %s", session->schema, elapsed);
}

/* Twice: somebody else's schema is refused without waiting, and what was there before the lock was ours may have been
 * changed by the pgdyno that held it. */
static bool look_alone(struct session *session, enum schema_state *state, struct err *err)
{
    if (!session_not_stopped(err) || !find_schema(session, state, err))
        return false;
    if (*state != SCHEMA_FOREIGN && (!session_lock(session, err) || !find_schema(session, state, err)))
        return false;
    return *state != SCHEMA_FOREIGN || refuse_foreign(session, err);
}

/* The user's tables: used as they are, and said so. */
static bool use_existing(struct session *session)
{
    char place[256];
    session_place(session, place, sizeof place);
    log_notice(session->options.log,
               session->writes
                   ? "the scripts run on the tables in %s as they are: what they change there stays changed%s"
                   : "the scripts run on the tables in %s%s",
               place, session->writes && session->workload->builtins ? ", and pgbench_history grows" : "");
    return true;
}

bool session_seed(struct session *session, struct err *err)
{
    if (session->workload->existing)
        return use_existing(session);
    enum schema_state state;
    bool there = false;
    int64_t started_ns = clock_now_ns();
    if (!look_alone(session, &state, err) || (state == SCHEMA_SEEDED && !all_tables_there(session, &there, err)))
        return false;
    if (there) {
        log_notice(session->options.log, "schema %s is as this workload seeds it: reusing its tables", session->schema);
        return true;
    }
    announce(session, state == SCHEMA_ABSENT ? SCHEMA_ABSENT : SCHEMA_OURS);
    if (!seed_fresh(session, err))
        return false;
    say_done(session, started_ns);
    return true;
}

bool session_clean(struct session *session, bool *found, struct err *err)
{
    enum schema_state state;
    *found = false;
    if (session->workload->existing)
        return true;
    if (!look_alone(session, &state, err))
        return false;
    if (state == SCHEMA_ABSENT)
        return true;
    *found = true;
    return db_execf(session->db, "drop the schema", err, "DROP SCHEMA %s CASCADE", session->schema);
}

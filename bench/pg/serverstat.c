#include "pg/serverstat.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/units.h"

enum {
    GONE_TIMEOUT_MS = 2000,
    GONE_TICK_MS = 5,
    COLLECTOR_MS = 600 /* before 15 a reader may be given statistics that are 500 ms old */
};

const struct serverstat_row serverstat_rows[STAT_COUNT] = {
    [STAT_XACT_COMMIT] = {"xact_commit", "commits"},
    [STAT_XACT_ROLLBACK] = {"xact_rollback", "rollbacks"},
    [STAT_BLKS_READ] = {"blks_read", "blocks read"},
    [STAT_BLKS_HIT] = {"blks_hit", "blocks found in shared buffers"},
    [STAT_TUP_RETURNED] = {"tup_returned", "rows scanned"},
    [STAT_TUP_FETCHED] = {"tup_fetched", "rows fetched by index"},
    [STAT_TUP_INSERTED] = {"tup_inserted", "rows inserted"},
    [STAT_TUP_UPDATED] = {"tup_updated", "rows updated"},
    [STAT_TUP_DELETED] = {"tup_deleted", "rows deleted"},
    [STAT_DEADLOCKS] = {"deadlocks", "deadlocks"},
    [STAT_TEMP_BYTES] = {"temp_bytes", "bytes in temporary files"},
    [STAT_SEQ_SCAN] = {"seq_scan", "sequential scans"},
    [STAT_SEQ_TUP_READ] = {"seq_tup_read", "rows read by sequential scans"},
    [STAT_IDX_SCAN] = {"idx_scan", "index scans"},
    [STAT_N_TUP_UPD] = {"n_tup_upd", "row updates"},
    [STAT_N_TUP_HOT_UPD] = {"n_tup_hot_upd", "HOT updates"},
    [STAT_N_DEAD_TUP] = {"n_dead_tup", "dead rows", .level = true},
    [STAT_AUTOVACUUM_COUNT] = {"autovacuum_count", "autovacuum runs"},
    [STAT_AUTOANALYZE_COUNT] = {"autoanalyze_count", "autoanalyze runs"},
    [STAT_WAL_RECORDS] = {"wal_records", "WAL records"},
    [STAT_WAL_FPI] = {"wal_fpi", "WAL full page images"},
    [STAT_WAL_BYTES] = {"wal_bytes", "WAL bytes"},
    [STAT_CHECKPOINTS] = {"checkpoints", "checkpoints"},
};

/* --- Where each counter comes from -------------------------------------------------------------------------------- */

enum view {
    VIEW_DATABASE,
    VIEW_TABLES,
    VIEW_WAL,
    VIEW_BGWRITER,
    VIEW_CHECKPOINTER,
    VIEW_COUNT
};

static const struct {
    const char *from;
    bool of_schema; /* $1 is the schema, and rows are summed */
} views[VIEW_COUNT] = {
    [VIEW_DATABASE] = {"pg_stat_database WHERE datname = current_database()"},
    [VIEW_TABLES] = {"pg_stat_user_tables WHERE schemaname = coalesce($1, current_schema())", .of_schema = true},
    [VIEW_WAL] = {"pg_stat_wal"},
    [VIEW_BGWRITER] = {"pg_stat_bgwriter"},
    [VIEW_CHECKPOINTER] = {"pg_stat_checkpointer"},
};

/* `expression` NULL: the row's own name is the column. Versions are major ones, both included. */
static const struct source {
    enum serverstat_id id;
    enum view view;
    const char *expression;
    int first_version, last_version;
} sources[] = {
    {STAT_XACT_COMMIT, VIEW_DATABASE, NULL, 14, 99},
    {STAT_XACT_ROLLBACK, VIEW_DATABASE, NULL, 14, 99},
    {STAT_BLKS_READ, VIEW_DATABASE, NULL, 14, 99},
    {STAT_BLKS_HIT, VIEW_DATABASE, NULL, 14, 99},
    {STAT_TUP_RETURNED, VIEW_DATABASE, NULL, 14, 99},
    {STAT_TUP_FETCHED, VIEW_DATABASE, NULL, 14, 99},
    {STAT_TUP_INSERTED, VIEW_DATABASE, NULL, 14, 99},
    {STAT_TUP_UPDATED, VIEW_DATABASE, NULL, 14, 99},
    {STAT_TUP_DELETED, VIEW_DATABASE, NULL, 14, 99},
    {STAT_DEADLOCKS, VIEW_DATABASE, NULL, 14, 99},
    {STAT_TEMP_BYTES, VIEW_DATABASE, NULL, 14, 99},
    {STAT_SEQ_SCAN, VIEW_TABLES, NULL, 14, 99},
    {STAT_SEQ_TUP_READ, VIEW_TABLES, NULL, 14, 99},
    {STAT_IDX_SCAN, VIEW_TABLES, NULL, 14, 99},
    {STAT_N_TUP_UPD, VIEW_TABLES, NULL, 14, 99},
    {STAT_N_TUP_HOT_UPD, VIEW_TABLES, NULL, 14, 99},
    {STAT_N_DEAD_TUP, VIEW_TABLES, NULL, 14, 99},
    {STAT_AUTOVACUUM_COUNT, VIEW_TABLES, NULL, 14, 99},
    {STAT_AUTOANALYZE_COUNT, VIEW_TABLES, NULL, 14, 99},
    {STAT_WAL_RECORDS, VIEW_WAL, NULL, 14, 99},
    {STAT_WAL_FPI, VIEW_WAL, NULL, 14, 99},
    {STAT_WAL_BYTES, VIEW_WAL, NULL, 14, 99},
    {STAT_CHECKPOINTS, VIEW_BGWRITER, "checkpoints_timed + checkpoints_req", 14, 16},
    {STAT_CHECKPOINTS, VIEW_CHECKPOINTER, "num_timed + num_requested", 17, 99},
};

enum {
    SOURCES = sizeof sources / sizeof *sources
};

/* --- Reading ------------------------------------------------------------------------------------------------------ */

static bool applies(const struct source *source, enum view view, int version)
{
    return source->view == view && version >= source->first_version && version <= source->last_version;
}

/* False if this server has none of the view's counters. */
static bool build_query(enum view view, int version, struct str *sql)
{
    str_append(sql, "SELECT ");
    bool any = false;
    for (size_t i = 0; i < SOURCES; i++) {
        if (!applies(&sources[i], view, version))
            continue;
        const char *column = sources[i].expression ? sources[i].expression : serverstat_rows[sources[i].id].name;
        str_printf(sql, views[view].of_schema ? "%scoalesce(sum(%s), 0)" : "%s%s", any ? ", " : "", column);
        any = true;
    }
    str_printf(sql, " FROM %s", views[view].from);
    return any;
}

static void take_row(enum view view, int version, const PGresult *rows, struct serverstat *out)
{
    int column = 0;
    for (size_t i = 0; i < SOURCES; i++) {
        if (!applies(&sources[i], view, version))
            continue;
        if (PQntuples(rows) > 0)
            out->has[sources[i].id] = units_parse_int(PQgetvalue(rows, 0, column), &out->value[sources[i].id]);
        column++;
    }
}

static bool read_view(struct db *db, enum view view, const char *schema, struct serverstat *out, struct err *err)
{
    int version = db_version(db) / 10000;
    struct str sql = {0};
    bool ok = true;
    if (build_query(view, version, &sql)) {
        const char *const params[] = {schema};
        PGresult *rows = db_rows(db, "server statistics", str_text(&sql), views[view].of_schema ? 1 : 0, params, err);
        ok = rows != NULL;
        if (ok)
            take_row(view, version, rows, out);
        PQclear(rows);
    }
    str_deinit(&sql);
    return ok;
}

static void pause_ms(int ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * NS_PER_MS}, NULL);
}

/* A backend hands in its last counts before it leaves pg_stat_activity. */
static bool await_gone(struct db *db, const char *app, struct err *err)
{
    const char *const params[] = {app};
    int64_t deadline_ns = clock_now_ns() + GONE_TIMEOUT_MS * NS_PER_MS;
    for (bool gone = false; !gone && clock_now_ns() < deadline_ns;) {
        PGresult *rows = db_rows(db, "server statistics",
                                 "SELECT FROM pg_stat_get_activity(NULL) WHERE application_name = $1 AND "
                                 "pid <> pg_backend_pid() LIMIT 1",
                                 1, params, err);
        if (!rows)
            return false;
        gone = PQntuples(rows) == 0;
        PQclear(rows);
        if (!gone)
            pause_ms(GONE_TICK_MS);
    }
    return true;
}

/* Our own counts belong to the time before the reading; and in a transaction an earlier reading is not repeated. */
static bool refresh(struct db *db, struct err *err)
{
    if (db_version(db) >= 150000)
        return db_exec(db, "server statistics", "SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()", err);
    pause_ms(COLLECTOR_MS);
    return db_exec(db, "server statistics", "SELECT pg_stat_clear_snapshot()", err);
}

bool serverstat_read(struct db *db, const char *schema, const char *app, struct serverstat *out, struct err *err)
{
    *out = (struct serverstat){0};
    if (!await_gone(db, app, err) || !refresh(db, err))
        return false;
    for (enum view view = 0; view < VIEW_COUNT; view++) {
        if (!read_view(db, view, schema, out, err))
            return false;
    }
    return true;
}

void serverstat_diff(const struct serverstat *earlier, const struct serverstat *later, struct serverstat *out)
{
    struct serverstat diff = {0};
    for (size_t i = 0; i < STAT_COUNT; i++) {
        bool level = serverstat_rows[i].level;
        diff.has[i] = later->has[i] && (level || (earlier->has[i] && earlier->value[i] <= later->value[i]));
        if (diff.has[i])
            diff.value[i] = level ? later->value[i] : later->value[i] - earlier->value[i];
    }
    *out = diff;
}

bool serverstat_indexes(struct db *db, const char *schema, struct index_use *out, size_t max, size_t *count,
                        struct err *err)
{
    const char *const params[] = {schema};
    *count = 0;
    PGresult *rows = db_rows(db, "index statistics",
                             "SELECT indexrelname, relname, idx_scan, pg_relation_size(indexrelid) "
                             "FROM pg_stat_user_indexes WHERE schemaname = coalesce($1, current_schema()) "
                             "ORDER BY relname, indexrelname",
                             1, params, err);
    if (!rows)
        return false;
    *count = (size_t)PQntuples(rows);
    for (int i = 0; i < (int)*count && (size_t)i < max; i++) {
        struct index_use *use = &out[i];
        *use = (struct index_use){0};
        snprintf(use->name, sizeof use->name, "%s", PQgetvalue(rows, i, 0));
        snprintf(use->table, sizeof use->table, "%s", PQgetvalue(rows, i, 1));
        units_parse_int(PQgetvalue(rows, i, 2), &use->scans);
        units_parse_int(PQgetvalue(rows, i, 3), &use->size_bytes); /* NULL, thus 0, if it was dropped meanwhile */
    }
    PQclear(rows);
    return true;
}

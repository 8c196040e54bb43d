#include "session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"

#define RECONNECT_LIMIT_NS (30 * NS_PER_S)

/* The private server holds the schema in a database of this name, so that it can be copied and replaced. */
#define DATABASE "pgdyno"

/* Connections beyond what is asked for: replaced databases, autovacuum's neighbours, a curious psql. */
enum {
    RESERVE = 8,
    BACKOFF_MIN_MS = 50,
    BACKOFF_MAX_MS = 2000
};

static int usable_cores(void)
{
    struct machine machine;
    proc_machine(&machine);
    return machine.cores > 0 ? machine.cores : 1;
}

int session_load_connections(const struct session *session)
{
    return session->options.load_connections > 0 ? session->options.load_connections : usable_cores();
}

int session_connections_needed(const struct workload *workload, int load_connections)
{
    int most = load_connections > 0 ? load_connections : usable_cores(), pool = 0, overflow = 0;
    for (size_t i = 0; i < workload->sweep.n_pools; i++)
        pool = workload->sweep.pools[i] > pool ? workload->sweep.pools[i] : pool;
    for (size_t i = 0; i < workload->n_variants; i++) {
        int more = workload->variants[i].pool.max_overflow;
        overflow = more > overflow ? more : overflow;
    }
    return (pool + overflow > most ? pool + overflow : most) + 1;
}

void session_place(const struct session *session, char *buf, size_t size)
{
    const char *host = session->db ? PQhost(db_handle(session->db)) : NULL;
    const char *name = session->db ? PQdb(db_handle(session->db)) : NULL;
    snprintf(buf, size, "database %.80s on host %.120s", name ? name : "?", host && *host ? host : "localhost");
}

void session_progress(struct session *session, enum phase phase, const char *label, int64_t done, int64_t total)
{
    const struct progress_sink *sink = session->options.progress;
    int64_t now = clock_now_ns();
    if (phase != session->phase || session->phase_started_ns == 0) {
        session->phase = phase;
        session->phase_started_ns = now;
    }
    if (!sink || !sink->update)
        return;
    struct progress progress = {.phase = phase,
                                .label = label,
                                .done = done,
                                .total = total,
                                .phase_elapsed_ns = now - session->phase_started_ns,
                                .trial = session->n_trials > 0 ? session->trials_done + 1 : 0,
                                .n_trials = session->n_trials};
    sink->update(sink->user, &progress);
}

bool session_not_stopped(struct err *err)
{
    return !stop_requested() || err_set(err, ERR_STOPPED, NULL, "stopped");
}

bool session_exec_anyway(struct session *session, const char *sql)
{
    if (!session->db)
        return false;
    bool before = db_set_uninterruptible(session->db, true);
    db_exec(session->db, "clean up", "SET lock_timeout = '5s'", NULL);
    bool ok = db_exec(session->db, "clean up", sql, NULL);
    db_exec(session->db, "clean up", "SET lock_timeout = 0", NULL);
    db_set_uninterruptible(session->db, before);
    return ok;
}

bool session_settings(struct session *session, const struct setting *settings, size_t count, bool local,
                      struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        const char *params[] = {settings[i].name, settings[i].value, local ? "true" : "false"};
        PGresult *rows =
            db_rows(session->db, settings[i].name, "SELECT set_config($1, $2, $3::boolean)", 3, params, err);
        if (!rows)
            return session_blame(session, workload_where(session->workload, &settings[i]), err);
        PQclear(rows);
    }
    return true;
}

/* Classes of SQLSTATE about the server's state, not about the statement: connection, resources, operator, system. */
static bool server_trouble(sqlstate code)
{
    static const char *const classes[] = {"08", "53", "57", "58"};
    char text[6];
    sqlstate_text(code, text);
    if (code == 0)
        return true;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strncmp(text, classes[i], 2) == 0)
            return true;
    return false;
}

bool session_blame_for(sqlstate code, const char *where, struct err *err)
{
    if (!err || err->kind != ERR_SERVER || server_trouble(code))
        return false;
    return err_set(err, ERR_INPUT, where, "%s%s%s", err->where, err->where[0] ? ": " : "", err->text);
}

bool session_blame(struct session *session, const char *where, struct err *err)
{
    return session_blame_for(db_sqlstate(session->db), where, err);
}

bool session_run(struct session *session, const char *what, const char *sql, struct err *err)
{
    if (!sql)
        return true;
    if (!db_exec(session->db, what, sql, err))
        return session_blame(session, workload_where(session->workload, sql), err);
    return session_reset(session, err);
}

/* --- The set-up connection ---------------------------------------------------------------------------------------- */

/* Roles and databases may come with habits that would disturb long set-up work or change what is measured. */
bool session_reset(struct session *session, struct err *err)
{
    const char *schema = session->workload->existing ? "" : session->schema;
    return db_execf(session->db, "set-up connection", err,
                    "RESET ALL; SET client_min_messages = warning; %s%s%s"
                    "SET default_transaction_isolation = 'read committed'; "
                    /* transaction_timeout is there from 17 on */
                    "SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN ('statement_timeout', "
                    "'lock_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout', "
                    "'idle_session_timeout')",
                    *schema ? "SET search_path = " : "", schema, *schema ? "; " : "");
}

bool session_connect(struct session *session, struct err *err)
{
    session_disconnect(session);
    if (!db_open(&session->target, &session->db, err))
        return false;
    if (!db_quote_ident(session->db, session->workload->name, session->schema, sizeof session->schema))
        return err_set(err, ERR_INPUT, session->workload->path, "the name %.80s is too long for a schema (63 bytes)",
                       session->workload->name);
    return session_reset(session, err);
}

void session_disconnect(struct session *session)
{
    db_close(session->db);
    session->db = NULL;
}

static bool alive(struct session *session)
{
    if (!session->db)
        return false;
    PGresult *result = PQexec(db_handle(session->db), "SELECT 1");
    bool ok = PQresultStatus(result) == PGRES_TUPLES_OK;
    PQclear(result);
    return ok && PQstatus(db_handle(session->db)) == CONNECTION_OK;
}

static bool postmaster_gone(const struct session *session)
{
    int pid = session->cluster ? cluster_postmaster_pid(session->cluster) : 0;
    return session->cluster && (pid <= 0 || (kill(pid, 0) != 0 && errno == ESRCH));
}

static void wait_or_stop(int ms)
{
    struct pollfd fd = {.fd = stop_fd(), .events = POLLIN};
    poll(&fd, 1, ms);
}

static bool gone_for_good(struct session *session, struct err *err)
{
    struct err last = *err;
    char tail[1024] = "";
    if (session->cluster)
        cluster_log_tail(session->cluster, tail, sizeof tail);
    err_set(err, ERR_SERVER, NULL, "the server went away and did not come back%s\n%.600s",
            session->cluster ? "" : " within 30 s", last.text);
    if (tail[0])
        err_append(err, "its last log lines:\n%s", tail);
    return false;
}

static bool reconnect(struct session *session, struct err *err)
{
    int64_t deadline = clock_now_ns() + RECONNECT_LIMIT_NS;
    for (int ms = BACKOFF_MIN_MS; !session_connect(session, err);
         ms = ms * 2 < BACKOFF_MAX_MS ? ms * 2 : BACKOFF_MAX_MS) {
        if (err->kind == ERR_STOPPED || !session_not_stopped(err))
            return false;
        if (postmaster_gone(session) || clock_now_ns() > deadline)
            return gone_for_good(session, err);
        wait_or_stop(ms);
    }
    return true;
}

bool session_ensure(struct session *session, bool *lost, struct err *err)
{
    struct err local;
    bool was_lost = !alive(session);
    if (lost)
        *lost = was_lost;
    if (!was_lost)
        return true;
    if (!reconnect(session, err ? err : &local))
        return false;
    if (!session->locked)
        return true;
    session->locked = false;
    return session_lock(session, err);
}

static bool try_lock(struct session *session, bool *got, struct err *err)
{
    const char *params[] = {session->workload->name};
    PGresult *rows = db_rows(session->db, "lock the schema",
                             "SELECT pg_try_advisory_lock(hashtext('pgdyno'), hashtext($1))", 1, params, err);
    if (!rows)
        return false;
    *got = strcmp(PQgetvalue(rows, 0, 0), "t") == 0;
    PQclear(rows);
    return true;
}

bool session_lock(struct session *session, struct err *err)
{
    bool got = session->locked || session->workload->existing; /* there is nothing of ours to keep */
    /* A backend of ours whose connection broke may take a moment to notice. */
    for (int ms = BACKOFF_MIN_MS; !got && ms < 2 * BACKOFF_MAX_MS; ms *= 2) {
        if (!session_not_stopped(err) || !try_lock(session, &got, err))
            return false;
        if (!got)
            wait_or_stop(ms);
    }
    session->locked = got;
    return got || err_set(err, ERR_SERVER, NULL,
                          "another pgdyno is at work in schema %s of this database\n"
                          "wait for it to end, or run in another database (-d)",
                          session->schema);
}

/* --- Opening and closing ------------------------------------------------------------------------------------------ */

static bool open_private(struct session *session, struct err *err)
{
    const struct workload *workload = session->workload;
    struct cluster_options options = {
        .settings = workload->server,
        .n_settings = workload->n_server,
        .max_connections = session_connections_needed(workload, session->options.load_connections) + RESERVE,
        .keep = session->options.keep,
    };
    session_progress(session, PHASE_SERVER, "starting the server", 0, 0);
    if (!cluster_open(&options, &session->cluster, err))
        return false;
    session->target = *cluster_target(session->cluster);
    if (!session_connect(session, err) || !db_exec(session->db, "database", "CREATE DATABASE " DATABASE, err))
        return false;
    session->target.database = DATABASE;
    return session_connect(session, err);
}

static bool open_given(struct session *session, struct err *err)
{
    session_progress(session, PHASE_SERVER, "connecting", 0, 0);
    session->target = *session->options.target;
    return session_connect(session, err) && preflight(session, err);
}

static bool find_rights(struct session *session, struct err *err)
{
    char text[8];
    const char *sql = db_version(session->db) >= 150000
                          ? "SELECT pg_has_role('pg_checkpoint', 'USAGE') OR current_setting('is_superuser') = 'on'"
                          : "SELECT current_setting('is_superuser') = 'on'";
    if (!db_value(session->db, sql, text, sizeof text, err))
        return false;
    session->can_checkpoint = text[0] == 't';
    return true;
}

/* On the private server the extension is made in the database that templates copy; on somebody's it is used if it is
 * there already. */
static bool find_prewarm(struct session *session, struct err *err)
{
    int64_t available = 0;
    if (session->cluster &&
        !db_int(session->db, "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_prewarm'", &available, err))
        return false;
    if (available &&
        !db_exec(session->db, "pg_prewarm", "CREATE EXTENSION IF NOT EXISTS pg_prewarm SCHEMA public", err))
        return false;
    return db_value(session->db,
                    "SELECT quote_ident(nspname) || '.pg_prewarm' FROM pg_extension e JOIN pg_namespace n "
                    "ON n.oid = e.extnamespace JOIN pg_proc p ON p.pronamespace = n.oid AND proname = 'pg_prewarm' "
                    "WHERE extname = 'pg_prewarm' AND has_function_privilege(p.oid, 'EXECUTE')",
                    session->prewarm, sizeof session->prewarm, err);
}

static bool allocate(struct session *session, struct err *err)
{
    const struct sweep *sweep = &session->workload->sweep;
    size_t n = session->workload->n_variants;
    session->first_prints = calloc(n, sizeof *session->first_prints);
    session->has_first_print = calloc(n, sizeof *session->has_first_print);
    session->planned = calloc(n, sizeof *session->planned);
    session->closed_tps = calloc(n * sweep->n_pools * sweep->n_isolations, sizeof *session->closed_tps);
    return (session->first_prints && session->has_first_print && session->planned && session->closed_tps) ||
           err_memory(err);
}

bool session_open(const struct run_options *options, struct session **out, struct err *err)
{
    *out = NULL;
    struct session *session = calloc(1, sizeof *session);
    if (!session)
        return err_memory(err);
    session->options = *options;
    session->workload = options->workload;
    session->current.variant = -1;
    session->writes = true; /* until the rehearsal knows better */
    snprintf(session->app, sizeof session->app, "pgdyno driver %d", (int)getpid());
    bool ok = false;
    if (strlen(session->workload->name) >= SESSION_NAME_BYTES)
        err_set(err, ERR_INPUT, session->workload->path,
                "the workload's name %.80s is too long for a schema (63 bytes)", session->workload->name);
    else
        ok = allocate(session, err) && (options->target ? open_given(session, err) : open_private(session, err)) &&
             find_rights(session, err) && find_prewarm(session, err);
    if (ok)
        *out = session;
    else
        session_close(session);
    return ok;
}

void session_close(struct session *session)
{
    if (!session)
        return;
    session_disconnect(session);
    cluster_close(session->cluster);
    free(session->first_prints);
    free(session->has_first_print);
    free(session->planned);
    free(session->closed_tps);
    free(session);
}

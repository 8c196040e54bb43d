#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "session.h"

/* --- The head of the results -------------------------------------------------------------------------------------- */

/* What differs from the built-in default and bears on speed; no paths, and nothing that could hold a password. */
#define SETTINGS_SQL                                                                                                   \
    "SELECT name, current_setting(name) FROM pg_settings WHERE setting IS DISTINCT FROM boot_val "                     \
    "AND context <> 'internal' AND source NOT IN ('session', 'client', 'override') "                                   \
    "AND name !~ '(_file|_directory|_command|_directories|conninfo|passphrase|_path|_string)' "                        \
    "AND name NOT IN ('application_name', 'client_encoding', 'event_source', 'cluster_name') ORDER BY name"

static bool read_settings(struct session *session, struct arena *arena, struct run_header *header, struct err *err)
{
    PGresult *rows = db_rows(session->db, "server settings", SETTINGS_SQL, 0, NULL, err);
    if (!rows)
        return false;
    size_t count = (size_t)PQntuples(rows);
    struct setting *settings = ARENA_ARRAY(arena, struct setting, count + 1);
    for (size_t i = 0; settings && i < count; i++)
        settings[i] = (struct setting){.name = arena_strdup(arena, PQgetvalue(rows, (int)i, 0)),
                                       .value = arena_strdup(arena, PQgetvalue(rows, (int)i, 1))};
    PQclear(rows);
    header->server_settings = settings;
    header->n_server_settings = count;
    return settings || err_memory(err);
}

static bool begin(struct session *session, const struct run_sink *sink, struct err *err)
{
    struct machine machine;
    char version[256];
    struct arena *arena = arena_new();
    if (!sink->begin || !arena) {
        arena_free(arena);
        return !sink->begin || err_memory(err);
    }
    proc_machine(&machine);
    struct run_header header = {
        .run_id = session->options.run_id,
        .started_wall_ns = clock_wall_ns(),
        .workload = session->workload,
        .command_line = session->options.command_line,
        .server_version = db_version(session->db),
        .server_version_text = version,
        .private_server = session->cluster != NULL,
        .machine = &machine,
        .threads = session->workload->measure.threads,
    };
    bool ok = db_value(session->db, "SELECT version()", version, sizeof version, err) &&
              read_settings(session, arena, &header, err) && sink->begin(sink->user, &header, err);
    arena_free(arena);
    return ok;
}

/* --- Blocks ------------------------------------------------------------------------------------------------------- */

static bool run_block(struct session *session, int block, struct cell *cells, const struct run_sink *sink,
                      struct err *err)
{
    int count = order_cells_per_block(session->workload);
    order_block(session->workload, block, cells);
    for (int i = 0; i < count; i++)
        if (!session_not_stopped(err) || !trial_run(session, &cells[i], sink, err) || !session_not_stopped(err))
            return false;
    return true;
}

static bool run_blocks(struct session *session, const struct run_sink *sink, struct err *err)
{
    int blocks = session->workload->measure.blocks, per_block = order_cells_per_block(session->workload);
    struct cell *cells = calloc((size_t)per_block, sizeof *cells);
    if (!cells)
        return err_memory(err);
    session->n_trials = blocks * per_block;
    session->trials_done = 0;
    bool ok = true;
    for (int block = 0; ok && block < blocks; block++)
        ok = run_block(session, block, cells, sink, err);
    free(cells);
    session->n_trials = 0;
    return ok;
}

bool session_sweep(struct session *session, const struct run_sink *sink, struct err *err)
{
    struct err local = {0};
    struct err *reason = err ? err : &local;
    memset(session->planned, 0, session->workload->n_variants * sizeof *session->planned);
    memset(session->has_first_print, 0, session->workload->n_variants * sizeof *session->has_first_print);
    if (!session_not_stopped(reason) || !begin(session, sink, reason))
        return false;
    variants_begin(session);
    bool ok = (!session->writes || restore_prepare(session, reason)) && run_blocks(session, sink, reason);
    variants_end(session);
    return ok;
}

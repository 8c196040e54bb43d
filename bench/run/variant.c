/* From one variant to the next: what the last one built goes, what this one wants comes, timed and sized. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "session.h"

static const struct variant *current(const struct session *session)
{
    return &session->workload->variants[session->current.variant];
}

/* --- In ----------------------------------------------------------------------------------------------------------- */

static void note_index(struct variant_state *state, const char *name, const char *definition, int64_t ns, int64_t bytes)
{
    if (state->n_indexes == RESULT_INDEXES)
        return;
    struct index_result *index = &state->indexes[state->n_indexes++];
    *index = (struct index_result){.build_ns = ns, .size_bytes = bytes};
    snprintf(index->name, sizeof index->name, "%s", name);
    snprintf(index->definition, sizeof index->definition, "%s", definition);
}

static bool build(struct session *session, struct err *err)
{
    const struct variant *variant = current(session);
    for (size_t i = 0; i < variant->n_indexes; i++) {
        int64_t ns, bytes;
        session_progress(session, PHASE_INDEX, variant->indexes[i].name, (int64_t)i, (int64_t)variant->n_indexes);
        if (!index_build(session->db, &variant->indexes[i], &ns, &bytes, err))
            return session_blame(session, workload_where(session->workload, variant->indexes[i].definition), err);
        note_index(&session->current, variant->indexes[i].name, variant->indexes[i].definition, ns, bytes);
    }
    return true;
}

/* The oid of the newest index is not kept by name: `apply` may replace an index by one of the same name. */
static bool last_index(struct session *session, int64_t *oid, struct err *err)
{
    return db_int(session->db,
                  "SELECT coalesce(max(indexrelid::bigint), 0) FROM pg_index JOIN pg_class c ON c.oid = indexrelid "
                  "WHERE relnamespace = current_schema()::regnamespace",
                  oid, err);
}

/* Indexes that `apply` made: whatever is in the schema now with an oid that was not. Their build time is that of the
 * whole SQL. */
static bool note_applied(struct session *session, int64_t before, int64_t ns, struct err *err)
{
    char number[24];
    const char *params[] = {number};
    snprintf(number, sizeof number, "%lld", (long long)before);
    PGresult *rows = db_rows(session->db, "indexes of the variant",
                             "SELECT relname, regexp_replace(pg_get_indexdef(indexrelid), '^.*? ON (ONLY )?', ''), "
                             "pg_relation_size(indexrelid) FROM pg_index JOIN pg_class c ON c.oid = indexrelid "
                             "WHERE relnamespace = current_schema()::regnamespace AND indexrelid::bigint > $1::bigint "
                             "ORDER BY indexrelid",
                             1, params, err);
    if (!rows)
        return false;
    for (int i = 0; i < PQntuples(rows); i++)
        note_index(&session->current, PQgetvalue(rows, i, 0), PQgetvalue(rows, i, 1), ns,
                   strtoll(PQgetvalue(rows, i, 2), NULL, 10));
    PQclear(rows);
    return true;
}

/* A workload has many variants; an error must say whose SQL it was. */
static bool run_named(struct session *session, const char *key, const char *sql, struct err *err)
{
    char what[96];
    snprintf(what, sizeof what, "variant %.64s, %s", current(session)->name, key);
    return session_run(session, what, sql, err);
}

static bool apply(struct session *session, struct err *err)
{
    int64_t before;
    if (!current(session)->apply)
        return true;
    session_progress(session, PHASE_INDEX, current(session)->name, 0, 0);
    if (!last_index(session, &before, err))
        return false;
    int64_t started_ns = clock_now_ns();
    if (!run_named(session, "apply", current(session)->apply, err))
        return false;
    return note_applied(session, before, clock_now_ns() - started_ns, err);
}

bool variant_enter(struct session *session, int variant, struct err *err)
{
    session->current = (struct variant_state){.variant = variant, .partial = true};
    if (!build(session, err) || !apply(session, err))
        return false;
    session->current.partial = false;
    return true;
}

/* --- Out ---------------------------------------------------------------------------------------------------------- */

bool variant_leave(struct session *session, struct err *err)
{
    if (session->current.variant < 0)
        return true;
    const struct variant *variant = current(session);
    if (session->current.partial) /* the server was away while it was built */
        return variant_leave_anyway(session) ||
               err_set(err, ERR_SERVER, variant->name, "what this variant made cannot be removed");
    if (!run_named(session, "revert", variant->revert, err))
        return false;
    for (size_t i = variant->n_indexes; i-- > 0;)
        if (!index_drop(session->db, &variant->indexes[i], err))
            return false;
    session->current.variant = -1;
    return true;
}

static bool drop_anyway(struct session *session, const struct index_spec *index)
{
    char ident[SESSION_IDENT_BYTES], sql[2 * SESSION_IDENT_BYTES + 64];
    if (!db_quote_ident(session->db, index->name, ident, sizeof ident))
        return false;
    snprintf(sql, sizeof sql, "DROP INDEX IF EXISTS %s.%s", session->schema, ident);
    return session_exec_anyway(session, sql);
}

bool variant_leave_anyway(struct session *session)
{
    if (session->current.variant < 0)
        return true;
    if (!session->db)
        return false;
    const struct variant *variant = current(session);
    bool ok = true;
    if (variant->revert && !session_exec_anyway(session, variant->revert))
        ok = session->current.partial; /* half applied: there may have been nothing to revert */
    for (size_t i = variant->n_indexes; i-- > 0;)
        ok = drop_anyway(session, &variant->indexes[i]) && ok;
    session->current.variant = -1;
    return ok;
}

/* --- Asked by others ---------------------------------------------------------------------------------------------- */

const char *variant_role(const struct variant *variant)
{
    for (size_t i = 0; i < variant->n_settings; i++)
        if (strcasecmp(variant->settings[i].name, "role") == 0)
            return variant->settings[i].value;
    return NULL;
}

/* --- Around all of them ------------------------------------------------------------------------------------------- */

void variants_begin(struct session *session)
{
    if (!session->cluster)
        seed_mark_used(session, true);
}

void variants_end(struct session *session)
{
    bool uncertain = session->current.variant >= 0 && session->current.partial;
    bool left = variant_leave_anyway(session);
    if (session->cluster) /* it goes anyway */
        return;
    if (!left && session->db)
        log_warning(session->options.log,
                    "what a variant made in schema %s could not be removed; the next seed drops it", session->schema);
    if (left && !uncertain && !session->dirty)
        seed_mark_used(session, false);
}

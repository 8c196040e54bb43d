/* The inside of a session, shared by the files of the experiment:
 *
 *     session    reach the server, keep the set-up connection alive
 *     preflight  what must be so before anything is changed
 *     rehearse   every statement once, in a transaction that is rolled back; reverted: did `revert` undo it all
 *     seed       the schema's mark, filling, reuse, removal
 *     settle     vacuum, checkpoint, prewarm: data at rest
 *     restore    the seeded state again, and its fingerprint
 *     variant    go from one variant to the next
 *     sample     plans under the current variant
 *     trial      one trial; judge: what speaks against it
 *     sweep      all trials in their order
 */
#ifndef PGDYNO_BENCH_RUN_SESSION_H
#define PGDYNO_BENCH_RUN_SESSION_H

#include "pg/cluster.h"
#include "pg/query.h"
#include "run/order.h"
#include "run/run.h"

enum {
    SESSION_NAME_BYTES = 64,   /* NAMEDATALEN */
    SESSION_IDENT_BYTES = 160, /* quoted */
    SESSION_LABEL_BYTES = 128
};

/* What lies on disk under the schema's name: what a trial starts from. */
struct state_print {
    int64_t rows;   /* as the last VACUUM or CREATE INDEX counted */
    int64_t pages;  /* of tables and indexes */
    int64_t dead;   /* row versions */
    int64_t writes; /* rows inserted, updated and deleted since the counters began */
};

/* The variant that is in place now. */
struct variant_state {
    int variant;  /* -1: none */
    bool partial; /* half applied: leaving must not expect all of it */
    struct index_result indexes[RESULT_INDEXES];
    size_t n_indexes;
};

struct session {
    struct run_options options;
    const struct workload *workload;
    struct cluster *cluster;                /* NULL: somebody's server */
    struct target target;                   /* the database with the schema: for set-up, loading and the driver */
    struct db *db;                          /* the set-up connection; NULL while its database is being replaced */
    char schema[SESSION_IDENT_BYTES];       /* quoted for SQL */
    char app[32];                           /* application_name of the driver's connections, ours alone */
    char prewarm[SESSION_IDENT_BYTES + 16]; /* "public.pg_prewarm"; "" where that extension is not */
    bool can_checkpoint;
    bool checkpoint_warned;
    bool locked;       /* we hold the advisory lock on the schema's name */
    bool writes;       /* false once the rehearsal saw that no statement writes */
    bool parallel;     /* true once a plan with parallel workers was seen: the server counts their commits too */
    bool dirty;        /* rows have changed since the seeded state */
    bool has_template; /* the private server keeps a copy of the seeded database */
    bool reseed_said;
    int64_t phase_started_ns;
    enum phase phase;
    struct variant_state current;
    struct state_print *first_prints; /* n_variants: what each variant's first trial met */
    bool *has_first_print;
    bool *planned;      /* n_variants: plans are in the sink */
    double *closed_tps; /* variants × pools × isolations: throughput of the closed loop, 0: not known yet */
    int n_trials;
    int trials_done;
};

/* --- session.c --- */

/* (Re)connect the set-up connection and set it up. */
bool session_connect(struct session *session, struct err *err);
void session_disconnect(struct session *session);
/* The set-up connection's own settings again, after SQL of the workload that may have changed them. */
bool session_reset(struct session *session, struct err *err);
/* Run SQL of the workload that is there (NULL is fine): a mistake in it is the file's. */
bool session_run(struct session *session, const char *what, const char *sql, struct err *err);
/* The set-up connection, alive; reconnects with back-off for at most 30 s when it was lost. *lost (may be NULL) tells
 * whether it was. ERR_SERVER when the server has gone for good. */
bool session_ensure(struct session *session, bool *lost, struct err *err);
/* Take the lock that keeps two pgdynos from working on one schema. */
bool session_lock(struct session *session, struct err *err);
/* Run SQL even after a stop request, for cleaning up. Waits for locks at most 5 s. */
bool session_exec_anyway(struct session *session, const char *sql);
/* ERR_STOPPED once the user asked to stop. */
bool session_not_stopped(struct err *err);
/* Tell the person; total 0 if unknown. */
void session_progress(struct session *session, enum phase phase, const char *label, int64_t done, int64_t total);
/* Connections that the workload needs at once, ours included. */
int session_connections_needed(const struct workload *workload, int load_connections);
int session_load_connections(const struct session *session);
/* For messages: "database X on host Y". */
void session_place(const struct session *session, char *buf, size_t size);
/* set_config() of `count` settings, for the transaction only or for the session. */
bool session_settings(struct session *session, const struct setting *settings, size_t count, bool local,
                      struct err *err);
/* An error that the server found in the workload's own SQL is a mistake of the file: say where in it. Returns false. */
bool session_blame(struct session *session, const char *where, struct err *err);
/* The same where the connection has done something else since: `code` is what the server said then. */
bool session_blame_for(sqlstate code, const char *where, struct err *err);

/* --- preflight.c --- */

/* On somebody's server: rights, read-only, recovery, connection limits, agreement with `server:`. Changes nothing. */
bool preflight(struct session *session, struct err *err);

/* --- reverted.c --- */

/* In the rehearsal's transaction: keep what the schema is like, before `apply`. */
bool reverted_note(struct session *session, struct err *err);
/* After `revert`: it is like that again, or else what differs is a mistake of the file. */
bool reverted_check(struct session *session, const struct variant *variant, struct err *err);

/* --- seed.c --- */

/* Drop our schema and make it anew. */
bool seed_fresh(struct session *session, struct err *err);
/* Record in the schema's comment whether it is as seeded. Works after a stop request too. */
void seed_mark_used(struct session *session, bool used);

/* --- settle.c --- */

/* VACUUM (FREEZE, ANALYZE) each table of the schema. */
bool settle_vacuum(struct session *session, struct err *err);
/* On somebody's tables, before a trial of pgbench's scripts: VACUUM the two small ones that they update most. */
bool settle_existing(struct session *session, struct err *err);
/* CHECKPOINT, where we may; says once where we may not. */
bool settle_checkpoint(struct session *session, struct err *err);
/* Bring tables and indexes into memory. */
bool settle_prewarm(struct session *session, struct err *err);
/* Each table holds the rows that the workload says. */
bool settle_verify(struct session *session, struct err *err);
/* Evaluate `checks:`. *broken is the name of the first that is not true (NULL: none), with why. False only when the
 * server went away or the user stopped. */
bool checks_run(struct session *session, const char **broken, char *why, size_t size, struct err *err);

/* --- restore.c --- */

/* Keep a copy of the seeded database, on the private server only. */
bool restore_prepare(struct session *session, struct err *err);
/* The seeded state again: from the copy, or by seeding. The variant must have been left. */
bool restore_run(struct session *session, struct err *err);
bool restore_print(struct session *session, struct state_print *out, struct err *err);

/* --- variant.c --- */

/* Build indexes and run `apply`; fills session->current. On failure leave the variant nevertheless. */
bool variant_enter(struct session *session, int variant, struct err *err);
bool variant_leave(struct session *session, struct err *err);
/* After a stop or an error: as much of it as can be undone. False if something stays. */
bool variant_leave_anyway(struct session *session);
/* The role that the variant's own settings give its sessions; NULL for none. What such a role is not permitted to do
 * (42501) is what the variant is there to show: said, counted as failed, and no reason to distrust a trial. */
const char *variant_role(const struct variant *variant);
/* Around work with variants on somebody's server. In between, a schema that a killed run leaves behind is marked so
 * that it will not pass for a fresh one; at the end nothing of a variant stays, however the work ended. */
void variants_begin(struct session *session);
void variants_end(struct session *session);

/* --- sample.c --- */

/* Plan every statement under the current variant and hand the plans to the sink. */
bool sample_plans(struct session *session, const struct run_sink *sink, struct err *err);

/* --- trial.c --- */

bool trial_run(struct session *session, const struct cell *cell, const struct run_sink *sink, struct err *err);

/* --- judge.c --- */

/* What speaks against a trial, in words; decides `valid`. `examined`: counters and checks were looked at afterwards. */
void judge_trial(const struct session *session, const struct state_print *before, bool examined,
                 struct trial_result *trial);

#endif

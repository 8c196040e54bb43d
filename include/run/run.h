/* The experiment: seed, then blocks × sweep points × variants in random order, one trial each. */
#ifndef PGDYNO_RUN_RUN_H
#define PGDYNO_RUN_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "pg/target.h"
#include "run/progress.h"
#include "run/result.h"
#include "workloads/spec.h"

struct run_options {
    const struct workload *workload;
    const struct target *target; /* NULL: a private server */
    bool keep;                   /* the private server's folder stays */
    const char *run_id;
    const char *command_line;
    int load_connections; /* 0: usable cores */
    const struct log *log;
    const struct progress_sink *progress;
};

/* A server to work on, ours or somebody's, and what we did to it. */
struct session;

/* Start or reach the server; refuses one whose version, rights, connection limit or recovery state rule the workload
 * out, before anything is changed. *out NULL on failure. */
bool session_open(const struct run_options *options, struct session **out, struct err *err);
void session_close(struct session *session);

/* Rehearse: in one transaction that is rolled back, create the schema, the constraints and each variant on empty
 * tables and prepare every statement, so that a mistake costs no seeding. Errors show the statement. */
bool session_rehearse(struct session *session, struct err *err);
/* Create and fill the schema, or reuse it when its fingerprint says that it is what would be made. */
bool session_seed(struct session *session, struct err *err);
/* Drop what seed created; *found is false if there was nothing of ours. Refuses a schema that pgdyno did not make. */
bool session_clean(struct session *session, bool *found, struct err *err);

/* After session_seed: build each variant in turn, hand the plans of all statements under it to sink->plan, and take it
 * away again. Measures nothing. */
bool session_plans(struct session *session, const struct run_sink *sink, struct err *err);

/* The whole sweep (after rehearse and seed). Every finished trial has reached `sink` before the next begins. Returns
 * false with ERR_STOPPED when the user stopped it, ERR_SERVER when the server went for good; what was measured is in
 * the sink. */
bool session_sweep(struct session *session, const struct run_sink *sink, struct err *err);

/* What a run would do, for `check`, --dry-run and the announcement on somebody's server. */
struct run_plan {
    int n_trials;
    int n_calibrations;   /* trials at most that only find the throughput that a rate in % refers to */
    int64_t measuring_ns; /* the warm-up and window of all of them */
    int64_t rows;
    int64_t seed_bytes;  /* COPY bytes, estimated from a sample of rows */
    int max_connections; /* needed at once, overflow and set-up connection included */
};
bool run_plan(const struct workload *workload, struct run_plan *out, struct err *err);

#endif

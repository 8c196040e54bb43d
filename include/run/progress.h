/* What the person at the terminal is told while a run goes on. Called from the run's main thread only, about every
 * 100 ms and at each change; the cli decides what to draw. */
#ifndef PGDYNO_RUN_PROGRESS_H
#define PGDYNO_RUN_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

enum phase {
    PHASE_SERVER,
    PHASE_REHEARSE,
    PHASE_SEED,
    PHASE_CONSTRAINTS,
    PHASE_VACUUM,
    PHASE_PLANS,
    PHASE_RESTORE,
    PHASE_INDEX,
    PHASE_WARMUP,
    PHASE_MEASURE,
    PHASE_COUNT
};

struct progress {
    enum phase phase;
    const char *label;   /* table, index, "status_prio · pool 8 · rc" */
    int64_t done, total; /* rows, or ns of the trial; total 0 if unknown */
    int64_t phase_elapsed_ns;
    int trial, n_trials; /* from 1; 0 when not in a trial */

    /* the last second of the window; `fresh` is true once for each interval */
    bool fresh;
    double time_s; /* since the trial's window began */
    double tps;
    double latency_avg_ns, latency_stddev_ns;
    int64_t p95_ns, p99_ns, wait_p99_ns;
    int64_t failed, retried, retries;
    int busy, connections;
};

struct progress_sink {
    void *user;
    void (*update)(void *user, const struct progress *progress); /* may be NULL */
};

#endif

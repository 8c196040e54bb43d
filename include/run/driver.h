/* The driver: threads with epoll loops and non-blocking connections that run the workload's transactions for one trial
 * and record what happened. */
#ifndef PGDYNO_RUN_DRIVER_H
#define PGDYNO_RUN_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "pg/target.h"
#include "run/progress.h"
#include "run/result.h"
#include "workloads/spec.h"

struct drive_spec {
    const struct target *target;
    const char *schema; /* becomes the only schema in search_path; NULL: the server's own search_path */
    const char *app;    /* application_name of the driver's connections */
    const struct workload *workload;
    const struct variant *variant; /* its settings come after the workload's session settings */
    enum isolation isolation;
    enum protocol protocol;
    int connections;        /* the pool's size */
    int clients;            /* of a closed loop; 0: as many as connections */
    double rate_tps;        /* transactions offered a second; 0: a closed loop */
    enum arrivals arrivals; /* with a rate. Think time and the pool's habits are the workload's */
    int threads;            /* 0: usable cores, at most one a connection */
    int64_t warmup_ns, duration_ns;
    int64_t drain_ns; /* how long to await what still runs, if 3 × the longest response is not longer; 0: 10 s */
    uint64_t seed;
    int block;
    const struct progress_sink *progress; /* may be NULL */
    struct progress progress_base;        /* label, trial, n_trials to pass on */
};

/* Connect, set up the sessions, prepare, warm up (every connection runs each statement that its mix can reach at least
 * 6 times where protocol is prepared), measure, drain, disconnect. Fills the transaction, interval, error, lag and
 * total fields of `out` (initialised by the caller). False only if no window could be measured at all: cannot connect,
 * a statement cannot be prepared, stopped before the window. A server that goes away in the window, or a stop, is not a
 * failure: out->complete is false and what was measured is there. */
bool driver_run(const struct drive_spec *spec, struct trial_result *out, struct err *err);

#endif

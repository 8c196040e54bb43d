/* pgbench on the same server with the same load, for its row beside ours. Its figures are computed from its own --log
 * files: latency (`time`) counts from the scheduled start with a rate, `schedule_lag` is what it waited for a free
 * client. */
#ifndef PGDYNO_TESTS_TRUTH_PGBENCH_H
#define PGDYNO_TESTS_TRUTH_PGBENCH_H

#include <stdint.h>

#include "truth.h"

struct pgbench_case {
    const char *sql;
    double rate_tps;
    int clients, threads;
    int64_t duration_ns;
};

struct pgbench_log {
    struct pgbench_entry {
        double response_ms, lag_ms, end_s; /* end: from the run's first one */
    } * list;                              /* owned; NULL when pgbench is missing or failed, which a row says */
    size_t n;
};

/* Runs it and reads its log. `meanwhile`, when given, is called from a thread of its own when pgbench was started. */
void pgbench_run(struct truth *truth, const struct pgbench_case *c, void (*meanwhile)(void *user), void *user,
                 struct pgbench_log *out);
void pgbench_log_deinit(struct pgbench_log *log);

double pgbench_percentile_ms(const struct pgbench_log *log, double q); /* of response, nearest rank */
double pgbench_mean_lag_ms(const struct pgbench_log *log);

#endif

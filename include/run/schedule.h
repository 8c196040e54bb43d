/* The arrivals of an open loop: the intended start of transaction k, from the schedule's beginning. A pure function of
 * (seed, block, rate, k): every thread walks the same schedule for itself, and nothing is handed around.
 *
 * Poisson arrivals are drawn second by second, each from a stream of its own. A Poisson process has no memory, so one
 * that begins anew at each second is one process (Ross, Introduction to Probability Models, 5.3), and what happens in
 * second s does not depend on those before. */
#ifndef PGDYNO_RUN_SCHEDULE_H
#define PGDYNO_RUN_SCHEDULE_H

#include <stdint.h>

#include "generators/rng.h"
#include "workloads/spec.h"

struct schedule_spec {
    double rate_tps;
    enum arrivals arrivals;
    uint64_t seed;
    int block;
    uint64_t stream; /* so that the warm-up's arrivals are not the window's */
};

/* Where one thread is in it. */
struct schedule {
    const struct schedule_spec *spec; /* borrowed */
    int64_t number;                   /* of the arrival at offset_ns; -1: before the first */
    int64_t offset_ns;
    int64_t second;
    double within_ns; /* of that second */
    struct rng rng;
};

void schedule_init(struct schedule *schedule, const struct schedule_spec *spec);
/* When arrival `number` (from 0) is due, in ns from the beginning. Numbers may repeat but never decrease. */
int64_t schedule_offset(struct schedule *schedule, int64_t number);
/* How many arrivals lie in [0, length_ns). */
int64_t schedule_count(const struct schedule_spec *spec, int64_t length_ns);

#endif

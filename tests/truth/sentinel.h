/* Is this machine quiet enough to judge times? A thread that sleeps for 1 ms again and again, and is late when others
 * take the cores. */
#ifndef PGDYNO_TESTS_TRUTH_SENTINEL_H
#define PGDYNO_TESTS_TRUTH_SENTINEL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "run/hist.h"

struct sentinel {
    struct hist *late;
    pthread_t thread;
    _Atomic bool over;
    bool running;
    double p50_ms, p99_ms, max_ms;
    bool disturbed;
};

/* Without memory or a thread it sees nothing, and nothing is disturbed. */
void sentinel_begin(struct sentinel *sentinel);
void sentinel_end(struct sentinel *sentinel);

#endif

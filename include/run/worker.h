/* One thread of the driver: a loop, its connections, its clients, its recorder. Nothing of it is touched by another
 * thread but the atomics, and what recorder_take() hands out. */
#ifndef PGDYNO_RUN_WORKER_H
#define PGDYNO_RUN_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "run/client.h"
#include "run/driver.h"
#include "run/loop.h"
#include "run/mix.h"
#include "run/pool.h"
#include "run/recorder.h"
#include "run/window.h"

/* What the main thread and its workers have in common. */
struct crew {
    const struct drive_spec *spec;
    struct mix mix;
    struct pool_plan pool_plan;
    struct window window;
    int notify_fd;    /* eventfd: a worker has something to tell */
    _Atomic bool go;  /* begin to warm up */
    _Atomic bool cut; /* end now; what still runs is censored */
};

enum worker_stage {
    WORKER_STARTING,
    WORKER_CONNECTED,
    WORKER_REFUSED,
    WORKER_ENDED
};

struct worker {
    struct crew *crew;
    struct loop loop;
    struct pool pool;
    struct client *clients;
    struct client_group group;
    struct recorder recorder;
    int n;
    pthread_t thread;
    bool running; /* the thread was started */
    int64_t outage_ns;
    int reached;         /* connections that were READY at the end */
    _Atomic int stage;   /* enum worker_stage; once it is REFUSED or ENDED all else may be read */
    _Atomic int warming; /* clients that are not warm */
};

/* Worker `index` of `n_workers` owns the connections index, index + n_workers, … of the trial. */
bool worker_init(struct worker *worker, struct crew *crew, int index, int n_workers, struct err *err);
/* After worker_join. All-zero and half-built ones too. */
void worker_deinit(struct worker *worker);

/* Signals stay with the threads that had them. */
bool worker_start(struct worker *worker, struct err *err);
void worker_join(struct worker *worker);

#endif

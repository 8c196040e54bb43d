/* One thread of the driver: a loop, its connections, its clients, its recorder. Nothing of it is touched by another
 * thread but the atomics, and what recorder_take() hands out. */
#ifndef PGDYNO_RUN_WORKER_H
#define PGDYNO_RUN_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "run/crew.h"
#include "run/loop.h"
#include "run/pool.h"
#include "run/recorder.h"
#include "run/runner.h"
#include "run/schedule.h"
#include "run/tickets.h"

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
    struct runner *runners;
    struct runner_group group;
    struct recorder recorder;
    int n; /* runners: connections, overflow included */
    int index;
    int stage; /* of the crew, as far as this worker has heard */
    struct tickets *tickets;
    struct schedule schedule; /* its place in theirs */
    struct ticket held;
    bool holding;
    bool no_more;        /* tickets in this schedule */
    bool dispatching;    /* on the stack already */
    bool over;           /* nothing is left to do */
    bool thoughts_ended; /* the window has, and nobody thinks on for what would come behind it */
    struct timer expiry; /* worker 0's: for those that wait too long */
    pthread_t thread;
    bool running; /* the thread was started */
    int64_t outage_ns;
    int64_t late_ns;      /* how late this thread's sleeps ended before the trial */
    int64_t delay_ns;     /* waited for a core in the window; less what it was at its start until delay_due_ns passed */
    int64_t delay_due_ns; /* when to read it again; 0: not yet begun */
    int reached;          /* connections that were READY at the end */
    _Atomic int told;     /* enum worker_stage; once it is REFUSED or ENDED all else may be read */
    _Atomic int warming;  /* runners that are not warm */
    _Atomic bool quiet;   /* in CREW_PAUSE: nothing is under way */
};

/* Worker `index` of `n_workers` owns the connections index, index + n_workers, … of the trial. The crew is complete but
 * for times. */
bool worker_init(struct worker *worker, struct crew *crew, int index, int n_workers, struct err *err);
/* After worker_join. All-zero and half-built ones too. */
void worker_deinit(struct worker *worker);

/* Signals stay with the threads that had them. */
bool worker_start(struct worker *worker, struct err *err);
void worker_join(struct worker *worker);

#endif

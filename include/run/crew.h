/* What the threads of one trial have in common: what is to be done, the queue, and how far the trial is. */
#ifndef PGDYNO_RUN_CREW_H
#define PGDYNO_RUN_CREW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "run/client.h"
#include "run/driver.h"
#include "run/mix.h"
#include "run/pool.h"
#include "run/runner.h"
#include "run/schedule.h"
#include "run/tickets.h"
#include "run/window.h"

/* How far the trial is. */
enum crew_stage {
    CREW_CONNECT,
    CREW_WARM,  /* each connection by itself, in a closed loop */
    CREW_LEAD,  /* the load itself, unmeasured; left out when there is no queue */
    CREW_PAUSE, /* with a rate: no more tickets, until nothing is under way */
    CREW_WINDOW
};

/* Set by the main thread before the others start, but for the atomics and what a stage brings with it. */
struct crew {
    const struct drive_spec *spec;
    struct mix mix;
    struct str setup; /* SQL of each session */
    struct pool_plan pool_plan;
    struct window window;
    bool direct;                       /* a connection for each client: there is no queue */
    struct schedule_spec schedules[2]; /* of the lead and of the window */
    struct tickets tickets[2];         /* the same; a closed loop stays in the first */
    struct client *clients;            /* of a closed loop with a queue */
    int n_clients;
    int n_workers;
    struct streams streams;
    bool local_server;           /* shares this machine's cores */
    int notify_fd;               /* eventfd: a worker has something to tell */
    _Atomic int stage;           /* enum crew_stage */
    _Atomic int64_t lead_end_ns; /* of the lead's schedule */
    _Atomic bool cut;            /* end now; what still runs is censored */
};

/* `spec` is borrowed. False: crew_deinit it all the same. */
bool crew_init(struct crew *crew, const struct drive_spec *spec, struct err *err);
void crew_deinit(struct crew *crew); /* all-zero and half-built ones too */

/* How many connections the pool may have at once. */
int crew_most_connections(const struct crew *crew);

#endif

/* A client of a closed loop: a logical user with transactions of its own, on whatever connection it gets. With a rate
 * there are none: each transaction of the schedule is somebody's who comes once. */
#ifndef PGDYNO_RUN_CLIENT_H
#define PGDYNO_RUN_CLIENT_H

#include <stdbool.h>

#include "generators/rng.h"

struct client {
    int number;     /* among all clients of the trial: its random stream hangs on it, not on a thread or connection */
    bool measuring; /* the window's stream is in use */
    struct rng rng; /* choices and parameters */
    int64_t turns;  /* transactions so far */
};

#endif

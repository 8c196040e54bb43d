/* The queue in front of the pool: who is to get a connection next, for all threads of a trial.
 *
 *     open loop      a schedule; the next ticket is one atomic add
 *     closed loop    a FIFO of clients that are ready, or will be when they have thought
 *
 * A thread with a free connection takes the next ticket. Lies its time ahead, the thread waits for it, and holds no
 * other meanwhile; lies it behind, the transaction begins at once. That *is* a FIFO queue with as many servers as there
 * are connections, without a dispatcher and however many threads there are.
 *
 * Why no connection stays free while a ticket is due: in a closed loop whoever puts a ticket has just got a connection
 * free. Either it takes the head of the queue with it, or it holds an earlier ticket already and takes the next one
 * when that one begins. With a schedule, each thread with a free connection holds a ticket, until there are no more.
 * What breaks this is a lost connection, and everybody is woken to look again: some found no ticket, some hold a later
 * one than was given back. */
#ifndef PGDYNO_RUN_TICKETS_H
#define PGDYNO_RUN_TICKETS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "run/client.h"
#include "run/loop.h"
#include "run/schedule.h"

/* One transaction that is to be run. */
struct ticket {
    int64_t intended_ns;
    int64_t number;        /* of the schedule */
    struct client *client; /* of a closed loop; NULL: of the schedule */
};

enum take {
    TAKE_TICKET,
    TAKE_NONE_YET, /* the loop is woken when there is one */
    TAKE_NO_MORE   /* before `until_ns`; a ticket that is given back may still come, with tickets_wake_all() */
};

struct tickets {
    const struct schedule_spec *spec; /* NULL: closed loop */
    int64_t origin_ns;                /* of the schedule */
    _Alignas(64) _Atomic int64_t next;
    _Alignas(64) pthread_mutex_t lock; /* of all that follows */
    struct ticket *ring;               /* in the order of intended starts */
    size_t capacity, first, n;
    struct loop **hungry; /* of a closed loop: threads that were given none */
    struct loop **joined; /* all threads that take */
    int n_hungry, n_joined;
    _Atomic int64_t first_ns; /* intended start of the ring's head, to look at without the lock; INT64_MAX: empty */
};

/* Room for all of `n_clients` (0 with a schedule) and a ticket a thread. `spec` is borrowed. */
bool tickets_init(struct tickets *tickets, const struct schedule_spec *spec, int n_clients, int n_threads,
                  struct err *err);
void tickets_deinit(struct tickets *tickets); /* all-zero and half-built ones too */

/* Once for each thread, before it takes: whom tickets_wake_all() wakes. */
void tickets_join(struct tickets *tickets, struct loop *loop);

/* The next ticket that is due before `until_ns`. `schedule` is the thread's place in the schedule. */
enum take tickets_take(struct tickets *tickets, struct schedule *schedule, struct loop *loop, int64_t until_ns,
                       struct ticket *out);
/* The next ticket if it was due at `before_ns` or earlier. False: none was. */
bool tickets_take_due(struct tickets *tickets, struct schedule *schedule, int64_t before_ns, int64_t until_ns,
                      struct ticket *out);
/* When the next ticket is due; INT64_MAX: nobody is in the queue. */
int64_t tickets_peek(struct tickets *tickets, struct schedule *schedule);

/* Into its place by time; at the end of the queue in a closed loop. `wake` those of a closed loop that were given none,
 * unless the caller is about to take. */
void tickets_put(struct tickets *tickets, const struct ticket *ticket, bool wake);
/* A connection was lost: whoever has another one looks again. */
void tickets_wake_all(struct tickets *tickets);
/* Is there one that was given back and is due before `intended_ns`? */
static inline bool tickets_have_earlier(const struct tickets *tickets, int64_t intended_ns)
{
    return atomic_load_explicit(&tickets->first_ns, memory_order_relaxed) < intended_ns;
}

#endif

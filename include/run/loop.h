/* One thread's event loop: edge-triggered epoll, timers, and one precise time, in nanoseconds. Nothing here allocates
 * after loop_init. */
#ifndef PGDYNO_RUN_LOOP_H
#define PGDYNO_RUN_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/err.h"
#include "base/heap.h"
#include "run/timing.h"

enum {
    LOOP_BATCH = 512
};

/* Embedded in what it wakes; `fire` gets at it with a cast or container_of. All-zero but for `fire` is at rest. */
struct timer;
typedef void timer_fn(struct timer *timer, int64_t now_ns);
struct timer {
    timer_fn *fire;
    bool armed;
};

struct loop {
    int epoll_fd;
    int wake_fd; /* eventfd: loop_wake() from other threads */
    struct heap timers;
    /* Set directly, between waits. A due time that a sleep is too coarse for: the wait ends at it after spinning, not
     * sleeping, for the last spin_ns. INT64_MAX: none; it stays until it is changed. */
    int64_t precise_ns;
    int64_t spin_ns;      /* 0: sleep until precise_ns, and be as late as the kernel is */
    struct timing timing; /* after timing_begin(), each sleep corrects spin_ns; all-zero leaves it as it is */
    struct epoll_event events[LOOP_BATCH];
};

/* Room for `timers` armed at once. False leaves nothing open. */
bool loop_init(struct loop *loop, size_t timers, struct err *err);
void loop_deinit(struct loop *loop); /* also of one that loop_init left, or all-zero */

/* Watch `fd` for `events` (EPOLLET as wanted), whether it is watched already or not; `item` comes back in data.ptr. A
 * closed descriptor is forgotten by itself. */
bool loop_watch(struct loop *loop, int fd, uint32_t events, void *item);

/* Fire once at `due_ns`, or as soon after as the loop turns. Not while it is armed. */
void loop_arm(struct loop *loop, struct timer *timer, int64_t due_ns);
/* Fire all timers that are due. */
void loop_fire(struct loop *loop, int64_t now_ns);

/* Wait until an event, the next timer, precise_ns or a wake-up, then return how many events lie in loop->events
 * (wake-ups are not among them). With neither a timer nor precise_ns there is no timeout either: the kernel need not
 * arm and disarm one at every wait. */
int loop_wait(struct loop *loop);

/* From any thread: end the wait. */
void loop_wake(struct loop *loop);

#endif

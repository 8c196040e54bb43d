/* One thread's event loop: edge-triggered epoll and timers, in nanoseconds. Nothing here allocates after loop_init. */
#ifndef PGDYNO_RUN_LOOP_H
#define PGDYNO_RUN_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/err.h"
#include "base/heap.h"

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

/* Wait until an event, the next timer or a wake-up, then return how many events lie in loop->events (wake-ups are not
 * among them). Without a timer there is no timeout either: the kernel need not arm and disarm one at every wait. */
int loop_wait(struct loop *loop);

/* From any thread: end the wait. */
void loop_wake(struct loop *loop);

#endif

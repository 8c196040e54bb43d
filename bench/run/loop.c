#include "run/loop.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

bool loop_init(struct loop *loop, size_t timers, struct err *err)
{
    *loop = (struct loop){.epoll_fd = epoll_create1(EPOLL_CLOEXEC),
                          .wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
                          .precise_ns = INT64_MAX};
    bool ok = loop->epoll_fd >= 0 && loop->wake_fd >= 0 && loop_watch(loop, loop->wake_fd, EPOLLIN, NULL);
    if (!ok)
        err_system(err, NULL, "cannot make an event loop");
    else if (!heap_init(&loop->timers, timers))
        ok = err_memory(err);
    if (!ok)
        loop_deinit(loop);
    return ok;
}

/* Descriptor 0 is never an epoll of ours, so that an all-zero loop closes nothing. */
void loop_deinit(struct loop *loop)
{
    if (loop->epoll_fd > 0)
        close(loop->epoll_fd);
    if (loop->wake_fd > 0)
        close(loop->wake_fd);
    heap_deinit(&loop->timers);
    loop->epoll_fd = loop->wake_fd = -1;
}

bool loop_watch(struct loop *loop, int fd, uint32_t events, void *item)
{
    struct epoll_event event = {.events = events, .data.ptr = item};
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, fd, &event) == 0)
        return true;
    return errno == ENOENT && epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

void loop_arm(struct loop *loop, struct timer *timer, int64_t due_ns)
{
    timer->armed = true;
    heap_push(&loop->timers, due_ns, timer);
}

void loop_fire(struct loop *loop, int64_t now_ns)
{
    for (;;) {
        const struct heap_entry *next = heap_peek(&loop->timers);
        if (!next || next->key > now_ns)
            return;
        struct timer *timer = heap_pop(&loop->timers);
        timer->armed = false;
        timer->fire(timer, now_ns);
    }
}

/* epoll_pwait2 came with Linux 5.11. ppoll on the epoll descriptor has nanoseconds too, for one call more. Inlined by
 * force: it is called from two places, and one more return soon after a system call costs 8 ns. */
static inline __attribute__((always_inline)) int wait_events(struct loop *loop, const struct timespec *timeout)
{
    int n = epoll_pwait2(loop->epoll_fd, loop->events, LOOP_BATCH, timeout, NULL);
    if (n >= 0 || (errno != ENOSYS && errno != EPERM))
        return n;
    struct pollfd fd = {.fd = loop->epoll_fd, .events = POLLIN};
    ppoll(&fd, 1, timeout, NULL);
    return epoll_wait(loop->epoll_fd, loop->events, LOOP_BATCH, 0);
}

static int drop_wake(struct loop *loop, int n)
{
    for (int i = 0; i < n; i++) {
        if (loop->events[i].data.ptr)
            continue;
        eventfd_t count;
        eventfd_read(loop->wake_fd, &count);
        loop->events[i] = loop->events[n - 1];
        return n - 1;
    }
    return n;
}

/* Replies that come meanwhile end it, so that they are stamped when they came. Polls once though the time is past. */
static int spin_until(struct loop *loop, int64_t due_ns)
{
    int n;
    do
        n = epoll_wait(loop->epoll_fd, loop->events, LOOP_BATCH, 0);
    while (n == 0 && clock_now_ns() < due_ns);
    return n;
}

static int sleep_until(struct loop *loop, int64_t now_ns, int64_t due_ns)
{
    int64_t left_ns = due_ns - now_ns;
    return wait_events(loop, &(struct timespec){.tv_sec = left_ns / NS_PER_S, .tv_nsec = left_ns % NS_PER_S});
}

/* A timer that falls into the spin is spun for too: the sleep to it would end after the precise time. */
static int wait_timed(struct loop *loop, int64_t timer_ns)
{
    int64_t now_ns = clock_now_ns(), spin_from_ns = loop->precise_ns - loop->spin_ns;
    int64_t due_ns = timer_ns < loop->precise_ns ? timer_ns : loop->precise_ns;
    if (now_ns < spin_from_ns && now_ns < due_ns) {
        bool to_timer = timer_ns < spin_from_ns;
        int n = sleep_until(loop, now_ns, to_timer ? timer_ns : spin_from_ns);
        if (n != 0 || to_timer)
            return n;
        now_ns = clock_now_ns();
        if (loop->timing.threads > 0)
            loop->spin_ns = timing_slept(&loop->timing, now_ns - spin_from_ns, now_ns);
        if (now_ns >= due_ns)
            return 0;
    } else if (loop->timing.threads > 0 && now_ns < due_ns) {
        loop->spin_ns = timing_spun(&loop->timing, now_ns);
    }
    return spin_until(loop, due_ns);
}

int loop_wait(struct loop *loop)
{
    const struct heap_entry *next = heap_peek(&loop->timers);
    bool timed = next || loop->precise_ns != INT64_MAX;
    int n = timed ? wait_timed(loop, next ? next->key : INT64_MAX) : wait_events(loop, NULL);
    return n > 0 ? drop_wake(loop, n) : 0;
}

void loop_wake(struct loop *loop)
{
    eventfd_write(loop->wake_fd, 1);
}

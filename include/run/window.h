/* Which transactions count. The run's main thread sets the window, its workers read it.
 *
 *      go          start                              end
 *      |- warm-up -|----------- the window -----------|- drain -|
 *           [======|====]  [=========]  [=====]  [====|=====]
 *           begun before:    counted    counted   counted: finished in the drain
 *           not counted
 *
 * A transaction counts if its *intended start* lies in [start, end), however long it takes: a window that counted ends
 * would lose the slowest ones. In a closed loop starts come at the same rate as ends, so that count / (end − start) is
 * the throughput. Nothing is dropped: what runs at `end` is awaited, and what is still running at the drain's limit
 * counts as censored, with the time it has taken so far as a lower bound. */
#ifndef PGDYNO_RUN_WINDOW_H
#define PGDYNO_RUN_WINDOW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct window {
    /* Monotonic ns. INT64_MAX: not known yet. Both are set shortly before they come, so that all threads agree; only
     * a stop moves `end` to now. */
    _Atomic int64_t start_ns, end_ns;
};

static inline int64_t window_start(const struct window *window)
{
    return atomic_load_explicit(&window->start_ns, memory_order_relaxed);
}

static inline int64_t window_end(const struct window *window)
{
    return atomic_load_explicit(&window->end_ns, memory_order_relaxed);
}

static inline bool window_holds(const struct window *window, int64_t time_ns)
{
    return time_ns >= window_start(window) && time_ns < window_end(window);
}

#endif

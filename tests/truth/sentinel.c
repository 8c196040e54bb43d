#include "sentinel.h"

#include <sys/prctl.h>
#include <time.h>

#include "base/clock.h"

/* Beside our own driver and server, which leave the two cores idle most of the time, it is some 0.1 ms. */
#define DISTURBED_MS 1.0

static void *watch(void *arg)
{
    struct sentinel *sentinel = arg;
    struct timespec length = {.tv_nsec = NS_PER_MS};
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    while (!atomic_load(&sentinel->over)) {
        int64_t due_ns = clock_now_ns() + NS_PER_MS;
        nanosleep(&length, NULL);
        hist_record(sentinel->late, clock_now_ns() - due_ns);
    }
    return NULL;
}

void sentinel_begin(struct sentinel *sentinel)
{
    *sentinel = (struct sentinel){.late = hist_new()};
    sentinel->running = sentinel->late && pthread_create(&sentinel->thread, NULL, watch, sentinel) == 0;
}

void sentinel_end(struct sentinel *sentinel)
{
    atomic_store(&sentinel->over, true);
    if (sentinel->running) {
        pthread_join(sentinel->thread, NULL);
        sentinel->p50_ms = (double)hist_percentile(sentinel->late, 0.5) / 1e6;
        sentinel->p99_ms = (double)hist_percentile(sentinel->late, 0.99) / 1e6;
        sentinel->max_ms = (double)sentinel->late->max / 1e6;
        sentinel->disturbed = sentinel->p99_ms > DISTURBED_MS;
    }
    hist_free(sentinel->late);
    sentinel->late = NULL;
}

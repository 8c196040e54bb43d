#include "run/timing.h"

#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    SLEEPS = 16,
    SHORTEST_SLEEP_NS = 100000,
    STEP_NS = 120000,       /* each sleep is that much longer than the one before */
    RATE_WAITS = 64,        /* waits per second are counted over so many */
    SHORT_TURN_NS = 100000, /* the kernel's shortest */
    /* The running quantile rises by 19 parts at a later sleep and falls by one at an earlier: at rest, 1 in 20 is later */
    FALL_NS = 250,
    RISE_NS = 19 * FALL_NS
};

/* The first version of the kernel's struct sched_attr: which header has it depends on the C library's age. */
struct sched_request {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns, deadline_ns, period_ns;
};

void timing_take_short_turns(void)
{
    struct sched_request request = {.size = sizeof request};
    if (syscall(SYS_sched_getattr, 0, &request, sizeof request, 0) != 0 || request.policy != SCHED_OTHER)
        return;
    request.runtime_ns = SHORT_TURN_NS;
    syscall(SYS_sched_setattr, 0, &request, 0);
}

static int64_t clamp_ns(int64_t late_ns)
{
    if (late_ns < 0)
        return 0;
    return late_ns < TIMING_MOST_SPIN_NS ? late_ns : TIMING_MOST_SPIN_NS;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The worst is left out: among so few it may be a chance preemption, and what is missed is learned in the run. */
int64_t timing_calibrate(int epoll_fd)
{
    int64_t late_ns[SLEEPS], now_ns = clock_now_ns(), end_ns = now_ns + TIMING_CALIBRATE_NS;
    int n = 0;
    for (int64_t sleep_ns = SHORTEST_SLEEP_NS; n < SLEEPS && now_ns + sleep_ns < end_ns; sleep_ns += STEP_NS) {
        struct pollfd fd = {.fd = epoll_fd, .events = POLLIN};
        int64_t due_ns = now_ns + sleep_ns;
        if (ppoll(&fd, 1, &(struct timespec){.tv_nsec = sleep_ns}, NULL) != 0)
            break;
        now_ns = clock_now_ns();
        late_ns[n++] = now_ns - due_ns;
    }
    qsort(late_ns, (size_t)n, sizeof *late_ns, ascending);
    return n > 1 ? clamp_ns(late_ns[n - 2]) : 0;
}

int64_t timing_spin_ns(int64_t late_ns, double waits_per_s, int threads, bool local_server)
{
    int64_t spin_ns = clamp_ns(late_ns);
    double load = (double)spin_ns * waits_per_s * threads / (double)NS_PER_S;
    return local_server && load > TIMING_MOST_LOAD ? 0 : spin_ns;
}

static void set_cost(struct timing *timing, double waits_per_s)
{
    int64_t spin_ns = timing_spin_ns(timing->late_ns, waits_per_s, timing->threads, timing->local_server);
    timing->too_dear = spin_ns < timing->late_ns;
}

int64_t timing_begin(struct timing *timing, int64_t late_ns, double waits_per_s, int threads, bool local_server)
{
    *timing = (struct timing){.late_ns = clamp_ns(late_ns), .threads = threads, .local_server = local_server};
    set_cost(timing, waits_per_s);
    return timing->too_dear ? 0 : timing->late_ns;
}

static int64_t count_wait(struct timing *timing, int64_t now_ns)
{
    if (timing->since_ns == 0)
        timing->since_ns = now_ns;
    else if (++timing->n_waits == RATE_WAITS) {
        double seconds = (double)(now_ns - timing->since_ns) / (double)NS_PER_S;
        set_cost(timing, timing->n_waits / seconds);
        timing->n_waits = 0;
        timing->since_ns = now_ns;
    }
    return timing->too_dear ? 0 : timing->late_ns;
}

/* Later than any spin would cover is a queue for the core, not the timer: spinning longer would only lengthen it. */
int64_t timing_slept(struct timing *timing, int64_t late_ns, int64_t now_ns)
{
    if (late_ns <= TIMING_MOST_SPIN_NS)
        timing->late_ns = clamp_ns(timing->late_ns + (late_ns > timing->late_ns ? RISE_NS : -FALL_NS));
    return count_wait(timing, now_ns);
}

int64_t timing_spun(struct timing *timing, int64_t now_ns)
{
    return count_wait(timing, now_ns);
}

/* timer [SECONDS [PER_SECOND]]: how late the loop's waits end at a constant rate, asleep only and with the spin
 * that it learns, with and without short turns, on an idle machine and beside hogs (one, and one a core); and what a
 * wait costs that needs no time at all. The schedule begins after half a second of warm-up, as a trial's does. `queued`
 * is how long the thread waited for a core, by the kernel's account: what stood there is other work, not the timer's.
 * No server. */
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "run/loop.h"

enum {
    MOST_HOGS = 64,
    ROUNDS = 5,
    TURNS = 1000000
};

static const struct way {
    const char *name;
    bool spin, short_turns;
} ways[] = {{"sleep", false, false}, {"sleep, turns", false, true}, {"spin", true, false}, {"spin, turns", true, true}};

enum {
    WAYS = sizeof ways / sizeof *ways
};

struct sample {
    double p50_us, p99_us, max_us;
    double cpu, queued; /* share of a core */
    int64_t spin_ns;    /* at the end */
};

struct run {
    const struct way *way;
    int seconds, per_s;
    int64_t *late_ns;
    bool ok;
    struct sample sample;
};

struct bench {
    int seconds, per_s;
    int64_t *late_ns; /* room for one run */
};

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The calling thread's time on a core and in the queue for one. */
static void read_times(int64_t *cpu_ns, int64_t *queued_ns)
{
    FILE *file = fopen("/proc/thread-self/schedstat", "r");
    *cpu_ns = *queued_ns = 0;
    if (!file || fscanf(file, "%" SCNd64 " %" SCNd64, cpu_ns, queued_ns) != 2)
        fprintf(stderr, "no /proc/thread-self/schedstat: cpu and queued are not known\n");
    if (file)
        fclose(file);
}

/* Lateness against the later of the due time and the end of what went before, as harness lag is defined. */
static void keep_schedule(struct run *run, struct loop *loop)
{
    int64_t warm = run->per_s / 2, n = (int64_t)run->seconds * run->per_s, period_ns = NS_PER_S / run->per_s;
    int64_t start_ns = clock_now_ns() + NS_PER_MS, free_ns = start_ns;
    int64_t cpu_from_ns = 0, queued_from_ns = 0, cpu_ns, queued_ns;
    for (int64_t i = 0; i < warm + n; i++) {
        int64_t due_ns = start_ns + i * period_ns, now_ns;
        if (i == warm)
            read_times(&cpu_from_ns, &queued_from_ns);
        loop->precise_ns = due_ns;
        do
            loop_wait(loop);
        while ((now_ns = clock_now_ns()) < due_ns);
        if (i >= warm)
            run->late_ns[i - warm] = now_ns - (free_ns > due_ns ? free_ns : due_ns);
        free_ns = clock_now_ns();
    }
    read_times(&cpu_ns, &queued_ns);
    qsort(run->late_ns, (size_t)n, sizeof *run->late_ns, ascending);
    run->sample = (struct sample){.p50_us = (double)run->late_ns[n / 2] / 1e3,
                                  .p99_us = (double)run->late_ns[n * 99 / 100] / 1e3,
                                  .max_us = (double)run->late_ns[n - 1] / 1e3,
                                  .cpu = (double)(cpu_ns - cpu_from_ns) / (double)(n * period_ns),
                                  .queued = (double)(queued_ns - queued_from_ns) / (double)(n * period_ns),
                                  .spin_ns = loop->spin_ns};
}

static void *measure_here(void *arg)
{
    struct run *run = arg;
    struct loop loop;
    struct err err;
    if (!loop_init(&loop, 1, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return NULL;
    }
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    if (run->way->short_turns)
        timing_take_short_turns();
    if (run->way->spin)
        loop.spin_ns = timing_begin(&loop.timing, timing_calibrate(loop.epoll_fd), run->per_s, 1, true);
    keep_schedule(run, &loop);
    loop_deinit(&loop);
    run->ok = true;
    return NULL;
}

/* In a thread of its own, as the driver's are: what is asked of the scheduler ends with it. */
static bool measure(const struct bench *bench, const struct way *way, struct sample *out)
{
    struct run run = {.way = way, .seconds = bench->seconds, .per_s = bench->per_s, .late_ns = bench->late_ns};
    pthread_t thread;
    if (pthread_create(&thread, NULL, measure_here, &run) != 0)
        return false;
    pthread_join(thread, NULL);
    *out = run.sample;
    return run.ok;
}

static pid_t start_hog(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (volatile unsigned long i = 0;; i++)
            ;
    }
    return pid;
}

static double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, by_value);
    return values[n / 2];
}

static void print(const char *where, const char *way, const struct sample *samples)
{
    double p50[ROUNDS], p99[ROUNDS], max[ROUNDS], cpu[ROUNDS], queued[ROUNDS], spin[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        p50[i] = samples[i].p50_us;
        p99[i] = samples[i].p99_us;
        max[i] = samples[i].max_us;
        cpu[i] = 100 * samples[i].cpu;
        queued[i] = 100 * samples[i].queued;
        spin[i] = (double)samples[i].spin_ns / 1e3;
    }
    double middle = median(p99, ROUNDS);
    printf("%-13s %-12s p50 %5.1f  p99 %6.1f (%.1f … %.1f)  max %6.0f us  spin %5.1f us  cpu %3.1f %%  queued %.2f %%\n",
           where, way, median(p50, ROUNDS), middle, p99[0], p99[ROUNDS - 1], median(max, ROUNDS), median(spin, ROUNDS),
           median(cpu, ROUNDS), median(queued, ROUNDS));
    fflush(stdout);
}

static bool compare(const struct bench *bench, int n_hogs)
{
    struct sample samples[WAYS][ROUNDS];
    pid_t hogs[MOST_HOGS];
    char where[64];
    bool ok = true;
    snprintf(where, sizeof where, n_hogs ? "beside %d hog%s" : "idle", n_hogs, n_hogs == 1 ? "" : "s");
    for (int i = 0; i < n_hogs; i++)
        hogs[i] = start_hog();
    for (int i = 0; i < ROUNDS * WAYS && ok; i++)
        ok = measure(bench, &ways[i % WAYS], &samples[i % WAYS][i / WAYS]);
    for (int i = 0; i < n_hogs; i++) {
        if (hogs[i] <= 0)
            continue;
        kill(hogs[i], SIGKILL);
        waitpid(hogs[i], NULL, 0);
    }
    for (int i = 0; i < WAYS && ok; i++)
        print(where, ways[i].name, samples[i]);
    return ok;
}

static double turn_ns(struct loop *loop, bool bare)
{
    int64_t start_ns = clock_now_ns();
    for (int i = 0; i < TURNS; i++) {
        int n = bare ? epoll_pwait2(loop->epoll_fd, loop->events, LOOP_BATCH, NULL, NULL) : loop_wait(loop);
        if (n != 1)
            exit(1);
    }
    return (double)(clock_now_ns() - start_ns) / TURNS;
}

/* A closed loop's wait: one event lies there, nothing is due. */
static bool measure_closed(void)
{
    static int item;
    struct loop loop;
    struct err err;
    double bare[9], ours[9];
    int fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd < 0 || !loop_init(&loop, 1, &err) || !loop_watch(&loop, fd, EPOLLIN, &item))
        return false;
    for (int i = 0; i < 9; i++) {
        bare[i] = turn_ns(&loop, true);
        ours[i] = turn_ns(&loop, false);
    }
    double system_ns = median(bare, 9), wait_ns = median(ours, 9);
    printf("a wait without a due time: %.1f ns (%.1f … %.1f), of which epoll_pwait2 %.1f ns (%.1f … %.1f)\n", wait_ns,
           ours[0], ours[8], system_ns, bare[0], bare[8]);
    loop_deinit(&loop);
    close(fd);
    return true;
}

int main(int argc, char **argv)
{
    struct bench bench = {.seconds = argc > 1 ? atoi(argv[1]) : 5, .per_s = argc > 2 ? atoi(argv[2]) : 300};
    int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    if (bench.seconds < 1 || bench.seconds > 3600 || bench.per_s < 2 || bench.per_s > 1000000)
        return 1;
    bench.late_ns = calloc((size_t)bench.seconds * (size_t)bench.per_s, sizeof *bench.late_ns);
    printf("%d waits a second, %d s each, medians of %d\n", bench.per_s, bench.seconds, ROUNDS);
    bool ok = bench.late_ns && compare(&bench, 0) && compare(&bench, 1) &&
              (cores < 2 || compare(&bench, cores < MOST_HOGS ? cores : MOST_HOGS)) && measure_closed();
    free(bench.late_ns);
    return ok ? 0 : 1;
}

/* What a ticket costs: the next one of a schedule, or a client put into the queue and the next one taken from it.
 * Alone, and with 2 and 4 threads at once that do nothing else (the worst case) or work for 2 µs between tickets (a
 * driver at full speed has some 10 µs of work for each).
 *
 *     perf_ticket [rounds] */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "run/tickets.h"

enum {
    TICKETS = 2 * 1000 * 1000, /* of all threads together, without work */
    TICKETS_WORKING = 200 * 1000,
    CLIENTS = 64,
    MOST_THREADS = 4,
    MOST_ROUNDS = 99
};
#define WORK_NS INT64_C(2000)

enum kind {
    CONSTANT,
    POISSON,
    FIFO,
    KINDS
};
static const char *const names[KINDS] = {"constant arrivals", "Poisson arrivals", "clients' queue"};

struct bench {
    enum kind kind;
    int threads;
    bool works, takes;
    struct tickets tickets;
    pthread_barrier_t start;
};

struct taker {
    struct bench *bench;
    pthread_t thread;
    int64_t wall_ns, cpu_ns;
    int64_t last; /* so that nothing is optimised away */
};

static int64_t thread_cpu_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void work(void)
{
    int64_t until_ns = clock_now_ns() + WORK_NS;
    while (clock_now_ns() < until_ns)
        continue;
}

static void *take(void *arg)
{
    struct taker *taker = arg;
    struct bench *bench = taker->bench;
    struct schedule schedule;
    struct ticket ticket = {0};
    int n = (bench->works ? TICKETS_WORKING : TICKETS) / bench->threads;
    if (bench->tickets.spec)
        schedule_init(&schedule, bench->tickets.spec);
    pthread_barrier_wait(&bench->start);
    int64_t wall_ns = clock_now_ns(), cpu_ns = thread_cpu_ns();
    for (int i = 0; i < n; i++) {
        if (bench->works)
            work();
        if (!bench->takes)
            continue;
        if (tickets_take(&bench->tickets, &schedule, NULL, INT64_MAX, &ticket) != TAKE_TICKET)
            abort();
        taker->last += ticket.intended_ns;
        if (bench->kind == FIFO) {
            ticket.intended_ns++;
            tickets_put(&bench->tickets, &ticket, false);
        }
    }
    taker->cpu_ns = thread_cpu_ns() - cpu_ns;
    taker->wall_ns = clock_now_ns() - wall_ns;
    return NULL;
}

struct cost {
    double cpu_ns, wall_ns; /* a ticket: CPU of its thread; time that passes between two of them, whoever takes them */
};

static bool measure(enum kind kind, int threads, bool works, bool takes, struct cost *out)
{
    struct err err;
    struct schedule_spec spec = {
        .rate_tps = 50000, .arrivals = kind == CONSTANT ? ARRIVALS_CONSTANT : ARRIVALS_POISSON, .seed = 1};
    struct bench bench = {.kind = kind, .threads = threads, .works = works, .takes = takes};
    struct taker takers[MOST_THREADS] = {0};
    int n = works ? TICKETS_WORKING : TICKETS;
    if (!tickets_init(&bench.tickets, kind == FIFO ? NULL : &spec, kind == FIFO ? CLIENTS : 0, threads, &err))
        return false;
    for (int i = 0; kind == FIFO && i < CLIENTS; i++)
        tickets_put(&bench.tickets, &(struct ticket){.intended_ns = i}, false);
    pthread_barrier_init(&bench.start, NULL, (unsigned)threads);
    for (int i = 0; i < threads; i++) {
        takers[i].bench = &bench;
        if (pthread_create(&takers[i].thread, NULL, take, &takers[i]) != 0)
            abort();
    }
    *out = (struct cost){0};
    for (int i = 0; i < threads; i++) {
        pthread_join(takers[i].thread, NULL);
        out->cpu_ns += (double)takers[i].cpu_ns / n;
        out->wall_ns = (double)takers[i].wall_ns / n > out->wall_ns ? (double)takers[i].wall_ns / n : out->wall_ns;
    }
    pthread_barrier_destroy(&bench.start);
    tickets_deinit(&bench.tickets);
    return true;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool show(enum kind kind, int threads, bool works, int rounds)
{
    double cpu[MOST_ROUNDS], wall[MOST_ROUNDS];
    for (int i = 0; i < rounds; i++) {
        struct cost cost, work_alone = {0};
        if (!measure(kind, threads, works, true, &cost) ||
            (works && !measure(kind, threads, works, false, &work_alone)))
            return false;
        cpu[i] = cost.cpu_ns - work_alone.cpu_ns;
        wall[i] = cost.wall_ns;
    }
    qsort(cpu, (size_t)rounds, sizeof *cpu, by_value);
    qsort(wall, (size_t)rounds, sizeof *wall, by_value);
    printf("%-18s %d thread%s %-14s CPU a ticket %6.1f ns (%.1f … %.1f)", names[kind], threads,
           threads == 1 ? ": " : "s:", works ? "2 µs of work" : "nothing else", cpu[rounds / 2], cpu[0],
           cpu[rounds - 1]);
    if (!works)
        printf("   one every %6.1f ns", wall[rounds / 2]);
    putchar('\n');
    return true;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 5;
    if (rounds < 1 || rounds > MOST_ROUNDS)
        return 1;
    printf("medians of %d\n", rounds);
    for (int works = 0; works < 2; works++)
        for (int kind = 0; kind < KINDS; kind++)
            for (int threads = 1; threads <= MOST_THREADS; threads *= 2)
                if (!show((enum kind)kind, threads, works, rounds))
                    return 1;
    return 0;
}

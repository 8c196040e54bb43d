#include "run/worker.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

#include "base/clock.h"
#include "run/cacheline.h"
#include "run/setup.h"

enum {
    TIMERS_EACH = 3 /* a client's, and two of its link's */
};

/* --- Hooks -------------------------------------------------------------------------------------------------------- */

static void on_ready(struct link *link, int64_t now_ns)
{
    client_link_ready(link->client, now_ns);
}

static void on_reply(struct link *link, int64_t now_ns)
{
    client_reply(link->client, now_ns);
}

static void on_lost(struct link *link, int64_t now_ns)
{
    client_link_lost(link->client, now_ns);
}

/* --- The thread --------------------------------------------------------------------------------------------------- */

static void tell(struct worker *worker, enum worker_stage stage)
{
    atomic_store_explicit(&worker->stage, stage, memory_order_release);
    eventfd_write(worker->crew->notify_fd, 1);
}

/* The turn's bookkeeping: orders from the main thread, news to it. */
static void attend(struct worker *worker, int64_t now_ns)
{
    struct client_group *group = &worker->group;
    if (__builtin_expect(!group->started, 0)) {
        if (!worker->pool.starting && atomic_load_explicit(&worker->stage, memory_order_relaxed) == WORKER_STARTING)
            tell(worker, WORKER_CONNECTED);
        group->started = atomic_load_explicit(&worker->crew->go, memory_order_relaxed);
        for (int i = 0; group->started && i < worker->n; i++)
            client_start(&worker->clients[i], now_ns);
    }
    if (group->n_warming != atomic_load_explicit(&worker->warming, memory_order_relaxed)) {
        atomic_store_explicit(&worker->warming, group->n_warming, memory_order_relaxed);
        if (group->n_warming == 0)
            eventfd_write(worker->crew->notify_fd, 1);
    }
}

static bool cut(const struct worker *worker)
{
    return atomic_load_explicit(&worker->crew->cut, memory_order_relaxed);
}

/* One stamp a turn, not one an event: all replies of a batch had arrived when epoll returned. Stamped one by one as
 * they are handled, each would be charged with our work on those before it; so that work shows where it belongs, as the
 * harness lag of the sends that follow. */
static void turn(struct worker *worker)
{
    struct loop *loop = &worker->loop;
    int n = loop_wait(loop);
    int64_t now_ns = clock_now_ns();
    recorder_tick(&worker->recorder, now_ns);
    for (int i = 0; i < n; i++)
        pool_event(loop->events[i].data.ptr, loop->events[i].events, now_ns);
    loop_fire(loop, now_ns);
    attend(worker, now_ns);
}

static void end(struct worker *worker)
{
    int64_t now_ns = clock_now_ns();
    for (int i = 0; worker->group.started && i < worker->n; i++)
        client_cut(&worker->clients[i], now_ns);
    worker->reached = worker->pool.n_ready;
    worker->outage_ns = pool_outage_ns(&worker->pool, now_ns);
    recorder_close(&worker->recorder);
    pool_close(&worker->pool);
}

static void *run(void *arg)
{
    struct worker *worker = arg;
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    pool_start(&worker->pool, clock_now_ns());
    while (worker->group.n_running > 0 && !worker->pool.refused && !cut(worker))
        turn(worker);
    end(worker);
    tell(worker, worker->pool.refused ? WORKER_REFUSED : WORKER_ENDED);
    return NULL;
}

/* --- From the main thread ----------------------------------------------------------------------------------------- */

static void init_group(struct worker *worker)
{
    const struct drive_spec *spec = worker->crew->spec;
    worker->group = (struct client_group){
        .mix = &worker->crew->mix,
        .workload = spec->workload,
        .window = &worker->crew->window,
        .protocol = spec->protocol,
        .begin_sql = setup_begin(spec->isolation),
        .seed = spec->seed,
        .block = spec->block,
        .loop = &worker->loop,
        .recorder = &worker->recorder,
        .cold_statement = -1,
    };
}

bool worker_init(struct worker *worker, struct crew *crew, int index, int n_workers, struct err *err)
{
    const struct pool_hooks hooks = {.ready = on_ready, .reply = on_reply, .lost = on_lost};
    *worker = (struct worker){.crew = crew};
    int n = (crew->spec->connections - index + n_workers - 1) / n_workers;
    init_group(worker);
    worker->clients = cacheline_array((size_t)n, sizeof *worker->clients);
    if (!worker->clients)
        return err_memory(err);
    if (!loop_init(&worker->loop, (size_t)n * TIMERS_EACH, err) ||
        !recorder_init(&worker->recorder, crew->spec->workload, &crew->window, err) ||
        !pool_init(&worker->pool, &crew->pool_plan, &worker->loop, &hooks, n, err))
        return false;
    for (; worker->n < n; worker->n++) {
        struct client *client = &worker->clients[worker->n];
        if (!client_init(client, &worker->group, &worker->pool.links[worker->n], index + worker->n * n_workers)) {
            client_deinit(client);
            return err_memory(err);
        }
    }
    atomic_store(&worker->warming, worker->group.n_warming);
    return true;
}

void worker_deinit(struct worker *worker)
{
    for (int i = 0; i < worker->n; i++)
        client_deinit(&worker->clients[i]);
    free(worker->clients);
    pool_deinit(&worker->pool);
    recorder_deinit(&worker->recorder);
    loop_deinit(&worker->loop);
}

bool worker_start(struct worker *worker, struct err *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&worker->thread, NULL, run, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    worker->running = code == 0;
    return worker->running || err_set(err, ERR_SYSTEM, NULL, "cannot start a thread: %s", strerror(code));
}

void worker_join(struct worker *worker)
{
    if (worker->running)
        pthread_join(worker->thread, NULL);
    worker->running = false;
}

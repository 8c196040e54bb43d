#include "run/worker.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "pg/query.h"
#include "run/cacheline.h"
#include "run/cold.h"
#include "run/setup.h"
#include "run/timing.h"

enum {
    TIMERS_EACH = 3, /* a runner's, and two of its link's */
    TIMERS_MORE = 2  /* idle links, and tickets that wait too long */
};

static int64_t acquire_timeout_ns(const struct worker *worker)
{
    return worker->crew->pool_plan.habits.acquire_timeout_ns;
}

/* --- Tickets ------------------------------------------------------------------------------------------------------ */

/* Where this worker's tickets end, as far as it is known. */
static int64_t until_ns(const struct worker *worker)
{
    return worker->tickets == &worker->crew->tickets[0] && worker->tickets->spec
               ? atomic_load_explicit(&worker->crew->lead_end_ns, memory_order_relaxed)
               : window_end(&worker->crew->window);
}

/* Back into the queue, or out of the trial if its time lies behind the window. */
static void put_client(struct worker *worker, struct client *client, int64_t intended_ns)
{
    struct ticket ticket = {.client = client, .intended_ns = intended_ns};
    if (client)
        tickets_put(worker->tickets, &ticket, pool_idle(&worker->pool) == NULL);
}

COLD static void time_out(struct worker *worker, struct ticket *ticket)
{
    int64_t timeout_ns = acquire_timeout_ns(worker);
    runner_give_up(&worker->group, ticket, RECORD_TIMED_OUT, timeout_ns);
    put_client(worker, ticket->client, ticket->intended_ns + timeout_ns + worker->crew->spec->workload->load.think_ns);
}

/* How many times a second all threads together will wait for a ticket, at most. */
static double waits_per_s(const struct crew *crew)
{
    int64_t think_ns = crew->spec->workload->load.think_ns;
    if (crew->spec->rate_tps > 0)
        return crew->spec->rate_tps;
    return think_ns > 0 ? crew->n_clients * (double)NS_PER_S / (double)think_ns : 0;
}

static void begin_timing(struct worker *worker)
{
    const struct crew *crew = worker->crew;
    double waits = waits_per_s(crew);
    int n = crew->n_workers;
    worker->loop.spin_ns = timing_begin(&worker->loop.timing, worker->late_ns, waits / n, n, crew->local_server);
}

/* The schedule is over, but one of its tickets came back? In CREW_PAUSE nobody wants it any more. */
COLD static bool was_given_back(const struct worker *worker)
{
    return worker->stage == CREW_WINDOW && tickets_have_earlier(worker->tickets, until_ns(worker));
}

/* A connection is there: for whom? Those that waited too long left when their time was over. */
static bool hold_next(struct worker *worker, int64_t now_ns)
{
    int64_t timeout_ns = acquire_timeout_ns(worker);
    while (!worker->holding && (!worker->no_more || was_given_back(worker))) {
        enum take take =
            tickets_take(worker->tickets, &worker->schedule, &worker->loop, until_ns(worker), &worker->held);
        worker->no_more = take == TAKE_NO_MORE && worker->tickets->spec;
        if (take != TAKE_TICKET)
            return false;
        if (__builtin_expect(timeout_ns > 0 && now_ns - worker->held.intended_ns >= timeout_ns, 0))
            time_out(worker, &worker->held);
        else
            worker->holding = true;
    }
    return worker->holding;
}

/* One that another thread gave back may come before the one that this thread holds. */
COLD static void prefer_earlier(struct worker *worker)
{
    struct ticket earlier;
    int64_t before_ns = worker->held.intended_ns - 1;
    if (!tickets_take_due(worker->tickets, &worker->schedule, before_ns, until_ns(worker), &earlier))
        return;
    tickets_put(worker->tickets, &worker->held, false);
    worker->held = earlier;
}

static void give_back(struct worker *worker)
{
    worker->holding = false;
    if (worker->held.intended_ns >= until_ns(worker))
        return;
    tickets_put(worker->tickets, &worker->held, false);
    tickets_wake_all(worker->tickets);
}

/* Connections and tickets, until there is none of either. */
static void deal(struct worker *worker, int64_t now_ns)
{
    struct link *link;
    while ((link = pool_idle(&worker->pool)) != NULL && hold_next(worker, now_ns)) {
        if (tickets_have_earlier(worker->tickets, worker->held.intended_ns))
            prefer_earlier(worker);
        bool wanted = worker->held.intended_ns < until_ns(worker); /* a stop may have moved the end */
        if (wanted && worker->held.intended_ns > now_ns)
            return;
        worker->holding = false;
        if (wanted)
            runner_begin(link->runner, &worker->held, now_ns);
    }
    if (worker->holding && !link)
        give_back(worker);
}

static void dispatch(struct worker *worker, int64_t now_ns)
{
    if (worker->dispatching || !worker->group.dealt)
        return;
    worker->dispatching = true;
    deal(worker, now_ns);
    pool_trim(&worker->pool);
    worker->loop.precise_ns = worker->holding ? worker->held.intended_ns : INT64_MAX;
    worker->dispatching = false;
}

static void on_ended(void *user, const struct ticket *next, int64_t now_ns)
{
    struct worker *worker = user;
    put_client(worker, next->client, next->intended_ns);
    dispatch(worker, now_ns);
}

/* --- Waiting too long --------------------------------------------------------------------------------------------- */

/* The head of the queue is the next that can be late; behind an empty queue nobody is for a whole timeout. */
static void watch_expiry(struct worker *worker, int64_t now_ns)
{
    int64_t timeout_ns = acquire_timeout_ns(worker);
    if (worker->index != 0 || timeout_ns == 0 || worker->expiry.armed)
        return;
    int64_t first_ns = tickets_peek(worker->tickets, &worker->schedule);
    loop_arm(&worker->loop, &worker->expiry, (first_ns < now_ns ? first_ns : now_ns) + timeout_ns);
}

static void on_expiry(struct timer *timer, int64_t now_ns)
{
    struct worker *worker = (struct worker *)(void *)((char *)timer - offsetof(struct worker, expiry));
    struct ticket ticket;
    while (tickets_take_due(worker->tickets, &worker->schedule, now_ns - acquire_timeout_ns(worker), until_ns(worker),
                            &ticket))
        time_out(worker, &ticket);
    if (now_ns < window_end(&worker->crew->window) ||
        tickets_peek(worker->tickets, &worker->schedule) < until_ns(worker))
        watch_expiry(worker, now_ns);
}

/* --- Hooks -------------------------------------------------------------------------------------------------------- */

static struct worker *worker_of(const struct link *link)
{
    return link->runner->group->user;
}

static void on_ready(struct link *link, int64_t now_ns)
{
    struct worker *worker = worker_of(link);
    if (worker->stage == CREW_CONNECT)
        return;
    runner_link_ready(link->runner, now_ns);
    dispatch(worker, now_ns);
}

static void on_reply(struct link *link, int64_t now_ns)
{
    runner_reply(link->runner, now_ns);
}

static void on_answer(struct link *link, int64_t now_ns)
{
    runner_answer(link->runner, now_ns);
}

static void on_copy(struct link *link, int64_t now_ns)
{
    runner_copy(link->runner, now_ns);
}

static void on_lost(struct link *link, int64_t now_ns)
{
    struct worker *worker = worker_of(link);
    runner_link_lost(link->runner, now_ns);
    dispatch(worker, now_ns); /* it may hold a ticket for this connection */
    if (worker->group.dealt)
        tickets_wake_all(worker->tickets); /* and this connection was counted on for what others find in the queue */
}

static void on_taken(struct link *link, int64_t now_ns)
{
    runner_link_taken(link->runner, now_ns);
}

static void on_refused(struct link *link, int64_t now_ns)
{
    runner_link_refused(link->runner, now_ns);
}

/* --- Stages ------------------------------------------------------------------------------------------------------- */

static void tell(struct worker *worker, enum worker_stage stage)
{
    atomic_store_explicit(&worker->told, stage, memory_order_release);
    eventfd_write(worker->crew->notify_fd, 1);
}

static void use_tickets(struct worker *worker, struct tickets *tickets)
{
    if (tickets->spec)
        schedule_init(&worker->schedule, tickets->spec);
    tickets_join(tickets, &worker->loop);
    worker->tickets = tickets;
    worker->holding = worker->no_more = false;
    worker->loop.precise_ns = INT64_MAX;
}

static void warm(struct worker *worker, int64_t now_ns)
{
    for (int i = 0; i < worker->n; i++)
        runner_start(&worker->runners[i], now_ns);
}

static void lead(struct worker *worker, int64_t now_ns)
{
    use_tickets(worker, &worker->crew->tickets[0]);
    begin_timing(worker);
    worker->group.dealt = true;
    for (int i = 0; i < worker->n; i++)
        runner_deal(&worker->runners[i], now_ns);
    watch_expiry(worker, now_ns);
}

/* What of the warm-up has not begun never will: it would be measured in nobody's interest. */
static void pause_dealing(struct worker *worker)
{
    worker->holding = false;
    worker->no_more = true;
    worker->loop.precise_ns = INT64_MAX;
}

static void open_tickets(struct worker *worker, int64_t now_ns)
{
    worker->group.measured_tickets = true;
    if (worker->tickets && worker->tickets->spec) {
        use_tickets(worker, &worker->crew->tickets[1]);
        watch_expiry(worker, now_ns);
    }
}

COLD static void enter(struct worker *worker, enum crew_stage stage, int64_t now_ns)
{
    if (stage >= CREW_LEAD && !worker->crew->direct && !worker->group.dealt)
        lead(worker, now_ns); /* it may have been too short to be heard of */
    worker->stage = stage;
    if (stage == CREW_WARM)
        warm(worker, now_ns);
    else if (stage == CREW_PAUSE)
        pause_dealing(worker);
    else if (stage == CREW_WINDOW)
        open_tickets(worker, now_ns);
    dispatch(worker, now_ns);
}

/* How long this thread has been ready to run without a core, ns; 0 where the kernel does not tell. */
static int64_t run_delay_ns(void)
{
    char text[96] = "";
    long long delay = 0;
    int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    if (read(fd, text, sizeof text - 1) > 0)
        sscanf(text, "%*d %lld", &delay);
    close(fd);
    return delay;
}

static void watch_delay(struct worker *worker, int64_t now_ns)
{
    if (__builtin_expect(now_ns < worker->delay_due_ns, 1))
        return;
    const struct window *window = &worker->crew->window;
    if (worker->delay_due_ns == 0 && now_ns < window_start(window))
        return;
    if (worker->delay_due_ns == 0) {
        worker->delay_ns = -run_delay_ns();
        worker->delay_due_ns = window_end(window);
    } else {
        worker->delay_ns += run_delay_ns();
        worker->delay_due_ns = INT64_MAX;
    }
}

static void tell_warming(struct worker *worker)
{
    atomic_store_explicit(&worker->warming, worker->group.n_warming, memory_order_relaxed);
    if (worker->group.n_warming == 0)
        eventfd_write(worker->crew->notify_fd, 1);
}

/* The main thread waits for it. */
static void tell_once(struct worker *worker, _Atomic bool *what)
{
    if (atomic_load_explicit(what, memory_order_relaxed))
        return;
    atomic_store_explicit(what, true, memory_order_relaxed);
    eventfd_write(worker->crew->notify_fd, 1);
}

/* Some began to think before the window's end was known. */
COLD static void end_thoughts(struct worker *worker)
{
    worker->thoughts_ended = true;
    for (int i = 0; i < worker->n; i++)
        runner_end_thought(&worker->runners[i]);
}

/* Nothing of this worker's is left to do or to wait for. */
static bool is_over(const struct worker *worker, int64_t now_ns)
{
    int64_t end_ns = window_end(&worker->crew->window);
    if (worker->group.n_running > 0 || !worker->group.dealt)
        return worker->group.n_running == 0;
    return worker->stage == CREW_WINDOW && now_ns >= end_ns && !worker->holding &&
           (worker->no_more || !worker->tickets->spec) && !tickets_have_earlier(worker->tickets, end_ns);
}

/* The turn's bookkeeping: orders from the main thread, news to it. */
static void attend(struct worker *worker, int64_t now_ns)
{
    int stage = atomic_load_explicit(&worker->crew->stage, memory_order_acquire);
    if (__builtin_expect(worker->stage == CREW_CONNECT, 0) && !worker->pool.starting &&
        atomic_load_explicit(&worker->told, memory_order_relaxed) == WORKER_STARTING)
        tell(worker, WORKER_CONNECTED);
    if (__builtin_expect(stage != worker->stage, 0))
        enter(worker, (enum crew_stage)stage, now_ns);
    if (worker->group.n_warming != atomic_load_explicit(&worker->warming, memory_order_relaxed))
        tell_warming(worker);
    if (__builtin_expect(worker->stage == CREW_PAUSE, 0) && worker->group.n_running == 0)
        tell_once(worker, &worker->quiet);
    watch_delay(worker, now_ns);
    if (__builtin_expect(now_ns >= window_end(&worker->crew->window), 0) && !worker->thoughts_ended)
        end_thoughts(worker);
    worker->over = is_over(worker, now_ns);
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
    if (worker->group.dealt)
        dispatch(worker, now_ns);
    attend(worker, now_ns);
}

/* Tickets that nobody served before the drain ended. */
static void cut_tickets(struct worker *worker, int64_t now_ns)
{
    if (worker->holding)
        give_back(worker);
    worker->no_more = false;
    while (hold_next(worker, now_ns)) {
        worker->holding = false;
        if (now_ns > worker->held.intended_ns)
            runner_give_up(&worker->group, &worker->held, RECORD_CENSORED, now_ns - worker->held.intended_ns);
    }
}

/* What the server still works on it shall not go on with when nobody waits for it any more. */
static void cut_runners(struct worker *worker, int64_t now_ns)
{
    PGconn **in_service = calloc((size_t)worker->n, sizeof *in_service);
    size_t n = 0;
    for (int i = 0; i < worker->n; i++)
        if (runner_cut(&worker->runners[i], now_ns) && in_service)
            in_service[n++] = worker->runners[i].link->conn.pg;
    if (n > 0)
        query_cancel(in_service, n);
    free(in_service);
}

static void end(struct worker *worker)
{
    int64_t now_ns = clock_now_ns();
    if (worker->stage != CREW_CONNECT)
        cut_runners(worker, now_ns);
    if (worker->stage == CREW_WINDOW && worker->group.dealt && cut(worker))
        cut_tickets(worker, now_ns);
    worker->reached = worker->pool.n_reached;
    if (worker->delay_due_ns > 0 && worker->delay_due_ns < INT64_MAX) /* a window that was cut short */
        worker->delay_ns += run_delay_ns();
    worker->outage_ns = pool_outage_ns(&worker->pool, now_ns);
    recorder_close(&worker->recorder);
    pool_close(&worker->pool);
}

static void *run(void *arg)
{
    struct worker *worker = arg;
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    if (!worker->crew->direct && waits_per_s(worker->crew) > 0) {
        timing_take_short_turns();
        worker->late_ns = timing_calibrate(worker->loop.epoll_fd);
    }
    pool_start(&worker->pool, clock_now_ns());
    while (!worker->over && !worker->pool.refused && !cut(worker))
        turn(worker);
    end(worker);
    tell(worker, worker->pool.refused ? WORKER_REFUSED : WORKER_ENDED);
    return NULL;
}

/* --- From the main thread ----------------------------------------------------------------------------------------- */

static void init_group(struct worker *worker)
{
    const struct drive_spec *spec = worker->crew->spec;
    worker->group = (struct runner_group){
        .mix = &worker->crew->mix,
        .workload = spec->workload,
        .window = &worker->crew->window,
        .protocol = worker->crew->pool_plan.protocol,
        .begin_sql = setup_begin(spec->isolation),
        .thinks = worker->crew->direct,
        .streams = worker->crew->streams,
        .loop = &worker->loop,
        .recorder = &worker->recorder,
        .pool = &worker->pool,
        .rests_when_warm = spec->rate_tps > 0,
        .cold_statement = -1,
        .user = worker,
        .ended = on_ended,
    };
}

static bool init_runners(struct worker *worker, int n_workers, struct err *err)
{
    const struct crew *crew = worker->crew;
    for (; worker->n < worker->pool.n; worker->n++) {
        struct runner *runner = &worker->runners[worker->n];
        int number = worker->index + worker->n * n_workers;
        bool has_client = !crew->direct || number < crew->n_clients;
        struct link *link = &worker->pool.links[worker->n];
        if (!runner_init(runner, &worker->group, link, number, has_client, !link->overflow)) {
            runner_deinit(runner);
            return err_memory(err);
        }
    }
    return true;
}

bool worker_init(struct worker *worker, struct crew *crew, int index, int n_workers, struct err *err)
{
    const struct pool_hooks hooks = {.ready = on_ready,
                                     .reply = on_reply,
                                     .answer = on_answer,
                                     .copy = on_copy,
                                     .lost = on_lost,
                                     .taken = on_taken,
                                     .refused = on_refused};
    int size = (crew->spec->connections - index + n_workers - 1) / n_workers;
    size_t n = (size_t)(size + crew->pool_plan.habits.max_overflow);
    *worker = (struct worker){.crew = crew, .index = index, .expiry.fire = on_expiry};
    init_group(worker);
    worker->runners = cacheline_array(n, sizeof *worker->runners);
    if (!worker->runners)
        return err_memory(err);
    if (!loop_init(&worker->loop, n * TIMERS_EACH + TIMERS_MORE, err) ||
        !recorder_init(&worker->recorder, crew->spec->variant->transactions, crew->spec->workload->n_transactions,
                       &crew->window, crew->spec->workload->measure.raw_bytes / n_workers, err) ||
        !pool_init(&worker->pool, &crew->pool_plan, &worker->loop, &hooks, size, err) ||
        !init_runners(worker, n_workers, err))
        return false;
    atomic_store(&worker->warming, worker->group.n_warming);
    return true;
}

void worker_deinit(struct worker *worker)
{
    for (int i = 0; i < worker->n; i++)
        runner_deinit(&worker->runners[i]);
    free(worker->runners);
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

/* One trial, from the main thread:
 *
 *     start ─► connect ─► warm up ─► [lead ─► pause] ─► open the window ─► measure ─► drain ─► collect
 *
 * First each connection warms up by itself. Where clients or a schedule share the pool, the rest of the warm-up, at
 * least half of it, is that load (the lead), so that the window of a closed loop opens in full swing. With a rate the
 * lead's transactions are seen off, and the window's schedule begins afresh on an empty queue.
 *
 * The workers do the work; this thread sets the times, looks after progress, Ctrl-C and a server that is gone, and
 * sleeps in between. */
#include "run/driver.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/stop.h"
#include "base/str.h"
#include "pg/query.h"
#include "run/cacheline.h"
#include "run/outage.h"
#include "run/setup.h"
#include "run/timeline.h"
#include "run/worker.h"

#define TICK_NS          (100 * NS_PER_MS)
#define OPENING_NS       (2 * NS_PER_MS) /* time for every worker to hear when the window opens */
#define WARMUP_GRACE_NS  (10 * NS_PER_S)
#define DRAIN_LIMIT_NS   (10 * NS_PER_S)
#define STOPPED_DRAIN_NS (3 * NS_PER_S)
#define GONE_NS          (5 * NS_PER_S)

enum {
    SPARE_DESCRIPTORS = 64,
    WORKER_DESCRIPTORS = 2,
    CONNECT_TIMEOUT_S = 10 /* unless the user says otherwise */
};

struct drive {
    const struct drive_spec *spec;
    struct trial_result *out;
    struct crew crew;
    struct str setup;
    struct worker *workers;
    int n_workers;
    struct timeline timeline;
    enum phase phase;
    int64_t phase_from_ns, phase_length_ns;
    int64_t cpu_ns;        /* at the window's start */
    int64_t second_end_ns; /* of the window's running second; INT64_MAX before it */
    bool gone;
};

/* --- Start -------------------------------------------------------------------------------------------------------- */

static int usable_cores(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

static const struct pool_habits *habits(const struct drive_spec *spec)
{
    return &spec->variant->pool;
}

static int client_count(const struct drive_spec *spec)
{
    return spec->clients > 0 ? spec->clients : spec->connections;
}

/* Does each client have a connection for good? Then there is no queue, and nothing for the pool to do. */
static bool is_direct(const struct drive_spec *spec)
{
    const struct pool_habits *h = habits(spec);
    bool plain = h->acquire_timeout_ns == 0 && h->max_overflow == 0 && h->max_lifetime_ns == 0 &&
                 h->idle_timeout_ns == 0 && !h->pre_ping && !h->connect_each;
    return spec->rate_tps == 0 && plain && client_count(spec) <= spec->connections;
}

/* Whether all connections are in use, and one beyond the size is due, only a single thread knows without asking. */
static int thread_count(const struct drive_spec *spec)
{
    int n = spec->threads > 0 ? spec->threads : usable_cores();
    int most = is_direct(spec) && client_count(spec) < spec->connections ? client_count(spec) : spec->connections;
    if (habits(spec)->max_overflow > 0)
        return 1;
    return n < most ? n : most;
}

static bool raise_descriptor_limit(int connections, int threads, struct err *err)
{
    struct rlimit limit;
    rlim_t needed = (rlim_t)(connections + threads * WORKER_DESCRIPTORS + SPARE_DESCRIPTORS);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return err_system(err, NULL, "cannot read the limit of open files");
    if (limit.rlim_cur >= needed)
        return true;
    if (limit.rlim_max < needed)
        return err_set(err, ERR_SYSTEM, NULL,
                       "%d connections need %llu open files, and this process may open %llu\n"
                       "raise the hard limit (ulimit -Hn %llu), or use a smaller pool",
                       connections, (unsigned long long)needed, (unsigned long long)limit.rlim_max,
                       (unsigned long long)needed);
    limit.rlim_cur = needed;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 || err_system(err, NULL, "cannot raise the limit of open files");
}

/* An application that connects for each transaction has nothing prepared. */
static enum protocol protocol_of(const struct drive_spec *spec)
{
    bool nothing_kept = habits(spec)->connect_each && spec->protocol == PROTOCOL_PREPARED;
    return nothing_kept ? PROTOCOL_EXTENDED : spec->protocol;
}

static int connect_timeout_s(const struct drive_spec *spec)
{
    int seconds = target_connect_timeout_s(spec->target);
    return seconds < 0 ? CONNECT_TIMEOUT_S : seconds;
}

static uint64_t family(const struct drive_spec *spec, const char *purpose)
{
    return rng_family(spec->seed, str_hash(purpose, strlen(purpose)), (uint64_t)spec->block);
}

static void init_streams(struct crew *crew)
{
    const struct drive_spec *spec = crew->spec;
    crew->streams = (struct streams){.warm_up = family(spec, "warm-up"),
                                     .window = family(spec, "window"),
                                     .lead = family(spec, "lead"),
                                     .tickets = family(spec, "tickets"),
                                     .back_off = family(spec, "back-off")};
}

static void init_schedules(struct crew *crew)
{
    static const char *const streams[] = {"lead arrivals", "arrivals"};
    const struct drive_spec *spec = crew->spec;
    for (int i = 0; i < 2; i++)
        crew->schedules[i] = (struct schedule_spec){.rate_tps = spec->rate_tps,
                                                    .arrivals = spec->arrivals,
                                                    .seed = spec->seed,
                                                    .block = spec->block,
                                                    .stream = str_hash(streams[i], strlen(streams[i]))};
}

static bool init_queue(struct crew *crew, struct err *err)
{
    bool open = crew->spec->rate_tps > 0;
    init_schedules(crew);
    for (int i = 0; i < 2 && !crew->direct; i++)
        if (!tickets_init(&crew->tickets[i], open ? &crew->schedules[i] : NULL, open ? 0 : crew->n_clients,
                          crew->n_workers, err))
            return false;
    if (crew->direct || open)
        return true;
    crew->clients = cacheline_array((size_t)crew->n_clients, sizeof *crew->clients);
    if (!crew->clients)
        return err_memory(err);
    for (int i = 0; i < crew->n_clients; i++)
        crew->clients[i] = (struct client){.number = i, .rng = rng_of(crew->streams.lead, (uint64_t)i)};
    return true;
}

static bool init_crew(struct drive *drive, struct err *err)
{
    const struct drive_spec *spec = drive->spec;
    struct crew *crew = &drive->crew;
    crew->spec = spec;
    crew->direct = is_direct(spec);
    crew->n_clients = client_count(spec);
    crew->n_workers = thread_count(spec);
    crew->local_server =
        spec->rate_tps > 0 || spec->workload->load.think_ns > 0 ? target_is_local(spec->target) : false;
    atomic_init(&crew->window.start_ns, INT64_MAX);
    atomic_init(&crew->window.end_ns, INT64_MAX);
    atomic_init(&crew->lead_end_ns, INT64_MAX);
    init_streams(crew);
    setup_sql(spec->schema, spec->isolation, spec->workload, spec->variant, &drive->setup);
    if (drive->setup.failed)
        return err_memory(err);
    crew->pool_plan = (struct pool_plan){.target = spec->target,
                                         .app = spec->app,
                                         .setup_sql = str_text(&drive->setup),
                                         .mix = &crew->mix,
                                         .protocol = protocol_of(spec),
                                         .habits = *habits(spec),
                                         .window = &crew->window,
                                         .connect_timeout_s = connect_timeout_s(spec)};
    crew->notify_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (crew->notify_fd < 0)
        return err_system(err, NULL, "cannot make an eventfd");
    return init_queue(crew, err) && mix_init(&crew->mix, spec->workload, err);
}

static bool init_workers(struct drive *drive, struct err *err)
{
    int n = drive->crew.n_workers;
    struct recorder **recorders = calloc((size_t)n, sizeof *recorders);
    drive->workers = cacheline_array((size_t)n, sizeof *drive->workers);
    bool ok = recorders && drive->workers ? true : err_memory(err);
    for (; ok && drive->n_workers < n; drive->n_workers++) {
        recorders[drive->n_workers] = &drive->workers[drive->n_workers].recorder;
        if (!worker_init(&drive->workers[drive->n_workers], &drive->crew, drive->n_workers, n, err)) {
            worker_deinit(&drive->workers[drive->n_workers]);
            ok = false;
            break;
        }
    }
    ok = ok && timeline_init(&drive->timeline, recorders, (size_t)n, err);
    free(recorders);
    return ok;
}

static bool start(struct drive *drive, struct err *err)
{
    const struct drive_spec *spec = drive->spec;
    if (!raise_descriptor_limit(spec->connections + habits(spec)->max_overflow, thread_count(spec), err) ||
        !init_crew(drive, err) || !init_workers(drive, err))
        return false;
    drive->out->clients = spec->rate_tps > 0 ? 0 : client_count(spec);
    drive->out->connections = spec->connections;
    drive->out->rate_tps = spec->rate_tps;
    drive->out->threads = drive->n_workers;
    for (int i = 0; i < drive->n_workers; i++)
        if (!worker_start(&drive->workers[i], err))
            return false;
    return true;
}

/* --- Looking after the workers ------------------------------------------------------------------------------------ */

static void wake_all(struct drive *drive)
{
    for (int i = 0; i < drive->n_workers; i++)
        loop_wake(&drive->workers[i].loop);
}

static int count_stage(const struct drive *drive, enum worker_stage least)
{
    int n = 0;
    for (int i = 0; i < drive->n_workers; i++)
        n += atomic_load_explicit(&drive->workers[i].told, memory_order_acquire) >= (int)least;
    return n;
}

static int count_alive(const struct drive *drive)
{
    int n = 0;
    for (int i = 0; i < drive->n_workers; i++)
        n += atomic_load_explicit(&drive->workers[i].pool.alive, memory_order_relaxed);
    return n;
}

static int count_warming(const struct drive *drive)
{
    int n = 0;
    for (int i = 0; i < drive->n_workers; i++)
        n += atomic_load_explicit(&drive->workers[i].warming, memory_order_relaxed);
    return n;
}

static int count_loud(const struct drive *drive)
{
    int n = 0;
    for (int i = 0; i < drive->n_workers; i++)
        n += !atomic_load_explicit(&drive->workers[i].quiet, memory_order_relaxed);
    return n;
}

static int64_t last_lost_ns(const struct drive *drive)
{
    int64_t last = 0;
    for (int i = 0; i < drive->n_workers; i++) {
        int64_t lost = atomic_load_explicit(&drive->workers[i].pool.last_lost_ns, memory_order_relaxed);
        if (lost > last)
            last = lost;
    }
    return last;
}

/* No connection of the whole pool has lived for a while, and reconnecting goes on all the time: this server is gone. */
static bool server_gone(struct drive *drive)
{
    drive->gone = drive->gone || (count_alive(drive) == 0 && clock_now_ns() - last_lost_ns(drive) >= GONE_NS);
    return drive->gone;
}

static void tell_interval(const struct interval_result *interval, struct progress *progress)
{
    const struct dist_summary *response = &interval->all.response;
    progress->fresh = true;
    progress->time_s = interval->start_s + interval->length_s;
    progress->tps = interval->length_s > 0 ? (double)interval->all.ok / interval->length_s : 0;
    progress->latency_avg_ns = response->mean;
    progress->latency_stddev_ns = response->stddev;
    progress->p95_ns = response->p95;
    progress->p99_ns = response->p99;
    progress->wait_p99_ns = interval->all.pool_wait.p99;
    progress->failed = interval->all.failed;
    progress->retried = interval->all.retried;
    progress->retries = interval->all.retries;
}

static void tell(const struct drive *drive, const struct interval_result *interval)
{
    const struct drive_spec *spec = drive->spec;
    if (!spec->progress || !spec->progress->update)
        return;
    struct progress progress = spec->progress_base;
    int64_t elapsed = clock_now_ns() - drive->phase_from_ns;
    progress.phase = drive->phase;
    progress.phase_elapsed_ns = elapsed;
    progress.total = drive->phase_length_ns;
    progress.done = elapsed < drive->phase_length_ns ? elapsed : drive->phase_length_ns;
    progress.busy = count_alive(drive);
    progress.connections = spec->connections;
    if (interval)
        tell_interval(interval, &progress);
    spec->progress->update(spec->progress->user, &progress);
}

static void enter_phase(struct drive *drive, enum phase phase, int64_t from_ns, int64_t length_ns)
{
    drive->phase = phase;
    drive->phase_from_ns = from_ns;
    drive->phase_length_ns = length_ns;
    tell(drive, NULL);
}

static int64_t window_length(const struct drive *drive)
{
    return window_end(&drive->crew.window) - window_start(&drive->crew.window);
}

static bool take_intervals(struct drive *drive, bool ended, struct err *err)
{
    const struct interval_result *interval;
    do {
        if (window_start(&drive->crew.window) == INT64_MAX)
            return true;
        if (!timeline_take(&drive->timeline, ended, window_length(drive), &interval, err))
            return false;
        if (interval)
            tell(drive, interval);
    } while (interval);
    return true;
}

/* Sleep until `until_ns`, a tick, news from a worker or (unless it came already) a stop. */
static void doze(struct drive *drive, int64_t until_ns)
{
    int64_t left = until_ns - clock_now_ns();
    left = left < 0 ? 0 : left < TICK_NS ? left : TICK_NS;
    struct timespec timeout = {.tv_nsec = left};
    struct pollfd fds[] = {{.fd = drive->crew.notify_fd, .events = POLLIN},
                           {.fd = stop_requested() ? -1 : stop_fd(), .events = POLLIN}};
    eventfd_t news;
    if (ppoll(fds, 2, &timeout, NULL) > 0 && fds[0].revents)
        eventfd_read(drive->crew.notify_fd, &news);
}

/* Idle workers are woken when a second ends, to hand it over: so they need no timer of their own. */
static void look_after(struct drive *drive, int64_t until_ns)
{
    doze(drive, until_ns < drive->second_end_ns ? until_ns : drive->second_end_ns);
    if (clock_now_ns() >= drive->second_end_ns) {
        drive->second_end_ns += NS_PER_S;
        wake_all(drive);
    }
    take_intervals(drive, false, NULL);
    tell(drive, NULL);
}

/* --- Before the window -------------------------------------------------------------------------------------------- */

static bool stopped(struct err *err)
{
    return stop_requested() && !err_set(err, ERR_STOPPED, NULL, "stopped before anything was measured");
}

static bool gone_early(struct drive *drive, struct err *err)
{
    return server_gone(drive) &&
           !err_set(err, ERR_SERVER, NULL,
                    "the server went away during the warm-up: no connection for %d s\nlook at its log for the reason",
                    (int)(GONE_NS / NS_PER_S));
}

static bool connect_all(struct drive *drive, struct err *err)
{
    enter_phase(drive, PHASE_WARMUP, clock_now_ns(), drive->spec->warmup_ns);
    while (count_stage(drive, WORKER_CONNECTED) < drive->n_workers) {
        if (stopped(err))
            return false;
        if (count_stage(drive, WORKER_REFUSED) > 0)
            return false; /* the worker knows why */
        doze(drive, INT64_MAX);
        tell(drive, NULL);
    }
    return count_stage(drive, WORKER_REFUSED) == 0;
}

static int64_t warmup_limit(int64_t warmup_ns)
{
    int64_t limit = 3 * warmup_ns;
    return limit > warmup_ns + WARMUP_GRACE_NS ? limit : warmup_ns + WARMUP_GRACE_NS;
}

static void enter_stage(struct drive *drive, enum crew_stage stage)
{
    atomic_store_explicit(&drive->crew.stage, stage, memory_order_release);
    wake_all(drive);
}

/* At least until `least_ns`, then until everyone is warm or `limit_ns` is over. */
static bool warm_until(struct drive *drive, int64_t least_ns, int64_t limit_ns, struct err *err)
{
    for (int64_t now = clock_now_ns(); now < least_ns || (now < limit_ns && count_warming(drive) > 0);
         now = clock_now_ns()) {
        if (stopped(err) || gone_early(drive, err))
            return false;
        look_after(drive, now < least_ns ? least_ns : limit_ns);
    }
    return true;
}

static void put_clients(struct drive *drive, int64_t now_ns)
{
    for (int i = 0; drive->crew.clients && i < drive->crew.n_clients; i++)
        tickets_put(&drive->crew.tickets[0], &(struct ticket){.client = &drive->crew.clients[i], .intended_ns = now_ns},
                    false);
}

/* The load as it will be, unmeasured. */
static bool lead(struct drive *drive, int64_t length_ns, struct err *err)
{
    int64_t now = clock_now_ns();
    put_clients(drive, now);
    drive->crew.tickets[0].origin_ns = now;
    enter_stage(drive, CREW_LEAD);
    return warm_until(drive, now + length_ns, 0, err);
}

/* A transaction of the warm-up that does not end in time runs into the window; so it does on any server that is this
 * slow. */
static bool pause_load(struct drive *drive, struct err *err)
{
    int64_t now = clock_now_ns(), limit = now + DRAIN_LIMIT_NS;
    atomic_store_explicit(&drive->crew.lead_end_ns, now, memory_order_relaxed);
    enter_stage(drive, CREW_PAUSE);
    for (; now < limit && count_loud(drive) > 0; now = clock_now_ns()) {
        if (stopped(err) || gone_early(drive, err))
            return false;
        look_after(drive, limit);
    }
    return true;
}

static bool warm_up(struct drive *drive, struct err *err)
{
    bool direct = drive->crew.direct;
    int64_t from = clock_now_ns(), warmup_ns = drive->spec->warmup_ns;
    int64_t own_ns = direct ? warmup_ns : drive->spec->rate_tps > 0 ? 0 : warmup_ns / 2;
    enter_phase(drive, PHASE_WARMUP, from, warmup_ns);
    enter_stage(drive, CREW_WARM);
    if (!warm_until(drive, from + own_ns, from + warmup_limit(warmup_ns), err))
        return false;
    int64_t left_ns = from + warmup_ns - clock_now_ns();
    return (direct || lead(drive, left_ns > warmup_ns / 2 ? left_ns : warmup_ns / 2, err)) &&
           (drive->spec->rate_tps == 0 || pause_load(drive, err));
}

/* --- The window --------------------------------------------------------------------------------------------------- */

static void open_window(struct drive *drive)
{
    struct window *window = &drive->crew.window;
    int64_t start = clock_now_ns() + OPENING_NS;
    /* The end first: no worker may see a window that begins and never ends. */
    atomic_store_explicit(&window->end_ns, start + drive->spec->duration_ns, memory_order_release);
    atomic_store_explicit(&window->start_ns, start, memory_order_release);
    drive->crew.tickets[1].origin_ns = start;
    enter_stage(drive, CREW_WINDOW);
    drive->second_end_ns = start + NS_PER_S;
    while (clock_now_ns() < start)
        doze(drive, start);
    drive->out->started_wall_ns = clock_wall_ns() - (clock_now_ns() - start);
    drive->cpu_ns = proc_cpu_ns();
    enter_phase(drive, PHASE_MEASURE, start, drive->spec->duration_ns);
}

static void shorten_window(struct drive *drive, int64_t end_ns)
{
    int64_t start = window_start(&drive->crew.window);
    atomic_store_explicit(&drive->crew.window.end_ns, end_ns > start ? end_ns : start, memory_order_relaxed);
    drive->out->complete = false;
    wake_all(drive);
}

static void measure(struct drive *drive)
{
    drive->out->complete = true;
    while (clock_now_ns() < window_end(&drive->crew.window)) {
        if (stop_requested())
            shorten_window(drive, clock_now_ns());
        else if (server_gone(drive))
            shorten_window(drive, last_lost_ns(drive));
        else
            look_after(drive, window_end(&drive->crew.window));
    }
    drive->out->client_cpu_ns = proc_cpu_ns() - drive->cpu_ns;
}

/* --- After the window --------------------------------------------------------------------------------------------- */

/* Ten seconds, or three times the longest response, as long as nobody waits for the terminal. */
static int64_t drain_limit(const struct drive *drive)
{
    int64_t limit = drive->spec->drain_ns > 0 ? drive->spec->drain_ns : DRAIN_LIMIT_NS;
    for (size_t i = 0; i < drive->timeline.n; i++)
        if (3 * drive->timeline.intervals[i].all.response.max > limit)
            limit = 3 * drive->timeline.intervals[i].all.response.max;
    return stop_requested() && limit > STOPPED_DRAIN_NS ? STOPPED_DRAIN_NS : limit;
}

static void join_all(struct drive *drive)
{
    atomic_store_explicit(&drive->crew.cut, true, memory_order_relaxed);
    wake_all(drive);
    for (int i = 0; i < drive->n_workers; i++)
        worker_join(&drive->workers[i]);
}

/* A worker ends by itself when its last client has. */
static void drain(struct drive *drive)
{
    int64_t from = clock_now_ns();
    wake_all(drive);
    while (count_stage(drive, WORKER_ENDED) < drive->n_workers && !server_gone(drive)) {
        int64_t limit = from + drain_limit(drive);
        if (clock_now_ns() >= limit)
            break;
        look_after(drive, limit);
    }
    join_all(drive);
}

static void collect_errors(struct drive *drive)
{
    int64_t first_ns = INT64_MAX;
    for (int i = 0; i < drive->n_workers; i++) {
        const struct recorder *recorder = &drive->workers[i].recorder;
        for (size_t k = 0; k < recorder->n_errors; k++)
            trial_result_count_error(drive->out, recorder->errors[k].code, recorder->errors[k].count);
        if (!recorder->first_error[0] || recorder->first_error_ns >= first_ns)
            continue;
        first_ns = recorder->first_error_ns;
        drive->out->first_error_code = recorder->first_error_code;
        memcpy(drive->out->first_error, recorder->first_error, sizeof recorder->first_error);
    }
}

/* The first worker's histograms become the result's; the others' are added. */
static bool collect_transactions(struct drive *drive, struct err *err)
{
    struct trial_result *out = drive->out;
    size_t n = drive->spec->workload->n_transactions;
    out->transactions = calloc(n, sizeof *out->transactions);
    if (!out->transactions)
        return err_memory(err);
    out->n_transactions = n;
    for (size_t t = 0; t < n; t++) {
        struct recorded *first = &drive->workers[0].recorder.transactions[t];
        out->transactions[t] = first->result;
        first->result = (struct transaction_result){0};
        for (int i = 1; i < drive->n_workers; i++)
            transaction_result_merge(&out->transactions[t], &drive->workers[i].recorder.transactions[t].result);
    }
    return true;
}

static void collect_totals(struct drive *drive)
{
    struct trial_result *out = drive->out;
    struct hist *lag = drive->workers[0].recorder.lag;
    for (int i = 0; i < drive->n_workers; i++) {
        const struct worker *worker = &drive->workers[i];
        out->total_commits += worker->recorder.commits + worker->pool.commits;
        out->total_rollbacks += worker->recorder.rollbacks;
        out->reconnects += worker->pool.reconnects;
        out->outage_ns += worker->outage_ns;
        if (i > 0)
            hist_merge(lag, worker->recorder.lag);
    }
    hist_summary(lag, &out->harness_lag);
}

static void add_pool_counts(struct pool_counts *into, const struct pool_counts *from)
{
    into->connects += from->connects;
    into->recycled += from->recycled;
    into->idled_out += from->idled_out;
    into->overflows += from->overflows;
    into->pings += from->pings;
    into->failed_pings += from->failed_pings;
}

static void collect_pools(struct drive *drive)
{
    struct trial_result *out = drive->out;
    struct pool *first = &drive->workers[0].pool;
    out->spin_ns = drive->workers[0].loop.spin_ns;
    for (int i = 0; i < drive->n_workers; i++) {
        const struct worker *worker = &drive->workers[i];
        add_pool_counts(&out->pool_counts, &worker->pool.counts);
        if (worker->delay_ns > out->run_delay_ns)
            out->run_delay_ns = worker->delay_ns;
        if (i == 0)
            continue;
        hist_merge(first->connect, worker->pool.connect);
        hist_merge(first->ping, worker->pool.ping);
    }
    hist_summary(first->connect, &out->pool_counts.connect);
    hist_summary(first->ping, &out->pool_counts.ping);
}

static bool collect_records(struct drive *drive, struct err *err)
{
    struct records *records = &drive->out->records;
    size_t n = (size_t)drive->n_workers, *lengths = calloc(n, sizeof *lengths);
    struct record **lists = calloc(n, sizeof *lists);
    records->complete = true;
    for (size_t i = 0; lists && lengths && i < n; i++) {
        const struct recorder *recorder = &drive->workers[i].recorder;
        lists[i] = recorder->records;
        lengths[i] = recorder->n_records;
        records->complete = records->complete && !recorder->records_full;
    }
    bool ok = lists && lengths && records_merge(lists, lengths, n, records);
    free(lists);
    free(lengths);
    return ok || err_memory(err);
}

/* With a rate the schedule knows it; in a closed loop, whoever began. A stop moves the end of a window, and what began
 * behind it is counted no more. */
static int64_t count_scheduled(const struct drive *drive)
{
    int64_t n = 0;
    if (drive->spec->rate_tps > 0)
        return schedule_count(&drive->crew.schedules[1], drive->out->duration_ns);
    for (size_t t = 0; !drive->out->complete && t < drive->out->n_transactions; t++) {
        const struct transaction_result *result = &drive->out->transactions[t];
        n += result->ok + result->failed + result->timed_out + result->censored;
    }
    for (int i = 0; drive->out->complete && i < drive->n_workers; i++)
        n += drive->workers[i].recorder.begun;
    return n;
}

static void collect_backlog(struct trial_result *out)
{
    for (size_t i = 0; i < out->records.n; i++) {
        const struct record *record = &out->records.list[i];
        out->unsent_at_end += record->intended_ns + record->pool_wait_ns >= out->duration_ns;
    }
}

static void warn_cold(struct drive *drive)
{
    int n = 0, cold = -1;
    for (int i = 0; i < drive->n_workers; i++) {
        n += drive->workers[i].group.n_cold;
        if (drive->workers[i].group.n_cold > 0)
            cold = drive->workers[i].group.cold_statement;
    }
    if (cold < 0)
        return;
    int entry;
    const struct statement *statement = mix_statement(&drive->crew.mix, cold, &entry);
    const struct workload *workload = drive->spec->workload;
    trial_result_warn(drive->out,
                      "statement %d of %.40s ran fewer than %d times before the window on %d of %d connections: its "
                      "plan may have changed meanwhile",
                      statement->number, workload->transactions[drive->crew.mix.entries[entry].transaction].name,
                      LINK_WARM_RUNS, n, drive->spec->connections);
}

static void warn_failed_seconds(struct drive *drive)
{
    for (int i = 0; i < drive->n_workers; i++)
        if (drive->workers[i].recorder.failed)
            trial_result_warn(drive->out, "out of memory for the timeline: some seconds are incomplete");
}

static bool collect(struct drive *drive, struct err *err)
{
    struct trial_result *out = drive->out;
    out->duration_ns = window_length(drive);
    if (!take_intervals(drive, true, err) || !collect_transactions(drive, err) || !collect_records(drive, err))
        return false;
    out->scheduled = count_scheduled(drive);
    collect_backlog(out);
    collect_pools(drive);
    timeline_move(&drive->timeline, out->duration_ns, out);
    if (!outage_find(out))
        return err_memory(err);
    collect_errors(drive);
    collect_totals(drive);
    warn_cold(drive);
    warn_failed_seconds(drive);
    return true;
}

/* --- Refusals ----------------------------------------------------------------------------------------------------- */

static void explain_too_many(struct drive *drive, const struct err *refusal, struct err *err)
{
    char allowed[32] = "";
    int reached = 0;
    struct db *db;
    for (int i = 0; i < drive->n_workers; i++)
        reached += drive->workers[i].reached;
    if (db_open(drive->spec->target, &db, NULL)) {
        db_value(db, "SHOW max_connections", allowed, sizeof allowed, NULL);
        db_close(db);
    }
    err_set(err, ERR_SERVER, NULL, "only %d of %d connections could be opened: %s", reached, drive->spec->connections,
            refusal->text);
    if (allowed[0])
        err_append(err, "the server's max_connections is %s, some of them reserved or used by others", allowed);
    err_append(err, "use a smaller pool (--pool), or raise max_connections on the server");
}

/* The error of the worker that was refused, if one was. */
static void explain_refusal(struct drive *drive, struct err *err)
{
    for (int i = 0; i < drive->n_workers; i++) {
        const struct pool *pool = &drive->workers[i].pool;
        if (!pool->refused)
            continue;
        if (pool->code == SQLSTATE_TOO_MANY_CONNECTIONS)
            explain_too_many(drive, &pool->err, err);
        else if (err)
            *err = pool->err;
        return;
    }
}

/* --- All of it ---------------------------------------------------------------------------------------------------- */

static void clean_up(struct drive *drive)
{
    join_all(drive);
    timeline_deinit(&drive->timeline);
    for (int i = 0; i < drive->n_workers; i++)
        worker_deinit(&drive->workers[i]);
    free(drive->workers);
    mix_deinit(&drive->crew.mix);
    tickets_deinit(&drive->crew.tickets[0]);
    tickets_deinit(&drive->crew.tickets[1]);
    free(drive->crew.clients);
    str_deinit(&drive->setup);
    if (drive->crew.notify_fd >= 0)
        close(drive->crew.notify_fd);
}

bool driver_run(const struct drive_spec *spec, struct trial_result *out, struct err *err)
{
    struct drive drive = {.spec = spec, .out = out, .crew.notify_fd = -1, .second_end_ns = INT64_MAX};
    bool ok = start(&drive, err) && connect_all(&drive, err) && warm_up(&drive, err);
    if (ok) {
        open_window(&drive);
        measure(&drive);
        drain(&drive);
        ok = collect(&drive, err);
    } else {
        join_all(&drive);
        explain_refusal(&drive, err);
    }
    clean_up(&drive);
    return ok;
}

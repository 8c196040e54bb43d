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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/stop.h"
#include "pg/query.h"
#include "run/cacheline.h"
#include "run/collect.h"
#include "run/crew.h"
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
    WORKER_DESCRIPTORS = 2
};

struct drive {
    const struct drive_spec *spec;
    struct trial_result *out;
    struct crew crew;
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
    struct crew *crew = &drive->crew;
    if (!crew_init(crew, spec, err) || !raise_descriptor_limit(crew_most_connections(crew), crew->n_workers, err) ||
        !init_workers(drive, err))
        return false;
    drive->out->clients = spec->rate_tps > 0 ? 0 : crew->n_clients;
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
    crew_deinit(&drive->crew);
}

bool driver_run(const struct drive_spec *spec, struct trial_result *out, struct err *err)
{
    struct drive drive = {.spec = spec, .out = out, .second_end_ns = INT64_MAX};
    bool ok = start(&drive, err) && connect_all(&drive, err) && warm_up(&drive, err);
    if (ok) {
        open_window(&drive);
        measure(&drive);
        drain(&drive);
        out->duration_ns = window_length(&drive);
        ok =
            take_intervals(&drive, true, err) && collect_results(&drive.crew, drive.workers, &drive.timeline, out, err);
    } else {
        join_all(&drive);
        explain_refusal(&drive, err);
    }
    clean_up(&drive);
    return ok;
}

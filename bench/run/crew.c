#include "run/crew.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "run/cacheline.h"
#include "run/setup.h"

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

/* An application that connects for each transaction has nothing prepared. */
static enum protocol protocol_of(const struct drive_spec *spec)
{
    bool nothing_kept = habits(spec)->connect_each && spec->protocol == PROTOCOL_PREPARED;
    return nothing_kept ? PROTOCOL_EXTENDED : spec->protocol;
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

bool crew_init(struct crew *crew, const struct drive_spec *spec, struct err *err)
{
    *crew = (struct crew){.spec = spec, .notify_fd = -1};
    crew->direct = is_direct(spec);
    crew->n_clients = client_count(spec);
    crew->n_workers = thread_count(spec);
    crew->local_server =
        spec->rate_tps > 0 || spec->workload->load.think_ns > 0 ? target_is_local(spec->target) : false;
    atomic_init(&crew->window.start_ns, INT64_MAX);
    atomic_init(&crew->window.end_ns, INT64_MAX);
    atomic_init(&crew->lead_end_ns, INT64_MAX);
    init_streams(crew);
    setup_sql(spec->schema, spec->isolation, spec->workload, spec->variant, &crew->setup);
    if (crew->setup.failed)
        return err_memory(err);
    crew->pool_plan = (struct pool_plan){.target = spec->target,
                                         .app = spec->app,
                                         .setup_sql = str_text(&crew->setup),
                                         .mix = &crew->mix,
                                         .protocol = protocol_of(spec),
                                         .habits = *habits(spec),
                                         .window = &crew->window,
                                         .connect_timeout_s = target_connect_timeout_s(spec->target)};
    crew->notify_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (crew->notify_fd < 0)
        return err_system(err, NULL, "cannot make an eventfd");
    return init_queue(crew, err) && mix_init(&crew->mix, spec->workload, spec->variant, err);
}

void crew_deinit(struct crew *crew)
{
    mix_deinit(&crew->mix);
    tickets_deinit(&crew->tickets[0]);
    tickets_deinit(&crew->tickets[1]);
    free(crew->clients);
    str_deinit(&crew->setup);
    if (crew->notify_fd > 0)
        close(crew->notify_fd);
    crew->notify_fd = -1;
}

int crew_most_connections(const struct crew *crew)
{
    return crew->spec->connections + crew->pool_plan.habits.max_overflow;
}

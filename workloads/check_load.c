/* Clients, rates and pool habits: each is fine alone, but some leave others nothing to do. What a file says is there
 * for more runs than this one, and the command line may have taken its effect away: that is a notice of `check`. What
 * the command line itself asks for in vain is a mistake. */
#include <stdio.h>
#include <strings.h>

#include "base/units.h"
#include "schema.h"

/* A share of a closed loop's throughput needs both: the loop is run to know it. */
static bool has_load(const struct workload *workload, bool open)
{
    for (size_t i = 0; i < workload->sweep.n_rates; i++)
        if (workload->sweep.rates[i].kind != (open ? RATE_CLOSED : RATE_TPS))
            return true;
    return false;
}

/* Keys of one kind of load, and what to say when there is none of that kind. */
static const struct {
    const char *path, *name;
    bool open;
    const char *why;
} load_rows[] = {
    {"load.clients", "clients", false,
     "a client waits for its last transaction, and with a rate nobody does; the connections are `sweep.pool` (--pool)"},
    {"load.think", "think", false, "a client thinks in a closed loop, and every rate here is a schedule"},
    {"load.arrivals", "arrivals", true,
     "there is no rate (`sweep.rate`, --rate), so that nothing arrives by a schedule"},
};

static void check_effect(struct loader *loader)
{
    bool rates_known = loader->problems->count == 0;
    for (size_t i = 0; rates_known && i < sizeof load_rows / sizeof load_rows[0]; i++) {
        struct origin origin = schema_origin(loader, load_rows[i].path);
        if (origin.option && !has_load(loader->workload, load_rows[i].open))
            loader_problem(loader, origin, "`%s` has no effect: %s", load_rows[i].name, load_rows[i].why);
    }
}

/* What a pool that keeps no connection has no use for. */
struct useless {
    const char *name;
    bool given;
    const char *why, *off;
};

enum {
    USELESS = 4
};

static void find_useless(const struct pool_habits *habits, struct useless out[USELESS])
{
    bool none_kept = habits->connect_each;
    out[0] = (struct useless){"pre_ping", none_kept && habits->pre_ping, "a new connection needs no ping", "false"};
    out[1] = (struct useless){"max_lifetime", none_kept && habits->max_lifetime_ns > 0,
                              "no connection outlives its transaction", "never"};
    out[2] = (struct useless){"idle_timeout", none_kept && habits->idle_timeout_ns > 0, "no connection is ever idle",
                              "never"};
    out[3] = (struct useless){"max_overflow", none_kept && habits->max_overflow > 0,
                              "without a pool to outgrow, it is the same as a larger `sweep.pool`", "0"};
}

void check_habits(struct loader *loader, struct origin where, const struct pool_habits *habits,
                  const struct pool_habits *inherited)
{
    struct useless rows[USELESS], known[USELESS] = {{0}};
    find_useless(habits, rows);
    if (inherited)
        find_useless(inherited, known);
    for (size_t i = 0; i < USELESS; i++)
        if (rows[i].given && !known[i].given)
            loader_problem(loader, where, "`connect_per_transaction` contradicts `%s`%s: %s; leave one out (`%s: %s`)",
                           rows[i].name, inherited ? " under this variant" : "", rows[i].why, rows[i].name,
                           rows[i].off);
}

/* Where the contradiction stands: at the key that closed it. */
static void check_pool(struct loader *loader)
{
    struct origin connect = schema_origin(loader, "pool.connect_per_transaction");
    if (connect.node || connect.option)
        check_habits(loader, connect, &loader->workload->pool, NULL);
}

static int largest_pool(const struct workload *workload)
{
    int most = 0;
    for (size_t i = 0; i < workload->sweep.n_pools; i++)
        most = workload->sweep.pools[i] > most ? workload->sweep.pools[i] : most;
    return most;
}

/* A pool that the file's own server cannot hold; an overflow that it cannot is a fault one may want to see. */
static void check_server(struct loader *loader)
{
    struct workload *workload = loader->workload;
    int needed = largest_pool(workload) + 1;
    int64_t limit;
    for (size_t i = 0; i < workload->n_server; i++) {
        const struct setting *setting = &workload->server[i];
        if (strcasecmp(setting->name, "max_connections") != 0 || !units_parse_int(setting->value, &limit) ||
            limit >= needed)
            continue;
        char path[40];
        snprintf(path, sizeof path, "server.%s", setting->name);
        struct origin pool = schema_origin(loader, "sweep.pool");
        struct origin origin = pool.option ? pool : schema_origin(loader, path);
        loader_problem(loader, origin,
                       "the largest pool and set-up need %d connections, and `server` allows %lld (max_connections)",
                       needed, (long long)limit);
    }
}

/* measurement.md, section 1: Poisson for capacity; constant for comparisons, since it varies less. */
static void choose_arrivals(struct loader *loader)
{
    struct origin given = schema_origin(loader, "load.arrivals");
    if (!given.node && !given.option)
        loader->workload->load.arrivals = loader->workload->n_variants > 1 ? ARRIVALS_CONSTANT : ARRIVALS_POISSON;
}

void check_load(struct loader *loader)
{
    choose_arrivals(loader);
    check_effect(loader);
    check_pool(loader);
    check_server(loader);
}

#include "cli/plan_load.h"

#include <strings.h>

#include "base/clock.h"
#include "base/units.h"
#include "run/record.h"

enum {
    FEW_TRANSACTIONS = 100, /* below, not even a p90 is worth its name */
    TEXT = 32
};

void plan_rates(const struct workload *workload, struct str *out)
{
    char name[RATE_NAME_BYTES];
    for (size_t i = 0; i < workload->sweep.n_rates; i++)
        str_printf(out, "%s%s", i ? ", " : "", rate_name(&workload->sweep.rates[i], name));
}

/* --- What is asked ------------------------------------------------------------------------------------------------ */

static bool has(const struct workload *workload, enum rate_kind kind)
{
    for (size_t i = 0; i < workload->sweep.n_rates; i++)
        if (workload->sweep.rates[i].kind == kind)
            return true;
    return false;
}

/* A share refers to a closed loop, which is run too. */
static bool has_clients(const struct workload *workload)
{
    return has(workload, RATE_CLOSED) || has(workload, RATE_SHARE);
}

static bool has_schedule(const struct workload *workload)
{
    return has(workload, RATE_TPS) || has(workload, RATE_SHARE);
}

static int smallest_pool(const struct workload *workload)
{
    int least = workload->sweep.pools[0];
    for (size_t i = 1; i < workload->sweep.n_pools; i++)
        least = workload->sweep.pools[i] < least ? workload->sweep.pools[i] : least;
    return least;
}

static int largest_pool(const struct workload *workload)
{
    int most = workload->sweep.pools[0];
    for (size_t i = 1; i < workload->sweep.n_pools; i++)
        most = workload->sweep.pools[i] > most ? workload->sweep.pools[i] : most;
    return most;
}

/* --- In words ----------------------------------------------------------------------------------------------------- */

static void clients_words(const struct workload *workload, struct str *out)
{
    char text[TEXT];
    const struct load *load = &workload->load;
    if (load->clients > 0)
        str_printf(out, "%s client%s on a closed loop", units_format_count(text, sizeof text, load->clients, 0),
                   load->clients == 1 ? "" : "s");
    else
        str_append(out, "as many clients as connections on a closed loop");
    if (load->think_ns > 0)
        str_printf(out, ", each thinking %s between transactions",
                   units_format_ns(text, sizeof text, (double)load->think_ns));
}

static void load_line(const struct workload *workload, struct str *out)
{
    bool clients = has_clients(workload), schedule = has_schedule(workload);
    if (!schedule && workload->load.clients == 0 && workload->load.think_ns == 0)
        return;
    str_append(out, "load         ");
    if (clients)
        clients_words(workload, out);
    if (schedule)
        str_printf(out, "%s%s arrivals at a rate", clients ? "; " : "", arrivals_name(workload->load.arrivals));
    str_append_char(out, '\n');
}

static void sentence(struct str *out, size_t start, const char *before, const char *what, const char *after)
{
    str_printf(out, "%s%s%s%s", out->len > start ? "; " : "", before, what, after);
}

static void pool_line(const struct workload *workload, struct str *out)
{
    const struct pool_habits *habits = &workload->pool;
    char text[TEXT];
    str_append(out, "pool         ");
    size_t start = out->len;
    if (habits->connect_each)
        sentence(out, start, "a new connection for each transaction", "", "");
    if (habits->acquire_timeout_ns > 0)
        sentence(out, start, "a transaction gives up after waiting ",
                 units_format_ns(text, sizeof text, (double)habits->acquire_timeout_ns), "");
    if (habits->max_overflow > 0)
        sentence(out, start, "up to ", units_format_count(text, sizeof text, habits->max_overflow, 0),
                 " more connections when all are busy");
    if (habits->max_lifetime_ns > 0)
        sentence(out, start, "a connection is replaced after ",
                 units_format_ns(text, sizeof text, (double)habits->max_lifetime_ns), "");
    if (habits->idle_timeout_ns > 0)
        sentence(out, start, "and closed after being idle for ",
                 units_format_ns(text, sizeof text, (double)habits->idle_timeout_ns), "");
    if (habits->pre_ping)
        sentence(out, start, "a ping before each transaction", "", "");
    if (out->len > start)
        str_append_char(out, '\n');
    else if (out->data)
        out->data[out->len -= sizeof "pool         " - 1] = '\0';
}

void plan_load(const struct workload *workload, struct str *out)
{
    load_line(workload, out);
    pool_line(workload, out);
}

/* --- What may not have been meant --------------------------------------------------------------------------------- */

static void note_few(const struct workload *workload, struct str *out)
{
    char name[RATE_NAME_BYTES], length[TEXT];
    double seconds = (double)workload->measure.duration_ns / (double)NS_PER_S;
    for (size_t i = 0; i < workload->sweep.n_rates; i++) {
        const struct rate *rate = &workload->sweep.rates[i];
        if (rate->kind == RATE_TPS && rate->value * seconds < FEW_TRANSACTIONS)
            str_printf(out,
                       "%s is %.3g transactions in a window of %s, too few to tell anything; p99 needs 1,000: "
                       "measure longer (-T)\n",
                       rate_name(rate, name), rate->value * seconds,
                       units_format_ns(length, sizeof length, (double)workload->measure.duration_ns));
    }
}

static void note_many(const struct workload *workload, struct str *out)
{
    char name[RATE_NAME_BYTES], room[TEXT];
    double seconds = (double)workload->measure.duration_ns / (double)NS_PER_S;
    double records = (double)workload->measure.raw_bytes / (double)sizeof(struct record);
    for (size_t i = 0; i < workload->sweep.n_rates; i++) {
        const struct rate *rate = &workload->sweep.rates[i];
        if (rate->kind == RATE_TPS && records > 0 && rate->value * seconds > records)
            str_printf(out,
                       "%s makes more transactions in a window than the %s records for which there is memory: such "
                       "trials are not audited (--raw-memory=%.0fMB)\n",
                       rate_name(rate, name), units_format_count(room, sizeof room, records, 0),
                       rate->value * seconds * (double)sizeof(struct record) / 0x1p20 + 1);
    }
}

static void note_idle_connections(const struct workload *workload, struct str *out)
{
    int clients = workload->load.clients, pool = largest_pool(workload);
    if (clients > 0 && clients < pool && has_clients(workload))
        str_printf(out, "with %d client%s, at most %d connection%s of a pool of %d %s ever busy\n", clients,
                   clients == 1 ? "" : "s", clients, clients == 1 ? "" : "s", pool, clients == 1 ? "is" : "are");
}

static void note_no_clients(const struct workload *workload, struct str *out)
{
    if (has_clients(workload))
        return;
    if (workload->load.clients > 0)
        str_append(out, "`clients` has no effect: every rate is a schedule, and the connections are `sweep.pool`\n");
    if (workload->load.think_ns > 0)
        str_append(out, "`think` has no effect: every rate is a schedule\n");
}

/* Nobody waits where each client has a connection of its own. */
static void note_nobody_waits(const struct workload *workload, struct str *out)
{
    bool timeout = false, overflow = false;
    if (has_schedule(workload) || workload->load.clients > smallest_pool(workload))
        return;
    for (size_t i = 0; i < workload->n_variants; i++) {
        timeout = timeout || workload->variants[i].pool.acquire_timeout_ns > 0;
        overflow = overflow || workload->variants[i].pool.max_overflow > 0;
    }
    if (timeout || overflow)
        str_printf(
            out, "%s%s%s will not come into play: there are no more clients than connections (--clients, --rate)\n",
            timeout ? "`acquire_timeout`" : "", timeout && overflow ? " and " : "", overflow ? "`max_overflow`" : "");
}

/* The pool alone fits: that is checked. An overflow that does not is a fault that one may want to see. */
static void note_refused(const struct workload *workload, struct str *out)
{
    int overflow = 0;
    int64_t limit;
    for (size_t i = 0; i < workload->n_variants; i++)
        overflow =
            workload->variants[i].pool.max_overflow > overflow ? workload->variants[i].pool.max_overflow : overflow;
    int needed = largest_pool(workload) + overflow + 1;
    for (size_t i = 0; overflow > 0 && i < workload->n_server; i++)
        if (strcasecmp(workload->server[i].name, "max_connections") == 0 &&
            units_parse_int(workload->server[i].value, &limit) && limit < needed)
            str_printf(out,
                       "with `max_overflow`, %d connections may be wanted, and `server` allows %lld "
                       "(max_connections): some will be refused, and their transactions fail\n",
                       needed, (long long)limit);
}

void plan_notes(const struct workload *workload, struct str *out)
{
    static void (*const notes[])(const struct workload *workload, struct str *out) = {
        note_few, note_many, note_idle_connections, note_no_clients, note_nobody_waits, note_refused};
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
        notes[i](workload, out);
}

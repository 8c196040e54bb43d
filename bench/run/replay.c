#include "run/replay.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

#define EXCESS_LIMIT_NS (3 * NS_PER_MS / 10)
#define EXCESS_SHARE    0.05 /* of the predicted p99 wait */

/* --- The recursion ------------------------------------------------------------------------------------------------ */

bool replay_init(struct replay *replay, int servers)
{
    if (!heap_init(&replay->free, (size_t)servers))
        return false;
    for (int i = 0; i < servers; i++)
        heap_push(&replay->free, 0, NULL);
    return true;
}

void replay_deinit(struct replay *replay)
{
    heap_deinit(&replay->free);
}

static int64_t possible_start(const struct replay *replay, const struct record *record)
{
    int64_t free_ns = heap_peek(&replay->free)->key;
    return record->intended_ns > free_ns ? record->intended_ns : free_ns;
}

int64_t replay_start(struct replay *replay, const struct record *record)
{
    int64_t start_ns = possible_start(replay, record);
    heap_pop(&replay->free);
    heap_push(&replay->free, start_ns + record->service_ns, NULL);
    return start_ns;
}

bool replay_waits(const struct records *records, int servers, struct hist *wait)
{
    struct replay replay;
    if (!replay_init(&replay, servers))
        return false;
    for (size_t i = 0; i < records->n; i++) {
        const struct record *record = &records->list[i];
        if (record->status != RECORD_TIMED_OUT)
            hist_record(wait, replay_start(&replay, record) - record->intended_ns);
    }
    replay_deinit(&replay);
    return true;
}

/* --- The audit ---------------------------------------------------------------------------------------------------- */

struct comparison {
    struct replay replay;
    struct hist *excess, *wait;  /* NULL without memory */
    int unknown;                 /* servers of which no record tells yet when they were free */
    int64_t *predicted, *actual; /* of a closed loop: the starts so far */
    size_t n;
};

static int64_t actual_start(const struct record *record)
{
    return record->intended_ns + record->pool_wait_ns + record->lag_ns;
}

/* One that was never sent (it did not fit, or was still waiting at the end) has no start of which to say anything. */
static void compare(struct comparison *comparison, const struct record *record, int64_t predicted_ns)
{
    if (record->attempts == 0)
        return;
    hist_record(comparison->wait, predicted_ns - record->intended_ns);
    if (!comparison->predicted) {
        hist_record(comparison->excess, actual_start(record) - predicted_ns);
        return;
    }
    comparison->predicted[comparison->n] = predicted_ns;
    comparison->actual[comparison->n++] = actual_start(record);
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Clients that become ready within the same few microseconds, on two threads, have no order that both would agree on;
 * whoever comes second waits for the next connection, which may be milliseconds. So not each start beside its own, but
 * the first beside the first: a connection that was free while somebody waited shows all the same. */
static void compare_ranks(struct comparison *comparison)
{
    qsort(comparison->predicted, comparison->n, sizeof *comparison->predicted, ascending);
    qsort(comparison->actual, comparison->n, sizeof *comparison->actual, ascending);
    for (size_t i = 0; i < comparison->n; i++)
        hist_record(comparison->excess, comparison->actual[i] - comparison->predicted[i]);
}

/* In a closed loop the connections are busy with earlier transactions when the window begins, and no record tells until
 * when. Who gets one while all that are known are busy has got such a one, and is taken at its word. */
static int64_t closed_start(struct comparison *comparison, const struct record *record)
{
    struct heap *known = &comparison->replay.free;
    int64_t predicted_ns = record->intended_ns + record->pool_wait_ns;
    if (comparison->unknown > 0 && (known->len == 0 || heap_peek(known)->key > predicted_ns)) {
        comparison->unknown--;
    } else {
        predicted_ns = possible_start(&comparison->replay, record);
        heap_pop(known);
    }
    heap_push(known, actual_start(record) + record->service_ns, NULL);
    return predicted_ns;
}

static bool begin(struct comparison *comparison, const struct trial_result *trial)
{
    bool open = trial->rate_tps > 0;
    comparison->unknown = open ? 0 : trial->connections;
    comparison->excess = hist_new();
    comparison->wait = hist_new();
    if (!open) {
        comparison->predicted = calloc(trial->records.n, sizeof *comparison->predicted);
        comparison->actual = calloc(trial->records.n, sizeof *comparison->actual);
    }
    return comparison->excess && comparison->wait && (open || (comparison->predicted && comparison->actual)) &&
           (open ? replay_init(&comparison->replay, trial->connections)
                 : heap_init(&comparison->replay.free, (size_t)trial->connections));
}

static void compare_all(struct comparison *comparison, const struct trial_result *trial)
{
    bool open = trial->rate_tps > 0;
    for (size_t i = 0; i < trial->records.n; i++) {
        const struct record *record = &trial->records.list[i];
        if (record->status == RECORD_TIMED_OUT)
            continue;
        compare(comparison, record,
                open ? replay_start(&comparison->replay, record) : closed_start(comparison, record));
    }
    if (!open)
        compare_ranks(comparison);
}

static void conclude(const struct comparison *comparison, struct audit *audit)
{
    int64_t share_ns = (int64_t)(EXCESS_SHARE * (double)hist_percentile(comparison->wait, 0.99));
    audit->made = true;
    audit->excess_p99_ns = hist_percentile(comparison->excess, 0.99);
    audit->limit_ns = share_ns > EXCESS_LIMIT_NS ? share_ns : EXCESS_LIMIT_NS;
    audit->passed = audit->excess_p99_ns <= audit->limit_ns;
}

/* NULL: nothing. */
static const char *what_forbids(const struct pool_habits *habits, const struct trial_result *trial)
{
    const struct pool_counts *counts = &trial->pool_counts;
    const struct {
        bool so;
        const char *why;
    } rows[] = {
        {trial->rate_tps <= 0 && trial->clients <= trial->connections, "a closed loop without a queue"},
        {trial->records.n == 0, "there are no raw records"},
        {!trial->records.complete, "the memory for raw records ran out"},
        {trial->reconnects > 0 || trial->outage_ns > 0, "connections were lost during the trial"},
        {habits->connect_each, "each transaction opened a connection, which is part of its pool wait"},
        {habits->pre_ping, "each connection was tested first (pre_ping), which is part of the pool wait"},
        {counts->overflows > 0, "the pool grew beyond its size (max_overflow)"},
        {counts->connects > 0, "connections were opened for waiting transactions"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].so)
            return rows[i].why;
    return NULL;
}

void replay_audit(const struct pool_habits *habits, struct trial_result *trial)
{
    struct comparison comparison = {0};
    const char *why_not = what_forbids(habits, trial);
    trial->audit = (struct audit){0};
    if (!why_not && !begin(&comparison, trial))
        why_not = "out of memory";
    if (why_not) {
        snprintf(trial->audit.why_not, sizeof trial->audit.why_not, "%s", why_not);
    } else {
        compare_all(&comparison, trial);
        conclude(&comparison, &trial->audit);
    }
    replay_deinit(&comparison.replay);
    hist_free(comparison.excess);
    hist_free(comparison.wait);
    free(comparison.predicted);
    free(comparison.actual);
}

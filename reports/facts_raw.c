/* raw/: what was kept of single transactions. Percentiles are then the nearest rank of all values, to the nanosecond.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts_reader.h"
#include "reports/raw.h"
#include "run/balance.h"
#include "run/replay.h"

enum {
    FIRST_VALUES = 1024
};

static void add_value(struct reader *reader, struct fact_values *values, int64_t value)
{
    if (values->n == values->capacity) {
        size_t capacity = values->capacity ? 2 * values->capacity : FIRST_VALUES;
        int64_t *list = realloc(values->list, capacity * sizeof *list);
        reader->failed |= !list;
        if (!list)
            return;
        values->list = list;
        values->capacity = capacity;
    }
    values->list[values->n++] = value;
}

static void drop(struct fact_values *values)
{
    free(values->list);
    *values = (struct fact_values){0};
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t facts_nearest_rank(const int64_t *sorted, size_t n, double q)
{
    if (n == 0)
        return 0;
    double rank = ceil(q * (double)n - 1e-6); /* as hist_percentile */
    return rank < 1 ? sorted[0] : rank >= (double)n ? sorted[n - 1] : sorted[(size_t)rank - 1];
}

/* Sorts them. */
static void summarize(int64_t *list, size_t n, struct dist_summary *out)
{
    double sum = 0, squares = 0;
    *out = (struct dist_summary){.count = (int64_t)n};
    if (n == 0)
        return;
    qsort(list, n, sizeof *list, ascending);
    for (size_t i = 0; i < n; i++)
        sum += (double)list[i];
    out->mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += ((double)list[i] - out->mean) * ((double)list[i] - out->mean);
    out->stddev = sqrt(squares / (double)n);
    out->min = list[0];
    out->p50 = facts_nearest_rank(list, n, 0.5);
    out->p90 = facts_nearest_rank(list, n, 0.9);
    out->p95 = facts_nearest_rank(list, n, 0.95);
    out->p99 = facts_nearest_rank(list, n, 0.99);
    out->p99_9 = facts_nearest_rank(list, n, 0.999);
    out->max = list[n - 1];
}

/* --- One trial ---------------------------------------------------------------------------------------------------- */

/* What its records say; values go to the end of the cell's. */
struct recount {
    struct fact_values *response, *service, *pool_wait; /* the cell's */
    size_t response_from, service_from, pool_wait_from;
    int64_t by_status[RECORD_CENSORED + 1];
};

static void begin_recount(struct fact_hists *hists, struct recount *out)
{
    *out = (struct recount){.response = &hists->exact_response,
                            .service = &hists->exact_service,
                            .pool_wait = &hists->exact_pool_wait,
                            .response_from = hists->exact_response.n,
                            .service_from = hists->exact_service.n,
                            .pool_wait_from = hists->exact_pool_wait.n};
}

static void add_record(struct reader *reader, struct recount *to, const struct record *record)
{
    to->by_status[record->status]++;
    add_value(reader, to->response, record_response_ns(record));
    add_value(reader, to->pool_wait, record->pool_wait_ns);
    if (record->attempts > 0)
        add_value(reader, to->service, record->service_ns);
}

static bool near(int64_t a, int64_t b)
{
    return llabs(a - b) <= 2 + llabs(a) / 500; /* three digits are ±0.05 % of a counter's middle, twice */
}

static bool alike(const struct dist_summary *a, const struct dist_summary *b)
{
    return a->count == b->count && near(a->p50, b->p50) && near(a->p99, b->p99) && near(a->max, b->max);
}

static bool same_counts(const struct recount *recount, const struct transaction_result *counts)
{
    return recount->by_status[RECORD_OK] == counts->ok && recount->by_status[RECORD_FAILED] == counts->failed &&
           recount->by_status[RECORD_TIMED_OUT] == counts->timed_out &&
           recount->by_status[RECORD_CENSORED] == counts->censored;
}

/* True if the trial's line said the same. */
static bool take_recount(const struct recount *from, struct fact_trial_transaction *to)
{
    struct dist_summary response, service, pool_wait;
    summarize(from->response->list + from->response_from, from->response->n - from->response_from, &response);
    summarize(from->service->list + from->service_from, from->service->n - from->service_from, &service);
    summarize(from->pool_wait->list + from->pool_wait_from, from->pool_wait->n - from->pool_wait_from, &pool_wait);
    bool same = same_counts(from, &to->counts) && alike(&response, &to->response) && alike(&service, &to->service) &&
                alike(&pool_wait, &to->pool_wait);
    to->response = response;
    to->service = service;
    to->pool_wait = pool_wait;
    to->counts.ok = from->by_status[RECORD_OK];
    to->counts.failed = from->by_status[RECORD_FAILED];
    to->counts.timed_out = from->by_status[RECORD_TIMED_OUT];
    to->counts.censored = from->by_status[RECORD_CENSORED];
    return same;
}

/* Of a trial that does not count nothing may stay among the cell's values. */
static void forget(struct recount *recount)
{
    recount->response->n = recount->response_from;
    recount->service->n = recount->service_from;
    recount->pool_wait->n = recount->pool_wait_from;
}

static void recount_lag(struct reader *reader, const struct records *records, struct trial_result *plain)
{
    struct fact_values lag = {0};
    for (size_t i = 0; i < records->n; i++)
        if (records->list[i].attempts > 0)
            add_value(reader, &lag, records->list[i].lag_ns);
    if (!reader->failed)
        summarize(lag.list, lag.n, &plain->harness_lag);
    drop(&lag);
}

static void recount_trial(struct reader *reader, struct fact_trial *trial, struct fact_hists *hists,
                          const struct raw_trial *raw)
{
    struct facts *facts = reader->facts;
    struct recount *recounts = calloc(facts->n_transactions, sizeof *recounts);
    bool same = true;
    reader->failed |= !recounts;
    for (size_t t = 0; recounts && t < facts->n_transactions; t++)
        begin_recount(&hists[t], &recounts[t]);
    for (size_t i = 0; !reader->failed && i < raw->records.n; i++)
        add_record(reader, &recounts[raw->records.list[i].transaction], &raw->records.list[i]);
    for (size_t t = 0; !reader->failed && t < facts->n_transactions; t++) {
        same = take_recount(&recounts[t], &trial->transactions[t]) && same;
        if (!facts_whole(trial))
            forget(&recounts[t]);
    }
    recount_lag(reader, &raw->records, &trial->plain);
    trial->plain.scheduled = (int64_t)raw->records.n;
    trial->raw = true;
    if (!same)
        reader_note(facts, "raw records of trial %d differ from what trials.jsonl says of it: the raw records count",
                    trial->plain.order + 1);
    free(recounts);
}

/* The audit and Little's law once more: the time in the system from the raw records, its sum from what trials.jsonl
 * says of the histograms, so that neither speaks for itself. */
static void recheck(struct reader *reader, struct fact_trial *trial, const struct raw_trial *raw)
{
    struct facts *facts = reader->facts;
    struct trial_result again = trial->plain;
    again.records = raw->records;
    again.transactions = calloc(facts->n_transactions, sizeof *again.transactions);
    reader->failed |= !again.transactions;
    for (size_t t = 0; again.transactions && t < facts->n_transactions; t++) {
        const struct dist_summary *response = &trial->transactions[t].response;
        struct hist *hist = again.transactions[t].response = hist_new();
        reader->failed |= !hist;
        if (hist)
            hist->sum = response->mean * (double)response->count;
    }
    if (!reader->failed) {
        balance_little(&again);
        replay_audit(&facts->variants[again.variant].habits, &again);
        trial->plain.little = again.little;
        trial->plain.audit = again.audit;
    }
    for (size_t t = 0; again.transactions && t < facts->n_transactions; t++)
        hist_free(again.transactions[t].response);
    free(again.transactions);
}

static void load_trial(struct reader *reader, struct fact_trial *trial)
{
    struct facts *facts = reader->facts;
    struct point point = {trial->plain.pool, trial->plain.isolation, trial->plain.rate};
    char name[FACTS_NAME_BYTES], path[READER_PATH_BYTES];
    struct raw_trial raw;
    struct err err = {0};
    bool found;
    facts_name_cell(facts, trial->plain.variant, point, name, sizeof name);
    snprintf(path, sizeof path, "%s/raw/%s.b%d.rec", facts->folder, name, trial->plain.block + 1);
    if (!raw_read(path, &raw, &found, &err)) {
        if (found)
            reader_note(facts, "raw/%.90s.b%d.rec is not used: %.100s", name, trial->plain.block + 1, err.text);
        return;
    }
    if (raw.n_names != facts->n_transactions)
        reader_note(facts, "raw/%.90s.b%d.rec is not used: it is of another workload", name, trial->plain.block + 1);
    else if (!raw.records.complete)
        reader_note(facts, "raw/%.90s.b%d.rec is not used: it is incomplete", name, trial->plain.block + 1);
    else
        recheck(reader, trial, &raw);
    if (raw.n_names == facts->n_transactions && raw.records.complete)
        recount_trial(reader, trial, facts->hists[facts_cell(facts, trial->plain.variant, point)], &raw);
    raw_deinit(&raw);
}

/* --- Cells -------------------------------------------------------------------------------------------------------- */

static bool all_raw(const struct facts *facts, int variant, struct point point)
{
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct fact_trial *trial = &facts->trials[i];
        if (trial->plain.variant == variant && facts_at(&trial->plain, point) && facts_whole(trial) && !trial->raw)
            return false;
    }
    return true;
}

static void finish(struct fact_values *values, bool complete)
{
    if (!complete)
        drop(values);
    else if (values->n > 0)
        qsort(values->list, values->n, sizeof *values->list, ascending);
}

void facts_load_raw(struct reader *reader)
{
    struct facts *facts = reader->facts;
    for (size_t i = 0; !reader->failed && i < facts->n_trials; i++)
        load_trial(reader, &facts->trials[i]);
    for (size_t v = 0; v < facts->n_variants; v++)
        for (size_t p = 0; p < facts_n_points(facts); p++) {
            struct point point = facts_point(facts, p);
            bool complete = all_raw(facts, (int)v, point);
            for (size_t t = 0; t < facts->n_transactions; t++) {
                struct fact_hists *hists = &facts->hists[facts_cell(facts, (int)v, point)][t];
                finish(&hists->exact_response, complete);
                finish(&hists->exact_service, complete);
                finish(&hists->exact_pool_wait, complete);
            }
        }
}

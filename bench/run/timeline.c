#include "run/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

bool timeline_init(struct timeline *timeline, struct recorder *const *recorders, size_t n_recorders, struct err *err)
{
    *timeline = (struct timeline){
        .recorders = calloc(n_recorders, sizeof *timeline->recorders),
        .pending = calloc(n_recorders, sizeof *timeline->pending),
        .n_recorders = n_recorders,
        .n_transactions = recorders[0]->n_transactions,
        .response = {hist_new(), hist_new()},
        .pool_wait = {hist_new(), hist_new()},
    };
    if (!timeline->recorders || !timeline->pending || !timeline->response.one || !timeline->response.all ||
        !timeline->pool_wait.one || !timeline->pool_wait.all)
        return err_memory(err);
    memcpy(timeline->recorders, recorders, n_recorders * sizeof *recorders);
    return true;
}

void timeline_deinit(struct timeline *timeline)
{
    interval_results_free(timeline->intervals, timeline->n, timeline->n_transactions);
    free(timeline->recorders);
    free(timeline->pending);
    hist_free(timeline->response.one);
    hist_free(timeline->response.all);
    hist_free(timeline->pool_wait.one);
    hist_free(timeline->pool_wait.all);
    *timeline = (struct timeline){0};
}

static void add_dist(struct hist *hist, const struct second_dist *dist, const struct hist_pair *pairs)
{
    for (size_t i = 0; i < dist->n_pairs; i++) {
        hist->counts[pairs[i].index] += pairs[i].count;
        hist->total += pairs[i].count;
    }
    if (dist->min < hist->min)
        hist->min = dist->min;
    if (dist->max > hist->max)
        hist->max = dist->max;
    hist->sum += dist->sum;
    hist->sum_squares += dist->sum_squares;
}

static void add_counts(struct interval_transaction *into, const struct second_counts *counts)
{
    into->ok += counts->ok;
    into->failed += counts->failed;
    into->timed_out += counts->timed_out;
    into->retried += counts->retried;
    into->retries += counts->retries;
}

/* Where transaction t's pairs begin. */
static const struct hist_pair *pairs_of(const struct second *second, size_t t)
{
    const struct hist_pair *pairs = second->pairs;
    for (size_t i = 0; i < t; i++)
        pairs += second->parts[i].response.n_pairs + second->parts[i].pool_wait.n_pairs;
    return pairs;
}

static void add_second(struct timeline *timeline, const struct second *second, size_t t, struct interval_result *out)
{
    const struct second_part *part = &second->parts[t];
    const struct hist_pair *pairs = pairs_of(second, t);
    add_dist(timeline->response.one, &part->response, pairs);
    add_dist(timeline->pool_wait.one, &part->pool_wait, pairs + part->response.n_pairs);
    add_counts(&out->transactions[t], &part->counts);
    add_counts(&out->all, &part->counts);
}

static bool merge_transaction(struct timeline *timeline, int64_t number, size_t t, struct interval_result *out)
{
    struct interval_transaction *transaction = &out->transactions[t];
    hist_clear(timeline->response.one);
    hist_clear(timeline->pool_wait.one);
    for (size_t i = 0; i < timeline->n_recorders; i++)
        if (timeline->pending[i] && timeline->pending[i]->number == number)
            add_second(timeline, timeline->pending[i], t, out);
    hist_summary(timeline->response.one, &transaction->response);
    hist_summary(timeline->pool_wait.one, &transaction->pool_wait);
    hist_merge(timeline->response.all, timeline->response.one);
    hist_merge(timeline->pool_wait.all, timeline->pool_wait.one);
    return hist_part_init(&transaction->response_part, timeline->response.one);
}

static bool grow(struct timeline *timeline)
{
    if (timeline->n < timeline->capacity)
        return true;
    size_t capacity = timeline->capacity ? 2 * timeline->capacity : 64;
    struct interval_result *intervals = realloc(timeline->intervals, capacity * sizeof *intervals);
    if (!intervals)
        return false;
    timeline->intervals = intervals;
    timeline->capacity = capacity;
    return true;
}

static bool merge(struct timeline *timeline, int64_t number, int64_t length_ns, struct err *err)
{
    int64_t left_ns = length_ns - number * NS_PER_S;
    struct interval_result interval = {
        .start_s = (double)number,
        .length_s = left_ns < NS_PER_S ? (double)left_ns / (double)NS_PER_S : 1,
        .transactions = calloc(timeline->n_transactions, sizeof *interval.transactions),
    };
    if (!interval.transactions || !grow(timeline)) {
        free(interval.transactions);
        return err_memory(err);
    }
    bool ok = true;
    hist_clear(timeline->response.all);
    hist_clear(timeline->pool_wait.all);
    for (size_t t = 0; t < timeline->n_transactions; t++)
        ok = merge_transaction(timeline, number, t, &interval) && ok;
    hist_summary(timeline->response.all, &interval.all.response);
    hist_summary(timeline->pool_wait.all, &interval.all.pool_wait);
    timeline->intervals[timeline->n++] = interval;
    return ok || err_memory(err);
}

/* How many recorders have handed over second `number`, or a later one. */
static size_t fetch(struct timeline *timeline, int64_t number)
{
    size_t n = 0;
    for (size_t i = 0; i < timeline->n_recorders; i++) {
        while (!timeline->pending[i] || timeline->pending[i]->number < number) {
            timeline->pending[i] = recorder_take(timeline->recorders[i]);
            if (!timeline->pending[i])
                break;
        }
        n += timeline->pending[i] != NULL;
    }
    return n;
}

bool timeline_take(struct timeline *timeline, bool ended, int64_t length_ns, const struct interval_result **out,
                   struct err *err)
{
    int64_t number = (int64_t)timeline->n;
    *out = NULL;
    size_t there = fetch(timeline, number);
    if (there < timeline->n_recorders && !ended)
        return true;
    if (number * NS_PER_S >= length_ns)
        return true;
    if (!merge(timeline, number, length_ns, err))
        return false;
    *out = &timeline->intervals[timeline->n - 1];
    return true;
}

static void drop_last(struct timeline *timeline)
{
    struct interval_result *last = &timeline->intervals[--timeline->n];
    for (size_t t = 0; t < timeline->n_transactions; t++)
        hist_part_deinit(&last->transactions[t].response_part);
    free(last->transactions);
}

void timeline_move(struct timeline *timeline, int64_t length_ns, struct trial_result *out)
{
    while (timeline->n > 0 && (int64_t)(timeline->n - 1) * NS_PER_S >= length_ns)
        drop_last(timeline);
    if (timeline->n > 0) {
        double left_s = (double)(length_ns - (int64_t)(timeline->n - 1) * NS_PER_S) / (double)NS_PER_S;
        timeline->intervals[timeline->n - 1].length_s = left_s < 1 ? left_s : 1;
    }
    out->intervals = timeline->intervals;
    out->n_intervals = timeline->n;
    out->n_transactions = timeline->n_transactions; /* of each interval too */
    timeline->intervals = NULL;
    timeline->n = timeline->capacity = 0;
}

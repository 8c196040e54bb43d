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
        .one = hist_new(),
        .all = hist_new(),
    };
    if (!timeline->recorders || !timeline->pending || !timeline->one || !timeline->all)
        return err_memory(err);
    memcpy(timeline->recorders, recorders, n_recorders * sizeof *recorders);
    return true;
}

void timeline_deinit(struct timeline *timeline)
{
    interval_results_free(timeline->intervals, timeline->n, timeline->n_transactions);
    free(timeline->recorders);
    free(timeline->pending);
    hist_free(timeline->one);
    hist_free(timeline->all);
    *timeline = (struct timeline){0};
}

static void add_pairs(struct hist *hist, const struct second_part *part, const struct second_pair *pairs)
{
    for (size_t i = 0; i < part->n_pairs; i++) {
        hist->counts[pairs[i].index] += pairs[i].count;
        hist->total += pairs[i].count;
    }
    if (part->min < hist->min)
        hist->min = part->min;
    if (part->max > hist->max)
        hist->max = part->max;
    hist->sum += part->sum;
    hist->sum_squares += part->sum_squares;
}

static void add_counts(struct interval_transaction *into, const struct second_counts *counts)
{
    into->ok += counts->ok;
    into->failed += counts->failed;
    into->retried += counts->retried;
    into->retries += counts->retries;
}

/* Where transaction t's pairs begin. */
static const struct second_pair *pairs_of(const struct second *second, size_t t)
{
    const struct second_pair *pairs = second->pairs;
    for (size_t i = 0; i < t; i++)
        pairs += second->parts[i].n_pairs;
    return pairs;
}

static void merge_transaction(struct timeline *timeline, int64_t number, size_t t, struct interval_result *out)
{
    hist_clear(timeline->one);
    for (size_t i = 0; i < timeline->n_recorders; i++) {
        const struct second *second = timeline->pending[i];
        if (!second || second->number != number)
            continue;
        add_pairs(timeline->one, &second->parts[t], pairs_of(second, t));
        add_counts(&out->transactions[t], &second->parts[t].counts);
        add_counts(&out->all, &second->parts[t].counts);
    }
    hist_summary(timeline->one, &out->transactions[t].response);
    hist_merge(timeline->all, timeline->one);
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
    hist_clear(timeline->all);
    for (size_t t = 0; t < timeline->n_transactions; t++)
        merge_transaction(timeline, number, t, &interval);
    hist_summary(timeline->all, &interval.all.response);
    timeline->intervals[timeline->n++] = interval;
    return true;
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

void timeline_move(struct timeline *timeline, int64_t length_ns, struct trial_result *out)
{
    while (timeline->n > 0 && (int64_t)(timeline->n - 1) * NS_PER_S >= length_ns)
        free(timeline->intervals[--timeline->n].transactions);
    if (timeline->n > 0) {
        double left_s = (double)(length_ns - (int64_t)(timeline->n - 1) * NS_PER_S) / (double)NS_PER_S;
        timeline->intervals[timeline->n - 1].length_s = left_s < 1 ? left_s : 1;
    }
    out->intervals = timeline->intervals;
    out->n_intervals = timeline->n;
    timeline->intervals = NULL;
    timeline->n = timeline->capacity = 0;
}

#include "run/balance.h"

#include <math.h>
#include <stdlib.h>

#define BUSY_SHARE        0.98 /* of the half in which no connection was free */
#define GROWTH_SHARE      0.02 /* of the arrivals, by which they exceed what was carried */
#define TIMED_OUT_SHARE   0.01
#define GROWTH_DEVIATIONS 2 /* and by more than Poisson arrivals of the same rate vary anyhow */

static bool has_records(const struct trial_result *trial)
{
    return trial->records.complete && trial->records.n > 0;
}

/* --- Little's law ------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t *sorted_departures(const struct records *records)
{
    int64_t *departures = malloc(records->n * sizeof *departures);
    for (size_t i = 0; departures && i < records->n; i++)
        departures[i] = record_end_ns(&records->list[i]);
    if (departures)
        qsort(departures, records->n, sizeof *departures, by_value);
    return departures;
}

/* ∫N dt up to `until_ns`, in ns. */
static double integral(const struct records *records, const int64_t *departures, int64_t until_ns)
{
    double sum = 0;
    int64_t now_ns = 0;
    size_t come = 0, gone = 0;
    while (gone < records->n && now_ns < until_ns) {
        bool arrival = come < records->n && records->list[come].intended_ns <= departures[gone];
        int64_t next_ns = arrival ? records->list[come].intended_ns : departures[gone];
        next_ns = next_ns < until_ns ? next_ns : until_ns;
        sum += (double)(come - gone) * (double)(next_ns - now_ns);
        now_ns = next_ns;
        if (arrival)
            come++;
        else
            gone++;
    }
    return sum;
}

void balance_little(struct trial_result *trial)
{
    double sum_ns = 0;
    trial->little = (struct little){0};
    for (size_t t = 0; t < trial->n_transactions; t++)
        if (trial->transactions[t].response)
            sum_ns += trial->transactions[t].response->sum;
    if (!has_records(trial) || sum_ns <= 0 || trial->duration_ns <= 0)
        return;
    int64_t *departures = sorted_departures(&trial->records);
    if (!departures)
        return;
    double integral_ns = integral(&trial->records, departures, INT64_MAX);
    trial->little = (struct little){
        .made = true,
        .integral_s = integral_ns / 1e9,
        .sum_s = sum_ns / 1e9,
        .error = fabs(integral_ns - sum_ns) / sum_ns,
        .mean_in_system = integral(&trial->records, departures, trial->duration_ns) / (double)trial->duration_ns,
    };
    free(departures);
}

/* --- Overload ----------------------------------------------------------------------------------------------------- */

struct span {
    int64_t from_ns, to_ns;
};

static int64_t overlap(struct span a, struct span b)
{
    int64_t from_ns = a.from_ns > b.from_ns ? a.from_ns : b.from_ns, to_ns = a.to_ns < b.to_ns ? a.to_ns : b.to_ns;
    return to_ns > from_ns ? to_ns - from_ns : 0;
}

static bool within(struct span span, int64_t time_ns)
{
    return time_ns >= span.from_ns && time_ns < span.to_ns;
}

/* No connection is free while all are held by transactions, and also while anybody waits for one. The second counts
 * where the pool spends time of its own on connections. */
static double busy_share(const struct trial_result *trial, struct span half)
{
    double held_ns = 0, queue_ns = 0, length_ns = (double)(half.to_ns - half.from_ns);
    int64_t counted_to_ns = half.from_ns;
    for (size_t i = 0; i < trial->records.n; i++) {
        const struct record *record = &trial->records.list[i];
        int64_t free_ns = record->intended_ns + record->pool_wait_ns;
        struct span wait = {record->intended_ns > counted_to_ns ? record->intended_ns : counted_to_ns, free_ns};
        if (record->status != RECORD_TIMED_OUT)
            held_ns += (double)overlap(half, (struct span){free_ns, record_end_ns(record)});
        queue_ns += (double)overlap(half, wait);
        counted_to_ns = free_ns > counted_to_ns ? free_ns : counted_to_ns;
    }
    return fmin(1, fmax(held_ns / trial->connections, queue_ns) / length_ns);
}

static void count_records(const struct trial_result *trial, struct span half, struct overload *out)
{
    for (size_t i = 0; i < trial->records.n; i++) {
        const struct record *record = &trial->records.list[i];
        bool ended = record->status == RECORD_OK || record->status == RECORD_FAILED;
        out->arrivals += within(half, record->intended_ns);
        out->carried += ended && within(half, record_end_ns(record));
    }
    out->busy = busy_share(trial, half);
}

/* What ended in the seconds of the second half, beside what should have come; of those that have not ended, as many as
 * there are connections are under way. Returns how long these seconds are. */
static double count_intervals(struct trial_result *trial, struct span half, struct overload *out)
{
    int64_t ended = 0, left;
    double length_s = 0;
    for (size_t i = 0; i < trial->n_intervals; i++) {
        const struct interval_result *interval = &trial->intervals[i];
        ended += interval->all.ok + interval->all.failed + interval->all.timed_out;
        if (interval->start_s * 1e9 < (double)half.from_ns)
            continue;
        length_s += interval->length_s;
        out->arrivals += trial->rate_tps * interval->length_s;
        out->carried += (double)(interval->all.ok + interval->all.failed);
    }
    left = trial->scheduled - ended - trial->connections;
    trial->unsent_at_end = left > 0 ? left : 0;
    out->busy = -1;
    return length_s;
}

static bool grew(const struct overload *overload)
{
    double excess = overload->arrivals - overload->carried;
    return excess >= GROWTH_SHARE * overload->arrivals && excess >= GROWTH_DEVIATIONS * sqrt(overload->arrivals);
}

void balance_overload(struct trial_result *trial, struct overload *out)
{
    bool records = has_records(trial);
    bool whole = !records && trial->n_intervals == 1; /* a window of one second at most: it has no second half */
    struct span half = {whole ? 0 : trial->duration_ns / 2, trial->duration_ns};
    double length_s = (double)(half.to_ns - half.from_ns) / 1e9;
    *out = (struct overload){0};
    if (trial->duration_ns <= 0 || trial->connections <= 0 || !(records || trial->n_intervals > 0))
        return;
    if (records)
        count_records(trial, half, out);
    else
        length_s = count_intervals(trial, half, out);
    for (size_t t = 0; t < trial->n_transactions; t++)
        out->timed_out += trial->transactions[t].timed_out;
    out->carried_tps = length_s > 0 ? out->carried / length_s : 0;
    bool taken = records ? out->busy >= BUSY_SHARE : trial->unsent_at_end > 0;
    out->made = trial->rate_tps > 0;
    out->refusing = out->made && taken && out->timed_out > 0 &&
                    (double)out->timed_out >= TIMED_OUT_SHARE * (double)trial->scheduled;
    out->overloaded = out->refusing || (out->made && taken && grew(out));
}

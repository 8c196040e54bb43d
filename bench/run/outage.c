/* The window in bins: how many successes ended in each, and whether anybody was in the system.
 *
 *     successes   6 5 7 6 0 0 0 0 0 0 0 1 3 9 6 6 6
 *     due         ■ ■ ■ ■ ■ ■ ■ ■ ■ ■ ■ ■ ■ ■ ■ ■ ■
 *                         └──── gap ────┘ ┊
 *                         └──── back ─────┘ from here on, a whole second at 90 % of the full rate or more */
#include "run/outage.h"

#include <stdlib.h>

#include "base/clock.h"

#define BIN_NS     (10 * NS_PER_MS)
#define FULL_SHARE 0.9

enum {
    LEAST_TPS = 10 /* a second without a success then has a chance of e⁻¹⁰ (Poisson arrivals) */
};

struct bins {
    int64_t width_ns;
    int64_t n;
    int64_t *ok;  /* successes that ended in the bin */
    int64_t *due; /* transactions that were in the system for some of it */
};

static bool bins_init(struct bins *bins, int64_t duration_ns, int64_t width_ns)
{
    *bins = (struct bins){.width_ns = width_ns, .n = (duration_ns + width_ns - 1) / width_ns};
    bins->ok = calloc((size_t)bins->n + 1, sizeof *bins->ok);
    bins->due = calloc((size_t)bins->n + 1, sizeof *bins->due);
    return bins->ok && bins->due;
}

static void bins_deinit(struct bins *bins)
{
    free(bins->ok);
    free(bins->due);
}

static int64_t clamp(int64_t value, int64_t most)
{
    return value < 0 ? 0 : value < most ? value : most;
}

static int64_t sum(const int64_t *values, int64_t from, int64_t to)
{
    int64_t n = 0;
    for (int64_t i = from; i < to; i++)
        n += values[i];
    return n;
}

/* `due` is first where its number changes, then the sum of that. */
static void fill_from_records(struct bins *bins, const struct records *records)
{
    for (size_t i = 0; i < records->n; i++) {
        const struct record *record = &records->list[i];
        int64_t end = record_end_ns(record) / bins->width_ns;
        if (record->status == RECORD_OK && end < bins->n)
            bins->ok[end]++;
        bins->due[clamp(record->intended_ns / bins->width_ns, bins->n)]++;
        bins->due[clamp(end + 1, bins->n)]--;
    }
    for (int64_t i = 1; i < bins->n; i++)
        bins->due[i] += bins->due[i - 1];
}

/* The bin after the first with a success. */
static int64_t after_first_ok(const struct bins *bins, int64_t from, int64_t to)
{
    for (int64_t i = from; i < to; i++)
        if (bins->ok[i] > 0)
            return i + 1;
    return to;
}

/* What began before the window and ended in it has no record, only its second's count; in a full queue that is all
 * there is for a while. Where in the second nobody knows: evenly, but a queue serves it before the window's own. */
static void add_early(struct bins *bins, const struct trial_result *trial)
{
    int64_t a_second = NS_PER_S / bins->width_ns;
    for (int64_t s = 0; (size_t)s < trial->n_intervals; s++) {
        int64_t from = s * a_second, to = clamp(from + a_second, bins->n);
        int64_t early = trial->intervals[s].all.ok - sum(bins->ok, from, to);
        to = after_first_ok(bins, from, to);
        for (int64_t i = 0; i < early && from < to; i++)
            bins->ok[from + i * (to - from) / early]++;
    }
}

static void fill_from_intervals(struct bins *bins, const struct trial_result *trial)
{
    for (int64_t i = 0; i < bins->n; i++) {
        bins->ok[i] = (size_t)i < trial->n_intervals ? trial->intervals[i].all.ok : 0;
        bins->due[i] = 1;
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median over the seconds in which anything succeeded: what a server catches up with afterwards is no measure. */
static bool median_tps(const struct trial_result *trial, double *out)
{
    size_t n = 0;
    double *tps = malloc((trial->n_intervals + 1) * sizeof *tps);
    if (!tps)
        return false;
    for (size_t i = 0; i < trial->n_intervals; i++) {
        const struct interval_result *interval = &trial->intervals[i];
        if (interval->all.ok > 0 && interval->length_s > 0)
            tps[n++] = (double)interval->all.ok / interval->length_s;
    }
    qsort(tps, n, sizeof *tps, by_size);
    *out = n > 0 ? tps[n / 2] : trial->rate_tps;
    free(tps);
    return true;
}

static bool is_empty(const struct bins *bins, int64_t i)
{
    return bins->ok[i] == 0 && bins->due[i] > 0;
}

/* Whole seconds, as the timeline has them. */
static int empty_seconds(const struct bins *bins)
{
    int64_t a_second = NS_PER_S / bins->width_ns;
    int n = 0;
    for (int64_t from = 0; from + a_second <= bins->n; from += a_second)
        n += sum(bins->ok, from, from + a_second) == 0 && sum(bins->due, from, from + a_second) > 0;
    return n;
}

static void find_gap(const struct bins *bins, int64_t *from, int64_t *to)
{
    *from = *to = 0;
    for (int64_t i = 0, begin = 0; i < bins->n; i++) {
        if (!is_empty(bins, i))
            begin = i + 1;
        else if (i + 1 - begin > *to - *from)
            *from = begin, *to = i + 1;
    }
}

/* The beginning of the first second that ran at full rate; −1: there is none in the window. */
static int64_t find_back(const struct bins *bins, int64_t from, double full)
{
    int64_t a_second = NS_PER_S / bins->width_ns;
    if (from + a_second > bins->n)
        return -1;
    int64_t n = sum(bins->ok, from, from + a_second);
    for (; (double)n < FULL_SHARE * full; from++) {
        if (from + a_second >= bins->n)
            return -1;
        n += bins->ok[from + a_second] - bins->ok[from];
    }
    return from;
}

static void measure(const struct bins *bins, struct outage *out)
{
    int64_t from, to;
    double width_s = (double)bins->width_ns / (double)NS_PER_S;
    out->seconds = empty_seconds(bins);
    find_gap(bins, &from, &to);
    if ((double)from * width_s >= 1)
        out->full_tps = (double)sum(bins->ok, 0, from) / ((double)from * width_s);
    int64_t back = find_back(bins, to, out->full_tps);
    out->gap_from_s = (double)from * width_s;
    out->gap_s = (double)(to - from) * width_s;
    out->back_s = back < 0 ? -1 : (double)(back - from) * width_s;
}

bool outage_find(struct trial_result *trial)
{
    struct outage *out = &trial->outage;
    struct bins bins = {0};
    bool fine = trial->records.complete;
    *out = (struct outage){0};
    bool ok = median_tps(trial, &out->full_tps) && bins_init(&bins, trial->duration_ns, fine ? BIN_NS : NS_PER_S);
    if (ok && out->full_tps >= LEAST_TPS) {
        if (fine) {
            fill_from_records(&bins, &trial->records);
            add_early(&bins, trial);
        } else {
            fill_from_intervals(&bins, trial);
        }
        measure(&bins, out);
        out->made = true;
    }
    bins_deinit(&bins);
    return ok;
}

/* A latency histogram: HdrHistogram's layout with 3 significant digits from 1 ns to 3600 s (33,792 counters), so that
 * its files mean the same to every tool that reads them. Values are integer nanoseconds. */
#ifndef PGDYNO_RUN_HIST_H
#define PGDYNO_RUN_HIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HIST_SUB_BUCKET_HALF = 1024, /* 2048 sub-buckets: 3 digits */
    HIST_BUCKETS = 32,
    HIST_COUNTERS = (HIST_BUCKETS + 1) * HIST_SUB_BUCKET_HALF
};
#define HIST_MAX_NS INT64_C(3600000000000)

struct hist {
    int64_t counts[HIST_COUNTERS];
    int64_t total;
    int64_t clamped; /* values above HIST_MAX_NS, counted there */
    int64_t min;     /* exact; INT64_MAX when empty */
    int64_t max;     /* exact; 0 when empty */
    double sum;      /* exact enough: for the mean */
    double sum_squares;
};

/* Zeroed lazily by the kernel: only counters that are touched cost memory. NULL when there is none. */
struct hist *hist_new(void);
void hist_free(struct hist *hist);
void hist_clear(struct hist *hist);

static inline int hist_index(int64_t value)
{
    int bucket = 63 - __builtin_clzll((uint64_t)value | 2047) - 10;
    return (bucket << 10) + (int)(value >> bucket);
}

/* `count` values of the counter at `index`, as if each were in its range's middle. */
void hist_add(struct hist *hist, int index, int64_t count);

/* Negative values count as 0. */
static inline void hist_record(struct hist *hist, int64_t value)
{
    if (__builtin_expect(value > HIST_MAX_NS, 0)) {
        value = HIST_MAX_NS;
        hist->clamped++;
    }
    if (value < 0)
        value = 0;
    hist->counts[hist_index(value)]++;
    hist->total++;
    if (value < hist->min)
        hist->min = value;
    if (value > hist->max)
        hist->max = value;
    hist->sum += (double)value;
    hist->sum_squares += (double)value * (double)value;
}

/* `count` times the same value, which is at most HIST_MAX_NS. */
void hist_record_n(struct hist *hist, int64_t value, int64_t count);

/* Lowest value and width of a counter's range. */
int64_t hist_value_at(int index);
int64_t hist_range_at(int index);

/* Adds counts: merging any split of the data gives the same percentiles. */
void hist_merge(struct hist *into, const struct hist *from);

/* The touched counters of a histogram and nothing else: some kilobytes instead of 270. */
struct hist_pair {
    uint32_t index, count;
};
struct hist_part {
    struct hist_pair *pairs;
    size_t n;
};
/* How many there are, and all of them into `pairs`, which has room; returns how many. */
size_t hist_n_pairs(const struct hist *hist);
size_t hist_pairs(const struct hist *hist, struct hist_pair *pairs);
/* Appends nothing when `hist` is empty (pairs NULL). False without memory. hist_part_deinit() frees. */
bool hist_part_init(struct hist_part *part, const struct hist *hist);
void hist_part_deinit(struct hist_part *part);
/* The inverse: counts are added to `into`; minimum, maximum, sum and squares follow from the counters' middles. */
void hist_part_add(const struct hist_part *part, struct hist *into);

/* Nearest rank: the smallest recorded value v such that at least q·total are ≤ v; the middle of its counter's range,
 * within [min, max]. 0 ≤ q ≤ 1. 0 when empty. */
int64_t hist_percentile(const struct hist *hist, double q);
double hist_mean(const struct hist *hist);
double hist_stddev(const struct hist *hist); /* of the population, as pgbench's */

/* The figures of one distribution, in ns. Percentiles that the count cannot support (p99 under 1,000 values, p99.9
 * under 10,000) are computed all the same; whoever prints decides with hist_supports. */
struct dist_summary {
    int64_t count;
    double mean, stddev;
    int64_t min, p50, p90, p95, p99, p99_9, max;
};
void hist_summary(const struct hist *hist, struct dist_summary *out);
/* Enough values for percentile q: 10/(1−q) of them (measurement.md §2). */
bool hist_supports(int64_t count, double q);

#endif

#include "run/hist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Straight from the kernel, which zeroes pages when they are first touched. Huge pages would make the counters that
 * nothing touches resident too. */
struct hist *hist_new(void)
{
    void *memory = mmap(NULL, sizeof(struct hist), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    madvise(memory, sizeof(struct hist), MADV_NOHUGEPAGE);
    struct hist *hist = memory;
    hist->min = INT64_MAX;
    return hist;
}

void hist_free(struct hist *hist)
{
    if (hist)
        munmap(hist, sizeof *hist);
}

void hist_clear(struct hist *hist)
{
    if (hist->total > 0) {
        int first = hist_index(hist->min), last = hist_index(hist->max);
        memset(hist->counts + first, 0, (size_t)(last - first + 1) * sizeof hist->counts[0]);
    }
    hist->total = hist->clamped = hist->max = 0;
    hist->min = INT64_MAX;
    hist->sum = hist->sum_squares = 0;
}

static int bucket_of(int index)
{
    return index < 2 * HIST_SUB_BUCKET_HALF ? 0 : index / HIST_SUB_BUCKET_HALF - 1;
}

int64_t hist_value_at(int index)
{
    int bucket = bucket_of(index);
    return (int64_t)(index - bucket * HIST_SUB_BUCKET_HALF) << bucket;
}

int64_t hist_range_at(int index)
{
    return INT64_C(1) << bucket_of(index);
}

void hist_merge(struct hist *into, const struct hist *from)
{
    if (from->total == 0)
        return;
    for (int i = hist_index(from->min), last = hist_index(from->max); i <= last; i++)
        into->counts[i] += from->counts[i];
    into->total += from->total;
    into->clamped += from->clamped;
    into->sum += from->sum;
    into->sum_squares += from->sum_squares;
    if (from->min < into->min)
        into->min = from->min;
    if (from->max > into->max)
        into->max = from->max;
}

void hist_record_n(struct hist *hist, int64_t value, int64_t count)
{
    if (count == 0)
        return;
    hist->counts[hist_index(value)] += count;
    hist->total += count;
    if (value < hist->min)
        hist->min = value;
    if (value > hist->max)
        hist->max = value;
    hist->sum += (double)count * (double)value;
    hist->sum_squares += (double)count * (double)value * (double)value;
}

void hist_add(struct hist *hist, int index, int64_t count)
{
    hist_record_n(hist, hist_value_at(index) + hist_range_at(index) / 2, count);
}

size_t hist_n_pairs(const struct hist *hist)
{
    size_t n = 0;
    if (hist->total > 0)
        for (int i = hist_index(hist->min), last = hist_index(hist->max); i <= last; i++)
            n += hist->counts[i] != 0;
    return n;
}

size_t hist_pairs(const struct hist *hist, struct hist_pair *pairs)
{
    size_t n = 0;
    if (hist->total > 0)
        for (int i = hist_index(hist->min), last = hist_index(hist->max); i <= last; i++)
            if (hist->counts[i] != 0)
                pairs[n++] = (struct hist_pair){.index = (uint32_t)i, .count = (uint32_t)hist->counts[i]};
    return n;
}

bool hist_part_init(struct hist_part *part, const struct hist *hist)
{
    size_t n = hist_n_pairs(hist);
    *part = (struct hist_part){0};
    if (n == 0)
        return true;
    part->pairs = malloc(n * sizeof *part->pairs);
    if (!part->pairs)
        return false;
    part->n = hist_pairs(hist, part->pairs);
    return true;
}

void hist_part_deinit(struct hist_part *part)
{
    free(part->pairs);
    *part = (struct hist_part){0};
}

void hist_part_add(const struct hist_part *part, struct hist *into)
{
    for (size_t i = 0; i < part->n; i++)
        hist_add(into, (int)part->pairs[i].index, part->pairs[i].count);
}

static int64_t middle(const struct hist *hist, int index)
{
    int64_t value = hist_value_at(index) + hist_range_at(index) / 2;
    if (value < hist->min)
        return hist->min;
    return value > hist->max ? hist->max : value;
}

int64_t hist_percentile(const struct hist *hist, double q)
{
    if (hist->total == 0)
        return 0;
    /* 0.99 × 1000 must be rank 990 even if the product comes out a little above. */
    int64_t rank = (int64_t)ceil(q * (double)hist->total - 1e-6);
    if (rank < 1)
        return hist->min;
    if (rank >= hist->total)
        return hist->max;
    int64_t seen = 0;
    for (int i = hist_index(hist->min), last = hist_index(hist->max); i <= last; i++) {
        seen += hist->counts[i];
        if (seen >= rank)
            return middle(hist, i);
    }
    return hist->max;
}

double hist_mean(const struct hist *hist)
{
    return hist->total ? hist->sum / (double)hist->total : 0;
}

double hist_stddev(const struct hist *hist)
{
    if (hist->total == 0)
        return 0;
    double mean = hist_mean(hist);
    double variance = hist->sum_squares / (double)hist->total - mean * mean;
    return variance > 0 ? sqrt(variance) : 0;
}

void hist_summary(const struct hist *hist, struct dist_summary *out)
{
    *out = (struct dist_summary){
        .count = hist->total,
        .mean = hist_mean(hist),
        .stddev = hist_stddev(hist),
        .min = hist->total ? hist->min : 0,
        .p50 = hist_percentile(hist, 0.5),
        .p90 = hist_percentile(hist, 0.9),
        .p95 = hist_percentile(hist, 0.95),
        .p99 = hist_percentile(hist, 0.99),
        .p99_9 = hist_percentile(hist, 0.999),
        .max = hist->max,
    };
}

bool hist_supports(int64_t count, double q)
{
    return q <= 0 || q >= 1 || (double)count * (1 - q) >= 10 - 1e-6;
}

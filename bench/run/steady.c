#include "run/steady.h"

#include <stdlib.h>
#include <string.h>

enum {
    BATCHES = 20,
    LEAST_BATCHES = 4, /* two in each half: else nothing scatters */
    LEAST_IN_BATCH = 5
};

/* Where neighbouring batches hang together more than this, they are really fewer. */
#define CORRELATION_MAX 0.8

/* Student's t by degrees of freedom from 1: R's qt(0.975, df) and qt(0.9995, df). */
static const double t_95[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262,
                              2.228,  2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101};
static const double t_999[] = {636.619, 31.599, 12.924, 8.610, 6.869, 5.959, 5.408, 5.041, 4.781,
                               4.587,   4.437,  4.318,  4.221, 4.140, 4.073, 4.015, 3.965, 3.922};
_Static_assert(sizeof t_95 / sizeof *t_95 == BATCHES - 2, "one for each number of batches");

/* --- Batches ------------------------------------------------------------------------------------------------------ */

struct batch {
    double n, sum;
};

struct batches {
    struct batch list[BATCHES];
    int n; /* even */
};

static int even_batches(size_t parts)
{
    return parts >= BATCHES ? BATCHES : (int)(parts / 2 * 2);
}

static void batches_from_records(struct batches *batches, const struct records *records)
{
    batches->n = even_batches(records->n / LEAST_IN_BATCH);
    for (size_t i = 0; batches->n > 0 && i < records->n; i++) {
        struct batch *batch = &batches->list[i * (size_t)batches->n / records->n];
        batch->n++;
        batch->sum += (double)record_response_ns(&records->list[i]);
    }
}

/* By end instead of intended start, which makes no difference but at the window's two ends. */
static void batches_from_intervals(struct batches *batches, const struct trial_result *trial)
{
    batches->n = even_batches(trial->n_intervals);
    for (size_t i = 0; batches->n > 0 && i < trial->n_intervals; i++) {
        const struct dist_summary *response = &trial->intervals[i].all.response;
        struct batch *batch = &batches->list[i * (size_t)batches->n / trial->n_intervals];
        batch->n += (double)response->count;
        batch->sum += response->mean * (double)response->count;
    }
}

static struct batch total(const struct batch *list, int n)
{
    struct batch all = {0};
    for (int i = 0; i < n; i++) {
        all.n += list[i].n;
        all.sum += list[i].sum;
    }
    return all;
}

static double mean(const struct batch *batch)
{
    return batch->n > 0 ? batch->sum / batch->n : 0;
}

/* --- Scatter ------------------------------------------------------------------------------------------------------ */

/* How far each batch lies from its half's mean: a drift is no scatter. Batches of unequal size count by size. */
static void deviations(const struct batches *batches, double *deviation)
{
    int half = batches->n / 2;
    double per_batch = total(batches->list, batches->n).n / batches->n;
    for (int h = 0; h < 2; h++) {
        const struct batch *list = batches->list + h * half;
        struct batch all = total(list, half);
        for (int i = 0; i < half; i++)
            deviation[h * half + i] = (list[i].sum - mean(&all) * list[i].n) / per_batch;
    }
}

/* The standard error of the mean of all batches. */
static double standard_error(const struct batches *batches)
{
    double deviation[BATCHES], squares = 0, products = 0;
    int n = batches->n;
    deviations(batches, deviation);
    for (int i = 0; i < n; i++) {
        squares += deviation[i] * deviation[i];
        if (i > 0 && i != n / 2)
            products += deviation[i] * deviation[i - 1];
    }
    double correlation = squares > 0 ? fmin(fmax(products / squares, 0), CORRELATION_MAX) : 0;
    return sqrt(squares / (n - 2) / n * (1 + correlation) / (1 - correlation));
}

void steady_judge(const struct trial_result *trial, struct steady *out)
{
    struct batches batches = {0};
    bool records = trial->records.complete && trial->records.n > 0;
    *out = (struct steady){.made = records || trial->n_intervals >= LEAST_BATCHES};
    if (!out->made)
        return;
    if (records)
        batches_from_records(&batches, &trial->records);
    else
        batches_from_intervals(&batches, trial);
    struct batch all = total(batches.list, batches.n);
    out->half_width = INFINITY;
    if (batches.n < LEAST_BATCHES || mean(&all) <= 0)
        return;
    struct batch first = total(batches.list, batches.n / 2);
    struct batch second = total(batches.list + batches.n / 2, batches.n / 2);
    double error = standard_error(&batches) / mean(&all);
    out->batches = batches.n;
    out->mean_ns = mean(&all);
    out->half_width = t_95[batches.n - 3] * error;
    out->change = (mean(&second) - mean(&first)) / mean(&all);
    out->noise = t_999[batches.n - 3] * 2 * error; /* √(1/half + 1/half) instead of √(1/n) */
}

/* --- Percentiles -------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double at_rank(const int64_t *sorted, size_t n, double q)
{
    double rank = ceil(q * (double)n);
    if (rank > (double)n)
        return INFINITY;
    return rank < 1 ? 0 : (double)sorted[(size_t)rank - 1];
}

bool steady_percentile(const struct records *records, double q, struct steady_percentile *out)
{
    struct batches above = {.n = even_batches(records->n / LEAST_IN_BATCH)};
    int64_t *sorted = above.n >= LEAST_BATCHES ? malloc(records->n * sizeof *sorted) : NULL;
    if (!sorted)
        return false;
    for (size_t i = 0; i < records->n; i++)
        sorted[i] = record_response_ns(&records->list[i]);
    qsort(sorted, records->n, sizeof *sorted, by_value);
    *out = (struct steady_percentile){.value_ns = at_rank(sorted, records->n, q)};
    for (size_t i = 0; i < records->n; i++) {
        struct batch *batch = &above.list[i * (size_t)above.n / records->n];
        batch->n++;
        batch->sum += (double)record_response_ns(&records->list[i]) > out->value_ns;
    }
    double half_width = t_95[above.n - 3] * standard_error(&above);
    out->low_ns = at_rank(sorted, records->n, q - half_width);
    out->high_ns = at_rank(sorted, records->n, q + half_width);
    free(sorted);
    return true;
}

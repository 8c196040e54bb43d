#include "reports/stats.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int by_magnitude(const void *a, const void *b)
{
    double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
    return (x > y) - (x < y);
}

/* --- The signed-rank distribution --------------------------------------------------------------------------------- */

/* probability[s]: that the ranks whose sign is plus sum to s, when each sign is a fair coin. Ranks are doubled, so that
 * midranks are whole. */
static double *signed_rank(const int *doubled_ranks, int n, int64_t *top)
{
    *top = 0;
    for (int i = 0; i < n; i++)
        *top += doubled_ranks[i];
    double *probability = calloc((size_t)*top + 1, sizeof *probability);
    if (!probability)
        return NULL;
    probability[0] = 1;
    int64_t reach = 0;
    for (int i = 0; i < n; i++) {
        reach += doubled_ranks[i];
        for (int64_t s = reach; s >= 0; s--) {
            double with = s >= doubled_ranks[i] ? probability[s - doubled_ranks[i]] : 0;
            probability[s] = 0.5 * (probability[s] + with);
        }
    }
    return probability;
}

static double sum_range(const double *probability, int64_t from, int64_t to)
{
    double sum = 0;
    for (int64_t s = from; s <= to; s++)
        sum += probability[s];
    return sum;
}

int stats_interval_rank(int n)
{
    int64_t top, q = 0;
    int *ranks = calloc((size_t)(n > 0 ? n : 1), sizeof *ranks);
    if (!ranks || n < 1) {
        free(ranks);
        return 0;
    }
    for (int i = 0; i < n; i++)
        ranks[i] = 2 * (i + 1);
    double *probability = signed_rank(ranks, n, &top);
    free(ranks);
    if (!probability)
        return 0;
    /* R's qsignrank allows the same slack for rounding */
    double slack = 10 * 2.220446049250313e-16;
    for (double below = probability[0]; below < 0.025 - slack && 2 * (q + 1) <= top; below += probability[2 * q])
        q++;
    free(probability);
    return q > 0 ? (int)q : 1;
}

/* --- p value ------------------------------------------------------------------------------------------------------ */

/* Doubled midranks of the sorted magnitudes. */
static void rank_magnitudes(const double *sorted, int n, int *doubled_ranks)
{
    for (int i = 0; i < n;) {
        int end = i + 1;
        while (end < n && fabs(sorted[end]) == fabs(sorted[i]))
            end++;
        for (int k = i; k < end; k++)
            doubled_ranks[k] = i + 1 + end; /* 2 × the mean of ranks i+1 … end */
        i = end;
    }
}

static double tail_p(const double *probability, int64_t top, int64_t observed)
{
    bool upper = 2 * observed > top;
    double tail = upper ? sum_range(probability, observed, top) : sum_range(probability, 0, observed);
    return fmin(1, 2 * tail);
}

static bool paired_p(const double *d, int n, double *p)
{
    bool ok = false;
    double *sorted = malloc((size_t)n * sizeof *sorted), *probability = NULL;
    int *ranks = calloc((size_t)n, sizeof *ranks), m = 0;
    if (!sorted || !ranks)
        goto done;
    for (int i = 0; i < n; i++)
        if (d[i] != 0)
            sorted[m++] = d[i];
    int64_t top, observed = 0;
    qsort(sorted, (size_t)m, sizeof *sorted, by_magnitude);
    rank_magnitudes(sorted, m, ranks);
    for (int i = 0; i < m; i++)
        observed += sorted[i] > 0 ? ranks[i] : 0;
    probability = signed_rank(ranks, m, &top);
    if (!probability)
        goto done;
    *p = m > 0 ? tail_p(probability, top, observed) : 1;
    ok = true;
done:
    free(probability);
    free(ranks);
    free(sorted);
    return ok;
}

/* --- Estimate and interval ---------------------------------------------------------------------------------------- */

static double *walsh_averages(const double *d, int n, size_t *count)
{
    *count = (size_t)n * ((size_t)n + 1) / 2;
    double *averages = malloc(*count * sizeof *averages);
    size_t k = 0;
    for (int i = 0; averages && i < n; i++)
        for (int j = i; j < n; j++)
            averages[k++] = (d[i] + d[j]) / 2;
    if (averages)
        qsort(averages, *count, sizeof *averages, by_value);
    return averages;
}

bool stats_paired(const double *d, int n, struct paired *out)
{
    *out = (struct paired){.n = n};
    size_t count;
    double *averages = n > 0 ? walsh_averages(d, n, &count) : NULL;
    if (!averages)
        return false;
    out->estimate = (averages[(count - 1) / 2] + averages[count / 2]) / 2;
    out->has_interval = n >= STATS_MIN_PAIRS;
    int k = out->has_interval ? stats_interval_rank(n) : 1;
    if (k > 0) {
        out->low = averages[k - 1];
        out->high = averages[count - (size_t)k];
    }
    free(averages);
    return k > 0 && paired_p(d, n, &out->p);
}

/* --- Many comparisons --------------------------------------------------------------------------------------------- */

struct ranked_p {
    double p;
    size_t index;
};

static int by_p(const void *a, const void *b)
{
    return by_value(&((const struct ranked_p *)a)->p, &((const struct ranked_p *)b)->p);
}

bool stats_adjust_bh(const double *p, size_t n, double *adjusted)
{
    struct ranked_p *ranked = malloc((n ? n : 1) * sizeof *ranked);
    if (!ranked)
        return false;
    for (size_t i = 0; i < n; i++)
        ranked[i] = (struct ranked_p){p[i], i};
    qsort(ranked, n, sizeof *ranked, by_p);
    double least = 1;
    for (size_t i = n; i-- > 0;) {
        least = fmin(least, (double)n / (double)(i + 1) * ranked[i].p);
        adjusted[ranked[i].index] = least;
    }
    free(ranked);
    return true;
}

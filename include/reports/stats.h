/* The paired comparison (measurement.md §4), equal to R's wilcox.test(paired = TRUE, conf.int = TRUE, exact = TRUE)
 * where R is exact. */
#ifndef PGDYNO_REPORTS_STATS_H
#define PGDYNO_REPORTS_STATS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    STATS_MIN_PAIRS = 8
}; /* for an interval, measurement.md §4; below 6 there is no 95 % one at all */

struct paired {
    int n;
    double estimate;  /* Hodges-Lehmann: median of the Walsh averages (d_i + d_j)/2, i ≤ j */
    double low, high; /* 95 %: the k-th smallest and largest Walsh average, k from the exact signed-rank distribution */
    double p;         /* exact, two-sided, of "the differences are symmetric around 0" */
    bool has_interval;
};

/* `d` holds n differences. Interval and p value are exact. Zeros are dropped for the p value (as R drops them; all
 * zero: p = 1), and tied magnitudes get midranks with the exact conditional distribution, where R falls back to the
 * normal approximation. With ties the interval keeps the order statistics of the untied distribution, which then cover
 * at least 95 %. False without memory or with n < 1. */
bool stats_paired(const double *d, int n, struct paired *out);

/* The k of the interval for n pairs: max(1, smallest q with P(V ≤ q) ≥ 0.025), R's qsignrank. 0 without memory. */
int stats_interval_rank(int n);

/* Benjamini-Hochberg, R's p.adjust(method = "BH"). False without memory. */
bool stats_adjust_bh(const double *p, size_t n, double *adjusted);

#endif

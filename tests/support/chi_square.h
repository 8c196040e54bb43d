/* Does what was drawn fit the weights? */
#ifndef PGDYNO_TESTS_CHI_SQUARE_H
#define PGDYNO_TESTS_CHI_SQUARE_H

#include <math.h>

/* Pearson's statistic as standard deviations above its mean (Wilson and Hilferty); cells that expect fewer than five
 * are put together with the next. */
static inline double chi_square_z(const double *seen, const double *weights, int n)
{
    double statistic = 0, seen_sum = 0, expected_sum = 0, total = 0, weight = 0;
    int cells = 0;
    for (int i = 0; i < n; i++) {
        total += seen[i];
        weight += weights[i];
    }
    for (int i = 0; i < n; i++) {
        seen_sum += seen[i];
        expected_sum += weights[i] / weight * total;
        if (expected_sum < 5)
            continue;
        statistic += (seen_sum - expected_sum) * (seen_sum - expected_sum) / expected_sum;
        seen_sum = expected_sum = 0;
        cells++;
    }
    double freedom = cells - 1, ninth = 2 / (9 * freedom);
    return (cbrt(statistic / freedom) - (1 - ninth)) / sqrt(ninth);
}

#endif

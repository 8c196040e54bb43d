/* Before/after: every variant against the baseline at each sweep point, paired by block. */
#ifndef PGDYNO_REPORTS_COMPARE_H
#define PGDYNO_REPORTS_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "reports/facts.h"

enum metric {
    METRIC_P50,
    METRIC_P90,
    METRIC_P99,
    METRIC_MEAN,
    METRIC_THROUGHPUT,
    METRIC_COUNT
};

struct metric_row {
    const char *name;   /* compare.csv's */
    double quantile;    /* of a percentile; 0 for the others */
    double margin;      /* a change within it does not matter: measurement.md §4 */
    bool higher_better; /* throughput */
};
extern const struct metric_row metric_rows[METRIC_COUNT];

struct comparison {
    enum metric metric;
    int transaction, variant;
    struct point point;
    double baseline_value, variant_value; /* of the cells: ns, or transactions/s; NAN when not supported */
    int n_blocks;                         /* where both trials are whole and have enough executions */
    bool broken;                          /* a check failed on either side: no side is faster */
    bool overloaded; /* the rate was too much for either side: their latencies hang on the windows' length */
    bool has_ratio;  /* n_blocks > 0 */
    bool has_interval;
    double ratio, low, high; /* variant over baseline: above 1 is slower for latency, faster for throughput */
    double p, p_adjusted;    /* NAN without a ratio */
};

struct comparisons {
    struct comparison *rows; /* by transaction, sweep point, variant, metric */
    size_t n;
};

/* False without memory. Transactions that one of the two does not run have no rows. A percentile takes part in a block
 * where each trial has at least 1/(1−q) executions, and any success; it is
 * given a value where the cell has the 10/(1−q) of measurement.md §2. */
bool compare_run(const struct facts *facts, struct comparisons *out, struct err *err);
void compare_deinit(struct comparisons *comparisons);

/* NULL if there is none (the baseline's own). */
const struct comparison *compare_find(const struct comparisons *comparisons, enum metric metric, int transaction,
                                      int variant, struct point point);

#endif

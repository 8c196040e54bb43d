/* HdrHistogram's percentile text, which its plotter and wrk2's users read. */
#ifndef PGDYNO_REPORTS_HGRM_H
#define PGDYNO_REPORTS_HGRM_H

#include <stdio.h>

#include "run/hist.h"

/* Values in ms, 5 steps for each halving of the distance to 100 %. Errors stay in the stream. */
void hgrm_write(FILE *file, const struct hist *hist);

/* The steps themselves, for plots: calls `row` with a quantile (0..1), the value there in ns, and how many values are
 * at or below it. */
typedef void hgrm_row_fn(void *user, double quantile, int64_t value_ns, int64_t count);
void hgrm_steps(const struct hist *hist, hgrm_row_fn *row, void *user);

#endif

/* Is one trial long enough to know its own mean response, and did that drift? From the raw records, or from the seconds
 * of the timeline where the records are incomplete.
 *
 * By batch means (Law, Simulation Modeling and Analysis, 9.5.3): the responses of one batch after the other are nearly
 * independent, where those of one transaction after the other are not, since they stand in the same queue. */
#ifndef PGDYNO_RUN_STEADY_H
#define PGDYNO_RUN_STEADY_H

#include <math.h>
#include <stdbool.h>

#include "run/record.h"
#include "run/result.h"

/* A default comparison has 12 blocks and a margin of 3 % for means: it can be met when the 95 % interval of one trial
 * has a half-width of at most 3 % × √12 = 10 %. And halves that differ by 10 % move the mean by 2.5 % when the window
 * is made twice as long. */
#define STEADY_MARGIN 0.10

struct steady {
    bool made;         /* false: nothing to go by; all else is 0 */
    int batches;       /* 0: fewer transactions (or seconds) than an interval needs */
    double mean_ns;    /* of response */
    double half_width; /* of the mean's 95 % interval, relative to the mean; INFINITY without batches */
    double change;     /* of the second half's mean against the first's: (second − first) / mean */
    double noise;      /* what chance alone makes of |change| in all but one of 1000 trials */
};
void steady_judge(const struct trial_result *trial, struct steady *out);

static inline bool steady_resolved(const struct steady *steady)
{
    return !steady->made || steady->half_width <= STEADY_MARGIN;
}

static inline bool steady_drifts(const struct steady *steady)
{
    return steady->batches > 0 && fabs(steady->change) > STEADY_MARGIN && fabs(steady->change) > steady->noise;
}

/* A percentile of response and its 95 % interval, from one trial's complete records: the interval of the share of
 * responses above it, by the scatter of that share among batches, turned back into times. An end is 0 or INFINITY where
 * the trial is too short to tell. */
struct steady_percentile {
    double value_ns, low_ns, high_ns;
};
/* 0 < q < 1. False without memory, or with too few records for batches. */
bool steady_percentile(const struct records *records, double q, struct steady_percentile *out);

#endif

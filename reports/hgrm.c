#include "reports/hgrm.h"

#include <math.h>

#include "base/units.h"

enum {
    TICKS_PER_HALF = 5
};

static double next_step(double percent)
{
    /* ticks grow with each halving of what is left: 5 up to 50 %, 5 more up to 75 %, … */
    double halvings = floor(log2(100 / (100 - percent))) + 1;
    return percent + 100 / (TICKS_PER_HALF * exp2(halvings));
}

void hgrm_steps(const struct hist *hist, hgrm_row_fn *row, void *user)
{
    int64_t seen = 0;
    double step = 0;
    for (int i = 0; i < HIST_COUNTERS && hist->total > 0; i++) {
        if (hist->counts[i] == 0)
            continue;
        seen += hist->counts[i];
        int64_t value = hist_value_at(i) + hist_range_at(i) / 2;
        value = value < hist->min ? hist->min : value > hist->max ? hist->max : value;
        double reached = 100 * (double)seen / (double)hist->total;
        while (step <= reached && step < 100 && seen < hist->total) {
            row(user, step / 100, value, seen);
            step = next_step(step);
        }
        if (seen == hist->total) {
            for (; step < 100 && step <= 100 * (1 - 1 / (double)hist->total); step = next_step(step))
                row(user, step / 100, value, seen);
            row(user, 1, hist->max, seen);
            return;
        }
    }
}

static void print_row(void *user, double quantile, int64_t value_ns, int64_t count)
{
    FILE *file = user;
    fprintf(file, "%12.6f %2.12f %10lld", (double)value_ns / 1e6, quantile, (long long)count);
    if (quantile < 1)
        fprintf(file, " %14.2f\n", 1 / (1 - quantile));
    else
        fprintf(file, " %14s\n", "inf");
}

void hgrm_write(FILE *file, const struct hist *hist)
{
    fprintf(file, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    hgrm_steps(hist, print_row, file);
    fprintf(file, "#[Mean    = %12.6f, StdDeviation   = %12.6f]\n", hist_mean(hist) / 1e6, hist_stddev(hist) / 1e6);
    fprintf(file, "#[Max     = %12.6f, Total count    = %12lld]\n", (double)hist->max / 1e6, (long long)hist->total);
    fprintf(file, "#[Buckets = %12d, SubBuckets     = %12d]\n", HIST_BUCKETS, 2 * HIST_SUB_BUCKET_HALF);
}

/* T1's picture: response by time and by percentile, with a fixed rate and without. */
#ifndef PGDYNO_TESTS_TRUTH_PLOT_H
#define PGDYNO_TESTS_TRUTH_PLOT_H

#include "truth.h"

enum plot_series {
    PLOT_RATE,
    PLOT_CLOSED,
    PLOT_PGBENCH,
    PLOT_SERIES
};

struct plot {
    struct plot_series_data {
        struct plot_at {
            double time_s, response_ms;
        } * points;
        size_t n, capacity;
    } series[PLOT_SERIES];
};

/* A point that does not fit in memory is left out. NULL plot: nothing happens. */
void plot_point(struct plot *plot, enum plot_series series, double time_s, double response_ms);
/* T1.csv and T1.png in the folder asked for; a row says what became of it. */
void plot_draw(struct truth *truth, struct plot *plot);
void plot_deinit(struct plot *plot);

#endif

/* Pictures by gnuplot: each is a script, its data and the image, side by side in plots/, so that anyone can restyle it.
 */
#ifndef PGDYNO_REPORTS_PLOT_H
#define PGDYNO_REPORTS_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "reports/compare.h"
#include "reports/facts.h"
#include "reports/report.h"

enum {
    PLOTS_MAX = 64
};

struct plot_file {
    char path[FACTS_NAME_BYTES + 32]; /* from the result's folder: "plots/ratios.svg" */
    char title[160];
};

/* The images that were made. */
struct plots {
    struct plot_file list[PLOTS_MAX];
    size_t n;
};

/* Scripts and data are always written, so that they can be drawn later; what goes wrong (no gnuplot, a failing one, a
 * full disk) is a notice to options->log, and that image is not in `out`. After one that did not end in time, or a stop
 * that came while one was drawn, no others are drawn. */
void plot_write_all(const struct facts *facts, const struct comparisons *comparisons,
                    const struct report_options *options, struct plots *out);

#endif

#include "reports/plot.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/stop.h"
#include "picture.h"

/* One takes a fraction of a second: this is for a gnuplot that waits for something for ever. */
#define PLOT_LIMIT_NS (60 * NS_PER_S)

/* A row a kind of picture; a new one is a file and a line here. */
static void (*const kinds[])(const struct plot_context *) = {
    plot_ratios, plot_percentiles, plot_pools, plot_time, plot_ledger,
};

void plot_write_all(const struct facts *facts, const struct comparisons *comparisons,
                    const struct report_options *options, struct plots *out)
{
    char folder[4096], gnuplot[4096];
    bool given_up = false;
    struct plot_context context = {.facts = facts,
                                   .comparisons = comparisons,
                                   .format = options->plot_format ? options->plot_format : "svg",
                                   .limit_ns = options->plot_limit_ns > 0 ? options->plot_limit_ns : PLOT_LIMIT_NS,
                                   .stopped_before = stop_requested(),
                                   .given_up = &given_up,
                                   .log = options->log,
                                   .out = out};
    *out = (struct plots){0};
    if (facts->n_trials == 0)
        return;
    snprintf(folder, sizeof folder, "%s/plots", facts->folder);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        log_warning(options->log, "no plots: cannot make %s", folder);
        return;
    }
    if (proc_find("gnuplot", gnuplot, sizeof gnuplot))
        context.gnuplot = gnuplot;
    else
        log_notice(options->log,
                   "no plots: gnuplot is not installed (Debian, Ubuntu: apt-get install gnuplot-nox, "
                   "then pgdyno report %s)",
                   facts->folder);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        kinds[i](&context);
}

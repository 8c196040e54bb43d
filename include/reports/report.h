/* From a result folder to everything people read: the table, CSV files, .hgrm, plots, report.md. The end of a run and
 * `pgdyno report DIR` are the same call. */
#ifndef PGDYNO_REPORTS_REPORT_H
#define PGDYNO_REPORTS_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"

struct report_options {
    bool colour;               /* of the table */
    int width;                 /* of the terminal; 0: not a terminal */
    const double *percentiles; /* columns of the table, 0..1; NULL: p50, p95, p99 */
    int n_percentiles;
    bool plots;              /* false: none even if gnuplot is there */
    const char *plot_format; /* "svg" (default when NULL) or "png" */
    int64_t plot_limit_ns;   /* how long gnuplot may take for one; 0: 60 s */
    const struct log *log;   /* notices: gnuplot missing, a plot that failed */
};

/* Read the folder's facts and write all derived files. The table for the terminal is appended to `table`. Tolerates a
 * run that was interrupted anywhere: an unfinished last line of trials.jsonl is left out with a notice. False if the
 * folder is not a result (`table` stays as it was), or a file cannot be written: the table is there all the same, the
 * other files are attempted, and the error is the first one's. A missing or failing gnuplot is a notice, never a
 * failure. *all_valid tells whether every trial was valid and complete; one that broke a check may be both. */
bool report_write(const char *folder, const struct report_options *options, struct str *table, bool *all_valid,
                  struct err *err);

#endif

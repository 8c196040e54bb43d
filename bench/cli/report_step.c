#include "cli/report_step.h"

#include <stdio.h>
#include <string.h>

#include "cli/job.h"
#include "reports/report.h"

bool report_step(const struct options *options, const struct log *log, const char *folder, bool *all_valid,
                 struct err *err)
{
    struct str table = {0};
    bool none = options->plots && strcmp(options->plots, "none") == 0;
    struct report_options report = {
        .colour = wants_colour(options, stdout),
        .width = terminal_columns(stdout),
        .percentiles = options->n_percentiles > 0 ? options->percentiles : NULL,
        .n_percentiles = options->n_percentiles,
        .plots = !none,
        .plot_format = none ? NULL : options->plots,
        .log = log,
    };
    bool ok = report_write(folder, &report, &table, all_valid, err);
    if (table.len > 0) {
        fputs(str_text(&table), stdout);
        fflush(stdout); /* before the error that may follow; a failure stays in the stream */
    }
    str_deinit(&table);
    return ok;
}

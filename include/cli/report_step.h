/* From a result folder to files and the table on stdout: the end of run, and all of report. */
#ifndef PGDYNO_CLI_REPORT_STEP_H
#define PGDYNO_CLI_REPORT_STEP_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"
#include "cli/opt.h"

/* The table is printed whenever the folder can be read, even if a file cannot be written then (false). *all_valid:
 * every planned trial is there, complete and valid. */
bool report_step(const struct options *options, const struct log *log, const char *folder, bool *all_valid,
                 struct err *err);

#endif

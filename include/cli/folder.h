/* Where a run's results go: pgdyno-results/<workload>-<time>/, and `latest` beside it. */
#ifndef PGDYNO_CLI_FOLDER_H
#define PGDYNO_CLI_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* "tasks-20261121T101500", local time. */
void folder_run_id(const char *workload, int64_t wall_ns, char *buf, size_t size);

/* Make `parent`/`run_id`, or with -2, -3, … appended if it is taken, and say which in `path`; `run_id` (of `size`
 * bytes) is changed to match. Two runs that begin in the same second get two folders. */
bool folder_claim(const char *parent, char *run_id, size_t size, char *path, size_t path_size, struct err *err);

/* Point `parent`/latest at the folder. A file or folder of that name that is no link stays as it is. */
bool folder_link_latest(const char *parent, const char *run_id, struct err *err);

/* Nothing was measured: remove the folder and all in it. Only for one that was made or found empty by this run. */
void folder_discard(const char *path);

#endif

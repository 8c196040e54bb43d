/* The result folder: facts are appended as the run goes, everything else is derived from them and can be made again.
 *
 *     run.json          the head: what was run, on what; rewritten once at the end with how it ended
 *     trials.jsonl      one line a trial: every count, interval, counter and warning          (fact)
 *     histograms/X.hlog one HdrHistogram V2 log a cell; a line per trial × transaction × metric (fact),
 *                       and one per second × transaction
 *     raw/X.bN.rec      raw records of block N, with store_keep_raw only                      (fact)
 *     plans/            EXPLAIN (FORMAT JSON) of each statement under each variant             (fact)
 *     summary.csv …     derived: report_write() makes them from the facts
 */
#ifndef PGDYNO_REPORTS_STORE_H
#define PGDYNO_REPORTS_STORE_H

#include <stdbool.h>

#include "base/err.h"
#include "run/result.h"

struct store;

/* Make the folder `path` (parents too). Refuses one that exists and is not empty, and says so if it cannot be written.
 * *out NULL on failure. */
bool store_create(const char *path, struct store **out, struct err *err);
/* From now on each trial's raw records are kept too, in raw/ (reports/README.md has the format): 32 bytes a
 * transaction. */
void store_keep_raw(struct store *store);
/* The sink that writes into it; valid while the store is open. A trial is flushed before its call returns; a full disk
 * is an error that names the file, and leaves all earlier trials readable. */
struct run_sink store_sink(struct store *store);
/* Record how the run ended ("finished", "stopped", "failed") and why. */
bool store_finish(struct store *store, const char *ending, const char *reason, struct err *err);
void store_close(struct store *store); /* NULL is fine */

#endif

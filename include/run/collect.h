/* What the threads of a trial saw, put together. */
#ifndef PGDYNO_RUN_COLLECT_H
#define PGDYNO_RUN_COLLECT_H

#include <stdbool.h>

#include "base/err.h"
#include "run/crew.h"
#include "run/result.h"
#include "run/timeline.h"
#include "run/worker.h"

/* After all workers have ended and the timeline has every second; `out` has duration_ns and complete. Histograms and
 * intervals move into `out`: only once. False without memory. */
bool collect_results(struct crew *crew, struct worker *workers, struct timeline *timeline, struct trial_result *out,
                     struct err *err);

#endif

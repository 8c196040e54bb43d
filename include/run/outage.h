/* Was the service away during the window, and when was it back? */
#ifndef PGDYNO_RUN_OUTAGE_H
#define PGDYNO_RUN_OUTAGE_H

#include <stdbool.h>

#include "run/result.h"

/* Fills trial->outage from the intervals and the records. Without complete records the seconds alone tell: then
 * something counts as due all the time, and the gap is known to a second. False without memory; the outage is not made
 * then. */
bool outage_find(struct trial_result *trial);

#endif

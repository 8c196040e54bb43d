/* How large a pool should be, from a closed loop over several sizes (measurement.md §6: c_min). */
#ifndef PGDYNO_REPORTS_POOLS_H
#define PGDYNO_REPORTS_POOLS_H

#include <stdbool.h>

#include "base/err.h"
#include "reports/facts.h"
#include "reports/pool_size.h"

/* By the throughput of all transactions together; point.pool does not matter, places are those of facts->pools.
 * `shares` as for pool_size_choose. False without a closed loop over at least two sizes, or whole trials; also where
 * a check broke. */
bool pools_advise(const struct facts *facts, int variant, struct point point, struct pool_size *out, double *shares);

/* pools.csv: a row a size of each variant, isolation level and closed rate. Not written (one from before is removed)
 * when there is no advice. */
bool pools_write_csv(const struct facts *facts, struct err *err);

#endif

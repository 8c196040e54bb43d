/* Which failures are tried again, and when (measurement.md, "Retries"). */
#ifndef PGDYNO_RUN_RETRY_H
#define PGDYNO_RUN_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "generators/rng.h"
#include "pg/sqlstate.h"
#include "workloads/spec.h"

/* Will the same transaction succeed if it is simply run again: 40001 and 40P01. A lost connection is not among them:
 * whether its COMMIT took place is unknown. */
bool retry_is_transient(sqlstate code);

/* Full jitter (Brooker, "Exponential Backoff And Jitter", 2015): uniform in [0, min(max, min·2^(k−1))] before try k+1,
 * where k ≥ 1 tries have failed. */
int64_t retry_backoff_ns(const struct retry_policy *policy, int failed_tries, struct rng *rng);

/* Before the k-th attempt (from 0) to connect again: 10 ms·2^k, at most 1 s. */
int64_t retry_reconnect_ns(int attempt);

#endif

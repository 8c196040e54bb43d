#include "run/retry.h"

#include "base/clock.h"

bool retry_is_transient(sqlstate code)
{
    return code == SQLSTATE_SERIALIZATION_FAILURE || code == SQLSTATE_DEADLOCK_DETECTED;
}

static int64_t doubled(int64_t first, int times, int64_t limit)
{
    while (times-- > 0 && first < limit)
        first *= 2;
    return first < limit ? first : limit;
}

int64_t retry_backoff_ns(const struct retry_policy *policy, int failed_tries, struct rng *rng)
{
    int64_t limit = doubled(policy->backoff_min_ns, failed_tries - 1, policy->backoff_max_ns);
    return (int64_t)(rng_unit(rng) * (double)limit);
}

int64_t retry_reconnect_ns(int attempt)
{
    return doubled(10 * NS_PER_MS, attempt, NS_PER_S);
}

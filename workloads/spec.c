#include "workloads/spec.h"

#include <stdio.h>

static const char *const isolation_names[ISOLATION_COUNT] = {"read committed", "repeatable read", "serializable"};
static const char *const isolation_shorts[ISOLATION_COUNT] = {"rc", "rr", "ser"};
static const char *const protocol_names[PROTOCOL_COUNT] = {"simple", "extended", "prepared"};
static const char *const arrivals_names[ARRIVALS_COUNT] = {"poisson", "constant"};

const char *isolation_name(enum isolation isolation)
{
    return isolation_names[isolation];
}

const char *isolation_short(enum isolation isolation)
{
    return isolation_shorts[isolation];
}

const char *protocol_name(enum protocol protocol)
{
    return protocol_names[protocol];
}

const char *arrivals_name(enum arrivals arrivals)
{
    return arrivals_names[arrivals];
}

const char *rate_name(const struct rate *rate, char buf[RATE_NAME_BYTES])
{
    if (rate->kind == RATE_CLOSED)
        snprintf(buf, RATE_NAME_BYTES, "closed");
    else if (rate->kind == RATE_TPS)
        snprintf(buf, RATE_NAME_BYTES, "%.10g/s", rate->value);
    else
        snprintf(buf, RATE_NAME_BYTES, "%.10g%%", 100 * rate->value);
    return buf;
}

#include "workloads/spec.h"

static const char *const isolation_names[ISOLATION_COUNT] = {"read committed", "repeatable read", "serializable"};
static const char *const isolation_shorts[ISOLATION_COUNT] = {"rc", "rr", "ser"};
static const char *const protocol_names[PROTOCOL_COUNT] = {"simple", "extended", "prepared"};

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

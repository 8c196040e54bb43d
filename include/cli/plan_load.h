/* Clients, rates and the pool's habits in words, and what about them a person may not have meant. */
#ifndef PGDYNO_CLI_PLAN_LOAD_H
#define PGDYNO_CLI_PLAN_LOAD_H

#include "base/str.h"
#include "workloads/spec.h"

/* "closed, 500/s, 80%" */
void plan_rates(const struct workload *workload, struct str *out);
/* Lines "load" and "pool", each only if it says anything but the default. */
void plan_load(const struct workload *workload, struct str *out);
/* A line a thing that is allowed but does less than it seems to: "with 4 clients …". */
void plan_notes(const struct workload *workload, struct str *out);

#endif

/* What every connection of the driver is told before its first transaction, as one simple query: one transaction more
 * on the server. */
#ifndef PGDYNO_RUN_SETUP_H
#define PGDYNO_RUN_SETUP_H

#include "base/str.h"
#include "workloads/spec.h"

/* search_path = the schema and pg_temp only, the isolation as the default for autocommit statements, the workload's
 * session settings, then the variant's. `out->failed` when memory ran out. */
void setup_sql(const char *schema, enum isolation isolation, const struct workload *workload,
               const struct variant *variant, struct str *out);

/* "BEGIN ISOLATION LEVEL …": survives a pooler, unlike a session's default. */
const char *setup_begin(enum isolation isolation);

#endif

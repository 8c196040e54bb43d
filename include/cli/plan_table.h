/* Shapes of the plans of each statement under each variant, for check. */
#ifndef PGDYNO_CLI_PLAN_TABLE_H
#define PGDYNO_CLI_PLAN_TABLE_H

#include "base/str.h"
#include "run/result.h"

struct plan_table;

/* NULL without memory. */
struct plan_table *plan_table_new(const struct workload *workload);
void plan_table_free(struct plan_table *table); /* NULL is fine */
/* Remembers plans, ignores trials. */
struct run_sink plan_table_sink(struct plan_table *table);
void plan_table_print(const struct plan_table *table, struct str *out);

#endif

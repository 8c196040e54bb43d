/* The private server's postgresql.conf: our own settings, then the workload's, which win. README.md says why each. */
#ifndef PGDYNO_PG_SETTINGS_H
#define PGDYNO_PG_SETTINGS_H

#include <stdbool.h>

#include "base/err.h"
#include "pg/cluster.h"

/* Are the workload's settings names of settings, and none of those that the private server depends on? ERR_INPUT. */
bool settings_check(const struct cluster_options *options, struct err *err);

/* Append to folder/data/postgresql.conf. */
bool settings_write(const struct cluster_options *options, const char *folder, struct err *err);

#endif

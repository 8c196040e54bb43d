/* Scripts without a workload, on the tables that a server has already. */
#ifndef PGDYNO_CLI_EXISTING_H
#define PGDYNO_CLI_EXISTING_H

#include <stdbool.h>

#include "base/log.h"
#include "cli/opt.h"

/* The command line's overrides, with the scale that pgbench would take: that of the tables which `pgbench -i` made. */
bool existing_overrides(const struct options *options, const struct log *log, struct override **out, size_t *count,
                        struct err *err);

#endif

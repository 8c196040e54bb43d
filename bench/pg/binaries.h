/* Where initdb and postgres are. */
#ifndef PGDYNO_PG_BINARIES_H
#define PGDYNO_PG_BINARIES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* The folder that has both programs into `buf`. `wanted` (may be NULL), or else $PGDYNO_PG_BINDIR, is the only place
 * looked at when given; otherwise pg_config --bindir, PATH and the distributions' versioned folders, newest first. The
 * error names every place tried and the package to install. */
bool binaries_find(const char *wanted, char *buf, size_t size, struct err *err);

#endif

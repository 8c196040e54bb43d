/* What `seed` says of the columns that it filled. */
#ifndef PGDYNO_CLI_COLUMN_TABLE_H
#define PGDYNO_CLI_COLUMN_TABLE_H

#include "base/str.h"
#include "run/column_stats.h"

/* A line a trait, of at most 80 columns for usual names; nothing when there is none. */
void column_table_print(const struct column_facts *facts, size_t count, bool color, struct str *out);

#endif

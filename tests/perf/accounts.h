/* pgbench_accounts as a table to generate, its columns made by functions that do what a compiled expression does: walk
 * a program, dispatch on its opcodes, check types and overflow. */
#ifndef PGDYNO_TESTS_PERF_ACCOUNTS_H
#define PGDYNO_TESTS_PERF_ACCOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "generators/table.h"

/* 100,000 rows a unit of scale. filler: the 84 blanks-to-be that pgbench leaves to the server (an empty text), or 84
 * letters. Valid as long as the process. */
void accounts_table(struct table_spec *table, int64_t scale, bool letters);

#endif

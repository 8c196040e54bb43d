/* Rows in the text format of COPY ... FROM STDIN: tab between columns, newline after each row, \N for NULL. */
#ifndef PGDYNO_GENERATORS_COPY_H
#define PGDYNO_GENERATORS_COPY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "generators/value.h"

/* Append one row. Each row is exactly one line, whatever its text holds. False when there is no memory, or when a
 * text holds a NUL byte, which PostgreSQL cannot store; `out` is then as it was. */
bool copy_row(struct str *out, const struct value *cells, size_t n_cells);

#endif

/* A CSV file with a header line, read with libcsv: a read-only table in memory. */
#ifndef PGDYNO_GENERATORS_CSV_SOURCE_H
#define PGDYNO_GENERATORS_CSV_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "generators/value.h"

struct csv_source {
    char *path;
    char **columns; /* header names */
    size_t n_columns;
    int64_t rows;
    uint64_t hash;       /* of the file's bytes, for the seed's fingerprint */
    struct value *cells; /* row-major; text borrowed from `bytes`, empty unquoted fields are empty text */
    char *bytes;
};

/* Read the whole file. Accepts quotes, doubled quotes, line breaks in quotes, CRLF and a UTF-8 byte-order mark.
 * Refuses, with file:line: a missing or empty file, a header with empty or doubled names or with more than 10,000, a
 * ragged line, an unfinished quote, no data rows. Headers and cells in UTF-8 are kept as they are. */
bool csv_source_open(const char *path, struct csv_source **out, struct err *err);
void csv_source_close(struct csv_source *source);

#endif

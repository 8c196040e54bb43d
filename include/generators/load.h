/* Fill a table with COPY, over several connections at once. */
#ifndef PGDYNO_GENERATORS_LOAD_H
#define PGDYNO_GENERATORS_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "generators/table.h"
#include "pg/target.h"

/* Called from the loading threads' joiner about ten times a second, and once at the end. */
typedef void load_progress_fn(void *user, const char *table, int64_t rows_done, int64_t rows_total, int64_t bytes);

struct load_options {
    int connections;    /* at least 1; each has a thread of its own */
    const char *schema; /* where the tables are */
    load_progress_fn *progress;
    void *user;
};

struct load_result {
    int64_t rows;
    int64_t bytes;
    int64_t elapsed_ns;
};

/* COPY all rows of every table; row ranges are handed out in chunks to whichever connection is free. The bytes do not
 * depend on `connections`. A rejected row is reported with table, row number, column and the server's words; then, and
 * on a stop request, the other connections stop too, and rows already committed stay (the caller drops the schema). */
bool load_tables(const struct target *target, const struct table_spec *tables, size_t n_tables,
                 const struct load_options *options, struct load_result *out, struct err *err);

#endif

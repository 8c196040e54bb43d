/* A COPY that the server rejected, in words: which of our rows, which column, which value. */
#ifndef PGDYNO_GENERATORS_REJECTION_H
#define PGDYNO_GENERATORS_REJECTION_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "generators/table.h"
#include "pg/query.h"

/* The rows of one COPY in the order in which they were sent. All-zero is none. */
struct sent_rows {
    struct sent_range {
        int64_t first, last;
    } * ranges;
    size_t count;
    size_t cap;
};

/* first … last were sent next. False when there is no memory. */
bool sent_rows_add(struct sent_rows *sent, int64_t first, int64_t last);
/* The row that was line `line` (from 1); 0 if there was none. */
int64_t sent_rows_find(const struct sent_rows *sent, int64_t line);
void sent_rows_deinit(struct sent_rows *sent);

/* What the context of an error says, in whatever language: `COPY t, line 5, column c: "x"`. */
struct copy_place {
    int64_t line;  /* 0: none */
    size_t column; /* an index into the table's columns; n_columns: none */
};
struct copy_place rejection_place(const char *context, const struct table_spec *table);

struct rejection {
    struct db *db;
    const PGresult *result; /* NULL: the connection's own message */
    const struct table_spec *table;
    struct row_maker *maker; /* to make the value again */
    const struct sent_rows *sent;
};
/* Fill *err (ERR_SERVER); returns false. */
bool rejection_set(const struct rejection *rejection, struct err *err);

#endif

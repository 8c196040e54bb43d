/* Tables to generate. Column c of row n of table t depends on (seed, t, c, n) and on nothing else, so any number of
 * threads makes the same bytes and a cell can be made again without asking the server. */
#ifndef PGDYNO_GENERATORS_TABLE_H
#define PGDYNO_GENERATORS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "generators/rng.h"
#include "generators/value.h"

struct table_spec;
struct row_scope;

/* Why a value could not be made; the text is for the reader of an error message, never made in the measured path. */
enum make_status {
    MAKE_OK,
    MAKE_OVERFLOW, /* integer out of range */
    MAKE_DIVISION_BY_ZERO,
    MAKE_BAD_TYPE,     /* e.g. text where a number is needed */
    MAKE_BAD_ARGUMENT, /* e.g. random(5, 1), a row number outside the table */
    MAKE_FULL,         /* scratch exhausted */
    MAKE_TOO_DEEP,     /* t.c[n] inside t.c[n] …, more than TABLE_DEPTH_MAX times */
    MAKE_BAD_MOMENT,   /* text that should say a moment */
    MAKE_BAD_INTERVAL,
    MAKE_TIME_RANGE,
    MAKE_NUMERIC_RANGE,
    MAKE_SCALE, /* numeric(x, digits) with other than 0 … NUMERIC_SCALE_MAX digits */
    MAKE_NULL_KEY,
    MAKE_MIXED_LIST,
    MAKE_LIST_LENGTH,
    MAKE_UUID_RANGE,
    MAKE_NOT_MOVED /* a moment and a number */
};
/* "integer out of range", … */
const char *make_status_text(enum make_status status);

enum {
    TABLE_DEPTH_MAX = 32
};

/* Makes one cell. `program` is the column's own (the workloads room compiles expressions into it). */
typedef enum make_status column_fn(const void *program, struct row_scope *scope, struct value *out);

struct column_spec {
    const char *name;
    column_fn *make;
    const void *program;
};

struct csv_source;

struct table_spec {
    const char *name;
    uint64_t key; /* hash of the name: the table's part of every random key */
    uint64_t seed;
    int64_t rows;
    struct column_spec *columns;
    size_t n_columns;
    /* For a CSV source: cells are looked up, not made; `columns` has its names, in its order. */
    const struct csv_source *source;
};

/* The row being made. Cells are memoised so that `:column` costs once. Scopes nest for t.c[n]: `depth` is limited. */
struct row_scope {
    const struct table_spec *table;
    int64_t row;         /* from 1 */
    struct rng rng;      /* stream of (seed, table key, column's position, row) while that column is being made */
    struct value *cells; /* the first n_memo columns, valid where `made` says so */
    uint64_t *made;      /* bit set per column */
    size_t n_memo;       /* further columns are made again at each use */
    struct scratch *scratch;
    int depth;
};

/* Everything that one thread needs to make rows of `table`; allocates once. */
struct row_maker;
bool row_maker_new(const struct table_spec *table, struct row_maker **out, struct err *err);
void row_maker_free(struct row_maker *maker);
/* All cells of row n, in column order, valid until the next call. On failure *bad_column tells which. */
enum make_status row_maker_row(struct row_maker *maker, int64_t row, const struct value **cells, size_t *bad_column);

/* One cell of any row, for t.c[n]: made again, other columns only as far as it needs them. Text lives in `scratch` or
 * in the source. `depth` is that of the asking scope, 0 in a transaction. A row outside the table is MAKE_BAD_ARGUMENT.
 */
enum make_status table_cell(const struct table_spec *table, size_t column, int64_t row, struct scratch *scratch,
                            int depth, struct value *out);
/* An earlier (or any non-circular) column of the row in `scope`, for :column; scope->rng is as it was afterwards. */
enum make_status row_cell(struct row_scope *scope, size_t column, struct value *out);

#endif

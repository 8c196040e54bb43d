#include "generators/table.h"

#include <stdlib.h>
#include <string.h>

#include "generators/csv_source.h"

enum {
    ROW_SCRATCH_BYTES = 1 << 20, /* text of one row */
    NESTED_MEMO = 64             /* columns remembered in a row that is made for t.c[n] alone */
};

struct row_maker {
    struct row_scope scope;
    struct scratch scratch;
    uint64_t *families; /* of random streams, one a column */
};

const char *make_status_text(enum make_status status)
{
    static const char *const texts[] = {
        [MAKE_OK] = "no error",
        [MAKE_OVERFLOW] = "integer out of range",
        [MAKE_DIVISION_BY_ZERO] = "division by zero",
        [MAKE_BAD_TYPE] = "a value of the wrong type, e.g. text where a number is needed",
        [MAKE_BAD_ARGUMENT] = "an argument out of range, e.g. an empty interval or a row number outside the table",
        [MAKE_FULL] = "the text is too long (1 MB a row or transaction)",
        [MAKE_TOO_DEEP] = "cells that depend on cells of other rows nest too deeply (32)",
        [MAKE_BAD_MOMENT] = "text that is no moment; write '2024-01-31' or '2024-01-31 12:00:00'",
        [MAKE_BAD_INTERVAL] = "text that is no interval; write '3 days', '2 hours 30 minutes', '1 month' or '04:30:00'",
        [MAKE_TIME_RANGE] = "a moment outside PostgreSQL's years, or an interval too long for it",
        [MAKE_NUMERIC_RANGE] = "a number of more digits than numeric() keeps, 18 with those after the point",
        [MAKE_SCALE] = "numeric(x, digits) takes 0 to 18 digits after the point",
        [MAKE_NULL_KEY] = "a key of json() is NULL",
        [MAKE_MIXED_LIST] = "a list() of both lists and single values, or of both json() and other values",
        [MAKE_LIST_LENGTH] = "list(n, x) with n below 0",
        [MAKE_UUID_RANGE] = "uuid7(t) of a moment before 1970 (or after 10889)",
        [MAKE_NOT_MOVED] = ("a moment is moved by an interval, not by a number: '3 days', or format('%d days', n); "
                            "only a date by whole days too"),
    };
    return texts[status];
}

static enum make_status source_cell(const struct csv_source *source, size_t column, int64_t row, struct value *out)
{
    *out = source->cells[(size_t)(row - 1) * source->n_columns + column];
    return MAKE_OK;
}

static enum make_status make_from(struct row_scope *scope, size_t column, uint64_t family, struct value *out)
{
    const struct column_spec *spec = &scope->table->columns[column];
    scope->rng = rng_of(family, (uint64_t)scope->row);
    enum make_status status = spec->make(spec->program, scope, out);
    if (status == MAKE_OK && column < scope->n_memo) {
        scope->cells[column] = *out;
        scope->made[column / 64] |= UINT64_C(1) << column % 64;
    }
    return status;
}

/* Leaves scope->rng at the cell's stream. */
static enum make_status make_cell(struct row_scope *scope, size_t column, struct value *out)
{
    const struct table_spec *table = scope->table;
    if (table->source)
        return source_cell(table->source, column, scope->row, out);
    return make_from(scope, column, rng_family(table->seed, table->key, column), out);
}

static bool is_made(const struct row_scope *scope, size_t column)
{
    return column < scope->n_memo && scope->made[column / 64] >> column % 64 & 1;
}

enum make_status row_cell(struct row_scope *scope, size_t column, struct value *out)
{
    if (is_made(scope, column)) {
        *out = scope->cells[column];
        return MAKE_OK;
    }
    struct rng asking = scope->rng;
    enum make_status status = make_cell(scope, column, out);
    scope->rng = asking;
    return status;
}

enum make_status table_cell(const struct table_spec *table, size_t column, int64_t row, struct scratch *scratch,
                            int depth, struct value *out)
{
    if (row < 1 || row > table->rows)
        return MAKE_BAD_ARGUMENT;
    if (table->source)
        return source_cell(table->source, column, row, out);
    if (depth >= TABLE_DEPTH_MAX)
        return MAKE_TOO_DEEP;
    struct value cells[NESTED_MEMO]; /* only read where `made` says so */
    uint64_t made = 0;
    struct row_scope scope = {
        .table = table,
        .row = row,
        .cells = cells,
        .made = &made,
        .n_memo = NESTED_MEMO,
        .scratch = scratch,
        .depth = depth + 1,
    };
    return make_cell(&scope, column, out);
}

bool row_maker_new(const struct table_spec *table, struct row_maker **out, struct err *err)
{
    struct row_maker *maker = calloc(1, sizeof(*maker));
    if (!maker)
        return err_memory(err);
    maker->scope = (struct row_scope){
        .table = table,
        .cells = calloc(table->n_columns + 1, sizeof(struct value)),
        .made = calloc(table->n_columns / 64 + 1, sizeof(uint64_t)),
        .n_memo = table->n_columns,
        .scratch = &maker->scratch,
    };
    maker->families = calloc(table->n_columns + 1, sizeof *maker->families);
    if (!maker->scope.cells || !maker->scope.made || !maker->families ||
        !scratch_init(&maker->scratch, ROW_SCRATCH_BYTES)) {
        row_maker_free(maker);
        return err_memory(err);
    }
    for (size_t i = 0; i < table->n_columns; i++)
        maker->families[i] = rng_family(table->seed, table->key, i);
    *out = maker;
    return true;
}

void row_maker_free(struct row_maker *maker)
{
    if (!maker)
        return;
    scratch_deinit(&maker->scratch);
    free(maker->scope.cells);
    free(maker->scope.made);
    free(maker->families);
    free(maker);
}

enum make_status row_maker_row(struct row_maker *maker, int64_t row, const struct value **cells, size_t *bad_column)
{
    struct row_scope *scope = &maker->scope;
    size_t n_columns = scope->table->n_columns;
    if (scope->table->source) { /* its cells lie side by side already */
        *cells = scope->table->source->cells + (size_t)(row - 1) * n_columns;
        return MAKE_OK;
    }
    scope->row = row;
    maker->scratch.used = 0;
    memset(scope->made, 0, (n_columns / 64 + 1) * sizeof(uint64_t));
    for (size_t i = 0; i < n_columns; i++) {
        struct value cell;
        enum make_status status = is_made(scope, i) ? MAKE_OK : make_from(scope, i, maker->families[i], &cell);
        if (status != MAKE_OK) {
            *bad_column = i;
            return status;
        }
    }
    *cells = scope->cells;
    return MAKE_OK;
}

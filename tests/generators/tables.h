/* Columns written by hand, for tests of tables and loading: what the workloads room makes of expressions. */
#ifndef PGDYNO_TESTS_GENERATORS_TABLES_H
#define PGDYNO_TESTS_GENERATORS_TABLES_H

#include <string.h>

#include "base/str.h"
#include "generators/dist.h"
#include "generators/table.h"
#include "generators/text.h"

#define UNUSED __attribute__((unused))

static inline struct table_spec table_of(const char *name, int64_t rows, struct column_spec *columns, size_t n_columns)
{
    return (struct table_spec){.name = name,
                               .key = str_hash(name, strlen(name)),
                               .seed = 42,
                               .rows = rows,
                               .columns = columns,
                               .n_columns = n_columns};
}

UNUSED static enum make_status make_row(const void *program, struct row_scope *scope, struct value *out)
{
    (void)program;
    *out = (struct value){.type = VALUE_INT, .integer = scope->row};
    return MAKE_OK;
}

/* random(1, *program) */
UNUSED static enum make_status make_random(const void *program, struct row_scope *scope, struct value *out)
{
    *out = (struct value){.type = VALUE_INT, .integer = dist_uniform(&scope->rng, 1, *(const int64_t *)program)};
    return MAKE_OK;
}

UNUSED static enum make_status make_words(const void *program, struct row_scope *scope, struct value *out)
{
    (void)program;
    return text_words(&scope->rng, 2, 6, scope->scratch, out);
}

/* Text with everything that COPY must escape, NULL in every seventh row. */
UNUSED static enum make_status make_awkward(const void *program, struct row_scope *scope, struct value *out)
{
    static const char *const texts[] = {"tab\tnewline\nreturn\rbackslash\\",
                                        "\\N",
                                        "\\.",
                                        "",
                                        " blanks ",
                                        "caf\xc3\xa9 \xf0\x9f\x90\x98 in a text that is longer than eight",
                                        "\\",
                                        "\b\f\v\x01 'quote' \"double\"",
                                        "\n",
                                        "12345678\t",
                                        "1234567\\"};
    (void)program;
    const char *text = texts[(size_t)scope->row % (sizeof(texts) / sizeof(*texts))];
    if (scope->row % 7 == 0)
        *out = (struct value){.type = VALUE_NULL};
    else
        *out = (struct value){.type = VALUE_TEXT, .text = {text, strlen(text)}};
    return MAKE_OK;
}

UNUSED static enum make_status make_timestamp(const void *program, struct row_scope *scope, struct value *out)
{
    (void)program;
    *out = (struct value){.type = VALUE_TIMESTAMP,
                          .integer = dist_uniform(&scope->rng, INT64_C(-3000000000000000), INT64_C(900000000000000))};
    return MAKE_OK;
}

UNUSED static enum make_status make_double(const void *program, struct row_scope *scope, struct value *out)
{
    (void)program;
    *out = (struct value){.type = VALUE_DOUBLE, .real = dist_double(&scope->rng, -1000, 1000)};
    return MAKE_OK;
}

/* :column, the column's number in *program. */
UNUSED static enum make_status make_same(const void *program, struct row_scope *scope, struct value *out)
{
    return row_cell(scope, *(const size_t *)program, out);
}

/* t.c[n] */
struct lookup {
    const struct table_spec *table;
    size_t column;
    int64_t offset; /* the row asked for is this row's number plus it */
};

UNUSED static enum make_status make_lookup(const void *program, struct row_scope *scope, struct value *out)
{
    const struct lookup *lookup = program;
    return table_cell(lookup->table, lookup->column, scope->row + lookup->offset, scope->scratch, scope->depth, out);
}

#endif

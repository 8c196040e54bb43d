#include <stdbool.h>
#include <stdlib.h>

#include "generators/csv_source.h"
#include "generators/table.h"
#include "tables.h"
#include "unit.h"

static const int64_t thousand = 1000;

struct counted {
    int *calls;
};

static enum make_status make_counted(const void *program, struct row_scope *scope, struct value *out)
{
    ++*((const struct counted *)program)->calls;
    return make_random(&thousand, scope, out);
}

/* random() + :column + random(): asking for the column in between must not disturb the stream. */
static enum make_status make_between(const void *program, struct row_scope *scope, struct value *out)
{
    struct value other = {.type = VALUE_INT};
    int64_t first = dist_uniform(&scope->rng, 1, 1000);
    enum make_status status = program ? row_cell(scope, *(const size_t *)program, &other) : MAKE_OK;
    *out = (struct value){.type = VALUE_INT, .integer = first * 1000 + dist_uniform(&scope->rng, 1, 1000)};
    return status;
}

static void a_column_is_made_once_a_row(void **state)
{
    (void)state;
    int calls = 0;
    struct counted counted = {&calls};
    static const size_t last = 3;
    struct column_spec columns[] = {
        {"a", make_same, &last}, {"b", make_same, &last}, {"c", make_same, &last}, {"d", make_counted, &counted}};
    struct table_spec table = table_of("t", 10, columns, 4);
    struct row_maker *maker;
    assert_true(row_maker_new(&table, &maker, NULL));
    for (int64_t row = 1; row <= 10; row++) {
        const struct value *cells;
        size_t bad_column;
        assert_int_equal(row_maker_row(maker, row, &cells, &bad_column), MAKE_OK);
        for (int i = 0; i < 3; i++)
            assert_int_equal(cells[i].integer, cells[3].integer);
    }
    assert_int_equal(calls, 10);
    struct scratch scratch = {0};
    struct value out;
    assert_int_equal(table_cell(&table, 0, 5, &scratch, 0, &out), MAKE_OK);
    assert_int_equal(calls, 11);
    row_maker_free(maker);
}

static void asking_for_a_column_leaves_the_stream_alone(void **state)
{
    (void)state;
    static const size_t second = 1;
    struct column_spec asking[] = {{"a", make_between, &second}, {"b", make_random, &thousand}};
    struct column_spec alone[] = {{"a", make_between, NULL}, {"b", make_random, &thousand}};
    struct table_spec t1 = table_of("t", 100, asking, 2), t2 = table_of("t", 100, alone, 2);
    struct scratch scratch = {0};
    for (int64_t row = 1; row <= 100; row++) {
        struct value one, other;
        assert_int_equal(table_cell(&t1, 0, row, &scratch, 0, &one), MAKE_OK);
        assert_int_equal(table_cell(&t2, 0, row, &scratch, 0, &other), MAKE_OK);
        assert_int_equal(one.integer, other.integer);
    }
}

static bool same(const struct value *a, const struct value *b)
{
    if (a->type != b->type)
        return false;
    if (a->type == VALUE_TEXT)
        return a->text.len == b->text.len && memcmp(a->text.data, b->text.data, a->text.len) == 0;
    return a->integer == b->integer;
}

/* t.c[n] from anywhere is what the row itself has, with more columns than a nested row remembers. */
static void a_cell_alone_equals_the_row(void **state)
{
    (void)state;
    enum {
        COLUMNS = 150
    };
    struct column_spec columns[COLUMNS];
    size_t other[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++) {
        other[i] = i - i % 3; /* the words of its group of three */
        columns[i] = i % 3 == 0   ? (struct column_spec){"w", make_words, NULL}
                     : i % 3 == 1 ? (struct column_spec){"r", make_random, &thousand}
                                  : (struct column_spec){"s", make_same, &other[i]};
    }
    struct table_spec table = table_of("wide", 20, columns, COLUMNS);
    struct row_maker *maker;
    struct scratch scratch;
    assert_true(row_maker_new(&table, &maker, NULL) && scratch_init(&scratch, 65536));
    for (int64_t row = 20; row >= 1; row--) {
        const struct value *cells;
        size_t bad_column;
        assert_int_equal(row_maker_row(maker, row, &cells, &bad_column), MAKE_OK);
        scratch.used = 0;
        for (size_t i = 0; i < COLUMNS; i++) {
            struct value cell;
            assert_int_equal(table_cell(&table, i, row, &scratch, 0, &cell), MAKE_OK);
            assert_true(same(&cell, &cells[i]));
        }
    }
    row_maker_free(maker);
    scratch_deinit(&scratch);
}

static void rows_outside_are_refused(void **state)
{
    (void)state;
    struct column_spec columns[] = {{"id", make_row, NULL}};
    struct table_spec table = table_of("t", 10, columns, 1);
    struct scratch scratch = {0};
    struct value out;
    assert_int_equal(table_cell(&table, 0, 0, &scratch, 0, &out), MAKE_BAD_ARGUMENT);
    assert_int_equal(table_cell(&table, 0, 11, &scratch, 0, &out), MAKE_BAD_ARGUMENT);
    assert_int_equal(table_cell(&table, 0, INT64_MIN, &scratch, 0, &out), MAKE_BAD_ARGUMENT);
    assert_int_equal(table_cell(&table, 0, 10, &scratch, 0, &out), MAKE_OK);
}

/* c = t.c[row - 1] would ask for all rows before it. */
static void endless_nesting_ends(void **state)
{
    (void)state;
    struct lookup lookup = {.column = 0, .offset = -1};
    struct column_spec columns[] = {{"c", make_lookup, &lookup}};
    struct table_spec table = table_of("t", 1000, columns, 1);
    lookup.table = &table;
    struct scratch scratch = {0};
    struct value out;
    assert_int_equal(table_cell(&table, 0, 1000, &scratch, 0, &out), MAKE_TOO_DEEP);
    assert_int_equal(table_cell(&table, 0, 5, &scratch, 0, &out), MAKE_BAD_ARGUMENT); /* row 0 */
}

static enum make_status make_failing(const void *program, struct row_scope *scope, struct value *out)
{
    (void)program, (void)out;
    return scope->row == 3 ? MAKE_DIVISION_BY_ZERO : MAKE_OK;
}

static void a_failure_names_its_column(void **state)
{
    (void)state;
    struct column_spec columns[] = {{"id", make_row, NULL}, {"bad", make_failing, NULL}};
    struct table_spec table = table_of("t", 5, columns, 2);
    struct row_maker *maker;
    const struct value *cells;
    size_t bad_column = 99;
    assert_true(row_maker_new(&table, &maker, NULL));
    assert_int_equal(row_maker_row(maker, 3, &cells, &bad_column), MAKE_DIVISION_BY_ZERO);
    assert_int_equal(bad_column, 1);
    assert_string_equal(make_status_text(MAKE_DIVISION_BY_ZERO), "division by zero");
    row_maker_free(maker);
}

static void a_source_is_looked_up(void **state)
{
    (void)state;
    struct value cells[] = {{.type = VALUE_TEXT, .text = {"a1", 2}},
                            {.type = VALUE_TEXT, .text = {"b1", 2}},
                            {.type = VALUE_TEXT, .text = {"a2", 2}},
                            {.type = VALUE_TEXT, .text = {"b2", 2}}};
    struct csv_source source = {.n_columns = 2, .rows = 2, .cells = cells};
    struct column_spec columns[] = {{.name = "a"}, {.name = "b"}};
    struct table_spec table = table_of("s", 2, columns, 2);
    table.source = &source;
    struct value out;
    assert_int_equal(table_cell(&table, 1, 2, NULL, 0, &out), MAKE_OK);
    assert_memory_equal(out.text.data, "b2", 2);
    struct row_maker *maker;
    const struct value *row;
    size_t bad_column;
    assert_true(row_maker_new(&table, &maker, NULL));
    assert_int_equal(row_maker_row(maker, 2, &row, &bad_column), MAKE_OK);
    assert_memory_equal(row[0].text.data, "a2", 2);
    row_maker_free(maker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_column_is_made_once_a_row), cmocka_unit_test(asking_for_a_column_leaves_the_stream_alone),
        cmocka_unit_test(a_cell_alone_equals_the_row), cmocka_unit_test(rows_outside_are_refused),
        cmocka_unit_test(endless_nesting_ends),        cmocka_unit_test(a_failure_names_its_column),
        cmocka_unit_test(a_source_is_looked_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

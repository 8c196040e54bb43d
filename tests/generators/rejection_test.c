#include <stdbool.h>

#include "generators/rejection.h"
#include "tables.h"
#include "unit.h"

static void lines_become_rows(void **state)
{
    (void)state;
    struct sent_rows sent = {0};
    assert_true(sent_rows_add(&sent, 1, 10));
    assert_true(sent_rows_add(&sent, 11, 20)); /* next to it: one range */
    assert_true(sent_rows_add(&sent, 101, 110));
    assert_true(sent_rows_add(&sent, 51, 60));
    assert_int_equal(sent.count, 3);
    assert_int_equal(sent_rows_find(&sent, 1), 1);
    assert_int_equal(sent_rows_find(&sent, 20), 20);
    assert_int_equal(sent_rows_find(&sent, 21), 101);
    assert_int_equal(sent_rows_find(&sent, 30), 110);
    assert_int_equal(sent_rows_find(&sent, 31), 51);
    assert_int_equal(sent_rows_find(&sent, 40), 60);
    assert_int_equal(sent_rows_find(&sent, 41), 0);
    assert_int_equal(sent_rows_find(&sent, 0), 0);
    sent_rows_deinit(&sent);
}

static void contexts_are_read_in_any_language(void **state)
{
    (void)state;
    struct column_spec columns[] = {{.name = "id"}, {.name = "due date"}, {.name = "c3"}};
    struct table_spec table = table_of("t2 x", 10, columns, 3);
    static const struct {
        const char *context;
        int64_t line;
        size_t column;
    } rows[] = {
        {"COPY t2 x, line 5, column due date: \"x\"", 5, 1},
        {"COPY t2 x, line 12, column c3: null input", 12, 2},
        {"COPY t2 x, line 7: \"1\tx\t2\"", 7, 3},
        {"COPY t2 x, line 7", 7, 3},
        {"COPY t2 x, Zeile 8, Spalte id: \xc2\xbb"
         "9\xc2\xab",
         8, 0},
        {"COPY t2 x, \xe8\xa1\x8c 9, \xe5\x88\x97 id: \"9\"", 9, 0},
        {"PL/pgSQL function f() line 3 at RAISE\nCOPY t2 x, line 4: \"1\"", 4, 3},
        {"COPY t2 x", 0, 3},
        {"SQL statement \"SELECT 1\"", 0, 3},
        {NULL, 0, 3},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct copy_place place = rejection_place(rows[i].context, &table);
        assert_int_equal(place.line, rows[i].line);
        assert_int_equal(place.column, rows[i].column);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_become_rows),
        cmocka_unit_test(contexts_are_read_in_any_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generators/copy.h"
#include "generators/rng.h"
#include "unit.h"

static struct value text(const char *s)
{
    return (struct value){.type = VALUE_TEXT, .text = {s, strlen(s)}};
}

static void check(const struct value *cells, size_t n, const char *expected)
{
    struct str out = {0};
    assert_true(copy_row(&out, cells, n));
    assert_string_equal(str_text(&out), expected);
    assert_int_equal(out.len, strlen(expected));
    str_deinit(&out);
}

static void types_are_written(void **state)
{
    (void)state;
    const struct value cells[] = {
        {.type = VALUE_INT, .integer = -7},
        {.type = VALUE_NULL},
        {.type = VALUE_BOOL, .boolean = true},
        {.type = VALUE_DOUBLE, .real = 0.5},
        text("plain"),
        {.type = VALUE_TIMESTAMP, .integer = 0},
        {.type = VALUE_DATE, .integer = 0},
        text(""),
    };
    check(cells, 8, "-7\t\\N\ttrue\t0.5\tplain\t2000-01-01 00:00:00+00\t2000-01-01\t\n");
}

static void text_is_escaped(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"a\tb", "a\\tb\n"}, {"a\nb", "a\\nb\n"}, {"a\rb", "a\\rb\n"}, {"a\\b", "a\\\\b\n"},
        {"\\N", "\\\\N\n"},  {"\\.", "\\\\.\n"},  {"\b\f", "\b\f\n"},  {"caf\xc3\xa9", "caf\xc3\xa9\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct value cell = text(rows[i][0]);
        check(&cell, 1, rows[i][1]);
    }
}

/* The plainest encoder that can be written. */
static void expect(struct str *out, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        size_t special = strcspn("\\\t\n\r", (const char[]){data[i], '\0'}); /* 4: none of them */
        if (special < 4)
            str_append_char(out, '\\');
        str_append_char(out, special < 4 ? "\\tnr"[special] : data[i]);
    }
    str_append_char(out, '\n');
}

/* Random bytes of all kinds at all lengths and offsets, beside it. */
static void the_fast_path_changes_nothing(void **state)
{
    (void)state;
    struct rng rng = {.key = 1};
    struct str out = {0}, expected = {0};
    for (int i = 0; i < 20000; i++) {
        char data[64];
        size_t len = rng_next(&rng) % sizeof data;
        uint64_t kind = rng_next(&rng) % 3;
        for (size_t k = 0; k < len; k++) {
            unsigned char any = (unsigned char)(rng_next(&rng) % 255 + 1);
            data[k] = (char)(kind == 0 ? any : kind == 1 ? 'a' + any % 26 : (any % 9 ? 'x' : "\\\t\n\r"[any / 9 % 4]));
        }
        struct value cell = {.type = VALUE_TEXT, .text = {data, len}};
        str_clear(&out);
        str_clear(&expected);
        assert_true(copy_row(&out, &cell, 1));
        expect(&expected, data, len);
        assert_int_equal(out.len, expected.len);
        assert_memory_equal(out.data, expected.data, out.len);
    }
    str_deinit(&out);
    str_deinit(&expected);
}

static void a_nul_is_refused(void **state)
{
    (void)state;
    struct str out = {0};
    struct value good = text("good"), bad = {.type = VALUE_TEXT, .text = {"abcdefgh\0ijklmnop", 17}};
    assert_true(copy_row(&out, &good, 1));
    assert_false(copy_row(&out, &bad, 1));
    assert_false(out.failed);
    assert_string_equal(str_text(&out), "good\n");
    str_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_written),
        cmocka_unit_test(text_is_escaped),
        cmocka_unit_test(the_fast_path_changes_nothing),
        cmocka_unit_test(a_nul_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "generators/rng.h"
#include "generators/value.h"
#include "unit.h"

#define US INT64_C(1000000)

static const char *written(struct value value)
{
    static char text[VALUE_TEXT_MAX + 1];
    char buf[VALUE_TEXT_MAX];
    const char *data;
    size_t len = value_text(&value, buf, &data);
    assert_true(len <= VALUE_TEXT_MAX);
    memcpy(text, data, len);
    text[len] = '\0';
    return text;
}

static struct value integer(int64_t n)
{
    return (struct value){.type = VALUE_INT, .integer = n};
}

static struct value real(double x)
{
    return (struct value){.type = VALUE_DOUBLE, .real = x};
}

static struct value timestamp(int64_t us)
{
    return (struct value){.type = VALUE_TIMESTAMP, .integer = us};
}

static struct value date(int64_t days)
{
    return (struct value){.type = VALUE_DATE, .integer = days};
}

static void integers_are_as_printf_has_them(void **state)
{
    (void)state;
    struct rng rng = {.key = 1};
    char expected[32];
    for (int i = 0; i < 20000; i++) {
        int64_t n = (int64_t)rng_next(&rng) >> (rng_next(&rng) % 64);
        snprintf(expected, sizeof expected, "%ld", n);
        assert_string_equal(written(integer(n)), expected);
    }
    assert_string_equal(written(integer(INT64_MIN)), "-9223372036854775808");
    assert_string_equal(written(integer(INT64_MAX)), "9223372036854775807");
    assert_string_equal(written(integer(0)), "0");
    assert_string_equal(written(integer(100)), "100");
}

static void doubles_are_short_and_read_back(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0.1, "0.1"},    {12.34, "12.34"},       {1.0 / 3, "0.3333333333333333"},   {100, "100"},
        {-2.5, "-2.5"},  {1e300, "1e+300"},      {5e-324, "4.94065645841247e-324"}, {-0.0, "-0"},
        {NAN, "NaN"},    {INFINITY, "Infinity"}, {-INFINITY, "-Infinity"},          {0.1 + 0.2, "0.30000000000000004"},
        {1e15, "1e+15"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        assert_string_equal(written(real(rows[i].value)), rows[i].text);
    struct rng rng = {.key = 2};
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = rng_next(&rng);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            assert_true(strtod(written(real(value)), NULL) == value);
    }
}

static void doubles_ignore_the_locale(void **state)
{
    (void)state;
    static const char *const with_comma[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
    bool found = false;
    for (size_t i = 0; i < sizeof(with_comma) / sizeof(*with_comma) && !found; i++)
        found = setlocale(LC_NUMERIC, with_comma[i]) != NULL;
    if (!found)
        skip(); /* no such locale on this machine */
    const char *text = written(real(1234.5));
    setlocale(LC_NUMERIC, "C");
    assert_string_equal(text, "1234.5");
}

static void timestamps_are_written(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        const char *text;
    } rows[] = {
        {0, "2000-01-01 00:00:00+00"},
        {-1, "1999-12-31 23:59:59.999999+00"},
        {789000, "2000-01-01 00:00:00.789+00"},
        {59 * 86400 * US, "2000-02-29 00:00:00+00"},
        {-INT64_C(946684800) * US, "1970-01-01 00:00:00+00"},
        {-INT64_C(730119) * 86400 * US, "0001-01-01 00:00:00+00"},
        {-INT64_C(730120) * 86400 * US, "0001-12-31 00:00:00+00 BC"},
        {INT64_C(9223371331199999999), "294276-12-31 23:59:59.999999+00"},
        {INT64_MAX, "infinity"},
        {INT64_MIN, "-infinity"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        assert_string_equal(written(timestamp(rows[i].us)), rows[i].text);
    assert_string_equal(written(date(-1)), "1999-12-31");
    assert_string_equal(written(date(8826)), "2024-03-01");
    assert_string_equal(written(date(INT32_MAX)), "infinity");
}

/* Every day of 600 years, beside the C library's calendar. */
static void the_calendar_agrees_with_the_c_library(void **state)
{
    (void)state;
    for (int64_t days = -146097; days < 73049; days++) {
        time_t unix_time = (time_t)((days + 10957) * 86400);
        struct tm tm;
        char expected[32];
        gmtime_r(&unix_time, &tm);
        strftime(expected, sizeof expected, "%Y-%m-%d", &tm);
        const char *text = written(date(days));
        if (strcmp(text, expected) != 0)
            fail_msg("day %ld is %s, expected %s", days, text, expected);
        int64_t us;
        assert_true(value_parse_timestamp(text, strlen(text), &us));
        assert_int_equal(us, days * 86400 * US);
    }
}

static void timestamps_are_read_back(void **state)
{
    (void)state;
    struct rng rng = {.key = 3};
    for (int i = 0; i < 20000; i++) {
        int64_t us = (int64_t)(rng_next(&rng) % (UINT64_C(7000) * 365 * 86400 * US)) - 1900 * INT64_C(365) * 86400 * US;
        const char *text = written(timestamp(us));
        int64_t back;
        assert_true(value_parse_timestamp(text, strlen(text), &back));
        assert_int_equal(back, us);
    }
}

static void other_forms_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
    } rows[] = {
        {"2000-01-01", 0},
        {"2000-01-01 00:01", 60 * US},
        {"2000-01-01T00:00:01Z", US},
        {"2000-01-01 02:00:00+02", 0},
        {"2000-01-01 00:00:00.5-05:30", 5 * 3600 * US + 30 * 60 * US + US / 2},
        {"1999-12-31 23:59:59.000001", -US + 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        int64_t us = 77;
        assert_true(value_parse_timestamp(rows[i].text, strlen(rows[i].text), &us));
        assert_int_equal(us, rows[i].us);
    }
}

static void bad_timestamps_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "2024",
        "2024-13-01",
        "2024-00-10",
        "2023-02-29",
        "1900-02-29",
        "2024-04-31",
        "2024-1-1",
        "24-01-01",
        "2024-01-01 ",
        "2024-01-01 24:00:00",
        "2024-01-01 12:60:00",
        "2024-01-01 12:00:60",
        "2024-01-01 12:00:00.",
        "2024-01-01 12:00:00.1234567",
        "2024-01-01 12:00:00+",
        "2024-01-01 12:00:00 x",
        "2024-01-01x",
        "0000-01-01",
        " 2024-01-01",
        "2024/01/01",
        "2024-01-01 12:00:00+99",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        int64_t us = 77;
        if (value_parse_timestamp(rows[i], strlen(rows[i]), &us))
            fail_msg("\"%s\" was read", rows[i]);
        assert_int_equal(us, 77);
    }
    int64_t us;
    assert_true(value_parse_timestamp("2024-01-01xx", 10, &us)); /* the length counts, not a NUL */
}

static void the_rest_is_plain(void **state)
{
    (void)state;
    assert_string_equal(written((struct value){.type = VALUE_BOOL, .boolean = true}), "true");
    assert_string_equal(written((struct value){.type = VALUE_BOOL, .boolean = false}), "false");
    assert_string_equal(written((struct value){.type = VALUE_TEXT, .text = {"a\tb", 3}}), "a\tb");
    assert_string_equal(value_type_name(VALUE_INT), "integer");
    assert_string_equal(value_type_name(VALUE_DATE), "date");
}

static void a_scratch_says_when_it_is_full(void **state)
{
    (void)state;
    struct scratch scratch;
    assert_true(scratch_init(&scratch, 10));
    assert_non_null(scratch_take(&scratch, 7));
    assert_null(scratch_take(&scratch, 4));
    assert_non_null(scratch_take(&scratch, 3));
    assert_null(scratch_take(&scratch, 1));
    scratch_deinit(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_as_printf_has_them),
        cmocka_unit_test(doubles_are_short_and_read_back),
        cmocka_unit_test(doubles_ignore_the_locale),
        cmocka_unit_test(timestamps_are_written),
        cmocka_unit_test(the_calendar_agrees_with_the_c_library),
        cmocka_unit_test(timestamps_are_read_back),
        cmocka_unit_test(other_forms_are_read),
        cmocka_unit_test(bad_timestamps_are_refused),
        cmocka_unit_test(the_rest_is_plain),
        cmocka_unit_test(a_scratch_says_when_it_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

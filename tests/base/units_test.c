#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "unit.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void durations_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ns;
    } rows[] = {
        {"250ms", 250 * NS_PER_MS},   {"8s", 8 * NS_PER_S},
        {"5m", 300 * NS_PER_S},       {"1h", 3600 * NS_PER_S},
        {"100us", 100 * NS_PER_US},   {"100µs", 100 * NS_PER_US},
        {"7", 7 * NS_PER_S},          {"0", 0},
        {"1.5s", 1500 * NS_PER_MS},   {"0.25", 250 * NS_PER_MS},
        {"3.2 ms", 3200 * NS_PER_US}, {"2min", 120 * NS_PER_S},
        {"1d", 86400 * NS_PER_S},     {"12ns", 12},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t ns = -7;
        assert_true(units_parse_duration(rows[i].text, NS_PER_S, false, &ns));
        assert_int_equal(ns, rows[i].ns);
    }
    int64_t ns = 0;
    assert_true(units_parse_duration("never", NS_PER_S, true, &ns));
    assert_int_equal(ns, -1);
}

static void bad_durations_leave_the_value_alone(void **state)
{
    (void)state;
    static const char *const rows[] = {"",      "never",
                                       "-1s",   "+1s",
                                       "s",     " 1s",
                                       "1s ",   "1 ",
                                       "1x",    "1e3s",
                                       "0x10",  "1..2",
                                       "1,5s",  "inf",
                                       "nan",   "1  ms",
                                       "1m30s", "9999999999999h",
                                       ".5s",   "99999999999999999999999999999999999999999999999999"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t ns = -7;
        assert_false(units_parse_duration(rows[i], NS_PER_S, false, &ns));
        assert_int_equal(ns, -7);
    }
}

static void memory_is_read_as_in_postgresql_conf(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t bytes;
    } rows[] = {{"0", 0},     {"64MB", 67108864}, {"64 mb", 67108864}, {"1.5kB", 1536},
                {"100", 100}, {"3B", 3},          {"2GB", 2147483648}, {"1TB", INT64_C(1) << 40}};
    static const char *const bad[] = {"", "MB", "-1MB", "64MiB", "1e3", "64 MB ", "9999999999TB", "64M"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t bytes = -7;
        assert_true(units_parse_bytes(rows[i].text, &bytes));
        assert_int_equal(bytes, rows[i].bytes);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t bytes = -7;
        assert_false(units_parse_bytes(bad[i], &bytes));
        assert_int_equal(bytes, -7);
    }
}

static void integers_are_read(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "1e6",
                                      "12_000",
                                      "1.0",
                                      " 7",
                                      "7 ",
                                      "0x1",
                                      "--1",
                                      "+",
                                      "-",
                                      "1,000",
                                      "9223372036854775808",
                                      "-9223372036854775809"};
    int64_t value;
    assert_true(units_parse_int("100", &value) && value == 100);
    assert_true(units_parse_int("-3", &value) && value == -3);
    assert_true(units_parse_int("+3", &value) && value == 3);
    assert_true(units_parse_int("9223372036854775807", &value) && value == INT64_MAX);
    assert_true(units_parse_int("-9223372036854775808", &value) && value == INT64_MIN);
    for (size_t i = 0; i < COUNT(bad); i++) {
        value = 42;
        assert_false(units_parse_int(bad[i], &value));
        assert_int_equal(value, 42);
    }
}

static void doubles_are_read(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "inf", "nan", "1e999", "0x1p3", " 1", "1 ", "1,5", "e5", "1.2.3", "1-2"};
    double value;
    assert_true(units_parse_double("0.8", &value) && value == 0.8);
    assert_true(units_parse_double("1e6", &value) && value == 1e6);
    assert_true(units_parse_double("-.5", &value) && value == -0.5);
    for (size_t i = 0; i < COUNT(bad); i++) {
        value = 42;
        assert_false(units_parse_double(bad[i], &value));
        assert_true(value == 42);
    }
}

typedef char *format_fn(char *buf, size_t size, double value);

struct format_row {
    format_fn *format;
    double value;
    const char *text;
};

static char *format_count0(char *buf, size_t size, double value)
{
    return units_format_count(buf, size, value, 0);
}

static char *format_count1(char *buf, size_t size, double value)
{
    return units_format_count(buf, size, value, 1);
}

static char *format_elapsed_s(char *buf, size_t size, double value)
{
    return units_format_elapsed(buf, size, (int64_t)(value * 1e9));
}

static const struct format_row formats[] = {
    {units_format_ns, 0, "0 ns"},
    {units_format_ns, 870, "870 ns"},
    {units_format_ns, 41800, "41.8 µs"},
    {units_format_ns, 2.3e6, "2.30 ms"},
    {units_format_ns, 1.25e9, "1.25 s"},
    {units_format_ns, 999.6, "1.00 µs"},
    {units_format_ns, 9.996e6, "10.0 ms"},
    {units_format_ns, 99.96e6, "100 ms"},
    {units_format_ns, 999.7e6, "1.00 s"},
    {units_format_ns, 1234e9, "1234 s"},
    {units_format_ns, -2.3e6, "-2.30 ms"},
    {units_format_ns, NAN, "n/a"},
    {units_format_bytes, 0, "0 B"},
    {units_format_bytes, 5, "5 B"},
    {units_format_bytes, 512, "512 B"},
    {units_format_bytes, 704e3, "704 kB"},
    {units_format_bytes, 999.9e3, "1.00 MB"},
    {units_format_bytes, 1.25e9, "1.25 GB"},
    {units_format_bytes, 3e18, "3000 PB"},
    {format_count0, 0, "0"},
    {format_count0, 999, "999"},
    {format_count0, 999.5, "1,000"},
    {format_count0, 31988, "31,988"},
    {format_count0, -1234567, "-1,234,567"},
    {format_count0, -0.2, "0"},
    {format_count1, 3204.5, "3,204.5"},
    {format_count1, INFINITY, "n/a"},
    {format_elapsed_s, 0, "0.0 s"},
    {format_elapsed_s, 8.4, "8.4 s"},
    {format_elapsed_s, 59.96, "1 min 00 s"},
    {format_elapsed_s, 261, "4 min 21 s"},
    {format_elapsed_s, 3599.6, "1 h 00 min"},
    {format_elapsed_s, 7380, "2 h 03 min"},
    {units_format_number, 0, "0"},
    {units_format_number, -0.0, "0"},
    {units_format_number, 42, "42"},
    {units_format_number, 1234567, "1234567"},
    {units_format_number, 3.2, "3.2"},
    {units_format_number, -0.1, "-0.1"},
    {units_format_number, 1.0 / 3, "0.3333333"},
    {units_format_number, 1795000000.25, "1795000000.25"},
    {units_format_number, 999999.9999, "1000000"},
    {units_format_number, 2.5e-7, "2.5e-07"},
    {units_format_number, 1e18, "1e+18"},
    {units_format_number, NAN, ""},
};

static void quantities_are_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(formats); i++) {
        char buf[64];
        assert_ptr_equal(formats[i].format(buf, sizeof buf, formats[i].value), buf);
        assert_string_equal(buf, formats[i].text);
    }
}

static void a_small_buffer_is_not_overrun(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(formats); i++) {
        for (size_t size = 1; size < 8; size++) {
            char buf[9];
            memset(buf, '#', sizeof buf);
            formats[i].format(buf, size, formats[i].value);
            assert_true(strlen(buf) < size);
            assert_int_equal(buf[size], '#');
        }
    }
}

static void a_comma_locale_changes_nothing(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "ru_RU.UTF-8"};
    bool found = false;
    for (size_t i = 0; i < COUNT(names) && !found; i++)
        found = setlocale(LC_NUMERIC, names[i]) != NULL;
    if (!found)
        skip();
    quantities_are_written(state);
    doubles_are_read(state);
    durations_are_read(state);
    setlocale(LC_NUMERIC, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read),
        cmocka_unit_test(bad_durations_leave_the_value_alone),
        cmocka_unit_test(memory_is_read_as_in_postgresql_conf),
        cmocka_unit_test(integers_are_read),
        cmocka_unit_test(doubles_are_read),
        cmocka_unit_test(quantities_are_written),
        cmocka_unit_test(a_small_buffer_is_not_overrun),
        cmocka_unit_test(a_comma_locale_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

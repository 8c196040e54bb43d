#include <string.h>

#include "generators/interval.h"
#include "generators/value.h"
#include "unit.h"

static struct interval parsed(const char *text)
{
    struct interval interval;
    if (!interval_parse(text, strlen(text), &interval))
        fail_msg("not read: %s", text);
    return interval;
}

static void check(const char *text, int months, int days, int64_t us)
{
    struct interval x = parsed(text);
    if (x.months != months || x.days != days || x.us != us)
        fail_msg("%s: %d months %d days %lld us", text, x.months, x.days, (long long)x.us);
}

static void postgresqls_spellings_are_read(void **state)
{
    (void)state;
    const int64_t second = 1000000, hour = 3600 * second;
    check("3 days", 0, 3, 0);
    check("2 hours 30 minutes", 0, 0, 2 * hour + 1800 * second);
    check(" 1 year 2 mons -3 d ", 14, -3, 0);
    check("1.5 weeks", 0, 10, 12 * hour);
    check("0.5 months", 0, 15, 0);
    check("1.5 years", 18, 0, 0);
    check("04:30", 0, 0, 4 * hour + 1800 * second);
    check("-04:30:00.25", 0, 0, -(4 * hour + 1800 * second + second / 4));
    check("1 day 00:00:01", 0, 1, second);
    check("3 days 2 HOURS ago", 0, -3, -2 * hour);
    check("7ms 5us", 0, 0, 7005);
    check(".5s", 0, 0, second / 2);
    check("1.000001 second", 0, 0, second + 1);
}

static void fractions_are_rounded_as_by_postgresql(void **state)
{
    (void)state;
    check("12.875 years", 154, 0, 0); /* ten and a half months, to even */
    check("0.625 years", 8, 0, 0);
    check("0.0000015 s", 0, 0, 1); /* half a microsecond is dropped */
    check("-0.0000035 s", 0, 0, -3);
    check("0.0000017 s", 0, 0, 2);
    check("0.0015 ms", 0, 0, 1);
    check("00:00:00.0000015", 0, 0, 2); /* but to even behind colons */
}

static void what_is_no_interval_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "3",
                                        "days",
                                        "3 dayz",
                                        "3 days and",
                                        "3 days 4",
                                        "1:2:3:4",
                                        "12:60",
                                        "2024-01-31",
                                        "--3 days",
                                        "ago",
                                        "1e3 days",
                                        ". days",
                                        "999999999 years",
                                        "10000000000000000 s",
                                        "3000000000 days",
                                        "3 daysssssssssssssssssssss"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct interval x = {1, 2, 3};
        if (interval_parse(texts[i], strlen(texts[i]), &x))
            fail_msg("read: %s", texts[i]);
        assert_int_equal(x.us, 3);
    }
}

static int64_t moment(const char *text)
{
    int64_t us;
    assert_true(value_parse_timestamp(text, strlen(text), &us));
    return us;
}

static void check_moved(const char *from, const char *by, int sign, const char *to)
{
    int64_t us = moment(from);
    assert_true(interval_move(&us, parsed(by), sign));
    char buf[VALUE_TEXT_MAX];
    const char *data;
    struct value value = {.type = VALUE_TIMESTAMP, .integer = us};
    size_t len = value_text(&value, buf, &data);
    if (us != moment(to))
        fail_msg("%s moved by %s is %.*s, not %s", from, by, (int)len, data, to);
}

static void a_day_that_the_month_has_not_is_its_last(void **state)
{
    (void)state;
    check_moved("2024-01-31", "1 month", 1, "2024-02-29");
    check_moved("2023-01-31", "1 month", 1, "2023-02-28");
    check_moved("2024-03-31", "1 month", -1, "2024-02-29");
    check_moved("2024-02-29", "1 year", 1, "2025-02-28");
    check_moved("2024-01-31", "13 months 1 day", 1, "2025-03-01");
    check_moved("2024-12-15 12:00:00", "1 month 12 hours", 1, "2025-01-16");
    check_moved("2024-01-15", "1 month", -1, "2023-12-15");
    check_moved("1999-12-31 23:59:59", "1 second", 1, "2000-01-01");
    check_moved("2024-05-06 07:08:09.5", "3 days 00:00:00.5", -1, "2024-05-03 07:08:09");
}

static void nothing_moves_beyond_postgresqls_years(void **state)
{
    (void)state;
    int64_t us = moment("9999-12-31");
    struct interval ages = {.months = 2147483647};
    int64_t before = us;
    assert_false(interval_move(&us, ages, 1));
    assert_false(interval_move(&us, ages, -1));
    assert_false(interval_move(&us, (struct interval){.us = INT64_MAX}, 1));
    assert_int_equal(us, before);
    us = INT64_MAX;
    assert_true(interval_move(&us, ages, 1));
    assert_int_equal(us, INT64_MAX);
    us = INT64_MIN;
    assert_true(interval_move(&us, ages, 1));
    assert_int_equal(us, INT64_MIN);
}

static void check_written(struct interval x, const char *expected)
{
    char buf[VALUE_TEXT_MAX];
    *interval_put(buf, x) = '\0';
    assert_string_equal(buf, expected);
}

static void texts_are_postgresqls(void **state)
{
    (void)state;
    check_written((struct interval){0}, "00:00:00");
    check_written((struct interval){14, 3, 14706500000}, "1 year 2 mons 3 days 04:05:06.5");
    check_written((struct interval){-1, 1, 1}, "-1 mons +1 day 00:00:00.000001");
    check_written((struct interval){-1, 0, 60000000}, "-1 mons +00:01:00");
    check_written((struct interval){0, -2, -1000000}, "-2 days -00:00:01");
    check_written((struct interval){1, 0, 0}, "1 mon");
    check_written((struct interval){INT32_MIN, INT32_MIN, INT64_MIN},
                  "-178956970 years -8 mons -2147483648 days -2562047788:00:54.775808");
}

static void sums_are_parts_by_themselves(void **state)
{
    (void)state;
    struct interval sum;
    assert_true(interval_add((struct interval){1, 2, 3}, (struct interval){10, 20, 30}, -1, &sum));
    assert_true(sum.months == -9 && sum.days == -18 && sum.us == -27);
    assert_false(interval_add((struct interval){INT32_MAX, 0, 0}, (struct interval){1, 0, 0}, 1, &sum));
    assert_true(interval_between(moment("2024-03-01 06:00:00"), moment("2024-02-28 12:00:00"), &sum));
    assert_true(sum.months == 0 && sum.days == 1 && sum.us == INT64_C(64800000000));
    assert_true(interval_compare(parsed("1 month"), parsed("30 days")) == 0);
    assert_true(interval_compare(parsed("1 month"), parsed("31 days")) < 0);
    assert_true(interval_compare(parsed("25 hours"), parsed("1 day")) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(postgresqls_spellings_are_read),
        cmocka_unit_test(fractions_are_rounded_as_by_postgresql),
        cmocka_unit_test(what_is_no_interval_is_refused),
        cmocka_unit_test(a_day_that_the_month_has_not_is_its_last),
        cmocka_unit_test(nothing_moves_beyond_postgresqls_years),
        cmocka_unit_test(texts_are_postgresqls),
        cmocka_unit_test(sums_are_parts_by_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <math.h>
#include <string.h>

#include "generators/numeric.h"
#include "unit.h"

static const char *text(struct numeric x)
{
    static char buf[32];
    *numeric_put(buf, x) = '\0';
    return buf;
}

static struct numeric parsed(const char *from)
{
    struct numeric x;
    if (!numeric_parse(from, strlen(from), &x))
        fail_msg("not read: %s", from);
    return x;
}

static void texts_keep_their_digits(void **state)
{
    (void)state;
    static const char *const texts[] = {"0",      "-0.01", "123.40", "-9223372036854775808", "9.223372036854775807",
                                        "0.0000", "1",     "-7.5",   "0.000000000000000001"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_string_equal(text(parsed(texts[i])), texts[i]);
    assert_string_equal(text(parsed("+.5")), "0.5");
    assert_string_equal(text(parsed("3.")), "3");
}

static void what_is_no_number_or_too_long_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "-", ".", "1e3", "1.2.3", "0x10", " 1", "9223372036854775808", "0.0000000000000000001"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct numeric x = {5, 5};
        assert_false(numeric_parse(texts[i], strlen(texts[i]), &x));
        assert_int_equal(x.units, 5);
    }
}

static void check_double(double x, int scale, const char *expected)
{
    struct numeric out;
    assert_true(numeric_from_double(x, scale, &out));
    assert_string_equal(text(out), expected);
}

/* What `x::float8::numeric(30, scale)` says on a server; 1.005 is a little less as a double. */
static void doubles_round_as_in_postgresql(void **state)
{
    (void)state;
    check_double(1.005, 2, "1.01");
    check_double(-1.005, 2, "-1.01");
    check_double(0.1 + 0.2, 17, "0.30000000000000000");
    check_double(2.5, 0, "3");
    check_double(-2.5, 0, "-3");
    check_double(0.49999999999999994, 0, "1");
    check_double(1e-20, 18, "0.000000000000000000");
    check_double(1e-300, 2, "0.00");
    check_double(123456789012345678.0, 0, "123456789012346000");
    check_double(12.34, 2, "12.34");
    check_double(4.35, 1, "4.4");
    struct numeric out;
    assert_false(numeric_from_double(1e19, 0, &out) || numeric_from_double(1e17, 3, &out) ||
                 numeric_from_double(NAN, 2, &out) || numeric_from_double(INFINITY, 2, &out));
}

static void calculations_are_exact(void **state)
{
    (void)state;
    struct numeric out;
    assert_true(numeric_add(parsed("0.1"), parsed("0.20"), &out));
    assert_string_equal(text(out), "0.30");
    assert_true(numeric_subtract(parsed("1"), parsed("0.001"), &out));
    assert_string_equal(text(out), "0.999");
    assert_true(numeric_multiply(parsed("-1.10"), parsed("1.1"), &out));
    assert_string_equal(text(out), "-1.210");
    assert_false(numeric_multiply(parsed("4000000000"), parsed("4000000000"), &out));
    assert_false(numeric_multiply(parsed("0.0000000001"), parsed("0.0000000001"), &out));
    assert_false(numeric_add(parsed("9223372036854775807"), parsed("1"), &out));
    assert_false(numeric_add(parsed("9223372036854775807"), parsed("0.1"), &out));
    assert_true(numeric_rescale(parsed("-0.125"), 2, &out));
    assert_string_equal(text(out), "-0.13");
    assert_true(numeric_rescale(parsed("0.124"), 2, &out));
    assert_string_equal(text(out), "0.12");
    assert_true(numeric_rescale(parsed("0.999999999999999999"), 0, &out));
    assert_string_equal(text(out), "1");
}

static void comparing_needs_no_common_scale(void **state)
{
    (void)state;
    assert_true(numeric_compare(parsed("1.50"), parsed("1.5")) == 0);
    assert_true(numeric_compare(parsed("9223372036854775807"), parsed("0.000000000000000001")) > 0);
    assert_true(numeric_compare(parsed("-9223372036854775808"), parsed("-9.2")) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_keep_their_digits),         cmocka_unit_test(what_is_no_number_or_too_long_is_refused),
        cmocka_unit_test(doubles_round_as_in_postgresql),  cmocka_unit_test(calculations_are_exact),
        cmocka_unit_test(comparing_needs_no_common_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

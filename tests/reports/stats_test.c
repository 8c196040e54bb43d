#include <math.h>

#include "reports/stats.h"
#include "stats_fixtures.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void assert_near(double got, double wanted, double tolerance, const char *what, int n)
{
    if (!(fabs(got - wanted) <= tolerance))
        fail_msg("%s at n = %d: %.17g instead of %.17g", what, n, got, wanted);
}

static void test_equals_r(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(fixtures); i++) {
        struct paired paired;
        assert_true(stats_paired(fixtures[i].d, fixtures[i].n, &paired));
        assert_true(paired.has_interval);
        assert_near(paired.estimate, fixtures[i].estimate, 1e-12, "estimate", fixtures[i].n);
        assert_near(paired.low, fixtures[i].low, 1e-12, "low", fixtures[i].n);
        assert_near(paired.high, fixtures[i].high, 1e-12, "high", fixtures[i].n);
        assert_near(paired.p, fixtures[i].p, 1e-9, "p", fixtures[i].n);
    }
}

static void test_few_pairs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(small); i++) {
        struct paired paired;
        assert_true(stats_paired(small[i].d, small[i].n, &paired));
        assert_false(paired.has_interval);
        assert_near(paired.p, small[i].p, 1e-9, "p", small[i].n);
    }
    struct paired none;
    assert_false(stats_paired(small[0].d, 0, &none));
}

static void test_interval_ranks(void **state)
{
    (void)state;
    for (int n = 1; n < (int)COUNT(ranks); n++)
        assert_int_equal(stats_interval_rank(n), ranks[n]);
    assert_int_equal(stats_interval_rank(0), 0);
    /* measurement.md §4 names these */
    assert_int_equal(stats_interval_rank(8), 4);
    assert_int_equal(stats_interval_rank(12), 14);
}

static void test_ties_and_zeros(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(tied); i++) {
        struct paired paired;
        assert_true(stats_paired(tied[i].d, tied[i].n, &paired));
        assert_near(paired.p, tied[i].p, 1e-12, "p with ties", tied[i].n);
        assert_true(paired.low <= paired.estimate && paired.estimate <= paired.high);
    }
}

static void test_adjusted(void **state)
{
    (void)state;
    double got[COUNT(unadjusted)];
    assert_true(stats_adjust_bh(unadjusted, COUNT(unadjusted), got));
    for (size_t i = 0; i < COUNT(adjusted); i++)
        assert_near(got[i], adjusted[i], 1e-15, "adjusted p", (int)i);
    assert_true(stats_adjust_bh(NULL, 0, NULL));
}

/* Swapping before and after turns the sign and nothing else. */
static void test_mirrored(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(fixtures); i++) {
        struct paired there, back;
        double mirrored[30];
        for (int k = 0; k < fixtures[i].n; k++)
            mirrored[k] = -fixtures[i].d[fixtures[i].n - 1 - k];
        assert_true(stats_paired(fixtures[i].d, fixtures[i].n, &there));
        assert_true(stats_paired(mirrored, fixtures[i].n, &back));
        assert_true(back.low == -there.high && back.high == -there.low);
        assert_near(back.p, there.p, 1e-15, "p", there.n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_r),       cmocka_unit_test(test_few_pairs), cmocka_unit_test(test_interval_ranks),
        cmocka_unit_test(test_ties_and_zeros), cmocka_unit_test(test_adjusted),  cmocka_unit_test(test_mirrored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

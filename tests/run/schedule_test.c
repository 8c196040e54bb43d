/* Arrivals: a pure function of seed, block and number, with the distribution that they claim. */
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "run/schedule.h"
#include "unit.h"

#define RATE   1000.0
#define SPAN_S 60

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct schedule_spec spec(enum arrivals arrivals, double rate_tps)
{
    return (struct schedule_spec){.rate_tps = rate_tps, .arrivals = arrivals, .seed = 42, .block = 3, .stream = 9};
}

static void test_constant_is_exact(void **state)
{
    (void)state;
    const double rates[] = {1, 3, 200, 999.5, 50000, 0.5};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct schedule_spec s = spec(ARRIVALS_CONSTANT, rates[i]);
        struct schedule schedule;
        schedule_init(&schedule, &s);
        assert_int_equal(schedule_offset(&schedule, 0), 0);
        assert_int_equal(schedule_count(&s, 20 * NS_PER_S), (int64_t)ceil(20 * rates[i]));
        int64_t last = schedule_offset(&schedule, 1000000);
        assert_true(llabs(last - (int64_t)(1e15 / rates[i])) <= 1 + (int64_t)(1e-3 / rates[i]));
    }
}

/* Threads take every second ticket, or one in a hundred: they see the same times. */
static void test_any_walk_sees_the_same_times(void **state)
{
    (void)state;
    struct schedule_spec s = spec(ARRIVALS_POISSON, RATE);
    struct schedule all, some;
    schedule_init(&all, &s);
    schedule_init(&some, &s);
    int64_t before = -1;
    for (int64_t k = 0; k < 20000; k++) {
        int64_t at = schedule_offset(&all, k);
        assert_true(at >= before);
        before = at;
        if (k % 97 == 5)
            assert_int_equal(schedule_offset(&some, k), at);
    }
    assert_int_equal(schedule_offset(&all, 19999), before); /* numbers may repeat */
}

/* Truth kit T9: the count lies within 3√(λT), and the gaps are exponential (Kolmogorov-Smirnov, p > 0.001). */
static void test_poisson_is_poisson(void **state)
{
    (void)state;
    struct schedule_spec s = spec(ARRIVALS_POISSON, RATE);
    int64_t n = schedule_count(&s, SPAN_S * NS_PER_S);
    assert_true(fabs((double)n - RATE * SPAN_S) < 3 * sqrt(RATE * SPAN_S));
    double *gaps = calloc((size_t)n, sizeof *gaps), worst = 0;
    struct schedule schedule;
    schedule_init(&schedule, &s);
    int64_t before = 0;
    for (int64_t k = 0; k < n; k++) {
        int64_t at = schedule_offset(&schedule, k);
        gaps[k] = (double)(at - before) / 1e9;
        before = at;
    }
    qsort(gaps, (size_t)n, sizeof *gaps, ascending);
    for (int64_t k = 0; k < n; k++) {
        double expected = 1 - exp(-RATE * gaps[k]);
        worst = fmax(worst, fmax(fabs(expected - (double)k / (double)n), fabs(expected - (double)(k + 1) / (double)n)));
    }
    assert_true(worst * sqrt((double)n) < 1.949); /* the Kolmogorov distribution's 99.9 % point */
    free(gaps);
}

/* A process that began anew at each second without memory of the last would show here: counts of seconds are Poisson.
 */
static void test_seconds_are_independent(void **state)
{
    (void)state;
    enum {
        SECONDS = 2000
    };
    struct schedule_spec s = spec(ARRIVALS_POISSON, 20);
    struct schedule schedule;
    int counts[SECONDS] = {0};
    double mean = 0, variance = 0, lagged = 0;
    schedule_init(&schedule, &s);
    for (int64_t k = 0, at; (at = schedule_offset(&schedule, k)) < SECONDS * NS_PER_S; k++)
        counts[at / NS_PER_S]++;
    for (int i = 0; i < SECONDS; i++)
        mean += counts[i] / (double)SECONDS;
    for (int i = 0; i < SECONDS; i++)
        variance += (counts[i] - mean) * (counts[i] - mean) / SECONDS;
    for (int i = 1; i < SECONDS; i++)
        lagged += (counts[i] - mean) * (counts[i - 1] - mean) / SECONDS / variance;
    assert_true(fabs(mean - 20) < 0.4 && variance / mean > 0.88 && variance / mean < 1.12);
    assert_true(fabs(lagged) < 0.08);
}

static void test_blocks_and_seeds_differ(void **state)
{
    (void)state;
    struct schedule_spec one = spec(ARRIVALS_POISSON, RATE), two = one, three = one;
    struct schedule a, b, c;
    two.block++;
    three.seed++;
    schedule_init(&a, &one);
    schedule_init(&b, &two);
    schedule_init(&c, &three);
    int same = 0;
    for (int64_t k = 0; k < 100; k++) {
        int64_t at = schedule_offset(&a, k);
        same += at == schedule_offset(&b, k);
        same += at == schedule_offset(&c, k);
    }
    assert_true(same < 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constant_is_exact),       cmocka_unit_test(test_any_walk_sees_the_same_times),
        cmocka_unit_test(test_poisson_is_poisson),      cmocka_unit_test(test_seconds_are_independent),
        cmocka_unit_test(test_blocks_and_seeds_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

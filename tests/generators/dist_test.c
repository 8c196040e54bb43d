#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "generators/dist.h"
#include "support/chi_square.h"
#include "unit.h"

enum {
    DRAWS = 400000,
    MOST_CELLS = 4096
};

typedef int64_t draw_fn(struct rng *rng, int n, double param);

static double fit(draw_fn *draw, int n, double param, const double *weights)
{
    double seen[MOST_CELLS] = {0};
    struct rng rng = rng_at(42, (uint64_t)n, 0, 0);
    for (int i = 0; i < DRAWS; i++) {
        int64_t k = draw(&rng, n, param);
        assert_in_range(k, 1, n);
        seen[k - 1]++;
    }
    return chi_square_z(seen, weights, n);
}

static int64_t draw_uniform(struct rng *rng, int n, double param)
{
    (void)param;
    return dist_uniform(rng, 1, n);
}

static void uniform_is_even(void **state)
{
    (void)state;
    static const int sizes[] = {2, 3, 10, 1000, 4096};
    double weights[MOST_CELLS];
    for (int i = 0; i < MOST_CELLS; i++)
        weights[i] = 1;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
        assert_true(fabs(fit(draw_uniform, sizes[i], 0, weights)) < 4);
}

/* Two thirds of 2^64, rounded up: multiplication without rejection would give even values twice as often as odd ones.
 */
static void a_width_of_two_thirds_is_even(void **state)
{
    (void)state;
    struct rng rng = {.key = 11};
    int64_t lo = INT64_MIN, hi = INT64_C(0x2aaaaaaaaaaaaaaa);
    int odd = 0, low_half = 0;
    for (int i = 0; i < DRAWS; i++) {
        int64_t value = dist_uniform(&rng, lo, hi);
        assert_true(value <= hi);
        odd += value & 1;
        low_half += (uint64_t)value - (uint64_t)lo < UINT64_C(0x5555555555555555);
    }
    assert_in_range(odd, DRAWS / 2 - 1600, DRAWS / 2 + 1600); /* 5 standard deviations */
    assert_in_range(low_half, DRAWS / 2 - 1600, DRAWS / 2 + 1600);
}

static void the_ends_of_int64_are_reached(void **state)
{
    (void)state;
    struct rng rng = {.key = 3};
    bool negative = false, positive = false;
    for (int i = 0; i < 100; i++) {
        int64_t value = dist_uniform(&rng, INT64_MIN, INT64_MAX);
        negative |= value < 0;
        positive |= value > 0;
        assert_true(dist_uniform(&rng, INT64_MAX, INT64_MAX) == INT64_MAX);
        assert_true(dist_uniform(&rng, INT64_MIN, INT64_MIN) == INT64_MIN);
        assert_true(dist_exponential(&rng, INT64_MAX - 1, INT64_MAX, 2.0) >= INT64_MAX - 1);
        assert_true(dist_gaussian(&rng, INT64_MIN, INT64_MAX, 2.0) != 0);
        assert_true(dist_zipfian(&rng, INT64_MIN, INT64_MAX, 0.5) != 0);
        assert_true(dist_zipfian(&rng, INT64_MAX, INT64_MAX, 2.0) == INT64_MAX);
    }
    assert_true(negative && positive);
}

/* pgbench's definition: floor(n · x) with x of density param · e^(-param · x) / (1 - e^-param) on [0, 1). */
static int64_t draw_exponential(struct rng *rng, int n, double param)
{
    return dist_exponential(rng, 1, n, param);
}

static void exponential_fits(void **state)
{
    (void)state;
    static const double params[] = {0.01, 1, 2.5, 10, 50};
    enum {
        N = 200
    };
    for (size_t p = 0; p < sizeof(params) / sizeof(*params); p++) {
        double weights[N];
        for (int i = 0; i < N; i++)
            weights[i] = exp(-params[p] * i / N) - exp(-params[p] * (i + 1) / N);
        assert_true(fabs(fit(draw_exponential, N, params[p], weights)) < 4);
    }
}

static int64_t draw_gaussian(struct rng *rng, int n, double param)
{
    return dist_gaussian(rng, 1, n, param);
}

static double normal_cdf(double x)
{
    return erfc(-x / M_SQRT2) / 2;
}

/* The weight of value i by pgbench's manual: PHI(2 · param · (i - mu + 0.5) / n) - PHI(2 · param · (i - mu - 0.5) / n).
 */
static void gaussian_fits(void **state)
{
    (void)state;
    static const double params[] = {2, 2.5, 5, 10};
    enum {
        N = 101
    };
    for (size_t p = 0; p < sizeof(params) / sizeof(*params); p++) {
        double weights[N], mu = (N + 1) / 2.0, scale = 2 * params[p] / N;
        for (int i = 1; i <= N; i++)
            weights[i - 1] = normal_cdf(scale * (i - mu + 0.5)) - normal_cdf(scale * (i - mu - 0.5));
        assert_true(fabs(fit(draw_gaussian, N, params[p], weights)) < 4);
    }
}

static int64_t draw_zipfian(struct rng *rng, int n, double s)
{
    static struct zipf zipf; /* set up once a series of draws */
    if (zipf.n != n || zipf.s != s)
        zipf_init(&zipf, n, s);
    return zipf_draw(&zipf, rng);
}

static void zipfian_fits(void **state)
{
    (void)state;
    static const double exponents[] = {0.1, 0.5, 0.99, 0.999, 1, 1.0001, 1.001, 1.01, 1.1, 1.5, 2, 3.7, 12};
    static const int sizes[] = {2, 3, 10, 500, MOST_CELLS};
    for (size_t e = 0; e < sizeof(exponents) / sizeof(*exponents); e++) {
        for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
            double weights[MOST_CELLS], z;
            for (int i = 0; i < sizes[s]; i++)
                weights[i] = pow(i + 1, -exponents[e]);
            if (weights[1] * DRAWS < 5 * weights[0]) /* too steep for two cells */
                continue;
            z = fit(draw_zipfian, sizes[s], exponents[e], weights);
            if (fabs(z) >= 4)
                fail_msg("exponent %g, n %d: chi-square is %.1f deviations off", exponents[e], sizes[s], z);
        }
    }
}

/* The first value's share of a billion, where no table of weights would do: 1 / zeta(2). */
static void zipfian_of_a_billion_fits(void **state)
{
    (void)state;
    struct zipf zipf;
    struct rng rng = {.key = 9};
    zipf_init(&zipf, 1000000000, 2.0);
    int ones = 0;
    for (int i = 0; i < DRAWS; i++)
        ones += zipf_draw(&zipf, &rng) == 1;
    assert_true(fabs(ones - DRAWS * 6 / (M_PI * M_PI)) < 5 * sqrt(DRAWS * 0.25));
    zipf_init(&zipf, 10, 1000.0);
    assert_int_equal(zipf_draw(&zipf, &rng), 1);
}

static void setting_up_each_time_gives_the_same(void **state)
{
    (void)state;
    struct rng one = {.key = 4}, other = {.key = 4};
    struct zipf zipf;
    zipf_init(&zipf, 1000, 1.1);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(dist_zipfian(&one, 5, 1004, 1.1), 4 + zipf_draw(&zipf, &other));
}

static void limits_are_pgbenchs(void **state)
{
    (void)state;
    assert_true(dist_gaussian_ok(2.0) && !dist_gaussian_ok(1.99) && !dist_gaussian_ok(NAN));
    assert_true(dist_exponential_ok(1e-9) && !dist_exponential_ok(0) && !dist_exponential_ok(NAN));
    assert_true(dist_zipfian_ok(0.2) && dist_zipfian_ok(1000) && !dist_zipfian_ok(1000.1) && !dist_zipfian_ok(0));
}

static void doubles_stay_below_the_upper_end(void **state)
{
    (void)state;
    struct rng rng = {.key = 8};
    double sum = 0;
    for (int i = 0; i < DRAWS; i++) {
        double value = dist_double(&rng, -2, 6);
        assert_true(value >= -2 && value < 6);
        sum += value;
    }
    assert_true(fabs(sum / DRAWS - 2) < 0.02);
    assert_true(dist_double(&rng, 1, nextafter(1, 2)) < nextafter(1, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uniform_is_even),
        cmocka_unit_test(a_width_of_two_thirds_is_even),
        cmocka_unit_test(the_ends_of_int64_are_reached),
        cmocka_unit_test(exponential_fits),
        cmocka_unit_test(gaussian_fits),
        cmocka_unit_test(zipfian_fits),
        cmocka_unit_test(zipfian_of_a_billion_fits),
        cmocka_unit_test(setting_up_each_time_gives_the_same),
        cmocka_unit_test(limits_are_pgbenchs),
        cmocka_unit_test(doubles_stay_below_the_upper_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

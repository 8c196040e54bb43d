/* The histogram against an exact sort (truth kit T10), and the recorder's seconds against the whole. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "generators/rng.h"
#include "run/hist.h"
#include "unit.h"

enum {
    VALUES = 200000,
    SHARDS = 16
};

static int64_t uniform(struct rng *rng)
{
    return (int64_t)(rng_unit(rng) * 1e7);
}

static int64_t exponential(struct rng *rng)
{
    return (int64_t)(-log(1 - rng_unit(rng)) * 1e6);
}

static int64_t bimodal(struct rng *rng)
{
    return (rng_unit(rng) < 0.9 ? 1000000 : 50000000) + (int64_t)(rng_unit(rng) * 1e5);
}

static int64_t wide(struct rng *rng)
{
    return (int64_t)exp(rng_unit(rng) * log(3.6e12));
}

static int64_t tiny(struct rng *rng)
{
    return (int64_t)(rng_unit(rng) * 5);
}

typedef int64_t shape_fn(struct rng *rng);
static shape_fn *const shapes[] = {uniform, exponential, bimodal, wide, tiny};
enum {
    SHAPES = sizeof shapes / sizeof shapes[0]
};

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t *draw(shape_fn *shape, uint64_t seed)
{
    struct rng rng = rng_at(seed, 0, 0, 0);
    int64_t *values = malloc(VALUES * sizeof *values);
    assert_non_null(values);
    for (int i = 0; i < VALUES; i++)
        values[i] = shape(&rng);
    return values;
}

static void test_percentiles_against_sort(void **state)
{
    (void)state;
    static const double qs[] = {0, 0.001, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999, 1};
    for (int s = 0; s < SHAPES; s++) {
        struct hist *hist = hist_new();
        int64_t *values = draw(shapes[s], (uint64_t)s);
        double sum = 0, squares = 0;
        for (int i = 0; i < VALUES; i++)
            hist_record(hist, values[i]);
        qsort(values, VALUES, sizeof *values, compare);
        for (size_t k = 0; k < sizeof qs / sizeof qs[0]; k++) {
            int64_t rank = (int64_t)ceil(qs[k] * VALUES - 1e-6);
            double truth = (double)values[rank < 1 ? 0 : rank - 1];
            assert_true(fabs((double)hist_percentile(hist, qs[k]) - truth) <= truth * 0.0005);
        }
        for (int i = 0; i < VALUES; i++)
            sum += (double)values[i];
        for (int i = 0; i < VALUES; i++)
            squares += ((double)values[i] - sum / VALUES) * ((double)values[i] - sum / VALUES);
        assert_true(fabs(hist_mean(hist) - sum / VALUES) <= 1e-9 * sum / VALUES);
        assert_true(fabs(hist_stddev(hist) - sqrt(squares / VALUES)) <= 1e-6 * sqrt(squares / VALUES));
        assert_int_equal(hist->total, VALUES);
        assert_true(hist->min == values[0] && hist->max == values[VALUES - 1]);
        free(values);
        hist_free(hist);
    }
}

static void test_shards_merge_to_the_same(void **state)
{
    (void)state;
    for (int s = 0; s < SHAPES; s++) {
        struct hist *whole = hist_new(), *merged = hist_new(), *shards[SHARDS];
        int64_t *values = draw(shapes[s], 77);
        for (int i = 0; i < SHARDS; i++)
            shards[i] = hist_new();
        for (int i = 0; i < VALUES; i++) {
            hist_record(whole, values[i]);
            hist_record(shards[i % SHARDS], values[i]);
        }
        for (int i = 0; i < SHARDS; i++)
            hist_merge(merged, shards[i]);
        assert_memory_equal(whole->counts, merged->counts, sizeof whole->counts);
        assert_true(whole->min == merged->min && whole->max == merged->max && whole->total == merged->total);
        for (int i = 0; i < SHARDS; i++)
            hist_free(shards[i]);
        hist_free(whole);
        hist_free(merged);
        free(values);
    }
}

static void test_counters_tile_the_range(void **state)
{
    (void)state;
    for (int i = 0; i + 1 < HIST_COUNTERS; i++) {
        assert_int_equal(hist_index(hist_value_at(i)), i);
        assert_int_equal(hist_value_at(i) + hist_range_at(i), hist_value_at(i + 1));
        assert_int_equal(hist_index(hist_value_at(i + 1) - 1), i);
    }
    assert_true(hist_index(HIST_MAX_NS) < HIST_COUNTERS);
}

static void test_edges(void **state)
{
    (void)state;
    struct hist *hist = hist_new();
    struct dist_summary summary;
    hist_summary(hist, &summary);
    assert_true(summary.count == 0 && summary.min == 0 && summary.max == 0 && summary.p99 == 0);
    hist_record(hist, -5);
    hist_record(hist, INT64_MAX);
    assert_int_equal(hist->clamped, 1);
    assert_int_equal(hist_percentile(hist, 0), 0);
    assert_int_equal(hist_percentile(hist, 1), HIST_MAX_NS);
    hist_clear(hist);
    hist_record(hist, 1234567);
    hist_summary(hist, &summary);
    assert_true(summary.count == 1 && summary.min == 1234567 && summary.p50 == 1234567 && summary.max == 1234567);
    for (int i = 0; i < HIST_COUNTERS; i++)
        assert_int_equal(hist->counts[i], i == hist_index(1234567));
    assert_true(hist_supports(1000, 0.99) && !hist_supports(999, 0.99));
    assert_true(hist_supports(10000, 0.999) && !hist_supports(9999, 0.999));
    hist_free(hist);
}

static void test_nearest_rank(void **state)
{
    (void)state;
    struct hist *hist = hist_new();
    for (int i = 1; i <= 1000; i++)
        hist_record(hist, i);
    assert_int_equal(hist_percentile(hist, 0.99), 990);
    assert_int_equal(hist_percentile(hist, 0.5), 500);
    assert_int_equal(hist_percentile(hist, 0.9991), 1000);
    hist_free(hist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percentiles_against_sort),
        cmocka_unit_test(test_shards_merge_to_the_same),
        cmocka_unit_test(test_counters_tile_the_range),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_nearest_rank),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

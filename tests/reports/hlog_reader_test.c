/* Our .hlog files through the format's reference implementation (org.HdrHistogram, Java): the same counts at every step
 * of its percentile table, for a million values of each of four shapes, whole and merged from 16 shards. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/proc.h"
#include "base/str.h"
#include "place.h"
#include "reports/hlog.h"

#ifndef HDRHISTOGRAM_JAR
#define HDRHISTOGRAM_JAR ""
#endif

enum {
    VALUES = 1000000,
    SHARDS = 16
};

/* Constant, exponential, lognormal-like and two-peaked, in ns. */
static int64_t draw(int shape, uint64_t *state)
{
    double u = synthetic_unit(state), v = synthetic_unit(state);
    switch (shape) {
    case 0:
        return 1000000;
    case 1:
        return (int64_t)(-5e6 * log(u));
    case 2:
        return (int64_t)(2e6 * exp(0.8 * sqrt(-2 * log(u)) * cos(6.283185307179586 * v)));
    default:
        return (int64_t)((v < 0.98 ? 1e6 : 50e6) * (0.9 + 0.2 * u));
    }
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Within 0.1 % of the sorted values. */
static void assert_near_exact(int64_t *values, const struct hist *hist)
{
    static const double quantiles[] = {0.5, 0.9, 0.95, 0.99, 0.999, 0.9999};
    qsort(values, VALUES, sizeof *values, ascending);
    for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++) {
        double exact = (double)facts_nearest_rank(values, VALUES, quantiles[i]),
               ours = (double)hist_percentile(hist, quantiles[i]);
        if (fabs(ours - exact) > 0.001 * exact)
            fail_msg("p%g is %.0f, exactly %.0f", 100 * quantiles[i], ours, exact);
    }
}

/* The whole, and its shards as lines of their own. */
static struct hist *write_shape(FILE *file, int shape)
{
    struct hist *whole = hist_new(), *shard = hist_new();
    int64_t *values = malloc(VALUES * sizeof *values);
    uint64_t state = (uint64_t)shape + 17;
    char tag[32];
    assert_true(whole && shard && values);
    for (int i = 0; i < VALUES; i++)
        hist_record(whole, values[i] = draw(shape, &state));
    snprintf(tag, sizeof tag, "whole%d", shape);
    assert_true(hlog_line(file, tag, 100, 1, whole));
    snprintf(tag, sizeof tag, "shards%d", shape);
    for (int s = 0; s < SHARDS; s++) {
        hist_clear(shard);
        for (int i = s; i < VALUES; i += SHARDS)
            hist_record(shard, values[i]);
        assert_true(hlog_line(file, tag, 100 + s, 1, shard));
    }
    assert_near_exact(values, whole);
    hist_free(shard);
    free(values);
    return whole;
}

/* Their table for one tag; the caller frees. */
static void read_with_reference(const char *java, const char *path, const char *tag, struct str *out)
{
    struct err err = {0};
    const char *const argv[] = {java,
                                "-cp",
                                HDRHISTOGRAM_JAR,
                                "org.HdrHistogram.HistogramLogProcessor",
                                "-i",
                                path,
                                "-tag",
                                tag,
                                "-outputValueUnitRatio",
                                "1",
                                NULL};
    if (!proc_run(argv, NULL, (uid_t)-1, (gid_t)-1, 60 * NS_PER_S, out, &err))
        fail_msg("%s", err.text);
}

static int64_t up_to(const struct hist *hist, int64_t value)
{
    int64_t count = 0;
    for (int i = 0, last = hist_index(value); i <= last; i++)
        count += hist->counts[i];
    return count;
}

/* "13066239.000 0.500000000000 4806 2.00": the highest value of a counter, and how many lie at or below it. */
static int assert_same_table(const char *table, const struct hist *hist)
{
    int rows = 0;
    for (const char *line = table; line; line = strchr(line, '\n')) {
        double value, quantile;
        long long count;
        line += *line == '\n';
        if (sscanf(line, "%lf %lf %lld", &value, &quantile, &count) != 3)
            continue;
        int index = hist_index((int64_t)value);
        assert_true(value == (double)(hist_value_at(index) + hist_range_at(index) - 1));
        assert_int_equal(count, up_to(hist, (int64_t)value));
        /* and it is the rank of that quantile: one counter earlier would not reach it */
        assert_true((double)count >= quantile * (double)hist->total - 1);
        rows++;
    }
    return rows;
}

static void test_reference_reads_the_same(void **state)
{
    struct place *place = *state;
    char java[1024], path[512], tag[32];
    if (!*HDRHISTOGRAM_JAR || !proc_find("java", java, sizeof java)) {
        print_message("no Java, or no HdrHistogram.jar: not tested\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/four.hlog", place->parent);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    hlog_header(file, 100 * NS_PER_S);
    struct hist *whole[4];
    for (int shape = 0; shape < 4; shape++)
        whole[shape] = write_shape(file, shape);
    fclose(file);
    for (int shape = 0; shape < 4; shape++)
        for (int sharded = 0; sharded < 2; sharded++) {
            struct str table = {0};
            snprintf(tag, sizeof tag, "%s%d", sharded ? "shards" : "whole", shape);
            read_with_reference(java, path, tag, &table);
            assert_true(assert_same_table(str_text(&table), whole[shape]) > (shape == 0 ? 1 : 50));
            str_deinit(&table);
        }
    for (int shape = 0; shape < 4; shape++)
        hist_free(whole[shape]);
}

/* A run's own file: the tags of whole trials and of seconds are apart, and each adds up to what was measured. */
static void test_reference_reads_a_run(void **state)
{
    struct place *place = *state;
    char java[1024], path[1024], wanted[64];
    struct str table = {0};
    if (!*HDRHISTOGRAM_JAR || !proc_find("java", java, sizeof java))
        skip();
    synthetic_write(&small, place->folder, true);
    snprintf(path, sizeof path, "%s/histograms/none.pool8.rc.hlog", place->folder);
    read_with_reference(java, path, "dashboard.response", &table);
    assert_has(str_text(&table), "Total count    =         4000]");
    str_clear(&table);
    /* synthetic seconds hold the whole trial's distribution each: 3 of them in 8 blocks */
    snprintf(wanted, sizeof wanted, "Total count    = %12d]", 3 * 4000);
    read_with_reference(java, path, "dashboard." HLOG_SECOND, &table);
    assert_has(str_text(&table), wanted);
    str_deinit(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_reference_reads_the_same),
        PLACE_TEST(test_reference_reads_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* T10: percentiles of the histogram beside those of the sorted values. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "generators/rng.h"
#include "reports/hlog.h"
#include "truth.h"

enum {
    SHARDS = 16
};
static const double quantiles[] = {0.5, 0.9, 0.95, 0.99, 0.999, 0.9999};
#define N_QUANTILES ((int)(sizeof quantiles / sizeof *quantiles))

static double unit_normal(struct rng *rng)
{
    return sqrt(-2 * log1p(-rng_unit(rng))) * cos(2 * M_PI * rng_unit(rng));
}

static double draw_uniform(struct rng *rng)
{
    return 1e3 + 1e9 * rng_unit(rng);
}

static double draw_exponential(struct rng *rng)
{
    return -5e6 * log1p(-rng_unit(rng));
}

static double draw_lognormal(struct rng *rng)
{
    return 1e6 * exp(1.5 * unit_normal(rng));
}

static double draw_bimodal(struct rng *rng)
{
    return rng_unit(rng) < 0.985 ? 1e6 + 1e4 * unit_normal(rng) : 5e7 + 1e6 * unit_normal(rng);
}

static const struct {
    const char *name;
    double (*draw)(struct rng *rng);
} shapes[] = {{"uniform", draw_uniform},
              {"exponential", draw_exponential},
              {"lognormal", draw_lognormal},
              {"bimodal", draw_bimodal}};

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Nearest rank. The product may lie a rounding above a whole number: the one below then has the rank. */
static int64_t exact(const int64_t *sorted, size_t n, double q)
{
    size_t rank = (size_t)ceil(q * (double)n - 1e-9 * (double)n);
    return sorted[rank - 1];
}

static bool same(const struct hist *a, const struct hist *b)
{
    return a->total == b->total && a->min == b->min && a->max == b->max &&
           memcmp(a->counts, b->counts, sizeof a->counts) == 0;
}

static bool through_hlog(const struct hist *hist)
{
    struct err err = {0};
    struct str text = {0};
    struct hist *back = hist_new();
    bool ok = back && hlog_encode(hist, &text) && hlog_decode(text.data, text.len, back, &err) &&
              memcmp(hist->counts, back->counts, sizeof hist->counts) == 0;
    str_deinit(&text);
    hist_free(back);
    return ok;
}

struct bench {
    int64_t *values;
    size_t n;
    struct hist *whole, *merged, *shards[SHARDS];
};

static void fill(struct bench *bench, int shape)
{
    struct rng rng = rng_at(10, (uint64_t)shape, 0, 0);
    for (size_t i = 0; i < bench->n; i++) {
        int64_t value = llround(shapes[shape].draw(&rng));
        bench->values[i] = value < 0 ? 0 : value;
        hist_record(bench->whole, bench->values[i]);
        hist_record(bench->shards[rng_next(&rng) % SHARDS], bench->values[i]);
    }
    for (int i = 0; i < SHARDS; i++)
        hist_merge(bench->merged, bench->shards[i]);
    qsort(bench->values, bench->n, sizeof *bench->values, by_value);
}

static void judge(struct truth *truth, const struct bench *bench, const char *name)
{
    double worst = 0, at = 0;
    for (int i = 0; i < N_QUANTILES; i++) {
        int64_t should = exact(bench->values, bench->n, quantiles[i]);
        double off = fabs((double)(hist_percentile(bench->whole, quantiles[i]) - should)) / (double)should;
        at = off > worst ? quantiles[i] : at;
        worst = fmax(worst, off);
    }
    char *setup = TEXT("10^6 values, %s", name);
    truth_check(truth, EXACT, worst <= 0.001, setup, TEXT("worst is p%g: off by %.4f %%", 100 * at, 100 * worst),
                "exact sort ±0.1 %, p50 … p99.99");
    truth_check(truth, EXACT, same(bench->whole, bench->merged), setup, "16 shards merged", "identical");
    truth_check(truth, EXACT, through_hlog(bench->whole), setup, ".hlog written and read back", "identical counts");
}

/* What averaging the shards' percentiles would have said, when one shard is slow. */
static void averaged(struct truth *truth, struct bench *bench)
{
    double sum = 0;
    for (size_t i = 0; i < bench->n; i++) {
        int shard = (int)(i % SHARDS);
        bench->values[i] = shard == 0 ? 20000000 + (int64_t)i : 1000000 + (int64_t)i % 1000;
        hist_record(bench->whole, bench->values[i]);
        hist_record(bench->shards[shard], bench->values[i]);
    }
    qsort(bench->values, bench->n, sizeof *bench->values, by_value);
    for (int i = 0; i < SHARDS; i++)
        sum += (double)hist_percentile(bench->shards[i], 0.99);
    double should = (double)exact(bench->values, bench->n, 0.99);
    truth_check(truth, EXACT, !within(sum / SHARDS, should, 0.001), "control: mean of 16 shards' p99, one slow",
                TEXT("%.3f ms", sum / SHARDS / 1e6), TEXT("is caught: not %.3f ms", should / 1e6));
}

static bool prepare(struct bench *bench)
{
    bool ok = true;
    *bench = (struct bench){.n = 1000000, .values = malloc(1000000 * sizeof *bench->values)};
    bench->whole = hist_new();
    bench->merged = hist_new();
    for (int i = 0; i < SHARDS; i++)
        ok = (bench->shards[i] = hist_new()) && ok;
    return ok && bench->values && bench->whole && bench->merged;
}

static void clear(struct bench *bench)
{
    free(bench->values);
    hist_free(bench->whole);
    hist_free(bench->merged);
    for (int i = 0; i < SHARDS; i++)
        hist_free(bench->shards[i]);
}

void truth_t10(struct truth *truth)
{
    struct bench bench;
    int n = (int)(sizeof shapes / sizeof *shapes);
    for (int i = 0; i <= n; i++) {
        if (!prepare(&bench)) {
            truth_broken(truth, "10^6 values", &(struct err){.text = "out of memory"});
        } else if (i < n) {
            fill(&bench, i);
            judge(truth, &bench, shapes[i].name);
        } else {
            averaged(truth, &bench);
        }
        clear(&bench);
    }
}

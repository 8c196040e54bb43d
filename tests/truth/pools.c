/* T21: a server whose best pool is known, and what the sweep's advice makes of it. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "generators/rng.h"
#include "reports/pool_size.h"
#include "stub_log.h"
#include "truth.h"

enum {
    MOST_SIZES = 8,
    MOST_BLOCKS = 24,
    BEST = 8, /* services at once */
    SEEDS = 50
};
#define SERVICE_MS 10.0
#define SLOPE      0.02 /* each service beyond BEST makes all of them slower by so much */

/* Mean services a second with `n` at once: the stub's contention model, solved. */
static double known_tps(int n)
{
    int over = n > BEST ? n - BEST : 0;
    return 1e3 / SERVICE_MS * (n < BEST ? n : BEST) / (1 + SLOPE * over);
}

struct sweep_run {
    const int *sizes;
    size_t n_sizes, n_blocks;
    double tps[MOST_SIZES * MOST_BLOCKS]; /* size × n_blocks + block */
};

static double measure(struct truth *truth, int size, int block)
{
    struct trial_case c = {.text = "transactions:\n  work: { weight: 1, sql: SELECT 1 }\n",
                           .target = &truth->stub->target,
                           .connections = size,
                           .clients = size,
                           .threads = 1,
                           .protocol = PROTOCOL_PREPARED,
                           .warmup_ns = FORM(truth, 300, 100) * NS_PER_MS,
                           .duration_ns = FORM(truth, 1000, 400) * NS_PER_MS,
                           .block = block};
    struct trial_result trial;
    STUB_SCRIPT(truth->stub, "service exponential 10ms", TEXT("contention %d %g", BEST, SLOPE),
                TEXT("seed %d", 1000 * block + size));
    if (!truth_drive(truth, &c, &trial))
        return NAN;
    double tps = (double)trial.transactions[0].ok * 1e9 / (double)trial.duration_ns;
    trial_result_deinit(&trial);
    return tps;
}

/* Sizes in random order within each block, as a sweep has them. */
static void measure_block(struct truth *truth, struct sweep_run *run, size_t block)
{
    struct rng rng = rng_at(21, block, 0, 0);
    size_t order[MOST_SIZES];
    for (size_t i = 0; i < run->n_sizes; i++) {
        size_t at = rng_next(&rng) % (i + 1);
        order[i] = order[at];
        order[at] = i;
    }
    for (size_t i = 0; i < run->n_sizes; i++)
        run->tps[order[i] * run->n_blocks + block] = measure(truth, run->sizes[order[i]], (int)block);
}

static bool good(const struct sweep_run *run, const struct pool_size *advice)
{
    return known_tps(run->sizes[advice->pick]) >= 0.95 * known_tps(BEST);
}

/* Each seed draws POOL_SIZE_MIN_BLOCKS of the measured blocks, none twice: an experiment of its own. */
static void draw_blocks(const struct sweep_run *all, uint64_t seed, struct sweep_run *out)
{
    struct rng rng = rng_at(2100, seed, 0, 0);
    size_t blocks[MOST_BLOCKS];
    *out = (struct sweep_run){.sizes = all->sizes, .n_sizes = all->n_sizes, .n_blocks = POOL_SIZE_MIN_BLOCKS};
    for (size_t i = 0; i < all->n_blocks; i++)
        blocks[i] = i;
    for (size_t i = 0; i < out->n_blocks; i++) {
        size_t at = i + rng_next(&rng) % (all->n_blocks - i), block = blocks[at];
        blocks[at] = blocks[i];
        for (size_t s = 0; s < out->n_sizes; s++)
            out->tps[s * out->n_blocks + i] = all->tps[s * all->n_blocks + block];
    }
}

static void judge_seeds(struct truth *truth, const struct sweep_run *all)
{
    int right = 0, exactly = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sweep_run run;
        struct pool_size advice;
        draw_blocks(all, seed, &run);
        if (!pool_size_choose(run.sizes, run.n_sizes, run.tps, run.n_blocks, &advice, NULL))
            continue;
        right += good(&run, &advice);
        exactly += run.sizes[advice.pick] == BEST;
    }
    truth_check(truth, TIMING, right >= 0.95 * SEEDS,
                TEXT("%d seeds, 8 of %zu measured blocks each", SEEDS, all->n_blocks),
                TEXT("%d of %d within 5 %% of the best (%d pick %d)", right, SEEDS, exactly, BEST), "at least 95 %");
}

static void judge_once(struct truth *truth, const struct sweep_run *run)
{
    struct pool_size advice = {0};
    bool ok = pool_size_choose(run->sizes, run->n_sizes, run->tps, run->n_blocks, &advice, NULL);
    truth_check(
        truth, TIMING, ok && good(run, &advice),
        TEXT("stub: best at %d, %zu sizes, %zu blocks", BEST, run->n_sizes, run->n_blocks),
        TEXT("picks %d; its true throughput is %.1f/s", run->sizes[advice.pick], known_tps(run->sizes[advice.pick])),
        TEXT("at least 95 %% of %.1f/s", known_tps(BEST)));
}

static void show_sizes(struct truth *truth, const struct sweep_run *run)
{
    for (size_t s = 0; s < run->n_sizes; s++) {
        double sum = 0;
        for (size_t b = 0; b < run->n_blocks; b++)
            sum += run->tps[s * run->n_blocks + b];
        truth_note(truth, TEXT("size %d, %zu blocks", run->sizes[s], run->n_blocks),
                   TEXT("%.1f tx/s", sum / (double)run->n_blocks), TEXT("known: %.1f/s", known_tps(run->sizes[s])));
    }
}

void truth_t21(struct truth *truth)
{
    static const int many[] = {2, 4, 6, 8, 10, 12, 16, 32}, few[] = {4, 8, 32};
    struct sweep_run run = {.sizes = FORM(truth, many, few),
                            .n_sizes = FORM(truth, sizeof many / sizeof *many, sizeof few / sizeof *few),
                            .n_blocks = FORM(truth, MOST_BLOCKS, 3)};
    for (size_t block = 0; block < run.n_blocks; block++)
        measure_block(truth, &run, block);
    show_sizes(truth, &run);
    judge_once(truth, &run);
    if (truth->full)
        judge_seeds(truth, &run);
}

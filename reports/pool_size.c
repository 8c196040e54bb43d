#include "reports/pool_size.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "generators/rng.h"

enum {
    SEED = 20261121,
    MOST_ROUNDS = 200 /* of the fit; one is enough when nothing is missing */
};
#define FIT_PRECISION 1e-10 /* of a logarithm */

/* Sizes in ascending order, each with a row of logarithms (NAN: missing). */
struct sweep_table {
    size_t n_sizes, n_blocks;
    int *order; /* n_sizes: each one's place in the caller's list */
    double *logs;
    double *effects;       /* n_sizes: of the fit; NAN: not measured */
    double *block_effects; /* n_blocks */
    size_t *drawn;         /* n_blocks: which blocks the fit is made of */
    size_t *picks;         /* n_sizes */
};

/* --- The table ---------------------------------------------------------------------------------------------------- */

static void table_deinit(struct sweep_table *table)
{
    free(table->order);
    free(table->logs);
    free(table->effects);
    free(table->block_effects);
    free(table->drawn);
    free(table->picks);
}

/* How many of them are smaller, equal ones in their order. */
static size_t rank_of(const int *sizes, size_t n, size_t which)
{
    size_t rank = 0;
    for (size_t i = 0; i < n; i++)
        rank += sizes[i] < sizes[which] || (sizes[i] == sizes[which] && i < which);
    return rank;
}

static bool table_init(struct sweep_table *table, const int *sizes, size_t n_sizes, const double *tps, size_t n_blocks)
{
    *table = (struct sweep_table){
        .n_sizes = n_sizes,
        .n_blocks = n_blocks,
        .order = calloc(n_sizes, sizeof *table->order),
        .logs = calloc(n_sizes * n_blocks, sizeof *table->logs),
        .effects = calloc(n_sizes, sizeof *table->effects),
        .block_effects = calloc(n_blocks, sizeof *table->block_effects),
        .drawn = calloc(n_blocks, sizeof *table->drawn),
        .picks = calloc(n_sizes, sizeof *table->picks),
    };
    if (!table->order || !table->logs || !table->effects || !table->block_effects || !table->drawn || !table->picks)
        return false;
    for (size_t s = 0; s < n_sizes; s++) {
        size_t row = rank_of(sizes, n_sizes, s);
        table->order[row] = (int)s;
        for (size_t b = 0; b < n_blocks; b++) {
            double value = tps[s * n_blocks + b];
            table->logs[row * n_blocks + b] = isfinite(value) && value > 0 ? log(value) : NAN;
        }
    }
    return true;
}

/* --- The fit ------------------------------------------------------------------------------------------------------ */

static double cell(const struct sweep_table *table, size_t size, size_t draw)
{
    return table->logs[size * table->n_blocks + table->drawn[draw]];
}

static double mean_or_nan(double sum, size_t n)
{
    return n > 0 ? sum / (double)n : NAN;
}

static void fit_blocks(struct sweep_table *table)
{
    for (size_t d = 0; d < table->n_blocks; d++) {
        double sum = 0;
        size_t n = 0;
        for (size_t s = 0; s < table->n_sizes; s++)
            if (!isnan(cell(table, s, d)) && !isnan(table->effects[s])) {
                sum += cell(table, s, d) - table->effects[s];
                n++;
            }
        table->block_effects[d] = mean_or_nan(sum, n);
    }
}

/* Returns the largest step that an effect makes. */
static double fit_sizes(struct sweep_table *table)
{
    double step = 0;
    for (size_t s = 0; s < table->n_sizes; s++) {
        double sum = 0;
        size_t n = 0;
        for (size_t d = 0; d < table->n_blocks; d++)
            if (!isnan(cell(table, s, d))) {
                sum += cell(table, s, d) - table->block_effects[d];
                n++;
            }
        double effect = mean_or_nan(sum, n);
        step = n > 0 ? fmax(step, fabs(effect - table->effects[s])) : step;
        table->effects[s] = effect;
    }
    return step;
}

/* Block effects add up to 0, so that a size's effect is the logarithm of its throughput in an average block. */
static void centre(struct sweep_table *table)
{
    double sum = 0;
    size_t n = 0;
    for (size_t d = 0; d < table->n_blocks; d++)
        if (!isnan(table->block_effects[d])) {
            sum += table->block_effects[d];
            n++;
        }
    for (size_t s = 0; s < table->n_sizes && n > 0; s++)
        table->effects[s] += sum / (double)n;
}

/* Least squares of log tps = size + block, by turns (each turn minimises over the one, given the other). */
static void fit(struct sweep_table *table)
{
    for (size_t s = 0; s < table->n_sizes; s++)
        table->effects[s] = 0;
    for (int round = 0; round < MOST_ROUNDS; round++) {
        fit_blocks(table);
        if (fit_sizes(table) < FIT_PRECISION)
            break;
    }
    centre(table);
}

/* --- The selection ------------------------------------------------------------------------------------------------ */

/* −1: nothing was measured. The smaller one of equals. */
static int best_of(const struct sweep_table *table)
{
    int best = -1;
    for (size_t s = 0; s < table->n_sizes; s++)
        if (!isnan(table->effects[s]) && (best < 0 || table->effects[s] > table->effects[best]))
            best = (int)s;
    return best;
}

static bool is_within(const struct sweep_table *table, int size, int best)
{
    return table->effects[size] >= table->effects[best] + log(1 - POOL_SIZE_WITHIN);
}

static int smallest_within(const struct sweep_table *table, int best)
{
    int size = 0;
    while (size < best && !is_within(table, size, best))
        size++;
    return size;
}

/* --- Confidence --------------------------------------------------------------------------------------------------- */

static void draw(struct sweep_table *table, uint64_t resample)
{
    struct rng rng = rng_at(SEED, resample, 0, 0);
    for (size_t d = 0; d < table->n_blocks; d++)
        table->drawn[d] = (size_t)(rng_unit(&rng) * (double)table->n_blocks);
}

/* The size that at least a share of `q` of the selections do not exceed. */
static int pick_at(const struct sweep_table *table, size_t n, double q)
{
    size_t reached = 0, s = 0;
    for (; s < table->n_sizes; s++) {
        reached += table->picks[s];
        if ((double)reached >= q * (double)n)
            break;
    }
    return table->order[s < table->n_sizes ? s : table->n_sizes - 1];
}

static void resample(struct sweep_table *table, int chosen, struct pool_size *out, double *shares)
{
    size_t n = 0, within = 0;
    for (uint64_t i = 0; i < POOL_SIZE_RESAMPLES; i++) {
        draw(table, i);
        fit(table);
        int best = best_of(table);
        if (best < 0 || isnan(table->effects[chosen])) /* none of the blocks drawn has it */
            continue;
        table->picks[smallest_within(table, best)]++;
        within += is_within(table, chosen, best);
        n++;
    }
    if (n == 0)
        return;
    out->has_confidence = true;
    out->low = pick_at(table, n, 0.05);
    out->high = pick_at(table, n, 0.95);
    out->p_within = (double)within / (double)n;
    for (size_t s = 0; shares && s < table->n_sizes; s++)
        shares[table->order[s]] = (double)table->picks[s] / (double)n;
}

static int count_blocks(const struct sweep_table *table)
{
    int blocks = 0;
    for (size_t b = 0; b < table->n_blocks; b++) {
        size_t sizes = 0;
        for (size_t s = 0; s < table->n_sizes; s++)
            sizes += !isnan(table->logs[s * table->n_blocks + b]);
        blocks += sizes > 1;
    }
    return blocks;
}

static void find_confidence(struct sweep_table *table, int chosen, struct pool_size *out, double *shares)
{
    out->low = out->high = out->pick;
    out->n_blocks = count_blocks(table);
    if (out->n_blocks == 0)
        snprintf(out->why_not, sizeof out->why_not, "only one pool size was measured: there is nothing to choose");
    else if (out->n_blocks < POOL_SIZE_MIN_BLOCKS)
        snprintf(out->why_not, sizeof out->why_not, "from %d block%s only: a confidence needs %d", out->n_blocks,
                 out->n_blocks == 1 ? "" : "s", POOL_SIZE_MIN_BLOCKS);
    else
        resample(table, chosen, out, shares);
}

bool pool_size_choose(const int *sizes, size_t n_sizes, const double *tps, size_t n_blocks, struct pool_size *out,
                      double *shares)
{
    struct sweep_table table = {0};
    int best = -1;
    *out = (struct pool_size){0};
    for (size_t s = 0; shares && s < n_sizes; s++)
        shares[s] = 0;
    if (n_sizes == 0 || n_blocks == 0)
        return false;
    if (table_init(&table, sizes, n_sizes, tps, n_blocks)) {
        for (size_t b = 0; b < n_blocks; b++)
            table.drawn[b] = b;
        fit(&table);
        best = best_of(&table);
    }
    if (best >= 0) {
        int chosen = smallest_within(&table, best);
        out->pick = table.order[chosen];
        out->best = table.order[best];
        out->tps = exp(table.effects[chosen]);
        out->best_tps = exp(table.effects[best]);
        out->edge = n_sizes > 1 && best == (int)n_sizes - 1;
        find_confidence(&table, chosen, out, shares);
    }
    table_deinit(&table);
    return best >= 0;
}

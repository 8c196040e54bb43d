#include "reports/compare.h"

#include <math.h>
#include <stdlib.h>

#include "figures.h"
#include "reports/stats.h"

const struct metric_row metric_rows[METRIC_COUNT] = {
    [METRIC_P50] = {"p50", 0.50, 0.03, false},           [METRIC_P90] = {"p90", 0.90, 0.05, false},
    [METRIC_P99] = {"p99", 0.99, 0.10, false},           [METRIC_MEAN] = {"mean", 0, 0.03, false},
    [METRIC_THROUGHPUT] = {"throughput", 0, 0.03, true},
};

/* One trial's value; NAN where it has too few executions for it, and where none succeeded: how soon something is
 * refused is neither faster nor slower. */
static double trial_value(const struct fact_trial *trial, int transaction, enum metric metric)
{
    const struct fact_trial_transaction *result = &trial->transactions[transaction];
    const struct dist_summary *response = &result->response;
    const double values[METRIC_COUNT] = {
        [METRIC_P50] = (double)response->p50,
        [METRIC_P90] = (double)response->p90,
        [METRIC_P99] = (double)response->p99,
        [METRIC_MEAN] = response->mean,
        [METRIC_THROUGHPUT] = facts_goodput(trial, transaction),
    };
    double needed = metric_rows[metric].quantile > 0 ? 1 / (1 - metric_rows[metric].quantile) : 1;
    bool enough = result->counts.ok > 0 && (double)response->count >= needed - 1e-9;
    return enough && values[metric] > 0 && isfinite(values[metric]) ? values[metric] : NAN;
}

static const struct fact_trial *find_trial(const struct facts *facts, int variant, struct point point, int block)
{
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct trial_result *plain = &facts->trials[i].plain;
        if (plain->variant == variant && facts_at(plain, point) && plain->block == block &&
            facts_whole(&facts->trials[i]))
            return &facts->trials[i];
    }
    return NULL;
}

static int last_block(const struct facts *facts)
{
    int last = -1;
    for (size_t i = 0; i < facts->n_trials; i++)
        last = facts->trials[i].plain.block > last ? facts->trials[i].plain.block : last;
    return last;
}

static int collect_pairs(const struct facts *facts, const struct comparison *of, int n_blocks, double *d)
{
    int n = 0;
    for (int block = 0; block < n_blocks; block++) {
        const struct fact_trial *before = find_trial(facts, 0, of->point, block);
        const struct fact_trial *after = find_trial(facts, of->variant, of->point, block);
        if (!before || !after)
            continue;
        double difference = log(trial_value(after, of->transaction, of->metric)) -
                            log(trial_value(before, of->transaction, of->metric));
        if (isfinite(difference))
            d[n++] = difference;
    }
    return n;
}

static double cell_value(const struct facts *facts, const struct comparison *of, int variant)
{
    struct cell_figures cell;
    double quantile = metric_rows[of->metric].quantile;
    figures_cell(facts, variant, of->point, of->transaction, &cell);
    if (of->metric == METRIC_THROUGHPUT)
        return cell.tps;
    return quantile > 0 ? figures_quantile(&cell, TIMING_RESPONSE, quantile) : figures_mean(&cell, TIMING_RESPONSE);
}

/* `d` has room for n_blocks. */
static bool compare_one(const struct facts *facts, int n_blocks, double *d, struct comparison *out)
{
    struct paired paired;
    out->baseline_value = cell_value(facts, out, 0);
    out->variant_value = cell_value(facts, out, out->variant);
    out->broken = figures_broken(facts, 0, out->point, NULL, NULL) > 0 ||
                  figures_broken(facts, out->variant, out->point, NULL, NULL) > 0;
    out->overloaded = figures_overloaded(facts, 0, out->point) || figures_overloaded(facts, out->variant, out->point);
    out->n_blocks = collect_pairs(facts, out, n_blocks, d);
    out->p = out->p_adjusted = NAN;
    if (out->n_blocks == 0)
        return true;
    if (!stats_paired(d, out->n_blocks, &paired))
        return false;
    out->has_ratio = true;
    out->has_interval = paired.has_interval;
    out->ratio = exp(paired.estimate);
    out->low = exp(paired.low);
    out->high = exp(paired.high);
    out->p = paired.p;
    return true;
}

/* What neither runs has always had its empty rows. */
static bool run_by_both(const struct facts *facts, int variant, int transaction)
{
    return facts_runs(facts, 0, transaction) == facts_runs(facts, variant, transaction);
}

static void list_rows(const struct facts *facts, struct comparisons *out)
{
    for (size_t t = 0; t < facts->n_transactions; t++)
        for (size_t p = 0; p < facts_n_points(facts); p++)
            for (size_t v = 1; v < facts->n_variants; v++)
                for (int m = 0; m < METRIC_COUNT && run_by_both(facts, (int)v, (int)t); m++)
                    out->rows[out->n++] = (struct comparison){.metric = (enum metric)m,
                                                              .transaction = (int)t,
                                                              .variant = (int)v,
                                                              .point = facts_point(facts, p)};
}

static bool adjust(struct comparisons *all)
{
    size_t n = 0;
    double *p = malloc((all->n ? all->n : 1) * 2 * sizeof *p);
    if (!p)
        return false;
    double *adjusted = p + all->n;
    for (size_t i = 0; i < all->n; i++)
        if (all->rows[i].has_ratio)
            p[n++] = all->rows[i].p;
    bool ok = stats_adjust_bh(p, n, adjusted);
    n = 0;
    for (size_t i = 0; ok && i < all->n; i++)
        if (all->rows[i].has_ratio)
            all->rows[i].p_adjusted = adjusted[n++];
    free(p);
    return ok;
}

bool compare_run(const struct facts *facts, struct comparisons *out, struct err *err)
{
    int n_blocks = last_block(facts) + 1;
    size_t n = facts->n_transactions * facts_n_points(facts) * (facts->n_variants - 1) * METRIC_COUNT;
    *out = (struct comparisons){.rows = calloc(n ? n : 1, sizeof *out->rows)};
    double *d = malloc(((size_t)n_blocks + 1) * sizeof *d);
    bool ok = out->rows && d;
    if (ok)
        list_rows(facts, out);
    for (size_t i = 0; ok && i < out->n; i++)
        ok = compare_one(facts, n_blocks, d, &out->rows[i]);
    ok = ok && adjust(out);
    free(d);
    if (ok)
        return true;
    compare_deinit(out);
    return err_memory(err);
}

void compare_deinit(struct comparisons *comparisons)
{
    free(comparisons->rows);
    *comparisons = (struct comparisons){0};
}

const struct comparison *compare_find(const struct comparisons *comparisons, enum metric metric, int transaction,
                                      int variant, struct point point)
{
    for (size_t i = 0; i < comparisons->n; i++) {
        const struct comparison *row = &comparisons->rows[i];
        if (row->metric == metric && row->transaction == transaction && row->variant == variant &&
            row->point.pool == point.pool && row->point.isolation == point.isolation && row->point.rate == point.rate)
            return row;
    }
    return NULL;
}

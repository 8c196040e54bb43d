#include "figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool in_cell(const struct trial_result *plain, int variant, struct point point)
{
    return (variant < 0 || plain->variant == variant) && facts_at(plain, point);
}

void figures_cell(const struct facts *facts, int variant, struct point point, int transaction, struct cell_figures *out)
{
    *out = (struct cell_figures){
        .hists = &facts->hists[facts_cell(facts, variant, point)][transaction], .offered_tps = NAN, .tps = NAN};
    int64_t ended = 0;
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct fact_trial *trial = &facts->trials[i];
        if (!facts_whole(trial) || !in_cell(&trial->plain, variant, point))
            continue;
        const struct transaction_result *counts = &trial->transactions[transaction].counts;
        int64_t ok, failed;
        facts_ended(trial, transaction, &ok, &failed);
        ended += ok;
        out->n_trials++;
        out->ok += counts->ok;
        out->failed += counts->failed;
        out->timed_out += counts->timed_out;
        out->censored += counts->censored;
        out->retried += counts->retried;
        out->retries += counts->retries;
        out->duration_s += (double)trial->plain.duration_ns / 1e9;
        out->waits |= trial->plain.rate_tps > 0 || trial->plain.clients > trial->plain.connections;
    }
    if (out->duration_s > 0) {
        out->tps = (double)ended / out->duration_s;
        out->offered_tps = (double)(out->ok + out->failed + out->timed_out + out->censored) / out->duration_s;
    }
}

static const struct hist *hist_of(const struct cell_figures *cell, enum timing timing)
{
    const struct hist *hists[TIMING_COUNT] = {cell->hists->response, cell->hists->service, cell->hists->pool_wait};
    return hists[timing];
}

static const struct fact_values *values_of(const struct cell_figures *cell, enum timing timing)
{
    const struct fact_values *values[TIMING_COUNT] = {&cell->hists->exact_response, &cell->hists->exact_service,
                                                      &cell->hists->exact_pool_wait};
    return values[timing]->n > 0 ? values[timing] : NULL;
}

int64_t figures_count(const struct cell_figures *cell, enum timing timing)
{
    const struct fact_values *values = values_of(cell, timing);
    const struct hist *hist = hist_of(cell, timing);
    return values ? (int64_t)values->n : hist ? hist->total : 0;
}

/* Where each client has a connection of its own the wait is 0 by construction: no count is needed to know that. */
static bool never_waits(const struct cell_figures *cell, enum timing timing)
{
    bool waited = cell->hists->pool_wait && cell->hists->pool_wait->max > 0;
    return timing == TIMING_POOL_WAIT && !cell->waits && !waited && figures_count(cell, TIMING_RESPONSE) > 0;
}

double figures_quantile(const struct cell_figures *cell, enum timing timing, double quantile)
{
    const struct fact_values *values = values_of(cell, timing);
    int64_t count = figures_count(cell, timing);
    if (never_waits(cell, timing))
        return 0;
    if (count == 0 || !hist_supports(count, quantile))
        return NAN;
    return values ? (double)facts_nearest_rank(values->list, values->n, quantile)
                  : (double)hist_percentile(hist_of(cell, timing), quantile);
}

double figures_mean(const struct cell_figures *cell, enum timing timing)
{
    const struct hist *hist = hist_of(cell, timing);
    if (never_waits(cell, timing))
        return 0;
    return hist && hist->total > 0 ? hist_mean(hist) : NAN;
}

/* --- Verdicts ----------------------------------------------------------------------------------------------------- */

void figures_verdict(const struct facts *facts, int variant, struct point point, struct cell_verdict *out)
{
    *out = (struct cell_verdict){.reason = ""};
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct trial_result *plain = &facts->trials[i].plain;
        if (!in_cell(plain, variant, point))
            continue;
        out->trials++;
        out->with[plain->verdict]++;
        if (plain->verdict > out->worst || (plain->verdict == out->worst && !*out->reason)) {
            out->worst = plain->verdict;
            out->reason = plain->reason;
        }
    }
}

bool figures_overloaded(const struct facts *facts, int variant, struct point point)
{
    struct cell_verdict verdict;
    figures_verdict(facts, variant, point, &verdict);
    return verdict.with[VERDICT_OVERLOADED] > 0;
}

/* --- The ledger --------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    if (n == 0)
        return NAN;
    qsort(values, n, sizeof *values, by_value);
    return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

/* The median over trials of what `of` says of one; NAN without memory too. */
static double median_of(const struct facts *facts, int variant, double (*of)(const struct trial_result *))
{
    double *values = malloc((facts->n_trials + 1) * sizeof *values);
    size_t n = 0;
    for (size_t i = 0; values && i < facts->n_trials; i++)
        if (facts->trials[i].plain.variant == variant && facts->trials[i].plain.n_indexes > 0)
            values[n++] = of(&facts->trials[i].plain);
    double result = values ? median(values, n) : NAN;
    free(values);
    return result;
}

static double build_ns(const struct trial_result *trial)
{
    double sum = 0;
    for (size_t i = 0; i < trial->n_indexes; i++)
        sum += (double)trial->indexes[i].build_ns;
    return sum;
}

static double size_bytes(const struct trial_result *trial)
{
    double sum = 0;
    for (size_t i = 0; i < trial->n_indexes; i++)
        sum += (double)trial->indexes[i].size_bytes;
    return sum;
}

bool figures_writes(const struct facts *facts, int transaction)
{
    for (size_t v = 0; v < facts->n_variants; v++)
        for (int s = 0; s < facts_transaction(facts, (int)v, transaction)->n_statements; s++)
            if (facts_plan(facts, (int)v, transaction, s)->writes)
                return true;
    return false;
}

static int only_writer(const struct facts *facts)
{
    int writer = -1;
    for (size_t t = 0; t < facts->n_transactions; t++) {
        if (facts->transactions[t].weight == 0 || !figures_writes(facts, (int)t))
            continue;
        if (writer >= 0)
            return -1;
        writer = (int)t;
    }
    return writer;
}

/* Sums over a variant's whole trials. */
struct totals {
    double updates, hot, commits;
    double records, fpi, bytes;
    double writer_ok;
    bool has_updates, has_wal;
};

static void add_trial(const struct fact_trial *trial, int writer, struct totals *to)
{
    const struct serverstat *server = &trial->plain.server;
    if (server->has[STAT_N_TUP_UPD] && server->has[STAT_N_TUP_HOT_UPD]) {
        to->has_updates = true;
        to->updates += (double)server->value[STAT_N_TUP_UPD];
        to->hot += (double)server->value[STAT_N_TUP_HOT_UPD];
    }
    if (server->has[STAT_WAL_RECORDS] && server->has[STAT_WAL_FPI] && server->has[STAT_WAL_BYTES]) {
        to->has_wal = true;
        to->records += (double)server->value[STAT_WAL_RECORDS];
        to->fpi += (double)server->value[STAT_WAL_FPI];
        to->bytes += (double)server->value[STAT_WAL_BYTES];
        to->commits += (double)trial->plain.total_commits;
        if (writer >= 0)
            to->writer_ok += (double)trial->transactions[writer].counts.trial_ok;
    }
}

/* WAL is counted over warm-up, window and drain: so are the commits, and the writer's. The warm-up's mix is not the
 * window's, and its part of the trial is the larger the slower the variant is. */
static void share_wal(const struct totals *totals, struct ledger *out)
{
    double writers = out->wal_transaction >= 0 ? totals->writer_ok : totals->commits;
    if (!totals->has_wal || writers <= 0)
        return;
    out->wal_records = totals->records / writers;
    out->wal_fpi = totals->fpi / writers;
    out->wal_bytes = totals->bytes / writers;
}

void figures_ledger(const struct facts *facts, int variant, struct ledger *out)
{
    struct totals totals = {0};
    *out = (struct ledger){
        .hot_share = NAN, .wal_records = NAN, .wal_fpi = NAN, .wal_bytes = NAN, .wal_transaction = only_writer(facts)};
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct fact_trial *trial = &facts->trials[i];
        if (trial->plain.variant != variant)
            continue;
        if ((int)trial->plain.n_indexes > out->n_indexes)
            out->n_indexes = (int)trial->plain.n_indexes;
        for (size_t k = 0; k < trial->plain.n_indexes; k++)
            out->scans += (double)trial->plain.indexes[k].scans;
        if (facts_whole(trial))
            add_trial(trial, out->wal_transaction, &totals);
    }
    out->build_ns = median_of(facts, variant, build_ns);
    out->size_bytes = median_of(facts, variant, size_bytes);
    if (totals.has_updates && totals.updates > 0)
        out->hot_share = totals.hot / totals.updates;
    share_wal(&totals, out);
}

/* --- Plans -------------------------------------------------------------------------------------------------------- */

/* The one on which most of the time was spent. */
static int costly_statement(const struct facts *facts, int variant, int transaction)
{
    int costly = 0;
    double most = -1;
    for (int s = 0; s < facts_transaction(facts, variant, transaction)->n_statements; s++) {
        double spent = 0;
        for (size_t i = 0; i < facts->n_trials; i++) {
            if (facts->trials[i].plain.variant != variant)
                continue;
            const struct dist_summary *service = &facts->trials[i].transactions[transaction].statements[s];
            spent += service->mean * (double)service->count;
        }
        if (spent > most) {
            most = spent;
            costly = s;
        }
    }
    return costly;
}

static bool same_shape(const struct facts *facts, int variant, int transaction, int statement)
{
    return strcmp(facts_plan(facts, variant, transaction, statement)->shape,
                  facts_plan(facts, 0, transaction, statement)->shape) == 0;
}

const char *figures_plan(const struct facts *facts, int variant, int transaction)
{
    int n = facts_transaction(facts, variant, transaction)->n_statements;
    if (n == 0)
        return "";
    bool own = variant == 0 || facts_rewritten(facts, variant, transaction);
    int shown = costly_statement(facts, own ? variant : 0, transaction);
    if (own)
        return facts_plan(facts, variant, transaction, shown)->scan;
    bool known = false, changed = false;
    for (int s = 0; s < n; s++) {
        known |= *facts_plan(facts, variant, transaction, s)->shape != '\0';
        changed |= !same_shape(facts, variant, transaction, s);
    }
    if (!known)
        return "";
    if (!changed)
        return FIGURES_NO_CHANGE;
    for (int s = 0; s < n && same_shape(facts, variant, transaction, shown); s++)
        shown = s;
    return facts_plan(facts, variant, transaction, shown)->scan;
}

size_t figures_broken(const struct facts *facts, int variant, struct point point, size_t *all, const char **check)
{
    size_t broken = 0, trials = 0;
    const char *first = NULL;
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct trial_result *plain = &facts->trials[i].plain;
        if (!in_cell(plain, variant, point))
            continue;
        trials++;
        broken += plain->broken_check[0] != '\0';
        first = !first && plain->broken_check[0] ? plain->broken_check : first;
    }
    if (all)
        *all = trials;
    if (check)
        *check = first;
    return broken;
}

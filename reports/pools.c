#include "pools.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/units.h"
#include "figures.h"
#include "output.h"
#include "reports/text.h"
#include "words.h"

enum {
    SIZES_LEAST = 2
};

static double throughput(const struct facts *facts, const struct fact_trial *trial)
{
    double sum = 0;
    for (size_t t = 0; t < facts->n_transactions; t++)
        sum += facts_goodput(trial, (int)t);
    return sum;
}

static int n_blocks(const struct facts *facts)
{
    int last = -1;
    for (size_t i = 0; i < facts->n_trials; i++)
        last = facts->trials[i].plain.block > last ? facts->trials[i].plain.block : last;
    return last + 1;
}

/* tps[size × blocks + block]; NAN where there is no whole trial. */
static double *collect(const struct facts *facts, int variant, struct point point, int blocks)
{
    size_t n = (size_t)blocks * facts->n_pools;
    double *tps = malloc((n ? n : 1) * sizeof *tps);
    point.pool = -1;
    for (size_t i = 0; tps && i < n; i++)
        tps[i] = NAN;
    for (size_t i = 0; tps && i < facts->n_trials; i++) {
        const struct fact_trial *trial = &facts->trials[i];
        if (trial->plain.variant == variant && facts_at(&trial->plain, point) && facts_whole(trial) &&
            trial->plain.duration_ns > 0)
            tps[trial->plain.pool * blocks + trial->plain.block] = throughput(facts, trial);
    }
    return tps;
}

bool pools_advise(const struct facts *facts, int variant, struct point point, struct pool_size *out, double *shares)
{
    int blocks = n_blocks(facts);
    point.pool = -1;
    if (facts->n_pools < SIZES_LEAST || facts_open(facts, point) ||
        figures_broken(facts, variant, point, NULL, NULL) > 0)
        return false;
    double *tps = collect(facts, variant, point, blocks);
    bool ok = tps && pool_size_choose(facts->pools, facts->n_pools, tps, (size_t)blocks, out, shares);
    free(tps);
    return ok;
}

/* --- In words ----------------------------------------------------------------------------------------------------- */

/* "status_prio · serializable: " where there is more than one. */
static void append_whose(const struct facts *facts, int variant, struct point point, struct str *out)
{
    struct str name = {0};
    if (facts->n_variants > 1)
        str_append(&name, facts->variants[variant].name);
    if (facts->n_isolations > 1)
        str_printf(&name, "%s%s", name.len ? " · " : "", isolation_name(facts->isolations[point.isolation]));
    if (name.len)
        str_printf(out, "%s: ", str_text(&name));
    str_deinit(&name);
}

static void append_confidence(const struct facts *facts, const struct pool_size *size, struct str *out)
{
    char number[32];
    if (!size->has_confidence)
        str_printf(out, " (no confidence: %s)", size->why_not);
    else if (size->low == size->high)
        str_printf(out, " (90 %% of resamples pick it; P(within 5 %% of the best) %s)",
                   units_format_count(number, sizeof number, size->p_within, 2));
    else
        str_printf(out, " (90 %% of resamples pick %d–%d; P(within 5 %% of the best) %s)", facts->pools[size->low],
                   facts->pools[size->high], units_format_count(number, sizeof number, size->p_within, 2));
}

/* "; without 8, which has no valid trial" */
static void append_missing(const struct facts *facts, int variant, struct point point, struct str *out)
{
    int missing = 0;
    struct str sizes = {0};
    for (point.pool = 0; point.pool < (int)facts->n_pools; point.pool++) {
        bool any = false;
        for (size_t i = 0; i < facts->n_trials; i++)
            any |= facts->trials[i].plain.variant == variant && facts_at(&facts->trials[i].plain, point) &&
                   facts_whole(&facts->trials[i]);
        if (!any)
            str_printf(&sizes, "%s%d", missing++ ? ", " : "", facts->pools[point.pool]);
    }
    if (missing > 0)
        str_printf(out, "; without %s, which %s no valid trial", str_text(&sizes), missing == 1 ? "has" : "have");
    str_deinit(&sizes);
}

static void advice_line(const struct facts *facts, int variant, struct point point, const struct pool_size *size,
                        const char *bullet, struct str *out)
{
    char number[32];
    str_append(out, bullet);
    append_whose(facts, variant, point, out);
    str_printf(out, "smallest pool within 5 %% of the best throughput: %d", facts->pools[size->pick]);
    append_confidence(facts, size, out);
    if (size->pick != size->best)
        str_printf(out, "; the best is %d with %s tx/s", facts->pools[size->best],
                   units_format_count(number, sizeof number, size->best_tps, size->best_tps < 99.95));
    if (size->edge)
        str_append(out, "; the best is the largest that was tried: a larger one may be better still");
    append_missing(facts, variant, point, out);
    str_append_char(out, '\n');
}

/* Calls `each` with every advice there is. */
typedef void advice_fn(const struct facts *facts, int variant, struct point point, const struct pool_size *advice,
                       void *user);
static void each_advice(const struct facts *facts, advice_fn *each, void *user)
{
    struct pool_size advice;
    for (size_t i = 0; i < facts->n_isolations; i++)
        for (size_t r = 0; r < facts->n_rates; r++)
            for (size_t v = 0; v < facts->n_variants; v++) {
                struct point point = {-1, (int)i, (int)r};
                if (pools_advise(facts, (int)v, point, &advice, NULL))
                    each(facts, (int)v, point, &advice, user);
            }
}

struct lines {
    const char *bullet;
    struct str *out;
};

static void add_line(const struct facts *facts, int variant, struct point point, const struct pool_size *advice,
                     void *user)
{
    const struct lines *to = user;
    advice_line(facts, variant, point, advice, to->bullet, to->out);
}

void text_pools(const struct facts *facts, const char *bullet, struct str *out)
{
    struct lines to = {bullet, out};
    each_advice(facts, add_line, &to);
}

/* --- pools.csv ---------------------------------------------------------------------------------------------------- */

static void write_number(FILE *file, double value)
{
    char text[64];
    fprintf(file, ",%s", units_format_number(text, sizeof text, value));
}

/* Of all transactions together. */
static double cell_tps(const struct facts *facts, int variant, struct point point)
{
    struct cell_figures cell;
    double sum = 0;
    for (size_t t = 0; t < facts->n_transactions; t++) {
        figures_cell(facts, variant, point, (int)t, &cell);
        sum += cell.tps;
    }
    return sum;
}

static void write_rows(const struct facts *facts, int variant, struct point point, const struct pool_size *size,
                       void *user)
{
    FILE *file = user;
    struct pool_size again;
    double *shares = malloc(facts->n_pools * sizeof *shares), tps;
    double best = cell_tps(facts, variant, (struct point){size->best, point.isolation, point.rate});
    bool sure = size->has_confidence && shares && pools_advise(facts, variant, point, &again, shares);
    for (point.pool = 0; point.pool < (int)facts->n_pools; point.pool++) {
        output_csv_field(file, facts->variants[variant].name);
        fprintf(file, ",%s", isolation_name(facts->isolations[point.isolation]));
        write_number(file, facts->pools[point.pool]);
        write_number(file, tps = cell_tps(facts, variant, point));
        write_number(file, tps / best);
        write_number(file, point.pool == size->pick);
        write_number(file, sure ? shares[point.pool] : NAN);
        write_number(file, sure ? size->p_within : NAN);
        write_number(file, size->n_blocks);
        fputc('\n', file);
    }
    free(shares);
}

static void count_advice(const struct facts *facts, int variant, struct point point, const struct pool_size *advice,
                         void *user)
{
    (void)facts, (void)variant, (void)point, (void)advice;
    ++*(int *)user;
}

bool pools_write_csv(const struct facts *facts, struct err *err)
{
    struct output out;
    char path[sizeof out.path];
    int n = 0;
    each_advice(facts, count_advice, &n);
    snprintf(path, sizeof path, "%s/pools.csv", facts->folder);
    if (n == 0) {
        unlink(path);
        return true;
    }
    if (!output_open(&out, facts->folder, "pools.csv", err))
        return false;
    fputs("variant,isolation,pool_size,goodput_tps,share_of_best,picked,share_of_resamples,p_within_5pct,n_blocks\n",
          out.file);
    each_advice(facts, write_rows, out.file);
    return output_close(&out, err);
}

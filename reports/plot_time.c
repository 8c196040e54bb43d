/* Throughput and latency second by second: a row a pool size, block after block, the variants of a block one over the
 * other. Seconds are not averaged over blocks: averages of percentiles do not exist. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "figures.h"
#include "picture.h"

enum {
    WIDTH = 1100,
    HEIGHT = 250
};

/* The latency shown: the highest percentile that most seconds can carry. */
struct choice {
    const char *name;
    double quantile;
    size_t member; /* of struct dist_summary */
};
static const struct choice choices[] = {
    {"p99", 0.99, offsetof(struct dist_summary, p99)},
    {"p95", 0.95, offsetof(struct dist_summary, p95)},
    {"p90", 0.90, offsetof(struct dist_summary, p90)},
    {"p50", 0.50, offsetof(struct dist_summary, p50)},
};
enum {
    N_CHOICES = sizeof choices / sizeof choices[0]
};

static bool carried(const struct facts *facts, int transaction, double quantile)
{
    size_t enough = 0, all = 0;
    for (size_t i = 0; i < facts->n_trials; i++)
        for (size_t k = 0; k < facts->trials[i].n_intervals; k++) {
            all++;
            enough += hist_supports(facts->trials[i].intervals[k].transactions[transaction].response.count, quantile);
        }
    return enough * 10 >= all * 9;
}

static const struct choice *choose(const struct facts *facts, int transaction)
{
    for (int i = 0; i < N_CHOICES; i++)
        if (carried(facts, transaction, choices[i].quantile))
            return &choices[i];
    return &choices[N_CHOICES - 1];
}

/* A shorter rest of a window would show a dip or a spike that is none. */
static bool shown(const struct interval_result *interval)
{
    return interval->length_s >= 0.25;
}

static void add_trial(struct picture *picture, const struct fact_trial *trial, int transaction,
                      const struct choice *choice, struct axis *tps, struct axis *latency)
{
    double window_s = (double)trial->plain.duration_ns / 1e9;
    for (size_t k = 0; k < trial->n_intervals; k++) {
        const struct interval_result *interval = &trial->intervals[k];
        const struct interval_transaction *counts = &interval->transactions[transaction];
        if (!shown(interval))
            continue;
        double rate = (double)counts->ok / interval->length_s, ms = NAN;
        if (counts->response.count > 0)
            ms = (double)*(const int64_t *)((const char *)&counts->response + choice->member) / 1e6;
        picture_value(picture, trial->plain.block + 0.5 +
                                   0.94 * ((interval->start_s + interval->length_s / 2) / window_s - 0.5) + 0.5);
        picture_value(picture, rate);
        picture_value(picture, ms);
        picture_end_row(picture);
        axis_add(tps, rate);
        axis_add(latency, ms);
    }
    fputc('\n', picture->dat); /* no line from one block to the next */
}

static void write_series(struct picture *picture, int transaction, int variant, int pool, int isolation,
                         const struct choice *choice, struct axis *tps, struct axis *latency)
{
    const struct facts *facts = picture->context->facts;
    picture_block(picture, "block and place in its window, transactions/s, latency (ms)");
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct trial_result *plain = &facts->trials[i].plain;
        if (plain->variant == variant && plain->pool == pool && plain->isolation == isolation)
            add_trial(picture, &facts->trials[i], transaction, choice, tps, latency);
    }
}

static void write_panel(struct picture *picture, int pool, int isolation, int column, const char *what, bool key)
{
    const struct facts *facts = picture->context->facts;
    FILE *gp = picture->gp;
    char title[200], broken[80];
    picture_broken(facts, pool, isolation, broken, sizeof broken);
    snprintf(title, sizeof title, "pool %d: %s%s", facts->pools[pool], what, broken);
    fputs("set title ", gp);
    picture_quote(gp, title, false);
    fputc('\n', gp);
    picture_legend(picture, key);
    fputs("plot", gp);
    for (size_t v = 0; v < facts->n_variants; v++) {
        fprintf(gp, "%s '%s.dat' index %d using 1:%d with linespoints lt %d lw 1.2 ps 0.45 title ", v ? "," : "",
                picture->name, pool * (int)facts->n_variants + (int)v, column, picture_style((int)v));
        picture_title(gp, facts->variants[v].name);
        if (figures_broken(facts, (int)v, pool, isolation, NULL, NULL) > 0)
            fprintf(gp, ", '' index %d using 1:%d " PICTURE_CROSS("0.7"), pool * (int)facts->n_variants + (int)v,
                    column);
    }
    if (key)
        picture_cross_title(picture);
    fputc('\n', gp);
}

static int n_blocks(const struct facts *facts)
{
    int n = 1;
    for (size_t i = 0; i < facts->n_trials; i++)
        n = facts->trials[i].plain.block + 1 > n ? facts->trials[i].plain.block + 1 : n;
    return n;
}

static void block_axis(const struct facts *facts, FILE *gp)
{
    char window[64];
    int n = n_blocks(facts), step = (n + 23) / 24;
    units_format_number(window, sizeof window, (double)facts->measure.duration_ns / 1e9);
    fprintf(gp, "set xlabel 'block (each one window of %s s)'\nset xrange [0.5:%d.5]\nset xtics (", window, n);
    for (int i = 1; i <= n; i += step)
        fprintf(gp, "%s'%d' %d", i > 1 ? ", " : "", i, i);
    fputs(")\nset grid noxtics\n", gp);
    for (int i = 1; i < n; i++)
        fprintf(gp, "set arrow from %d.5, graph 0 to %d.5, graph 1 nohead lc rgb '#dddddd' lw 0.7 back\n", i, i);
}

static void write_picture(struct picture *picture, int transaction, int isolation)
{
    const struct facts *facts = picture->context->facts;
    const struct choice *choice = choose(facts, transaction);
    struct axis tps = {0}, latency = {0};
    FILE *gp = picture->gp;
    char label[80];
    for (size_t p = 0; p < facts->n_pools; p++)
        for (size_t v = 0; v < facts->n_variants; v++)
            write_series(picture, transaction, (int)v, (int)p, isolation, choice, &tps, &latency);
    block_axis(facts, gp);
    picture->crosses = figures_broken(facts, -1, -1, isolation, NULL, NULL) > 0;
    picture_panels(picture, (int)facts->n_pools, 2);
    for (size_t p = 0; p < facts->n_pools; p++) {
        fputs("set ylabel 'transactions/s'\n", gp);
        axis_linear(&tps, "y", gp);
        write_panel(picture, (int)p, isolation, 2, "throughput", p == 0);
        fprintf(gp, "set ylabel '%s (ms)'\n", choice->name);
        axis_log(&latency, "y", 1.3, gp);
        snprintf(label, sizeof label, "%s response time", choice->name);
        write_panel(picture, (int)p, isolation, 3, label, false);
    }
    fputs("unset multiplot\n", gp);
}

void plot_time(const struct plot_context *context)
{
    const struct facts *facts = context->facts;
    for (size_t i = 0; i < facts->n_isolations; i++)
        for (size_t t = 0; t < facts->n_transactions; t++) {
            char file[FACTS_NAME_BYTES], name[FACTS_NAME_BYTES + 32], title[160];
            struct picture picture;
            facts_file_name(file, sizeof file, facts->transactions[t].name, (int)t);
            snprintf(name, sizeof name, "time_%s_%s", file, isolation_short(facts->isolations[i]));
            snprintf(title, sizeof title, "%s, %s: second by second", facts->transactions[t].name,
                     isolation_name(facts->isolations[i]));
            if (!picture_begin(context, name, title, WIDTH, (int)facts->n_pools * HEIGHT + 60, &picture))
                return;
            write_picture(&picture, (int)t, (int)i);
            picture_end(&picture);
        }
}

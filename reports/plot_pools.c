/* Throughput and p99 by pool size: a line a variant, a column an isolation level. Bars span the blocks. */
#include <math.h>
#include <stdio.h>

#include "figures.h"
#include "picture.h"

enum {
    WIDTH = 400,
    HEIGHT = 300
};

static double trial_tps(const struct fact_trial *trial, int transaction)
{
    return (double)trial->transactions[transaction].counts.ok * 1e9 / (double)trial->plain.duration_ns;
}

static double trial_p99(const struct fact_trial *trial, int transaction)
{
    return (double)trial->transactions[transaction].response.p99 / 1e6;
}

/* Lowest and highest block of one cell. */
static struct axis span(const struct facts *facts, int variant, int pool, int isolation, int transaction,
                        double (*of)(const struct fact_trial *, int))
{
    struct axis result = {0};
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct trial_result *plain = &facts->trials[i].plain;
        if (plain->variant == variant && plain->pool == pool && plain->isolation == isolation &&
            facts_whole(&facts->trials[i]))
            axis_add(&result, of(&facts->trials[i], transaction));
    }
    return result;
}

static void add_point(struct picture *picture, double x, double value, struct axis blocks, bool broken, struct axis *y)
{
    picture_value(picture, x);
    picture_value(picture, value);
    picture_value(picture, axis_empty(&blocks) ? NAN : blocks.low);
    picture_value(picture, axis_empty(&blocks) ? NAN : blocks.high);
    picture_value(picture, broken ? value : NAN);
    picture_end_row(picture);
    axis_add(y, value);
    axis_add(y, blocks.low);
    axis_add(y, blocks.high);
}

/* Variants stand a little apart, so that bars do not hide each other. */
static double place(const struct facts *facts, int pool, int variant)
{
    double width = fmin(0.6, 0.13 * (double)(facts->n_variants - 1));
    return pool + 1 + (facts->n_variants > 1 ? width * ((double)variant / (double)(facts->n_variants - 1) - 0.5) : 0);
}

static void write_series(struct picture *picture, int transaction, int variant, int isolation, struct axis *tps,
                         struct axis *p99)
{
    const struct facts *facts = picture->context->facts;
    struct cell_figures cell;
    picture_block(picture, "pool position, transactions/s, lowest and highest block, again if a check broke");
    for (size_t p = 0; p < facts->n_pools; p++) {
        figures_cell(facts, variant, (int)p, isolation, transaction, &cell);
        add_point(picture, place(facts, (int)p, variant), cell.tps,
                  span(facts, variant, (int)p, isolation, transaction, trial_tps),
                  figures_broken(facts, variant, (int)p, isolation, NULL, NULL) > 0, tps);
    }
    picture_block(picture, "pool position, p99 (ms), lowest and highest block, again if a check broke");
    for (size_t p = 0; p < facts->n_pools; p++) {
        figures_cell(facts, variant, (int)p, isolation, transaction, &cell);
        bool supported = cell.response && hist_supports(cell.response->total, 0.99);
        double value = supported ? (double)hist_percentile(cell.response, 0.99) / 1e6 : NAN;
        struct axis none = {0};
        add_point(picture, place(facts, (int)p, variant), value,
                  supported ? span(facts, variant, (int)p, isolation, transaction, trial_p99) : none,
                  figures_broken(facts, variant, (int)p, isolation, NULL, NULL) > 0, p99);
    }
}

static void pool_axis(const struct facts *facts, FILE *gp)
{
    fprintf(gp,
            "set xlabel 'pool size (connections); bars: lowest and highest block'\nset xrange [0.5:%zu.5]\nset xtics (",
            facts->n_pools);
    for (size_t p = 0; p < facts->n_pools; p++)
        fprintf(gp, "%s'%d' %zu", p ? ", " : "", facts->pools[p], p + 1);
    fputs(")\n", gp);
}

static void write_panel(struct picture *picture, int isolation, bool p99, bool key)
{
    const struct facts *facts = picture->context->facts;
    FILE *gp = picture->gp;
    char name[200], broken[80];
    picture_broken(facts, -1, isolation, broken, sizeof broken);
    snprintf(name, sizeof name, "%s%s", isolation_name(facts->isolations[isolation]), broken);
    fputs("set title ", gp);
    picture_quote(gp, name, false);
    fputc('\n', gp);
    picture_legend(picture, key);
    fputs("plot", gp);
    for (size_t v = 0; v < facts->n_variants; v++) {
        fprintf(gp,
                "%s '%s.dat' index %d using 1:3:(0):($4-$3) with vectors nohead lt %d lw 1 dt 1, '' index %d using 1:2 "
                "with linespoints lt %d ps 1 title ",
                v ? "," : "", picture->name, 2 * (isolation * (int)facts->n_variants + (int)v) + p99,
                picture_style((int)v), 2 * (isolation * (int)facts->n_variants + (int)v) + p99, picture_style((int)v));
        picture_title(gp, facts->variants[v].name);
        if (*broken)
            fprintf(gp, ", '' index %d using 1:5 " PICTURE_CROSS("1.8"),
                    2 * (isolation * (int)facts->n_variants + (int)v) + p99);
    }
    if (key)
        picture_cross_title(picture);
    fputc('\n', gp);
}

static void write_picture(struct picture *picture, int transaction)
{
    const struct facts *facts = picture->context->facts;
    struct axis tps = {0}, p99 = {0};
    FILE *gp = picture->gp;
    for (size_t i = 0; i < facts->n_isolations; i++)
        for (size_t v = 0; v < facts->n_variants; v++)
            write_series(picture, transaction, (int)v, (int)i, &tps, &p99);
    pool_axis(facts, gp);
    picture->crosses = figures_broken(facts, -1, -1, -1, NULL, NULL) > 0;
    picture_panels(picture, 2, (int)facts->n_isolations);
    fputs("set ylabel 'transactions/s'\n", gp);
    axis_linear(&tps, "y", gp);
    for (size_t i = 0; i < facts->n_isolations; i++)
        write_panel(picture, (int)i, false, i == 0);
    fputs("set ylabel 'p99 response time (ms)'\n", gp);
    axis_log(&p99, "y", 1.3, gp);
    for (size_t i = 0; i < facts->n_isolations; i++)
        write_panel(picture, (int)i, true, false);
    fputs("unset multiplot\n", gp);
}

void plot_pools(const struct plot_context *context)
{
    const struct facts *facts = context->facts;
    int width = facts->n_isolations == 1 ? 640 : (int)facts->n_isolations * WIDTH;
    for (size_t t = 0; t < facts->n_transactions; t++) {
        char file[FACTS_NAME_BYTES], name[FACTS_NAME_BYTES + 20], title[160];
        struct picture picture;
        facts_file_name(file, sizeof file, facts->transactions[t].name, (int)t);
        snprintf(name, sizeof name, "pools_%s", file);
        snprintf(title, sizeof title,
                 facts->n_pools > 1 ? "%s: throughput and p99 by pool size" : "%s: throughput and p99",
                 facts->transactions[t].name);
        if (!picture_begin(context, name, title, width, 2 * HEIGHT + 60, &picture))
            return;
        write_picture(&picture, (int)t);
        picture_end(&picture);
    }
}

/* By pool size, where there are several: throughput and p99, a line a variant, with the recommended sizes; and in a
 * picture of its own what a response is made of, where connections are waited for. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "figures.h"
#include "picture.h"
#include "pools.h"
#include "reports/stats.h"
#include "words.h"

enum {
    WIDTH = 420,
    HEIGHT = 310,
    ALONE = 680 /* wide, when there is one panel in a row */
};

static double trial_p99(const struct fact_trial *trial, int transaction)
{
    return (double)trial->transactions[transaction].response.p99 / 1e6;
}

/* Of the cell's blocks: the exact 95 % interval of their middle where there are enough, else lowest and highest. */
static struct axis span(const struct facts *facts, int variant, struct point point, int transaction,
                        double (*of)(const struct fact_trial *, int))
{
    struct axis result = {0};
    double *logs = malloc((facts->n_trials + 1) * sizeof *logs);
    struct paired middle;
    int n = 0;
    for (size_t i = 0; logs && i < facts->n_trials; i++) {
        const struct fact_trial *trial = &facts->trials[i];
        double value = of(trial, transaction);
        if (trial->plain.variant != variant || !facts_at(&trial->plain, point) || !facts_whole(trial) || value <= 0)
            continue;
        axis_add(&result, value);
        logs[n++] = log(value);
    }
    if (n >= STATS_MIN_PAIRS && stats_paired(logs, n, &middle) && middle.has_interval)
        result = (struct axis){exp(middle.low), exp(middle.high)};
    free(logs);
    return result;
}

static const char *span_words(const struct facts *facts)
{
    return facts->measure.blocks >= STATS_MIN_PAIRS ? "bars: 95 % interval over the blocks"
                                                    : "bars: lowest and highest block";
}

struct marks {
    bool broken, overloaded;
};

static struct marks marks_of(const struct facts *facts, int variant, struct point point)
{
    return (struct marks){figures_broken(facts, variant, point, NULL, NULL) > 0,
                          figures_overloaded(facts, variant, point)};
}

static void add_point(struct picture *picture, double x, double value, struct axis blocks, struct marks marks,
                      struct axis *y)
{
    picture_value(picture, x);
    picture_value(picture, value);
    picture_value(picture, axis_empty(&blocks) ? NAN : blocks.low);
    picture_value(picture, axis_empty(&blocks) ? NAN : blocks.high);
    picture_value(picture, marks.broken ? value : NAN);
    picture_value(picture, marks.overloaded ? value : NAN);
    picture->rings |= marks.overloaded;
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

static void write_series(struct picture *picture, int transaction, int variant, struct point point, struct axis *tps,
                         struct axis *p99)
{
    const struct facts *facts = picture->context->facts;
    struct cell_figures cell;
    picture_block(picture, "pool position, transactions/s, its bar, again if a check broke, if overloaded");
    for (point.pool = 0; point.pool < (int)facts->n_pools; point.pool++) {
        figures_cell(facts, variant, point, transaction, &cell);
        add_point(picture, place(facts, point.pool, variant), cell.tps,
                  span(facts, variant, point, transaction, facts_goodput), marks_of(facts, variant, point), tps);
    }
    picture_block(picture, "pool position, p99 (ms), its bar, again if a check broke, if overloaded");
    for (point.pool = 0; point.pool < (int)facts->n_pools; point.pool++) {
        figures_cell(facts, variant, point, transaction, &cell);
        double value = figures_quantile(&cell, TIMING_RESPONSE, 0.99) / 1e6;
        struct axis none = {0};
        add_point(picture, place(facts, point.pool, variant), value,
                  isfinite(value) ? span(facts, variant, point, transaction, trial_p99) : none,
                  marks_of(facts, variant, point), p99);
    }
}

static void pool_axis(const struct facts *facts, const char *label, FILE *gp)
{
    fprintf(gp, "set xlabel \"%s\"\nset xrange [0.5:%zu.5]\nset xtics (", label, facts->n_pools);
    for (size_t p = 0; p < facts->n_pools; p++)
        fprintf(gp, "%s'%d' %zu", p ? ", " : "", facts->pools[p], p + 1);
    fputs(")\n", gp);
}

/* A thick line at the bottom over the sizes that are recommended, each variant's in its colour. */
static void mark_advice(struct picture *picture, struct point point)
{
    const struct facts *facts = picture->context->facts;
    for (size_t v = 0; v < facts->n_variants; v++) {
        struct pool_size advice;
        if (!pools_advise(facts, (int)v, point, &advice, NULL))
            continue;
        double y = 0.035 + 0.08 * (double)v;
        fprintf(picture->gp, "set arrow %zu from ", v + 1);
        picture_number(picture->gp, advice.low + 0.72);
        fputs(", graph ", picture->gp);
        picture_number(picture->gp, y);
        fputs(" to ", picture->gp);
        picture_number(picture->gp, advice.high + 1.28);
        fputs(", graph ", picture->gp);
        picture_number(picture->gp, y);
        fprintf(picture->gp, " nohead lt %d dt 1 lw 5\nset label %zu '▼' at %d, graph ", picture_style((int)v), v + 1,
                advice.pick + 1);
        picture_number(picture->gp, y);
        fprintf(picture->gp, " center offset 0,0.8 tc lt %d\n", picture_style((int)v));
    }
}

static void unmark_advice(const struct facts *facts, FILE *gp)
{
    for (size_t v = 0; v < facts->n_variants; v++)
        fprintf(gp, "unset arrow %zu\nunset label %zu\n", v + 1, v + 1);
}

static void panel_title(const struct facts *facts, struct point point, FILE *gp)
{
    char name[300];
    picture_point_name(facts, point, name, sizeof name);
    fputs("set title ", gp);
    picture_quote(gp, name, false);
    fputc('\n', gp);
}

static void write_panel(struct picture *picture, struct point point, bool p99, bool key)
{
    const struct facts *facts = picture->context->facts;
    FILE *gp = picture->gp;
    bool broken = figures_broken(facts, -1, point, NULL, NULL) > 0;
    panel_title(facts, point, gp);
    picture_legend(picture, key);
    if (!p99)
        mark_advice(picture, point);
    fputs("plot", gp);
    for (size_t v = 0; v < facts->n_variants; v++) {
        int block = 2 * (point.isolation * (int)facts->n_variants + (int)v) + p99;
        fprintf(gp,
                "%s '%s.dat' index %d using 1:3:(0):($4-$3) with vectors nohead lt %d lw 1 dt 1, '' index %d using 1:2 "
                "with linespoints lt %d ps 1 title ",
                v ? "," : "", picture->name, block, picture_style((int)v), block, picture_style((int)v));
        picture_title(gp, facts->variants[v].name);
        if (broken)
            fprintf(gp, ", '' index %d using 1:5 " PICTURE_CROSS("1.8"), block);
        if (picture->rings)
            fprintf(gp, ", '' index %d using 1:6 " PICTURE_RING, block);
    }
    if (key)
        picture_cross_title(picture);
    fputc('\n', gp);
    unmark_advice(facts, gp);
}

static bool any_advice(const struct facts *facts, int rate)
{
    struct pool_size advice;
    for (size_t v = 0; v < facts->n_variants; v++)
        for (size_t i = 0; i < facts->n_isolations; i++)
            if (pools_advise(facts, (int)v, (struct point){-1, (int)i, rate}, &advice, NULL))
                return true;
    return false;
}

static void write_picture(struct picture *picture, int transaction, int rate)
{
    const struct facts *facts = picture->context->facts;
    struct axis tps = {0}, p99 = {0};
    FILE *gp = picture->gp;
    char label[200];
    for (size_t i = 0; i < facts->n_isolations; i++)
        for (size_t v = 0; v < facts->n_variants; v++)
            write_series(picture, transaction, (int)v, (struct point){-1, (int)i, rate}, &tps, &p99);
    snprintf(label, sizeof label, "pool size (connections); %s%s", span_words(facts),
             any_advice(facts, rate) ? "\\n▼ smallest within 5 % of the best, ▬ 90 % of resamples" : "");
    pool_axis(facts, label, gp);
    picture->crosses = figures_broken(facts, -1, (struct point){-1, -1, rate}, NULL, NULL) > 0;
    picture_panels(picture, 2, (int)facts->n_isolations);
    fputs("set ylabel 'transactions/s'\n", gp);
    axis_linear(&tps, "y", gp);
    for (size_t i = 0; i < facts->n_isolations; i++)
        write_panel(picture, (struct point){-1, (int)i, rate}, false, i == 0);
    fprintf(gp, "set xlabel 'pool size (connections); %s'\n", span_words(facts));
    fputs("set ylabel 'p99 response time (ms)'\n", gp);
    axis_log(&p99, "y", 1.3, gp);
    for (size_t i = 0; i < facts->n_isolations; i++)
        write_panel(picture, (struct point){-1, (int)i, rate}, true, false);
    fputs("unset multiplot\n", gp);
}

/* --- What a response is made of ----------------------------------------------------------------------------------- */

static void write_parts(struct picture *picture, int transaction, int variant, struct point point, struct axis *y)
{
    const struct facts *facts = picture->context->facts;
    struct cell_figures cell;
    picture_block(picture, "pool position, mean service (ms), mean pool wait (ms)");
    for (point.pool = 0; point.pool < (int)facts->n_pools; point.pool++) {
        figures_cell(facts, variant, point, transaction, &cell);
        double service = figures_mean(&cell, TIMING_SERVICE) / 1e6, wait = figures_mean(&cell, TIMING_POOL_WAIT) / 1e6;
        picture_value(picture, point.pool + 1);
        picture_value(picture, service);
        picture_value(picture, wait);
        picture_end_row(picture);
        axis_add(y, service + wait);
    }
}

static void parts_panel(struct picture *picture, int variant, struct point point, int block, bool key)
{
    const struct facts *facts = picture->context->facts;
    FILE *gp = picture->gp;
    struct str title = {0};
    if (facts->n_variants > 1)
        str_printf(&title, "%s · ", facts->variants[variant].name);
    text_point(facts, point, &title);
    fputs("set title ", gp);
    picture_quote(gp, str_text(&title), false);
    fputc('\n', gp);
    str_deinit(&title);
    if (key)
        fputs("set key top center horizontal reverse Left samplen 2\n", gp);
    else
        fputs("unset key\n", gp);
    fprintf(gp,
            "plot '%s.dat' index %d using 1:($2+$3):(0.6) with boxes fill pattern 4 lc rgb '#D55E00' dt 1 title 'pool "
            "wait', '' index %d using 1:2:(0.6) with boxes fill solid 1 lc rgb '#0072B2' dt 1 title 'service'\n",
            picture->name, block, block);
}

/* Each variant on a scale of its own: what is compared here is the parts of one response. */
static void write_split(struct picture *picture, int transaction, int rate)
{
    const struct facts *facts = picture->context->facts;
    FILE *gp = picture->gp;
    pool_axis(facts, "pool size (connections)", gp);
    fprintf(gp, "set grid noxtics\nset multiplot layout %zu,%zu title ", facts->n_variants, facts->n_isolations);
    picture_quote(gp, picture->title, false);
    fputs(" font ',14'\nset ylabel 'mean (ms)'\n", gp);
    for (size_t v = 0; v < facts->n_variants; v++) {
        struct axis y = {0};
        int first = picture->blocks;
        for (size_t i = 0; i < facts->n_isolations; i++)
            write_parts(picture, transaction, (int)v, (struct point){-1, (int)i, rate}, &y);
        y.high *= 1.15; /* room for the legend */
        axis_linear(&y, "y", gp);
        for (size_t i = 0; i < facts->n_isolations; i++)
            parts_panel(picture, (int)v, (struct point){-1, (int)i, rate}, first + (int)i, v == 0 && i == 0);
    }
    fputs("unset multiplot\n", gp);
}

/* --- Both --------------------------------------------------------------------------------------------------------- */

static void name_picture(const struct facts *facts, const char *kind, int transaction, int rate, char *buf, size_t size)
{
    char file[FACTS_NAME_BYTES], suffix[40];
    facts_file_name(file, sizeof file, facts->transactions[transaction].name, transaction);
    facts_rate_suffix(&facts->rates[rate], suffix, sizeof suffix);
    snprintf(buf, size, "%s_%s%s", kind, file, suffix);
}

static bool plot_one(const struct plot_context *context, int transaction, int rate, bool split)
{
    const struct facts *facts = context->facts;
    char name[FACTS_NAME_BYTES + 80], title[200];
    struct picture picture;
    struct str words = {0};
    if (picture_has_rates(facts))
        text_rate(&facts->rates[rate], &words);
    int width = facts->n_isolations == 1 ? ALONE : (int)facts->n_isolations * WIDTH;
    int rows = split ? (int)facts->n_variants : 2;
    name_picture(facts, split ? "parts" : "pools", transaction, rate, name, sizeof name);
    snprintf(title, sizeof title, "%s%s%s: %s by pool size", facts->transactions[transaction].name,
             words.len ? ", " : "", str_text(&words), split ? "pool wait and service" : "throughput and p99");
    str_deinit(&words);
    if (!picture_begin(context, name, title, width, rows * HEIGHT + 90, &picture))
        return false;
    if (split)
        write_split(&picture, transaction, rate);
    else
        write_picture(&picture, transaction, rate);
    picture_end(&picture);
    return true;
}

void plot_pools(const struct plot_context *context)
{
    const struct facts *facts = context->facts;
    if (facts->n_pools < 2) /* one size is not a picture */
        return;
    for (size_t t = 0; t < facts->n_transactions; t++)
        for (size_t r = 0; r < facts->n_rates; r++)
            if (!plot_one(context, (int)t, (int)r, false) ||
                (facts_queues(facts) && !plot_one(context, (int)t, (int)r, true)))
                return;
}

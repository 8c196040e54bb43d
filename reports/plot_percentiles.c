/* Latency by percentile: the axis counts nines, so that the tail has as much room as the middle. */
#include <math.h>
#include <stdio.h>

#include "figures.h"
#include "picture.h"
#include "reports/hgrm.h"

enum {
    WIDTH = 460,
    HEIGHT = 330,
    COLUMNS = 3
};

struct sink {
    struct picture *picture;
    struct axis *x, *y;
    double most; /* 1/(1−q) that the count supports */
};

static void add_step(void *user, double quantile, int64_t value_ns, int64_t count)
{
    struct sink *sink = user;
    double nines = quantile < 1 ? 1 / (1 - quantile) : INFINITY, ms = (double)value_ns / 1e6;
    (void)count;
    if (nines > sink->most)
        return;
    axis_add(sink->x, nines);
    axis_add(sink->y, ms);
    picture_value(sink->picture, nines);
    picture_value(sink->picture, ms);
    picture_end_row(sink->picture);
}

static void write_block(struct picture *picture, int transaction, int variant, struct point point, struct axis *x,
                        struct axis *y)
{
    const struct facts *facts = picture->context->facts;
    char name[FACTS_NAME_BYTES];
    facts_name_cell(facts, variant, point, name, sizeof name);
    picture_block(picture, name);
    const struct hist *hist = facts->hists[facts_cell(facts, variant, point)][transaction].response;
    struct sink sink = {picture, x, y, hist ? (double)hist->total / 10 : 0};
    if (hist)
        hgrm_steps(hist, add_step, &sink);
}

static void nines_axis(const struct axis *x, FILE *gp)
{
    static const char *const names[] = {"0", "90 %%", "99 %%", "99.9 %%", "99.99 %%", "99.999 %%", "99.9999 %%"};
    double high = axis_empty(x) ? 10 : x->high;
    fprintf(gp, "set logscale x\nset xrange [1:%.0f]\nset xtics (", fmax(ceil(high * 1.1), 2));
    double at = 1;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && at <= high * 1.1; i++, at *= 10)
        fprintf(gp, "%s'%s' %.0f", i ? ", " : "", names[i], at);
    fputs(high < 100 ? ", '50 %%' 2)\n" : ")\n", gp);
    fputs("set xlabel 'share of transactions at or below'\n", gp);
}

static void write_panel(struct picture *picture, struct point point, int first_block, bool key)
{
    const struct facts *facts = picture->context->facts;
    FILE *gp = picture->gp;
    char name[300];
    picture_point_name(facts, point, name, sizeof name);
    fputs("set title ", gp);
    picture_quote(gp, name, false);
    fputc('\n', gp);
    picture_legend(picture, key);
    fputs("plot", gp);
    for (size_t v = 0; v < facts->n_variants; v++) {
        int style = picture_style((int)v);
        fprintf(gp, "%s '%s.dat' index %d using 1:2 with lines lt %d", v ? "," : "", picture->name,
                first_block + (int)v, style);
        /* a few points, so that lines are told apart without colour */
        fprintf(gp, ", '' index %d using 1:2 every 6::%d with points lt %d, NaN with linespoints lt %d title ",
                first_block + (int)v, (int)v * 2 % 6, style, style);
        picture_title(gp, facts->variants[v].name);
        if (figures_broken(facts, (int)v, point, NULL, NULL) > 0)
            fprintf(gp, ", '' index %d using 1:2 every 6::%d " PICTURE_CROSS("1.1"), first_block + (int)v,
                    (int)v * 2 % 6);
    }
    if (key)
        picture_cross_title(picture);
    fputc('\n', gp);
}

static void write_picture(struct picture *picture, int transaction, int columns, int rows)
{
    const struct facts *facts = picture->context->facts;
    struct axis x = {0}, y = {0};
    for (size_t p = 0; p < facts_n_points(facts); p++)
        for (size_t v = 0; v < facts->n_variants; v++)
            write_block(picture, transaction, (int)v, facts_point(facts, p), &x, &y);
    nines_axis(&x, picture->gp);
    axis_log(&y, "y", 1.3, picture->gp);
    fputs("set ylabel 'response time (ms)'\n", picture->gp);
    picture->crosses = figures_broken(facts, -1, POINT_ALL, NULL, NULL) > 0;
    picture_panels(picture, rows, columns);
    int block = 0;
    for (size_t p = 0; p < facts_n_points(facts); p++) {
        write_panel(picture, facts_point(facts, p), block, block == 0);
        block += (int)facts->n_variants;
    }
    fputs("unset multiplot\n", picture->gp);
}

void plot_percentiles(const struct plot_context *context)
{
    const struct facts *facts = context->facts;
    int points = (int)facts_n_points(facts);
    /* a row an isolation level where its points fit in one */
    int in_row = (int)(facts->n_pools * facts->n_rates);
    int columns = in_row > 1 && in_row <= COLUMNS + 1 ? in_row : points < COLUMNS ? points : COLUMNS;
    int rows = (points + columns - 1) / columns, width = columns == 1 ? 760 : columns * WIDTH;
    for (size_t t = 0; t < facts->n_transactions; t++) {
        char file[FACTS_NAME_BYTES], name[FACTS_NAME_BYTES + 20], title[160];
        struct picture picture;
        facts_file_name(file, sizeof file, facts->transactions[t].name, (int)t);
        snprintf(name, sizeof name, "percentiles_%s", file);
        snprintf(title, sizeof title, "%s: response time by percentile", facts->transactions[t].name);
        if (!picture_begin(context, name, title, width, rows * HEIGHT + 80, &picture))
            return;
        write_picture(&picture, (int)t, columns, rows);
        picture_end(&picture);
    }
}

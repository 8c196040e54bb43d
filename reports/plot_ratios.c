/* Before/after as a forest plot: a row a comparison, left is faster. Throughput is drawn as its inverse, the time a
 * transaction takes, so that one direction means one thing. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "grid.h"
#include "picture.h"
#include "words.h"

enum {
    WIDTH = 900,
    ROW = 22,
    MARGIN = 160,
    ROWS_MAX = 40
};

enum direction {
    FASTER,
    UNCLEAR,
    SLOWER,
    BROKEN
};

static const struct {
    const char *colour;
    int point;
    const char *title;
} directions[] = {
    [FASTER] = {"#0072B2", 7, "faster"},
    [UNCLEAR] = {"#808080", 6, "interval covers 1, or none"},
    [SLOWER] = {"#D55E00", 5, "slower"},
    [BROKEN] = {"#000000", 2, "a check broke"},
};

/* Which comparisons one picture shows; −1 is all. */
struct filter {
    int metric, isolation;
};

static bool passes(const struct filter *filter, const struct comparison *row)
{
    return row->has_ratio && !row->overloaded && (filter->metric < 0 || (int)row->metric == filter->metric) &&
           (filter->isolation < 0 || row->point.isolation == filter->isolation);
}

static size_t count_rows(const struct comparisons *comparisons, const struct filter *filter)
{
    size_t n = 0;
    for (size_t i = 0; i < comparisons->n; i++)
        n += passes(filter, &comparisons->rows[i]);
    return n;
}

static bool any_broken(const struct comparisons *comparisons)
{
    for (size_t i = 0; i < comparisons->n; i++)
        if (comparisons->rows[i].broken)
            return true;
    return false;
}

static struct comparison as_time(const struct comparison *row)
{
    struct comparison time = *row;
    if (metric_rows[row->metric].higher_better) {
        time.ratio = 1 / row->ratio;
        time.low = 1 / row->high;
        time.high = 1 / row->low;
    }
    return time;
}

static enum direction direction_of(const struct comparison *time)
{
    if (time->broken)
        return BROKEN;
    if (!time->has_interval || (time->low <= 1 && time->high >= 1))
        return UNCLEAR;
    return time->ratio < 1 ? FASTER : SLOWER;
}

/* Throughput is drawn as the time that one transaction takes. */
static const char *metric_name(enum metric metric)
{
    return metric_rows[metric].higher_better ? "1/throughput" : metric_rows[metric].name;
}

static void row_name(const struct facts *facts, const struct comparison *row, const struct filter *filter, char *buf,
                     size_t size)
{
    struct str name = {0};
    grid_append_cut(&name, facts->transactions[row->transaction].name, 24);
    if (facts->n_variants > 2) {
        str_append(&name, " · ");
        grid_append_cut(&name, facts->variants[row->variant].name, 24);
    }
    if (facts->n_pools > 1)
        str_printf(&name, " · pool %d", facts->pools[row->point.pool]);
    if (facts->n_isolations > 1 && filter->isolation < 0)
        str_printf(&name, " · %s", isolation_short(facts->isolations[row->point.isolation]));
    if (facts->n_rates > 1) {
        str_append(&name, " · ");
        text_rate(&facts->rates[row->point.rate], &name);
    }
    if (filter->metric < 0)
        str_printf(&name, " · %s", metric_name(row->metric));
    snprintf(buf, size, "%s", str_text(&name));
    str_deinit(&name);
}

static void add_row(struct picture *picture, const struct comparison *row, double y, struct axis *x)
{
    picture_value(picture, row->ratio);
    picture_value(picture, y);
    picture_value(picture, row->has_interval ? row->low : row->ratio);
    picture_value(picture, row->has_interval ? row->high : row->ratio);
    picture_end_row(picture);
    axis_add(x, row->ratio);
    axis_add(x, row->has_interval ? row->low : NAN);
    axis_add(x, row->has_interval ? row->high : NAN);
}

static void write_rows(struct picture *picture, const struct filter *filter, size_t n, struct axis *x)
{
    const struct comparisons *comparisons = picture->context->comparisons;
    for (int direction = FASTER; direction <= BROKEN; direction++) {
        double y = (double)n;
        picture_block(picture, directions[direction].title);
        for (size_t i = 0; i < comparisons->n; i++) {
            if (!passes(filter, &comparisons->rows[i]))
                continue;
            struct comparison time = as_time(&comparisons->rows[i]);
            if ((int)direction_of(&time) == direction)
                add_row(picture, &time, y, x);
            y--;
        }
    }
}

static void row_axis(const struct picture *picture, const struct filter *filter, size_t n)
{
    const struct comparisons *comparisons = picture->context->comparisons;
    size_t y = n;
    char name[200];
    fprintf(picture->gp, "set yrange [0.3:%zu.7]\nset ytics (", n);
    for (size_t i = 0; i < comparisons->n; i++) {
        if (!passes(filter, &comparisons->rows[i]))
            continue;
        row_name(picture->context->facts, &comparisons->rows[i], filter, name, sizeof name);
        fputs(y < n ? ", " : "", picture->gp);
        picture_quote(picture->gp, name, true);
        fprintf(picture->gp, " %zu", y--);
    }
    fputs(")\n", picture->gp);
}

static void write_picture(struct picture *picture, const struct filter *filter, size_t n)
{
    const struct facts *facts = picture->context->facts;
    FILE *gp = picture->gp;
    struct axis x = {0};
    struct str label = {0};
    axis_add(&x, 0.95);
    axis_add(&x, 1.05);
    write_rows(picture, filter, n, &x);
    axis_log(&x, "x", 1.1, gp);
    row_axis(picture, filter, n);
    str_append(&label, "time against ");
    grid_append_cut(&label, facts->variants[0].name, 30);
    str_append(&label, " (= 1), 95 % interval over the blocks");
    fputs("set xlabel ", gp);
    picture_quote(gp, str_text(&label), false);
    str_deinit(&label);
    fputs("\nset title ", gp);
    picture_quote(gp, picture->title, false);
    fputs(" offset 0,1.3 font ',14'\n"
          "set tmargin 5\nset bmargin 6.5\n"
          "set label '← faster' at graph 0, graph 1 offset 0,0.7 left tc rgb '#0072B2'\n"
          "set label 'slower →' at graph 1, graph 1 offset 0,0.7 right tc rgb '#D55E00'\n"
          "set arrow from 1, graph 0 to 1, graph 1 nohead lc rgb '#000000' lw 1 back\n"
          "set key at screen 0.5, char 0.8 center bottom horizontal reverse Left samplen 3\nplot",
          gp);
    for (int i = FASTER; i <= (any_broken(picture->context->comparisons) ? BROKEN : SLOWER); i++)
        fprintf(gp, "%s '%s.dat' index %d using 1:2:3:4 with xerrorbars lc rgb '%s' lw 1.6 dt 1 pt %d ps %s title '%s'",
                i ? "," : "", picture->name, i, directions[i].colour, directions[i].point, i == BROKEN ? "1.5" : "0.8",
                directions[i].title);
    fputc('\n', gp);
}

static void draw_filtered(const struct plot_context *context, const char *name, const char *title,
                          const struct filter *filter)
{
    struct picture picture;
    size_t n = count_rows(context->comparisons, filter);
    if (n == 0 || !picture_begin(context, name, title, WIDTH, (int)n * ROW + MARGIN, &picture))
        return;
    write_picture(&picture, filter, n);
    picture_end(&picture);
}

static void draw_metric(const struct plot_context *context, int metric)
{
    const struct facts *facts = context->facts;
    struct filter filter = {metric, -1};
    char name[80], title[160];
    bool split = count_rows(context->comparisons, &filter) > ROWS_MAX && facts->n_isolations > 1;
    for (size_t i = 0; i < (split ? facts->n_isolations : 1); i++) {
        const char *level = split ? isolation_name(facts->isolations[i]) : "";
        filter.isolation = split ? (int)i : -1;
        snprintf(name, sizeof name, "ratios_%s%s%s", metric_rows[metric].name, split ? "_" : "",
                 split ? isolation_short(facts->isolations[i]) : "");
        snprintf(title, sizeof title, "%s against the baseline%s%s", metric_name((enum metric)metric),
                 split ? ", " : "", level);
        draw_filtered(context, name, title, &filter);
    }
}

void plot_ratios(const struct plot_context *context)
{
    const struct filter all = {-1, -1};
    if (count_rows(context->comparisons, &all) <= ROWS_MAX) {
        draw_filtered(context, "ratios", "Every variant against the baseline", &all);
        return;
    }
    for (int metric = 0; metric < METRIC_COUNT; metric++)
        draw_metric(context, metric);
}

/* What each variant buys the readers beside what it costs: six small panels with the variants side by side. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "figures.h"
#include "grid.h"
#include "picture.h"

enum {
    PANEL_WIDTH = 380,
    PANEL_HEIGHT = 300
};

/* --- Ratios of readers and writers -------------------------------------------------------------------------------- */

/* One transaction at all sweep points: they stand side by side within a variant's place. */
static void write_ratios(struct picture *picture, int transaction, int place, int n_places, struct axis *y)
{
    const struct facts *facts = picture->context->facts;
    const struct comparisons *comparisons = picture->context->comparisons;
    int points = (int)facts_n_points(facts);
    double width = 0.7 / n_places;
    picture_block(picture, facts->transactions[transaction].name);
    for (size_t i = 0; i < comparisons->n; i++) {
        const struct comparison *row = &comparisons->rows[i];
        if (row->metric != METRIC_P50 || row->transaction != transaction || !row->has_ratio || row->overloaded)
            continue;
        int point = (int)facts_cell(facts, 0, row->point); /* the baseline's cells are numbered as points are */
        double offset = (place + (point + 0.5) / points) * width - 0.35;
        picture_value(picture, row->variant + offset);
        picture_value(picture, row->ratio);
        picture_value(picture, row->has_interval ? row->low : row->ratio);
        picture_value(picture, row->has_interval ? row->high : row->ratio);
        picture_value(picture, row->broken ? row->ratio : NAN);
        picture->crosses |= row->broken;
        picture_end_row(picture);
        axis_add(y, row->ratio);
        axis_add(y, row->has_interval ? row->low : NAN);
        axis_add(y, row->has_interval ? row->high : NAN);
    }
}

static int count_side(const struct facts *facts, bool writers)
{
    int n = 0;
    for (size_t t = 0; t < facts->n_transactions; t++)
        n += facts->transactions[t].weight > 0 && figures_writes(facts, (int)t) == writers;
    return n;
}

static void variant_axis(const struct facts *facts, int first, FILE *gp)
{
    bool rotate = facts->n_variants > 4;
    fprintf(gp, "set xrange [%d-0.6:%zu.6]\nset xtics %s (", first, facts->n_variants - 1,
            rotate ? "rotate by -30" : "norotate");
    for (size_t v = (size_t)first; v < facts->n_variants; v++) {
        struct str name = {0};
        grid_append_cut(&name, facts->variants[v].name, rotate ? 14 : 40 / facts->n_variants);
        fputs((int)v > first ? ", " : "", gp);
        picture_quote(gp, str_text(&name), true);
        fprintf(gp, " %zu", v);
        str_deinit(&name);
    }
    fputs(")\n", gp);
}

static void empty_panel(const char *title, const char *why, FILE *gp)
{
    fprintf(gp,
            "set title '%s'\nunset key\nunset logscale y\nset yrange [0:1]\nunset ytics\nset ylabel ' '\n"
            "set label 9 '%s' at graph 0.5, graph 0.5 center tc rgb '#808080'\n"
            "plot NaN\nunset label 9\nset ytics nomirror out scale 0.6\n",
            title, why);
}

static void ratio_panel(struct picture *picture, bool writers)
{
    const struct facts *facts = picture->context->facts;
    FILE *gp = picture->gp;
    const char *title = writers ? "Writers: what it costs" : "Readers: what it buys";
    int n = count_side(facts, writers), place = 0, first_block = picture->blocks;
    bool crowded = (size_t)n * facts_n_points(facts) > 6;
    struct axis y = {0};
    axis_add(&y, 0.95);
    axis_add(&y, 1.05);
    if (n == 0 || facts->n_variants < 2) {
        if (facts->n_variants > 1)
            variant_axis(facts, 1, gp);
        empty_panel(title, writers ? "no transaction writes" : "every transaction writes", gp);
        return;
    }
    for (size_t t = 0; t < facts->n_transactions; t++)
        if (facts->transactions[t].weight > 0 && figures_writes(facts, (int)t) == writers)
            write_ratios(picture, (int)t, place++, n, &y);
    variant_axis(facts, 1, gp);
    fprintf(gp, "set title '%s'\nset ylabel \"p50 against the baseline\\n(log; below 1 is faster)\"\n", title);
    axis_log(&y, "y", 1.35, gp);
    fputs("set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead lc rgb '#000000' lw 1 back\n"
          "set key below center horizontal reverse Left samplen 1\nplot",
          gp);
    place = 0;
    for (size_t t = 0; t < facts->n_transactions; t++) {
        if (facts->transactions[t].weight == 0 || figures_writes(facts, (int)t) != writers)
            continue;
        /* not yerrorbars: gnuplot clears the ground around their points, and with it the neighbours' bars */
        fprintf(gp,
                "%s '%s.dat' index %d using 1:3:(0):($4-$3) with vectors nohead lt %d dt 1 lw 1.2, '' index %d using "
                "1:2 with points lt %d ps %s title ",
                place ? "," : "", picture->name, first_block + place, picture_style(place), first_block + place,
                picture_style(place), crowded ? "0.5" : "0.8");
        picture_title(gp, facts->transactions[t].name);
        if (picture->crosses)
            fprintf(gp, ", '' index %d using 1:5 " PICTURE_CROSS("0.8"), first_block + place);
        place++;
    }
    picture_cross_title(picture);
    fputs("\nunset arrow 1\n", gp);
}

/* --- Bars --------------------------------------------------------------------------------------------------------- */

enum bar {
    BAR_SIZE,
    BAR_BUILD,
    BAR_WAL,
    BAR_HOT,
    N_BARS
};

static double bar_value(const struct ledger *ledger, enum bar bar)
{
    bool none = ledger->n_indexes == 0;
    switch (bar) {
    case BAR_SIZE:
        return none ? 0 : ledger->size_bytes;
    case BAR_BUILD:
        return none ? 0 : ledger->build_ns;
    case BAR_WAL:
        return ledger->wal_records;
    case BAR_HOT:
        return ledger->hot_share * 100;
    default:
        return NAN;
    }
}

static void bar_text(char *buf, size_t size, double value, enum bar bar)
{
    char number[32];
    if (bar == BAR_WAL)
        units_format_count(buf, size, value, value < 99.95);
    else if (bar == BAR_HOT)
        snprintf(buf, size, "%s %%", units_format_count(number, sizeof number, value, 0));
    else if (value == 0)
        snprintf(buf, size, "0");
    else if (bar == BAR_BUILD)
        units_format_ns(buf, size, value);
    else
        units_format_bytes(buf, size, value);
}

static const struct {
    const char *title, *axis, *missing;
    double unit;
} bars[N_BARS] = {
    [BAR_SIZE] = {"Size of its indexes", "MB", "unknown", 1e6},
    [BAR_BUILD] = {"Time to build them", "s", "unknown", 1e9},
    [BAR_WAL] = {"WAL records", "records (small: bytes)", "not counted", 1},
    [BAR_HOT] = {"HOT updates", "% of updated rows", "no updates", 1},
};

static void bar_title(const struct facts *facts, enum bar bar, FILE *gp)
{
    struct ledger ledger;
    struct str title = {0};
    figures_ledger(facts, 0, &ledger);
    str_append(&title, bars[bar].title);
    if (bar == BAR_WAL)
        str_append(&title, " per ");
    if (bar == BAR_WAL)
        grid_append_cut(
            &title, ledger.wal_transaction >= 0 ? facts->transactions[ledger.wal_transaction].name : "transaction", 24);
    fputs("set title ", gp);
    picture_quote(gp, str_text(&title), false);
    fputc('\n', gp);
    str_deinit(&title);
}

static void bar_panel(struct picture *picture, enum bar bar)
{
    const struct facts *facts = picture->context->facts;
    FILE *gp = picture->gp;
    struct axis y = {0};
    int block = picture_block(picture, bars[bar].title), n = 0;
    for (size_t v = 0; v < facts->n_variants; v++) {
        struct ledger ledger;
        char text[64], bytes[64];
        figures_ledger(facts, (int)v, &ledger);
        double value = bar_value(&ledger, bar);
        if (!isfinite(value))
            continue;
        n++;
        bar_text(text, sizeof text, value, bar);
        picture_value(picture, (double)v);
        picture_value(picture, value / bars[bar].unit);
        fprintf(picture->dat, "%d \"%s\" \"%s\"\n", picture_style((int)v), text,
                bar == BAR_WAL ? units_format_bytes(bytes, sizeof bytes, ledger.wal_bytes) : "");
        axis_add(&y, value / bars[bar].unit);
    }
    variant_axis(facts, 0, gp);
    if (n == 0) {
        empty_panel(bars[bar].title, bars[bar].missing, gp);
        return;
    }
    bar_title(facts, bar, gp);
    fprintf(gp, "set ylabel '%s'\nunset key\n", bars[bar].axis);
    y.high *= bar == BAR_WAL ? 1.15 : 1.05;
    axis_linear(&y, "y", gp);
    fprintf(gp,
            "plot '%s.dat' index %d using 1:2:(0.5):3 with boxes lc variable fill solid 0.55 border lc rgb '#404040', "
            "'' index %d using 1:2:4 with labels offset 0,%s",
            picture->name, block, block, bar == BAR_WAL ? "1.6" : "0.7");
    if (bar == BAR_WAL)
        fprintf(gp, ", '' index %d using 1:2:5 with labels offset 0,0.6 font ',9' tc rgb '#606060'", block);
    fputc('\n', gp);
}

void plot_ledger(const struct plot_context *context)
{
    struct picture picture;
    if (context->facts->n_variants < 2 ||
        !picture_begin(context, "ledger", "Index ledger: what it buys and what it costs", 3 * PANEL_WIDTH,
                       2 * PANEL_HEIGHT + 60, &picture))
        return;
    FILE *gp = picture.gp;
    fputs("set grid noxtics\nset multiplot layout 2,3 title ", gp);
    picture_quote(gp, picture.title, false);
    fputs(" font ',14'\n", gp);
    ratio_panel(&picture, false);
    bar_panel(&picture, BAR_SIZE);
    bar_panel(&picture, BAR_BUILD);
    ratio_panel(&picture, true);
    bar_panel(&picture, BAR_WAL);
    bar_panel(&picture, BAR_HOT);
    fputs("unset multiplot\n", gp);
    picture_end(&picture);
}

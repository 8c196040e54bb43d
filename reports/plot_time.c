/* Throughput and latency second by second, and the wait for a connection where there is one: a row a pool size, block
 * after block, the variants of a block one over the other. Seconds are not averaged over blocks: averages of
 * percentiles do not exist. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "figures.h"
#include "picture.h"
#include "words.h"

enum {
    WIDTH = 550, /* of one panel */
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

/* What a picture is of. */
struct scene {
    int transaction;
    struct point point; /* of all its pools */
    const struct choice *choice;
    bool wait; /* a third column */
    struct axis tps, latency, pool_wait;
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

static double member_ms(const struct dist_summary *dist, const struct choice *choice)
{
    return dist->count > 0 ? (double)*(const int64_t *)((const char *)dist + choice->member) / 1e6 : NAN;
}

static void add_trial(struct picture *picture, struct scene *scene, const struct fact_trial *trial)
{
    double window_s = (double)trial->plain.duration_ns / 1e9;
    for (size_t k = 0; k < trial->n_intervals; k++) {
        const struct interval_result *interval = &trial->intervals[k];
        const struct interval_transaction *counts = &interval->transactions[scene->transaction];
        if (!shown(interval))
            continue;
        double rate = (double)counts->ok / interval->length_s, ms = member_ms(&counts->response, scene->choice),
               wait_ms = member_ms(&counts->pool_wait, scene->choice);
        picture_value(picture, trial->plain.block + 0.5 +
                                   0.94 * ((interval->start_s + interval->length_s / 2) / window_s - 0.5) + 0.5);
        picture_value(picture, rate);
        picture_value(picture, ms);
        picture_value(picture, wait_ms);
        picture_end_row(picture);
        axis_add(&scene->tps, rate);
        axis_add(&scene->latency, ms);
        axis_add(&scene->pool_wait, wait_ms);
    }
    fputc('\n', picture->dat); /* no line from one block to the next */
}

static void write_series(struct picture *picture, struct scene *scene, int variant, struct point point)
{
    const struct facts *facts = picture->context->facts;
    picture_block(picture, "block and place in its window, transactions/s, response (ms), pool wait (ms)");
    for (size_t i = 0; i < facts->n_trials; i++)
        if (facts->trials[i].plain.variant == variant && facts_at(&facts->trials[i].plain, point))
            add_trial(picture, scene, &facts->trials[i]);
}

static void write_panel(struct picture *picture, struct point point, int column, const char *what, bool key)
{
    const struct facts *facts = picture->context->facts;
    FILE *gp = picture->gp;
    char title[300], marks[160];
    picture_marks(facts, point, marks, sizeof marks);
    snprintf(title, sizeof title, "pool %d: %s%s", facts->pools[point.pool], what, marks);
    fputs("set title ", gp);
    picture_quote(gp, title, false);
    fputc('\n', gp);
    picture_legend(picture, key);
    fputs("plot", gp);
    for (size_t v = 0; v < facts->n_variants; v++) {
        int block = point.pool * (int)facts->n_variants + (int)v;
        fprintf(gp, "%s '%s.dat' index %d using 1:%d with linespoints lt %d lw 1.2 ps 0.45 title ", v ? "," : "",
                picture->name, block, column, picture_style((int)v));
        picture_title(gp, facts->variants[v].name);
        if (figures_broken(facts, (int)v, point, NULL, NULL) > 0)
            fprintf(gp, ", '' index %d using 1:%d " PICTURE_CROSS("0.7"), block, column);
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

static void write_row(struct picture *picture, const struct scene *scene, struct point point)
{
    FILE *gp = picture->gp;
    char label[80];
    fputs("set ylabel 'transactions/s'\n", gp);
    axis_linear(&scene->tps, "y", gp);
    write_panel(picture, point, 2, "throughput", point.pool == 0);
    fprintf(gp, "set ylabel '%s (ms)'\n", scene->choice->name);
    axis_log(&scene->latency, "y", 1.3, gp);
    snprintf(label, sizeof label, "%s response time", scene->choice->name);
    write_panel(picture, point, 3, label, false);
    if (!scene->wait)
        return;
    axis_linear(&scene->pool_wait, "y", gp);
    snprintf(label, sizeof label, "%s pool wait", scene->choice->name);
    write_panel(picture, point, 4, label, false);
}

static void write_picture(struct picture *picture, struct scene *scene)
{
    const struct facts *facts = picture->context->facts;
    for (size_t p = 0; p < facts->n_pools; p++)
        for (size_t v = 0; v < facts->n_variants; v++)
            write_series(picture, scene, (int)v, (struct point){(int)p, scene->point.isolation, scene->point.rate});
    block_axis(facts, picture->gp);
    picture->crosses = figures_broken(facts, -1, scene->point, NULL, NULL) > 0;
    picture_panels(picture, (int)facts->n_pools, scene->wait ? 3 : 2);
    for (size_t p = 0; p < facts->n_pools; p++)
        write_row(picture, scene, (struct point){(int)p, scene->point.isolation, scene->point.rate});
    fputs("unset multiplot\n", picture->gp);
}

static bool plot_one(const struct plot_context *context, struct scene *scene)
{
    const struct facts *facts = context->facts;
    char file[FACTS_NAME_BYTES], name[FACTS_NAME_BYTES + 80], title[200], point[100], rate[40];
    struct picture picture;
    const char *transaction = facts->transactions[scene->transaction].name;
    facts_file_name(file, sizeof file, transaction, scene->transaction);
    facts_rate_suffix(&facts->rates[scene->point.rate], rate, sizeof rate);
    snprintf(name, sizeof name, "time_%s_%s%s", file, isolation_short(facts->isolations[scene->point.isolation]), rate);
    struct str words = {0};
    text_point(facts, scene->point, &words);
    snprintf(point, sizeof point, "%s", str_text(&words));
    str_deinit(&words);
    snprintf(title, sizeof title, "%s, %s: second by second", transaction, point);
    scene->choice = choose(facts, scene->transaction);
    scene->wait = facts_queues(facts);
    if (!picture_begin(context, name, title, (scene->wait ? 3 : 2) * WIDTH, (int)facts->n_pools * HEIGHT + 60,
                       &picture))
        return false;
    write_picture(&picture, scene);
    picture_end(&picture);
    return true;
}

void plot_time(const struct plot_context *context)
{
    const struct facts *facts = context->facts;
    for (size_t i = 0; i < facts->n_isolations; i++)
        for (size_t r = 0; r < facts->n_rates; r++)
            for (size_t t = 0; t < facts->n_transactions; t++) {
                struct scene scene = {.transaction = (int)t, .point = {-1, (int)i, (int)r}};
                if (!plot_one(context, &scene))
                    return;
            }
}

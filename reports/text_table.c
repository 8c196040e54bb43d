/* A row a variant × transaction, a group a sweep point; then what its signs mean. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "figures.h"
#include "grid.h"
#include "reports/stats.h"
#include "reports/text.h"
#include "words.h"

static const double default_percentiles[] = {0.50, 0.95, 0.99};

/* From the roomiest form to the narrowest; the last is taken whether it fits or not. */
static const struct form {
    bool plans;
    size_t longest_name;
} forms[] = {{true, 20}, {false, 20}, {false, 13}, {false, 8}, {false, 6}};
enum {
    N_FORMS = sizeof forms / sizeof forms[0],
    STUMP = 24
};

/* With a queue the split of the tail tells more than one more percentile. */
static const double queue_percentiles[] = {0.50, 0.99};

struct table {
    const struct facts *facts;
    const struct comparisons *comparisons;
    const double *percentiles;
    int n_percentiles;
    bool retried, failed, timed_out; /* any anywhere: then a column */
    bool queue;                      /* transactions may wait for a connection */
    bool open;                       /* some arrive by a schedule */
    bool sweep;                      /* one variant at several sizes or rates: the points stand below each other */
    const struct form *form;
    struct grid *grid;
};

static bool any_trials(const struct facts *facts, struct point point)
{
    for (size_t i = 0; i < facts->n_trials; i++)
        if (facts_at(&facts->trials[i].plain, point))
            return true;
    return false;
}

static void look_around(struct table *table)
{
    const struct facts *facts = table->facts;
    for (size_t i = 0; i < facts->n_trials; i++) {
        table->open |= facts->trials[i].plain.rate_tps > 0;
        for (size_t t = 0; t < facts->n_transactions; t++) {
            const struct transaction_result *counts = &facts->trials[i].transactions[t].counts;
            table->retried |= counts->retried > 0;
            table->failed |= counts->failed > 0;
            table->timed_out |= counts->timed_out > 0;
        }
    }
    table->queue = facts_queues(facts);
    table->sweep = facts->n_variants == 1 && facts->n_pools * facts->n_rates > 1;
}

static void percentile_name(char *buf, size_t size, double q)
{
    char number[32];
    snprintf(buf, size, "p%s", units_format_number(number, sizeof number, q * 100));
}

static void header_if(struct table *table, bool there, const char *name)
{
    if (there)
        grid_cell(table->grid, PAINT_NONE, name);
}

static void header_cells(struct table *table)
{
    struct grid *grid = table->grid;
    char name[40];
    grid_header(grid);
    grid_row(grid);
    grid_cell(grid, PAINT_NONE, "");
    grid_cell(grid, PAINT_NONE, "");
    header_if(table, table->open, "offered");
    grid_cell(grid, PAINT_NONE, "tx/s");
    for (int i = 0; i < table->n_percentiles; i++) {
        percentile_name(name, sizeof name, table->percentiles[i]);
        grid_cell(grid, PAINT_NONE, name);
    }
    grid_cell(grid, PAINT_NONE, "max");
    header_if(table, table->queue, "wait p99");
    header_if(table, table->queue, "service p99");
    header_if(table, table->retried, "retried");
    header_if(table, table->failed, "failed");
    header_if(table, table->timed_out, "timed out");
    if (table->facts->n_variants > 1) {
        struct str against = {0};
        str_append(&against, "p99 against ");
        grid_append_cut(&against, table->facts->variants[0].name, 18);
        grid_cell(grid, PAINT_NONE, str_text(&against));
        str_deinit(&against);
    }
    header_if(table, table->form->plans, "plan");
}

static void latency_cell(struct table *table, const struct cell_figures *cell, enum timing timing, double quantile,
                         enum paint paint)
{
    struct str text = {0};
    text_latency(cell, timing, quantile, &text);
    grid_cell(table->grid, paint, str_text(&text));
    str_deinit(&text);
}

static void rate_cell(struct grid *grid, double tps)
{
    char text[64];
    if (isfinite(tps))
        grid_cell(grid, PAINT_NONE, units_format_count(text, sizeof text, tps, tps < 99.95 ? 1 : 0));
    else
        grid_cell(grid, PAINT_NONE, "–");
}

/* A share of all that ended; nothing where there is none, so that trouble stands out. */
static void share_cell(struct grid *grid, int64_t part, int64_t all, enum paint paint)
{
    struct str text = {0};
    char number[32];
    double share = all > 0 ? 100 * (double)part / (double)all : 0;
    if (part > 0 && share < 0.05)
        str_append(&text, "<0.1 %");
    else if (part > 0)
        str_printf(&text, "%s %%", units_format_count(number, sizeof number, share, share < 9.95 ? 1 : 0));
    grid_cell(grid, paint, str_text(&text));
    str_deinit(&text);
}

/* p99 where the count carries it, else the highest percentile that it does. */
static const struct comparison *headline(const struct comparisons *comparisons, int transaction, int variant,
                                         struct point point)
{
    static const enum metric wanted[] = {METRIC_P99, METRIC_P90, METRIC_P50};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const struct comparison *row = compare_find(comparisons, wanted[i], transaction, variant, point);
        if (row && row->has_ratio && isfinite(row->baseline_value) && isfinite(row->variant_value))
            return row;
    }
    return NULL;
}

static void against_cell(struct table *table, int transaction, int variant, struct point point)
{
    struct str text = {0};
    const struct comparison *row = variant > 0 ? headline(table->comparisons, transaction, variant, point) : NULL;
    if (row && !row->broken && !row->overloaded && row->metric != METRIC_P99)
        str_printf(&text, "%s: ", metric_rows[row->metric].name);
    int direction = text_ratio(row, &text);
    if (variant > 0 && !row)
        str_append(&text, "–");
    grid_cell(table->grid, direction > 0 ? PAINT_GOOD : direction < 0 ? PAINT_BAD : PAINT_NONE, str_text(&text));
    str_deinit(&text);
}

static void name_cell(struct table *table, enum paint paint, const char *name)
{
    struct str cut = {0};
    grid_append_cut(&cut, name, table->form->longest_name);
    grid_cell(table->grid, paint, str_text(&cut));
    str_deinit(&cut);
}

/* The variant's name; the point's where there is only one variant. */
static void row_name(struct table *table, int variant, struct point point)
{
    const struct facts *facts = table->facts;
    struct str name = {0};
    if (table->sweep) {
        point.isolation = -1; /* the heading has it */
        text_point(facts, point, &name);
    } else {
        grid_append_cut(&name, facts->variants[variant].name, table->form->longest_name);
    }
    bool bad = text_mark(facts, variant, point, &name);
    grid_cell(table->grid, bad ? PAINT_BAD : PAINT_NONE, str_text(&name));
    str_deinit(&name);
}

static void trouble_cells(struct table *table, const struct cell_figures *cell)
{
    int64_t all = cell->ok + cell->failed + cell->timed_out + cell->censored;
    if (table->retried)
        share_cell(table->grid, cell->retried, all, PAINT_NONE);
    if (table->failed)
        share_cell(table->grid, cell->failed, all, PAINT_BAD);
    if (table->timed_out)
        share_cell(table->grid, cell->timed_out, all, PAINT_BAD);
}

/* `first`: of its transaction. */
static void data_row(struct table *table, int transaction, int variant, struct point point, bool first)
{
    const struct facts *facts = table->facts;
    struct cell_figures cell;
    figures_cell(facts, variant, point, transaction, &cell);
    /* these hang on how long the window was */
    enum paint paint = figures_overloaded(facts, variant, point) ? PAINT_DIM : PAINT_NONE;
    grid_row(table->grid);
    name_cell(table, PAINT_BOLD, first ? facts->transactions[transaction].name : "");
    row_name(table, variant, point);
    if (table->open)
        rate_cell(table->grid, facts_open(facts, point) ? cell.offered_tps : NAN);
    rate_cell(table->grid, cell.tps);
    for (int i = 0; i < table->n_percentiles; i++)
        latency_cell(table, &cell, TIMING_RESPONSE, table->percentiles[i], paint);
    latency_cell(table, &cell, TIMING_RESPONSE, 1, paint);
    if (table->queue)
        latency_cell(table, &cell, TIMING_POOL_WAIT, 0.99, paint);
    if (table->queue)
        latency_cell(table, &cell, TIMING_SERVICE, 0.99, paint);
    trouble_cells(table, &cell);
    if (facts->n_variants > 1)
        against_cell(table, transaction, variant, point);
    if (table->form->plans)
        grid_cell(table->grid, PAINT_NONE, first || !table->sweep ? figures_plan(facts, variant, transaction) : "");
}

static void heading(struct table *table, struct point point)
{
    struct str text = {0};
    size_t all;
    text_point(table->facts, point, &text);
    if (figures_broken(table->facts, -1, point, &all, NULL) == all)
        str_append(&text, " · BROKEN");
    grid_rule(table->grid);
    grid_heading(table->grid, str_text(&text));
    str_deinit(&text);
}

static void point_rows(struct table *table, struct point point)
{
    const struct facts *facts = table->facts;
    if (facts_n_points(facts) > 1)
        heading(table, point);
    for (size_t t = 0; t < facts->n_transactions; t++)
        for (size_t v = 0, first = 1; v < facts->n_variants; v++)
            if (facts_runs(facts, (int)v, (int)t)) {
                data_row(table, (int)t, (int)v, point, first);
                first = 0;
            }
}

/* All sizes and rates of each transaction below each other: that is how a sweep is read. */
static void sweep_rows(struct table *table, int isolation)
{
    const struct facts *facts = table->facts;
    if (facts->n_isolations > 1)
        heading(table, (struct point){-1, isolation, -1});
    for (size_t t = 0; t < facts->n_transactions; t++) {
        bool first = true;
        for (size_t p = 0; p < facts_n_points(facts) && facts->transactions[t].weight > 0; p++) {
            struct point point = facts_point(facts, p);
            if (point.isolation != isolation || !any_trials(facts, point))
                continue;
            data_row(table, (int)t, 0, point, first);
            first = false;
        }
    }
}

static void choose_percentiles(struct table *table, const struct report_options *options)
{
    table->percentiles = options->percentiles ? options->percentiles
                         : table->queue       ? queue_percentiles
                                              : default_percentiles;
    table->n_percentiles = options->percentiles ? options->n_percentiles : table->queue ? 2 : 3;
}

static bool make_table(const struct facts *facts, const struct comparisons *comparisons,
                       const struct report_options *options, const struct form *form, struct table *out)
{
    *out = (struct table){.facts = facts, .form = form, .comparisons = comparisons};
    look_around(out);
    choose_percentiles(out, options);
    int numbers = 2 + out->n_percentiles + out->open + 2 * out->queue + out->retried + out->failed + out->timed_out;
    out->grid = grid_new(2 + numbers + (facts->n_variants > 1) + form->plans, ((1u << numbers) - 1) << 2);
    if (!out->grid)
        return false;
    header_cells(out);
    for (size_t i = 0; out->sweep && i < facts->n_isolations; i++)
        if (any_trials(facts, (struct point){-1, (int)i, -1}))
            sweep_rows(out, (int)i);
    for (size_t p = 0; !out->sweep && p < facts_n_points(facts); p++)
        if (any_trials(facts, facts_point(facts, p)))
            point_rows(out, facts_point(facts, p));
    return true;
}

bool text_table_markdown(const struct facts *facts, const struct comparisons *comparisons,
                         const struct report_options *options, struct str *out)
{
    struct table table;
    bool ok = make_table(facts, comparisons, options, &forms[0], &table) && grid_markdown(table.grid, out);
    grid_free(table.grid);
    return ok;
}

/* --- Plans below it ----------------------------------------------------------------------------------------------- */

static bool changes_plan(const struct facts *facts, int variant, int transaction)
{
    const char *plan = figures_plan(facts, variant, transaction);
    return facts_runs(facts, variant, transaction) && *plan && strcmp(plan, FIGURES_NO_CHANGE) != 0;
}

static void changed_plan(const struct facts *facts, int transaction, struct str *out)
{
    str_printf(out, "plan of %s: %s", facts->transactions[transaction].name, figures_plan(facts, 0, transaction));
    for (size_t v = 1; v < facts->n_variants; v++)
        if (changes_plan(facts, (int)v, transaction))
            str_printf(out, "; %s: %s", facts->variants[v].name, figures_plan(facts, (int)v, transaction));
    str_append_char(out, '\n');
}

static bool any_change(const struct facts *facts, int transaction)
{
    for (size_t v = 1; v < facts->n_variants; v++)
        if (changes_plan(facts, (int)v, transaction))
            return true;
    return facts->n_variants == 1; /* nothing to be the same as */
}

/* Where the plans' column would be cut to a stump, they go below the table. */
static void plan_lines(const struct facts *facts, struct str *out)
{
    int same = 0;
    for (size_t t = 0; t < facts->n_transactions; t++)
        if (facts->transactions[t].weight > 0 && *figures_plan(facts, 0, (int)t) && any_change(facts, (int)t))
            changed_plan(facts, (int)t, out);
    for (size_t t = 0; t < facts->n_transactions; t++)
        if (facts->transactions[t].weight > 0 && *figures_plan(facts, 0, (int)t) && !any_change(facts, (int)t))
            str_printf(out, "%s%s", same++ ? ", " : "plans that no variant changes: ", facts->transactions[t].name);
    if (same > 0)
        str_append_char(out, '\n');
}

bool text_table(const struct facts *facts, const struct comparisons *comparisons, const struct report_options *options,
                int width, struct str *out, struct str *below)
{
    enum {
        NARROWEST = 100, /* a terminal that is narrower yet wraps the table itself */
        WIDEST = 160
    };
    struct table table;
    int form = 0;
    width = width < NARROWEST ? NARROWEST : width > WIDEST ? WIDEST : width;
    bool ok = make_table(facts, comparisons, options, &forms[form], &table);
    while (ok && form + 1 < N_FORMS && grid_last_room(table.grid, width) < (forms[form].plans ? STUMP : INT_MAX)) {
        grid_free(table.grid);
        ok = make_table(facts, comparisons, options, &forms[++form], &table);
    }
    ok = ok && grid_text(table.grid, options->colour, forms[form].plans ? width : 0, out);
    grid_free(table.grid);
    str_append_char(out, '\n');
    if (!forms[form].plans)
        plan_lines(facts, below);
    return ok;
}

/* --- What its signs mean ------------------------------------------------------------------------------------------ */

static bool lacks_percentiles(const struct facts *facts, double q)
{
    for (size_t c = 0; c < facts_n_cells(facts); c++)
        for (size_t t = 0; t < facts->n_transactions; t++) {
            const struct hist *hist = facts->hists[c][t].response;
            if (hist && hist->total > 0 && !hist_supports(hist->total, q))
                return true;
        }
    return false;
}

static bool any_censored(const struct facts *facts)
{
    for (size_t i = 0; i < facts->n_trials; i++)
        for (size_t t = 0; t < facts->n_transactions; t++)
            if (facts->trials[i].transactions[t].counts.censored > 0)
                return true;
    return false;
}

static void percentile_note(const struct facts *facts, double q, const char *bullet, struct str *out)
{
    char name[40], needed[64];
    if (q >= 1 || !lacks_percentiles(facts, q))
        return;
    percentile_name(name, sizeof name, q);
    units_format_count(needed, sizeof needed, round(10 / (1 - q)), 0);
    str_printf(out, "%s– : %s needs %s executions in a cell; measure longer (--duration) or more blocks\n", bullet,
               name, needed);
}

/* Of the comparisons that the table shows without an interval; −1 if there is none. */
static int fewest_blocks(const struct comparisons *comparisons)
{
    int fewest = -1;
    for (size_t i = 0; i < comparisons->n; i++) {
        const struct comparison *row = &comparisons->rows[i];
        if (row != headline(comparisons, row->transaction, row->variant, row->point) || row->has_interval ||
            row->broken || row->overloaded)
            continue;
        fewest = fewest < 0 || row->n_blocks < fewest ? row->n_blocks : fewest;
    }
    return fewest;
}

void text_notes(const struct facts *facts, const struct comparisons *comparisons, const struct report_options *options,
                const char *bullet, struct str *out)
{
    struct table table = {.facts = facts};
    int fewest = fewest_blocks(comparisons);
    look_around(&table);
    choose_percentiles(&table, options);
    for (int i = 0; i < table.n_percentiles; i++)
        percentile_note(facts, table.percentiles[i], bullet, out);
    if (any_censored(facts))
        str_printf(out,
                   "%s≥ : some had not ended when the wait for them did; they count with the time they had taken\n",
                   bullet);
    if (fewest >= 0)
        str_printf(
            out,
            "%s(no interval): one needs at least %d blocks whose trials are valid and long enough; there were %d "
            "(--blocks=%d or more)\n",
            bullet, STATS_MIN_PAIRS, fewest, STATS_MIN_PAIRS);
}

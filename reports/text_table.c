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

static const double default_percentiles[] = {0.50, 0.95, 0.99};

/* From the roomiest form to the narrowest; the last is taken whether it fits or not. */
static const struct form {
    bool plans;
    size_t longest_name;
} forms[] = {{true, 20}, {false, 20}, {false, 13}, {false, 8}};
enum {
    N_FORMS = sizeof forms / sizeof forms[0],
    STUMP = 24
};

struct table {
    const struct facts *facts;
    const struct comparisons *comparisons;
    const double *percentiles;
    int n_percentiles;
    bool retried, failed; /* any anywhere: then a column */
    const struct form *form;
    struct grid *grid;
};

static bool any_trials(const struct facts *facts, int pool, int isolation)
{
    for (size_t i = 0; i < facts->n_trials; i++)
        if (facts->trials[i].plain.pool == pool && facts->trials[i].plain.isolation == isolation)
            return true;
    return false;
}

static void look_for_trouble(struct table *table)
{
    for (size_t i = 0; i < table->facts->n_trials; i++)
        for (size_t t = 0; t < table->facts->n_transactions; t++) {
            table->retried |= table->facts->trials[i].transactions[t].counts.retried > 0;
            table->failed |= table->facts->trials[i].transactions[t].counts.failed > 0;
        }
}

static void percentile_name(char *buf, size_t size, double q)
{
    char number[32];
    snprintf(buf, size, "p%s", units_format_number(number, sizeof number, q * 100));
}

static void header_cells(struct table *table)
{
    struct grid *grid = table->grid;
    char name[40];
    grid_header(grid);
    grid_row(grid);
    grid_cell(grid, PAINT_NONE, "");
    grid_cell(grid, PAINT_NONE, "");
    grid_cell(grid, PAINT_NONE, "tx/s");
    for (int i = 0; i < table->n_percentiles; i++) {
        percentile_name(name, sizeof name, table->percentiles[i]);
        grid_cell(grid, PAINT_NONE, name);
    }
    grid_cell(grid, PAINT_NONE, "max");
    if (table->retried)
        grid_cell(grid, PAINT_NONE, "retried");
    if (table->failed)
        grid_cell(grid, PAINT_NONE, "failed");
    if (table->facts->n_variants > 1) {
        struct str against = {0};
        str_append(&against, "p99 against ");
        grid_append_cut(&against, table->facts->variants[0].name, 18);
        grid_cell(grid, PAINT_NONE, str_text(&against));
        str_deinit(&against);
    }
    if (table->form->plans)
        grid_cell(grid, PAINT_NONE, "plan");
}

static void latency_cell(struct grid *grid, const struct hist *hist, double q)
{
    char text[64];
    if (!hist || hist->total == 0 || !hist_supports(hist->total, q))
        grid_cell(grid, PAINT_NONE, "–");
    else
        grid_cell(grid, PAINT_NONE, units_format_ns(text, sizeof text, (double)hist_percentile(hist, q)));
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
static const struct comparison *headline(const struct comparisons *comparisons, int transaction, int variant, int pool,
                                         int isolation)
{
    static const enum metric wanted[] = {METRIC_P99, METRIC_P90, METRIC_P50};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const struct comparison *row = compare_find(comparisons, wanted[i], transaction, variant, pool, isolation);
        if (row && row->has_ratio && isfinite(row->baseline_value) && isfinite(row->variant_value))
            return row;
    }
    return NULL;
}

static void against_cell(struct table *table, int transaction, int variant, int pool, int isolation)
{
    struct str text = {0};
    const struct comparison *row =
        variant > 0 ? headline(table->comparisons, transaction, variant, pool, isolation) : NULL;
    if (row && !row->broken && row->metric != METRIC_P99)
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

static void variant_cell(struct table *table, int variant, int pool, int isolation)
{
    struct str name = {0};
    bool broken = text_variant(table->facts, variant, pool, isolation, table->form->longest_name, &name);
    grid_cell(table->grid, broken ? PAINT_BAD : PAINT_NONE, str_text(&name));
    str_deinit(&name);
}

static void data_row(struct table *table, int transaction, int variant, int pool, int isolation)
{
    const struct facts *facts = table->facts;
    struct grid *grid = table->grid;
    struct cell_figures cell;
    char max[64];
    figures_cell(facts, variant, pool, isolation, transaction, &cell);
    grid_row(grid);
    name_cell(table, PAINT_BOLD, variant == 0 ? facts->transactions[transaction].name : "");
    variant_cell(table, variant, pool, isolation);
    rate_cell(grid, cell.tps);
    for (int i = 0; i < table->n_percentiles; i++)
        latency_cell(grid, cell.response, table->percentiles[i]);
    bool any = cell.response && cell.response->total > 0;
    grid_cell(grid, PAINT_NONE, any ? units_format_ns(max, sizeof max, (double)cell.response->max) : "–");
    if (table->retried)
        share_cell(grid, cell.retried, cell.ok + cell.failed, PAINT_NONE);
    if (table->failed)
        share_cell(grid, cell.failed, cell.ok + cell.failed, PAINT_BAD);
    if (facts->n_variants > 1)
        against_cell(table, transaction, variant, pool, isolation);
    if (table->form->plans)
        grid_cell(grid, PAINT_NONE, figures_plan(facts, variant, transaction));
}

static void point_heading(struct table *table, int pool, int isolation)
{
    const struct facts *facts = table->facts;
    struct str text = {0};
    str_printf(&text, "pool %d · %s", facts->pools[pool], isolation_name(facts->isolations[isolation]));
    size_t all;
    if (figures_broken(facts, -1, pool, isolation, &all, NULL) == all)
        str_append(&text, " · BROKEN");
    if (facts->n_pools > 1 || facts->n_isolations > 1) {
        grid_rule(table->grid);
        grid_heading(table->grid, str_text(&text));
    }
    str_deinit(&text);
}

static void point_rows(struct table *table, int pool, int isolation)
{
    point_heading(table, pool, isolation);
    for (size_t t = 0; t < table->facts->n_transactions; t++)
        for (size_t v = 0; v < table->facts->n_variants && table->facts->transactions[t].weight > 0; v++)
            data_row(table, (int)t, (int)v, pool, isolation);
}

static bool make_table(const struct facts *facts, const struct comparisons *comparisons,
                       const struct report_options *options, const struct form *form, struct table *out)
{
    *out = (struct table){.facts = facts,
                          .form = form,
                          .comparisons = comparisons,
                          .percentiles = options->percentiles ? options->percentiles : default_percentiles,
                          .n_percentiles = options->percentiles ? options->n_percentiles : 3};
    look_for_trouble(out);
    int numbers = 2 + out->n_percentiles + out->retried + out->failed;
    out->grid = grid_new(2 + numbers + (facts->n_variants > 1) + form->plans, ((1u << numbers) - 1) << 2);
    if (!out->grid)
        return false;
    header_cells(out);
    for (size_t i = 0; i < facts->n_isolations; i++)
        for (size_t p = 0; p < facts->n_pools; p++)
            if (any_trials(facts, (int)p, (int)i))
                point_rows(out, (int)p, (int)i);
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
    return *plan && strcmp(plan, FIGURES_NO_CHANGE) != 0;
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
        if (row != headline(comparisons, row->transaction, row->variant, row->pool, row->isolation) ||
            row->has_interval || row->broken)
            continue;
        fewest = fewest < 0 || row->n_blocks < fewest ? row->n_blocks : fewest;
    }
    return fewest;
}

void text_notes(const struct facts *facts, const struct comparisons *comparisons, const struct report_options *options,
                const char *bullet, struct str *out)
{
    const double *percentiles = options->percentiles ? options->percentiles : default_percentiles;
    int n = options->percentiles ? options->n_percentiles : 3, fewest = fewest_blocks(comparisons);
    for (int i = 0; i < n; i++)
        percentile_note(facts, percentiles[i], bullet, out);
    if (fewest >= 0)
        str_printf(
            out,
            "%s(no interval): one needs at least %d blocks whose trials are valid and long enough; there were %d "
            "(--blocks=%d or more)\n",
            bullet, STATS_MIN_PAIRS, fewest, STATS_MIN_PAIRS);
}

#include "reports/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "figures.h"
#include "grid.h"
#include "reports/stats.h"

enum {
    LONGEST_NAME = 20
}; /* in the table */

static const double default_percentiles[] = {0.50, 0.95, 0.99};

/* --- Title -------------------------------------------------------------------------------------------------------- */

static void append_count(struct str *out, double value)
{
    char number[64];
    str_append(out, units_format_count(number, sizeof number, value, 0));
}

static void append_elapsed(struct str *out, int64_t ns)
{
    char text[64];
    str_append(out, units_format_elapsed(text, sizeof text, ns));
}

/* "PostgreSQL 15.18" of the long version text. */
static void append_server(const struct facts *facts, struct str *out)
{
    const char *text = facts->server_text;
    const char *space = strchr(text, ' ');
    size_t len = space ? (size_t)(space - text) + 1 + strcspn(space + 1, " ,") : strlen(text);
    str_append_n(out, text, len);
    str_append(out, facts->private_server ? ", private server" : "");
}

void text_title(const struct facts *facts, struct str *out)
{
    str_append(out, facts->workload);
    for (size_t i = 0; i < facts->n_tables; i++) {
        str_append(out, i ? ", " : " · ");
        append_count(out, (double)facts->tables[i].rows);
        str_printf(out, " %s", facts->tables[i].name);
    }
    str_append(out, " · ");
    append_server(facts, out);
    str_printf(out, " · seed %llu\n", (unsigned long long)facts->measure.seed);
}

void text_design(const struct facts *facts, struct str *out)
{
    str_printf(out, "%zu variant%s × pool ", facts->n_variants, facts->n_variants == 1 ? "" : "s");
    for (size_t i = 0; i < facts->n_pools; i++)
        str_printf(out, "%s%d", i ? ", " : "", facts->pools[i]);
    str_append(out, " × ");
    for (size_t i = 0; i < facts->n_isolations; i++)
        str_printf(out, "%s%s", i ? ", " : "", isolation_name(facts->isolations[i]));
    char warmup[32], window[32];
    str_printf(out, " · %d block%s of %s s + %s s · ", facts->measure.blocks, facts->measure.blocks == 1 ? "" : "s",
               units_format_number(warmup, sizeof warmup, (double)facts->measure.warmup_ns / 1e9),
               units_format_number(window, sizeof window, (double)facts->measure.duration_ns / 1e9));
    append_elapsed(out, facts_elapsed_ns(facts));
    str_append_char(out, '\n');
}

/* --- Ratios in words ---------------------------------------------------------------------------------------------- */

/* How much faster as a factor: time saved for latency, work gained for throughput; above 1 is better. */
static double speed(const struct comparison *row, double ratio)
{
    return metric_rows[row->metric].higher_better ? ratio : 1 / ratio;
}

/* Change in per cent, as people say it: of time for a latency, of work for a throughput. */
static double percent(double ratio)
{
    return (ratio - 1) * 100;
}

static void append_percent(struct str *out, double value, const char *sign)
{
    char text[64];
    double magnitude = fabs(value);
    str_append(out, sign);
    str_append(out, units_format_count(text, sizeof text, magnitude, magnitude < 0.95 && magnitude >= 0.05 ? 1 : 0));
    str_append(out, " %");
}

static void append_signed(struct str *out, double value)
{
    append_percent(out, value, value < 0 ? "−" : "+");
}

static void append_factor(struct str *out, double value)
{
    char text[64];
    str_append(out, units_format_count(text, sizeof text, value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0));
}

static void append_factors(const struct comparison *row, double (*of)(const struct comparison *, double), bool better,
                           struct str *out)
{
    double a = of(row, row->low), b = of(row, row->high);
    append_factor(out, of(row, row->ratio));
    str_append(out, better ? "× faster" : "× slower");
    if (!row->has_interval)
        return;
    str_append(out, " [");
    append_factor(out, fmin(a, b));
    str_append(out, ", ");
    append_factor(out, fmax(a, b));
    str_append(out, "]");
}

static double slowness(const struct comparison *row, double ratio)
{
    return 1 / speed(row, ratio);
}

static void append_percents(const struct comparison *row, bool better, struct str *out)
{
    /* counted so that a change in the sense of the word is positive */
    double sign = (row->ratio < 1) ? -1 : 1;
    double low = sign * percent(row->low), high = sign * percent(row->high);
    append_percent(out, percent(row->ratio), "");
    str_append(out, better ? " faster" : " slower");
    if (!row->has_interval)
        return;
    str_append(out, " [");
    append_percent(out, fmin(low, high), "");
    str_append(out, ", ");
    append_percent(out, fmax(low, high), "");
    str_append(out, "]");
}

int text_ratio(const struct comparison *row, struct str *out)
{
    if (!row || !row->has_ratio)
        return 0;
    bool better = speed(row, row->ratio) > 1;
    double factor = fmax(row->ratio, 1 / row->ratio);
    if (row->has_interval && row->low <= 1 && row->high >= 1) {
        bool tight =
            row->low >= 1 / (1 + metric_rows[row->metric].margin) && row->high <= 1 + metric_rows[row->metric].margin;
        str_append(out, tight ? "about equal [" : "unclear [");
        append_signed(out, percent(row->low));
        str_append(out, ", ");
        append_signed(out, percent(row->high));
        str_append(out, "]");
        return 0;
    }
    if (factor >= 2)
        append_factors(row, better ? speed : slowness, better, out);
    else
        append_percents(row, better, out);
    if (row->has_interval)
        return better ? 1 : -1;
    str_append(out, " (no interval)");
    return 0;
}

/* --- The table ---------------------------------------------------------------------------------------------------- */

struct table {
    const struct facts *facts;
    const struct comparisons *comparisons;
    const double *percentiles;
    int n_percentiles;
    bool retried, failed; /* any anywhere: then a column */
    bool plans;           /* a column of them, else lines below */
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
    if (table->plans)
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
    const char *check;
    if (row && row->metric != METRIC_P99)
        str_printf(&text, "%s: ", metric_rows[row->metric].name);
    int direction = text_ratio(row, &text);
    if (variant > 0 && !row)
        str_append(&text, "–");
    if (direction > 0 && figures_broken(table->facts, variant, &check) > 0)
        direction = -1; /* faster and wrong is no good news */
    grid_cell(table->grid, direction > 0 ? PAINT_GOOD : direction < 0 ? PAINT_BAD : PAINT_NONE, str_text(&text));
    str_deinit(&text);
}

static void name_cell(struct grid *grid, enum paint paint, const char *name)
{
    struct str cut = {0};
    grid_append_cut(&cut, name, LONGEST_NAME);
    grid_cell(grid, paint, str_text(&cut));
    str_deinit(&cut);
}

static void data_row(struct table *table, int transaction, int variant, int pool, int isolation)
{
    const struct facts *facts = table->facts;
    struct grid *grid = table->grid;
    struct cell_figures cell;
    char max[64];
    figures_cell(facts, variant, pool, isolation, transaction, &cell);
    grid_row(grid);
    name_cell(grid, PAINT_BOLD, variant == 0 ? facts->transactions[transaction].name : "");
    name_cell(grid, PAINT_NONE, facts->variants[variant].name);
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
    if (table->plans)
        grid_cell(grid, PAINT_NONE, figures_plan(facts, variant, transaction));
}

static void point_heading(struct table *table, int pool, int isolation)
{
    const struct facts *facts = table->facts;
    struct str text = {0};
    str_printf(&text, "pool %d · %s", facts->pools[pool], isolation_name(facts->isolations[isolation]));
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
                       const struct report_options *options, bool plans, struct table *out)
{
    *out = (struct table){.facts = facts,
                          .plans = plans,
                          .comparisons = comparisons,
                          .percentiles = options->percentiles ? options->percentiles : default_percentiles,
                          .n_percentiles = options->percentiles ? options->n_percentiles : 3};
    look_for_trouble(out);
    int numbers = 2 + out->n_percentiles + out->retried + out->failed;
    out->grid = grid_new(2 + numbers + (facts->n_variants > 1) + plans, ((1u << numbers) - 1) << 2);
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
    bool ok = make_table(facts, comparisons, options, true, &table) && grid_markdown(table.grid, out);
    grid_free(table.grid);
    return ok;
}

/* --- Notes -------------------------------------------------------------------------------------------------------- */

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
            row->has_interval)
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

/* --- Ledger ------------------------------------------------------------------------------------------------------- */

/* Indexes first, then the writers' side; NAN figures are left out. */
static void ledger_indexes(const struct ledger *ledger, struct str *out)
{
    char text[64];
    if (ledger->n_indexes == 0)
        return;
    if (ledger->n_indexes > 1)
        str_printf(out, "%d indexes, ", ledger->n_indexes);
    str_printf(out, "built in %s", units_format_ns(text, sizeof text, ledger->build_ns));
    str_printf(out, ", %s", units_format_bytes(text, sizeof text, ledger->size_bytes));
    if (ledger->scans > 0)
        str_printf(out, ", used %s times", units_format_count(text, sizeof text, ledger->scans, 0));
    else
        str_append(out, ", never used");
}

static void append_change(struct str *out, const char *before, const char *after)
{
    if (strcmp(before, after) == 0)
        str_printf(out, " %s (no change)", after);
    else
        str_printf(out, " %s → %s", before, after);
}

static void share_text(char *buf, size_t size, double share)
{
    char number[32];
    snprintf(buf, size, "%s %%", units_format_count(number, sizeof number, share * 100, 0));
}

static void ledger_writers(const struct facts *facts, const struct ledger *before, const struct ledger *after,
                           const char *separator, struct str *out)
{
    char from[64], to[64];
    if (isfinite(before->hot_share) && isfinite(after->hot_share)) {
        share_text(from, sizeof from, before->hot_share);
        share_text(to, sizeof to, after->hot_share);
        str_printf(out, "%sHOT updates", separator);
        append_change(out, from, to);
        separator = ", ";
    }
    if (isfinite(before->wal_bytes) && isfinite(after->wal_bytes)) {
        units_format_bytes(from, sizeof from, before->wal_bytes);
        units_format_bytes(to, sizeof to, after->wal_bytes);
        str_printf(out, "%sWAL per %s", separator,
                   after->wal_transaction >= 0 ? facts->transactions[after->wal_transaction].name : "transaction");
        append_change(out, from, to);
    }
}

void text_ledger(const struct facts *facts, const char *bullet, struct str *out)
{
    struct ledger before, after;
    figures_ledger(facts, 0, &before);
    for (size_t v = facts->n_variants > 1 ? 1 : 0; v < facts->n_variants && facts->n_trials > 0; v++) {
        struct str line = {0};
        figures_ledger(facts, (int)v, &after);
        ledger_indexes(&after, &line);
        ledger_writers(facts, &before, &after, line.len ? "; " : "", &line);
        if (line.len)
            str_printf(out, "%s%s: %s\n", bullet, facts->variants[v].name, str_text(&line));
        out->failed |= line.failed;
        str_deinit(&line);
    }
}

void text_broken(const struct facts *facts, const char *bullet, struct str *out)
{
    for (size_t v = 0; v < facts->n_variants; v++)
        for (size_t i = 0; i < facts->n_isolations; i++) {
            size_t broken = 0, all = 0;
            const char *check = NULL;
            for (size_t k = 0; k < facts->n_trials; k++) {
                const struct trial_result *plain = &facts->trials[k].plain;
                if (plain->variant != (int)v || plain->isolation != (int)i)
                    continue;
                all++;
                broken += plain->broken_check[0] != '\0';
                check = !check && plain->broken_check[0] ? plain->broken_check : check;
            }
            if (broken > 0)
                str_printf(out, "%sBROKEN: %s, %s: check %s failed in %zu of %zu trials: faster here means wrong\n",
                           bullet, facts->variants[v].name, isolation_name(facts->isolations[i]), check, broken, all);
        }
}

/* --- Warnings and validity ---------------------------------------------------------------------------------------- */

enum {
    WARNINGS_SHOWN = 8
};

static bool seen_before(const struct facts *facts, size_t trial, size_t warning)
{
    const char *text = facts->trials[trial].plain.warnings[warning];
    for (size_t i = 0; i <= trial; i++)
        for (size_t k = 0; k < facts->trials[i].plain.n_warnings && (i < trial || k < warning); k++)
            if (strcmp(facts->trials[i].plain.warnings[k], text) == 0)
                return true;
    return false;
}

static size_t count_warning(const struct facts *facts, const char *text)
{
    size_t n = 0;
    for (size_t i = 0; i < facts->n_trials; i++)
        for (size_t k = 0; k < facts->trials[i].plain.n_warnings; k++)
            n += strcmp(facts->trials[i].plain.warnings[k], text) == 0;
    return n;
}

void text_warnings(const struct facts *facts, const char *bullet, struct str *out)
{
    size_t shown = 0, hidden = 0;
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct trial_result *plain = &facts->trials[i].plain;
        for (size_t k = 0; k < plain->n_warnings; k++) {
            if (seen_before(facts, i, k))
                continue;
            if (shown++ >= WARNINGS_SHOWN) {
                hidden++;
                continue;
            }
            size_t n = count_warning(facts, plain->warnings[k]);
            if (n == 1)
                str_printf(out, "%swarning (trial %d: %s, pool %d): %s\n", bullet, plain->order + 1,
                           facts->variants[plain->variant].name, facts->pools[plain->pool], plain->warnings[k]);
            else
                str_printf(out, "%swarning (%zu trials): %s\n", bullet, n, plain->warnings[k]);
        }
    }
    if (hidden > 0)
        str_printf(out, "%s%zu more warnings: column warnings of summary.csv\n", bullet, hidden);
    for (size_t i = 0; i < facts->n_notices; i++)
        str_printf(out, "%snote: %s\n", bullet, facts->notices[i]);
}

static void first_errors(const struct facts *facts, struct str *out)
{
    int64_t failed = 0;
    const char *message = NULL;
    for (size_t i = 0; i < facts->n_trials; i++) {
        for (size_t t = 0; t < facts->n_transactions; t++)
            failed += facts->trials[i].transactions[t].counts.failed;
        if (!message && facts->trials[i].plain.first_error[0])
            message = facts->trials[i].plain.first_error;
    }
    if (failed == 0)
        return;
    append_count(out, (double)failed);
    str_printf(out, " transaction%s failed", failed == 1 ? "" : "s");
    if (message)
        str_printf(out, "; the first error of the run: %s", message);
    str_append_char(out, '\n');
}

bool text_validity(const struct facts *facts, struct str *out)
{
    size_t planned = facts_n_planned(facts), whole = 0, unfinished = 0, invalid = 0;
    for (size_t i = 0; i < facts->n_trials; i++) {
        whole += facts_whole(&facts->trials[i]);
        unfinished += !facts->trials[i].plain.complete;
        invalid += facts->trials[i].plain.complete && !facts->trials[i].plain.valid;
    }
    bool all = whole > 0 && whole == planned && facts->n_trials == planned;
    if (facts->n_trials == 0)
        str_append(out, "No trial was measured.");
    else if (all)
        str_printf(out, planned == 1 ? "The trial is valid." : "All %zu trials valid.", planned);
    else
        str_printf(out, "%zu of %zu trials valid.", whole, planned);
    if (unfinished > 0)
        str_printf(out, " %zu ended before the window did.", unfinished);
    if (invalid > 0)
        str_printf(out, " %zu not valid: the warnings say why; their figures are left out above.", invalid);
    if (strcmp(facts->ending, "finished") != 0) {
        str_printf(out, " The run %s", strcmp(facts->ending, "failed") == 0 ? "failed" : "was ");
        if (strcmp(facts->ending, "failed") != 0)
            str_append(out, facts->ending);
        if (*facts->reason)
            str_printf(out, " (%s)", facts->reason);
        str_append_char(out, '.');
    }
    str_append_char(out, '\n');
    return all;
}

/* --- The whole ---------------------------------------------------------------------------------------------------- */

static void append_painted(struct str *out, bool colour, enum paint paint, struct str *part)
{
    grid_paint(out, colour, paint, str_text(part));
    out->failed |= part->failed;
    str_clear(part);
}

static bool changes_plan(const struct facts *facts, int variant, int transaction)
{
    const char *plan = figures_plan(facts, variant, transaction);
    return *plan && strcmp(plan, FIGURES_NO_CHANGE) != 0;
}

/* Where the plans' column would be cut to a stump, they go below the table. */
static void plan_lines(const struct facts *facts, struct str *out)
{
    for (size_t t = 0; t < facts->n_transactions; t++) {
        int changes = 0;
        if (facts->transactions[t].weight == 0 || !*figures_plan(facts, 0, (int)t))
            continue;
        str_printf(out, "plan of %s: %s", facts->transactions[t].name, figures_plan(facts, 0, (int)t));
        for (size_t v = 1; v < facts->n_variants; v++) {
            if (!changes_plan(facts, (int)v, (int)t))
                continue;
            str_printf(out, "; %s: %s", facts->variants[v].name, figures_plan(facts, (int)v, (int)t));
            changes++;
        }
        str_append(out, changes == 0 && facts->n_variants > 1 ? ", the same under every variant\n" : "\n");
    }
}

static bool append_table(const struct facts *facts, const struct comparisons *comparisons,
                         const struct report_options *options, int width, struct str *out)
{
    enum {
        STUMP = 24
    };
    struct table table;
    bool below = false, ok = make_table(facts, comparisons, options, true, &table);
    if (ok && grid_last_room(table.grid, width) < STUMP) {
        grid_free(table.grid);
        below = true;
        ok = make_table(facts, comparisons, options, false, &table);
    }
    ok = ok && grid_text(table.grid, options->colour, below ? 0 : width, out);
    grid_free(table.grid);
    str_append_char(out, '\n');
    if (below)
        plan_lines(facts, out);
    return ok;
}

bool text_write(const struct facts *facts, const struct comparisons *comparisons, const struct report_options *options,
                struct str *out)
{
    enum {
        NARROWEST = 100,
        WIDEST = 160,
        UNKNOWN_WIDTH = 120
    };
    int width = options->width <= 0 ? UNKNOWN_WIDTH : options->width;
    width = width < NARROWEST ? NARROWEST : width > WIDEST ? WIDEST : width;
    struct str part = {0};
    text_title(facts, &part);
    append_painted(out, options->colour, PAINT_BOLD, &part);
    text_design(facts, out);
    str_append_char(out, '\n');
    bool ok = facts->n_trials == 0 || append_table(facts, comparisons, options, width, out);
    text_broken(facts, "", &part);
    append_painted(out, options->colour, PAINT_BAD, &part);
    text_ledger(facts, "", out);
    text_notes(facts, comparisons, options, "", out);
    text_warnings(facts, "", out);
    first_errors(facts, out);
    bool all = text_validity(facts, &part);
    append_painted(out, options->colour, all ? PAINT_NONE : PAINT_BAD, &part);
    str_deinit(&part);
    return ok && !out->failed;
}

#include "reports/markdown.h"

#include <string.h>

#include "base/units.h"
#include "figures.h"
#include "grid.h"
#include "output.h"
#include "reports/text.h"
#include "words.h"

static void append_escaped(struct str *out, void (*part)(const struct facts *, struct str *), const struct facts *facts)
{
    struct str text = {0};
    part(facts, &text);
    if (text.len > 0 && text.data[text.len - 1] == '\n')
        text.data[--text.len] = '\0';
    grid_append_markdown(out, str_text(&text));
    out->failed |= text.failed;
    str_deinit(&text);
}

static void append_code(struct str *out, const char *text)
{
    str_append(out, "\n```\n");
    str_append(out, text);
    str_append(out, "\n```\n");
}

static void head(const struct facts *facts, struct str *out)
{
    str_append(out, "# ");
    grid_append_markdown(out, facts->workload);
    str_append(out, "\n\n");
    if (*facts->about) {
        grid_append_markdown(out, facts->about);
        str_append(out, "\n\n");
    }
    append_escaped(out, text_title, facts);
    str_append(out, "\\\n");
    append_escaped(out, text_design, facts);
    str_append(out, "\n\n");
}

static const char *how_to_read_closed =
    "Times are response times: from the moment a client wants to begin a transaction to its final result, with all "
    "attempts and the pauses between them. This run is a *closed loop*: each client sends its next transaction when "
    "the last one has ended, so that a slow server is asked less often. A user who arrives at a given rate would see "
    "more waiting than these figures show. With as many clients as connections nobody waits for another's (pool wait "
    "is 0 by construction, but for the time that connecting or pinging takes where the pool does that), and response "
    "time is service time plus that and the harness's own lag.\n\n";

static const char *how_to_read_queue =
    "Times are response times: from the moment a transaction was *meant* to begin to its final result, with all "
    "attempts and the pauses between them. To the nanosecond, response = pool wait + harness lag + service: the wait "
    "for a free connection, our own delay, and the time from the first byte sent to the final result. With a rate, "
    "transactions come by a schedule that does not wait for the server, and the response time is what a user who "
    "arrives at that rate sees; without one (closed loop) a slow server is asked less often, and waiting is "
    "understated. Nothing is dropped: scheduled = ok + failed + timed out + censored. Timed out ones got no connection "
    "within the pool's acquire_timeout; censored ones had not ended when the wait for them did, and count with the "
    "time they had taken: then percentiles carry a \"≥\".\n\n"
    "*Overloaded* means that the rate is more than the server carries: the backlog grows for as long as the window is, "
    "percentiles with it, and they say nothing about capacity. *No steady state*: the two halves of a window differ by "
    "more than the margin that matters. *Under-resolved*: the window is too short to know its own mean that well. "
    "*Invalid*: the harness or the machine disturbed the measurement; such trials are left out.\n\n";

static const char *how_to_compare =
    "Percentiles come from all executions of a cell together, never from averaged percentiles. Comparisons are paired "
    "by block: the ratio is the Hodges-Lehmann estimate over the blocks, in brackets its exact 95 % interval. An "
    "interval that covers no change is called *about equal* when all of it lies within the margin that matters (3 % "
    "for p50, mean and throughput, 5 % for p90, 10 % for p99), else *unclear*: more blocks would tell.\n\n";

static void results(const struct facts *facts, const struct comparisons *comparisons,
                    const struct report_options *options, struct str *out)
{
    str_append(out, "## Result\n\n");
    text_broken(facts, "> **Do not trust the speed of this one.** ", out);
    text_degraded(facts, "> - ", out);
    text_verdicts(facts, true, "> - ", out);
    str_append_char(out, '\n');
    if (facts->n_trials > 0 && !text_table_markdown(facts, comparisons, options, out))
        out->failed = true;
    text_notes(facts, comparisons, options, "- ", out);
    text_verdicts(facts, false, "- ", out);
    text_outages(facts, "- ", out);
    text_pools(facts, "- ", out);
    text_ledger(facts, "- ", out);
    str_append_char(out, '\n');
    text_validity(facts, out);
    str_append_char(out, '\n');
    text_warnings(facts, "- ", out);
    str_append(out, "\n## How to read it\n\n");
    str_append(out, facts_queues(facts) ? how_to_read_queue : how_to_read_closed);
    str_append(out, how_to_compare);
}

/* --- Where the time goes ------------------------------------------------------------------------------------------ */

static void time_cell(struct grid *grid, const struct cell_figures *cell, enum timing timing, double quantile)
{
    struct str text = {0};
    text_latency(cell, timing, quantile, &text);
    grid_cell(grid, PAINT_NONE, str_text(&text));
    str_deinit(&text);
}

/* The worst trial's: lag is the harness's own fault, and one bad trial is enough to know of it. */
static void lag_cell(struct grid *grid, const struct facts *facts, int variant, struct point point)
{
    char text[64];
    int64_t worst = -1;
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct trial_result *plain = &facts->trials[i].plain;
        if (plain->variant == variant && facts_at(plain, point) && plain->harness_lag.count > 0 &&
            plain->harness_lag.p99 > worst)
            worst = plain->harness_lag.p99;
    }
    grid_cell(grid, PAINT_NONE, worst < 0 ? "–" : units_format_ns(text, sizeof text, (double)worst));
}

static void split_row(const struct facts *facts, int transaction, int variant, struct point point, struct grid *grid)
{
    struct cell_figures cell;
    struct str name = {0}, place = {0};
    figures_cell(facts, variant, point, transaction, &cell);
    if (cell.n_trials == 0)
        return;
    str_append(&name, facts->variants[variant].name);
    text_mark(facts, variant, point, &name);
    text_point(facts, point, &place);
    grid_row(grid);
    grid_cell(grid, PAINT_NONE, facts->transactions[transaction].name);
    grid_cell(grid, PAINT_NONE, str_text(&name));
    grid_cell(grid, PAINT_NONE, str_text(&place));
    for (int timing = 0; timing < TIMING_COUNT; timing++) {
        time_cell(grid, &cell, (enum timing)timing, 0.50);
        time_cell(grid, &cell, (enum timing)timing, 0.99);
    }
    lag_cell(grid, facts, variant, point);
    str_deinit(&name);
    str_deinit(&place);
}

/* Response, service, pool wait and lag side by side: measurement.md asks that all are always printed. */
static void time_split(const struct facts *facts, struct str *out)
{
    static const char *const header[] = {
        "transaction", "variant",     "point",         "response p50",  "response p99",
        "service p50", "service p99", "pool wait p50", "pool wait p99", "harness lag p99, worst trial"};
    enum {
        COLUMNS = sizeof header / sizeof header[0]
    };
    struct grid *grid = grid_new(COLUMNS, 0x3f8);
    if (!grid) {
        out->failed = true;
        return;
    }
    grid_header(grid);
    grid_row(grid);
    for (int i = 0; i < COLUMNS; i++)
        grid_cell(grid, PAINT_NONE, header[i]);
    for (size_t t = 0; t < facts->n_transactions; t++)
        for (size_t p = 0; p < facts_n_points(facts); p++)
            for (size_t v = 0; v < facts->n_variants; v++)
                split_row(facts, (int)t, (int)v, facts_point(facts, p), grid);
    str_append(out, "## Where the time goes\n\n");
    out->failed |= !grid_markdown(grid, out);
    grid_free(grid);
}

/* Without a whole trial there is nothing to split. */
static bool any_whole(const struct facts *facts)
{
    for (size_t i = 0; i < facts->n_trials; i++)
        if (facts_whole(&facts->trials[i]))
            return true;
    return false;
}

static void section(struct str *out, const char *heading, const struct str *lines)
{
    if (lines->len)
        str_printf(out, "%s%s\n", heading, str_text(lines));
    out->failed |= lines->failed;
}

/* Every cell's account, what the pools did, and what speaks for the figures. */
static void truth(const struct facts *facts, struct str *out)
{
    struct str accounts = {0}, habits = {0}, lines = {0}, judged = {0};
    text_accounts(facts, 0, "- ", &accounts);
    text_habits(facts, "- ", &habits);
    text_truth(facts, "- ", &lines);
    text_judged_trials(facts, &judged);
    section(out, "## Accounts\n\n", &accounts);
    section(out, "## What the pool did\n\n", &habits);
    section(out, "## Can it be believed?\n\n", &lines);
    section(out, "### Trials that were judged to be anything but valid\n\n", &judged);
    str_deinit(&judged);
    str_deinit(&accounts);
    str_deinit(&habits);
    str_deinit(&lines);
}

/* --- Variants and plans ------------------------------------------------------------------------------------------- */

static void variants(const struct facts *facts, struct str *out)
{
    str_append(out, "## Variants\n\n| variant | change |\n|:---|:---|\n");
    for (size_t v = 0; v < facts->n_variants; v++) {
        str_append(out, "| ");
        grid_append_markdown(out, facts->variants[v].name);
        str_append(out, " | ");
        grid_append_markdown(out, *facts->variants[v].about ? facts->variants[v].about : "nothing");
        str_append(out, v == 0 ? " (the baseline) |\n" : " |\n");
    }
    str_append_char(out, '\n');
}

static bool plan_changed(const struct facts *facts, int variant, int transaction, int statement)
{
    const char *after = facts_plan(facts, variant, transaction, statement)->shape;
    if (!*after || facts_rewritten(facts, variant, transaction))
        return *after;
    return strcmp(facts_plan(facts, 0, transaction, statement)->shape, after) != 0;
}

static void plan_change(const struct facts *facts, int variant, int transaction, int statement, struct str *out)
{
    const struct fact_transaction *of = facts_transaction(facts, variant, transaction);
    bool rewritten = facts_rewritten(facts, variant, transaction);
    str_append(out, "**");
    grid_append_markdown(out, of->name);
    str_printf(out, "**, statement %d, under **", of->statements[statement].number);
    grid_append_markdown(out, facts->variants[variant].name);
    str_append(out, "**\n");
    append_code(out, of->statements[statement].text);
    str_append(out, rewritten ? "\nrewritten: `" : "\nbefore: `");
    if (!rewritten) {
        str_append(out, facts_plan(facts, 0, transaction, statement)->shape);
        str_append(out, "`\\\nafter: `");
    }
    str_append(out, facts_plan(facts, variant, transaction, statement)->shape);
    str_append(out, "`\n\n");
}

static void plans(const struct facts *facts, struct str *out)
{
    int changes = 0;
    str_append(out, "## Plans that changed\n\n");
    for (size_t v = 1; v < facts->n_variants; v++)
        for (size_t t = 0; t < facts->n_transactions; t++)
            for (int s = 0; s < facts_transaction(facts, (int)v, (int)t)->n_statements; s++)
                if (plan_changed(facts, (int)v, (int)t, s)) {
                    plan_change(facts, (int)v, (int)t, s, out);
                    changes++;
                }
    str_append(out, changes ? "The full plans are in [plans/](plans/).\n\n"
                            : "None. The plans are in [plans/](plans/).\n\n");
}

/* --- Plots -------------------------------------------------------------------------------------------------------- */

static void pictures(const struct plots *plots, bool wanted, struct str *out)
{
    if (!wanted)
        return;
    if (plots->n == 0) {
        str_append(
            out, "## Plots\n\nNone were drawn. With gnuplot installed, `pgdyno report` on this folder draws them.\n\n");
        return;
    }
    str_append(out, "## Plots\n\n");
    for (size_t i = 0; i < plots->n; i++) {
        str_append(out, "![");
        grid_append_markdown(out, plots->list[i].title);
        str_printf(out, "](%s)\n\n", plots->list[i].path);
    }
    str_append(out, "Beside each picture lie the gnuplot script (.gp) and the data (.dat) it was drawn from.\n\n");
}

/* --- Environment -------------------------------------------------------------------------------------------------- */

static void row(struct str *out, const char *name, const char *value)
{
    str_printf(out, "| %s | ", name);
    grid_append_markdown(out, value);
    str_append(out, " |\n");
}

static void environment(const struct facts *facts, struct str *out)
{
    char memory[64], cores[32], seed[32];
    snprintf(cores, sizeof cores, "%d", facts->machine.cores);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)facts->measure.seed);
    str_append(out, "## Environment\n\n| | |\n|:---|:---|\n");
    row(out, "server", facts->server_text);
    row(out, "", facts->private_server ? "private, started for this run" : "already running");
    row(out, "protocol", protocol_name(facts->measure.protocol));
    row(out, "processor", facts->machine.cpu);
    row(out, "usable cores", cores);
    row(out, "memory", units_format_bytes(memory, sizeof memory, (double)facts->machine.memory_bytes));
    row(out, "system", facts->machine.os);
    row(out, "kernel", facts->machine.kernel);
    row(out, "pgdyno", facts->pgdyno_version);
    row(out, "random seed", seed);
    row(out, "workload hash", facts->workload_hash);
    str_append_char(out, '\n');
    if (facts->n_settings == 0)
        return;
    str_append(out, "Server settings that differ from the default:\n\n| setting | value |\n|:---|:---|\n");
    for (size_t i = 0; i < facts->n_settings; i++)
        row(out, facts->settings[i].name, facts->settings[i].value);
    str_append_char(out, '\n');
}

static void repeat(const struct facts *facts, struct str *out)
{
    str_append(out, "## To repeat it\n");
    append_code(out, facts->command_line);
    str_append(out,
               "\nThe workload's text, its hash and all options in force are in [run.json](run.json). All figures: "
               "[summary.csv](summary.csv), [timeseries.csv](timeseries.csv), [compare.csv](compare.csv), "
               "[histograms/](histograms/). `pgdyno report` on this folder writes this page again.\n");
}

bool markdown_write(const struct facts *facts, const struct comparisons *comparisons,
                    const struct report_options *options, const struct plots *plots, struct err *err)
{
    struct str text = {0};
    struct output out;
    head(facts, &text);
    results(facts, comparisons, options, &text);
    if (any_whole(facts))
        time_split(facts, &text);
    truth(facts, &text);
    variants(facts, &text);
    plans(facts, &text);
    pictures(plots, options->plots, &text);
    environment(facts, &text);
    repeat(facts, &text);
    bool ok = !text.failed || err_memory(err);
    ok = ok && output_open(&out, facts->folder, "report.md", err);
    if (ok) {
        fputs(str_text(&text), out.file);
        ok = output_close(&out, err);
    }
    str_deinit(&text);
    return ok;
}

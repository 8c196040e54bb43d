#include "reports/markdown.h"

#include <string.h>

#include "base/units.h"
#include "grid.h"
#include "output.h"
#include "reports/text.h"

static void append_escaped(struct str *out, void (*part)(const struct facts *, struct str *), const struct facts *facts)
{
    struct str text = {0};
    part(facts, &text);
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
    str_append(out, " \\\n");
    append_escaped(out, text_design, facts);
    str_append(out, "\n\n");
}

static const char *how_to_read =
    "Times are response times: from the moment a client wants to begin a transaction to its final result, with all "
    "attempts and the pauses between them. This run is a *closed loop*: each client sends its next transaction when "
    "the last one has ended, so that a slow server is asked less often. A user who arrives at a given rate would see "
    "more waiting than these figures show. With as many clients as connections nobody waits for the pool (pool wait "
    "is 0 by construction), and response time is service time plus retries and the harness's own lag.\n\n"
    "Percentiles come from all executions of a cell together, never from averaged percentiles. Comparisons are paired "
    "by block: the ratio is the Hodges-Lehmann estimate over the blocks, in brackets its exact 95 % interval. An "
    "interval that covers no change is called *about equal* when all of it lies within the margin that matters (3 % for "
    "p50, mean and throughput, 5 % for p90, 10 % for p99), else *unclear*: more blocks would tell.\n\n";

static void results(const struct facts *facts, const struct comparisons *comparisons,
                    const struct report_options *options, struct str *out)
{
    str_append(out, "## Result\n\n");
    text_broken(facts, "> **Do not trust the speed of this one.** ", out);
    str_append_char(out, '\n');
    if (facts->n_trials > 0 && !text_table_markdown(facts, comparisons, options, out))
        out->failed = true;
    text_notes(facts, comparisons, options, "- ", out);
    text_ledger(facts, "- ", out);
    str_append_char(out, '\n');
    text_validity(facts, out);
    str_append_char(out, '\n');
    text_warnings(facts, "- ", out);
    str_append(out, "\n## How to read it\n\n");
    str_append(out, how_to_read);
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
    const char *before = facts_plan(facts, 0, transaction, statement)->shape;
    const char *after = facts_plan(facts, variant, transaction, statement)->shape;
    return *after && strcmp(before, after) != 0;
}

static void plan_change(const struct facts *facts, int variant, int transaction, int statement, struct str *out)
{
    const struct fact_transaction *of = &facts->transactions[transaction];
    str_append(out, "**");
    grid_append_markdown(out, of->name);
    str_printf(out, "**, statement %d, under **", of->statements[statement].number);
    grid_append_markdown(out, facts->variants[variant].name);
    str_append(out, "**\n");
    append_code(out, of->statements[statement].text);
    str_append(out, "\nbefore: `");
    str_append(out, facts_plan(facts, 0, transaction, statement)->shape);
    str_append(out, "`\\\nafter: `");
    str_append(out, facts_plan(facts, variant, transaction, statement)->shape);
    str_append(out, "`\n\n");
}

static void plans(const struct facts *facts, struct str *out)
{
    int changes = 0;
    str_append(out, "## Plans that changed\n\n");
    for (size_t v = 1; v < facts->n_variants; v++)
        for (size_t t = 0; t < facts->n_transactions; t++)
            for (int s = 0; s < facts->transactions[t].n_statements; s++)
                if (plan_changed(facts, (int)v, (int)t, s)) {
                    plan_change(facts, (int)v, (int)t, s, out);
                    changes++;
                }
    str_append(out, changes ? "The full plans are in [plans/](plans/).\n\n" : "None. The plans are in [plans/](plans/).\n\n");
}

/* --- Plots -------------------------------------------------------------------------------------------------------- */

static void pictures(const struct plots *plots, struct str *out)
{
    if (plots->n == 0) {
        str_append(out, "## Plots\n\nNone were drawn: install gnuplot and run `pgdyno report` on this folder.\n\n");
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
    str_append(out, "\nThe workload's text, its hash and all options in force are in [run.json](run.json). All figures: "
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
    variants(facts, &text);
    plans(facts, &text);
    pictures(plots, &text);
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

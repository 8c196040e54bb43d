#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cli/job.h"
#include "cli/plan_load.h"

/* Row headers, page headers, a primary key and the write-ahead log, beside the bytes that COPY sends; and on the
 * private server a second copy to restore from. A guess, and said to be one. */
enum {
    DISK_FACTOR = 4,
    DISK_FACTOR_PRIVATE = 6
};

int question_length(const char *about)
{
    for (const char *at = about; (at = strpbrk(at, ".?!")) != NULL; at++)
        if (at[1] == ' ' || at[1] == '\n' || at[1] == '\0')
            return (int)(at - about) + 1;
    return (int)strcspn(about, "\n");
}

static void sweep_line(const struct workload *workload, struct str *out)
{
    char warmup[32], duration[32];
    str_printf(out, "%zu variant%s × pool ", workload->n_variants, workload->n_variants == 1 ? "" : "s");
    for (size_t i = 0; i < workload->sweep.n_pools; i++)
        str_printf(out, "%s%d", i ? ", " : "", workload->sweep.pools[i]);
    str_append(out, " × ");
    for (size_t i = 0; i < workload->sweep.n_isolations; i++)
        str_printf(out, "%s%s", i ? ", " : "", isolation_name(workload->sweep.isolations[i]));
    if (workload->sweep.n_rates > 1 || workload->sweep.rates[0].kind != RATE_CLOSED) {
        str_append(out, " × ");
        plan_rates(workload, out);
    }
    str_printf(out, " · %d block%s of %s + %s\n", workload->measure.blocks, workload->measure.blocks == 1 ? "" : "s",
               units_format_elapsed(warmup, sizeof warmup, workload->measure.warmup_ns),
               units_format_elapsed(duration, sizeof duration, workload->measure.duration_ns));
}

static void variant_lines(const struct workload *workload, struct str *out)
{
    size_t widest = 0;
    for (size_t i = 0; i < workload->n_variants; i++)
        widest = strlen(workload->variants[i].name) > widest ? strlen(workload->variants[i].name) : widest;
    str_append(out, "\nvariants\n");
    for (size_t i = 0; i < workload->n_variants; i++) {
        const struct variant *variant = &workload->variants[i];
        const char *about = variant->about && *variant->about ? variant->about : "nothing";
        str_printf(out, "  %-*s  %s%s\n", (int)widest, variant->name, about, i == 0 ? " (the baseline)" : "");
    }
}

static void transaction_line(const struct transaction *transaction, int64_t total_weight, int width, const char *under,
                             struct str *out)
{
    double share = total_weight > 0 ? 100.0 * (double)transaction->weight / (double)total_weight : 0;
    str_printf(out, "  %-*s  %5.1f %%  %d statement%s%s%s%s%s\n", width, *under ? "" : transaction->name, share,
               transaction->n_statements, transaction->n_statements == 1 ? "" : "s",
               transaction->block ? " in BEGIN … COMMIT" : "", transaction->pipeline ? ", pipelined" : "",
               *under ? " under " : "", under);
}

static void transaction_lines(const struct workload *workload, struct str *out)
{
    size_t widest = 0;
    for (size_t i = 0; i < workload->n_transactions; i++)
        widest = strlen(workload->transactions[i].name) > widest ? strlen(workload->transactions[i].name) : widest;
    str_append(out, "\ntransactions\n");
    for (size_t i = 0; i < workload->n_transactions; i++) {
        transaction_line(&workload->transactions[i], workload->total_weight, (int)widest, "", out);
        for (size_t v = 0; v < workload->n_variants; v++) {
            const struct transaction *own = &workload->variants[v].transactions[i];
            if (own->statements != workload->transactions[i].statements ||
                own->weight != workload->transactions[i].weight)
                transaction_line(own, workload->variants[v].total_weight, (int)widest, workload->variants[v].name, out);
        }
    }
}

static void note_lines(const struct workload *workload, struct str *out)
{
    struct str notes = {0};
    plan_notes(workload, &notes);
    char *rest = notes.data;
    for (char *line; rest && (line = strsep(&rest, "\n")) != NULL;)
        if (*line)
            str_printf(out, "note: %s\n", line);
    out->failed = out->failed || notes.failed;
    str_deinit(&notes);
}

bool print_plan(const struct workload *workload, bool given_server, struct str *out, struct err *err)
{
    struct run_plan plan;
    char rows[32], bytes[32], disk[32], elapsed[32];
    if (!run_plan(workload, &plan, err))
        return false;
    str_printf(out, "%s", workload->name);
    if (workload->about && *workload->about)
        str_printf(out, ": %.*s", question_length(workload->about), workload->about);
    str_append_char(out, '\n');
    sweep_line(workload, out);
    variant_lines(workload, out);
    transaction_lines(workload, out);
    int factor = given_server ? DISK_FACTOR : DISK_FACTOR_PRIVATE;
    str_printf(out, "\nrows         %s, %s of data; allow %s of disk\n",
               units_format_count(rows, sizeof rows, (double)plan.rows, 0),
               units_format_bytes(bytes, sizeof bytes, (double)plan.seed_bytes),
               units_format_bytes(disk, sizeof disk, (double)plan.seed_bytes * factor));
    str_printf(out, "trials       %d", plan.n_trials);
    if (plan.n_calibrations > 0)
        str_printf(out, " and up to %d to find what a rate in %% refers to", plan.n_calibrations);
    str_printf(out, ", %s of warming up and measuring; seeding, indexes and restoring come on top\n",
               units_format_elapsed(elapsed, sizeof elapsed, plan.measuring_ns));
    plan_load(workload, out);
    str_printf(out, "connections  %d at most\n", plan.max_connections);
    str_printf(out, "server       %s%s\n",
               workload->existing ? "yours, on the tables that are there: what scripts change stays changed"
               : given_server     ? "yours; everything happens in schema "
                                  : "a private one, gone afterwards",
               given_server && !workload->existing ? workload->name : "");
    note_lines(workload, out);
    return !out->failed || err_memory(err);
}

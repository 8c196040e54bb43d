/* How the trials were judged: a line a verdict and kind of reason, however many trials and cells it befell. */
#include <string.h>

#include "alike.h"
#include "grid.h"
#include "reports/text.h"
#include "words.h"

static const char *const headings[VERDICT_COUNT] = {
    [VERDICT_UNSTEADY] = "NO STEADY STATE",
    [VERDICT_UNDER_RESOLVED] = "UNDER-RESOLVED",
    [VERDICT_OVERLOADED] = "OVERLOADED",
    [VERDICT_INVALID] = "INVALID",
};

/* --- Trials with the same verdict for the same kind of reason ----------------------------------------------------- */

static bool together(const struct trial_result *a, const struct trial_result *b)
{
    return a->verdict == b->verdict && alike(a->reason, b->reason);
}

static bool in_group(const struct facts *facts, size_t first, int variant, struct point point)
{
    for (size_t i = first; i < facts->n_trials; i++) {
        const struct trial_result *plain = &facts->trials[i].plain;
        if (plain->variant == variant && facts_at(plain, point) && together(&facts->trials[first].plain, plain))
            return true;
    }
    return false;
}

static bool is_first(const struct facts *facts, size_t trial)
{
    for (size_t i = 0; i < trial; i++)
        if (together(&facts->trials[i].plain, &facts->trials[trial].plain))
            return false;
    return true;
}

/* --- Which cells -------------------------------------------------------------------------------------------------- */

static size_t trials_of(const struct facts *facts, int variant, struct point point)
{
    struct cell_verdict verdict;
    figures_verdict(facts, variant, point, &verdict);
    return verdict.trials;
}

/* The sizes at which the group's trials lie. */
static void append_pools(const struct facts *facts, size_t first, struct str *out)
{
    size_t n = 0;
    for (size_t i = 0; i < facts->n_pools; i++)
        if (in_group(facts, first, facts->trials[first].plain.variant, (struct point){(int)i, -1, -1}))
            str_printf(out, "%s%d", n++ ? ", " : "pool ", facts->pools[i]);
}

/* "pool 1, 2, 4" where the pool is all that is varied; else the cells by name. */
static void append_cells(const struct facts *facts, size_t first, struct str *out)
{
    enum {
        NAMED_MOST = 4
    };
    size_t n = 0;
    if (facts->n_variants * facts->n_isolations * facts->n_rates == 1) {
        append_pools(facts, first, out);
        return;
    }
    for (size_t p = 0; p < facts_n_points(facts); p++)
        for (size_t v = 0; v < facts->n_variants; v++) {
            if (!in_group(facts, first, (int)v, facts_point(facts, p)) || n++ >= NAMED_MOST)
                continue;
            str_append(out, n > 1 ? ", " : "");
            text_cell(facts, (int)v, facts_point(facts, p), out);
        }
    if (n > NAMED_MOST)
        str_printf(out, " and %zu more cell%s", n - NAMED_MOST, n - NAMED_MOST == 1 ? "" : "s");
}

/* --- Lines -------------------------------------------------------------------------------------------------------- */

static void group_line(const struct facts *facts, size_t first, const char *bullet, struct str *out)
{
    const struct trial_result *plain = &facts->trials[first].plain;
    struct alike_span reasons = {0};
    size_t trials = 0, all = 0;
    for (size_t i = first; i < facts->n_trials; i++)
        if (together(plain, &facts->trials[i].plain)) {
            alike_add(&reasons, facts->trials[i].plain.reason);
            trials++;
        }
    for (size_t p = 0; p < facts_n_points(facts); p++)
        for (size_t v = 0; v < facts->n_variants; v++)
            if (in_group(facts, first, (int)v, facts_point(facts, p)))
                all += trials_of(facts, (int)v, facts_point(facts, p));
    str_printf(out, "%s%s: %zu of %zu trial%s", bullet, headings[plain->verdict], trials, all, all == 1 ? "" : "s");
    if (facts_n_cells(facts) > 1) {
        str_append(out, " (");
        append_cells(facts, first, out);
        str_append(out, ")");
    }
    str_append(out, plain->reason[0] || plain->verdict == VERDICT_INVALID ? ": " : "");
    alike_append(&reasons, out);
    if (!plain->reason[0] && plain->verdict == VERDICT_INVALID)
        str_append(out, "the warnings say why"); /* folders of format 1 */
    str_append_char(out, '\n');
}

static void verdict_lines(const struct facts *facts, enum verdict which, const char *bullet, struct str *out)
{
    enum {
        LINES_MOST = 6
    };
    size_t groups = 0;
    for (size_t i = 0; i < facts->n_trials; i++)
        if (facts->trials[i].plain.verdict == which && is_first(facts, i) && groups++ < LINES_MOST)
            group_line(facts, i, bullet, out);
    if (groups > LINES_MOST)
        str_printf(out, "%s%s: for %zu more reasons: column reason of summary.csv\n", bullet, headings[which],
                   groups - LINES_MOST);
    if (groups > 0 && which == VERDICT_OVERLOADED)
        str_printf(out,
                   "%sWhere it is overloaded the percentiles hang on how long the window was: no capacity is "
                   "claimed there\n",
                   bullet);
}

void text_verdicts(const struct facts *facts, bool bad, const char *bullet, struct str *out)
{
    if (bad) {
        verdict_lines(facts, VERDICT_INVALID, bullet, out);
        verdict_lines(facts, VERDICT_OVERLOADED, bullet, out);
    } else {
        verdict_lines(facts, VERDICT_UNSTEADY, bullet, out);
        verdict_lines(facts, VERDICT_UNDER_RESOLVED, bullet, out);
    }
}

/* --- Trial by trial ----------------------------------------------------------------------------------------------- */

void text_judged_trials(const struct facts *facts, struct str *out)
{
    enum {
        ROWS_MOST = 60
    };
    size_t n = 0;
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct trial_result *plain = &facts->trials[i].plain;
        struct str cell = {0};
        if (plain->verdict == VERDICT_VALID || n++ >= ROWS_MOST)
            continue;
        if (n == 1)
            str_append(out, "| trial | block | cell | verdict | reason |\n|---:|---:|:---|:---|:---|\n");
        text_cell(facts, plain->variant, (struct point){plain->pool, plain->isolation, plain->rate}, &cell);
        str_printf(out, "| %d | %d | ", plain->order + 1, plain->block + 1);
        grid_append_markdown(out, str_text(&cell));
        str_printf(out, " | %s | ", verdict_name(plain->verdict));
        grid_append_markdown(out, plain->reason);
        str_append(out, " |\n");
        out->failed |= cell.failed;
        str_deinit(&cell);
    }
    if (n > ROWS_MOST)
        str_printf(out, "\n%zu more: columns verdict and reason of [summary.csv](summary.csv).\n", n - ROWS_MOST);
}

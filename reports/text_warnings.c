/* Whether to believe the figures: checks that broke, warnings, errors, how many trials are valid. */
#include <string.h>

#include "base/units.h"
#include "figures.h"
#include "grid.h"
#include "reports/text.h"

/* --- Broken checks ------------------------------------------------------------------------------------------------ */

bool text_variant(const struct facts *facts, int variant, int pool, int isolation, size_t width, struct str *out)
{
    bool broken = figures_broken(facts, variant, pool, isolation, NULL, NULL) > 0;
    grid_append_cut(out, facts->variants[variant].name, width);
    str_append(out, broken ? " BROKEN" : "");
    return broken;
}

void text_broken(const struct facts *facts, const char *bullet, struct str *out)
{
    for (size_t v = 0; v < facts->n_variants; v++)
        for (size_t i = 0; i < facts->n_isolations; i++) {
            const char *check;
            size_t all, broken = figures_broken(facts, (int)v, -1, (int)i, &all, &check);
            if (broken > 0)
                str_printf(out, "%sBROKEN: %s, %s: check %s failed in %zu of %zu trials: faster here means wrong\n",
                           bullet, facts->variants[v].name, isolation_name(facts->isolations[i]), check, broken, all);
        }
}

/* --- Warnings ----------------------------------------------------------------------------------------------------- */

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

void text_first_error(const struct facts *facts, struct str *out)
{
    char number[64];
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
    str_printf(out, "%s transaction%s failed", units_format_count(number, sizeof number, (double)failed, 0),
               failed == 1 ? "" : "s");
    if (message)
        str_printf(out, "; the first error of the run: %s", message);
    str_append_char(out, '\n');
}

/* "All 24 trials valid; 8 broke a check: see BROKEN above." */
static void how_many(const struct facts *facts, size_t whole, bool all, struct str *out)
{
    size_t planned = facts_n_planned(facts), broken = figures_broken(facts, -1, -1, -1, NULL, NULL);
    if (facts->n_trials == 0)
        str_append(out, "No trial was measured");
    else if (all)
        str_printf(out, planned == 1 ? "The trial is valid" : "All %zu trials valid", planned);
    else
        str_printf(out, "%zu of %zu trials valid", whole, planned);
    if (broken > 0)
        str_printf(out, "; %zu broke a check: see BROKEN above", broken);
    str_append_char(out, '.');
}

static void how_it_ended(const struct facts *facts, struct str *out)
{
    bool failed = strcmp(facts->ending, "failed") == 0;
    if (strcmp(facts->ending, "finished") == 0)
        return;
    str_printf(out, " The run %s", failed ? "failed" : "was ");
    str_append(out, failed ? "" : facts->ending);
    if (*facts->reason)
        str_printf(out, " (%s)", facts->reason);
    str_append_char(out, '.');
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
    how_many(facts, whole, all, out);
    if (unfinished > 0)
        str_printf(out, " %zu ended before the window did.", unfinished);
    if (invalid > 0)
        str_printf(out, " %zu not valid: the warnings say why; their figures are left out above.", invalid);
    how_it_ended(facts, out);
    str_append_char(out, '\n');
    return all;
}

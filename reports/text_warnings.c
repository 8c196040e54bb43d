/* Whether to believe the figures: checks that broke, warnings, errors, how many trials are valid. */
#include <string.h>

#include "alike.h"
#include "base/units.h"
#include "figures.h"
#include "grid.h"
#include "reports/text.h"
#include "words.h"

/* --- Broken checks ------------------------------------------------------------------------------------------------ */

void text_broken(const struct facts *facts, const char *bullet, struct str *out)
{
    for (size_t v = 0; v < facts->n_variants; v++)
        for (size_t i = 0; i < facts->n_isolations; i++) {
            const char *check;
            size_t all, broken = figures_broken(facts, (int)v, (struct point){-1, (int)i, -1}, &all, &check);
            if (broken > 0)
                str_printf(out, "%sBROKEN: %s, %s: check %s failed in %zu of %zu trials: faster here means wrong\n",
                           bullet, facts->variants[v].name, isolation_name(facts->isolations[i]), check, broken, all);
        }
}

/* --- Warnings ----------------------------------------------------------------------------------------------------- */

enum {
    WARNINGS_SHOWN = 8
};

/* Trials that warn alike. Of a group that was seen before nothing else is known. */
struct group {
    size_t trials;
    bool same; /* to the letter */
    bool seen; /* before this place */
};

/* The reason of a verdict is among the warnings too. */
static bool told(const struct trial_result *plain, size_t warning)
{
    return strcmp(plain->warnings[warning], plain->reason) == 0;
}

static struct group find_group(const struct facts *facts, size_t trial, size_t warning)
{
    struct group group = {.same = true};
    const char *text = facts->trials[trial].plain.warnings[warning];
    for (size_t i = 0; i < facts->n_trials && !group.seen; i++) {
        bool any = false;
        for (size_t k = 0; k < facts->trials[i].plain.n_warnings; k++) {
            const char *other = facts->trials[i].plain.warnings[k];
            if (told(&facts->trials[i].plain, k) || !alike(text, other))
                continue;
            any = true;
            group.same = group.same && strcmp(text, other) == 0;
            group.seen = group.seen || i < trial || (i == trial && k < warning);
        }
        group.trials += any;
    }
    return group;
}

static void warning_line(const struct facts *facts, const struct trial_result *plain, size_t warning,
                         const struct group *group, struct str *out)
{
    if (group->trials == 1) {
        str_printf(out, "warning (trial %d: ", plain->order + 1);
        text_cell(facts, plain->variant, (struct point){plain->pool, plain->isolation, plain->rate}, out);
        str_append_char(out, ')');
    }
    if (group->trials > 1 && group->same)
        str_printf(out, "warning (%zu trials)", group->trials);
    else if (group->trials > 1)
        str_printf(out, "warning (%zu trials, such as %d)", group->trials, plain->order + 1);
    str_printf(out, ": %s\n", plain->warnings[warning]);
}

void text_warnings(const struct facts *facts, const char *bullet, struct str *out)
{
    size_t shown = 0, hidden = 0;
    for (size_t i = 0; i < facts->n_trials; i++) {
        for (size_t k = 0; k < facts->trials[i].plain.n_warnings; k++) {
            if (told(&facts->trials[i].plain, k))
                continue;
            struct group group = find_group(facts, i, k);
            if (group.seen)
                continue;
            if (shown++ >= WARNINGS_SHOWN) {
                hidden++;
                continue;
            }
            str_append(out, bullet);
            warning_line(facts, &facts->trials[i].plain, k, &group, out);
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

static size_t with_verdict(const struct facts *facts, enum verdict verdict)
{
    size_t n = 0;
    for (size_t i = 0; i < facts->n_trials; i++)
        n += facts->trials[i].plain.verdict == verdict;
    return n;
}

/* Measured well, and yet not to be taken at their word. */
static void lesser_verdicts(const struct facts *facts, struct str *out)
{
    static const enum verdict rows[] = {VERDICT_OVERLOADED, VERDICT_UNSTEADY, VERDICT_UNDER_RESOLVED};
    size_t kinds = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = with_verdict(facts, rows[i]);
        if (n > 0)
            str_printf(out, "%s%zu %s%s", kinds++ ? ", " : "; ", n, rows[i] == VERDICT_UNSTEADY ? "with " : "",
                       verdict_name(rows[i]));
    }
    str_append(out, kinds ? ": see above" : "");
}

/* "All 24 trials valid; 8 broke a check: see BROKEN above." */
static void how_many(const struct facts *facts, size_t whole, bool all, struct str *out)
{
    size_t planned = facts_n_planned(facts), broken = figures_broken(facts, -1, POINT_ALL, NULL, NULL);
    if (facts->n_trials == 0)
        str_append(out, "No trial was measured");
    else if (all)
        str_printf(out, planned == 1 ? "The trial is valid" : "All %zu trials valid", planned);
    else
        str_printf(out, "%zu of %zu trials valid", whole, planned);
    if (broken > 0)
        str_printf(out, "; %zu broke a check: see BROKEN above", broken);
    lesser_verdicts(facts, out);
    str_append_char(out, '.');
}

static void how_it_ended(const struct facts *facts, struct str *out)
{
    bool failed = strcmp(facts->ending, "failed") == 0;
    if (strcmp(facts->ending, "finished") == 0)
        return;
    str_printf(out, " The run %s", failed ? "failed" : "was ");
    if (facts->ended_wall_ns == 0)
        str_append(out, "interrupted or goes on: it has not written how it ended");
    else
        str_append(out, failed ? "" : facts->ending);
    if (*facts->reason && strcmp(facts->ending, "stopped") != 0) /* that one is the trial's under way, not the run's */
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
        str_printf(out, " %zu not valid: see INVALID above; their figures are left out.", invalid);
    how_it_ended(facts, out);
    str_append_char(out, '\n');
    return all;
}

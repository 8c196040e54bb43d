/* What each variant costs, and how it was used. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "figures.h"
#include "reports/text.h"

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

/* "5.1 → 9.8 records", "412 B → 1.2 kB", "5.0 records (no change)": a unit that both share is said once. Without
 * `before` there is nothing to change from. */
static void append_change(struct str *out, const char *before, const char *after)
{
    const char *from_unit = before ? strchr(before, ' ') : NULL, *to_unit = strchr(after, ' ');
    if (!before)
        str_append(out, after);
    else if (strcmp(before, after) == 0)
        str_printf(out, "%s (no change)", after);
    else if (from_unit && to_unit && strcmp(from_unit, to_unit) == 0)
        str_printf(out, "%.*s → %s", (int)(from_unit - before), before, after);
    else
        str_printf(out, "%s → %s", before, after);
}

enum unit {
    UNIT_PERCENT,
    UNIT_RECORDS,
    UNIT_BYTES,
    UNIT_PAGES
};

static void figure(char *buf, size_t size, double value, enum unit unit)
{
    char number[32];
    if (unit == UNIT_PERCENT)
        snprintf(buf, size, "%s %%", units_format_count(number, sizeof number, value * 100, 0));
    else if (unit == UNIT_BYTES)
        units_format_bytes(buf, size, value);
    else
        snprintf(buf, size, "%s %s",
                 units_format_count(number, sizeof number, value, value < 0.095 ? 2 : value < 99.95),
                 unit == UNIT_RECORDS ? "records" : "full pages");
}

/* False, and nothing said, where either is not known. `alone`: there is no `before`. */
static bool append_figures(struct str *out, const char *words, bool alone, double before, double after, enum unit unit)
{
    char from[64], to[64];
    if (!isfinite(after) || (!alone && !isfinite(before)))
        return false;
    if (!alone)
        figure(from, sizeof from, before, unit);
    figure(to, sizeof to, after, unit);
    str_append(out, words);
    append_change(out, alone ? NULL : from, to);
    return true;
}

/* Records first: bytes hold the full pages that follow a checkpoint, and each trial begins with one, so that a variant
 * which does more in its window spreads the same pages over more transactions and looks cheaper than it is. */
static void ledger_writers(const struct facts *facts, const struct ledger *before, const struct ledger *after,
                           bool alone, struct str *out)
{
    char words[200];
    snprintf(words, sizeof words, "%sHOT updates ", out->len ? "; " : "");
    append_figures(out, words, alone, before->hot_share, after->hot_share, UNIT_PERCENT);
    if (!alone && before->wal_bytes < 1 && after->wal_bytes < 1) /* nobody writes */
        return;
    snprintf(words, sizeof words, "%sWAL per %.100s ", out->len ? "; " : "",
             after->wal_transaction >= 0 ? facts->transactions[after->wal_transaction].name : "transaction");
    if (!append_figures(out, words, alone, before->wal_records, after->wal_records, UNIT_RECORDS))
        return;
    append_figures(out, ", ", alone, before->wal_bytes, after->wal_bytes, UNIT_BYTES);
    append_figures(out, " with ", alone, before->wal_fpi, after->wal_fpi, UNIT_PAGES);
    str_append(out, " after the checkpoint");
}

void text_ledger(const struct facts *facts, const char *bullet, struct str *out)
{
    struct ledger before, after;
    bool alone = facts->n_variants == 1;
    figures_ledger(facts, 0, &before);
    for (size_t v = 0; v < facts->n_variants && facts->n_trials > 0; v++) {
        struct str line = {0};
        figures_ledger(facts, (int)v, &after);
        ledger_indexes(&after, &line); /* the baseline's too: a size to compare with */
        if (v > 0 || alone)
            ledger_writers(facts, &before, &after, alone, &line);
        if (line.len)
            str_printf(out, "%s%s: %s\n", bullet, facts->variants[v].name, str_text(&line));
        out->failed |= line.failed;
        str_deinit(&line);
    }
}

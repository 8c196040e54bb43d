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

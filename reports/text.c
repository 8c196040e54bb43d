#include "reports/text.h"

#include <string.h>

#include "base/units.h"
#include "grid.h"
#include "words.h"

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

/* " × 500, 1,000 tx/s (poisson)"; clients and think time where a closed loop has them. */
static void append_rates(const struct facts *facts, struct str *out)
{
    bool open = false, loop = false; /* a share refers to a closed loop, which is run too */
    for (size_t i = 0; i < facts->n_rates; i++) {
        open |= facts->rates[i].kind != RATE_CLOSED;
        loop |= facts->rates[i].kind != RATE_TPS;
    }
    for (size_t i = 0; open && i < facts->n_rates; i++) {
        str_append(out, i ? ", " : " × ");
        text_rate(&facts->rates[i], out);
    }
    if (open)
        str_printf(out, " (%s arrivals)", arrivals_name(facts->load.arrivals));
    if (!loop)
        return;
    if (facts->load.clients > 0) {
        str_append(out, " · ");
        append_count(out, facts->load.clients);
        str_append(out, facts->load.clients == 1 ? " client" : " clients");
    }
    if (facts->load.think_ns > 0) {
        char text[64];
        str_printf(out, " that think %s", units_format_ns(text, sizeof text, (double)facts->load.think_ns));
    }
}

void text_design(const struct facts *facts, struct str *out)
{
    str_printf(out, "%zu variant%s × pool ", facts->n_variants, facts->n_variants == 1 ? "" : "s");
    for (size_t i = 0; i < facts->n_pools; i++)
        str_printf(out, "%s%d", i ? ", " : "", facts->pools[i]);
    str_append(out, " × ");
    for (size_t i = 0; i < facts->n_isolations; i++)
        str_printf(out, "%s%s", i ? ", " : "", isolation_name(facts->isolations[i]));
    append_rates(facts, out);
    char warmup[32], window[32];
    str_printf(out, " · %d block%s of %s s + %s s · ", facts->measure.blocks, facts->measure.blocks == 1 ? "" : "s",
               units_format_number(warmup, sizeof warmup, (double)facts->measure.warmup_ns / 1e9),
               units_format_number(window, sizeof window, (double)facts->measure.duration_ns / 1e9));
    append_elapsed(out, facts_elapsed_ns(facts));
    str_append_char(out, '\n');
}

/* --- The whole ---------------------------------------------------------------------------------------------------- */

static void append_prose(struct str *out, int width, bool colour, enum paint paint, struct str *part)
{
    struct str wrapped = {0};
    text_wrap(str_text(part), width, &wrapped);
    grid_paint(out, colour, paint, str_text(&wrapped));
    out->failed |= part->failed || wrapped.failed;
    str_deinit(&wrapped);
    str_clear(part);
}

bool text_write(const struct facts *facts, const struct comparisons *comparisons, const struct report_options *options,
                struct str *out)
{
    enum {
        NARROWEST = 40, /* below it wrapping does more harm than good */
        UNKNOWN_WIDTH = 120,
        ACCOUNTS_SHOWN = 6
    };
    int width = options->width <= 0 ? UNKNOWN_WIDTH : options->width < NARROWEST ? NARROWEST : options->width;
    bool colour = options->colour;
    struct str part = {0};
    text_title(facts, &part);
    append_prose(out, width, colour, PAINT_BOLD, &part);
    text_design(facts, &part);
    append_prose(out, width, colour, PAINT_NONE, &part);
    str_append_char(out, '\n');
    bool ok = facts->n_trials == 0 || text_table(facts, comparisons, options, width, out, &part);
    append_prose(out, width, colour, PAINT_NONE, &part);
    text_broken(facts, "", &part);
    text_degraded(facts, "", &part);
    text_verdicts(facts, true, "", &part);
    append_prose(out, width, colour, PAINT_BAD, &part);
    text_verdicts(facts, false, "", &part);
    text_pools(facts, "", &part);
    text_ledger(facts, "", &part);
    text_accounts(facts, ACCOUNTS_SHOWN, "", &part);
    text_outages(facts, "", &part);
    text_habits(facts, "", &part);
    text_truth(facts, "", &part);
    text_notes(facts, comparisons, options, "", &part);
    text_warnings(facts, "", &part);
    text_first_error(facts, &part);
    append_prose(out, width, colour, PAINT_NONE, &part);
    bool all = text_validity(facts, &part);
    append_prose(out, width, colour, all ? PAINT_NONE : PAINT_BAD, &part);
    str_deinit(&part);
    return ok && !out->failed;
}

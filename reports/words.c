#include "words.h"

#include <math.h>
#include <stdio.h>

#include "base/units.h"

void text_rate(const struct rate *rate, struct str *out)
{
    char number[64];
    bool share = rate->kind == RATE_SHARE;
    double value = share ? 100 * rate->value : rate->value;
    if (rate->kind == RATE_CLOSED)
        str_append(out, "closed loop");
    else
        str_printf(out, "%s %s", units_format_count(number, sizeof number, value, value != floor(value)),
                   share ? "% of closed loop" : "tx/s");
}

static bool any_rate(const struct facts *facts)
{
    for (size_t i = 0; i < facts->n_rates; i++)
        if (facts->rates[i].kind != RATE_CLOSED)
            return true;
    return false;
}

static void next_part(struct str *out, size_t from)
{
    if (out->len > from)
        str_append(out, " · ");
}

void text_point(const struct facts *facts, struct point point, struct str *out)
{
    size_t from = out->len;
    if (point.pool >= 0)
        str_printf(out, "pool %d", facts->pools[point.pool]);
    if (point.isolation >= 0) {
        next_part(out, from);
        str_append(out, isolation_name(facts->isolations[point.isolation]));
    }
    if (point.rate >= 0 && any_rate(facts)) {
        next_part(out, from);
        text_rate(&facts->rates[point.rate], out);
    }
}

void text_cell(const struct facts *facts, int variant, struct point point, struct str *out)
{
    struct point varied = {facts->n_pools > 1 ? point.pool : -1, facts->n_isolations > 1 ? point.isolation : -1,
                           facts->n_rates > 1 ? point.rate : -1};
    struct str rest = {0};
    text_point(facts, varied, &rest);
    bool named = facts->n_variants > 1 || rest.len == 0;
    if (named)
        str_append(out, facts->variants[variant].name);
    str_printf(out, "%s%s", named && rest.len ? " · " : "", str_text(&rest));
    str_deinit(&rest);
}

/* Nothing but invalid trials: there is no figure to mark. */
static bool all_invalid(const struct facts *facts, int variant, struct point point)
{
    struct cell_verdict verdict;
    figures_verdict(facts, variant, point, &verdict);
    return verdict.trials > 0 && verdict.with[VERDICT_INVALID] == verdict.trials;
}

bool text_mark(const struct facts *facts, int variant, struct point point, struct str *out)
{
    const char *mark = figures_broken(facts, variant, point, NULL, NULL) > 0 ? " BROKEN"
                       : all_invalid(facts, variant, point)                  ? " INVALID"
                       : figures_overloaded(facts, variant, point)           ? " OVERLOADED"
                                                                             : "";
    str_append(out, mark);
    return *mark != '\0';
}

void text_latency(const struct cell_figures *cell, enum timing timing, double quantile, struct str *out)
{
    char text[64];
    double ns = figures_quantile(cell, timing, quantile);
    if (!isfinite(ns)) {
        str_append(out, "–");
        return;
    }
    /* what never ended lasted longer than it is counted with */
    bool bound = cell->censored > 0;
    str_printf(out, "%s%s", bound ? "≥" : "", ns == 0 ? "0" : units_format_ns(text, sizeof text, ns));
}

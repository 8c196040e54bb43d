/* How much faster or slower, as people say it. */
#include <math.h>

#include "base/units.h"
#include "reports/text.h"

/* How much faster as a factor: time saved for latency, work gained for throughput; above 1 is better. */
static double speed(const struct comparison *row, double ratio)
{
    return metric_rows[row->metric].higher_better ? ratio : 1 / ratio;
}

/* Change in per cent, as people say it: of time for a latency, of work for a throughput. */
static double percent(double ratio)
{
    return (ratio - 1) * 100;
}

static void append_percent(struct str *out, double value, const char *sign)
{
    char text[64];
    double magnitude = fabs(value);
    str_append(out, sign);
    str_append(out, units_format_count(text, sizeof text, magnitude, magnitude < 0.95 && magnitude >= 0.05 ? 1 : 0));
    str_append(out, " %");
}

static void append_signed(struct str *out, double value)
{
    append_percent(out, value, value < 0 ? "−" : "+");
}

static void append_factor(struct str *out, double value)
{
    char text[64];
    str_append(out, units_format_count(text, sizeof text, value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0));
}

static void append_factors(const struct comparison *row, double (*of)(const struct comparison *, double), bool better,
                           struct str *out)
{
    double a = of(row, row->low), b = of(row, row->high);
    append_factor(out, of(row, row->ratio));
    str_append(out, better ? "× faster" : "× slower");
    if (!row->has_interval)
        return;
    str_append(out, " [");
    append_factor(out, fmin(a, b));
    str_append(out, ", ");
    append_factor(out, fmax(a, b));
    str_append(out, "]");
}

static double slowness(const struct comparison *row, double ratio)
{
    return 1 / speed(row, ratio);
}

static void append_percents(const struct comparison *row, bool better, struct str *out)
{
    /* counted so that a change in the sense of the word is positive */
    double sign = (row->ratio < 1) ? -1 : 1;
    double low = sign * percent(row->low), high = sign * percent(row->high);
    append_percent(out, percent(row->ratio), "");
    str_append(out, better ? " faster" : " slower");
    if (!row->has_interval)
        return;
    str_append(out, " [");
    append_percent(out, fmin(low, high), "");
    str_append(out, ", ");
    append_percent(out, fmax(low, high), "");
    str_append(out, "]");
}

int text_ratio(const struct comparison *row, struct str *out)
{
    if (!row || !row->has_ratio)
        return 0;
    if (row->broken) {
        str_append(out, "broken");
        return -1;
    }
    if (row->overloaded) {
        str_append(out, "overloaded");
        return 0;
    }
    bool better = speed(row, row->ratio) > 1;
    double factor = fmax(row->ratio, 1 / row->ratio);
    if (row->has_interval && row->low <= 1 && row->high >= 1) {
        bool tight =
            row->low >= 1 / (1 + metric_rows[row->metric].margin) && row->high <= 1 + metric_rows[row->metric].margin;
        str_append(out, tight ? "about equal [" : "unclear [");
        append_signed(out, percent(row->low));
        str_append(out, ", ");
        append_signed(out, percent(row->high));
        str_append(out, "]");
        return 0;
    }
    if (factor >= 2)
        append_factors(row, better ? speed : slowness, better, out);
    else
        append_percents(row, better, out);
    if (row->has_interval)
        return better ? 1 : -1;
    str_append(out, " (no interval)");
    return 0;
}

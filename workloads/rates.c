/* How fast transactions arrive, as people write it. */
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "schema.h"

/* A transaction in a quarter of an hour is the least that a day's window could count; ten million a second is more than
 * any driver sends. */
#define LEAST_TPS   0.001
#define MOST_TPS    1e7
#define LEAST_SHARE 0.001
#define MOST_SHARE  10.0

static const struct {
    const char *suffix;
    enum rate_kind kind;
    double factor, least, most;
    const char *limits;
} forms[] = {
    {"/s", RATE_TPS, 1, LEAST_TPS, MOST_TPS, "a rate must be from 0.001/s to 10,000,000/s"},
    {"%", RATE_SHARE, 0.01, LEAST_SHARE, MOST_SHARE,
     "a share of the closed loop's throughput must be from 0.1% to 1000%"},
    {"", RATE_TPS, 1, LEAST_TPS, MOST_TPS, "a rate must be from 0.001/s to 10,000,000/s"},
};

/* The number in front of `suffix`; a space may stand between them. */
static bool parse_number(const char *text, const char *suffix, double *out)
{
    char digits[64];
    size_t len = strlen(text), suffix_len = strlen(suffix);
    if (len <= suffix_len || strcmp(text + len - suffix_len, suffix) != 0)
        return false;
    len -= suffix_len;
    len -= suffix_len > 0 && text[len - 1] == ' ';
    if (len >= sizeof digits)
        return false;
    memcpy(digits, text, len);
    digits[len] = '\0';
    return units_parse_double(digits, out);
}

bool rate_parse(struct loader *loader, const struct written *written, struct rate *out)
{
    static const char *const words[] = {"closed", NULL};
    char hint[80];
    double number;
    if (strcmp(written->text, "closed") == 0) {
        *out = (struct rate){.kind = RATE_CLOSED};
        return true;
    }
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (!parse_number(written->text, forms[i].suffix, &number))
            continue;
        *out = (struct rate){forms[i].kind, number * forms[i].factor};
        if (out->value >= forms[i].least * (1 - 1e-9) && out->value <= forms[i].most * (1 + 1e-9))
            return true;
        loader_problem(loader, written->origin, "%s, not `%s`", forms[i].limits, written->text);
        return false;
    }
    loader_problem(loader, written->origin,
                   "`rate` must be closed, transactions a second such as 500/s, or a share of the closed loop's "
                   "throughput such as 80%%, not `%s`%s",
                   written->text, loader_hint(hint, sizeof hint, written->text, words));
    return false;
}

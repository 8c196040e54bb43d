#include "run/setting_match.h"

#include <math.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/units.h"

/* PostgreSQL's units (guc.c), case-sensitive as there; µs and bytes are the common ground of each kind. */
static const struct unit {
    const char *name;
    char kind;
    double scale;
} units[] = {
    {"B", 'm', 1},        {"kB", 'm', 1024},
    {"MB", 'm', 1048576}, {"GB", 'm', 1073741824.0},
    {"us", 't', 1},       {"TB", 'm', 1099511627776.0},
    {"ms", 't', 1e3},     {"s", 't', 1e6},
    {"min", 't', 60e6},   {"h", 't', 3600e6},
    {"d", 't', 86400e6},
};

static const struct unit *find_unit(const char *name)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].name, name) == 0)
            return &units[i];
    return NULL;
}

/* "8kB" → 8 and "kB"; "ms" → 1 and "ms". False if it is no quantity. */
static bool split(const char *text, double *number, const char **suffix)
{
    char digits[64];
    text += strspn(text, " \t");
    size_t len = strspn(text, "+-0123456789.eE");
    while (len > 0 && strchr("eE", text[len - 1])) /* no exponent without digits */
        len--;
    *suffix = text + len + strspn(text + len, " \t");
    if (len == 0) {
        *number = 1;
        return true;
    }
    if (len >= sizeof digits)
        return false;
    memcpy(digits, text, len);
    digits[len] = '\0';
    return units_parse_double(digits, number);
}

static bool match_number(const char *wanted, const char *setting, const char *unit, bool whole)
{
    double number, actual, base_number = 1;
    const char *suffix, *base_suffix;
    if (strspn(wanted, " \t+-.0123456789") == 0 || !split(wanted, &number, &suffix) ||
        !units_parse_double(setting, &actual))
        return false;
    if (*suffix) {
        if (!split(unit ? unit : "", &base_number, &base_suffix))
            return false;
        const struct unit *given = find_unit(suffix), *base = find_unit(base_suffix);
        if (!given || !base || given->kind != base->kind)
            return false;
        number = number * given->scale / (base_number * base->scale);
    }
    return whole ? rint(number) == actual : fabs(number - actual) <= 1e-9 * fmax(1, fabs(actual));
}

static int parse_bool(const char *text)
{
    static const struct {
        const char *word;
        int value;
    } words[] = {{"on", 1}, {"true", 1}, {"yes", 1}, {"1", 1}, {"off", 0}, {"false", 0}, {"no", 0}, {"0", 0}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i].word) == 0)
            return words[i].value;
    return -1;
}

bool setting_match(const char *wanted, const char *setting, const char *unit, const char *vartype)
{
    if (strcmp(vartype, "bool") == 0)
        return parse_bool(wanted) >= 0 && parse_bool(wanted) == parse_bool(setting);
    if (strcmp(vartype, "integer") == 0 || strcmp(vartype, "real") == 0)
        return match_number(wanted, setting, unit, vartype[0] == 'i');
    if (strcmp(vartype, "enum") == 0)
        return strcasecmp(wanted, setting) == 0;
    return strcmp(wanted, setting) == 0;
}

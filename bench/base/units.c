#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

struct unit {
    const char *name;
    double size;
};

static const struct unit duration_units[] = {
    {"ns", 1},
    {"us", NS_PER_US},
    {"µs", NS_PER_US},
    {"ms", NS_PER_MS},
    {"s", NS_PER_S},
    {"m", 60 * NS_PER_S},
    {"min", 60 * NS_PER_S},
    {"h", 3600 * NS_PER_S},
    {"d", 86400 * NS_PER_S},
};
static const struct unit memory_units[] = {
    {"B", 1}, {"kB", 0x1p10}, {"MB", 0x1p20}, {"GB", 0x1p30}, {"TB", 0x1p40},
};
static const struct unit time_units[] = {{"ns", 1}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {NULL, 0}};
static const struct unit byte_units[] = {{"B", 1},     {"kB", 1e3},  {"MB", 1e6}, {"GB", 1e9},
                                         {"TB", 1e12}, {"PB", 1e15}, {NULL, 0}};

/* The C library shares one "C" object among all callers: this neither allocates nor needs freelocale. */
static locale_t c_locale(void)
{
    return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static int c_printf(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int c_printf(char *buf, size_t size, const char *fmt, ...)
{
    locale_t before = uselocale(c_locale());
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(buf, size, fmt, args);
    va_end(args);
    uselocale(before);
    return len;
}

static bool find_unit(const char *name, int64_t *size_ns)
{
    for (size_t i = 0; i < sizeof duration_units / sizeof duration_units[0]; i++) {
        if (strcmp(duration_units[i].name, name) == 0) {
            *size_ns = (int64_t)duration_units[i].size;
            return true;
        }
    }
    return false;
}

/* The leading "12" or "1.5" of a duration; no sign, exponent or hexadecimal. Returns its length, 0 if there is none. */
static size_t parse_magnitude(const char *text, long double *out)
{
    char digits[40];
    size_t len = strspn(text, "0123456789.");
    if (len >= sizeof digits || !isdigit((unsigned char)text[0]))
        return 0;
    memcpy(digits, text, len);
    digits[len] = '\0';
    char *end;
    *out = strtold_l(digits, &end, c_locale());
    return *end == '\0' ? len : 0;
}

bool units_parse_duration(const char *text, int64_t default_unit_ns, bool allow_never, int64_t *out_ns)
{
    if (allow_never && strcmp(text, "never") == 0) {
        *out_ns = -1;
        return true;
    }
    long double magnitude;
    size_t len = parse_magnitude(text, &magnitude);
    if (len == 0)
        return false;
    const char *name = text + len;
    int64_t unit_ns = default_unit_ns;
    if (*name != '\0' && !find_unit(name + (*name == ' '), &unit_ns))
        return false;
    long double ns = roundl(magnitude * (long double)unit_ns);
    if (ns >= 0x1p63L)
        return false;
    *out_ns = (int64_t)ns;
    return true;
}

static const struct unit *find_memory_unit(const char *name)
{
    for (size_t i = 0; i < sizeof memory_units / sizeof memory_units[0]; i++)
        if (strcasecmp(memory_units[i].name, name) == 0)
            return &memory_units[i];
    return NULL;
}

bool units_parse_bytes(const char *text, int64_t *out)
{
    long double magnitude;
    size_t len = parse_magnitude(text, &magnitude);
    const char *name = text + len;
    const struct unit *unit = *name == '\0' ? &memory_units[0] : find_memory_unit(name + (*name == ' '));
    if (len == 0 || !unit)
        return false;
    long double bytes = roundl(magnitude * (long double)unit->size);
    if (bytes >= 0x1p63L)
        return false;
    *out = (int64_t)bytes;
    return true;
}

bool units_parse_int(const char *text, int64_t *out)
{
    const char *digits = text + (*text == '-' || *text == '+');
    if (!isdigit((unsigned char)*digits))
        return false;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0')
        return false;
    *out = value;
    return true;
}

bool units_parse_double(const char *text, double *out)
{
    if (*text == '\0' || text[strspn(text, "+-.0123456789eE")] != '\0')
        return false;
    char *end;
    double value = strtod_l(text, &end, c_locale());
    if (end == text || *end != '\0' || !isfinite(value))
        return false;
    *out = value;
    return true;
}

/* Decimals that make three significant digits, given what rounding will do to the value. */
static int three_digits(double value)
{
    return value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
}

static char *format_scaled(char *buf, size_t size, double value, const struct unit *unit, bool whole_first)
{
    if (!isfinite(value)) {
        c_printf(buf, size, "n/a");
        return buf;
    }
    double amount = fabs(value);
    bool first = true;
    for (; unit[1].name && amount / unit->size >= 999.5; unit++)
        first = false;
    double scaled = amount / unit->size;
    int decimals = amount == 0 || (first && whole_first) ? 0 : three_digits(scaled);
    c_printf(buf, size, "%s%.*f %s", value < 0 ? "-" : "", decimals, scaled, unit->name);
    return buf;
}

char *units_format_ns(char *buf, size_t size, double ns)
{
    return format_scaled(buf, size, ns, time_units, false);
}

char *units_format_bytes(char *buf, size_t size, double bytes)
{
    return format_scaled(buf, size, bytes, byte_units, true);
}

/* Copy `digits` with a comma before every third digit left of the point. */
static void group_thousands(char *buf, size_t size, const char *digits)
{
    size_t whole = strspn(digits, "0123456789"), used = 0;
    for (size_t i = 0; digits[i] && used + 1 < size; i++) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0)
            buf[used++] = ',';
        if (used + 1 < size)
            buf[used++] = digits[i];
    }
    if (size > 0)
        buf[used] = '\0';
}

char *units_format_count(char *buf, size_t size, double value, int decimals)
{
    if (!isfinite(value)) {
        c_printf(buf, size, "n/a");
        return buf;
    }
    char digits[512];
    decimals = decimals < 0 ? 0 : decimals > 17 ? 17 : decimals;
    c_printf(digits, sizeof digits, "%.*f", decimals, fabs(value));
    bool negative = value < 0 && strpbrk(digits, "123456789");
    if (negative && size > 1)
        *buf = '-';
    size_t sign = negative && size > 1;
    group_thousands(buf + sign, size - sign, digits);
    return buf;
}

char *units_format_elapsed(char *buf, size_t size, int64_t ns)
{
    double seconds = (double)(ns < 0 ? 0 : ns) / 1e9;
    long long whole_s = llround(seconds), whole_min = llround(seconds / 60);
    if (seconds < 59.95)
        c_printf(buf, size, "%.1f s", seconds);
    else if (whole_s < 3600)
        c_printf(buf, size, "%lld min %02lld s", whole_s / 60, whole_s % 60);
    else
        c_printf(buf, size, "%lld h %02lld min", whole_min / 60, whole_min % 60);
    return buf;
}

/* An epoch in seconds needs its milliseconds, which six significant digits would lose: hence the absolute bound. */
static bool reads_back(const char *text, double value)
{
    double off = fabs(strtod_l(text, NULL, c_locale()) - value);
    bool plain = !strchr(text, 'e') || fabs(value) < 1;
    return plain && off <= 5e-7 * fabs(value) && off < 5e-4;
}

char *units_format_number(char *buf, size_t size, double value)
{
    char text[512] = "";
    bool integral = isfinite(value) && value == trunc(value) && fabs(value) < 1e15;
    if (integral)
        c_printf(text, sizeof text, "%.0f", value == 0 ? 0.0 : value);
    for (int digits = 1; isfinite(value) && !integral && digits <= 17; digits++) {
        c_printf(text, sizeof text, "%.*g", digits, value);
        if (reads_back(text, value))
            break;
    }
    c_printf(buf, size, "%s", text);
    return buf;
}

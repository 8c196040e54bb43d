#include "generators/numeric.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "digits.h"

static const int64_t powers[NUMERIC_SCALE_MAX + 1] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
};

static bool keep(int64_t units, int scale, struct numeric *out)
{
    *out = (struct numeric){units, scale};
    return true;
}

/* Half away from 0. `digits` to cut off may be more than a power in the table: nothing is left then. */
static int64_t cut(int64_t units, int digits)
{
    if (digits > NUMERIC_SCALE_MAX)
        return 0;
    int64_t power = powers[digits], rest = units % power;
    bool up = rest >= power - power / 2 || -rest >= power - power / 2;
    return units / power + (digits > 0 && up ? (units < 0 ? -1 : 1) : 0);
}

bool numeric_rescale(struct numeric x, int scale, struct numeric *out)
{
    int64_t units;
    if (scale < x.scale)
        return keep(cut(x.units, x.scale - scale), scale, out);
    return !__builtin_mul_overflow(x.units, powers[scale - x.scale], &units) && keep(units, scale, out);
}

/* From its 15 decimal digits d.dddddddddddddde±xx; the point is the locale's. */
static bool from_digits(double x, int scale, struct numeric *out)
{
    enum {
        DIGITS = 15
    };
    char text[40];
    int64_t units = 0;
    snprintf(text, sizeof text, "%.*e", DIGITS - 1, fabs(x));
    const char *p = text;
    for (; *p != 'e'; p++)
        if (*p >= '0' && *p <= '9')
            units = units * 10 + (*p - '0');
    int shift = (int)strtol(p + 1, NULL, 10) - (DIGITS - 1) + scale;
    if (shift < 0)
        units = cut(units, -shift);
    else if (shift > NUMERIC_SCALE_MAX || __builtin_mul_overflow(units, powers[shift], &units))
        return units == 0 && keep(0, scale, out);
    return keep(x < 0 ? -units : units, scale, out);
}

/* Nearly every number is far enough from half a unit that its digits beyond the fifteenth cannot matter. */
bool numeric_from_double(double x, int scale, struct numeric *out)
{
    double scaled = x * (double)powers[scale];
    if (!(fabs(scaled) < 0x1p63))
        return false;
    double from_half = fabs(fabs(scaled - trunc(scaled)) - 0.5);
    if (fabs(scaled) < 1e14 && from_half > 1e-14 * fabs(scaled))
        return keep((int64_t)round(scaled), scale, out);
    return from_digits(x, scale, out);
}

bool numeric_parse(const char *text, size_t len, struct numeric *out)
{
    const char *p = text, *end = text + len;
    bool negative = p < end && *p == '-', point = false, any = false;
    struct numeric x = {0};
    for (p += p < end && (*p == '-' || *p == '+'); p < end; p++) {
        if (*p == '.' && !point) {
            point = true;
            continue;
        }
        int digit = *p - '0';
        if (digit < 0 || digit > 9 || (point && x.scale == NUMERIC_SCALE_MAX) ||
            __builtin_mul_overflow(x.units, 10, &x.units) ||
            (negative ? __builtin_sub_overflow(x.units, digit, &x.units)
                      : __builtin_add_overflow(x.units, digit, &x.units)))
            return false;
        x.scale += point;
        any = true;
    }
    return any && keep(x.units, x.scale, out);
}

/* Both at the greater scale. */
static bool align(struct numeric *a, struct numeric *b)
{
    int scale = a->scale > b->scale ? a->scale : b->scale;
    return numeric_rescale(*a, scale, a) && numeric_rescale(*b, scale, b);
}

bool numeric_add(struct numeric a, struct numeric b, struct numeric *out)
{
    int64_t units;
    return align(&a, &b) && !__builtin_add_overflow(a.units, b.units, &units) && keep(units, a.scale, out);
}

bool numeric_subtract(struct numeric a, struct numeric b, struct numeric *out)
{
    int64_t units;
    return align(&a, &b) && !__builtin_sub_overflow(a.units, b.units, &units) && keep(units, a.scale, out);
}

bool numeric_multiply(struct numeric a, struct numeric b, struct numeric *out)
{
    int64_t units;
    return a.scale + b.scale <= NUMERIC_SCALE_MAX && !__builtin_mul_overflow(a.units, b.units, &units) &&
           keep(units, a.scale + b.scale, out);
}

int numeric_compare(struct numeric a, struct numeric b)
{
    __int128 x = (__int128)a.units * (a.scale < b.scale ? powers[b.scale - a.scale] : 1);
    __int128 y = (__int128)b.units * (b.scale < a.scale ? powers[a.scale - b.scale] : 1);
    return (x > y) - (x < y);
}

double numeric_double(struct numeric x)
{
    return (double)x.units / (double)powers[x.scale];
}

char *numeric_put(char *p, struct numeric x)
{
    uint64_t units = x.units < 0 ? -(uint64_t)x.units : (uint64_t)x.units, power = (uint64_t)powers[x.scale];
    if (x.units < 0)
        *p++ = '-';
    p = put_unsigned(p, units / power);
    if (x.scale == 0)
        return p;
    char *end = p + 1 + x.scale;
    *p = '.';
    for (uint64_t rest = units % power; p < --end; rest /= 10)
        *end = (char)('0' + rest % 10);
    return p + 1 + x.scale;
}

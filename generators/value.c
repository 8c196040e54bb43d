#include "generators/value.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digits.h"
#include "generators/calendar.h"

bool scratch_init(struct scratch *scratch, size_t size)
{
    *scratch = (struct scratch){.data = malloc(size), .size = size};
    if (!scratch->data)
        scratch->size = 0;
    return scratch->data != NULL;
}

void scratch_deinit(struct scratch *scratch)
{
    free(scratch->data);
    *scratch = (struct scratch){0};
}

/* --- Time --------------------------------------------------------------------------------------------------------- */

/* Year 0 is 1 BC; the caller writes the suffix. */
static char *put_civil(char *p, struct civil civil)
{
    uint64_t year = civil.year > 0 ? (uint64_t)civil.year : (uint64_t)(1 - civil.year);
    if (year < 10000) {
        p = put_pair(p, (unsigned)(year / 100));
        p = put_pair(p, (unsigned)(year % 100));
    } else {
        p = put_unsigned(p, year);
    }
    *p++ = '-';
    p = put_pair(p, civil.month);
    *p++ = '-';
    return put_pair(p, civil.day);
}

static char *put_date(char *p, int64_t days)
{
    if (days >= INT32_MAX || days <= INT32_MIN) /* PostgreSQL's own marks */
        return put_string(p, days > 0 ? "infinity" : "-infinity");
    struct civil civil = calendar_civil(days);
    p = put_civil(p, civil);
    return civil.year > 0 ? p : put_string(p, " BC");
}

static char *put_timestamp(char *p, int64_t us)
{
    if (us == INT64_MAX || us == INT64_MIN)
        return put_string(p, us > 0 ? "infinity" : "-infinity");
    int64_t days = calendar_day_of(us);
    int64_t in_day = us - days * US_PER_DAY;
    unsigned seconds = (unsigned)(in_day / US_PER_SECOND);
    struct civil civil = calendar_civil(days);
    p = put_civil(p, civil);
    *p++ = ' ';
    p = put_pair(p, seconds / 3600);
    *p++ = ':';
    p = put_pair(p, seconds / 60 % 60);
    *p++ = ':';
    p = put_pair(p, seconds % 60);
    p = put_fraction(p, (unsigned)(in_day % US_PER_SECOND));
    p = put_string(p, "+00");
    return civil.year > 0 ? p : put_string(p, " BC");
}

/* --- Doubles ------------------------------------------------------------------------------------------------------ */

/* printf and strtod use the locale's decimal point, PostgreSQL does not. */
static size_t without_locale(char *buf, size_t len)
{
    const char *point = localeconv()->decimal_point;
    size_t point_len = strlen(point);
    char *at = strcmp(point, ".") == 0 ? NULL : memmem(buf, len, point, point_len);
    if (!at)
        return len;
    *at = '.';
    memmove(at + 1, at + point_len, (size_t)(buf + len - at) - point_len);
    return len - point_len + 1;
}

static char *put_double(char *p, double value)
{
    if (isnan(value))
        return put_string(p, "NaN");
    if (isinf(value))
        return put_string(p, value > 0 ? "Infinity" : "-Infinity");
    if (fabs(value) < 1e15 && value == (double)(int64_t)value && !(value == 0.0 && signbit(value)))
        return put_integer(p, (int64_t)value);
    int len = 0;
    for (int digits = 15; digits <= 17; digits++) {
        len = snprintf(p, VALUE_TEXT_MAX, "%.*g", digits, value);
        if (strtod(p, NULL) == value)
            break;
    }
    return p + without_locale(p, (size_t)len);
}

/* --- Values ------------------------------------------------------------------------------------------------------- */

size_t value_text(const struct value *value, char *buf, const char **data)
{
    char *end = buf;
    *data = buf;
    switch (value->type) {
    case VALUE_NULL:
        break;
    case VALUE_BOOL:
        end = put_string(buf, value->boolean ? "true" : "false");
        break;
    case VALUE_INT:
        end = put_integer(buf, value->integer);
        break;
    case VALUE_DOUBLE:
        end = put_double(buf, value->real);
        break;
    case VALUE_TEXT:
        *data = value->text.data;
        return value->text.len;
    case VALUE_TIMESTAMP:
        end = put_timestamp(buf, value->integer);
        break;
    case VALUE_DATE:
        end = put_date(buf, value->integer);
        break;
    case VALUE_NUMERIC:
        end = numeric_put(buf, value->numeric);
        break;
    case VALUE_INTERVAL:
        end = interval_put(buf, value->interval);
        break;
    }
    return (size_t)(end - buf);
}

const char *value_type_name(enum value_type type)
{
    static const char *const names[] = {
        [VALUE_NULL] = "null",     [VALUE_BOOL] = "boolean",    [VALUE_INT] = "integer",
        [VALUE_DOUBLE] = "double", [VALUE_TEXT] = "text",       [VALUE_TIMESTAMP] = "timestamp",
        [VALUE_DATE] = "date",     [VALUE_NUMERIC] = "numeric", [VALUE_INTERVAL] = "interval",
    };
    return names[type];
}

/* --- Reading a timestamp ------------------------------------------------------------------------------------------ */

struct reader {
    const char *p, *end;
};

static bool read_char(struct reader *in, char c)
{
    if (in->p == in->end || *in->p != c)
        return false;
    in->p++;
    return true;
}

/* Exactly `digits` of them. */
static bool read_number(struct reader *in, int digits, unsigned *out)
{
    unsigned value = 0;
    for (int i = 0; i < digits; i++) {
        if (in->p == in->end || *in->p < '0' || *in->p > '9')
            return false;
        value = value * 10 + (unsigned)(*in->p++ - '0');
    }
    *out = value;
    return true;
}

static bool read_date(struct reader *in, int64_t *days)
{
    unsigned year, month, day;
    if (!read_number(in, 4, &year) || !read_char(in, '-') || !read_number(in, 2, &month) || !read_char(in, '-') ||
        !read_number(in, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > calendar_month_days(year, month))
        return false;
    *days = calendar_days((struct civil){year, month, day});
    return true;
}

/* One to six digits after the point. */
static bool read_fraction(struct reader *in, unsigned *us)
{
    unsigned digit, scale = 100000;
    *us = 0;
    for (int n = 0; read_number(in, 1, &digit); n++, scale /= 10) {
        if (n == 6)
            return false;
        *us += digit * scale;
    }
    return in->p[-1] != '.';
}

static bool read_time(struct reader *in, int64_t *us)
{
    unsigned hour, minute, second = 0, fraction = 0;
    if (!read_number(in, 2, &hour) || !read_char(in, ':') || !read_number(in, 2, &minute))
        return false;
    if (read_char(in, ':')) {
        if (!read_number(in, 2, &second) || (read_char(in, '.') && !read_fraction(in, &fraction)))
            return false;
    }
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *us = ((int64_t)hour * 3600 + minute * 60 + second) * US_PER_SECOND + fraction;
    return true;
}

/* "+02", "-05:30", "Z" or nothing. */
static bool read_zone(struct reader *in, int64_t *east_us)
{
    unsigned hours, minutes = 0;
    *east_us = 0;
    if (in->p == in->end || read_char(in, 'Z'))
        return true;
    bool east = read_char(in, '+');
    if ((!east && !read_char(in, '-')) || !read_number(in, 2, &hours))
        return false;
    if (read_char(in, ':') && !read_number(in, 2, &minutes))
        return false;
    if (hours > 15 || minutes > 59)
        return false;
    *east_us = ((int64_t)hours * 60 + minutes) * 60 * US_PER_SECOND * (east ? 1 : -1);
    return true;
}

bool value_parse_timestamp(const char *text, size_t len, int64_t *out_us)
{
    struct reader in = {text, text + len};
    int64_t days, in_day = 0, east = 0;
    if (!read_date(&in, &days))
        return false;
    if (read_char(&in, ' ') || read_char(&in, 'T')) {
        if (!read_time(&in, &in_day) || !read_zone(&in, &east))
            return false;
    }
    if (in.p != in.end)
        return false;
    *out_us = days * US_PER_DAY + in_day - east;
    return true;
}

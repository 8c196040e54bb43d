#include "generators/interval.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "digits.h"
#include "generators/calendar.h"

enum {
    MONTHS_PER_YEAR = 12,
    DAYS_PER_MONTH = 30, /* where a fraction of a month becomes days, and in comparisons */
    WORD_MAX = 16
};

/* --- Reading ------------------------------------------------------------------------------------------------------ */

/* PostgreSQL's spellings; an s may follow those of more than three letters, and the short ones that have it here. */
static const struct unit {
    const char *names; /* each ends with a space */
    int months;
    int days;
    int64_t us;
} units[] = {
    {"microsecond microseconds us usec usecs ", 0, 0, 1},
    {"millisecond milliseconds ms msec msecs ", 0, 0, 1000},
    {"second seconds s sec secs ", 0, 0, US_PER_SECOND},
    {"minute minutes m min mins ", 0, 0, 60 * US_PER_SECOND},
    {"hour hours h hr hrs ", 0, 0, 3600 * US_PER_SECOND},
    {"day days d ", 0, 1, 0},
    {"week weeks w ", 0, 7, 0},
    {"month months mon mons ", 1, 0, 0},
    {"year years y yr yrs ", MONTHS_PER_YEAR, 0, 0},
};

struct reader {
    const char *p, *end;
};

static void skip_spaces(struct reader *in)
{
    while (in->p < in->end && *in->p == ' ')
        in->p++;
}

static const struct unit *find_unit(const char *word, size_t len)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        for (const char *name = units[i].names; *name; name = strchr(name, ' ') + 1)
            if (strncasecmp(name, word, len) == 0 && name[len] == ' ')
                return &units[i];
    }
    return NULL;
}

static size_t read_word(struct reader *in, const char **word)
{
    *word = in->p;
    while (in->p < in->end && ((*in->p | 0x20) >= 'a' && (*in->p | 0x20) <= 'z'))
        in->p++;
    return (size_t)(in->p - *word);
}

/* Digits, at least one, below 10^15. */
static bool read_whole(struct reader *in, int64_t *out)
{
    const char *start = in->p;
    for (*out = 0; in->p < in->end && *in->p >= '0' && *in->p <= '9' && in->p - start < 15; in->p++)
        *out = *out * 10 + (*in->p - '0');
    return in->p > start;
}

/* What follows a point, as a fraction of 1: the nearest double, so that halves are halves. Digits beyond the fifteenth
 * are less than any unit can tell. */
static double read_fraction(struct reader *in)
{
    double value = 0, unit = 1;
    if (in->p == in->end || *in->p != '.')
        return 0;
    for (in->p++; in->p < in->end && *in->p >= '0' && *in->p <= '9'; in->p++) {
        if (unit >= 1e15)
            continue;
        value = value * 10 + (*in->p - '0');
        unit *= 10;
    }
    return value / unit;
}

static bool add_us(struct interval *out, int64_t count, int64_t us)
{
    return !__builtin_mul_overflow(count, us, &us) && !__builtin_add_overflow(out->us, us, &out->us);
}

static bool add_days(struct interval *out, int64_t count, int days)
{
    return !__builtin_mul_overflow(count, days, &count) && !__builtin_add_overflow(out->days, count, &out->days);
}

static bool add_months(struct interval *out, int64_t count, int months)
{
    return !__builtin_mul_overflow(count, months, &count) && !__builtin_add_overflow(out->months, count, &out->months);
}

/* PostgreSQL drops half a microsecond. */
static int64_t round_us(double us)
{
    double whole = trunc(us), rest = us - whole;
    return (int64_t)whole + (rest > 0.5) - (rest < -0.5);
}

/* A fraction of a year is months, what is left of a month is days, what is left of a day is time. */
static bool add_unit(struct interval *out, const struct unit *unit, int sign, int64_t whole, double fraction)
{
    double months = fraction * unit->months, days = fraction * unit->days, us = fraction * (double)unit->us;
    if (unit->months > 1)
        months = rint(months); /* PostgreSQL keeps no days of a fraction of a year */
    days += (months - trunc(months)) * DAYS_PER_MONTH;
    us += (days - trunc(days)) * (double)US_PER_DAY;
    return add_months(out, sign * whole, unit->months) && add_months(out, sign, (int)months) &&
           add_days(out, sign * whole, unit->days) && add_days(out, sign, (int)days) &&
           add_us(out, sign * whole, unit->us) && add_us(out, sign, round_us(us));
}

/* "30", then ":15" or ":15:00.5" stands next. */
static bool read_clock(struct reader *in, struct interval *out, int sign, int64_t hours)
{
    int64_t minutes, seconds = 0;
    in->p++;
    if (!read_whole(in, &minutes) || minutes > 59)
        return false;
    if (in->p < in->end && *in->p == ':' && (in->p++, !read_whole(in, &seconds) || seconds > 59))
        return false;
    double fraction = read_fraction(in);
    return add_us(out, sign * hours, 3600 * US_PER_SECOND) &&
           add_us(out, sign, (minutes * 60 + seconds) * US_PER_SECOND + llrint(fraction * (double)US_PER_SECOND));
}

static bool read_part(struct reader *in, struct interval *out)
{
    int sign = in->p < in->end && *in->p == '-' ? -1 : 1;
    int64_t whole = 0;
    const char *word;
    in->p += in->p < in->end && (*in->p == '-' || *in->p == '+');
    bool digits = read_whole(in, &whole);
    if (digits && in->p < in->end && *in->p == ':')
        return read_clock(in, out, sign, whole);
    const char *before = in->p;
    double fraction = read_fraction(in);
    if (!digits && in->p - before < 2)
        return false;
    skip_spaces(in);
    size_t len = read_word(in, &word);
    const struct unit *unit = len > 0 && len < WORD_MAX ? find_unit(word, len) : NULL;
    return unit && add_unit(out, unit, sign, whole, fraction);
}

bool interval_parse(const char *text, size_t len, struct interval *out)
{
    struct reader in = {text, text + len};
    struct interval sum = {0};
    skip_spaces(&in);
    do {
        if (!read_part(&in, &sum))
            return false;
        skip_spaces(&in);
        if (in.end - in.p == 3 && strncasecmp(in.p, "ago", 3) == 0) {
            in.p = in.end;
            if (!interval_add((struct interval){0}, sum, -1, &sum))
                return false;
        }
    } while (in.p < in.end);
    *out = sum;
    return true;
}

/* --- Calculating -------------------------------------------------------------------------------------------------- */

bool interval_add(struct interval a, struct interval b, int sign, struct interval *out)
{
    struct interval sum;
    bool over =
        sign > 0 ? __builtin_add_overflow(a.months, b.months, &sum.months) ||
                       __builtin_add_overflow(a.days, b.days, &sum.days) || __builtin_add_overflow(a.us, b.us, &sum.us)
                 : __builtin_sub_overflow(a.months, b.months, &sum.months) ||
                       __builtin_sub_overflow(a.days, b.days, &sum.days) || __builtin_sub_overflow(a.us, b.us, &sum.us);
    if (!over)
        *out = sum;
    return !over;
}

static int64_t move_months(int64_t day, int64_t months)
{
    struct civil civil = calendar_civil(day);
    int64_t month = civil.year * MONTHS_PER_YEAR + (int64_t)civil.month - 1 + months;
    civil.year = month / MONTHS_PER_YEAR - (month % MONTHS_PER_YEAR < 0);
    civil.month = (unsigned)(month - civil.year * MONTHS_PER_YEAR) + 1;
    unsigned last = calendar_month_days(civil.year, civil.month);
    civil.day = civil.day < last ? civil.day : last;
    return calendar_days(civil);
}

bool interval_move(int64_t *us, struct interval by, int sign)
{
    if (*us == INT64_MAX || *us == INT64_MIN) /* infinity stays */
        return true;
    int64_t day = calendar_day_of(*us), moved, time = *us - day * US_PER_DAY;
    if (by.months != 0)
        day = move_months(day, (int64_t)sign * by.months);
    day += (int64_t)sign * by.days;
    bool over =
        __builtin_mul_overflow(day, US_PER_DAY, &moved) || __builtin_add_overflow(moved, time, &moved) ||
        (sign > 0 ? __builtin_add_overflow(moved, by.us, &moved) : __builtin_sub_overflow(moved, by.us, &moved));
    if (over || !calendar_has_moment(moved))
        return false;
    *us = moved;
    return true;
}

bool interval_between(int64_t later_us, int64_t earlier_us, struct interval *out)
{
    int64_t us;
    if (__builtin_sub_overflow(later_us, earlier_us, &us))
        return false;
    *out = (struct interval){.days = (int32_t)(us / US_PER_DAY), .us = us % US_PER_DAY};
    return true;
}

static __int128 length_us(struct interval x)
{
    return ((__int128)x.months * DAYS_PER_MONTH + x.days) * US_PER_DAY + x.us;
}

int interval_compare(struct interval a, struct interval b)
{
    __int128 x = length_us(a), y = length_us(b);
    return (x > y) - (x < y);
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

/* A positive part after a negative one has its sign, as PostgreSQL writes it. */
static char *put_part(char *p, const char *start, int64_t count, const char *unit, bool *negative)
{
    if (count == 0)
        return p;
    if (p > start)
        *p++ = ' ';
    if (*negative && count > 0)
        *p++ = '+';
    *negative = count < 0;
    p = put_integer(p, count);
    *p++ = ' ';
    p = put_string(p, unit);
    return count == 1 ? p : put_string(p, "s");
}

char *interval_put(char *p, struct interval x)
{
    const char *start = p;
    bool negative = false;
    p = put_part(p, start, x.months / MONTHS_PER_YEAR, "year", &negative);
    p = put_part(p, start, x.months % MONTHS_PER_YEAR, "mon", &negative);
    p = put_part(p, start, x.days, "day", &negative);
    if (x.us == 0 && p > start)
        return p;
    uint64_t us = x.us < 0 ? -(uint64_t)x.us : (uint64_t)x.us, seconds = us / (uint64_t)US_PER_SECOND;
    if (p > start)
        *p++ = ' ';
    if (x.us < 0 || negative)
        *p++ = x.us < 0 ? '-' : '+';
    p = seconds / 3600 < 100 ? put_pair(p, (unsigned)(seconds / 3600)) : put_unsigned(p, seconds / 3600);
    *p++ = ':';
    p = put_pair(p, (unsigned)(seconds / 60 % 60));
    *p++ = ':';
    p = put_pair(p, (unsigned)(seconds % 60));
    return put_fraction(p, (unsigned)(us % (uint64_t)US_PER_SECOND));
}

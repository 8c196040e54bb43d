#include "generators/calendar.h"

/* Eras of 400 years that begin in March, so that the leap day comes last. */

enum {
    DAYS_PER_ERA = 146097,
    DAYS_FROM_ERA_TO_2000 = 730425 /* 0000-03-01 to 2000-01-01 */
};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t calendar_days(struct civil civil)
{
    unsigned month = civil.month;
    int64_t year = civil.year - (month <= 2);
    int64_t era = floor_div(year, 400);
    unsigned year_of_era = (unsigned)(year - era * 400);
    unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + civil.day - 1;
    unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + (int64_t)day_of_era - DAYS_FROM_ERA_TO_2000;
}

struct civil calendar_civil(int64_t days)
{
    days += DAYS_FROM_ERA_TO_2000;
    int64_t era = floor_div(days, DAYS_PER_ERA);
    unsigned day_of_era = (unsigned)(days - era * DAYS_PER_ERA);
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / (DAYS_PER_ERA - 1)) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned shifted = (5 * day_of_year + 2) / 153;
    unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
    return (struct civil){.year = era * 400 + year_of_era + (month <= 2),
                          .month = month,
                          .day = day_of_year - (153 * shifted + 2) / 5 + 1};
}

unsigned calendar_month_days(int64_t year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

bool calendar_has_moment(int64_t us)
{
    return us >= INT64_C(-211813488000000000) && us < INT64_C(9223371331200000000);
}

bool calendar_has_day(int64_t days)
{
    return days >= -2451545 && days < 2145031949;
}

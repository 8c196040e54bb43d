/* The proleptic Gregorian calendar, as PostgreSQL counts: days from 2000-01-01, µs from its midnight UTC. */
#ifndef PGDYNO_GENERATORS_CALENDAR_H
#define PGDYNO_GENERATORS_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_DAY    (INT64_C(86400) * US_PER_SECOND)

struct civil {
    int64_t year; /* 0 is 1 BC */
    unsigned month, day;
};

/* A day's number; month and day are within their limits. */
int64_t calendar_days(struct civil civil);
/* The inverse. */
struct civil calendar_civil(int64_t days);
/* 28 to 31; the month from 1 to 12. */
unsigned calendar_month_days(int64_t year, unsigned month);
/* The day on which a moment falls, also before 2000. */
static inline int64_t calendar_day_of(int64_t us)
{
    return us / US_PER_DAY - (us % US_PER_DAY < 0);
}

/* Within 4714-11-24 BC … 294276 for moments, … 5874897 for days: what PostgreSQL can store. */
bool calendar_has_moment(int64_t us);
bool calendar_has_day(int64_t days);

#endif

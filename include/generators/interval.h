/* PostgreSQL's interval: months, days and time are kept apart, because months and days differ in length. */
#ifndef PGDYNO_GENERATORS_INTERVAL_H
#define PGDYNO_GENERATORS_INTERVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct interval {
    int32_t months;
    int32_t days;
    int64_t us;
};

/* "3 days", "-2 hours 30 minutes", "1 year 2 mons", "1.5 weeks", "04:30:00.5", "3 days ago": numbers with units, of
 * which years to microseconds in PostgreSQL's spellings are known. False unless it is one, *out untouched. */
bool interval_parse(const char *text, size_t len, struct interval *out);

/* a + sign × b, sign 1 or -1. False when a part overflows, *out untouched. */
bool interval_add(struct interval a, struct interval b, int sign, struct interval *out);

/* As PostgreSQL does it in UTC: months first (of a day that the month has not, its last), then days, then the time;
 * sign 1 or -1. *us counts from 2000-01-01. False, *us untouched, outside PostgreSQL's years. */
bool interval_move(int64_t *us, struct interval by, int sign);

/* PostgreSQL's timestamp - timestamp: days of 24 hours and the rest. False on overflow, *out untouched. */
bool interval_between(int64_t later_us, int64_t earlier_us, struct interval *out);

/* With months of 30 days of 24 hours, as PostgreSQL compares: below 0, 0 or above. */
int interval_compare(struct interval a, struct interval b);

/* "1 year 2 mons 3 days 04:05:06.5", at most 70 bytes; returns where the text ends. */
char *interval_put(char *p, struct interval x);

#endif

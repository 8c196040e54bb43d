/* Fixed point: a whole number of units of 10^-scale, exact. Eighteen digits altogether (int64). */
#ifndef PGDYNO_GENERATORS_NUMERIC_H
#define PGDYNO_GENERATORS_NUMERIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct numeric {
    int64_t units;
    int scale; /* digits after the point, 0 … NUMERIC_SCALE_MAX */
};

enum {
    NUMERIC_SCALE_MAX = 18
};

/* Each is false, *out untouched, where the result has too many digits. `scale` is within its limits. */

/* Half a unit is rounded away from 0, as PostgreSQL's round(numeric, scale) does it. */
bool numeric_rescale(struct numeric x, int scale, struct numeric *out);
/* As PostgreSQL casts a double: its first 15 digits, then rounded as above. NaN and infinities are too many digits. */
bool numeric_from_double(double x, int scale, struct numeric *out);
/* "-12.340": the scale is the number of digits after the point; false for anything else too. */
bool numeric_parse(const char *text, size_t len, struct numeric *out);

/* The greater scale of the two; of a product, their sum. */
bool numeric_add(struct numeric a, struct numeric b, struct numeric *out);
bool numeric_subtract(struct numeric a, struct numeric b, struct numeric *out);
bool numeric_multiply(struct numeric a, struct numeric b, struct numeric *out);

/* Below 0, 0 or above. */
int numeric_compare(struct numeric a, struct numeric b);
double numeric_double(struct numeric x);

/* "-12.340", at most 21 bytes; returns where the text ends. */
char *numeric_put(char *p, struct numeric x);

#endif

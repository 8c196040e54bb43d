/* Sentences that differ in nothing but their numbers, and one for all of them. */
#ifndef PGDYNO_REPORTS_ALIKE_H
#define PGDYNO_REPORTS_ALIKE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* "2 checkpoints during the trial" and "1 checkpoint during the trial" are. */
bool alike(const char *left, const char *right);

/* The smallest and the largest of each number of such sentences. Points into them. */
enum {
    ALIKE_NUMBERS = 12 /* those beyond stay as the first sentence has them */
};
struct alike_range {
    const char *least, *most;
};
struct alike_span {
    const char *text; /* the first in the plural, else the first; NULL: none yet */
    struct alike_range ranges[ALIKE_NUMBERS];
};
void alike_add(struct alike_span *span, const char *text);
/* "the mean is known to ±11–18 % only, and ±10 % is wanted": a range where they differ. Nothing without sentences. */
void alike_append(const struct alike_span *span, struct str *out);

#endif

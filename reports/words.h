/* The names of cells and points, as tables, lines and pictures have them. */
#ifndef PGDYNO_REPORTS_WORDS_H
#define PGDYNO_REPORTS_WORDS_H

#include <stdbool.h>

#include "base/str.h"
#include "figures.h"
#include "reports/facts.h"

/* "pool 8 · read committed · 500 tx/s": the axes that are not −1. The rate is named only where the run has any. */
void text_point(const struct facts *facts, struct point point, struct str *out);
/* "500 tx/s", "80 % of closed loop", "closed loop". */
void text_rate(const struct rate *rate, struct str *out);
/* "status_prio · pool 8 · 500 tx/s": only the axes that the run varies; the first of them if it varies none. */
void text_cell(const struct facts *facts, int variant, struct point point, struct str *out);
/* " BROKEN", " INVALID" (all its trials) or " OVERLOADED" behind a name, or nothing: then false. */
bool text_mark(const struct facts *facts, int variant, struct point point, struct str *out);
/* "41.8 ms"; "≥41.8 ms" where some transactions never ended; "–" where it is not known. quantile 1 is the maximum. */
void text_latency(const struct cell_figures *cell, enum timing timing, double quantile, struct str *out);

#endif

/* The CSV files of a result. Columns are rows of const tables in csv.c; names and order are those of conventions.md. */
#ifndef PGDYNO_REPORTS_CSV_H
#define PGDYNO_REPORTS_CSV_H

#include <stdbool.h>

#include "base/err.h"
#include "reports/compare.h"
#include "reports/facts.h"

/* summary.csv, timeseries.csv, compare.csv, and pools.csv where sizes were compared, in the result's folder. Numbers
 * have a decimal point whatever the locale; what is not known is an empty cell. All are attempted; the error is the
 * first one's. */
bool csv_write_all(const struct facts *facts, const struct comparisons *comparisons, struct err *err);

#endif

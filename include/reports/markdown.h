/* report.md: the result for a reader who was not there. */
#ifndef PGDYNO_REPORTS_MARKDOWN_H
#define PGDYNO_REPORTS_MARKDOWN_H

#include <stdbool.h>

#include "base/err.h"
#include "reports/compare.h"
#include "reports/facts.h"
#include "reports/plot.h"
#include "reports/report.h"

bool markdown_write(const struct facts *facts, const struct comparisons *comparisons,
                    const struct report_options *options, const struct plots *plots, struct err *err);

#endif

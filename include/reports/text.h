/* The words of a result: the table at the end of a run, and its parts for report.md. */
#ifndef PGDYNO_REPORTS_TEXT_H
#define PGDYNO_REPORTS_TEXT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "reports/compare.h"
#include "reports/facts.h"
#include "reports/report.h"

/* The whole text for the terminal, without the line that says where the report is. False without memory. */
bool text_write(const struct facts *facts, const struct comparisons *comparisons, const struct report_options *options,
                struct str *out);

/* Parts, each ending in a newline when there is anything to say. */
void text_title(const struct facts *facts, struct str *out);  /* workload, rows, server, seed */
void text_design(const struct facts *facts, struct str *out); /* variants × pool × isolation, blocks, time */
/* With colour if the options say so. The plans stand in the last column, or as
 * lines in `below` where it would be cut to a stump. */
bool text_table(const struct facts *facts, const struct comparisons *comparisons, const struct report_options *options,
                int width, struct str *out, struct str *below);
bool text_table_markdown(const struct facts *facts, const struct comparisons *comparisons,
                         const struct report_options *options, struct str *out);
/* Lines with `bullet` in front of each. */
void text_notes(const struct facts *facts, const struct comparisons *comparisons, const struct report_options *options,
                const char *bullet, struct str *out);
void text_ledger(const struct facts *facts, const char *bullet, struct str *out);
void text_broken(const struct facts *facts, const char *bullet, struct str *out);
void text_warnings(const struct facts *facts, const char *bullet, struct str *out);
/* How many transactions gave up, and the first message of the server. */
void text_first_error(const struct facts *facts, struct str *out);
/* The variant's name as the table has it, cut to `width` letters: "none", "none BROKEN". True if broken. */
bool text_variant(const struct facts *facts, int variant, int pool, int isolation, size_t width, struct str *out);
/* "All 24 trials valid." or how many and why, and how many broke a check. Returns whether all planned trials are there,
 * complete and valid. */
bool text_validity(const struct facts *facts, struct str *out);

/* Each line of `text` broken at spaces to fit `width` letters, where words allow it; what follows stands in a little. A
 * number stays with its unit. */
void text_wrap(const char *text, int width, struct str *out);

/* "11.8× faster [11.2, 12.5]", "13 % slower [8 %, 17 %]", "about equal [−1 %, +2 %]" where the interval covers 1 and
 * lies within the metric's margin, "unclear [−12 %, +30 %]" where it covers 1 and more; "broken" where a check failed
 * on either side; "" without a ratio. Returns −1 worse, 0 unclear, 1 better. */
int text_ratio(const struct comparison *row, struct str *out);

#endif

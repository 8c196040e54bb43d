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
void text_design(const struct facts *facts, struct str *out); /* variants × pool × isolation × rate, blocks, time */
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
/* How the trials were judged: overloaded and invalid (`bad`), or no steady state and under-resolved. A line a verdict and
 * kind of reason, numbers that differ as ranges: "INVALID: 2 of 4 trials (pool 1, 2): … p99 is 0.144–0.268 ms …". */
void text_verdicts(const struct facts *facts, bool bad, const char *bullet, struct str *out);
/* The same trial by trial, for Markdown: a table of those that are not simply valid, with the reason; "" if all are. */
void text_judged_trials(const struct facts *facts, struct str *out);
/* "scheduled 4,000 = 3,990 ok + 0 failed + 10 timed out + 0 censored", a line a cell with a rate. At most `most` cells,
 * those first where something else than ok came of any; 0: all. */
void text_accounts(const struct facts *facts, size_t most, const char *bullet, struct str *out);
/* What speaks for the figures: harness lag and spin, the replay audit, Little's law, each of the worst trial. */
void text_truth(const struct facts *facts, const char *bullet, struct str *out);
/* What the pools did beside handing out connections; "" if nothing. */
void text_habits(const struct facts *facts, const char *bullet, struct str *out);
/* When nothing succeeded for half a second or more, and how long it took to come back; "" if never. */
void text_outages(const struct facts *facts, const char *bullet, struct str *out);
/* Trials whose raw records did not find room; "" if none. */
void text_degraded(const struct facts *facts, const char *bullet, struct str *out);
/* The smallest pool that is good enough, of each variant at each isolation level with a closed loop over at least two
 * sizes. */
void text_pools(const struct facts *facts, const char *bullet, struct str *out);
/* "All 24 trials valid." or how many and why, and how many broke a check. Returns whether all planned trials are there,
 * complete and valid. */
bool text_validity(const struct facts *facts, struct str *out);

/* Each line of `text` broken at spaces to fit `width` letters, where words allow it; what follows stands in a little. A
 * number stays with its unit. */
void text_wrap(const char *text, int width, struct str *out);

/* "11.8× faster [11.2, 12.5]", "13 % slower [8 %, 17 %]", "about equal [−1 %, +2 %]" where the interval covers 1 and
 * lies within the metric's margin, "unclear [−12 %, +30 %]" where it covers 1 and more; "broken" where a check failed
 * on either side, "overloaded" where the rate was too much for one; "" without a ratio. Returns −1 worse, 0 unclear, 1
 * better. */
int text_ratio(const struct comparison *row, struct str *out);

#endif

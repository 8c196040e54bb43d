/* What tables and plots show, computed once from the facts: a cell's figures and each variant's ledger. */
#ifndef PGDYNO_REPORTS_FIGURES_H
#define PGDYNO_REPORTS_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reports/compare.h"
#include "reports/facts.h"

/* One cell × transaction over all its whole trials. */
struct cell_figures {
    int n_trials;
    int64_t ok, failed, timed_out, censored, retried, retries;
    double duration_s;
    double offered_tps; /* what was scheduled, a second; NAN without trials */
    double tps;         /* committed, as facts_goodput; NAN without trials */
    const struct fact_hists *hists;
    bool waits; /* could a transaction wait for a connection? If not, pool wait is 0 */
};
void figures_cell(const struct facts *facts, int variant, struct point point, int transaction,
                  struct cell_figures *out);

enum timing {
    TIMING_RESPONSE,
    TIMING_SERVICE,
    TIMING_POOL_WAIT,
    TIMING_COUNT
};
/* In ns. From raw records where all were kept, else from the merged histograms. NAN where nothing was recorded, and for
 * a percentile that the count does not carry (measurement.md §2). quantile 1 is the maximum. */
double figures_quantile(const struct cell_figures *cell, enum timing timing, double quantile);
double figures_mean(const struct cell_figures *cell, enum timing timing);
int64_t figures_count(const struct cell_figures *cell, enum timing timing);

/* How a cell's trials were judged. Trials that are not whole count as well. */
struct cell_verdict {
    size_t trials, with[VERDICT_COUNT];
    enum verdict worst; /* the weightiest among them */
    const char *reason; /* the first trial's that has it; "" if none */
};
void figures_verdict(const struct facts *facts, int variant, struct point point, struct cell_verdict *out);
/* One overloaded trial is enough: its percentiles hang on how long it took. */
bool figures_overloaded(const struct facts *facts, int variant, struct point point);

/* What a variant costs and how it was used, over all whole trials. NAN:
 * unknown. */
struct ledger {
    int n_indexes;
    double build_ns;     /* of all its indexes, median over trials */
    double size_bytes;   /* the same */
    double scans;        /* over all trials */
    double hot_share;    /* of updated rows, 0..1; NAN without updates */
    double wal_records;  /* a committed transaction, or an execution of wal_transaction */
    double wal_fpi;      /* of them, with a full page: the first change of a page after a checkpoint */
    double wal_bytes;    /* full pages included */
    int wal_transaction; /* the only one that writes; -1: several, or unknown */
};
void figures_ledger(const struct facts *facts, int variant, struct ledger *out);

#define FIGURES_NO_CHANGE "no change"
/* "Seq Scan tasks", FIGURES_NO_CHANGE when all statements' shapes equal the baseline's, "" when there is no plan. */
const char *figures_plan(const struct facts *facts, int variant, int transaction);

/* Trials of a cell in which a check failed, of `*all` (may be NULL), and the first such check's name (may be NULL; NULL
 * if none failed). variant −1 stands for all. One is enough: a level that breaks a check sometimes is not to be had. */
size_t figures_broken(const struct facts *facts, int variant, struct point point, size_t *all, const char **check);

/* Does any transaction's plan under any variant write? */
bool figures_writes(const struct facts *facts, int transaction);

#endif

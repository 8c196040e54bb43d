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
    int64_t ok, failed, retried, retries;
    double duration_s;
    double tps;                            /* Σok / Σduration; NAN without trials */
    const struct hist *response, *service; /* NULL when nothing was recorded */
};
void figures_cell(const struct facts *facts, int variant, int pool, int isolation, int transaction,
                  struct cell_figures *out);

/* What a variant costs and how it was used, over all whole trials (of one sweep point, or all with pool < 0). NAN:
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

/* The statement of a transaction whose plan is worth a cell: the one that took most time under the baseline. */
int figures_costly_statement(const struct facts *facts, int transaction);
#define FIGURES_NO_CHANGE "no change"
/* "Seq Scan tasks", FIGURES_NO_CHANGE when all statements' shapes equal the baseline's, "" when there is no plan. */
const char *figures_plan(const struct facts *facts, int variant, int transaction);

/* Trials of a cell in which a check failed, of `*all` (may be NULL), and the first such check's name (may be NULL; NULL
 * if none failed). −1 stands for all of an axis. One is enough: a level that breaks a check sometimes is not to be had.
 */
size_t figures_broken(const struct facts *facts, int variant, int pool, int isolation, size_t *all, const char **check);

/* Does any transaction's plan under any variant write? */
bool figures_writes(const struct facts *facts, int transaction);

#endif

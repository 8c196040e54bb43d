/* A result folder read back: what was run, on what, and every trial. All of it lives in one arena; histograms are
 * merged from the .hlog files, one a cell × transaction × metric. Nothing here is derived by averaging. */
#ifndef PGDYNO_REPORTS_FACTS_H
#define PGDYNO_REPORTS_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "run/result.h"

struct arena;

struct fact_statement {
    int number; /* from 1 */
    const char *text;
};

struct fact_transaction {
    const char *name;
    int64_t weight; /* 0: never run */
    struct fact_statement *statements;
    int n_statements;
};

struct fact_variant {
    const char *name;
    const char *about; /* "index tasks (status, priority)"; "" for nothing */
    struct pool_habits habits;
    struct fact_transaction *transactions; /* n_transactions: what runs under it */
};

struct fact_table {
    const char *name;
    int64_t rows;
};

struct fact_setting {
    const char *name;
    const char *value;
};

/* Plan of one statement under one variant; all "" when there is none. */
struct fact_plan {
    const char *shape;
    const char *scan;
    bool writes;
};

struct fact_trial_transaction {
    struct transaction_result counts; /* histograms and statements are NULL */
    struct dist_summary response, service, pool_wait;
    struct dist_summary *statements; /* service of each; n_statements of the variant's transaction */
};

struct fact_trial {
    struct trial_result plain; /* what is not listed below; its transactions and intervals are NULL */
    struct fact_trial_transaction *transactions;
    struct interval_result *intervals;
    size_t n_intervals;
    bool raw; /* its raw records were kept, all of them, and its figures were computed from them again */
};

/* Every value of a distribution, ascending, ns: from raw records. */
struct fact_values {
    int64_t *list; /* NULL: none, or not kept for all trials */
    size_t n, capacity;
};

/* One cell × transaction, all trials that are whole. */
struct fact_hists {
    struct hist *response, *service, *pool_wait; /* NULL when nothing was recorded */
    struct hist **statements;                    /* service of each */
    struct fact_values exact_response, exact_service, exact_pool_wait;
};

/* Where a sweep stands: indices into its axes. −1 is all of an axis, for those who take that. */
struct point {
    int pool, isolation, rate;
};
#define POINT_ALL ((struct point){-1, -1, -1})

struct facts {
    struct arena *arena;
    const char *folder;
    const char *run_id, *pgdyno_version, *workload, *about, *workload_path, *workload_hash, *command_line;
    const char *server_text;
    int server_version; /* 150018 */
    bool private_server;
    struct fact_setting *settings; /* the server's that differ from the default */
    size_t n_settings;
    struct machine machine;
    int64_t started_wall_ns, ended_wall_ns; /* ended 0: it never wrote how it ended */
    const char *ending, *reason;            /* "finished", "stopped", "failed", "interrupted" */
    struct measure measure;
    int max_tries;
    int64_t n_checks;
    int *pools;
    size_t n_pools;
    enum isolation *isolations;
    size_t n_isolations;
    struct rate *rates;
    size_t n_rates;
    struct load load;
    struct fact_variant *variants; /* the first is the baseline */
    size_t n_variants;
    struct fact_transaction *transactions; /* as the workload has them; their weight is the largest of any variant */
    size_t n_transactions;
    struct fact_table *tables;
    size_t n_tables;
    struct fact_plan **plans; /* [variant × n_transactions + transaction][statement] */
    struct fact_trial *trials;
    size_t n_trials;
    struct fact_hists **hists; /* [cell][transaction] */
    char (*notices)[256];      /* what was missing or broken in the folder; for the reader of the report */
    size_t n_notices;
};

/* Read a folder. Tolerates an unfinished last line, missing histograms and plans (each a notice, in facts->notices).
 * False if it is not a result folder, *out NULL. */
bool facts_read(const char *folder, struct facts **out, struct err *err);
void facts_free(struct facts *facts); /* NULL is fine */

/* Sweep points are numbered in the order in which they are shown: isolation levels, in each the pool sizes, in each
 * the rates. */
size_t facts_n_points(const struct facts *facts);
struct point facts_point(const struct facts *facts, size_t number);
/* Is the trial one of this point (−1: any)? */
bool facts_at(const struct trial_result *trial, struct point point);
size_t facts_n_cells(const struct facts *facts);
size_t facts_cell(const struct facts *facts, int variant, struct point point);
/* Do its transactions arrive by a schedule? */
bool facts_open(const struct facts *facts, struct point point);
/* Transactions a second that it offers: the mean over the cell's trials where the rate is a share of what each could
 * carry. NAN for a closed loop, and without trials. */
double facts_rate_tps(const struct facts *facts, int variant, struct point point);
/* May transactions wait for a connection: is there any rate, or are there more clients than connections? */
bool facts_queues(const struct facts *facts);
/* As this variant runs it: not all have as many statements. */
static inline const struct fact_transaction *facts_transaction(const struct facts *facts, int variant, int transaction)
{
    return &facts->variants[variant].transactions[transaction];
}
static inline bool facts_runs(const struct facts *facts, int variant, int transaction)
{
    return facts_transaction(facts, variant, transaction)->weight > 0;
}
/* Are its statements others than the baseline's, so that they cannot be compared one by one? */
bool facts_rewritten(const struct facts *facts, int variant, int transaction);
static inline const struct fact_plan *facts_plan(const struct facts *facts, int variant, int transaction, int statement)
{
    return &facts->plans[(size_t)variant * facts->n_transactions + (size_t)transaction][statement];
}
/* Whole trials are those that count: complete and valid. */
static inline bool facts_whole(const struct fact_trial *trial)
{
    return trial->plain.complete && trial->plain.valid;
}
/* Trials asked for: variants × pools × isolations × rates × blocks. */
size_t facts_n_planned(const struct facts *facts);
/* How many of a trial's transactions ended well and otherwise, for its throughput: those meant to begin in the window,
 * or with a rate those that ended in it. A backlog that is worked off after the window is no throughput. */
void facts_ended(const struct fact_trial *trial, int transaction, int64_t *ok, int64_t *failed);
/* Committed transactions a second. */
double facts_goodput(const struct fact_trial *trial, int transaction);
/* The smallest value that at least q·n of them do not exceed. 0 when empty. */
int64_t facts_nearest_rank(const int64_t *sorted, size_t n, double q);
/* Wall time from start to end (or to the end of the last trial), ns. */
int64_t facts_elapsed_ns(const struct facts *facts);

enum {
    FACTS_FORMAT = 2 /* of run.json and trials.jsonl: 1 had closed loops only */
};

/* Names of a folder's files, used by the store that writes and by whoever reads. */
enum {
    FACTS_NAME_BYTES = 160
};
/* "none.pool8.rc"; with a rate "none.pool8.rc.500s" or "none.pool8.rc.80pct" */
void facts_cell_name(char *buf, size_t size, const char *variant, int variant_index, int pool, enum isolation isolation,
                     const struct rate *rate);
/* The same of a cell that was read. */
void facts_name_cell(const struct facts *facts, int variant, struct point point, char *buf, size_t size);
/* ".500s", ".80pct", "" for a closed loop. */
void facts_rate_suffix(const struct rate *rate, char *buf, size_t size);
/* `name` with all but letters, digits, `-` and `_` replaced, and the index appended if anything was. */
void facts_file_name(char *buf, size_t size, const char *name, int index);

#endif

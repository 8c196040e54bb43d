/* The acceptance tests of the harness: each measures something of which the true answer is known from elsewhere (a
 * formula, the stub's own log, an exact sort, the server's counters) and says whether pgdyno found it.
 *
 * A test is one function that serves both forms: quick (seconds, part of the ordinary tests) and full (the set-ups in
 * README.md). It appends rows to the table; the last column is the verdict. */
#ifndef PGDYNO_TESTS_TRUTH_TRUTH_H
#define PGDYNO_TESTS_TRUTH_TRUTH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "pg/cluster.h"
#include "pg/query.h"
#include "run/driver.h"
#include "run/result.h"
#include "workloads/workload.h"

enum {
    TRUTH_TEXT = 160
};

/* What kind of claim a row is. A quick form whose TIMING rows fail is run again, up to three times, since a core of a
 * shared machine may be taken away at any moment; EXACT rows have no such excuse. Under a sanitizer TIMING is skipped.
 */
enum claim {
    EXACT,
    TIMING
};

struct stub;

struct truth {
    bool full;
    const char *id;     /* of the test that runs */
    const char *folder; /* where table and plot go; NULL: nowhere */
    FILE *table;        /* in that folder */
    struct cluster *cluster;
    struct db *db;
    struct stub *stub;
    struct row *rows; /* of this attempt */
    int n_rows;
    int failed_exact, failed_timing;
};

typedef void truth_fn(struct truth *truth);

/* snprintf into a buffer that lives as long as the calling block. */
#define TEXT(...) truth_text((char[TRUTH_TEXT]){0}, __VA_ARGS__)
char *truth_text(char *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* One line of the table with a verdict. Returns `ok`. */
bool truth_check(struct truth *truth, enum claim claim, bool ok, const char *setup, const char *measured,
                 const char *expected);
/* A line without: another tool's figures, or what to know when reading the others. */
void truth_note(struct truth *truth, const char *setup, const char *measured, const char *expected);
/* A line that says why something was not judged. */
void truth_skip(struct truth *truth, const char *setup, const char *why);
/* The test cannot go on. */
void truth_broken(struct truth *truth, const char *setup, const struct err *err);
/* `full` or `quick`, whichever form this is. */
#define FORM(truth, of_full, of_quick) ((truth)->full ? (of_full) : (of_quick))
bool truth_judges_timing(void);

/* --- Trials (trial.c) --- */

/* What a test varies; zeros are the defaults. */
struct trial_case {
    const char *text; /* the workload file's part from `transactions:` on */
    const struct target *target;
    int connections, threads, clients;
    double rate_tps;
    enum arrivals arrivals;
    int64_t warmup_ns, duration_ns, think_ns;
    enum isolation isolation;
    enum protocol protocol;
    int max_tries; /* 0: 100 */
    int block;
    void (*update)(void *user, const struct progress *progress);
    void *user;
};
#define TRUTH_APP "pgdyno truth"

/* Drive and judge as a session does: verdict, reason, audit and Little's law are filled in. On failure a row of the
 * table says why, and `out` needs no deinit. */
bool truth_drive(struct truth *truth, const struct trial_case *c, struct trial_result *out);
const struct target *truth_postgres(const struct truth *truth);
bool truth_exec(struct truth *truth, const char *sql);
/* −1 and a row if it fails. */
int64_t truth_int(struct truth *truth, const char *sql);

/* ok + failed + timed_out + censored of all transactions. */
int64_t truth_ended(const struct trial_result *trial);
double truth_mean_ms(const struct hist *hist);
double truth_percentile_ms(const struct hist *hist, double q);
/* One row: every scheduled transaction is accounted for, its record is there, and Little's law holds. */
void truth_check_accounts(struct truth *truth, const char *setup, const struct trial_result *trial);
static inline bool within(double value, double of, double share)
{
    double off = value - of;
    return (off < 0 ? -off : off) <= share * (of < 0 ? -of : of);
}

/* --- The tests --- */

truth_fn truth_t1, truth_t2, truth_t3, truth_t4, truth_t5, truth_t6, truth_t7, truth_t8, truth_t9, truth_t10, truth_t11,
    truth_t12, truth_t18, truth_t19, truth_t21;

#endif

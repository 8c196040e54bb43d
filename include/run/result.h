/* What a run produces, as plain data: reports read this and nothing else. */
#ifndef PGDYNO_RUN_RESULT_H
#define PGDYNO_RUN_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/proc.h"
#include "pg/plan.h"
#include "pg/serverstat.h"
#include "pg/sqlstate.h"
#include "run/hist.h"
#include "run/record.h"
#include "workloads/spec.h"

enum {
    RESULT_SQLSTATES = 16,
    RESULT_WARNINGS = 16,
    RESULT_WARNING_BYTES = 160,
    RESULT_INDEXES = 16
};

/* One statement of a transaction. */
struct statement_result {
    int64_t count;        /* executions that ended well */
    struct hist *service; /* owned */
};

/* One transaction of one trial, all clients merged. Counts are of transactions whose intended start lies in the window
 * (run/window.h says why). */
struct transaction_result {
    int64_t ok;
    int64_t failed;                 /* gave up: an error that is not retried, or max_tries used up */
    int64_t timed_out;              /* no connection within acquire_timeout; in the distributions with that wait */
    int64_t censored;               /* still running when the drain ended; in the distributions as lower bounds */
    int64_t retried;                /* transactions that needed more than one attempt, whatever came of them */
    int64_t retries;                /* attempts beyond the first */
    int64_t serialization_failures; /* attempts that ended so */
    int64_t deadlock_failures;
    int64_t other_failures;
    int64_t backoff_ns;     /* waited between attempts, summed */
    int64_t wasted_ns;      /* service time of attempts that came to nothing, summed */
    int64_t trial_ok;       /* over warm-up, window and drain: what the server's counters are to be shared among */
    struct hist *response;  /* intended start to final end, failed ones included. Owned */
    struct hist *service;   /* first byte of the first attempt to the final result, back-off included. Owned */
    struct hist *pool_wait; /* intended start to having a connection. Owned */
    struct statement_result *statements; /* n_statements of the spec. Owned */
    int n_statements;
};

/* One second of the window (the last may be shorter). Times from the window's start. What *ended* in that second,
 * whenever it began: a timeline by starts would never be complete while it is watched. The sums over intervals and over
 * a transaction_result therefore differ by what was under way at the window's two ends, at most one a client each. */
struct interval_transaction {
    int64_t ok, failed, timed_out, retried, retries;
    struct dist_summary response, pool_wait;
    struct hist_part response_part; /* the whole distribution, for the .hlog. Owned */
};
struct interval_result {
    double start_s, length_s;
    struct interval_transaction all;
    struct interval_transaction *transactions; /* n_transactions. Owned */
};

/* What the pool did in the window beside handing out connections. */
struct pool_counts {
    int64_t connects;  /* for a transaction that waited: connect_each, overflow, recycled, idled out, failed ping */
    int64_t recycled;  /* replaced because of max_lifetime */
    int64_t idled_out; /* closed because of idle_timeout */
    int64_t overflows; /* opened beyond the size */
    int64_t pings, failed_pings;
    struct dist_summary connect; /* time of each of those connects, set-up of the session included */
    struct dist_summary ping;
};

/* Can this trial be believed? In the order of weight; a trial has the first that applies. */
enum verdict {
    VERDICT_VALID,
    VERDICT_UNSTEADY,       /* the first and the second half of the window differ by more than the margin */
    VERDICT_UNDER_RESOLVED, /* too short: its own mean is not known to within the margin */
    VERDICT_OVERLOADED,     /* the rate is more than the server carries: percentiles depend on the window's length */
    VERDICT_INVALID,        /* the measurement is not what it claims: `reason` says why */
    VERDICT_COUNT
};
const char *
verdict_name(enum verdict verdict); /* "valid", "no steady state", "under-resolved", "overloaded", "invalid" */

/* The replay audit (measurement.md section 3): the exact FIFO recursion with c servers, fed with the intended starts
 * and the measured service times. What a transaction began later than that is our doing. */
struct audit {
    bool made;
    char why_not[96];      /* when it was not made */
    int64_t excess_p99_ns; /* actual minus predicted start */
    int64_t limit_ns;      /* max(0.3 ms, 5 % of the predicted p99 wait) */
    bool passed;
};

/* Little's law: the time integral of the number of transactions in the system, from the records, beside the sum of
 * response times, from the histograms. */
struct little {
    bool made;
    double integral_s, sum_s;
    double error; /* |integral − sum| / sum; at most 0.001 */
    double mean_in_system;
};

/* Was the service away? From what succeeded in the window (run/outage.h). */
struct outage {
    bool made;         /* false: under ten transactions a second, when a second without one is nothing unusual */
    int seconds;       /* of the window's whole seconds, in how many nothing succeeded although something was due */
    double gap_s;      /* the longest time without a success although something was due, to 10 ms */
    double gap_from_s; /* its beginning, since the window's */
    double back_s;     /* from there until a whole second again ran at 90 % of full_tps; −1: not within the window */
    double full_tps;   /* successes a second before the gap; if it begins in the first, in the median second */
};

/* Frees the list and what its members own; all of one trial with `n_transactions`. */
void interval_results_free(struct interval_result *intervals, size_t n, size_t n_transactions);

struct sqlstate_count {
    sqlstate code;
    int64_t count;
    char first[128]; /* a thread's first of these, with its place */
};

/* An index that a variant built for this trial. */
struct index_result {
    char name[64];
    char definition[256];
    int64_t build_ns;
    int64_t size_bytes;
    int64_t scans; /* during the trial */
};

struct trial_result {
    /* which one: indices into the run's axes */
    int variant, pool, isolation, rate;
    int block; /* from 0 */
    int order; /* the how-manieth trial of the run, from 0 */

    int64_t started_wall_ns; /* the window's start, wall clock */
    int64_t duration_ns;     /* the window's real length */
    int clients, connections, threads;
    double rate_tps;   /* offered; 0: a closed loop */
    int64_t scheduled; /* transactions whose intended start lies in the window: ok + failed + timed_out + censored */
    int64_t unsent_at_end; /* of them, how many had no connection when the window ended: the backlog */

    struct transaction_result *transactions; /* n_transactions. Owned */
    size_t n_transactions;
    struct interval_result *intervals; /* Owned */
    size_t n_intervals;
    struct dist_summary harness_lag;
    int64_t spin_ns;      /* how long before a scheduled start the driver stopped sleeping; 0: it did not spin */
    int64_t run_delay_ns; /* waited for a core in the window: the worst thread of the driver */
    struct pool_counts pool_counts;
    struct records records; /* Owned */
    struct audit audit;
    struct little little;
    struct outage outage;

    /* over warm-up, window and drain together, to hold against the server's own counters */
    int64_t total_commits, total_rollbacks;

    struct sqlstate_count errors[RESULT_SQLSTATES]; /* attempts in the window by SQLSTATE; code 0: connection lost */
    size_t n_errors;
    char first_error[512]; /* the first server message of the window, "" if none */
    sqlstate first_error_code;
    int64_t reconnects;
    int64_t outage_ns;     /* connection × time without a connection, summed */
    int64_t client_cpu_ns; /* user + system of pgdyno in the window */

    struct serverstat server; /* differences over the whole trial */
    struct index_result indexes[RESULT_INDEXES];
    size_t n_indexes;
    char broken_check[64]; /* name of the first check that failed, "" if none */

    bool complete; /* false: stopped, or the server went away: the window is shorter than asked */
    bool valid;    /* the measurement; a trial whose checks broke may be valid. False for VERDICT_INVALID only */
    enum verdict verdict;
    char reason[RESULT_WARNING_BYTES]; /* of a verdict other than valid, in words */
    char warnings[RESULT_WARNINGS][RESULT_WARNING_BYTES];
    size_t n_warnings;
};

void trial_result_init(struct trial_result *trial);
/* Frees what it owns; the half-filled too. */
void trial_result_deinit(struct trial_result *trial);
/* Adds a sentence to the warnings (dropped when there are too many). */
void trial_result_warn(struct trial_result *trial, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds what a thread saw of one kind of error (dropped when there are too many kinds). */
void trial_result_count_error(struct trial_result *trial, const struct sqlstate_count *seen);

/* With empty histograms. False when there is no memory: deinit it all the same. */
bool transaction_result_init(struct transaction_result *result, int n_statements);
void transaction_result_deinit(struct transaction_result *result);
/* Both of the same transaction. */
void transaction_result_merge(struct transaction_result *into, const struct transaction_result *from);

/* What is known before the first trial: the head of run.json. All borrowed. */
struct run_header {
    const char *run_id; /* "tasks-20261121T101500" */
    int64_t started_wall_ns;
    const struct workload *workload; /* variants, transactions, axes, measure, text and hash */
    const char *command_line;
    int server_version;              /* 150018 */
    const char *server_version_text; /* "PostgreSQL 15.18 (Debian …) on x86_64…" */
    bool private_server;
    const struct setting *server_settings; /* all that differ from the built-in default */
    size_t n_server_settings;
    const struct machine *machine;
    int threads; /* 0: one a core */
};

/* Plans of one statement under one variant. */
struct plan_result {
    int variant;
    int transaction;
    int statement; /* from 1 */
    const struct plan *plan;
};

/* Where results go as the run goes. Each may fail: the run ends then, with what was written so far intact. */
struct run_sink {
    void *user;
    bool (*begin)(void *user, const struct run_header *header, struct err *err);
    bool (*plan)(void *user, const struct plan_result *plan, struct err *err);
    bool (*trial)(void *user, const struct trial_result *trial, struct err *err);
};

#endif

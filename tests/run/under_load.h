/* What tests of a driver under load have in common: the accounts that must hold whatever happened, and faults that are
 * played while the window is open. */
#ifndef PGDYNO_TESTS_RUN_UNDER_LOAD_H
#define PGDYNO_TESTS_RUN_UNDER_LOAD_H

#include <time.h>

#include "drive.h"

#define MS NS_PER_MS
#define LOOKUP                                                                                                         \
    "transactions:\n"                                                                                                  \
    "  lookup: { weight: 1, let: { id: \"random(1, 100)\" }, sql: \"SELECT v FROM kv WHERE id = :id\" }\n"
#define NAP(ms)                                                                                                        \
    "transactions:\n"                                                                                                  \
    "  nap: { weight: 1, sql: \"SELECT pg_sleep(" ms " / 1000.0)\" }\n"

/* Over all transactions of the workload. */
struct accounts {
    int64_t ok, failed, timed_out, censored, all, errors;
};

static inline struct accounts accounts_of(const struct trial_result *r)
{
    struct accounts sum = {0};
    for (size_t i = 0; i < r->n_transactions; i++) {
        const struct transaction_result *t = &r->transactions[i];
        int64_t all = t->ok + t->failed + t->timed_out + t->censored;
        assert_int_equal(t->response->total, all);
        assert_int_equal(t->pool_wait->total, all);
        sum.ok += t->ok;
        sum.failed += t->failed;
        sum.timed_out += t->timed_out;
        sum.censored += t->censored;
        sum.all += all;
    }
    for (size_t i = 0; i < r->n_errors; i++)
        sum.errors += r->errors[i].count;
    return sum;
}

/* scheduled = ok + failed + timed_out + censored, a record for each, and each response the sum of its parts. */
static inline struct accounts check_accounts(const struct trial_result *r)
{
    struct accounts sum = accounts_of(r);
    assert_int_equal(r->scheduled, sum.all);
    assert_true(r->records.complete);
    assert_int_equal(r->records.n, sum.all);
    for (size_t i = 0; i < r->records.n; i++) {
        const struct record *record = &r->records.list[i];
        assert_true(record->intended_ns >= 0 && record->intended_ns < r->duration_ns);
        assert_true(i == 0 || record->intended_ns >= r->records.list[i - 1].intended_ns);
        assert_true(record->pool_wait_ns >= 0 && record->service_ns >= 0);
    }
    return sum;
}

/* How many records have `what` of them over `limit_ns`. */
enum part {
    PART_SERVICE,
    PART_WAIT,
    PART_RESPONSE
};
static inline int64_t count_over(const struct trial_result *r, enum part part, int64_t limit_ns)
{
    int64_t n = 0;
    for (size_t i = 0; i < r->records.n; i++) {
        const struct record *record = &r->records.list[i];
        int64_t value_ns = part == PART_SERVICE ? record->service_ns
                           : part == PART_WAIT  ? record->pool_wait_ns
                                                : record_response_ns(record);
        n += value_ns > limit_ns;
    }
    return n;
}

/* How long a fault lasts is the test's to say: a pause of the main thread, which the workers do not need. */
static inline void hold(int64_t length_ns)
{
    struct timespec pause = {.tv_sec = length_ns / NS_PER_S, .tv_nsec = length_ns % NS_PER_S};
    while (nanosleep(&pause, &pause) != 0)
        continue;
}

/* A fault that comes when the window has been open for a while: once, or again after `every_ns`. */
struct fault {
    void (*strike)(struct fault *fault);
    int64_t due_ns, every_ns;
    int strikes;
    int64_t hit;    /* what the strikes say they did */
    int least_busy; /* connections that were alive in the window, at least */
    void *user;
};

static inline void on_update(void *user, const struct progress *progress)
{
    struct fault *fault = user;
    if (progress->phase != PHASE_MEASURE)
        return;
    if (progress->busy < fault->least_busy)
        fault->least_busy = progress->busy;
    if (progress->phase_elapsed_ns < fault->due_ns)
        return;
    fault->due_ns = fault->every_ns > 0 ? progress->phase_elapsed_ns + fault->every_ns : INT64_MAX;
    fault->strikes++;
    fault->strike(fault);
}

static inline void make_kv(struct db *db)
{
    test_exec(db, "CREATE TABLE kv (id int PRIMARY KEY, v int NOT NULL);"
                  "INSERT INTO kv SELECT i, i FROM generate_series(1, 100) i");
}

#endif

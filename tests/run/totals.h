/* The server's own counts of transactions beside the driver's: truth kit T11. */
#ifndef PGDYNO_TESTS_RUN_TOTALS_H
#define PGDYNO_TESTS_RUN_TOTALS_H

#include "drive.h"

static inline int64_t totals_stat(const char *column)
{
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT %s FROM pg_stat_database WHERE datname = current_database()", column);
    return test_int(test_db(), sql);
}

/* Until no backend of a trial is left: they flush what they counted when they exit. */
static inline void totals_settle(const char *app)
{
    char sql[160];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM pg_stat_activity WHERE application_name IN ('%s', 'driver test')",
             app);
    for (int i = 0; i < 1000 && test_int(test_db(), sql) > 0; i++)
        usleep(5000);
    test_exec(test_db(), "SELECT pg_stat_force_next_flush()");
}

struct totals {
    int64_t commits, rollbacks;
    int64_t own; /* commits that one reading takes */
};

/* Before a trial. The counters lag behind this connection's own statements: `own` is the difference of two readings
 * without a trial. */
static inline struct totals totals_before(const char *app)
{
    struct totals before;
    totals_settle(app);
    before.commits = totals_stat("xact_commit");
    before.rollbacks = totals_stat("xact_rollback");
    test_exec(test_db(), "SELECT pg_stat_force_next_flush()");
    before.own = totals_stat("xact_commit") - before.commits;
    before.commits = totals_stat("xact_commit");
    return before;
}

/* After it: the server has counted what the driver has, and a few statements of this connection's. */
static inline void totals_match(const struct totals *before, const char *app, const struct trial_result *r)
{
    test_exec(test_db(), "SELECT pg_stat_force_next_flush()");
    totals_settle(app);
    int64_t committed = totals_stat("xact_commit") - before->commits;
    int64_t rolled_back = totals_stat("xact_rollback") - before->rollbacks;
    assert_int_equal(rolled_back, r->total_rollbacks);
    assert_in_range(committed - r->total_commits, 0, 4 * before->own + 8);
}

#endif

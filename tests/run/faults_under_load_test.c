/* Connections are shot, the server stands still, others take its slots: while a schedule or more clients than
 * connections press on the pool. Nothing is lost, and what happened shows where it belongs. */
#include <signal.h>

#include "under_load.h"

#define APP "under load"

enum {
    POOL = 6
};

static int setup(void **state)
{
    (void)state;
    if (!test_server_open(NULL, 0, 12))
        return -1;
    make_kv(test_db());
    test_exec(test_db(), "CREATE ROLE app LOGIN; GRANT SELECT ON kv TO app");
    return 0;
}

/* The same load twice: with a schedule, and with four clients for each connection. */
static struct drive_case load(bool open, double rate_tps, struct fault *fault)
{
    return (struct drive_case){.text = LOOKUP,
                               .connections = POOL,
                               .clients = open ? 0 : 4 * POOL,
                               .think_ns = open ? 0 : 20 * MS,
                               .rate_tps = open ? rate_tps : 0,
                               .protocol = PROTOCOL_PREPARED,
                               .app = APP,
                               .duration_ns = 1200 * MS,
                               .update = on_update,
                               .user = fault};
}

/* --- A third of the pool is shot, again and again ----------------------------------------------------------------- */

static void shoot_a_third(struct fault *fault)
{
    fault->hit += test_int(test_db(), "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity "
                                      "WHERE application_name = '" APP "' ORDER BY random() LIMIT 2) x");
}

static void test_a_third_of_the_pool_is_shot(void **state)
{
    (void)state;
    for (int open = 0; open < 2; open++) {
        struct fault fault = {.strike = shoot_a_third, .due_ns = 50 * MS, .every_ns = 150 * MS, .least_busy = POOL};
        struct drive_case c = load(open, 800, &fault);
        struct trial_result r;
        drive(&c, &r);
        struct accounts sum = check_accounts(&r);
        assert_true(r.complete && fault.strikes >= 2 && fault.hit >= fault.strikes);
        assert_true(sum.ok > 0 && sum.ok == sum.all - sum.failed);
        /* Only what ran on a connection just then fails, and is not tried again: its COMMIT may have taken place. */
        assert_true(sum.failed <= fault.hit && sum.errors == sum.failed);
        assert_int_equal(errors_of(&r, SQLSTATE_ADMIN_SHUTDOWN) + errors_of(&r, 0), sum.failed);
        assert_in_range(r.reconnects, 1, fault.hit);
        assert_true(r.outage_ns >= r.reconnects * 5 * MS);
        assert_int_equal(r.outage.seconds, 0);
        trial_result_deinit(&r);
    }
}

/* --- The server stands still -------------------------------------------------------------------------------------- */

static void signal_all(struct db *db, int number)
{
    char query[] = "SELECT coalesce(string_agg(pid::text, ' '), '') FROM pg_stat_activity WHERE application_name = "
                   "'" APP "'";
    static char pids[256]; /* who is stopped cannot be asked for again */
    if (number == SIGSTOP)
        assert_true(db_value(db, query, pids, sizeof pids, NULL));
    for (char *rest = pids; *rest;)
        kill((pid_t)strtol(rest, &rest, 10), number);
}

static void stand_still(struct fault *fault)
{
    (void)fault;
    signal_all(test_db(), SIGSTOP);
    hold(300 * MS);
    signal_all(test_db(), SIGCONT);
}

static void test_backends_stand_still(void **state)
{
    (void)state;
    for (int open = 0; open < 2; open++) {
        struct fault fault = {.strike = stand_still, .due_ns = 300 * MS, .least_busy = POOL};
        struct drive_case c = load(open, 400, &fault);
        struct trial_result r;
        drive(&c, &r);
        struct accounts sum = check_accounts(&r);
        assert_true(r.complete && fault.strikes == 1 && fault.least_busy == POOL);
        assert_int_equal(sum.ok, sum.all);
        /* A connection has one transaction in service; all others wait, and that is no less their response. */
        assert_in_range(count_over(&r, PART_SERVICE, 150 * MS), 1, POOL);
        assert_true(count_over(&r, PART_RESPONSE, 150 * MS) >= (open ? 40 : 3 * POOL));
        assert_true(count_over(&r, PART_WAIT, 150 * MS) >= (open ? 30 : 2 * POOL));
        assert_true(r.transactions[0].response->max >= 250 * MS);
        if (!(r.outage.made && r.outage.gap_s > 0.25 && r.outage.gap_s < 0.9))
            fail_msg("a gap of %g s from %g s", r.outage.gap_s, r.outage.gap_from_s);
        assert_int_equal(r.reconnects, 0);
        trial_result_deinit(&r);
    }
}

/* --- No slot is left ---------------------------------------------------------------------------------------------- */

enum {
    SLOTS = 64
};

/* Somebody else's connections. */
struct others {
    PGconn *conns[SLOTS];
    int n;
};

/* False: the server has no slot left. */
static bool take_slot(struct others *others)
{
    const char *keywords[TARGET_KEYWORDS], *values[TARGET_KEYWORDS];
    target_keywords(cluster_target(test_cluster()), "others", keywords, values);
    assert_true(others->n < SLOTS);
    PGconn *conn = PQconnectdbParams(keywords, values, 1);
    if (PQstatus(conn) == CONNECTION_OK) {
        others->conns[others->n++] = conn;
        return true;
    }
    assert_non_null(strstr(PQerrorMessage(conn), "too many"));
    PQfinish(conn);
    return false;
}

static void take_all(struct others *others)
{
    while (take_slot(others))
        continue;
}

static void give_back(struct others *others)
{
    while (others->n > 0)
        PQfinish(others->conns[--others->n]);
    for (int i = 0; i < 1000; i++, usleep(2000))
        if (test_int(test_db(), "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'others'") == 0)
            return;
    fail_msg("the others do not leave");
}

static void test_no_slot_at_the_start(void **state)
{
    (void)state;
    struct others others = {0};
    struct drive_case c = load(true, 400, NULL);
    struct err err = {0};
    struct trial_result r;
    c.update = NULL;
    test_db();
    take_all(&others);
    for (int i = 0; i < 3; i++)
        PQfinish(others.conns[--others.n]);
    assert_false(drive_case(&c, &r, &err));
    assert_int_equal(err.kind, ERR_SERVER);
    assert_non_null(strstr(err.text, "of 6 connections could be opened"));
    assert_non_null(strstr(err.text, "use a smaller pool"));
    trial_result_deinit(&r);
    give_back(&others);
}

/* The server keeps its last three slots for superusers, which the others are and the load is not: when all are taken
 * and three of the load's fall free, it does not get them back until the others leave. */
static void take_three(struct fault *fault)
{
    struct others others = {0};
    take_all(&others);
    fault->hit = test_int(test_db(), "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity "
                                     "WHERE application_name = '" APP "' LIMIT 3) x");
    hold(400 * MS);
    fault->least_busy = (int)test_int(test_db(), "SELECT count(*) FROM pg_stat_activity WHERE application_name = '" APP
                                                 "' AND state IS NOT NULL");
    give_back(&others);
}

static void test_others_take_slots_in_mid_trial(void **state)
{
    (void)state;
    for (int open = 0; open < 2; open++) {
        struct target target = *cluster_target(test_cluster());
        struct fault fault = {.strike = take_three, .due_ns = 100 * MS};
        struct drive_case c = load(open, 400, &fault);
        struct trial_result r;
        target.user = "app";
        c.target = &target;
        c.duration_ns = 1800 * MS;
        test_db();
        drive(&c, &r);
        struct accounts sum = check_accounts(&r);
        assert_true(r.complete && fault.strikes == 1 && fault.hit == 3);
        assert_in_range(fault.least_busy, 0, POOL - 3);
        assert_true(sum.ok > sum.all * 9 / 10 && sum.censored == 0 && sum.failed <= fault.hit);
        /* Being refused costs no transaction anything but a wait for the connections that are left. */
        assert_int_equal(errors_of(&r, SQLSTATE_OF("53300")), 0);
        assert_true(r.outage_ns > 3 * (int64_t)(350 * MS) && r.reconnects >= 1);
        trial_result_deinit(&r);
    }
}

/* --- Connections that do not come back before the drain ends ------------------------------------------------------ */

/* All connections, and the role may not connect again: those that wait for one wait until the end. */
static void lock_out(struct fault *fault)
{
    test_exec(test_db(), "ALTER ROLE app NOLOGIN");
    fault->hit += test_int(test_db(), "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                      "WHERE application_name = '" APP "'");
}

static void test_who_waits_for_a_lost_connection_is_censored(void **state)
{
    (void)state;
    struct target target = *cluster_target(test_cluster());
    target.user = "app";
    static const struct {
        int clients;
        double rate_tps;
    } loads[] = {{POOL, 0}, {4 * POOL, 0}, {0, 200}}; /* a connection each; a queue; a schedule */
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++) {
        test_exec(test_db(), "ALTER ROLE app LOGIN");
        struct fault fault = {.strike = lock_out, .due_ns = 250 * MS, .least_busy = POOL};
        struct drive_case c = load(loads[i].rate_tps > 0, loads[i].rate_tps, &fault);
        struct trial_result r;
        c.target = &target;
        c.clients = loads[i].clients;
        c.arrivals = ARRIVALS_CONSTANT;
        c.duration_ns = 600 * MS;
        c.drain_ns = 300 * MS;
        int64_t from = clock_now_ns();
        drive(&c, &r);
        assert_true(clock_now_ns() - from < 4 * NS_PER_S);
        struct accounts sum = check_accounts(&r);
        assert_true(r.complete && fault.hit == POOL && sum.ok > 0 && sum.failed <= POOL && sum.timed_out == 0);
        if (loads[i].rate_tps > 0) {
            assert_int_equal(r.scheduled, 120);
            assert_true(sum.censored > 30);
        } else {
            assert_int_equal(sum.censored, loads[i].clients);
        }
        /* As lower bounds: each has waited at least since then, and at least through the drain. */
        assert_true(count_over(&r, PART_WAIT, 290 * MS) >= sum.censored);
        trial_result_deinit(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_third_of_the_pool_is_shot),
        cmocka_unit_test(test_backends_stand_still),
        cmocka_unit_test(test_no_slot_at_the_start),
        cmocka_unit_test(test_others_take_slots_in_mid_trial),
        cmocka_unit_test(test_who_waits_for_a_lost_connection_is_censored),
    };
    return cmocka_run_group_tests(tests, setup, test_server_stop);
}

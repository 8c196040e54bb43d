/* The network between driver and server is slow, is cut for a while, is cut for good. */
#include "support/postmaster.h"
#include "support/tunnel.h"
#include "under_load.h"

enum {
    POOL = 6,
    RATE = 60
};

static struct postmaster server;
static struct tunnel tunnel;
static bool permitted;

/* The tunnel's thread must not be there when the server is forked. */
static int setup(void **state)
{
    (void)state;
    permitted = tunnel_open(&tunnel);
    if (!permitted)
        return 0;
    if (!postmaster_make(&server, 30) ||
        !postmaster_append(&server, "pg_hba.conf", "host all all 10.99.0.0/24 trust") ||
        !postmaster_append(&server, "postgresql.conf", "listen_addresses = '" TUNNEL_SERVER "'"))
        return -1;
    postmaster_start(&server);
    struct db *db = postmaster_connect(&server);
    make_kv(db);
    db_close(db);
    return tunnel_enter_client(&tunnel) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    tunnel_close(&tunnel);
    if (permitted)
        postmaster_remove(&server);
    return 0;
}

static void need_network(void)
{
    if (permitted)
        return;
    print_message("skipped: network namespaces and /dev/net/tun are not permitted here; run this test as root\n");
    skip();
}

static struct drive_case load(const struct target *target, struct fault *fault)
{
    return (struct drive_case){.text = LOOKUP,
                               .target = target,
                               .connections = POOL,
                               .rate_tps = RATE,
                               .arrivals = ARRIVALS_CONSTANT,
                               .protocol = PROTOCOL_PREPARED,
                               .duration_ns = 1000 * MS,
                               .update = fault ? on_update : NULL,
                               .user = fault};
}

/* Each way 20 ms: no service is shorter than the way there and back. */
static void test_delay_shows_in_service(void **state)
{
    (void)state;
    need_network();
    const struct target target = {.host = TUNNEL_SERVER, .user = "postgres", .dbname = "postgres"};
    struct drive_case c = load(&target, NULL);
    struct trial_result r;
    atomic_store(&tunnel.delay_ns, 20 * MS);
    drive(&c, &r);
    atomic_store(&tunnel.delay_ns, 0);
    struct accounts sum = check_accounts(&r);
    const struct transaction_result *t = &r.transactions[0];
    assert_true(r.complete && sum.ok == RATE && sum.all == RATE);
    assert_true(t->service->min >= 40 * MS && hist_percentile(t->service, 0.5) < 60 * MS);
    assert_true(hist_percentile(t->pool_wait, 0.5) < 5 * MS); /* 60/s × 40 ms: 2.4 of 6 connections */
    trial_result_deinit(&r);
}

static void cut(struct fault *fault)
{
    if (fault->user)
        return;
    atomic_store(&tunnel.cut, true);
    hold(700 * MS);
    atomic_store(&tunnel.cut, false);
}

/* TCP sends again what was lost: nothing fails, and nothing is served meanwhile. */
static void test_a_cut_that_heals(void **state)
{
    (void)state;
    need_network();
    const struct target target = {.host = TUNNEL_SERVER, .user = "postgres", .dbname = "postgres"};
    struct fault fault = {.strike = cut, .due_ns = 300 * MS, .least_busy = POOL};
    struct drive_case c = load(&target, &fault);
    struct trial_result r;
    c.duration_ns = 3000 * MS;
    drive(&c, &r);
    struct accounts sum = check_accounts(&r);
    assert_true(r.complete && fault.strikes == 1);
    assert_int_equal(sum.ok, 3 * RATE);
    assert_int_equal(sum.all, 3 * RATE);
    assert_in_range(count_over(&r, PART_SERVICE, 400 * MS), 1, POOL);
    assert_true(count_over(&r, PART_RESPONSE, 300 * MS) > RATE / 4);
    assert_true(r.outage.made && r.outage.gap_s >= 0.65 && r.outage.gap_s < 2.5 && r.outage.back_s >= r.outage.gap_s);
    assert_int_equal(r.reconnects, 0);
    trial_result_deinit(&r);
}

static void cut_for_good(struct fault *fault)
{
    (void)fault;
    atomic_store(&tunnel.cut, true);
}

static void mend(void)
{
    atomic_store(&tunnel.cut, false);
    struct db *db = postmaster_connect(&server); /* through the Unix socket */
    test_int(db, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE client_addr IS NOT NULL");
    db_close(db);
}

/* Nobody told TCP to give up, so connections hang. The drain's limit ends it, and asking the server to cancel what
 * hangs must not hang either. */
static void test_a_cut_for_good_ends_with_the_drain(void **state)
{
    (void)state;
    need_network();
    const struct target target = {.host = TUNNEL_SERVER, .user = "postgres", .dbname = "postgres"};
    for (int open = 0; open < 2; open++) {
        struct fault fault = {.strike = cut_for_good, .due_ns = 300 * MS, .least_busy = POOL};
        struct drive_case c = load(&target, &fault);
        struct trial_result r;
        if (!open)
            c.rate_tps = 0, c.clients = 3 * POOL, c.think_ns = 50 * MS;
        c.drain_ns = 500 * MS;
        int64_t from_ns = clock_now_ns();
        drive(&c, &r);
        assert_true(clock_now_ns() - from_ns < 8 * NS_PER_S);
        mend();
        struct accounts sum = check_accounts(&r);
        assert_true(r.complete && sum.ok > 0 && sum.failed == 0 && sum.timed_out == 0);
        if (open) {
            assert_int_equal(sum.all, RATE);
            assert_true(sum.censored >= RATE / 2);
        } else {
            assert_int_equal(sum.censored, 3 * POOL);
        }
        assert_in_range(count_over(&r, PART_SERVICE, 500 * MS), POOL, POOL);
        assert_true(r.outage.back_s == -1);
        trial_result_deinit(&r);
    }
}

/* With tcp_user_timeout the user lets connections fail; then they are lost, and new ones find no answer. */
static void test_tcp_user_timeout_is_the_users(void **state)
{
    (void)state;
    need_network();
    const struct target target = {.dbname = "host=" TUNNEL_SERVER
                                            " user=postgres dbname=postgres tcp_user_timeout=300 connect_timeout=2"};
    struct fault fault = {.strike = cut_for_good, .due_ns = 200 * MS, .least_busy = POOL};
    struct drive_case c = load(&target, &fault);
    struct trial_result r;
    c.duration_ns = 1500 * MS;
    c.drain_ns = 500 * MS;
    drive(&c, &r);
    mend();
    struct accounts sum = check_accounts(&r);
    assert_true(r.complete && sum.ok > 0 && sum.all == RATE * 3 / 2);
    assert_in_range(sum.failed, 1, POOL);
    assert_int_equal(errors_of(&r, 0), sum.failed);
    assert_int_equal(sum.ok + sum.failed + sum.censored, sum.all);
    assert_true(fault.least_busy == 0 && strstr(r.first_error, "timed out"));
    trial_result_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delay_shows_in_service),
        cmocka_unit_test(test_a_cut_that_heals),
        cmocka_unit_test(test_a_cut_for_good_ends_with_the_drain),
        cmocka_unit_test(test_tcp_user_timeout_is_the_users),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

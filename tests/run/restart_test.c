/* The server is restarted in mid-trial. What ran then fails and says so; what was due meanwhile waits, and is served
 * when the server is back. */
#include "support/postmaster.h"
#include "under_load.h"

enum {
    POOL = 4,
    RATE = 200
};

static struct postmaster server;

static int setup(void **state)
{
    (void)state;
    if (!postmaster_make(&server, 12))
        return -1;
    postmaster_start(&server);
    struct db *db = postmaster_connect(&server);
    make_kv(db);
    db_close(db);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    postmaster_remove(&server);
    return 0;
}

/* Down at the first strike, up again at the first one that finds it gone for long enough. */
struct restart {
    int how;
    int64_t down_ns;
};

static void go_down_and_up(struct fault *fault)
{
    struct restart *restart = fault->user;
    if (fault->strikes == 1) {
        postmaster_signal(&server, restart->how);
        restart->down_ns = clock_now_ns();
    } else if (postmaster_gone(&server) && clock_now_ns() - restart->down_ns >= 1700 * MS) {
        postmaster_start(&server);
        fault->due_ns = INT64_MAX;
    }
}

static bool is_expected(sqlstate code)
{
    static const char *const codes[] = {"57P01", "57P02", "57P03"}; /* shut down, crashed, starting */
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (code == SQLSTATE_OF(codes[i]))
            return true;
    return code == 0; /* the connection was lost without a word */
}

static void check_errors(const struct trial_result *r, const struct accounts *sum)
{
    assert_int_equal(sum->errors, sum->failed);
    for (size_t i = 0; i < r->n_errors; i++)
        if (!is_expected(r->errors[i].code))
            fail_msg("%s: %s", sqlstate_name(r->errors[i].code), r->first_error);
}

/* At the window's 500 ms the server goes, and is away until 2.2 s at least: the second from 1 to 2 s is lost. */
static void check_outage(const struct trial_result *r)
{
    const struct outage *outage = &r->outage;
    assert_true(outage->made && outage->seconds >= 1 && outage->seconds <= 2);
    assert_true(outage->gap_from_s > 0.45 && outage->gap_from_s < 0.9);
    assert_true(outage->gap_s > 1.5 && outage->gap_s < 3.2);
    assert_true(outage->back_s >= outage->gap_s && outage->back_s < outage->gap_s + 0.5);
    assert_int_equal(r->reconnects, POOL);
    assert_true(r->outage_ns > POOL * (int64_t)(1500 * MS));
}

static void restarts(int how, bool open)
{
    struct restart restart = {.how = how};
    struct fault fault = {.strike = go_down_and_up, .due_ns = 500 * MS, .every_ns = 1, .user = &restart};
    struct drive_case c = {.text = LOOKUP,
                           .target = &server.target,
                           .connections = POOL,
                           .clients = open ? 0 : 4 * POOL,
                           .think_ns = open ? 0 : 20 * MS,
                           .rate_tps = open ? RATE : 0,
                           .arrivals = ARRIVALS_CONSTANT,
                           .protocol = PROTOCOL_PREPARED,
                           .duration_ns = 4500 * MS,
                           .update = on_update,
                           .user = &fault};
    struct trial_result r;
    drive(&c, &r);
    struct accounts sum = check_accounts(&r);
    assert_true(r.complete && fault.least_busy == 0);
    assert_true(sum.failed <= POOL && sum.censored == 0 && sum.ok == sum.all - sum.failed);
    check_errors(&r, &sum);
    check_outage(&r);
    if (open) {
        assert_int_equal(r.scheduled, RATE * 9 / 2);
        assert_true(count_over(&r, PART_WAIT, 500 * MS) > RATE); /* due in the first second of the outage, and later */
    } else {
        assert_true(count_over(&r, PART_WAIT, 1400 * MS) >= 4 * POOL - sum.failed);
    }
    trial_result_deinit(&r);
}

static void test_fast_restart(void **state)
{
    (void)state;
    restarts(SIGINT, true);
}

static void test_fast_restart_of_a_closed_loop(void **state)
{
    (void)state;
    restarts(SIGINT, false);
}

static void test_immediate_restart(void **state)
{
    (void)state;
    restarts(SIGQUIT, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fast_restart),
        cmocka_unit_test(test_fast_restart_of_a_closed_loop),
        cmocka_unit_test(test_immediate_restart),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

/* Limits of this machine that a trial may meet: open files, and the memory for raw records. The last test lowers a hard
 * limit, which only root could raise again. */
#include <sys/resource.h>

#include "under_load.h"

static int setup(void **state)
{
    (void)state;
    if (!test_server_open(NULL, 0, 60))
        return -1;
    make_kv(test_db());
    return 0;
}

/* --- Raw records -------------------------------------------------------------------------------------------------- */

/* Beyond their memory there are histograms only, and that is said. */
static void test_records_beyond_their_memory(void **state)
{
    (void)state;
    enum {
        ROOM = 100
    };
    struct drive_case c = {.text = LOOKUP,
                           .connections = 4,
                           .rate_tps = 1000,
                           .arrivals = ARRIVALS_CONSTANT,
                           .raw_bytes = ROOM * (int64_t)sizeof(struct record),
                           .duration_ns = 500 * MS};
    struct trial_result r;
    drive(&c, &r);
    struct accounts sum = accounts_of(&r);
    assert_true(r.complete && sum.ok == 500 && r.scheduled == 500);
    assert_false(r.records.complete);
    assert_in_range(r.records.n, ROOM / 2, ROOM); /* a part of the memory for each thread */
    assert_int_equal(r.transactions[0].response->total, 500);
    assert_int_equal(r.transactions[0].service->total, 500);
    assert_true(r.outage.made && r.outage.seconds == 0);
    trial_result_deinit(&r);
}

/* --- Open files --------------------------------------------------------------------------------------------------- */

static rlim_t soft_limit(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    return limit.rlim_cur;
}

static void test_the_soft_limit_is_raised(void **state)
{
    (void)state;
    struct rlimit before, low;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    low.rlim_cur = 40;
    test_db();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    struct drive_case c = {.text = LOOKUP, .connections = 50};
    struct trial_result r;
    drive(&c, &r);
    struct accounts sum = check_accounts(&r);
    assert_true(sum.ok > 50 && sum.ok == sum.all);
    assert_true(soft_limit() >= 50);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    trial_result_deinit(&r);
}

static void test_a_hard_limit_that_is_too_low(void **state)
{
    (void)state;
    struct rlimit low = {.rlim_cur = 90, .rlim_max = 100};
    struct drive_case c = {.text = LOOKUP, .connections = 50, .threads = 2};
    struct err err = {0};
    struct trial_result r;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    assert_false(drive_case(&c, &r, &err));
    assert_int_equal(err.kind, ERR_SYSTEM);
    assert_non_null(strstr(err.text, "50 connections need 118 open files, and this process may open 100"));
    assert_non_null(strstr(err.text, "ulimit -Hn 118"));
    assert_non_null(strstr(err.text, "smaller pool"));
    assert_int_equal(soft_limit(), 90);
    trial_result_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_beyond_their_memory),
        cmocka_unit_test(test_the_soft_limit_is_raised),
        cmocka_unit_test(test_a_hard_limit_that_is_too_low),
    };
    return cmocka_run_group_tests(tests, setup, test_server_stop);
}

/* Somebody sets the machine's clock while a trial runs. This program's CLOCK_REALTIME, time() and gettimeofday() are
 * its own (the linker's --wrap), and jump by hours at every reading: whatever was measured by them would be wrong by
 * that. libpq's readings are not wrapped; it takes the time for blocking connects alone, which the driver does not use.
 */
#include <stdatomic.h>
#include <sys/time.h>

#include "under_load.h"

int __real_clock_gettime(clockid_t clock, struct timespec *out);
int __wrap_clock_gettime(clockid_t clock, struct timespec *out);
time_t __wrap_time(time_t *out);
int __wrap_gettimeofday(struct timeval *out, void *zone);

static _Atomic bool jumping;
static _Atomic int64_t readings;

/* Three hours ahead, three hours behind, by turns. */
static int64_t jump_s(void)
{
    if (!atomic_load(&jumping))
        return 0;
    return atomic_fetch_add(&readings, 1) % 2 ? -10800 : 10800;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *out)
{
    int status = __real_clock_gettime(clock, out);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI)
        out->tv_sec += jump_s();
    return status;
}

int __wrap_gettimeofday(struct timeval *out, void *zone)
{
    struct timespec now;
    (void)zone;
    __wrap_clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

time_t __wrap_time(time_t *out)
{
    struct timespec now;
    __wrap_clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

static int setup(void **state)
{
    (void)state;
    if (!test_server_open(NULL, 0, 20))
        return -1;
    make_kv(test_db());
    return 0;
}

/* Everything that takes time somewhere: a schedule, queueing, retries' back-off, reconnecting, idle time-outs. */
static void lose_one(struct fault *fault)
{
    fault->hit += test_int(test_db(), "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity "
                                      "WHERE application_name = 'driver test' LIMIT 1) x");
}

static void test_the_clock_is_set_during_a_trial(void **state)
{
    (void)state;
    for (int open = 0; open < 2; open++) {
        struct fault fault = {.strike = lose_one, .due_ns = 100 * MS, .every_ns = 300 * MS, .least_busy = 4};
        struct drive_case c = {.text = LOOKUP,
                               .connections = 4,
                               .clients = open ? 0 : 16,
                               .think_ns = open ? 0 : 20 * MS,
                               .rate_tps = open ? 500 : 0,
                               .arrivals = ARRIVALS_CONSTANT,
                               .pool = {.acquire_timeout_ns = 800 * MS, .max_lifetime_ns = 200 * MS},
                               .warmup_ns = 100 * MS,
                               .duration_ns = 1200 * MS,
                               .update = on_update,
                               .user = &fault};
        struct trial_result r;
        atomic_store(&jumping, true);
        int64_t from_ns = clock_now_ns();
        drive(&c, &r);
        int64_t took_ns = clock_now_ns() - from_ns;
        atomic_store(&jumping, false);
        struct accounts sum = check_accounts(&r);
        assert_true(r.complete && took_ns < 5 * NS_PER_S && r.duration_ns == 1200 * MS);
        assert_true(sum.ok > sum.all * 9 / 10 && sum.timed_out == 0 && sum.censored == 0);
        assert_true(!open || sum.all == 600);
        assert_true(r.transactions[0].response->max < 500 * MS && r.harness_lag.max < 500 * MS);
        assert_int_equal(r.n_intervals, 2);
        assert_true(r.reconnects >= 1 && r.outage_ns < 3 * NS_PER_S && r.pool_counts.recycled > 4);
        trial_result_deinit(&r);
    }
}

/* The wrapping is there: the only reading of the driver is the name of the window's start. */
static void test_the_clock_did_jump(void **state)
{
    (void)state;
    assert_true(atomic_load(&readings) >= 1);
    atomic_store(&jumping, true);
    int64_t first_ns = clock_wall_ns(), second_ns = clock_wall_ns();
    atomic_store(&jumping, false);
    int64_t step_ns = first_ns > second_ns ? first_ns - second_ns : second_ns - first_ns;
    assert_true(step_ns > 20000 * NS_PER_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_clock_is_set_during_a_trial),
        cmocka_unit_test(test_the_clock_did_jump),
    };
    return cmocka_run_group_tests(tests, setup, test_server_stop);
}

/* Clients that share a pool, schedules, and what the pool does beside handing out connections: on a real server. */
#include <limits.h>

#include "drive.h"

#define MS NS_PER_MS
#define NAP(ms)                                                                                                        \
    "transactions:\n"                                                                                                  \
    "  nap: { weight: 1, sql: \"SELECT pg_sleep(" ms " / 1000.0)\" }\n"
#define LOOKUP                                                                                                         \
    "transactions:\n"                                                                                                  \
    "  lookup: { weight: 1, let: { id: \"random(1, 100)\" }, sql: \"SELECT :id::int\" }\n"

static int64_t all(const struct trial_result *r)
{
    const struct transaction_result *t = &r->transactions[0];
    return t->ok + t->failed + t->timed_out + t->censored;
}

/* What must hold of every trial, whatever the load. */
static void check_accounts(const struct trial_result *r)
{
    const struct transaction_result *t = &r->transactions[0];
    int64_t responses = 0;
    assert_true(r->complete && r->records.complete);
    assert_int_equal(r->scheduled, all(r));
    assert_int_equal(r->records.n, all(r));
    assert_int_equal(t->response->total, all(r));
    assert_int_equal(t->pool_wait->total, all(r));
    for (size_t i = 0; i < r->records.n; i++) {
        const struct record *record = &r->records.list[i];
        assert_true(record->intended_ns >= 0 && record->intended_ns < r->duration_ns);
        assert_true(i == 0 || record->intended_ns >= r->records.list[i - 1].intended_ns);
        responses += record_response_ns(record);
    }
    assert_true((double)responses > 0.999999 * t->response->sum && (double)responses < 1.000001 * t->response->sum);
}

static void test_constant_rate_is_exact(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        struct drive_case c = {.text = LOOKUP,
                               .connections = 3,
                               .threads = threads,
                               .rate_tps = 400,
                               .arrivals = ARRIVALS_CONSTANT,
                               .warmup_ns = 50 * MS,
                               .duration_ns = 500 * MS};
        struct trial_result r;
        drive(&c, &r);
        check_accounts(&r);
        assert_int_equal(r.scheduled, 200);
        assert_int_equal(r.transactions[0].ok, 200);
        for (size_t i = 0; i < r.records.n; i++)
            assert_int_equal(r.records.list[i].intended_ns, (int64_t)i * 2500000);
        assert_true(r.rate_tps == 400 && r.clients == 0);
        trial_result_deinit(&r);
    }
}

/* The same transactions at the same times, whoever runs them. */
static void test_schedule_is_the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    struct trial_result r[2];
    for (int i = 0; i < 2; i++) {
        struct drive_case c = {
            .text = LOOKUP, .connections = 4, .threads = 1 + 2 * i, .rate_tps = 500, .duration_ns = 400 * MS};
        drive(&c, &r[i]);
        check_accounts(&r[i]);
    }
    assert_int_equal(r[0].records.n, r[1].records.n);
    for (size_t i = 0; i < r[0].records.n; i++)
        assert_int_equal(r[0].records.list[i].intended_ns, r[1].records.list[i].intended_ns);
    trial_result_deinit(&r[0]);
    trial_result_deinit(&r[1]);
}

/* Capacity 2 × 100/s, offered 300/s for 0.6 s: a third waits until the drain, and nothing is lost. */
static void test_overload_is_accounted_for(void **state)
{
    (void)state;
    struct drive_case c = {
        .text = NAP("10"), .connections = 2, .rate_tps = 300, .arrivals = ARRIVALS_CONSTANT, .duration_ns = 600 * MS};
    struct trial_result r;
    drive(&c, &r);
    check_accounts(&r);
    assert_int_equal(r.scheduled, 180);
    assert_int_equal(r.transactions[0].ok, 180);
    assert_in_range(r.unsent_at_end, 55, 100);
    assert_true(r.transactions[0].pool_wait->max > 200 * MS);
    trial_result_deinit(&r);
}

static void test_more_clients_than_connections_queue(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        struct drive_case c = {.text = NAP("5"),
                               .connections = 2,
                               .threads = threads,
                               .clients = 8,
                               .warmup_ns = 40 * MS,
                               .duration_ns = 600 * MS};
        struct trial_result r;
        drive(&c, &r);
        check_accounts(&r);
        const struct transaction_result *t = &r.transactions[0];
        assert_int_equal(r.clients, 8);
        /* Eight clients in the system: each waits for six others on two connections. */
        double in_system = t->response->sum / (double)r.duration_ns,
               in_service = t->service->sum / (double)r.duration_ns;
        assert_true(in_system > 7 && in_system < 9);
        assert_true(in_service > 1.7 && in_service < 2.3);
        int64_t wait = hist_percentile(t->pool_wait, 0.5), service = hist_percentile(t->service, 0.5);
        assert_true(wait > 2 * service && wait < 4 * service);
        trial_result_deinit(&r);
    }
}

static void test_thinking_clients(void **state)
{
    (void)state;
    for (int clients = 2; clients <= 20; clients += 18) { /* with a connection each, and without */
        struct drive_case c = {.text = LOOKUP,
                               .connections = 4,
                               .clients = clients,
                               .think_ns = 20 * MS,
                               .warmup_ns = 60 * MS,
                               .duration_ns = 500 * MS};
        struct trial_result r;
        drive(&c, &r);
        check_accounts(&r);
        /* Little's law: each client is either thinking or in a transaction, however slow the machine is. */
        const struct transaction_result *t = &r.transactions[0];
        double thinking = (double)t->ok * (double)c.think_ns / (double)c.duration_ns,
               in_system = t->response->sum / (double)c.duration_ns;
        assert_true(thinking + in_system > clients * 0.85 && thinking + in_system < clients * 1.1);
        assert_true(thinking <= clients * 1.1 && thinking > 0);
        trial_result_deinit(&r);
    }
}

/* Those who would come again after the window are not waited for, whether there is a queue or not. */
static void test_thoughts_do_not_hold_up_the_drain(void **state)
{
    (void)state;
    for (int clients = 2; clients <= 4; clients += 2) {
        struct drive_case c = {
            .text = LOOKUP, .connections = 2, .clients = clients, .think_ns = 8 * NS_PER_S, .duration_ns = 200 * MS};
        struct trial_result r;
        int64_t from_ns = clock_now_ns();
        drive(&c, &r);
        assert_true(r.complete && r.scheduled == all(&r));
        assert_true(clock_now_ns() - from_ns < 4 * NS_PER_S);
        trial_result_deinit(&r);
    }
}

/* No connection is thinking for itself when the clients come. */
static void test_thinking_clients_begin_at_once(void **state)
{
    (void)state;
    struct drive_case c = {.text = LOOKUP, .connections = 4, .clients = 20, .think_ns = 700 * MS, .duration_ns = 900 * MS};
    struct trial_result r;
    drive(&c, &r);
    check_accounts(&r);
    assert_true(r.transactions[0].ok >= 20 && r.transactions[0].pool_wait->max < 400 * MS);
    assert_true(r.intervals[0].all.pool_wait.max < 400 * MS);
    trial_result_deinit(&r);
}

/* Twelve clients on one connection of 10 ms each: who has waited 50 ms gives up, and comes again. */
static void test_acquire_timeout(void **state)
{
    (void)state;
    struct drive_case c = {.text = NAP("10"),
                           .connections = 1,
                           .clients = 12,
                           .pool = {.acquire_timeout_ns = 50 * MS},
                           .warmup_ns = 100 * MS,
                           .duration_ns = 600 * MS};
    struct trial_result r;
    drive(&c, &r);
    check_accounts(&r);
    const struct transaction_result *t = &r.transactions[0];
    assert_in_range(t->ok, 30, 62);
    assert_in_range(t->timed_out, 50, 110);
    assert_int_equal(t->failed, 0);
    assert_true(t->pool_wait->max <= 50 * MS);
    for (size_t i = 0; i < r.records.n; i++) {
        const struct record *record = &r.records.list[i];
        if (record->status == RECORD_TIMED_OUT)
            assert_true(record->pool_wait_ns == 50 * MS && record->service_ns == 0 && record->lag_ns == 0 &&
                        record->attempts == 0);
        else
            assert_true(record->attempts == 1 && record->service_ns >= 10 * MS);
    }
    trial_result_deinit(&r);
}

static void test_acquire_timeout_with_a_rate(void **state)
{
    (void)state;
    struct drive_case c = {.text = NAP("10"),
                           .connections = 1,
                           .rate_tps = 250,
                           .arrivals = ARRIVALS_CONSTANT,
                           .pool = {.acquire_timeout_ns = 30 * MS},
                           .duration_ns = 400 * MS};
    struct trial_result r;
    drive(&c, &r);
    check_accounts(&r);
    assert_int_equal(r.scheduled, 100);
    assert_true(r.transactions[0].timed_out > 40 && r.transactions[0].ok > 20);
    trial_result_deinit(&r);
}

static void test_pre_ping(void **state)
{
    (void)state;
    struct drive_case c = {.text = LOOKUP, .connections = 2, .clients = 2, .pool = {.pre_ping = true}};
    struct trial_result r;
    drive(&c, &r);
    check_accounts(&r);
    assert_true(r.transactions[0].ok > 50 && r.transactions[0].failed == 0);
    assert_in_range(r.pool_counts.pings, r.transactions[0].ok - 4, r.transactions[0].ok + 4);
    assert_int_equal(r.pool_counts.ping.count, r.pool_counts.pings);
    assert_true(r.transactions[0].pool_wait->min > 0 && r.pool_counts.failed_pings == 0);
    trial_result_deinit(&r);
}

static void test_connecting_each_time(void **state)
{
    (void)state;
    struct drive_case c = {.text = LOOKUP,
                           .connections = 2,
                           .protocol = PROTOCOL_PREPARED,
                           .pool = {.connect_each = true},
                           .duration_ns = 400 * MS};
    struct trial_result r;
    drive(&c, &r);
    check_accounts(&r);
    assert_true(r.transactions[0].ok > 10 && r.transactions[0].failed == 0);
    assert_in_range(r.pool_counts.connects, r.transactions[0].ok - 4, r.transactions[0].ok + 4);
    assert_true(hist_percentile(r.transactions[0].pool_wait, 0.5) > r.pool_counts.connect.p50 / 2);
    assert_true(r.reconnects == 0 && r.outage_ns == 0);
    trial_result_deinit(&r);
}

static void test_overflow(void **state)
{
    (void)state;
    struct drive_case c = {.text = NAP("10"),
                           .connections = 1,
                           .clients = 3,
                           .think_ns = 15 * MS,
                           .pool = {.max_overflow = 2},
                           .warmup_ns = 50 * MS,
                           .duration_ns = 500 * MS};
    struct trial_result r;
    drive(&c, &r);
    check_accounts(&r);
    assert_int_equal(r.threads, 1);
    assert_true(r.pool_counts.overflows > 5);
    assert_in_range(r.pool_counts.connects, r.pool_counts.overflows - 2, r.pool_counts.overflows + 2);
    /* Three clients of 25 ms and a connect: nobody waits for long, as they would on one connection. */
    assert_true(r.transactions[0].ok > 35 && r.transactions[0].failed == 0);
    trial_result_deinit(&r);
}

static void test_lifetime_and_idle_timeout(void **state)
{
    (void)state;
    struct drive_case lifetime = {
        .text = LOOKUP, .connections = 2, .pool = {.max_lifetime_ns = 50 * MS}, .duration_ns = 400 * MS};
    struct drive_case idle = {.text = LOOKUP,
                              .connections = 4,
                              .threads = 1,
                              .rate_tps = 50,
                              .arrivals = ARRIVALS_CONSTANT,
                              .pool = {.idle_timeout_ns = 5 * MS},
                              .duration_ns = 400 * MS};
    struct trial_result r;
    drive(&lifetime, &r);
    check_accounts(&r);
    assert_in_range(r.pool_counts.recycled, 6, 18);
    assert_in_range(r.pool_counts.connects, r.pool_counts.recycled - 2, r.pool_counts.recycled + 2);
    trial_result_deinit(&r);
    drive(&idle, &r);
    check_accounts(&r);
    assert_int_equal(r.transactions[0].ok, 20);
    assert_in_range(r.pool_counts.idled_out, 10, 25); /* what was idle when the window opened, too */
    assert_in_range(r.pool_counts.connects, 10, 20);  /* one a transaction, but for those that come late and close */
    trial_result_deinit(&r);
}

/* Every 30 ms all connections but our own are shot. */
struct shooter {
    int64_t next_ns;
    int shots;
};

static void shoot(void *user, const struct progress *progress)
{
    struct shooter *shooter = user;
    if (progress->phase != PHASE_MEASURE || progress->phase_elapsed_ns < shooter->next_ns)
        return;
    shooter->next_ns = progress->phase_elapsed_ns + 200 * MS;
    shooter->shots++;
    test_exec(test_db(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'shot'");
}

static void test_lost_connections_lose_no_ticket(void **state)
{
    (void)state;
    for (int open = 0; open < 2; open++) {
        struct shooter shooter = {.next_ns = 100 * MS};
        struct drive_case c = {.text = NAP("3"),
                               .connections = 4,
                               .threads = 2,
                               .clients = open ? 0 : 12,
                               .rate_tps = open ? 400 : 0,
                               .app = "shot",
                               .duration_ns = 900 * MS,
                               .update = shoot,
                               .user = &shooter};
        struct trial_result r;
        drive(&c, &r);
        check_accounts(&r);
        const struct transaction_result *t = &r.transactions[0];
        assert_true(shooter.shots >= 2 && t->failed > 0 && t->ok > 100 && t->censored == 0);
        assert_true(r.reconnects >= 4 && r.outage_ns > 0);
        trial_result_deinit(&r);
    }
}

/* A pool that pings finds the dead connection before the transaction does. */
static void test_pre_ping_finds_lost_connections(void **state)
{
    (void)state;
    struct shooter shooter = {.next_ns = 50 * MS};
    struct drive_case c = {.text = LOOKUP,
                           .connections = 4,
                           .threads = 1,
                           .rate_tps = 40,
                           .arrivals = ARRIVALS_CONSTANT,
                           .pool = {.pre_ping = true},
                           .app = "shot",
                           .duration_ns = 600 * MS,
                           .update = shoot,
                           .user = &shooter};
    struct trial_result r;
    drive(&c, &r);
    check_accounts(&r);
    /* A shot may still hit what is in service, or fall between ping and transaction. */
    assert_true(shooter.shots >= 2 && r.transactions[0].ok >= 24 - 2 * shooter.shots);
    trial_result_deinit(&r);
}

static void note_least_busy(void *user, const struct progress *progress)
{
    int *least = user;
    if (progress->phase == PHASE_MEASURE && progress->busy < *least)
        *least = progress->busy;
}

/* The pool's extra connections do not fit on the server: the application gets the error, and nobody takes the server
 * for dead. */
static void test_overflow_that_the_server_refuses(void **state)
{
    (void)state;
    int least_busy = INT_MAX;
    struct drive_case c = {.text = NAP("5"),
                           .connections = 2,
                           .clients = 60,
                           .pool = {.max_overflow = 58},
                           .warmup_ns = 20 * MS,
                           .duration_ns = 900 * MS, /* a busy machine takes its time to refuse */
                           .update = note_least_busy,
                           .user = &least_busy};
    struct trial_result r;
    drive(&c, &r);
    check_accounts(&r);
    assert_int_equal(least_busy, 2);
    assert_true(r.transactions[0].ok > 0 && r.transactions[0].failed > 0);
    assert_int_equal(errors_of(&r, SQLSTATE_OF("53300")), r.transactions[0].failed);
    trial_result_deinit(&r);
}

static int setup(void **state)
{
    (void)state;
    return test_server_open(NULL, 0, 30) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constant_rate_is_exact),
        cmocka_unit_test(test_schedule_is_the_same_for_any_number_of_threads),
        cmocka_unit_test(test_overload_is_accounted_for),
        cmocka_unit_test(test_more_clients_than_connections_queue),
        cmocka_unit_test(test_thinking_clients),
        cmocka_unit_test(test_thinking_clients_begin_at_once),
        cmocka_unit_test(test_thoughts_do_not_hold_up_the_drain),
        cmocka_unit_test(test_acquire_timeout),
        cmocka_unit_test(test_acquire_timeout_with_a_rate),
        cmocka_unit_test(test_pre_ping),
        cmocka_unit_test(test_connecting_each_time),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_lifetime_and_idle_timeout),
        cmocka_unit_test(test_lost_connections_lose_no_ticket),
        cmocka_unit_test(test_pre_ping_finds_lost_connections),
        cmocka_unit_test(test_overflow_that_the_server_refuses),
    };
    return cmocka_run_group_tests(tests, setup, test_server_stop);
}

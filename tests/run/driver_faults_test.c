/* The driver in trouble: refused, cut off, timed out, stopped. Nothing is lost, nothing hangs, the message says what to
 * do. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include "drive.h"

#define LOOKUP "transactions:\n  lookup: { weight: 1, sql: SELECT v FROM kv WHERE id = 1 }\n"
#define FLAGGED                                                                                                        \
    "transactions:\n"                                                                                                  \
    "  maybe_slow: { weight: 1, sql: \"SELECT pg_sleep(CASE WHEN slow THEN 60 ELSE 0.001 END) FROM flag\" }\n"

static int setup(void **state)
{
    if (test_server_start(state) != 0 || !stop_install())
        return -1;
    test_exec(test_db(), "CREATE TABLE kv (id int PRIMARY KEY, v int NOT NULL); INSERT INTO kv VALUES (1, 1);"
                         "CREATE TABLE flag (slow boolean); INSERT INTO flag VALUES (false)");
    return 0;
}

static int forget_stop(void **state)
{
    (void)state;
    stop_reset();
    test_exec(test_db(), "UPDATE flag SET slow = false");
    return 0;
}

/* Does something once, when the window has been open for a moment. */
struct prank {
    void (*play)(void);
    enum phase when;
    bool done;
};

static void on_update(void *user, const struct progress *progress)
{
    struct prank *prank = user;
    if (prank->done || progress->phase != prank->when || progress->phase_elapsed_ns < 50 * NS_PER_MS)
        return;
    prank->done = true;
    prank->play();
}

static void terminate_some(void)
{
    test_int(test_db(), "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity WHERE "
                        "application_name = 'driver test' LIMIT 2) x");
}

static void interrupt(void)
{
    raise(SIGINT);
}

static void make_slow_and_interrupt(void)
{
    test_exec(test_db(), "UPDATE flag SET slow = true");
    for (int i = 0; i < 400; i++) {
        if (test_int(test_db(), "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query_start < "
                                "now() - interval '100 ms'") >= 2)
            break;
        usleep(5000);
    }
    raise(SIGINT);
}

static void test_terminated_backends_come_back(void **state)
{
    (void)state;
    struct prank prank = {terminate_some, PHASE_MEASURE, false};
    struct drive_case c = {.text = LOOKUP,
                           .connections = 4,
                           .protocol = PROTOCOL_PREPARED,
                           .duration_ns = 600 * NS_PER_MS,
                           .update = on_update,
                           .user = &prank};
    struct trial_result r;
    drive(&c, &r);
    const struct transaction_result *t = &r.transactions[0];
    assert_true(prank.done && r.complete);
    assert_int_equal(r.reconnects, 2);
    assert_in_range(t->failed, 1, 2);
    assert_int_equal(t->failed, t->other_failures);
    assert_int_equal(errors_of(&r, SQLSTATE_ADMIN_SHUTDOWN) + errors_of(&r, 0), t->failed);
    assert_true(r.first_error[0] != '\0');
    assert_true(r.outage_ns >= 2 * 10 * NS_PER_MS && r.outage_ns < 2 * NS_PER_S);
    assert_int_equal(t->response->total, t->ok + t->failed);
    trial_result_deinit(&r);
}

static struct cluster *doomed;

static void kill_server(void)
{
    kill(cluster_postmaster_pid(doomed), SIGQUIT);
}

static void test_server_gone_for_good(void **state)
{
    (void)state;
    struct cluster_options options = {.fast_unsafe = true, .max_connections = 10};
    struct prank prank = {kill_server, PHASE_MEASURE, false};
    struct err err = {0};
    struct trial_result r;
    assert_true(cluster_open(&options, &doomed, &err));
    struct drive_case c = {.text = "transactions:\n  one: { weight: 1, sql: SELECT 1 }\n",
                           .target = cluster_target(doomed),
                           .duration_ns = 60 * NS_PER_S,
                           .update = on_update,
                           .user = &prank};
    int64_t from = clock_now_ns();
    drive(&c, &r);
    assert_true(clock_now_ns() - from < 20 * NS_PER_S);
    assert_true(prank.done && !r.complete);
    assert_true(r.transactions[0].ok > 0);
    assert_true(r.duration_ns > 0 && r.duration_ns < 2 * NS_PER_S); /* until the last connection was lost */
    assert_true(r.n_intervals == 1 || r.n_intervals == 2);
    assert_in_range(r.transactions[0].failed, 0, 2);
    trial_result_deinit(&r);
    cluster_close(doomed);
}

/* Until the server is known to be gone, transactions go on to be refused a connection, or to wait in vain for one. */
static void test_server_gone_for_good_with_a_rate(void **state)
{
    (void)state;
    for (int refusing = 0; refusing < 2; refusing++) {
        struct cluster_options options = {.fast_unsafe = true, .max_connections = 10};
        struct prank prank = {kill_server, PHASE_MEASURE, false};
        struct err err = {0};
        struct trial_result r;
        assert_true(cluster_open(&options, &doomed, &err));
        struct drive_case c = {.text = "transactions:\n  one: { weight: 1, sql: SELECT 1 }\n",
                               .target = cluster_target(doomed),
                               .rate_tps = 100,
                               .pool = {.acquire_timeout_ns = 200 * NS_PER_MS, .connect_each = refusing},
                               .duration_ns = 9 * NS_PER_S,
                               .update = on_update,
                               .user = &prank};
        drive(&c, &r);
        const struct transaction_result *t = &r.transactions[0];
        assert_true(prank.done);
        assert_int_equal(r.scheduled, t->ok + t->failed + t->timed_out + t->censored);
        if (refusing)
            assert_true(errors_of(&r, sqlstate_parse("08001")) > 100);
        else
            assert_true(!r.complete && t->timed_out > 100);
        trial_result_deinit(&r);
        cluster_close(doomed);
    }
}

static void test_server_that_goes_while_warming_up(void **state)
{
    (void)state;
    struct cluster_options options = {.fast_unsafe = true, .max_connections = 10};
    struct prank prank = {kill_server, PHASE_WARMUP, false};
    struct err err = {0};
    struct trial_result r;
    assert_true(cluster_open(&options, &doomed, &err));
    struct drive_case c = {.text = "transactions:\n  one: { weight: 1, sql: SELECT 1 }\n",
                           .target = cluster_target(doomed),
                           .warmup_ns = 60 * NS_PER_S,
                           .update = on_update,
                           .user = &prank};
    assert_false(drive_case(&c, &r, &err));
    assert_int_equal(err.kind, ERR_SERVER);
    trial_result_deinit(&r);
    cluster_close(doomed);
}

static void shoot_who_prepares(void *user, const struct progress *progress)
{
    (void)progress;
    *(int64_t *)user += test_int(test_db(), "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                            "WHERE application_name = 'driver test' AND wait_event_type = 'Lock'");
}

/* A server that goes just then is not a mistake in the statement. */
static void test_shot_while_preparing(void **state)
{
    (void)state;
    struct err err = {0};
    struct trial_result r;
    int64_t shots = 0;
    struct db *locker = test_db_open();
    test_exec(test_db(), "CREATE TABLE locked (id int)");
    test_exec(locker, "BEGIN; LOCK TABLE locked"); /* preparing waits for it */
    struct drive_case c = {.text = "transactions:\n  one: { weight: 1, sql: SELECT * FROM locked }\n",
                           .protocol = PROTOCOL_PREPARED,
                           .update = shoot_who_prepares,
                           .user = &shots};
    assert_false(drive_case(&c, &r, &err));
    assert_true(shots > 0);
    assert_int_equal(err.kind, ERR_SERVER);
    trial_result_deinit(&r);
    db_close(locker);
    test_exec(test_db(), "DROP TABLE locked");
}

static void expect_all_fail(const char *text, const char *code, const char *message)
{
    struct drive_case c = {.text = text, .protocol = PROTOCOL_PREPARED};
    struct trial_result r;
    drive(&c, &r);
    const struct transaction_result *t = &r.transactions[0];
    assert_true(r.complete && t->ok == 0 && t->failed > 0);
    assert_int_equal(errors_of(&r, sqlstate_parse(code)), t->failed);
    if (!strstr(r.first_error, message))
        fail_msg("%s", r.first_error);
    trial_result_deinit(&r);
}

static void test_statement_timeout(void **state)
{
    (void)state;
    expect_all_fail("session: { statement_timeout: 10ms }\n"
                    "transactions:\n  slow: { weight: 1, steps: [ { sql: SELECT 1 }, { sql: SELECT pg_sleep(5) } ] }\n",
                    "57014", "statement timeout");
}

static void test_read_only(void **state)
{
    (void)state;
    expect_all_fail("session: { default_transaction_read_only: on }\n"
                    "transactions:\n  write: { weight: 1, sql: UPDATE kv SET v = 1 }\n",
                    "25006", "read-only");
}

static void test_copy_is_not_a_hang(void **state)
{
    (void)state;
    struct drive_case c = {.text = "transactions:\n  copy: { weight: 1, sql: /* hidden */ COPY kv FROM STDIN }\n",
                           .connections = 1};
    struct trial_result r;
    drive(&c, &r);
    assert_true(r.transactions[0].ok == 0 && r.transactions[0].failed > 0);
    trial_result_deinit(&r);
}

static void test_too_many_connections(void **state)
{
    (void)state;
    struct cluster_options options = {.fast_unsafe = true, .max_connections = 10};
    struct err err = {0};
    struct trial_result r;
    char reached[64];
    assert_true(cluster_open(&options, &doomed, &err));
    struct drive_case c = {.text = "transactions:\n  one: { weight: 1, sql: SELECT 1 }\n",
                           .target = cluster_target(doomed),
                           .connections = 250};
    assert_false(drive_case(&c, &r, &err));
    assert_int_equal(err.kind, ERR_SERVER);
    snprintf(reached, sizeof reached, "of %d connections could be opened", c.connections);
    assert_non_null(strstr(err.text, reached));
    assert_non_null(strstr(err.text, "max_connections"));
    assert_non_null(strstr(err.text, "--pool"));
    trial_result_deinit(&r);
    cluster_close(doomed);
}

static void test_refused(void **state)
{
    (void)state;
    const struct target nowhere = {.host = "/nonexistent-folder", .port = "1"};
    struct drive_case c = {.text = LOOKUP, .target = &nowhere};
    struct err err = {0};
    struct trial_result r;
    assert_false(drive_case(&c, &r, &err));
    assert_int_equal(err.kind, ERR_SERVER);
    assert_non_null(strstr(err.text, "/nonexistent-folder"));
    trial_result_deinit(&r);
}

/* Something listens and never says a word. */
static void test_no_answer(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char dbname[64];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    snprintf(dbname, sizeof dbname, "host=127.0.0.1 port=%d connect_timeout=2", ntohs(address.sin_port));
    const struct target silent = {.dbname = dbname};
    struct drive_case c = {.text = LOOKUP, .target = &silent};
    struct err err = {0};
    struct trial_result r;
    int64_t from = clock_now_ns();
    assert_false(drive_case(&c, &r, &err));
    assert_in_range(clock_now_ns() - from, 2 * NS_PER_S, 4 * NS_PER_S);
    assert_int_equal(err.kind, ERR_SERVER);
    assert_non_null(strstr(err.text, "cannot connect: no answer within 2 s"));
    assert_non_null(strstr(err.text, "connect_timeout"));
    trial_result_deinit(&r);
    close(fd);
}

static void test_statement_that_cannot_be_prepared(void **state)
{
    (void)state;
    struct drive_case c = {.text = "transactions:\n  bad:\n    weight: 1\n    sql: SELECT nothing FROM kv\n",
                           .protocol = PROTOCOL_PREPARED};
    struct err err = {0};
    struct trial_result r;
    assert_false(drive_case(&c, &r, &err));
    assert_non_null(strstr(err.where, ":6"));
    assert_non_null(strstr(err.text, "column \"nothing\" does not exist"));
    assert_non_null(strstr(err.text, "SELECT nothing FROM kv"));
    trial_result_deinit(&r);
}

static void test_bad_setting(void **state)
{
    (void)state;
    struct drive_case c = {.text = "session: { work_mem: lots }\ntransactions:\n  one: { weight: 1, sql: SELECT 1 }\n"};
    struct err err = {0};
    struct trial_result r;
    assert_false(drive_case(&c, &r, &err));
    assert_non_null(strstr(err.text, "work_mem"));
    trial_result_deinit(&r);
}

static void test_stop_in_the_window(void **state)
{
    (void)state;
    struct prank prank = {interrupt, PHASE_MEASURE, false};
    struct drive_case c = {.text = LOOKUP, .duration_ns = 60 * NS_PER_S, .update = on_update, .user = &prank};
    struct trial_result r;
    int64_t from = clock_now_ns();
    drive(&c, &r);
    assert_true(clock_now_ns() - from < 5 * NS_PER_S);
    assert_true(!r.complete && r.transactions[0].ok > 0 && r.transactions[0].failed == 0);
    assert_true(r.duration_ns > 40 * NS_PER_MS && r.duration_ns < 3 * NS_PER_S);
    double tps = (double)r.transactions[0].ok / (double)r.duration_ns, busy = r.transactions[0].response->sum;
    assert_true(tps > 0 && busy / (double)r.duration_ns > 1.5 && busy / (double)r.duration_ns < 2.5);
    trial_result_deinit(&r);
}

static void test_stop_before_the_window(void **state)
{
    (void)state;
    struct prank prank = {interrupt, PHASE_WARMUP, false};
    struct drive_case c = {.text = LOOKUP, .warmup_ns = 60 * NS_PER_S, .update = on_update, .user = &prank};
    struct err err = {0};
    struct trial_result r;
    assert_false(drive_case(&c, &r, &err));
    assert_int_equal(err.kind, ERR_STOPPED);
    trial_result_deinit(&r);
}

/* What outlasts the drain is counted, with its time so far, and does not go on on the server. */
static void test_drain_censors_and_cancels(void **state)
{
    (void)state;
    struct prank prank = {make_slow_and_interrupt, PHASE_MEASURE, false};
    struct drive_case c = {.text = FLAGGED, .duration_ns = 60 * NS_PER_S, .update = on_update, .user = &prank};
    struct trial_result r;
    drive(&c, &r);
    const struct transaction_result *t = &r.transactions[0];
    assert_true(prank.done && !r.complete && t->ok > 0);
    assert_int_equal(t->censored, 2);
    assert_int_equal(t->response->total, t->ok + t->failed + t->censored);
    assert_true(t->response->max > 2 * NS_PER_S);
    stop_reset(); /* else test_db() would stop too */
    int64_t left = 1;
    for (int i = 0; i < 400 && left > 0; i++, usleep(5000))
        left = test_int(test_db(), "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'driver test'");
    assert_int_equal(left, 0);
    trial_result_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_terminated_backends_come_back, forget_stop),
        cmocka_unit_test(test_server_gone_for_good),
        cmocka_unit_test(test_server_gone_for_good_with_a_rate),
        cmocka_unit_test(test_server_that_goes_while_warming_up),
        cmocka_unit_test(test_shot_while_preparing),
        cmocka_unit_test(test_statement_timeout),
        cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_copy_is_not_a_hang),
        cmocka_unit_test(test_too_many_connections),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_statement_that_cannot_be_prepared),
        cmocka_unit_test(test_bad_setting),
        cmocka_unit_test_teardown(test_stop_in_the_window, forget_stop),
        cmocka_unit_test_teardown(test_stop_before_the_window, forget_stop),
        cmocka_unit_test_teardown(test_drain_censors_and_cancels, forget_stop),
    };
    return cmocka_run_group_tests(tests, setup, test_server_stop);
}

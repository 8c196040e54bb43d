/* The asynchronous connection by itself, with poll() as its loop. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pg/conn.h"
#include "support/server.h"

enum {
    BIG = 20 * 1000 * 1000
};

static void wait_for(struct conn *conn)
{
    struct pollfd fd = {.fd = conn_socket(conn)};
    fd.events = (short)((conn->want & CONN_WANT_READ ? POLLIN : 0) | (conn->want & CONN_WANT_WRITE ? POLLOUT : 0));
    assert_true(poll(&fd, 1, 20000) > 0);
}

static enum conn_status connect_to(struct conn *conn, const struct target *target)
{
    enum conn_status status = conn_open(conn, target, "conn test");
    while (status == CONN_PENDING) {
        wait_for(conn);
        status = conn_connect(conn);
    }
    return status;
}

static enum conn_status reply(struct conn *conn)
{
    enum conn_status status;
    do {
        wait_for(conn);
        status = conn_receive(conn);
    } while (status == CONN_PENDING);
    return status;
}

static int open_conn(void **state)
{
    static struct conn conn;
    *state = &conn;
    return connect_to(&conn, cluster_target(test_cluster())) == CONN_DONE ? 0 : -1;
}

static int close_conn(void **state)
{
    conn_close(*state);
    conn_close(*state); /* closing a closed one is fine */
    return 0;
}

static void test_rows_and_errors(void **state)
{
    struct conn *conn = *state;
    char buf[256];
    const char *params[] = {"41", NULL};
    assert_true(conn_send_params(conn, "SELECT $1::int + 1, $2::text", 2, params));
    assert_int_equal(reply(conn), CONN_DONE);
    assert_false(conn->failed);
    assert_string_equal(PQgetvalue(conn->result, 0, 0), "42");
    assert_true(PQgetisnull(conn->result, 0, 1));
    assert_true(conn_send_query(conn, "SELECT 1/0"));
    assert_int_equal(reply(conn), CONN_DONE);
    assert_true(conn->failed);
    assert_true(conn->code == SQLSTATE('2', '2', '0', '1', '2'));
    assert_string_equal(conn_error(conn, buf, sizeof buf), "division by zero");
    assert_true(conn_send_prepare(conn, "p", "SELECT $1::text"));
    assert_int_equal(reply(conn), CONN_DONE);
    assert_false(conn->failed);
    assert_null(conn->result);
    assert_true(conn_send_prepared(conn, "p", 1, params));
    assert_int_equal(reply(conn), CONN_DONE);
    assert_string_equal(PQgetvalue(conn->result, 0, 0), "41");
}

static void test_blocks_are_seen(void **state)
{
    struct conn *conn = *state;
    assert_false(conn_in_transaction(conn));
    assert_true(conn_send_query(conn, "BEGIN"));
    assert_int_equal(reply(conn), CONN_DONE);
    assert_true(conn_in_transaction(conn));
    assert_true(conn_send_query(conn, "SELECT nothing"));
    assert_int_equal(reply(conn), CONN_DONE);
    assert_true(conn->failed && conn_in_transaction(conn));
    assert_true(conn_send_query(conn, "ROLLBACK"));
    assert_int_equal(reply(conn), CONN_DONE);
    assert_false(conn->failed || conn_in_transaction(conn));
}

/* Far more than a socket buffer both ways: neither side may wait for the other for ever. */
static void test_large_request_and_reply(void **state)
{
    struct conn *conn = *state;
    char *big = malloc(BIG + 1);
    assert_non_null(big);
    memset(big, 'x', BIG);
    big[BIG] = '\0';
    const char *params[] = {big};
    assert_true(conn_send_params(conn, "SELECT $1::text, length($1)", 1, params));
    assert_true(conn->want & CONN_WANT_WRITE);
    assert_int_equal(reply(conn), CONN_DONE);
    assert_false(conn->want & CONN_WANT_WRITE);
    assert_int_equal(PQgetlength(conn->result, 0, 0), BIG);
    assert_int_equal(atoi(PQgetvalue(conn->result, 0, 1)), BIG);
    free(big);
}

static void test_notices_are_silent_and_first_error_kept(void **state)
{
    struct conn *conn = *state;
    assert_true(conn_send_query(conn, "DO $$ BEGIN RAISE WARNING 'heard'; END $$; SELECT 1/0; SELECT 2"));
    assert_int_equal(reply(conn), CONN_DONE);
    assert_true(conn->failed && conn->code == SQLSTATE('2', '2', '0', '1', '2'));
}

static void test_lost_in_the_middle(void **state)
{
    struct conn *conn = *state;
    char buf[256];
    assert_true(conn_send_query(conn, "SELECT pg_terminate_backend(pg_backend_pid())"));
    assert_int_equal(reply(conn), CONN_LOST);
    assert_true(conn->failed && conn->code == SQLSTATE_ADMIN_SHUTDOWN);
    assert_non_null(strstr(conn_error(conn, buf, sizeof buf), "terminating connection"));
}

static void test_lost_while_idle(void **state)
{
    struct conn *conn = *state;
    char sql[64];
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d)::int", PQbackendPID(conn->pg));
    test_int(test_db(), sql);
    assert_int_equal(reply(conn), CONN_LOST);
}

static void test_hung_up_cannot_send(void **state)
{
    struct conn *conn = *state;
    conn->hung_up = true;
    assert_false(conn_send_query(conn, "SELECT 1"));
    assert_true(conn->failed);
}

static void test_cancel(void **state)
{
    struct conn *conn = *state;
    assert_true(conn_send_query(conn, "SELECT pg_sleep(60)"));
    /* A server that has not begun ignores the request. */
    int64_t sleeping = 0;
    for (int i = 0; i < 2000 && !sleeping; i++, usleep(5000))
        sleeping = test_int(test_db(), "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
    assert_true(sleeping);
    query_cancel(&conn->pg, 1);
    assert_int_equal(reply(conn), CONN_DONE);
    assert_true(conn->code == SQLSTATE_QUERY_CANCELED);
}

static void test_copy_loses_the_connection(void **state)
{
    struct conn *conn = *state;
    assert_true(conn_send_query(conn, "COPY pg_class TO STDOUT"));
    assert_int_equal(reply(conn), CONN_LOST);
}

static void test_refusals_carry_their_code(void **state)
{
    (void)state;
    struct target target = *cluster_target(test_cluster());
    struct conn conn;
    char buf[512];
    target.database = "no_such_database";
    assert_int_equal(connect_to(&conn, &target), CONN_LOST);
    assert_true(conn.code == SQLSTATE('3', 'D', '0', '0', '0'));
    const char *text = conn_error(&conn, buf, sizeof buf);
    assert_non_null(strstr(text, "\"no_such_database\" does not exist"));
    assert_null(strstr(text, "LOCATION"));
    conn_close(&conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_and_errors, open_conn, close_conn),
        cmocka_unit_test_setup_teardown(test_blocks_are_seen, open_conn, close_conn),
        cmocka_unit_test_setup_teardown(test_large_request_and_reply, open_conn, close_conn),
        cmocka_unit_test_setup_teardown(test_notices_are_silent_and_first_error_kept, open_conn, close_conn),
        cmocka_unit_test_setup_teardown(test_lost_in_the_middle, open_conn, close_conn),
        cmocka_unit_test_setup_teardown(test_lost_while_idle, open_conn, close_conn),
        cmocka_unit_test_setup_teardown(test_hung_up_cannot_send, open_conn, close_conn),
        cmocka_unit_test_setup_teardown(test_cancel, open_conn, close_conn),
        cmocka_unit_test_setup_teardown(test_copy_loses_the_connection, open_conn, close_conn),
        cmocka_unit_test(test_refusals_carry_their_code),
    };
    return cmocka_run_group_tests(tests, test_server_start, test_server_stop);
}

/* The asynchronous connection by itself, with poll() as its loop. */
#include <poll.h>
#include <stdio.h>
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

static void test_rows_are_copied_in(void **state)
{
    struct conn *conn = *state;
    char row[64];
    assert_true(conn_send_query(conn, "CREATE TEMP TABLE copied (id int PRIMARY KEY, t text)"));
    assert_int_equal(reply(conn), CONN_DONE);
    assert_true(conn_send_copy(conn, "COPY copied FROM STDIN"));
    assert_int_equal(reply(conn), CONN_COPY_IN);
    for (int i = 0; i < 200000; i++) {
        assert_true(conn_copy_put(conn, row, (size_t)snprintf(row, sizeof row, "%d\tsome text to fill a socket\n", i)));
        if (conn->want & CONN_WANT_WRITE) /* told when it is out */
            assert_int_equal(reply(conn), CONN_COPY_IN);
    }
    assert_true(conn_copy_end(conn, NULL));
    assert_int_equal(reply(conn), CONN_DONE);
    assert_false(conn->failed);
    assert_true(conn_send_query(conn, "SELECT count(*) FROM copied"));
    assert_int_equal(reply(conn), CONN_DONE);
    assert_string_equal(PQgetvalue(conn->result, 0, 0), "200000");
    assert_true(conn_send_query(conn, "COPY copied FROM STDIN")); /* nobody would send the rows */
    assert_int_equal(reply(conn), CONN_LOST);
}

static void test_a_copy_that_fails(void **state)
{
    struct conn *conn = *state;
    static const char *const whys[] = {NULL, "none can be made"};
    assert_true(conn_send_query(conn, "CREATE TEMP TABLE failing (id int)"));
    assert_int_equal(reply(conn), CONN_DONE);
    for (int i = 0; i < 2; i++) {
        assert_true(conn_send_copy(conn, "COPY failing FROM STDIN"));
        assert_int_equal(reply(conn), CONN_COPY_IN);
        assert_true(conn_copy_put(conn, "1\n", 2) && conn_copy_put(conn, i ? "2\n" : "x\n", 2));
        assert_true(conn_copy_end(conn, whys[i]));
        assert_int_equal(reply(conn), CONN_DONE);
        assert_true(conn->failed);
        assert_true(conn->code == (i ? SQLSTATE('5', '7', '0', '1', '4') : SQLSTATE('2', '2', 'P', '0', '2')));
    }
    assert_true(conn_send_copy(conn, "COPY nowhere FROM STDIN"));
    assert_int_equal(reply(conn), CONN_DONE);
    assert_true(conn->failed && !conn->copying);
    assert_true(conn_send_query(conn, "SELECT count(*) FROM failing"));
    assert_int_equal(reply(conn), CONN_DONE);
    assert_string_equal(PQgetvalue(conn->result, 0, 0), "0");
}

static enum conn_status next(struct conn *conn)
{
    enum conn_status status = conn_next(conn);
    return status == CONN_PENDING ? reply(conn) : status;
}

static void test_a_pipeline_answers_one_by_one(void **state)
{
    struct conn *conn = *state;
    const char *params[] = {"7"};
    assert_true(conn_pipeline_begin(conn));
    assert_true(conn_send_params(conn, "BEGIN", 0, NULL) && conn_send_params(conn, "SELECT $1::int", 1, params));
    assert_true(conn_flush(conn));
    assert_int_equal(reply(conn), CONN_ANSWER);
    assert_int_equal(next(conn), CONN_ANSWER);
    assert_string_equal(PQgetvalue(conn->result, 0, 0), "7");
    assert_int_equal(next(conn), CONN_DONE);
    assert_true(conn_send_params(conn, "SELECT 8", 0, NULL) && conn_send_params(conn, "COMMIT", 0, NULL));
    assert_true(conn_sync(conn));
    assert_int_equal(reply(conn), CONN_ANSWER);
    PGresult *rows = conn_take_rows(conn);
    assert_string_equal(PQgetvalue(rows, 0, 0), "8");
    assert_int_equal(next(conn), CONN_ANSWER);
    assert_int_equal(conn->tag, CONN_TAG_COMMIT);
    assert_int_equal(next(conn), CONN_ANSWER);
    assert_true(conn->synced);
    assert_int_equal(next(conn), CONN_DONE);
    assert_false(conn_in_transaction(conn));
    assert_true(conn_pipeline_end(conn));
    assert_string_equal(PQgetvalue(rows, 0, 0), "8"); /* ours */
    PQclear(rows);
    assert_true(conn_send_query(conn, "SELECT 9"));
    assert_int_equal(reply(conn), CONN_DONE);
}

static void test_a_failure_skips_the_rest_of_a_pipeline(void **state)
{
    struct conn *conn = *state;
    char buf[256];
    assert_true(conn_pipeline_begin(conn));
    for (int i = 0; i < 3; i++)
        assert_true(conn_send_params(conn, i == 1 ? "SELECT 1/0" : "SELECT 1", 0, NULL));
    assert_true(conn_sync(conn) && conn_send_params(conn, "SELECT 2", 0, NULL) && conn_sync(conn));
    assert_int_equal(reply(conn), CONN_ANSWER);
    assert_false(conn->failed || conn->aborted);
    assert_int_equal(next(conn), CONN_ANSWER);
    assert_true(conn->failed);
    assert_string_equal(conn_error(conn, buf, sizeof buf), "division by zero");
    assert_int_equal(next(conn), CONN_ANSWER);
    assert_true(conn->aborted && !conn->failed);
    assert_int_equal(next(conn), CONN_ANSWER);
    assert_true(conn->synced);
    assert_int_equal(next(conn), CONN_ANSWER);
    assert_string_equal(PQgetvalue(conn->result, 0, 0), "2");
    assert_int_equal(next(conn), CONN_ANSWER);
    assert_int_equal(next(conn), CONN_DONE);
    assert_true(conn_pipeline_end(conn));
}

static void test_lost_in_a_pipeline(void **state)
{
    struct conn *conn = *state;
    assert_true(conn_pipeline_begin(conn));
    assert_true(conn_send_params(conn, "SELECT 1", 0, NULL));
    assert_true(conn_send_params(conn, "SELECT pg_terminate_backend(pg_backend_pid())", 0, NULL));
    assert_true(conn_send_params(conn, "SELECT 2", 0, NULL) && conn_sync(conn));
    assert_int_equal(reply(conn), CONN_ANSWER);
    enum conn_status status = next(conn);
    while (status == CONN_ANSWER) /* some versions tell of the end as an answer first */
        status = next(conn);
    assert_int_equal(status, CONN_LOST);
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
        cmocka_unit_test_setup_teardown(test_rows_are_copied_in, open_conn, close_conn),
        cmocka_unit_test_setup_teardown(test_a_copy_that_fails, open_conn, close_conn),
        cmocka_unit_test_setup_teardown(test_a_pipeline_answers_one_by_one, open_conn, close_conn),
        cmocka_unit_test_setup_teardown(test_a_failure_skips_the_rest_of_a_pipeline, open_conn, close_conn),
        cmocka_unit_test_setup_teardown(test_lost_in_a_pipeline, open_conn, close_conn),
        cmocka_unit_test(test_refusals_carry_their_code),
    };
    return cmocka_run_group_tests(tests, test_server_start, test_server_stop);
}

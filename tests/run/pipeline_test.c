/* Pipelines on a real server: how many round trips they take, what is counted, and what a failure leaves behind. */
#include "support/relay.h"
#include "totals.h"

enum {
    CONNECTIONS = 3,
    TO_CONNECT = 3 /* round trips: the start-up packet, the session's settings, and the farewell */
};

static struct relay relay;

static int setup(void **state)
{
    if (test_server_start(state) != 0)
        return -1;
    test_exec(test_db(),
              "CREATE TABLE kv (id int PRIMARY KEY, v int NOT NULL);"
              "INSERT INTO kv SELECT i, 0 FROM generate_series(1, 100) i;"
              "CREATE TABLE log (a bigint, b bigint);"
              "CREATE SEQUENCE tries;"
              "CREATE FUNCTION now_and_then() RETURNS int LANGUAGE plpgsql AS $$ BEGIN "
              "IF nextval('tries') % 2 = 1 THEN RAISE EXCEPTION 'try again' USING ERRCODE = '40001'; END IF; "
              "RETURN 1; END $$");
    relay_start(&relay, cluster_target(test_cluster()));
    return 0;
}

static int teardown(void **state)
{
    relay_stop(&relay);
    return test_server_stop(state);
}

static int empty(void **state)
{
    (void)state;
    test_exec(test_db(), "TRUNCATE log; UPDATE kv SET v = 0");
    return 0;
}

/* --- Round trips -------------------------------------------------------------------------------------------------- */

/* One transaction of `n_statements` statements takes `wanted` round trips, no more and no less. */
static void check_round_trips(const char *body, int n_statements, int wanted)
{
    for (int protocol = PROTOCOL_EXTENDED; protocol < PROTOCOL_COUNT; protocol++) {
        char text[2048];
        snprintf(text, sizeof text, "transactions:\n  one:\n%s", body);
        struct drive_case c = {.text = text,
                               .target = &relay.target,
                               .connections = CONNECTIONS,
                               .protocol = (enum protocol)protocol,
                               .duration_ns = 200 * NS_PER_MS};
        struct trial_result r;
        relay.round_trips = relay.connections = 0;
        drive(&c, &r);
        relay_settle(&relay);
        if (r.transactions[0].failed > 0)
            fail_msg("%s", r.first_error);
        int prepared = protocol == PROTOCOL_PREPARED ? n_statements : 0;
        assert_int_equal(relay.connections, CONNECTIONS);
        assert_int_equal(relay.round_trips,
                         CONNECTIONS * (TO_CONNECT + prepared) + wanted * r.transactions[0].trial_ok);
        assert_int_equal(r.transactions[0].statements[0].count, r.transactions[0].ok);
        trial_result_deinit(&r);
    }
}

#define THREE                                                                                                          \
    "      - sql: UPDATE kv SET v = v + 1 WHERE id = :id\n"                                                            \
    "      - sql: SELECT v FROM kv WHERE id = :id\n"                                                                   \
    "      - sql: INSERT INTO log VALUES (:id, 1)\n"
#define LET "    let: { id: \"random(1, 100)\" }\n"

static void test_a_transaction_is_one_round_trip(void **state)
{
    (void)state;
    check_round_trips("    pipeline: true\n" LET "    steps:\n" THREE, 3, 1);
    /* beside: BEGIN, three, COMMIT */
    check_round_trips(LET "    steps:\n" THREE, 3, 5);
}

static void test_rows_that_are_needed_are_waited_for(void **state)
{
    (void)state;
    check_round_trips("    pipeline: true\n" LET "    steps:\n"
                      "      - sql: UPDATE kv SET v = v + 1 WHERE id = :id\n"
                      "      - { sql: SELECT v FROM kv WHERE id = :id, into: [v] }\n"
                      "      - sql: INSERT INTO log VALUES (:id, :v)\n"
                      "      - sql: SELECT 1\n",
                      4, 2);
    check_round_trips("    pipeline: true\n    steps:\n"
                      "      - sql: SELECT id FROM kv WHERE id <= 5 ORDER BY id\n"
                      "        each: { as: [k], do: [ { sql: \"UPDATE kv SET v = v + 1 WHERE id = :k\" } ] }\n",
                      2, 2);
}

static void test_a_sleep_waits_for_answers(void **state)
{
    (void)state;
    check_round_trips("    pipeline: true\n" LET "    steps:\n" THREE "      - sleep: 3ms\n      - sql: SELECT 1\n", 4,
                      2);
}

/* No more than RUNNER_PIPELINE are under way, BEGIN and COMMIT among them. */
static void test_long_pipelines_wait_now_and_then(void **state)
{
    (void)state;
    check_round_trips("    pipeline: true\n    steps:\n"
                      "      - sql: SELECT 1\n"
                      "      - repeat: { times: 600, do: [ { sql: INSERT INTO log VALUES (1) } ] }\n",
                      2, 3);
}

/* --- What is counted ---------------------------------------------------------------------------------------------- */

static void test_results_are_those_without(void **state)
{
    (void)state;
    struct drive_case c = {.text = "transactions:\n"
                                   "  one:\n"
                                   "    pipeline: true\n" LET "    steps:\n" THREE
                                   "      - { sql: \"SELECT v, :id::int FROM kv WHERE id = :id\", into: [v, same] }\n"
                                   "      - if: \":v > 0 and :same = :id\"\n"
                                   "        then: [ { sql: \"INSERT INTO log VALUES (:id, 2)\" } ]\n",
                           .protocol = PROTOCOL_PREPARED};
    struct trial_result r;
    struct dist_summary first, fifth, service;
    drive(&c, &r);
    const struct transaction_result *t = &r.transactions[0];
    assert_true(t->ok > 0 && t->failed == 0);
    assert_int_equal(test_int(test_db(), "SELECT sum(v) FROM kv"), t->trial_ok);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE b = 1"), t->trial_ok);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE b = 2"), t->trial_ok);
    for (int s = 0; s < 5; s++)
        assert_int_equal(t->statements[s].count, t->ok);
    /* A statement's time begins with its pipeline. */
    hist_summary(t->statements[0].service, &first);
    hist_summary(t->statements[4].service, &fifth);
    hist_summary(t->service, &service);
    assert_true(first.mean > 0 && fifth.mean > 0 && first.mean + fifth.mean <= service.mean * 1.01);
    trial_result_deinit(&r);
}

/* measurement.md section 1: t_sent is before the first byte is handed to libpq, in a pipeline as without one. What the
 * client does between its statements is service, not pgdyno's being late. */
static void test_service_begins_with_the_first_statement(void **state)
{
    (void)state;
    struct drive_case c = {.text = "transactions:\n"
                                   "  slow:\n"
                                   "    pipeline: true\n"
                                   "    steps:\n"
                                   "      - sql: SELECT 1\n"
                                   "      - repeat: { times: 900, do: [ { set: { x: \"letters(900, 1000)\" } } ] }\n"
                                   "      - sql: SELECT 2\n",
                           .connections = 1,
                           .protocol = PROTOCOL_PREPARED};
    struct trial_result r;
    struct dist_summary service;
    drive(&c, &r);
    assert_true(r.transactions[0].ok > 0 && r.transactions[0].failed == 0);
    hist_summary(r.transactions[0].service, &service);
    assert_true(r.harness_lag.p50 < service.p50 / 4);
    trial_result_deinit(&r);
}

/* --- Failures ----------------------------------------------------------------------------------------------------- */

static void test_the_first_failure_is_the_cause(void **state)
{
    (void)state;
    struct drive_case c = {.text = "transactions:\n"
                                   "  bad:\n"
                                   "    pipeline: true\n"
                                   "    steps:\n"
                                   "      - sql: INSERT INTO log VALUES (1)\n"
                                   "      - sql: SELECT 1 / (count(*) - 1) FROM log\n"
                                   "      - sql: SELECT 1 / 0\n"
                                   "      - sql: INSERT INTO log VALUES (2)\n"
                                   "  none:\n"
                                   "    pipeline: true\n"
                                   "    steps:\n"
                                   "      - sql: INSERT INTO log VALUES (3)\n"
                                   "      - { sql: SELECT v FROM kv WHERE id = -1, into: [v] }\n"
                                   "  ours:\n"
                                   "    pipeline: true\n"
                                   "    let: { z: \"0 * random(1, 2)\" }\n"
                                   "    steps:\n"
                                   "      - sql: INSERT INTO log VALUES (4)\n"
                                   "      - set: { x: \"1 / :z\" }\n"
                                   "      - sql: INSERT INTO log VALUES (:x)\n"
                                   "  fine: { sql: SELECT 1 }\n",
                           .connections = 1,
                           .protocol = PROTOCOL_PREPARED};
    struct trial_result r;
    drive(&c, &r);
    for (int t = 0; t < 3; t++)
        assert_true(r.transactions[t].ok == 0 && r.transactions[t].failed > 0);
    assert_true(r.transactions[3].ok > 0 && r.transactions[3].failed == 0);
    assert_int_equal(errors_of(&r, SQLSTATE_OF("22012")), r.transactions[0].failed);
    assert_int_equal(errors_of(&r, SQLSTATE_OF("P0002")), r.transactions[1].failed);
    assert_int_equal(errors_of(&r, SQLSTATE_OF("22000")), r.transactions[2].failed);
    assert_int_equal(r.n_errors, 3);
    assert_int_equal(r.transactions[0].statements[0].count, r.transactions[0].failed);
    assert_int_equal(r.transactions[0].statements[2].count, 0);
    assert_int_equal(r.reconnects, 0);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log"), 0);
    trial_result_deinit(&r);
}

/* Under serializable much fails, at statements and at COMMIT; each success counts once in the table. */
static void test_transient_failures_are_tried_again(void **state)
{
    (void)state;
    struct drive_case c = {.text = "transactions:\n"
                                   "  hot:\n"
                                   "    pipeline: true\n"
                                   "    let: { id: \"random(1, 2)\", other: \"3 - :id\" }\n"
                                   "    steps:\n"
                                   "      - { sql: SELECT v FROM kv WHERE id = :other, into: [v] }\n"
                                   "      - sql: UPDATE kv SET v = v + 1 WHERE id = :id\n"
                                   "      - sql: INSERT INTO log VALUES (:id, :v)\n"
                                   "  refused:\n"
                                   "    pipeline: true\n"
                                   "    steps:\n"
                                   "      - sql: INSERT INTO log VALUES (3, 3)\n"
                                   "      - sql: SELECT now_and_then()\n"
                                   "      - sql: SELECT 1\n",
                           .connections = 4,
                           .isolation = ISOLATION_SERIALIZABLE,
                           .protocol = PROTOCOL_PREPARED,
                           .duration_ns = 600 * NS_PER_MS,
                           .drain_ns = 10 * NS_PER_S};
    struct trial_result r;
    drive(&c, &r);
    assert_true(r.transactions[0].ok > 0 && r.transactions[0].retries > 0 && r.transactions[1].retries > 0);
    assert_int_equal(r.transactions[0].censored + r.transactions[1].censored, 0);
    assert_int_equal(test_int(test_db(), "SELECT sum(v) FROM kv"), r.transactions[0].trial_ok);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE a < 3"), r.transactions[0].trial_ok);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE a = 3"), r.transactions[1].trial_ok);
    trial_result_deinit(&r);
}

/* A rewrite with one statement keeps its transaction's pipeline, and is no block: what was refused must be sent again,
 * not passed over. */
static void test_a_lone_statement_is_sent_again(void **state)
{
    (void)state;
    struct drive_case c = {.text = "transactions:\n"
                                   "  refused:\n"
                                   "    pipeline: true\n"
                                   "    steps: [ { sql: SELECT 1 }, { sql: SELECT 2 } ]\n"
                                   "variants:\n"
                                   "  one: { transactions: { refused: { sql: \"INSERT INTO log SELECT 5, "
                                   "now_and_then()\" } } }\n",
                           .connections = 2,
                           .protocol = PROTOCOL_PREPARED};
    struct trial_result r;
    drive(&c, &r);
    assert_true(r.transactions[0].ok > 0 && r.transactions[0].retries > 0);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE a = 5"), r.transactions[0].trial_ok);
    assert_int_equal(r.transactions[0].statements[0].count, r.transactions[0].ok);
    trial_result_deinit(&r);
}

/* --- Scripts ------------------------------------------------------------------------------------------------------ */

static void write_script(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_true(file != NULL);
    fputs(text, file);
    fclose(file);
}

static void drive_script(const char *script, struct trial_result *out)
{
    char path[] = "/tmp/pgdyno-script-XXXXXX", text[256];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    write_script(path, script);
    snprintf(text, sizeof text, "transactions:\n  scripted: { script: %s }\n  fine: { sql: SELECT 1 }\n", path);
    struct drive_case c = {.text = text, .connections = 1, .protocol = PROTOCOL_PREPARED, .drain_ns = 5 * NS_PER_S};
    drive(&c, out);
    unlink(path);
    assert_true(out->complete && out->transactions[1].ok > 0);
    assert_int_equal(out->transactions[1].failed, 0);
    assert_int_equal(out->reconnects, 0);
}

static void test_a_script_starts_over(void **state)
{
    (void)state;
    struct trial_result r;
    drive_script("\\set a random(1, 1000000)\n"
                 "\\startpipeline\n"
                 "BEGIN;\n"
                 "\\set b random(1, 1000000)\n"
                 "INSERT INTO log VALUES (:a, :b);\n"
                 "\\set a :a + 1\n"
                 "SELECT now_and_then();\n"
                 "INSERT INTO log VALUES (:a - 1, :b);\n"
                 "END;\n"
                 "\\endpipeline\n",
                 &r);
    if (r.transactions[0].failed > 0)
        fail_msg("%s", r.first_error);
    assert_true(r.transactions[0].ok > 0 && r.transactions[0].retries > 0);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log"), 2 * r.transactions[0].trial_ok);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM (SELECT FROM log GROUP BY a, b HAVING count(*) % 2 = 0) "
                                         "x"),
                     test_int(test_db(), "SELECT count(DISTINCT (a, b)) FROM log"));
    trial_result_deinit(&r);
}

/* pgbench gives up the client; the server's transaction must not stay open for the next. */
static void test_open_ends_are_closed(void **state)
{
    (void)state;
    static const char *const scripts[] = {"BEGIN;\nINSERT INTO log VALUES (1);\n",
                                          "BEGIN;\nINSERT INTO log VALUES (1);\nSELECT 1 / (count(*) - 1) FROM log;\n",
                                          "\\startpipeline\nBEGIN;\nINSERT INTO log VALUES (1);\n\\endpipeline\n"};
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        struct trial_result r;
        empty(NULL);
        drive_script(scripts[i], &r);
        assert_true(r.transactions[0].ok == 0 && r.transactions[0].failed > 0);
        assert_int_equal(errors_of(&r, SQLSTATE_OF(i == 1 ? "22012" : "2D000")), r.transactions[0].failed);
        assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log"), 0);
        trial_result_deinit(&r);
    }
}

/* Truth kit T11: whatever a script does with transactions, we count what the server counts. */
static void test_totals_of_scripts_match_the_server(void **state)
{
    (void)state;
    struct trial_result r;
    struct totals before = totals_before("driver test");
    drive_script("\\set z random(0, 3)\n"
                 "SELECT 1;\n"
                 "BEGIN;\nINSERT INTO log VALUES (1);\nSAVEPOINT s;\nROLLBACK TO s;\nEND;\n"
                 "BEGIN;\nINSERT INTO log VALUES (2);\nROLLBACK;\n"
                 "COMMIT;\n"
                 "\\startpipeline\n"
                 "SELECT 2;\nSELECT 3;\n\\syncpipeline\n"
                 "BEGIN;\nINSERT INTO log VALUES (3);\nSAVEPOINT s;\nROLLBACK TO s;\nEND;\n"
                 "SELECT 4;\nSELECT 5;\n"
                 "\\endpipeline\n"
                 "\\startpipeline\nBEGIN;\nSELECT 6;\n\\syncpipeline\nINSERT INTO log VALUES (4);\n"
                 "SELECT 1 / :z;\nSELECT 7;\nEND;\n\\endpipeline\n"
                 "\\startpipeline\nINSERT INTO log VALUES (5);\nSELECT 1 / (:z - 1);\n\\endpipeline\n",
                 &r);
    totals_match(&before, "driver test", &r);
    assert_true(r.transactions[0].ok > 0 && r.transactions[0].failed > 0);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE a = 2"), 0);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE a = 5"), r.transactions[0].trial_ok);
    trial_result_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_transaction_is_one_round_trip, empty),
        cmocka_unit_test_setup(test_rows_that_are_needed_are_waited_for, empty),
        cmocka_unit_test_setup(test_a_sleep_waits_for_answers, empty),
        cmocka_unit_test_setup(test_long_pipelines_wait_now_and_then, empty),
        cmocka_unit_test_setup(test_results_are_those_without, empty),
        cmocka_unit_test_setup(test_service_begins_with_the_first_statement, empty),
        cmocka_unit_test_setup(test_the_first_failure_is_the_cause, empty),
        cmocka_unit_test_setup(test_transient_failures_are_tried_again, empty),
        cmocka_unit_test_setup(test_a_lone_statement_is_sent_again, empty),
        cmocka_unit_test_setup(test_a_script_starts_over, empty),
        cmocka_unit_test_setup(test_open_ends_are_closed, empty),
        cmocka_unit_test_setup(test_totals_of_scripts_match_the_server, empty),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

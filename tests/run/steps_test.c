/* Each kind of step on a real server: what it leaves there, what is counted, and what happens when it fails. */
#include <math.h>

#include "totals.h"

static int setup(void **state)
{
    if (test_server_start(state) != 0)
        return -1;
    test_exec(test_db(),
              "CREATE TABLE kv (id int PRIMARY KEY, v int NOT NULL, t text NOT NULL);"
              "INSERT INTO kv SELECT i, 0, repeat('x', i) FROM generate_series(1, 100) i;"
              "CREATE TABLE log (a bigint, b bigint, t text);"
              "CREATE TABLE once (id int PRIMARY KEY);"
              "CREATE SEQUENCE tries;"
              /* every second call is refused; a sequence keeps its value */
              "CREATE FUNCTION now_and_then() RETURNS int LANGUAGE plpgsql AS $$ BEGIN "
              "IF nextval('tries') % 2 = 1 THEN RAISE EXCEPTION 'try again' USING ERRCODE = '40001'; END IF; "
              "RETURN 1; END $$");
    return 0;
}

static int empty(void **state)
{
    (void)state;
    test_exec(test_db(), "TRUNCATE log, once; UPDATE kv SET v = 0");
    return 0;
}

static void check_all_ok(const struct trial_result *r)
{
    for (size_t t = 0; t < r->n_transactions; t++) {
        if (r->transactions[t].failed > 0)
            fail_msg("%s", r->first_error);
        assert_true(r->transactions[t].trial_ok > 0);
        assert_int_equal(r->transactions[t].censored, 0);
    }
    assert_true(r->complete);
}

/* --- Loops -------------------------------------------------------------------------------------------------------- */

static const char *const loops =
    "transactions:\n"
    "  loops:\n"
    "    steps:\n"
    "      - sql: SELECT id, t FROM kv WHERE id <= 3 ORDER BY id\n"
    "        each:\n"
    "          as: [k, name]\n"
    "          do:\n"
    "            - sql: SELECT id FROM kv WHERE id <= :k ORDER BY id\n"
    "              each:\n"
    "                as: [inner]\n"
    "                do: [ { sql: \"INSERT INTO log VALUES (:k, :inner, :name)\" } ]\n"
    "            - repeat: { times: \"numeric(:k, 1) - 1\", do: [ { sql: \"INSERT INTO log VALUES (-1, :k, "
    ":name)\" } ] }\n"
    "      - sql: SELECT id FROM kv WHERE id < 0\n"
    "        each: { as: [none], do: [ { sql: \"INSERT INTO log VALUES (-2, 0, '')\" } ] }\n"
    "      - repeat: { times: \"NULL\", do: [ { sql: \"INSERT INTO log VALUES (-2, 0, '')\" } ] "
    "}\n";

static void test_loops_walk(void **state)
{
    (void)state;
    for (int protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
        empty(NULL);
        struct drive_case c = {.text = loops, .protocol = (enum protocol)protocol};
        struct trial_result r;
        drive(&c, &r);
        check_all_ok(&r);
        int64_t n = r.transactions[0].trial_ok;
        assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE a > 0"), 6 * n);
        assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE a = 3 AND b = 2 AND t = 'xxx'"), n);
        assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE a = -1 AND t = repeat('x', b::int)"),
                         3 * n);
        assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE a = -2"), 0);
        /* each statement was counted as often as it ran */
        const struct statement_result *statements = r.transactions[0].statements;
        int64_t ok = r.transactions[0].ok;
        assert_int_equal(statements[0].count, ok);
        assert_int_equal(statements[1].count, 3 * ok);
        assert_int_equal(statements[2].count, 6 * ok);
        assert_int_equal(statements[4].count, ok);
        trial_result_deinit(&r);
    }
}

/* 64 kB of texts are made many times over; what the variables still hold survives. */
static void test_texts_of_many_rounds_fit(void **state)
{
    (void)state;
    struct drive_case c = {
        .text = "transactions:\n"
                "  texts:\n"
                "    let: { start: \"format('%s!', 'kept')\" }\n"
                "    steps:\n"
                "      - set: { n: 0, all: \"''\" }\n"
                "      - repeat:\n"
                "          times: 8000\n"
                "          do:\n"
                "            - set: { n: \":n + 1\", word: \"format('round %d', :n)\", same: \":word\" }\n"
                "      - sql: INSERT INTO log VALUES (:n, 0, :start || ' ' || :word || ' ' || :same)\n"
                "      - sql: SELECT repeat('long', 7000) FROM generate_series(1, 20)\n"
                "        each: { as: [long], do: [ { set: { n: \":n + 1\" } } ] }\n"
                "      - sql: INSERT INTO log VALUES (:n, 1, :start)\n"};
    struct trial_result r;
    drive(&c, &r);
    check_all_ok(&r);
    int64_t n = r.transactions[0].trial_ok;
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE a = 8000 AND t = 'kept! round 8000 round "
                                         "8000'"),
                     n);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE a = 8020 AND t = 'kept!'"), n);
    trial_result_deinit(&r);
}

/* Rounds without a server give way to the thread's loop: a trial of nothing else ends in time. */
static void test_endless_rounds_end(void **state)
{
    (void)state;
    struct drive_case c = {.text = "transactions:\n"
                                   "  endless:\n"
                                   "    steps:\n"
                                   "      - sql: SELECT 1\n"
                                   "      - repeat: { times: 1000000000, do: [ { set: { x: 1 } } ] }\n"
                                   "  short: { sql: SELECT 1 }\n",
                           .connections = 4,
                           .threads = 1,
                           .drain_ns = 200 * NS_PER_MS};
    struct trial_result r;
    int64_t before_ns = clock_now_ns();
    drive(&c, &r);
    assert_true(clock_now_ns() - before_ns < 20 * NS_PER_S);
    assert_true(r.complete);
    assert_int_equal(r.transactions[0].trial_ok, 0);
    trial_result_deinit(&r);
}

/* --- Variables ---------------------------------------------------------------------------------------------------- */

static const char *const repeated =
    "transactions:\n"
    "  again:\n"
    "    let: { a: \"random(1, 1000000)\", word: \"format('w%d', :a)\" }\n"
    "    steps:\n"
    "      - set: { b: \"random(1, 1000000)\", before: \":word\" }\n"
    "      - sql: INSERT INTO log VALUES (:a, :b, :before)\n"
    "      - sql: SELECT id, t FROM kv WHERE id = 7\n"
    "        into: [id, word2]\n"
    "      - set: { word2: \"format('%s/%s', :word2, :word)\" }\n"
    "      - sql: SELECT id FROM kv WHERE id <= 2\n"
    "        each: { as: [k], do: [ { sql: \"INSERT INTO log VALUES (:a, :b, :before || ' ' || :word2)\" } ] }\n"
    "      - sql: SELECT now_and_then()\n"
    "      - sql: INSERT INTO log VALUES (:a, :b, 'end ' || :word2)\n";

/* A retry makes the same transaction again: same parameters, same draws, whatever the steps have changed. */
static void test_a_retry_starts_afresh(void **state)
{
    (void)state;
    struct drive_case c = {.text = repeated, .protocol = PROTOCOL_PREPARED};
    struct trial_result r;
    drive(&c, &r);
    check_all_ok(&r);
    assert_true(r.transactions[0].retries > 0);
    assert_int_equal(r.transactions[0].serialization_failures, r.transactions[0].retries);
    int64_t n = r.transactions[0].trial_ok;
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log"), 4 * n);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE t = 'w' || a"), n);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE t = 'w' || a || ' xxxxxxx/w' || a"), 2 * n);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE t = 'end xxxxxxx/w' || a"), n);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM (SELECT a, b FROM log GROUP BY a, b HAVING count(*) % 4 "
                                         "= 0) x"),
                     test_int(test_db(), "SELECT count(DISTINCT a) FROM log"));
    trial_result_deinit(&r);
}

/* Without a block what went before is committed, and not made again. */
static void test_autocommit_goes_on_after_a_failure(void **state)
{
    (void)state;
    struct drive_case c = {.text = "transactions:\n"
                                   "  auto:\n"
                                   "    autocommit: true\n"
                                   "    steps:\n"
                                   "      - sql: SELECT id FROM kv WHERE id <= 3\n"
                                   "        each:\n"
                                   "          as: [k]\n"
                                   "          do:\n"
                                   "            - sql: INSERT INTO log VALUES (:k)\n"
                                   "            - sql: SELECT now_and_then()\n",
                           .protocol = PROTOCOL_EXTENDED,
                           .drain_ns = 5 * NS_PER_S};
    struct trial_result r;
    drive(&c, &r);
    check_all_ok(&r);
    assert_true(r.transactions[0].retries > 0);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log"), 3 * r.transactions[0].trial_ok);
    trial_result_deinit(&r);
}

/* --- Sleep -------------------------------------------------------------------------------------------------------- */

static void test_sleep_is_service(void **state)
{
    (void)state;
    struct drive_case c = {
        .text = "transactions:\n"
                "  nap:\n"
                "    autocommit: true\n"
                "    steps: [ { sleep: 20ms }, { sql: SELECT 1 }, { sleep: 10ms }, { sql: SELECT 2 } ]\n",
        .connections = 4,
        .duration_ns = 600 * NS_PER_MS};
    struct trial_result r;
    struct dist_summary service, response;
    drive(&c, &r);
    check_all_ok(&r);
    hist_summary(r.transactions[0].service, &service);
    hist_summary(r.transactions[0].response, &response);
    assert_true(service.min >= 30 * NS_PER_MS - NS_PER_MS / 10);
    assert_true(service.p50 < 60 * NS_PER_MS);
    assert_true(r.harness_lag.p50 < 5 * NS_PER_MS);
    /* the statements' own times have no sleep in them */
    assert_true(hist_percentile(r.transactions[0].statements[0].service, 0.5) < 15 * NS_PER_MS);
    trial_result_deinit(&r);
}

/* --- Rollback ----------------------------------------------------------------------------------------------------- */

static const char *const everything =
    "transactions:\n"
    "  undo:\n"
    "    steps:\n"
    "      - sql: UPDATE kv SET v = v + 1000 WHERE id <= 3\n"
    "      - rollback: true\n"
    "  maybe:\n"
    "    let: { yes: \"random(0, 1) = 1\" }\n"
    "    steps:\n"
    "      - sql: INSERT INTO log VALUES (1)\n"
    "      - if: \":yes\"\n"
    "        then: [ { rollback: true } ]\n"
    "      - sql: INSERT INTO log VALUES (2)\n"
    "  load:\n"
    "    steps:\n"
    "      - { copy: log, rows: 3, columns: { a: \"random(1, 5)\" } }\n"
    "  load_alone:\n"
    "    autocommit: true\n"
    "    steps: [ { copy: log, rows: 2, columns: { a: 7 } } ]\n"
    "  piped:\n"
    "    pipeline: true\n"
    "    steps: [ { sql: SELECT 1 }, { sql: SELECT 2 } ]\n"
    "  piped_waits:\n"
    "    pipeline: true\n"
    "    let: { z: \"random(0, 1)\" }\n"
    "    steps:\n"
    "      - { sql: SELECT 1 }\n"
    "      - { sql: SELECT 2, into: [two] }\n"
    "      - { sql: \"SELECT 1 / :z::int\" }\n"
    "      - { sql: SELECT 4 }\n"
    "  piped_undo:\n"
    "    pipeline: true\n"
    "    steps: [ { sql: INSERT INTO log VALUES (9) }, { sql: SELECT 1 }, { rollback: true } ]\n"
    "  piped_bad:\n"
    "    pipeline: true\n"
    "    steps: [ { sql: INSERT INTO log VALUES (9) }, { sql: SELECT 1 / 0 }, { sql: INSERT INTO log VALUES (9) } ]\n"
    "  again:\n"
    "    pipeline: true\n"
    "    steps: [ { sql: INSERT INTO log VALUES (8) }, { sql: SELECT now_and_then() }, { sql: SELECT 3 } ]\n";

/* Truth kit T11 for these steps: the server counts the commits and rollbacks that we count. */
static void test_totals_match_the_server(void **state)
{
    (void)state;
    for (int protocol = PROTOCOL_EXTENDED; protocol < PROTOCOL_COUNT; protocol++) {
        struct drive_case c = {.text = everything,
                               .connections = 4,
                               .protocol = (enum protocol)protocol,
                               .app = "totals",
                               .duration_ns = 700 * NS_PER_MS};
        struct trial_result r;
        empty(NULL);
        struct totals before = totals_before("totals");
        drive(&c, &r);
        totals_match(&before, "totals", &r);
        for (int t = 0; t < 9; t++)
            assert_true(t == 7 ? r.transactions[t].ok == 0 && r.transactions[t].failed > 0 : r.transactions[t].ok > 0);
        for (int t = 0; t < 5; t++)
            assert_int_equal(r.transactions[t].failed, 0);
        assert_true(r.transactions[5].failed > 0 && r.transactions[8].retries > 0);
        assert_int_equal(r.transactions[8].failed, 0);
        assert_int_equal(test_int(test_db(), "SELECT count(*) FROM kv WHERE v <> 0"), 0);
        assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE a = 9"), 0);
        assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE a = 8"), r.transactions[8].trial_ok);
        trial_result_deinit(&r);
    }
}

/* --- COPY --------------------------------------------------------------------------------------------------------- */

static void test_copy_loads_its_rows(void **state)
{
    (void)state;
    struct drive_case c = {.text = "transactions:\n"
                                   "  load:\n"
                                   "    let: { k: \"random(1, 9)\" }\n"
                                   "    steps:\n"
                                   "      - copy: log\n"
                                   "        rows: 2000 + :k\n"
                                   "        columns: { a: \":k\", t: \"format('a\\tb%d', random(1, 3))\", b: NULL }\n"
                                   "      - sql: UPDATE log SET b = 1 WHERE a = -1\n",
                           .protocol = PROTOCOL_PREPARED};
    struct trial_result r;
    drive(&c, &r);
    check_all_ok(&r);
    int64_t n = r.transactions[0].trial_ok;
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE a BETWEEN 1 AND 9 AND b IS NULL AND t LIKE "
                                         "E'a\\tb_'"),
                     test_int(test_db(), "SELECT count(*) FROM log"));
    int64_t rows = test_int(test_db(), "SELECT count(*) FROM log");
    assert_true(rows >= 2001 * n && rows <= 2009 * n);
    assert_int_equal(r.transactions[0].statements[0].count, r.transactions[0].ok);
    trial_result_deinit(&r);
}

/* Many rows that a slow reader takes: what does not go out waits for the socket. */
static void test_copy_waits_for_the_server(void **state)
{
    (void)state;
    test_exec(test_db(), "CREATE TABLE slow (t text);"
                         "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                         "IF random() < 0.01 THEN PERFORM pg_sleep(0.002); END IF; RETURN NULL; END $$;"
                         "CREATE TRIGGER dawdle BEFORE INSERT ON slow FOR EACH ROW EXECUTE FUNCTION dawdle()");
    struct drive_case c = {.text =
                               "transactions:\n"
                               "  load:\n"
                               "    steps: [ { copy: slow, rows: 20000, columns: { t: \"letters(100, 200)\" } } ]\n",
                           .connections = 2,
                           .duration_ns = 600 * NS_PER_MS,
                           .drain_ns = 20 * NS_PER_S};
    struct trial_result r;
    drive(&c, &r);
    check_all_ok(&r);
    trial_result_deinit(&r);
}

/* The server says no to the first of many rows, and is heard before the last is sent. */
static void test_copy_goes_on_after_an_early_refusal(void **state)
{
    (void)state;
    struct drive_case c = {.text = "transactions:\n"
                                   "  taken:\n"
                                   "    steps: [ { copy: once, rows: 50000, columns: { id: \"random(0, 3)\" } } ]\n"
                                   "  fine: { sql: SELECT 1 }\n",
                           .connections = 2,
                           .drain_ns = 5 * NS_PER_S};
    struct trial_result r;
    drive(&c, &r);
    assert_true(r.complete && r.transactions[0].failed > 0 && r.transactions[1].ok > 0);
    assert_int_equal(r.transactions[0].ok + r.transactions[0].censored + r.transactions[1].failed, 0);
    assert_int_equal(errors_of(&r, SQLSTATE_OF("23505")), r.transactions[0].failed);
    assert_int_equal(r.reconnects, 0);
    trial_result_deinit(&r);
}

static void test_copy_fails_in_the_middle(void **state)
{
    (void)state;
    test_exec(test_db(), "INSERT INTO once VALUES (0)");
    struct drive_case c = {.text = "transactions:\n"
                                   "  taken:\n"
                                   "    steps: [ { copy: once, rows: 1000, columns: { id: \"random(0, 3)\" } } ]\n"
                                   "  unmade:\n"
                                   "    steps: [ { copy: log, rows: 500, columns: { a: \"1 / random(0, 20)\" } } ]\n"
                                   "  fine: { sql: SELECT 1 }\n",
                           .connections = 1};
    struct trial_result r;
    drive(&c, &r);
    assert_int_equal(r.transactions[0].ok + r.transactions[1].ok, 0);
    assert_true(r.transactions[0].failed > 0 && r.transactions[1].failed > 0 && r.transactions[2].ok > 0);
    assert_int_equal(r.transactions[2].failed, 0);
    assert_int_equal(errors_of(&r, SQLSTATE_OF("23505")), r.transactions[0].failed);
    assert_int_equal(errors_of(&r, SQLSTATE_OF("22000")), r.transactions[1].failed);
    assert_int_equal(r.n_errors, 2);
    assert_int_equal(r.reconnects, 0);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log") + test_int(test_db(), "SELECT count(*) FROM once"),
                     1);
    trial_result_deinit(&r);
}

/* --- Mistakes ----------------------------------------------------------------------------------------------------- */

static void test_mistakes_of_steps_are_counted(void **state)
{
    (void)state;
    struct drive_case c = {.text =
                               "transactions:\n"
                               "  set:\n"
                               "    let: { z: \"0 * random(1, 2)\" }\n"
                               "    steps:\n"
                               "      - sql: INSERT INTO log VALUES (1)\n"
                               "      - set: { x: \"1 / :z\" }\n"
                               "      - sql: INSERT INTO log VALUES (:x)\n"
                               "  long:\n"
                               "    steps:\n"
                               "      - sql: SELECT repeat('long', 20000)\n"
                               "        each: { as: [t], do: [ { sql: \"INSERT INTO log VALUES (1, 1, :t)\" } ] }\n"};
    struct trial_result r;
    drive(&c, &r);
    assert_int_equal(r.transactions[0].ok + r.transactions[1].ok, 0);
    assert_int_equal(errors_of(&r, SQLSTATE_OF("22000")), r.transactions[0].failed);
    assert_int_equal(errors_of(&r, SQLSTATE_OF("54000")), r.transactions[1].failed);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log"), 0);
    trial_result_deinit(&r);
}

/* --- Lost connections --------------------------------------------------------------------------------------------- */

static void kill_some(void *user, const struct progress *progress)
{
    int64_t *next_ns = user;
    if (progress->phase != PHASE_MEASURE || progress->phase_elapsed_ns < *next_ns)
        return;
    *next_ns = progress->phase_elapsed_ns + 50 * NS_PER_MS;
    test_int(test_db(), "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity WHERE "
                        "application_name = 'victims' ORDER BY random() LIMIT 2) x");
}

static const char *const long_ones =
    "transactions:\n"
    "  nap: { steps: [ { sql: INSERT INTO log VALUES (1) }, { sleep: 30ms }, { sql: SELECT 1 } ] }\n"
    "  each:\n"
    "    steps:\n"
    "      - sql: SELECT id FROM kv\n"
    "        each: { as: [k], do: [ { sql: \"INSERT INTO log VALUES (2, :k)\" } ] }\n"
    "  load: { steps: [ { copy: log, rows: 5000, columns: { a: 3, t: \"letters(50, 90)\" } } ] }\n"
    "  piped:\n"
    "    pipeline: true\n"
    "    steps:\n"
    "      - repeat: { times: 400, do: [ { sql: INSERT INTO log VALUES (4) } ] }\n"
    "  busy:\n"
    "    steps:\n"
    "      - sql: INSERT INTO log VALUES (5)\n"
    "      - repeat: { times: 50000, do: [ { set: { x: 1 } } ] }\n"
    "      - sql: SELECT 1\n";

/* Whatever a transaction is doing when its connection goes: it is counted once, and the next one runs. */
static void test_lost_connections_are_survived(void **state)
{
    (void)state;
    for (int queue = 0; queue < 2; queue++) {
        int64_t next_ns = 50 * NS_PER_MS;
        struct drive_case c = {.text = long_ones,
                               .connections = 6,
                               .clients = queue ? 9 : 0,
                               .protocol = PROTOCOL_PREPARED,
                               .app = "victims",
                               .duration_ns = 1200 * NS_PER_MS,
                               .drain_ns = 20 * NS_PER_S,
                               .update = kill_some,
                               .user = &next_ns};
        struct trial_result r;
        empty(NULL);
        drive(&c, &r);
        int64_t failed = 0, ended = 0;
        for (size_t t = 0; t < r.n_transactions; t++) {
            const struct transaction_result *of = &r.transactions[t];
            assert_int_equal(of->censored, 0);
            failed += of->failed;
            ended += of->ok + of->failed;
        }
        assert_true(failed > 0 && ended > failed && r.reconnects > 0);
        assert_int_equal(r.scheduled, ended);
        assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE a = 2"), 100 * r.transactions[1].trial_ok);
        trial_result_deinit(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_loops_walk, empty),
        cmocka_unit_test_setup(test_texts_of_many_rounds_fit, empty),
        cmocka_unit_test_setup(test_endless_rounds_end, empty),
        cmocka_unit_test_setup(test_a_retry_starts_afresh, empty),
        cmocka_unit_test_setup(test_autocommit_goes_on_after_a_failure, empty),
        cmocka_unit_test_setup(test_sleep_is_service, empty),
        cmocka_unit_test_setup(test_totals_match_the_server, empty),
        cmocka_unit_test_setup(test_copy_loads_its_rows, empty),
        cmocka_unit_test_setup(test_copy_waits_for_the_server, empty),
        cmocka_unit_test_setup(test_copy_goes_on_after_an_early_refusal, empty),
        cmocka_unit_test_setup(test_copy_fails_in_the_middle, empty),
        cmocka_unit_test_setup(test_mistakes_of_steps_are_counted, empty),
        cmocka_unit_test_setup(test_lost_connections_are_survived, empty),
    };
    return cmocka_run_group_tests(tests, setup, test_server_stop);
}

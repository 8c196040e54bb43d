/* The driver on a real server: what it counts, sends and repeats. */
#include "totals.h"

#define LOOKUP                                                                                                         \
    "transactions:\n"                                                                                                  \
    "  lookup: { weight: 1, let: { id: \"random(1, 100)\" }, sql: \"SELECT v FROM kv WHERE id = :id\" }\n"

static int setup(void **state)
{
    if (test_server_start(state) != 0)
        return -1;
    test_exec(test_db(), "CREATE TABLE kv (id int PRIMARY KEY, v int NOT NULL);"
                         "INSERT INTO kv SELECT i, 0 FROM generate_series(1, 100) i;"
                         "CREATE TABLE log (n bigserial, pid int DEFAULT pg_backend_pid(), i bigint, d float8, t text,"
                         " b boolean, w timestamptz)");
    return 0;
}

static void check_distribution(const struct hist *hist)
{
    struct dist_summary s;
    hist_summary(hist, &s);
    assert_true(s.min > 0 && s.min <= s.p50 && s.p50 <= s.p90 && s.p90 <= s.p95 && s.p95 <= s.p99 && s.p99 <= s.p99_9 &&
                s.p99_9 <= s.max);
}

static void test_counts_agree(void **state)
{
    (void)state;
    struct drive_case c = {
        .text = LOOKUP, .connections = 5, .protocol = PROTOCOL_PREPARED, .duration_ns = 1300 * NS_PER_MS};
    struct trial_result r;
    drive(&c, &r);
    const struct transaction_result *t = &r.transactions[0];
    assert_true(r.complete && r.n_transactions == 1 && r.threads == 2 && r.connections == 5);
    assert_int_equal(r.duration_ns, c.duration_ns);
    assert_true(t->ok > 100 && t->failed == 0 && t->retries == 0 && r.n_errors == 0 && r.first_error[0] == '\0');
    assert_int_equal(t->response->total, t->ok);
    assert_int_equal(t->service->total, t->ok);
    assert_int_equal(t->statements[0].count, t->ok);
    assert_int_equal(t->statements[0].service->total, t->ok);
    assert_int_equal(r.harness_lag.count, t->ok);
    check_distribution(t->response);
    assert_true(t->service->sum < t->response->sum);
    /* Five clients are busy from end to end: Little's law with N = 5. */
    double busy = t->response->sum / (double)r.duration_ns;
    assert_true(busy > 4.5 && busy < 5.5);
    assert_true(r.client_cpu_ns > 0 && r.client_cpu_ns < 2 * r.duration_ns + 100 * NS_PER_MS);
    int64_t in_intervals = 0;
    for (size_t i = 0; i < r.n_intervals; i++)
        in_intervals += r.intervals[i].all.ok;
    assert_int_equal(r.n_intervals, 2);
    assert_true(r.intervals[0].length_s == 1 && r.intervals[1].length_s > 0.29 && r.intervals[1].length_s < 0.31);
    assert_true(in_intervals >= t->ok - 5 && in_intervals <= t->ok + 5);
    trial_result_deinit(&r);
}

static const char *const mixed = "transactions:\n"
                                 "  auto: { weight: 3, sql: SELECT 1 }\n"
                                 "  block:\n"
                                 "    weight: 2\n"
                                 "    let: { id: \"random(1, 3)\" }\n"
                                 "    steps:\n"
                                 "      - sql: SELECT v FROM kv WHERE id = :id\n"
                                 "      - sql: UPDATE kv SET v = v + 1 WHERE id = :id\n"
                                 "  bad: { weight: 1, let: { z: \"0\" }, sql: \"SELECT 1 / :z::int\" }\n";

/* Truth kit T11: Δxact_commit = our count + our own statements. */
static void test_totals_match_the_server(void **state)
{
    (void)state;
    for (int protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
        struct drive_case c = {.text = mixed,
                               .connections = 4,
                               .protocol = (enum protocol)protocol,
                               .isolation = ISOLATION_REPEATABLE_READ,
                               .app = "totals"};
        struct trial_result r;
        struct totals before = totals_before("totals");
        drive(&c, &r);
        totals_match(&before, "totals", &r);
        assert_true(r.transactions[2].ok == 0 && r.transactions[2].failed > 0);
        assert_int_equal(errors_of(&r, SQLSTATE_OF("22012")), r.transactions[2].failed);
        assert_true(r.transactions[1].ok > 0);
        assert_int_equal(r.transactions[1].failed, 0);
        trial_result_deinit(&r);
    }
}

static const char *const logging =
    "transactions:\n"
    "  note:\n"
    "    weight: 1\n"
    "    let: { i: \"random(-5, 1000000)\", d: \"random(1, 1000) / 7.0\", b: \"random(0, 1) = 1\",\n"
    "           t: \"maybe(0.7, format('it''s \\\\ %d', random(1, 99)))\", w: \"timestamp('2024-01-01', "
    "'2025-01-01')\" }\n"
    "    sql: \"INSERT INTO log (i, d, t, b, w) VALUES (:i, :d, :t, :b, :w)\"\n";

static void digest(char *buf, size_t size)
{
    struct err err = {0};
    if (!db_value(test_db(),
                  "SELECT md5(string_agg(s, '|' ORDER BY s)) FROM (SELECT string_agg(concat_ws(',', i, d, "
                  "coalesce(t, '-'), b, w), ';' ORDER BY n) s FROM (SELECT *, row_number() OVER (PARTITION BY pid "
                  "ORDER BY n) k "
                  "FROM log) x WHERE k <= 10 GROUP BY pid) y",
                  buf, size, &err))
        fail_msg("%s", err.text);
    assert_true(test_int(test_db(), "SELECT count(DISTINCT pid) FROM log") == 3);
    assert_true(test_int(test_db(), "SELECT count(*) FROM log WHERE t LIKE 'it''s \\\\%'") > 0);
    assert_true(test_int(test_db(), "SELECT count(*) FROM log WHERE t IS NULL") > 0);
}

/* Protocol and threads change how parameters travel, not what they are. */
static void test_same_parameters_whatever_protocol_and_threads(void **state)
{
    (void)state;
    char first[64] = "", now[64];
    for (int protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
        for (int threads = 1; threads <= 3; threads++) {
            struct drive_case c = {.text = logging,
                                   .connections = 3,
                                   .threads = threads,
                                   .protocol = (enum protocol)protocol,
                                   .warmup_ns = 250 * NS_PER_MS, /* ten of each connection, on a busy machine too */
                                   .duration_ns = 20 * NS_PER_MS};
            struct trial_result r;
            test_exec(test_db(), "TRUNCATE log");
            drive(&c, &r);
            assert_int_equal(r.transactions[0].failed, 0);
            trial_result_deinit(&r);
            digest(now, sizeof now);
            if (!first[0])
                memcpy(first, now, sizeof first);
            assert_string_equal(first, now);
        }
    }
}

static void test_another_block_draws_others(void **state)
{
    (void)state;
    char digests[2][64];
    for (int block = 0; block < 2; block++) {
        struct drive_case c = {.text = logging,
                               .connections = 3,
                               .block = block,
                               .warmup_ns = 200 * NS_PER_MS,
                               .duration_ns = 20 * NS_PER_MS};
        struct trial_result r;
        test_exec(test_db(), "TRUNCATE log");
        drive(&c, &r);
        trial_result_deinit(&r);
        digest(digests[block], sizeof digests[block]);
    }
    assert_string_not_equal(digests[0], digests[1]);
}

/* A row's columns become variables of the right type, and come back as they went. */
static void test_into_and_if(void **state)
{
    (void)state;
    const char *text = "transactions:\n"
                       "  copy:\n"
                       "    weight: 1\n"
                       "    let: { n: \"random(1, 10)\" }\n"
                       "    steps:\n"
                       "      - sql: \"SELECT :n::int, :n / 4.0::float8, CASE WHEN :n > 5 THEN 'a''b' END, :n % 2 = 0, "
                       "sum(:n::bigint), timestamptz '2024-02-03 04:05:06.789+00', date '2024-02-03'\"\n"
                       "        into: [i, d, t, b, s, w, day]\n"
                       "      - if: \":b and :i > 2\"\n"
                       "        then: [ { sql: \"INSERT INTO log (i, d, t, b, w) SELECT :i::bigint + :s, :d, :t, :b, "
                       ":w WHERE :day = date "
                       "'2024-02-03'\" } ]\n"
                       "        else: [ { sql: \"SELECT 1 WHERE :b\" } ]\n";
    for (int protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
        struct drive_case c = {.text = text, .protocol = (enum protocol)protocol, .duration_ns = 100 * NS_PER_MS};
        struct trial_result r;
        test_exec(test_db(), "TRUNCATE log");
        drive(&c, &r);
        const struct transaction_result *t = &r.transactions[0];
        if (t->failed > 0)
            fail_msg("%s", r.first_error);
        assert_int_equal(t->statements[0].count, t->ok);
        assert_int_equal(t->statements[1].count + t->statements[2].count, t->ok);
        assert_true(t->statements[1].count > 0 && t->statements[2].count > 0);
        assert_int_equal(test_int(test_db(), "SELECT count(DISTINCT i) FROM log"), 4); /* 4, 6, 8, 10 */
        assert_int_equal(test_int(test_db(),
                                  "SELECT count(*) FROM log WHERE NOT b OR w <> '2024-02-03 04:05:06.789+00' "
                                  "OR d <> i / 8.0 OR (t = 'a''b') IS DISTINCT FROM nullif(i > 10, false)"),
                         0);
        trial_result_deinit(&r);
    }
}

static void test_into_wants_one_row(void **state)
{
    (void)state;
    const char *text =
        "transactions:\n"
        "  none: { weight: 1, steps: [ { sql: SELECT v FROM kv WHERE id = 0, into: [v] }, { sql: SELECT 1 } ] }\n"
        "  many: { weight: 1, steps: [ { sql: SELECT v FROM kv, into: [v] }, { sql: SELECT 1 } ] }\n";
    struct drive_case c = {.text = text, .protocol = PROTOCOL_PREPARED};
    struct trial_result r;
    drive(&c, &r);
    for (int i = 0; i < 2; i++) {
        assert_true(r.transactions[i].ok == 0 && r.transactions[i].failed > 0);
        assert_int_equal(r.transactions[i].other_failures, r.transactions[i].failed);
        assert_int_equal(r.transactions[i].response->total, r.transactions[i].failed);
    }
    assert_int_equal(errors_of(&r, SQLSTATE_OF("P0002")), r.transactions[0].failed);
    assert_int_equal(errors_of(&r, SQLSTATE_OF("P0003")), r.transactions[1].failed);
    assert_non_null(strstr(r.first_error, "exactly one row"));
    assert_int_equal(r.n_errors, 2);
    for (size_t i = 0; i < 2; i++)
        assert_non_null(strstr(r.errors[i].first, r.errors[i].code == SQLSTATE_OF("P0002") ? "got none" : "got more"));
    trial_result_deinit(&r);
}

/* What never reaches the server must not hang, and no mistake spin. */
static void test_transactions_without_a_statement(void **state)
{
    (void)state;
    const char *text =
        "transactions:\n"
        "  nothing: { weight: 1, autocommit: true, let: { a: \"1\" },\n"
        "             steps: [ { if: \":a > 1\", then: [ { sql: SELECT 1 } ] } ] }\n"
        "  overflow: { weight: 1, let: { a: \"9223372036854775000 + random(1, 1000)\" }, sql: SELECT 1 }\n";
    struct drive_case c = {.text = text};
    struct trial_result r;
    drive(&c, &r);
    assert_true(r.transactions[0].ok > 0);
    assert_true(r.transactions[1].failed > 0 && r.transactions[1].failed < 1000);
    assert_non_null(strstr(r.first_error, "out of range"));
    trial_result_deinit(&r);
}

/* One that finds nothing to do is done: the client's next one begins at once, on its own connection and in a queue. */
static void test_nothing_to_do_takes_no_time(void **state)
{
    (void)state;
    for (int clients = 0; clients <= 3; clients += 3) {
        struct drive_case c = {.text = "transactions:\n"
                                       "  nothing: { autocommit: true, let: { a: \"random(1, 2)\" },\n"
                                       "             steps: [ { if: \":a > 2\", then: [ { sql: SELECT 1 } ] } ] }\n",
                               .clients = clients,
                               .duration_ns = 200 * NS_PER_MS};
        struct trial_result r;
        drive(&c, &r);
        assert_true(r.complete && r.transactions[0].failed == 0);
        assert_true(r.transactions[0].ok > 2000);
        trial_result_deinit(&r);
    }
}

/* Truth kit T12 on a hot row. */
static void test_serialization_failures_are_retried(void **state)
{
    (void)state;
    const char *text = "transactions:\n"
                       "  bump:\n"
                       "    weight: 1\n"
                       "    steps:\n"
                       "      - sql: SELECT v FROM kv WHERE id = 1\n"
                       "        into: [v]\n"
                       "      - sql: UPDATE kv SET v = :v + 1 WHERE id = 1\n";
    test_exec(test_db(), "UPDATE kv SET v = 0 WHERE id = 1");
    struct drive_case c = {
        .text = text, .isolation = ISOLATION_REPEATABLE_READ, .protocol = PROTOCOL_PREPARED, .app = "hot"};
    struct trial_result r;
    totals_settle("hot");
    int64_t rollbacks = totals_stat("xact_rollback");
    drive(&c, &r);
    totals_settle("hot");
    const struct transaction_result *t = &r.transactions[0];
    assert_true(t->ok > 0 && t->retries > 0 && t->retried > 0 && t->retried <= t->retries);
    assert_int_equal(t->failed, 0);
    assert_int_equal(t->serialization_failures, t->retries);
    assert_int_equal(errors_of(&r, SQLSTATE_SERIALIZATION_FAILURE), t->retries);
    assert_true(t->wasted_ns > 0 && t->backoff_ns > 0);
    assert_int_equal(totals_stat("xact_rollback") - rollbacks, r.total_rollbacks);
    /* No update was lost and none done twice; every connection made one transaction to look itself up and one to be set
     * up, and prepared two statements. */
    assert_int_equal(test_int(test_db(), "SELECT v FROM kv WHERE id = 1"), r.total_commits - 2 * 4);
    trial_result_deinit(&r);
}

static void test_giving_up(void **state)
{
    (void)state;
    struct drive_case c = {.text = "transactions:\n"
                                   "  never: { weight: 1, sql: \"SELECT fail()\" }\n",
                           .connections = 1,
                           .duration_ns = 600 * NS_PER_MS};
    struct trial_result r;
    test_exec(test_db(),
              "CREATE OR REPLACE FUNCTION fail() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' "
              "USING ERRCODE = '40001'; END $$");
    drive(&c, &r);
    const struct transaction_result *t = &r.transactions[0];
    assert_true(t->ok == 0 && t->failed > 0);
    assert_int_equal(t->retries, 99 * t->failed);
    assert_int_equal(t->serialization_failures, 100 * t->failed);
    assert_int_equal(t->response->total, t->failed); /* gave up, and is in the distribution */
    assert_true(t->response->min >= t->backoff_ns / t->failed / 4);
    trial_result_deinit(&r);
}

static void test_deadlocks_are_retried(void **state)
{
    (void)state;
    const char *text = "session: { deadlock_timeout: 5ms }\n"
                       "transactions:\n"
                       "  swap:\n"
                       "    weight: 1\n"
                       "    let: { a: \"random(1, 2)\" }\n"
                       "    steps:\n"
                       "      - sql: UPDATE kv SET v = v + 1 WHERE id = :a\n"
                       "      - sql: \"UPDATE kv SET v = v - 1 WHERE id = 3 - :a\"\n";
    struct drive_case c = {.text = text, .connections = 4, .duration_ns = 500 * NS_PER_MS};
    struct trial_result r;
    drive(&c, &r);
    const struct transaction_result *t = &r.transactions[0];
    assert_true(t->ok > 0 && t->deadlock_failures > 0);
    assert_int_equal(t->failed, 0);
    assert_int_equal(errors_of(&r, SQLSTATE_DEADLOCK_DETECTED), t->deadlock_failures);
    trial_result_deinit(&r);
}

static void test_session_and_isolation(void **state)
{
    (void)state;
    const char *text =
        "session: { work_mem: 3MB, DateStyle: \"SQL, DMY\" }\n"
        "transactions:\n"
        "  look: { weight: 1, sql: \"INSERT INTO log (t) SELECT concat_ws('/', current_setting('work_mem'), "
        "current_setting('transaction_isolation'), current_setting('DateStyle'), "
        "current_setting('search_path'), current_setting('application_name'))\" }\n";
    struct drive_case c = {
        .text = text, .isolation = ISOLATION_SERIALIZABLE, .duration_ns = 20 * NS_PER_MS, .app = "sess"};
    struct trial_result r;
    char said[128];
    test_exec(test_db(), "TRUNCATE log");
    drive(&c, &r);
    assert_true(db_value(test_db(), "SELECT string_agg(DISTINCT t, '|') FROM log", said, sizeof said, NULL));
    assert_string_equal(said, "3MB/serializable/SQL, DMY/\"public\", pg_temp/sess");
    trial_result_deinit(&r);
}

/* Whatever the database, the role or a variant's settings would have it: in a block and in autocommit. */
static void test_isolation_is_in_force_everywhere(void **state)
{
    (void)state;
    static const char *const names[] = {[ISOLATION_READ_COMMITTED] = "read committed",
                                        [ISOLATION_REPEATABLE_READ] = "repeatable read",
                                        [ISOLATION_SERIALIZABLE] = "serializable"};
    const char *text =
        "session: { work_mem: 3MB }\n"
        "variants: { small: { settings: { work_mem: 2MB, default_transaction_deferrable: on } } }\n"
        "transactions:\n"
        "  alone: { weight: 1, sql: \"INSERT INTO log (i, t) SELECT 1, current_setting('transaction_isolation')\" }\n"
        "  block: { weight: 1, steps: [ { sql: SELECT 1 }, { sql: \"INSERT INTO log (i, t) SELECT 2, "
        "current_setting('transaction_isolation')\" } ] }\n";
    test_exec(test_db(), "ALTER ROLE postgres SET default_transaction_isolation = 'repeatable read'");
    for (int level = 0; level < ISOLATION_COUNT; level++) {
        for (enum protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
            struct drive_case c = {
                .text = text, .isolation = (enum isolation)level, .protocol = protocol, .duration_ns = 20 * NS_PER_MS};
            struct trial_result r;
            char said[128];
            test_exec(test_db(), "TRUNCATE log");
            drive(&c, &r);
            assert_true(db_value(test_db(), "SELECT string_agg(DISTINCT t, '|') FROM log", said, sizeof said, NULL));
            assert_string_equal(said, names[level]);
            assert_int_equal(test_int(test_db(), "SELECT count(DISTINCT i) FROM log"), 2);
            trial_result_deinit(&r);
        }
    }
    test_exec(test_db(), "ALTER ROLE postgres RESET default_transaction_isolation");
}

/* Truth kit T19. The third transaction is far too rare for a short warm-up to meet it by chance. */
static void test_warm_up_runs_everything_six_times(void **state)
{
    (void)state;
    const char *text = "transactions:\n"
                       "  often: { weight: 100000, sql: SELECT 1 }\n"
                       "  rare: { weight: 1, sql: \"INSERT INTO log (i) VALUES (1)\" }\n"
                       "  never: { weight: 0, sql: \"INSERT INTO log (i) VALUES (2)\" }\n"
                       "  behind_if: { weight: 1, let: { a: \"random(1, 4)\" }, steps: [ { sql: SELECT 2 },\n"
                       "               { if: \":a = 1\", then: [ { sql: \"INSERT INTO log (i) VALUES (3)\" } ] } ] }\n";
    struct drive_case c = {
        .text = text, .connections = 3, .protocol = PROTOCOL_PREPARED, .duration_ns = 20 * NS_PER_MS};
    struct trial_result r;
    test_exec(test_db(), "TRUNCATE log");
    drive(&c, &r);
    assert_true(test_int(test_db(), "SELECT min(c) FROM (SELECT count(*) c FROM log WHERE i = 1 GROUP BY pid) x") >= 6);
    assert_true(test_int(test_db(), "SELECT min(c) FROM (SELECT count(*) c FROM log WHERE i = 3 GROUP BY pid) x") >= 6);
    assert_int_equal(test_int(test_db(), "SELECT count(DISTINCT pid) FROM log WHERE i = 3"), 3);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM log WHERE i = 2"), 0);
    assert_int_equal(r.n_warnings, 0);
    trial_result_deinit(&r);
}

/* One in twenty is still found, and while it is looked for, the mix goes on: what is warm at the end is the whole. */
static void test_rare_statement_gets_warm(void **state)
{
    (void)state;
    const char *text = "transactions:\n"
                       "  usual: { weight: 99, sql: \"INSERT INTO log (i) VALUES (1)\" }\n"
                       "  behind_if: { weight: 1, let: { a: \"random(1, 20)\" }, steps: [ { sql: SELECT 2 },\n"
                       "               { if: \":a = 1\", then: [ { sql: \"INSERT INTO log (i) VALUES (2)\" } ] } ] }\n";
    struct drive_case c = {
        .text = text, .connections = 8, .protocol = PROTOCOL_PREPARED, .duration_ns = NS_PER_MS, .app = "rare"};
    for (c.block = 0; c.block < 4; c.block++) {
        struct trial_result r;
        test_exec(test_db(), "TRUNCATE log");
        drive(&c, &r);
        assert_int_equal(r.n_warnings, 0);
        assert_int_equal(test_int(test_db(), "SELECT count(DISTINCT pid) FROM log WHERE i = 2"), 8);
        assert_true(test_int(test_db(), "SELECT min(c) FROM (SELECT count(*) c FROM log WHERE i = 2 GROUP BY pid) x") >=
                    6);
        /* about as many as looking for it took: 20 × 6 */
        assert_true(test_int(test_db(), "SELECT min(c) FROM (SELECT count(*) c FROM log WHERE i = 1 GROUP BY pid) x") >=
                    20);
        trial_result_deinit(&r);
    }
}

static void test_cold_statement_is_named(void **state)
{
    (void)state;
    const char *text = "transactions:\n"
                       "  odd: { weight: 1, let: { a: \"1\" }, steps: [ { sql: SELECT 2 },\n"
                       "         { if: \":a = 2\", then: [ { sql: SELECT 3 } ] } ] }\n";
    struct drive_case c = {
        .text = text, .connections = 3, .protocol = PROTOCOL_PREPARED, .duration_ns = 20 * NS_PER_MS};
    struct trial_result r;
    drive(&c, &r);
    assert_int_equal(r.n_warnings, 1);
    assert_non_null(strstr(r.warnings[0], "statement 2 of odd"));
    assert_non_null(strstr(r.warnings[0], "3 of 3 connections"));
    trial_result_deinit(&r);
    c.protocol = PROTOCOL_EXTENDED; /* which plans anew each time: nothing to settle */
    drive(&c, &r);
    assert_int_equal(r.n_warnings, 0);
    trial_result_deinit(&r);
}

static void test_large_rows_arrive_in_pieces(void **state)
{
    (void)state;
    struct drive_case c = {.text = "transactions:\n"
                                   "  big: { weight: 1, sql: \"SELECT repeat('x', 3000000)\" }\n",
                           .protocol = PROTOCOL_PREPARED};
    struct trial_result r;
    drive(&c, &r);
    assert_true(r.transactions[0].ok > 0 && r.transactions[0].failed == 0);
    trial_result_deinit(&r);
}

static void note_progress(void *user, const struct progress *progress)
{
    int *seen = user;
    seen[progress->phase == PHASE_MEASURE]++;
    if (progress->fresh) {
        seen[2]++;
        assert_true(progress->tps > 0 && progress->latency_avg_ns > 0 && progress->p99_ns >= progress->p95_ns);
    }
}

static void test_progress_is_told(void **state)
{
    (void)state;
    int seen[3] = {0};
    struct drive_case c = {.text = LOOKUP,
                           .warmup_ns = 200 * NS_PER_MS,
                           .duration_ns = 1200 * NS_PER_MS,
                           .update = note_progress,
                           .user = seen};
    struct trial_result r;
    drive(&c, &r);
    assert_true(seen[0] >= 2 && seen[1] >= 10);
    assert_int_equal(seen[2], 2);
    trial_result_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_agree),
        cmocka_unit_test(test_totals_match_the_server),
        cmocka_unit_test(test_same_parameters_whatever_protocol_and_threads),
        cmocka_unit_test(test_another_block_draws_others),
        cmocka_unit_test(test_into_and_if),
        cmocka_unit_test(test_into_wants_one_row),
        cmocka_unit_test(test_transactions_without_a_statement),
        cmocka_unit_test(test_nothing_to_do_takes_no_time),
        cmocka_unit_test(test_serialization_failures_are_retried),
        cmocka_unit_test(test_giving_up),
        cmocka_unit_test(test_deadlocks_are_retried),
        cmocka_unit_test(test_session_and_isolation),
        cmocka_unit_test(test_isolation_is_in_force_everywhere),
        cmocka_unit_test(test_warm_up_runs_everything_six_times),
        cmocka_unit_test(test_rare_statement_gets_warm),
        cmocka_unit_test(test_cold_statement_is_named),
        cmocka_unit_test(test_large_rows_arrive_in_pieces),
        cmocka_unit_test(test_progress_is_told),
    };
    return cmocka_run_group_tests(tests, setup, test_server_stop);
}

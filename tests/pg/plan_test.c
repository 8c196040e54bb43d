#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "pg/plan.h"
#include "support/server.h"

static struct err err;
static struct plan plan;

static int make_tables(void **state)
{
    if (test_server_start(state) != 0)
        return -1;
    struct db *db = test_db();
    return db_exec(db, "tables",
                   "CREATE DOMAIN must AS int NOT NULL;"
                   "CREATE TABLE tasks (id int PRIMARY KEY, status text, priority int);"
                   "CREATE TABLE users (id int PRIMARY KEY, name text);"
                   "INSERT INTO tasks SELECT i, CASE WHEN i % 100 = 0 THEN 'open' ELSE 'done' END, i % 5 "
                   "FROM generate_series(1, 20000) i;"
                   "INSERT INTO users SELECT i, 'name' || i FROM generate_series(1, 5000) i;"
                   "CREATE INDEX tasks_status ON tasks (status);"
                   "ALTER TABLE tasks SET (autovacuum_enabled = false);"
                   "ALTER TABLE users SET (autovacuum_enabled = false);"
                   "ANALYZE tasks, users; SET max_parallel_workers_per_gather = 0",
                   &err)
               ? 0
               : -1;
}

static int clear(void **state)
{
    (void)state;
    err = (struct err){0};
    plan = (struct plan){0};
    return 0;
}

static int release(void **state)
{
    (void)state;
    plan_deinit(&plan);
    return 0;
}

static void capture(const char *sql, int n_params, const char *const *sample)
{
    if (!plan_capture(test_db(), "statement", sql, n_params, sample, &plan, &err))
        fail_msg("%s", err.text);
}

/* The value of a setting, no prepared statement and no open transaction: as before. */
static void assert_session_untouched(PGTransactionStatusType status)
{
    char mode[32];
    struct db *db = test_db();
    assert_int_equal(PQtransactionStatus(db_handle(db)), status);
    assert_true(db_value(db, "SHOW plan_cache_mode", mode, sizeof mode, &err));
    assert_string_equal(mode, "auto");
    assert_int_equal(test_int(db, "SELECT count(*) FROM pg_prepared_statements"), 0);
}

/* Settings of a transaction, so that they go with it. */
static void workers_are_noticed(void **state)
{
    (void)state;
    static const char query[] = "SELECT count(*) FROM tasks";
    capture(query, 0, NULL);
    assert_false(plan.parallel);
    plan_deinit(&plan);
    test_exec(test_db(), "BEGIN; SET LOCAL max_parallel_workers_per_gather = 2; SET LOCAL parallel_setup_cost = 0;"
                         "SET LOCAL parallel_tuple_cost = 0; SET LOCAL min_parallel_table_scan_size = 0");
    capture(query, 0, NULL);
    assert_true(plan.parallel);
    test_exec(test_db(), "ROLLBACK");
}

static void a_primary_key_lookup_has_one_shape(void **state)
{
    (void)state;
    const char *const sample[] = {"17"};
    capture("SELECT * FROM tasks WHERE id = $1", 1, sample);
    assert_string_equal(plan.shape, "Index Scan tasks using tasks_pkey");
    assert_string_equal(plan.scan, "Index Scan tasks_pkey");
    assert_false(plan.writes);
    assert_non_null(plan.generic);
    assert_non_null(plan.custom);
    assert_session_untouched(PQTRANS_IDLE);
}

static double estimated_rows(const json_t *document)
{
    return json_number_value(json_object_get(json_object_get(json_array_get(document, 0), "Plan"), "Plan Rows"));
}

/* The custom plan sees the value's frequency, the generic one does not. */
static void the_sample_decides_the_custom_plan(void **state)
{
    (void)state;
    const char *const rare[] = {"open"}, *const common[] = {"done"};
    static const char sql[] = "SELECT * FROM tasks WHERE status = $1";
    capture(sql, 1, common);
    assert_string_equal(plan.scan, "Seq Scan tasks");
    plan_deinit(&plan);
    test_exec(test_db(), "SET enable_indexscan = off");
    capture(sql, 1, rare);
    test_exec(test_db(), "RESET enable_indexscan");
    assert_string_equal(plan.shape, "Bitmap Heap Scan tasks(Bitmap Index Scan tasks_status)");
    assert_string_equal(plan.scan, "Bitmap Index Scan tasks_status");
    assert_true(estimated_rows(plan.custom) < 1000);
    assert_true(estimated_rows(plan.generic) > 5000); /* the average of the two values */
}

static void without_a_sample_there_is_only_the_generic_plan(void **state)
{
    (void)state;
    capture("SELECT * FROM tasks WHERE id = $1", 1, NULL);
    assert_null(plan.custom);
    assert_non_null(plan.generic);
    assert_string_equal(plan.scan, "Index Scan tasks_pkey");
    plan_deinit(&plan);
    capture("SELECT count(*) FROM users", 0, NULL);
    assert_null(plan.custom);
    assert_string_equal(plan.shape, "Aggregate(Seq Scan users)");
}

static void the_dearest_base_scan_matters(void **state)
{
    (void)state;
    capture("SELECT count(*) FROM tasks t JOIN users u ON u.id = t.priority, generate_series(1, 100000) g", 0, NULL);
    assert_string_equal(plan.scan, "Seq Scan tasks");
    plan_deinit(&plan);
    test_exec(test_db(), "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_memoize = off; "
                         "SET enable_bitmapscan = off");
    capture("SELECT * FROM users u JOIN tasks t ON t.id = u.id", 0, NULL);
    test_exec(test_db(),
              "RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_memoize; RESET enable_bitmapscan");
    assert_string_equal(plan.shape, "Nested Loop(Seq Scan users, Index Scan tasks using tasks_pkey)");
    assert_string_equal(plan.scan, "Index Scan tasks_pkey"); /* cheap once, but it runs 5,000 times */
}

static void writing_is_noticed_and_not_done(void **state)
{
    (void)state;
    const char *const sample[] = {"1", NULL};
    capture("UPDATE tasks SET status = $2 WHERE id = $1", 2, sample);
    assert_true(plan.writes);
    assert_string_equal(plan.shape, "Update tasks(Index Scan tasks using tasks_pkey)");
    plan_deinit(&plan);
    capture("SELECT * FROM tasks WHERE id = $1 FOR UPDATE", 1, sample);
    assert_true(plan.writes);
    plan_deinit(&plan);
    capture("INSERT INTO users VALUES ($1, $2)", 2, sample);
    assert_true(plan.writes);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM users"), 5000);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM tasks WHERE status IS NULL"), 0);
}

static void a_utility_statement_has_no_shape(void **state)
{
    (void)state;
    capture("CREATE TABLE never_made (a int)", 0, NULL);
    assert_string_equal(plan.shape, "");
    assert_string_equal(plan.scan, "");
    assert_true(plan.writes);
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM pg_class WHERE relname = 'never_made'"), 0);
    assert_session_untouched(PQTRANS_IDLE);
}

static void a_mistake_shows_the_place_and_leaves_no_trace(void **state)
{
    (void)state;
    assert_false(plan_capture(test_db(), "my step", "SELECT nosuch FROM tasks", 0, NULL, &plan, &err));
    assert_string_equal(err.where, "my step");
    assert_non_null(strstr(err.text, "line 1: SELECT nosuch FROM tasks\n               ^"));
    const char *const sample[] = {"not a number"};
    assert_false(plan_capture(test_db(), "my step", "SELECT * FROM tasks WHERE id = $1", 1, sample, &plan, &err));
    assert_non_null(strstr(err.text, "invalid input syntax"));
    assert_null(plan.generic);
    assert_session_untouched(PQTRANS_IDLE);
}

static void a_domain_that_refuses_null_still_has_a_plan(void **state)
{
    (void)state;
    const char *const sample[] = {"5"};
    capture("SELECT * FROM tasks WHERE id = $1::must", 1, sample);
    assert_non_null(plan.generic);
    assert_string_equal(plan.scan, "Index Scan tasks_pkey");
}

static void an_open_transaction_stays_as_it_is(void **state)
{
    (void)state;
    const char *const sample[] = {"1"};
    struct db *db = test_db();
    test_exec(db, "BEGIN; INSERT INTO users VALUES (900000, 'mine'); SET LOCAL search_path = public");
    capture("SELECT * FROM tasks WHERE id = $1", 1, sample);
    assert_session_untouched(PQTRANS_INTRANS);
    assert_false(plan_capture(db, "bad", "SELECT nosuch", 0, NULL, &(struct plan){0}, &err));
    assert_session_untouched(PQTRANS_INTRANS);
    assert_int_equal(test_int(db, "SELECT count(*) FROM users WHERE id = 900000"), 1);
    test_exec(db, "ROLLBACK");
}

static void values_are_quoted(void **state)
{
    (void)state;
    const char *const sample[] = {"it's \\ '; DROP TABLE tasks; --"};
    capture("SELECT * FROM users WHERE name = $1", 1, sample);
    assert_string_equal(plan.scan, "Seq Scan users");
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM tasks"), 20000);
}

static void long_shapes_still_differ(void **state)
{
    (void)state;
    struct str sql = {0};
    char first[PLAN_SHAPE_BYTES];
    for (int i = 0; i < 40; i++)
        str_printf(&sql, "%sSELECT id FROM %s", i == 0 ? "" : " UNION ALL ", "users");
    capture(str_text(&sql), 0, NULL);
    strcpy(first, plan.shape);
    assert_int_equal(strlen(first), PLAN_SHAPE_BYTES - 1);
    plan_deinit(&plan);
    str_append(&sql, " UNION ALL SELECT id FROM tasks WHERE id = 1");
    capture(str_text(&sql), 0, NULL);
    assert_string_not_equal(first, plan.shape);
    str_deinit(&sql);
}

static void junk_documents_do_no_harm(void **state)
{
    (void)state;
    static const char *const documents[] = {"null", "[]", "{}", "[1, \"x\", {\"Plan\": 3}, {\"Plan\": {}}]",
                                            "[{\"Plan\": {\"Plans\": 5, \"Node Type\": 7, \"Total Cost\": \"x\"}}]"};
    char shape[16], scan[16];
    bool writes;
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        json_t *document = json_loads(documents[i], JSON_DECODE_ANY, NULL);
        assert_non_null(document);
        plan_describe(document, shape, sizeof shape, scan, sizeof scan, &writes);
        assert_string_equal(scan, "");
        json_decref(document);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(workers_are_noticed, clear, release),
        cmocka_unit_test_setup_teardown(a_primary_key_lookup_has_one_shape, clear, release),
        cmocka_unit_test_setup_teardown(the_sample_decides_the_custom_plan, clear, release),
        cmocka_unit_test_setup_teardown(without_a_sample_there_is_only_the_generic_plan, clear, release),
        cmocka_unit_test_setup_teardown(the_dearest_base_scan_matters, clear, release),
        cmocka_unit_test_setup_teardown(writing_is_noticed_and_not_done, clear, release),
        cmocka_unit_test_setup_teardown(a_utility_statement_has_no_shape, clear, release),
        cmocka_unit_test_setup_teardown(a_mistake_shows_the_place_and_leaves_no_trace, clear, release),
        cmocka_unit_test_setup_teardown(a_domain_that_refuses_null_still_has_a_plan, clear, release),
        cmocka_unit_test_setup_teardown(an_open_transaction_stays_as_it_is, clear, release),
        cmocka_unit_test_setup_teardown(values_are_quoted, clear, release),
        cmocka_unit_test_setup_teardown(long_shapes_still_differ, clear, release),
        cmocka_unit_test_setup_teardown(junk_documents_do_no_harm, clear, release),
    };
    return cmocka_run_group_tests_name("plan", tests, make_tables, test_server_stop);
}

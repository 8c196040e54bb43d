/* Mistakes in a workload's SQL are found before anything is seeded, shown with their place, and leave nothing. */
#include "fixture.h"

static struct cluster *cluster;

static int group_setup(void **state)
{
    (void)state;
    cluster = open_server();
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    cluster_close(cluster);
    return 0;
}

static void assert_nothing_left(void)
{
    assert_sql(cluster_target(cluster),
               "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pgdyno%' OR nspname LIKE 'dyno%'", "0");
}

static bool rehearse(const char *text, const char *from, const char *to, struct witness *witness, struct err *err)
{
    struct log log = {witness_notice, witness};
    struct workload *workload = load_changed(text, from, to);
    struct run_options options = {.workload = workload, .target = cluster_target(cluster), .log = &log};
    struct session *session = NULL;
    if (!session_open(&options, &session, err))
        fail_msg("%s", err->text);
    bool ok = session_rehearse(session, err);
    session_close(session);
    workload_free(workload);
    assert_nothing_left();
    return ok;
}

static void finds(const char *from, const char *to, const char *part, const char *where)
{
    struct witness witness = {0};
    struct err err = {0};
    assert_false(rehearse(READING, from, to, &witness, &err));
    assert_contains(err.text, part);
    assert_contains(err.where, where);
    assert_int_equal(err.kind, ERR_INPUT);
    str_deinit(&witness.notices);
}

static void a_good_workload_passes(void **state)
{
    (void)state;
    struct witness witness = {0};
    struct err err = {0};
    if (!rehearse(READING, NULL, NULL, &witness, &err) || !rehearse(WRITING, NULL, NULL, &witness, &err))
        fail_msg("%s: %s", err.where, err.text);
    assert_string_equal(str_text(&witness.notices), "");
    str_deinit(&witness.notices);
}

static void a_statement_with_its_line_and_caret(void **state)
{
    (void)state;
    finds("WHERE kind = :kind", "WHERE knid = :kind", "transaction by_kind, statement 1", ".yaml:12");
    finds("WHERE kind = :kind", "WHERE knid = :kind", "SELECT count(*) FROM items WHERE knid = $1", ".yaml");
    finds("WHERE kind = :kind", "WHERE knid = :kind", "^", ".yaml");
    finds("SELECT count(*) FROM items WHERE", "SELEKT count(*) FROM items WHERE", "syntax error", ".yaml");
}

/* What only the planner finds, by computing constants. */
static void a_statement_that_cannot_be_planned(void **state)
{
    (void)state;
    finds("sql: SELECT count(*) FROM items WHERE kind = :kind", "sql: SELECT 1 / 0", "division by zero", ".yaml:12");
}

static void schema_and_constraints(void **state)
{
    (void)state;
    finds("id int NOT NULL", "id itn NOT NULL", "itn", ".yaml");
    finds("ADD PRIMARY KEY (id)", "ADD PRIMARY KEY (di)", "constraints", ".yaml");
}

static void tables_that_the_schema_does_not_make(void **state)
{
    (void)state;
    finds("note text", "nota text", "no column note (did you mean nota?)", ".yaml:7");
    finds("CREATE TABLE items", "CREATE TABLE item", "creates no table items", ".yaml:5");
    finds("note text", "note text, owner int NOT NULL", "column owner of table items is NOT NULL", ".yaml:5");
}

static void columns_that_fill_themselves(void **state)
{
    (void)state;
    struct witness witness = {0};
    struct err err = {0};
    if (!rehearse(READING, "note text",
                  "note text, made timestamptz NOT NULL DEFAULT now(), n int GENERATED ALWAYS AS IDENTITY", &witness,
                  &err))
        fail_msg("%s", err.text);
    str_deinit(&witness.notices);
}

static void variants(void **state)
{
    (void)state;
    finds("items (kind) }", "items (knid) }", "on_kind", ".yaml");
    finds("none: {}", "none: { settings: { random_page_cost: cheap } }", "random_page_cost", ".yaml:14");
    finds("none: {}", "none: { apply: 'CREATE INDEX a ON items (kin)', revert: DROP INDEX a }", "apply", ".yaml");
    finds("none: {}", "none: { apply: 'CREATE INDEX a ON items (kind)', revert: DROP INDEX b }", "revert", ".yaml");
}

/* What stays would be measured under all variants that follow. */
static void a_revert_that_does_not(void **state)
{
    (void)state;
    finds("none: {}", "none: { apply: CREATE INDEX a ON items (kind), revert: SELECT 1 }",
          "variant none, revert: index a is still there\n", ".yaml:14");
    finds("none: {}", "none: { apply: ALTER TABLE items ALTER kind TYPE bigint, revert: SELECT 1 }",
          "column items.kind is not as it was\n", ".yaml:14");
    finds("none: {}",
          "none: { apply: 'ALTER TABLE items DROP note, ADD n int', revert: ALTER TABLE items ADD note int }",
          "column items.n is still there; column items.note is not as it was\n", ".yaml:14");
    finds("none: {}", "none: { apply: ALTER TABLE items DROP CONSTRAINT items_pkey, revert: SELECT 1 }",
          "constraint items_pkey of items is gone; index items_pkey is gone\n", ".yaml:14");
    finds("none: {}", "none: { apply: ALTER TABLE items SET (fillfactor = 70), revert: SELECT 1 }",
          "table items is not as it was\n", ".yaml:14");
}

static void rows_and_copies_that_do_not_fit(void **state)
{
    (void)state;
    static const char sql[] = "sql: SELECT count(*) FROM items WHERE kind = :kind";
    finds(sql, "steps: [ { sql: SELECT 1, each: { as: [kind, b], do: [ { sql: SELECT 2 } ] } } ]",
          "`as` names 2 variables, and the rows have 1 column", ".yaml:12");
    finds(sql, "steps: [ { copy: items, rows: 2, columns: { ids: 1 } } ]", "column \"ids\" of relation \"items\"",
          ".yaml:12");
    finds(sql, "steps: [ { copy: item, rows: 2, columns: { id: 1 } } ]", "relation \"item\" does not exist",
          ".yaml:12");
}

static void sql_files_by_their_own_name(void **state)
{
    (void)state;
    char path[] = "/tmp/pgdyno_up_XXXXXX.sql", to[160];
    int fd = mkstemps(path, 4);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    assert_true(fputs("-- up\nCREATE INDEX a\n  ON items (kin);\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    snprintf(to, sizeof to, "none: { apply_file: %s, revert: DROP INDEX a }", path);
    finds("none: {}", to, "kin", path);
    finds("none: {}", "none: { apply: 'CREATE INDEX a ON items (kin)', revert: DROP INDEX a }", "apply", ".yaml:14");
    finds("items (kind) }", "items (knid) }", "on_kind", ".yaml:15");
    assert_int_equal(unlink(path), 0);
}

/* The server gives no place for these, so the statement itself is shown. */
static void the_statement_where_the_server_gives_no_place(void **state)
{
    (void)state;
    finds("ADD PRIMARY KEY (id)", "ADD PRIMARY KEY (di)", "ALTER TABLE items ADD PRIMARY KEY (di)", ".yaml");
    finds("items (kind) }", "items (knid) }", "items (knid)", ".yaml");
}

static void more_variables_than_columns(void **state)
{
    (void)state;
    finds("sql: SELECT count(*) FROM items WHERE kind = :kind",
          "steps: [ { sql: SELECT id FROM items WHERE kind = :kind, into: [a, b] } ]",
          "`into` names 2 variables, and the rows have 1 column", ".yaml:12");
}

static void a_variant_may_make_what_its_statements_need(void **state)
{
    (void)state;
    finds("none: {}",
          "none: { apply: ALTER TABLE items DROP COLUMN kind CASCADE, revert: ALTER TABLE items ADD COLUMN kind int }",
          "kind", ".yaml:12");
}

static void checks_and_session_settings(void **state)
{
    (void)state;
    finds("FROM items }", "FROM itens }", "check whole", ".yaml:18");
    finds("checks:", "session: { statement_timeout: soon }\nchecks:", "statement_timeout", ".yaml:18");
}

/* Only the server knows a query's columns; that it gives one row is seen on the seeded tables. */
static void a_check_gives_one_boolean(void **state)
{
    (void)state;
    finds("SELECT count(*) = 5000 FROM items", "SELECT count(*) FROM items",
          "check whole: gives a bigint, not a boolean", ".yaml:18");
    finds("SELECT count(*) = 5000 FROM items", "SELECT count(*) FROM items", "SELECT count(*) = 0 FROM", ".yaml");
    finds("SELECT count(*) = 5000 FROM items", "'SELECT true, count(*) FROM items'",
          "check whole: gives 2 columns, not one boolean", ".yaml");
    finds("SELECT count(*) = 5000 FROM items", "DELETE FROM items", "check whole: gives no columns", ".yaml");
    finds("SELECT count(*) = 5000 FROM items", "SELECT 't' AS fine FROM items", "gives a text, not a boolean", ".yaml");
}

static void transaction_control_is_refused(void **state)
{
    (void)state;
    finds("ALTER TABLE items ADD PRIMARY KEY (id)", "COMMIT", "begins or ends a transaction itself", ".yaml");
    finds("ALTER TABLE items ADD PRIMARY KEY (id)", "COMMIT; BEGIN", "begins or ends a transaction itself", ".yaml");
}

static void what_cannot_be_rehearsed_is_said(void **state)
{
    (void)state;
    struct witness witness = {0};
    struct err err = {0};
    if (!rehearse(READING, "none: {}",
                  "none: { apply: 'CREATE INDEX CONCURRENTLY a ON items (kind)', revert: DROP INDEX a }", &witness,
                  &err))
        fail_msg("%s", err.text);
    assert_contains(str_text(&witness.notices), "variant none is not rehearsed");
    str_deinit(&witness.notices);
}

#define MAKE_READER                                                                                                    \
    "CREATE ROLE pgdyno_reader; DO $$ BEGIN EXECUTE format($f$GRANT USAGE ON SCHEMA %I TO pgdyno_reader$f$, "          \
    "current_schema()); END $$"
#define DROP_READER "DROP OWNED BY pgdyno_reader; DROP ROLE pgdyno_reader"

/* Not what a role lacks by mistake elsewhere: only under a variant whose settings name it. */
static void what_a_role_may_not_do_is_said(void **state)
{
    (void)state;
    struct witness witness = {0};
    struct err err = {0};
    if (!rehearse(READING, "none: {}",
                  "reader: { apply: '" MAKE_READER "', revert: " DROP_READER ", settings: { role: pgdyno_reader } }",
                  &witness, &err))
        fail_msg("%s: %s", err.where, err.text);
    assert_contains(str_text(&witness.notices),
                    "variant reader: transaction by_kind, statement 1 is refused to role pgdyno_reader");
    assert_false(rehearse(READING, "none: {}",
                          "none: { apply: '" MAKE_READER
                          "; SET LOCAL ROLE pgdyno_reader', revert: RESET ROLE; " DROP_READER " }",
                          &witness, &err));
    assert_contains(err.text, "permission denied");
    assert_sql(cluster_target(cluster), "SELECT count(*) FROM pg_roles WHERE rolname = 'pgdyno_reader'", "0");
    str_deinit(&witness.notices);
}

static void a_stop_leaves_nothing(void **state)
{
    (void)state;
    struct witness witness = {0};
    struct err err = {0};
    struct workload *workload = load_text(READING);
    struct run_options options = {.workload = workload, .target = cluster_target(cluster)};
    struct session *session;
    assert_true(session_open(&options, &session, &err));
    raise(SIGINT);
    assert_false(session_rehearse(session, &err));
    assert_int_equal(err.kind, ERR_STOPPED);
    stop_reset();
    session_close(session);
    workload_free(workload);
    assert_nothing_left();
    str_deinit(&witness.notices);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_workload_passes),
        cmocka_unit_test(a_statement_with_its_line_and_caret),
        cmocka_unit_test(a_statement_that_cannot_be_planned),
        cmocka_unit_test(schema_and_constraints),
        cmocka_unit_test(tables_that_the_schema_does_not_make),
        cmocka_unit_test(columns_that_fill_themselves),
        cmocka_unit_test(rows_and_copies_that_do_not_fit),
        cmocka_unit_test(sql_files_by_their_own_name),
        cmocka_unit_test(the_statement_where_the_server_gives_no_place),
        cmocka_unit_test(more_variables_than_columns),
        cmocka_unit_test(variants),
        cmocka_unit_test(a_revert_that_does_not),
        cmocka_unit_test(a_variant_may_make_what_its_statements_need),
        cmocka_unit_test(checks_and_session_settings),
        cmocka_unit_test(a_check_gives_one_boolean),
        cmocka_unit_test(transaction_control_is_refused),
        cmocka_unit_test(what_cannot_be_rehearsed_is_said),
        cmocka_unit_test(what_a_role_may_not_do_is_said),
        cmocka_unit_test(a_stop_leaves_nothing),
    };
    stop_install();
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/stop.h"
#include "generators/load.h"
#include "pg/cluster.h"
#include "pg/query.h"
#include "tables.h"
#include "unit.h"

static struct cluster *cluster;
static struct db *db;

static int set_up(void **state)
{
    (void)state;
    struct err err = {0};
    struct cluster_options options = {.max_connections = 20, .fast_unsafe = true};
    if (stop_install() && cluster_open(&options, &cluster, &err) && db_open(cluster_target(cluster), &db, &err))
        return 0;
    fprintf(stderr, "%s: %s\n", err.where, err.text);
    return -1;
}

static int tear_down(void **state)
{
    (void)state;
    db_close(db);
    cluster_close(cluster);
    return 0;
}

static void execute(const char *sql)
{
    struct err err = {0};
    if (!db_exec(db, "test", sql, &err))
        fail_msg("%s", err.text);
}

static void query(const char *sql, char *buf, size_t size)
{
    struct err err = {0};
    if (!db_value(db, sql, buf, size, &err))
        fail_msg("%s", err.text);
}

static bool load(const struct table_spec *tables, size_t n, int connections, struct load_result *result,
                 struct err *err)
{
    struct load_options options = {.connections = connections, .schema = "public"};
    *err = (struct err){0};
    return load_tables(cluster_target(cluster), tables, n, &options, result, err);
}

/* --- What is loaded ----------------------------------------------------------------------------------------------- */

static const int64_t million = 1000000;

static struct column_spec mixed_columns[] = {
    {"id", make_row, NULL},          {"n", make_random, &million}, {"w", make_words, NULL},
    {"awkward", make_awkward, NULL}, {"at", make_timestamp, NULL}, {"Odd \"name\"", make_double, NULL},
};

#define MIXED_SQL                                                                                                      \
    "CREATE TABLE mixed (id bigint, n bigint, w text, awkward text, at timestamptz, \"Odd \"\"name\"\"\" float8)"

static struct table_spec mixed_table(int64_t rows)
{
    return table_of("mixed", rows, mixed_columns, sizeof mixed_columns / sizeof *mixed_columns);
}

static void the_rows_do_not_depend_on_the_connections(void **state)
{
    (void)state;
    static const int connections[] = {1, 2, 7};
    char first[200] = "", now[200];
    struct table_spec table = mixed_table(23456);
    for (size_t i = 0; i < 3; i++) {
        struct load_result result;
        struct err err;
        execute("DROP TABLE IF EXISTS mixed; " MIXED_SQL);
        if (!load(&table, 1, connections[i], &result, &err))
            fail_msg("%s: %s", err.where, err.text);
        assert_int_equal(result.rows, 23456);
        assert_true(result.bytes > 23456 * 40 && result.elapsed_ns > 0);
        query("SELECT count(*) || ' ' || sum(hashtext(m::text)::bigint) || ' ' ||"
              " md5(string_agg(m::text, E'\\n' ORDER BY id)) FROM mixed m",
              now, sizeof now);
        if (i == 0)
            memcpy(first, now, sizeof first);
        assert_string_equal(now, first);
    }
}

static void assert_same_text(const struct value *cell, const PGresult *rows, int row, int column)
{
    if (cell->type == VALUE_NULL) {
        assert_true(PQgetisnull(rows, row, column));
        return;
    }
    assert_false(PQgetisnull(rows, row, column));
    char buf[VALUE_TEXT_MAX];
    const char *data;
    size_t len = value_text(cell, buf, &data);
    assert_int_equal(len, PQgetlength(rows, row, column));
    assert_memory_equal(data, PQgetvalue(rows, row, column), len);
}

/* The server's own text of each value is ours, escapes, time zones, shortest doubles and all. */
static void the_server_reads_what_we_meant(void **state)
{
    (void)state;
    struct table_spec table = mixed_table(3000);
    struct load_result result;
    struct err err;
    struct row_maker *maker;
    execute("DROP TABLE IF EXISTS mixed; " MIXED_SQL);
    assert_true(load(&table, 1, 2, &result, &err));
    execute("SET timezone = 'UTC'; SET client_encoding = 'UTF8'; SET datestyle = 'ISO'");
    PGresult *rows = db_rows(db, "read", "SELECT * FROM mixed ORDER BY id", 0, NULL, &err);
    assert_non_null(rows);
    assert_int_equal(PQntuples(rows), 3000);
    assert_true(row_maker_new(&table, &maker, NULL));
    for (int row = 0; row < 3000; row++) {
        const struct value *cells;
        size_t bad_column;
        assert_int_equal(row_maker_row(maker, row + 1, &cells, &bad_column), MAKE_OK);
        for (int column = 0; column < 6; column++)
            assert_same_text(&cells[column], rows, row, column);
    }
    row_maker_free(maker);
    PQclear(rows);
}

struct seen {
    int calls;
    int finals;
    int64_t last;
    char table[64];
};

static void note_progress(void *user, const char *table, int64_t done, int64_t total, int64_t bytes)
{
    struct seen *seen = user;
    if (strcmp(seen->table, table) != 0) {
        snprintf(seen->table, sizeof seen->table, "%s", table);
        seen->last = 0;
    }
    assert_true(done >= seen->last && done <= total && bytes >= done);
    seen->last = done;
    seen->calls++;
    seen->finals += done == total;
}

static void all_tables_are_filled(void **state)
{
    (void)state;
    struct column_spec columns[] = {{"id", make_row, NULL}};
    struct table_spec tables[] = {table_of("one", 1, columns, 1), table_of("none", 0, columns, 1),
                                  table_of("many", 30001, columns, 1), table_of("few", 251, columns, 1)};
    struct seen seen = {0};
    struct load_options options = {.connections = 3, .schema = "other", .progress = note_progress, .user = &seen};
    struct load_result result;
    struct err err;
    char text[64];
    execute("CREATE SCHEMA other; CREATE TABLE other.one (id int); CREATE TABLE other.none (id int);"
            "CREATE TABLE other.many (id int); CREATE TABLE other.few (id int)");
    if (!load_tables(cluster_target(cluster), tables, 4, &options, &result, &err))
        fail_msg("%s: %s", err.where, err.text);
    assert_int_equal(result.rows, 30253);
    assert_int_equal(seen.finals, 4);
    assert_string_equal(seen.table, "few");
    query("SELECT (SELECT count(*) FROM other.one) || ' ' || (SELECT count(*) FROM other.none) || ' ' ||"
          " (SELECT sum(id) FROM other.many) || ' ' || (SELECT sum(id) FROM other.few)",
          text, sizeof text);
    assert_string_equal(text, "1 0 450045001 31626");
}

/* A function in a CHECK or a trigger finds the schema's tables here as it does in the measured sessions. */
static void the_schema_is_searched(void **state)
{
    (void)state;
    struct column_spec columns[] = {{"id", make_row, NULL}};
    struct table_spec table = table_of("checked", 300, columns, 1);
    struct load_options options = {.connections = 1, .schema = "The \"schema\""};
    struct load_result result;
    struct err err;
    execute("CREATE SCHEMA \"The \"\"schema\"\"\"; SET search_path = \"The \"\"schema\"\"\";"
            "CREATE TABLE limits (most int); INSERT INTO limits VALUES (1000);"
            "CREATE FUNCTION allowed(n int) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RETURN n <= (SELECT most FROM "
            "limits); END';"
            "CREATE TABLE checked (id int CHECK (allowed(id))); RESET search_path");
    if (!load_tables(cluster_target(cluster), &table, 1, &options, &result, &err))
        fail_msg("%s: %s", err.where, err.text);
    assert_int_equal(result.rows, 300);
}

/* --- What is refused ---------------------------------------------------------------------------------------------- */

static enum make_status make_wrong(const void *program, struct row_scope *scope, struct value *out)
{
    if (scope->row == *(const int64_t *)program)
        *out = (struct value){.type = VALUE_TEXT, .text = {"oops\tno", 7}};
    else
        *out = (struct value){.type = VALUE_INT, .integer = scope->row};
    return MAKE_OK;
}

static enum make_status make_null(const void *program, struct row_scope *scope, struct value *out)
{
    *out = (struct value){.type = VALUE_INT, .integer = scope->row};
    if (scope->row == *(const int64_t *)program)
        out->type = VALUE_NULL;
    return MAKE_OK;
}

static enum make_status make_twice(const void *program, struct row_scope *scope, struct value *out)
{
    *out = (struct value){.type = VALUE_INT, .integer = scope->row == *(const int64_t *)program ? 7 : scope->row};
    return MAKE_OK;
}

static enum make_status make_divided(const void *program, struct row_scope *scope, struct value *out)
{
    *out = (struct value){.type = VALUE_INT, .integer = scope->row};
    return scope->row == *(const int64_t *)program ? MAKE_DIVISION_BY_ZERO : MAKE_OK;
}

static enum make_status make_nul(const void *program, struct row_scope *scope, struct value *out)
{
    *out = (struct value){.type = VALUE_TEXT, .text = {"1\0", scope->row == *(const int64_t *)program ? 2 : 1}};
    return MAKE_OK;
}

/* A mistake in a middle row, found whichever connection sends it. */
static void mistakes_are_shown_with_their_row(void **state)
{
    (void)state;
    static const int64_t bad_row = 77777;
    static const struct {
        const char *sql;
        column_fn *make;
        enum err_kind kind;
        const char *where;
        const char *texts[4]; /* all are in it */
    } rows[] = {
        {"CREATE TABLE bad (id int, c int)",
         make_wrong,
         ERR_SERVER,
         "bad.c, row 77777",
         {"rejected row 77777 of table bad, column c: \"oops\tno\" (text)", "invalid input syntax for type integer",
          "22P02"}},
        {"CREATE TABLE bad (id int, c int NOT NULL)",
         make_null,
         ERR_SERVER,
         "bad.c, row 77777",
         {"row 77777 of table bad, column c: NULL", "not-null", "23502"}},
        {"CREATE TABLE bad (id int, c int CHECK (c <> 77777))",
         make_row,
         ERR_SERVER,
         "bad, row 77777",
         {"row 77777 of table bad: 77777\t77777", "check constraint", "detail: "}},
        {"CREATE TABLE bad (id int, c smallint)", make_row, ERR_SERVER, "bad.c, row 32768", {"out of range"}},
        {"CREATE TABLE bad (id int, c int)", make_divided, ERR_INPUT, "bad.c, row 77777", {"division by zero"}},
        {"CREATE TABLE bad (id int, c text)", make_nul, ERR_INPUT, "bad.c, row 77777", {"NUL byte"}},
        {"CREATE TABLE bad (id int)", make_row, ERR_SERVER, "loading bad", {"column \"c\"", "does not exist"}},
        {"SELECT", make_row, ERR_SERVER, "loading bad", {"relation", "does not exist"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int connections = 1; connections <= 3; connections += 2) {
            struct column_spec columns[] = {{"id", make_row, NULL}, {"c", rows[i].make, &bad_row}};
            struct table_spec table = table_of("bad", 150000, columns, 2);
            struct load_result result;
            struct err err;
            execute("DROP TABLE IF EXISTS bad");
            execute(rows[i].sql);
            assert_false(load(&table, 1, connections, &result, &err));
            assert_int_equal(err.kind, rows[i].kind);
            bool any_row = strstr(rows[i].where, "32768") && connections > 1; /* another connection may be first */
            if (!any_row)
                assert_string_equal(err.where, rows[i].where);
            for (int t = 0; t < 4 && rows[i].texts[t]; t++) {
                if (!strstr(err.text, rows[i].texts[t]))
                    fail_msg("no \"%s\" in \"%s\"", rows[i].texts[t], err.text);
            }
        }
    }
}

static void a_doubled_key_is_shown_with_its_row(void **state)
{
    (void)state;
    static const int64_t bad_row = 4321;
    struct column_spec columns[] = {{"id", make_row, NULL}, {"c", make_twice, &bad_row}};
    struct table_spec table = table_of("doubled", 5000, columns, 2);
    struct load_result result;
    struct err err;
    execute("CREATE TABLE doubled (id int, c int UNIQUE)");
    assert_false(load(&table, 1, 1, &result, &err));
    assert_string_equal(err.where, "doubled, row 4321");
    assert_non_null(strstr(err.text, "detail: Key (c)=(7) already exists"));
}

static void too_many_connections_is_an_error(void **state)
{
    (void)state;
    struct column_spec columns[] = {{"id", make_row, NULL}};
    struct table_spec table = table_of("crowd", 100000, columns, 1);
    struct load_result result;
    struct err err;
    execute("CREATE TABLE crowd (id int)");
    execute("BEGIN; LOCK TABLE crowd"); /* so that none is done before the last one comes */
    bool ok = load(&table, 1, 80, &result, &err);
    execute("COMMIT");
    assert_false(ok);
    assert_int_equal(err.kind, ERR_SERVER);
    if (!strstr(err.text, "max_connections"))
        fail_msg("%s", err.text);
}

/* --- Trouble in the middle ---------------------------------------------------------------------------------------- */

enum trouble {
    STOP,
    TERMINATE_BACKEND,
    NOTHING
};

struct trouble_maker {
    enum trouble trouble;
    int calls;
    bool only_when_rows;
};

static void make_trouble(void *user, const char *table, int64_t done, int64_t total, int64_t bytes)
{
    (void)table, (void)total, (void)bytes;
    struct trouble_maker *maker = user;
    if ((maker->only_when_rows && done == 0) || ++maker->calls != 2)
        return;
    if (maker->trouble == STOP)
        raise(SIGTERM);
    else if (maker->trouble == TERMINATE_BACKEND)
        execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%' LIMIT 1");
}

static bool load_with_trouble(struct trouble_maker *maker, int64_t rows, struct err *err)
{
    struct column_spec columns[] = {{"id", make_row, NULL}};
    struct table_spec table = table_of("troubled", rows, columns, 1);
    struct load_options options = {.connections = 2, .schema = "public", .progress = make_trouble, .user = maker};
    struct load_result result;
    *err = (struct err){0};
    int64_t started_ns = clock_now_ns();
    bool ok = load_tables(cluster_target(cluster), &table, 1, &options, &result, err);
    stop_reset();
    assert_true(clock_now_ns() - started_ns < 30 * NS_PER_S);
    return ok;
}

/* Nothing of ours is left at work, so the table can be dropped. */
static void drop_troubled(void)
{
    execute("SET lock_timeout = '10s'; DROP TABLE troubled; RESET lock_timeout");
}

static void a_stop_request_ends_it(void **state)
{
    (void)state;
    struct trouble_maker maker = {.trouble = STOP, .only_when_rows = true};
    struct err err;
    char text[32];
    execute("CREATE TABLE troubled (id bigint)");
    assert_false(load_with_trouble(&maker, INT64_C(1) << 40, &err));
    assert_int_equal(err.kind, ERR_STOPPED);
    query("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active'", text, sizeof text);
    assert_string_equal(text, "0");
    drop_troubled();
}

static void a_stop_request_ends_the_wait_for_a_lock(void **state)
{
    (void)state;
    struct trouble_maker maker = {.trouble = STOP};
    struct err err;
    execute("CREATE TABLE troubled (id bigint)");
    execute("BEGIN; LOCK TABLE troubled");
    bool ok = load_with_trouble(&maker, 100000, &err);
    execute("COMMIT");
    assert_false(ok);
    assert_int_equal(err.kind, ERR_STOPPED);
    drop_troubled();
}

static void a_lost_backend_ends_it(void **state)
{
    (void)state;
    struct trouble_maker maker = {.trouble = TERMINATE_BACKEND, .only_when_rows = true};
    struct err err;
    execute("CREATE TABLE troubled (id bigint)");
    assert_false(load_with_trouble(&maker, INT64_C(1) << 40, &err));
    assert_int_equal(err.kind, ERR_SERVER);
    assert_string_equal(err.where, "loading troubled");
    if (!strstr(err.text, "terminating connection") && !strstr(err.text, "closed the connection"))
        fail_msg("%s", err.text);
    drop_troubled();
}

/* A message in the middle that is no error: all rows arrive all the same. */
static void notices_do_no_harm(void **state)
{
    (void)state;
    struct trouble_maker maker = {.trouble = NOTHING};
    struct err err;
    char text[32];
    execute("CREATE TABLE troubled (id bigint);"
            "CREATE FUNCTION chat() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN IF NEW.id % 1000 = 0 THEN RAISE WARNING ''row %'', NEW.id; END IF; RETURN NEW; END';"
            "CREATE TRIGGER chat BEFORE INSERT ON troubled FOR EACH ROW EXECUTE FUNCTION chat()");
    if (!load_with_trouble(&maker, 100000, &err))
        fail_msg("%s: %s", err.where, err.text);
    query("SELECT count(*) || ' ' || count(DISTINCT id) FROM troubled", text, sizeof text);
    assert_string_equal(text, "100000 100000");
    drop_troubled();
}

static void kill_server(void *user, const char *table, int64_t done, int64_t total, int64_t bytes)
{
    (void)table, (void)total, (void)bytes;
    struct cluster **victim = user;
    if (done > 0 && *victim) {
        kill(cluster_postmaster_pid(*victim), SIGQUIT); /* immediate shutdown */
        *victim = NULL;
    }
}

static void a_server_that_goes_away_ends_it(void **state)
{
    (void)state;
    struct cluster *other = NULL, *victim;
    struct cluster_options server = {.max_connections = 10, .fast_unsafe = true};
    struct column_spec columns[] = {{"id", make_row, NULL}};
    struct table_spec table = table_of("gone", INT64_C(1) << 40, columns, 1);
    struct load_options options = {.connections = 2, .schema = "public", .progress = kill_server, .user = &victim};
    struct load_result result;
    struct err err = {0};
    struct db *to_other = NULL;
    if (!cluster_open(&server, &other, &err) || !db_open(cluster_target(other), &to_other, &err) ||
        !db_exec(to_other, "create", "CREATE TABLE gone (id bigint)", &err))
        fail_msg("%s", err.text);
    victim = other;
    bool ok = load_tables(cluster_target(other), &table, 1, &options, &result, &err);
    db_close(to_other);
    cluster_close(other);
    assert_false(ok);
    assert_int_equal(err.kind, ERR_SERVER);
    assert_true(err.text[0] != '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rows_do_not_depend_on_the_connections),
        cmocka_unit_test(the_server_reads_what_we_meant),
        cmocka_unit_test(all_tables_are_filled),
        cmocka_unit_test(the_schema_is_searched),
        cmocka_unit_test(mistakes_are_shown_with_their_row),
        cmocka_unit_test(a_doubled_key_is_shown_with_its_row),
        cmocka_unit_test(too_many_connections_is_an_error),
        cmocka_unit_test(a_stop_request_ends_it),
        cmocka_unit_test(a_stop_request_ends_the_wait_for_a_lock),
        cmocka_unit_test(a_lost_backend_ends_it),
        cmocka_unit_test(notices_do_no_harm),
        cmocka_unit_test(a_server_that_goes_away_ends_it),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

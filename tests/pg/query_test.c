#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/str.h"
#include "pg/query.h"
#include "support/server.h"

#define CONTAINS(text, part)                                                                                           \
    do {                                                                                                               \
        if (!strstr((text), (part)))                                                                                   \
            fail_msg("\"%s\" is not in:\n%s", (part), (text));                                                         \
    } while (0)

#define LACKS(text, part)                                                                                              \
    do {                                                                                                               \
        if (strstr((text), (part)))                                                                                    \
            fail_msg("\"%s\" is in:\n%s", (part), (text));                                                             \
    } while (0)

static struct err err;

static int clear(void **state)
{
    (void)state;
    err = (struct err){0};
    stop_reset();
    return 0;
}

/* --- Values ------------------------------------------------------------------------------------------------------- */

static void values_come_back(void **state)
{
    (void)state;
    char buf[8];
    int64_t value;
    struct db *db = test_db();
    assert_int_equal(test_int(db, "SELECT 42"), 42);
    assert_true(db_value(db, "SELECT 'ä'", buf, sizeof buf, &err));
    assert_string_equal(buf, "ä");
    assert_true(db_value(db, "SELECT NULL", buf, sizeof buf, &err));
    assert_string_equal(buf, "");
    assert_true(db_value(db, "SELECT 1 WHERE false", buf, sizeof buf, &err));
    assert_string_equal(buf, "");
    assert_false(db_value(db, "SELECT '12345678'", buf, sizeof buf, &err));
    assert_false(db_int(db, "SELECT NULL", &value, &err));
    assert_false(db_int(db, "SELECT 'x'", &value, &err));
    assert_true(db_version(db) >= 140000);
}

static void parameters_are_bound(void **state)
{
    (void)state;
    const char *const params[] = {"7", NULL};
    PGresult *rows = db_rows(test_db(), "params", "SELECT $1::int + 1, $2::text IS NULL", 2, params, &err);
    assert_non_null(rows);
    assert_string_equal(PQgetvalue(rows, 0, 0), "8");
    assert_string_equal(PQgetvalue(rows, 0, 1), "t");
    PQclear(rows);
}

static void several_statements_run_until_one_fails(void **state)
{
    (void)state;
    struct db *db = test_db();
    assert_true(db_exec(db, "schema", "CREATE TABLE multi (a int); INSERT INTO multi VALUES (1), (2)", &err));
    assert_int_equal(test_int(db, "SELECT count(*) FROM multi"), 2);
    assert_false(db_exec(db, "schema", "SELECT 1; SELECT 1/0; SELECT 2", &err));
    assert_int_equal(db_sqlstate(db), SQLSTATE('2', '2', '0', '1', '2'));
    assert_true(db_exec(db, "schema", "", &err));
    assert_int_equal(db_sqlstate(db), 0);
    assert_true(db_execf(db, "schema", &err, "DROP TABLE %s", "multi"));
}

static void a_large_statement_and_a_large_answer_pass(void **state)
{
    (void)state;
    const size_t size = 8 * 1024 * 1024;
    char *literal = malloc(size + 1);
    memset(literal, 'x', size);
    literal[size] = '\0';
    struct str sql = {0};
    str_printf(&sql, "SELECT '%s' || 'y'", literal);
    PGresult *rows = db_rows(test_db(), "large", str_text(&sql), 0, NULL, &err);
    assert_non_null(rows);
    assert_int_equal(PQgetlength(rows, 0, 0), size + 1);
    PQclear(rows);
    str_deinit(&sql);
    free(literal);
}

static void identifiers_are_quoted(void **state)
{
    (void)state;
    char buf[16];
    assert_true(db_quote_ident(test_db(), "a\"b", buf, sizeof buf));
    assert_string_equal(buf, "\"a\"\"b\"");
    assert_false(db_quote_ident(test_db(), "a-very-long-name", buf, sizeof buf));
}

static void copy_is_refused_and_the_session_lives_on(void **state)
{
    (void)state;
    struct db *db = test_db();
    test_exec(db, "CREATE TABLE copied (a int)");
    assert_false(db_exec(db, "copy", "COPY copied FROM STDIN", &err));
    CONTAINS(err.text, "COPY … FROM STDIN");
    db_exec(db, "copy", "COPY (SELECT generate_series(1, 100000)) TO STDOUT", &err);
    assert_int_equal(test_int(db, "SELECT count(*) FROM copied"), 0);
    test_exec(db, "DROP TABLE copied");
}

/* --- Errors of statements ----------------------------------------------------------------------------------------- */

static void errors_show_the_place(void **state)
{
    (void)state;
    assert_false(db_exec(test_db(), "step 3", "SELECT 1,\n\t'äöü😀', nosuch\nFROM pg_class", &err));
    assert_int_equal(err.kind, ERR_SERVER);
    assert_string_equal(err.where, "step 3");
    CONTAINS(err.text, "ERROR: column \"nosuch\" does not exist (SQLSTATE 42703)");
    /* "line 2: " and the eleven columns of \t'äöü😀',␠, the emoji being two wide */
    CONTAINS(err.text, "\nline 2:  'äöü😀', nosuch\n                  ^");
    LACKS(err.text, "FROM pg_class");
    assert_int_equal(db_sqlstate(test_db()), SQLSTATE('4', '2', '7', '0', '3'));
}

static void long_lines_are_cut_around_the_caret(void **state)
{
    (void)state;
    struct str sql = {0};
    str_append(&sql, "SELECT ");
    for (int i = 0; i < 100; i++)
        str_printf(&sql, "%d, ", i);
    str_append(&sql, "nosuch");
    for (int i = 0; i < 100; i++)
        str_printf(&sql, ", %d", i);
    assert_false(db_exec(test_db(), "long", str_text(&sql), &err));
    const char *line = strstr(err.text, "line 1: ...");
    assert_non_null(line);
    const char *caret_line = strchr(line, '\n') + 1, *word = strstr(line, "nosuch");
    assert_int_equal(strchr(caret_line, '^') - caret_line, word - line);
    assert_true(caret_line - line < 130);
    str_deinit(&sql);
}

static void errors_carry_detail_hint_and_context(void **state)
{
    (void)state;
    static const char sql[] = "DO $$ BEGIN RAISE EXCEPTION 'no' USING DETAIL = 'the detail', HINT = 'the hint', "
                              "ERRCODE = 'P1234'; END $$";
    assert_false(db_exec(test_db(), "do", sql, &err));
    CONTAINS(err.text, "ERROR: no (SQLSTATE P1234)");
    CONTAINS(err.text, "detail: the detail");
    CONTAINS(err.text, "hint: the hint");
    CONTAINS(err.text, "in: PL/pgSQL function");
}

static void an_inner_statement_has_its_own_caret(void **state)
{
    (void)state;
    assert_false(db_exec(test_db(), "do", "DO $$ BEGIN PERFORM nosuch; END $$", &err));
    CONTAINS(err.text, "line 1: SELECT nosuch\n               ^");
}

static void prepare_check_finds_mistakes_and_leaves_nothing(void **state)
{
    (void)state;
    struct db *db = test_db();
    assert_true(db_prepare_check(db, "s", "SELECT $1::int", &err));
    assert_false(db_prepare_check(db, "s", "SELEC $1::int", &err));
    CONTAINS(err.text, "line 1: SELEC $1::int\n        ^");
    assert_false(db_prepare_check(db, "s", "SELECT 1; SELECT 2", &err));
    assert_int_equal(test_int(db, "SELECT count(*) FROM pg_prepared_statements"), 0);
}

static void a_lost_connection_says_why(void **state)
{
    (void)state;
    struct db *victim = test_db_open();
    char sql[64];
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d)", PQbackendPID(db_handle(victim)));
    test_exec(test_db(), sql);
    assert_false(db_exec(victim, "after", "SELECT 1", &err));
    assert_int_equal(err.kind, ERR_SERVER);
    CONTAINS(err.text, "terminating connection due to administrator command");
    assert_false(db_exec(victim, "again", "SELECT 1", &err));
    assert_true(err.text[0] != '\0');
    db_close(victim);
}

/* --- Stopping ----------------------------------------------------------------------------------------------------- */

static void *signal_when_running(void *arg)
{
    struct db *observer = arg;
    int64_t running = 0;
    for (int i = 0; i < 1000 && running == 0; i++) {
        db_int(observer,
               "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(60)' "
               "AND pid <> pg_backend_pid()",
               &running, NULL);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    kill(getpid(), SIGINT);
    return NULL;
}

static void a_stop_cancels_the_statement(void **state)
{
    (void)state;
    struct db *db = test_db(), *observer = test_db_open();
    pthread_t thread;
    assert_true(stop_install());
    int64_t start_ns = clock_now_ns();
    assert_int_equal(pthread_create(&thread, NULL, signal_when_running, observer), 0);
    assert_false(db_exec(db, "sleep", "SELECT pg_sleep(60)", &err));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(clock_now_ns() - start_ns < 20 * NS_PER_S);
    assert_int_equal(err.kind, ERR_STOPPED);
    assert_string_equal(err.where, "sleep");

    assert_false(db_exec(db, "later", "SELECT 1", &err));
    assert_int_equal(err.kind, ERR_STOPPED);
    struct db *refused;
    assert_false(db_open(cluster_target(test_cluster()), &refused, &err));
    assert_int_equal(err.kind, ERR_STOPPED);
    assert_null(refused);

    assert_false(db_set_uninterruptible(db, true));
    assert_true(db_exec(db, "clean up", "SELECT 1", &err));
    assert_true(db_set_uninterruptible(db, false));
    struct db *cleaner;
    assert_true(db_open_uninterruptible(cluster_target(test_cluster()), &cleaner, &err));
    assert_true(db_exec(cleaner, "clean up", "SELECT 1", &err));
    db_close(cleaner);
    stop_reset();
    assert_int_equal(test_int(db, "SELECT 5"), 5);
    db_close(observer);
}

/* --- Connecting --------------------------------------------------------------------------------------------------- */

static void refuse(const struct target *target)
{
    struct db *db = (struct db *)&err;
    err = (struct err){0};
    assert_false(db_open(target, &db, &err));
    assert_null(db);
    assert_int_not_equal(err.kind, ERR_NONE);
}

static void no_server_says_where_and_what_to_do(void **state)
{
    (void)state;
    refuse(&(struct target){.host = "/nonexistent", .user = "u"});
    CONTAINS(err.text, "/nonexistent/.s.PGSQL");
    CONTAINS(err.text, "is the server running?");
    LACKS(err.text, "Is the server");
    refuse(&(struct target){.host = "127.0.0.1", .port = "1", .user = "u"});
    CONTAINS(err.text, "port 1 failed");
    CONTAINS(err.text, "-h and -p");
}

static void a_missing_database_is_named(void **state)
{
    (void)state;
    struct target target = *cluster_target(test_cluster());
    target.database = "nosuch";
    refuse(&target);
    CONTAINS(err.text, "FATAL: database \"nosuch\" does not exist");
    CONTAINS(err.text, "createdb");
    LACKS(err.text, "3D000");
    LACKS(err.text, "LOCATION");
}

static void a_missing_role_points_to_the_user(void **state)
{
    (void)state;
    struct target target = *cluster_target(test_cluster());
    target.user = "nosuch";
    refuse(&target);
    CONTAINS(err.text, "role \"nosuch\" does not exist");
    CONTAINS(err.text, "-U");
}

static void too_many_connections_has_a_remedy(void **state)
{
    (void)state;
    struct db *db = test_db();
    test_exec(db, "CREATE ROLE crowd LOGIN CONNECTION LIMIT 0");
    struct target target = *cluster_target(test_cluster());
    target.user = "crowd";
    refuse(&target);
    CONTAINS(err.text, "too many connections");
    CONTAINS(err.text, "max_connections");
    test_exec(db, "DROP ROLE crowd");
}

static void rewrite_hba(const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/data/pg_hba.conf", cluster_folder(test_cluster()));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    test_exec(test_db(), "SELECT pg_reload_conf()");
}

/* Until the postmaster has read the new file: it says so by refusing. */
static void refuse_within_5_s(const struct target *target)
{
    struct db *db;
    bool open = true;
    for (int i = 0; i < 1000 && open; i++) {
        open = db_open(target, &db, &err);
        db_close(db);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    assert_false(open);
}

static void a_wrong_password_has_a_remedy_and_is_not_shown(void **state)
{
    (void)state;
    test_exec(test_db(), "CREATE ROLE locked LOGIN PASSWORD 'right'; CREATE ROLE barred LOGIN");
    rewrite_hba("local all locked scram-sha-256\nlocal all barred reject\nlocal all all trust\n");
    struct target target = *cluster_target(test_cluster());
    target.user = "locked";
    unsetenv("PGPASSWORD");
    refuse_within_5_s(&target);
    CONTAINS(err.text, "~/.pgpass");
    setenv("PGPASSWORD", "wrong-secret", 1);
    refuse(&target);
    unsetenv("PGPASSWORD");
    CONTAINS(err.text, "password authentication failed");
    CONTAINS(err.text, "~/.pgpass");
    LACKS(err.text, "wrong-secret");
    setenv("PGPASSWORD", "***", 1);
    refuse(&target);
    unsetenv("PGPASSWORD");
    target.user = "barred";
    refuse(&target);
    CONTAINS(err.text, "pg_hba.conf");
    rewrite_hba("local all all trust\n");
    test_exec(test_db(), "DROP ROLE locked; DROP ROLE barred");
}

static void broken_connection_strings_hide_their_parts(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "host=x password=a secret",      "postgresql://u:p%zzsecret@h/d", "postgresql://u:secret@[::1/d",
        "postgresql://u:sec@secret@h/d", "postgresql://u:secret/x@h/d",   "postgresql://u:secret\"x@[h/d",
        "host=x passwrd=secret",
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        refuse(&(struct target){.dbname = broken[i]});
        assert_int_equal(err.kind, ERR_USAGE);
        LACKS(err.text, "secret");
        LACKS(err.where, "secret");
    }
}

static void a_silent_server_is_given_up(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0); /* connects, and never says a word */
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    char dbname[128];
    snprintf(dbname, sizeof dbname, "host=127.0.0.1 port=%d user=u connect_timeout=1", ntohs(address.sin_port));
    int64_t start_ns = clock_now_ns();
    refuse(&(struct target){.dbname = dbname});
    assert_true(clock_now_ns() - start_ns < 8 * NS_PER_S);
    CONTAINS(err.text, "within 1 s");
    close(fd);
}

static void old_servers_are_refused_by_name(void **state)
{
    (void)state;
    assert_true(db_version_supported(140000, &err));
    assert_true(db_version_supported(180001, &err));
    assert_false(db_version_supported(130014, &err));
    CONTAINS(err.text, "PostgreSQL 13.14");
    CONTAINS(err.text, "14 to 18");
    assert_false(db_version_supported(90624, &err));
    CONTAINS(err.text, "PostgreSQL 9.6.24");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(values_come_back, clear),
        cmocka_unit_test_setup(parameters_are_bound, clear),
        cmocka_unit_test_setup(several_statements_run_until_one_fails, clear),
        cmocka_unit_test_setup(a_large_statement_and_a_large_answer_pass, clear),
        cmocka_unit_test_setup(identifiers_are_quoted, clear),
        cmocka_unit_test_setup(copy_is_refused_and_the_session_lives_on, clear),
        cmocka_unit_test_setup(errors_show_the_place, clear),
        cmocka_unit_test_setup(long_lines_are_cut_around_the_caret, clear),
        cmocka_unit_test_setup(errors_carry_detail_hint_and_context, clear),
        cmocka_unit_test_setup(an_inner_statement_has_its_own_caret, clear),
        cmocka_unit_test_setup(prepare_check_finds_mistakes_and_leaves_nothing, clear),
        cmocka_unit_test_setup(a_lost_connection_says_why, clear),
        cmocka_unit_test_setup(a_stop_cancels_the_statement, clear),
        cmocka_unit_test_setup(no_server_says_where_and_what_to_do, clear),
        cmocka_unit_test_setup(a_missing_database_is_named, clear),
        cmocka_unit_test_setup(a_missing_role_points_to_the_user, clear),
        cmocka_unit_test_setup(too_many_connections_has_a_remedy, clear),
        cmocka_unit_test_setup(a_wrong_password_has_a_remedy_and_is_not_shown, clear),
        cmocka_unit_test_setup(broken_connection_strings_hide_their_parts, clear),
        cmocka_unit_test_setup(a_silent_server_is_given_up, clear),
        cmocka_unit_test_setup(old_servers_are_refused_by_name, clear),
    };
    return cmocka_run_group_tests_name("query", tests, test_server_start, test_server_stop);
}

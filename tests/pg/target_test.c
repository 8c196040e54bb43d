#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pg/target.h"
#include "unit.h"

static const char *keywords[TARGET_KEYWORDS], *values[TARGET_KEYWORDS];

static const char *value_of(const char *keyword, int nth)
{
    for (int i = 0; keywords[i]; i++) {
        if (strcmp(keywords[i], keyword) == 0 && nth-- == 0)
            return values[i];
    }
    return NULL;
}

static void unset_fields_are_left_to_libpq(void **state)
{
    (void)state;
    target_keywords(&(struct target){0}, "app", keywords, values);
    assert_null(value_of("host", 0));
    assert_null(value_of("port", 0));
    assert_null(value_of("user", 0));
    assert_string_equal(value_of("fallback_application_name", 0), "app");
    assert_string_equal(value_of("client_encoding", 0), "UTF8");
}

static void all_fields_fit(void **state)
{
    (void)state;
    const struct target target = {.host = "h", .port = "1", .user = "u", .dbname = "postgresql://x/y", .database = "z"};
    target_keywords(&target, "app", keywords, values);
    assert_string_equal(value_of("host", 0), "h");
    assert_string_equal(value_of("dbname", 0), "postgresql://x/y");
    assert_string_equal(value_of("dbname", 1), "z");
}

/* libpq expands the first dbname: a database's name must never be it. */
static void a_database_is_never_a_connection_string(void **state)
{
    (void)state;
    target_keywords(&(struct target){.database = "host=elsewhere"}, "app", keywords, values);
    assert_string_equal(value_of("dbname", 0), "");
    assert_string_equal(value_of("dbname", 1), "host=elsewhere");
}

static void a_server_is_named_by_fields_or_variables(void **state)
{
    (void)state;
    static const char *const variables[] = {"PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE", "PGDATABASE", "PGUSER"};
    for (size_t i = 0; i < 6; i++)
        unsetenv(variables[i]);
    assert_false(target_is_given(&(struct target){0}));
    assert_true(target_is_given(&(struct target){.host = "h"}));
    assert_true(target_is_given(&(struct target){.port = "1"}));
    assert_true(target_is_given(&(struct target){.user = "u"}));
    assert_true(target_is_given(&(struct target){.dbname = "d"}));
    for (size_t i = 0; i < 6; i++) {
        setenv(variables[i], "", 1);
        assert_false(target_is_given(&(struct target){0}));
        setenv(variables[i], "x", 1);
        assert_true(target_is_given(&(struct target){0}));
        unsetenv(variables[i]);
    }
}

static bool local(const char *host, const char *dbname)
{
    return target_is_local(&(struct target){.host = host, .dbname = dbname});
}

/* 198.51.100.0/24 is nobody's: set aside for documentation. */
static void a_server_is_local_by_its_address(void **state)
{
    (void)state;
    assert_true(local(NULL, NULL));
    assert_true(local("/somewhere", NULL));
    assert_true(local("@abstract", NULL));
    assert_true(local("localhost", NULL));
    assert_true(local("127.0.0.2", "name"));
    assert_false(local("198.51.100.1", NULL));
    assert_true(local("198.51.100.1,127.0.0.1", NULL));
    assert_true(local("198.51.100.1,", NULL));
    assert_false(local("198.51.100.1,198.51.100.2", NULL));
}

static void a_server_is_local_wherever_its_address_is_said(void **state)
{
    (void)state;
    assert_false(local(NULL, "postgresql://198.51.100.1/x"));
    assert_false(local("localhost", "host=198.51.100.1"));
    assert_true(local("198.51.100.1", "postgresql://localhost/x"));
    assert_true(local(NULL, "host=198.51.100.1 hostaddr=127.0.0.1"));
    assert_false(local(NULL, "host=localhost hostaddr=198.51.100.1"));
    assert_false(local(NULL, "host=localhost nonsense"));
    setenv("PGHOST", "198.51.100.1", 1);
    assert_false(local(NULL, NULL));
    assert_true(local("localhost", NULL));
    setenv("PGHOSTADDR", "127.0.0.1", 1);
    assert_true(local(NULL, NULL));
    unsetenv("PGHOST");
    unsetenv("PGHOSTADDR");
}

static void a_service_says_where_it_is(void **state)
{
    (void)state;
    char path[] = "/tmp/pgdyno-service-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    dprintf(fd, "[far]\nhost=198.51.100.1\n[near]\nhost=127.0.0.1\n");
    close(fd);
    setenv("PGSERVICEFILE", path, 1);
    bool far_is_local = local(NULL, "service=far"), near_is_local = local(NULL, "service=near");
    unsetenv("PGSERVICEFILE");
    unlink(path);
    assert_false(far_is_local);
    assert_true(near_is_local);
}

static int timeout(const char *dbname)
{
    return target_connect_timeout_s(&(struct target){.dbname = dbname});
}

static void connect_timeout_wherever_it_is_said(void **state)
{
    (void)state;
    assert_int_equal(timeout(NULL), 10);
    assert_int_equal(timeout("dbname=x"), 10);
    assert_int_equal(timeout("connect_timeout=7"), 7);
    assert_int_equal(timeout("postgresql://somewhere/x?connect_timeout=30"), 30);
    assert_int_equal(timeout("connect_timeout=1"), 1);
    assert_int_equal(timeout("connect_timeout=0"), 0);
    assert_int_equal(timeout("connect_timeout=-3"), 0);
    setenv("PGCONNECT_TIMEOUT", "4", 1);
    assert_int_equal(timeout("dbname=x"), 4);
    assert_int_equal(timeout("connect_timeout=7"), 7);
    unsetenv("PGCONNECT_TIMEOUT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unset_fields_are_left_to_libpq),
        cmocka_unit_test(all_fields_fit),
        cmocka_unit_test(a_database_is_never_a_connection_string),
        cmocka_unit_test(a_server_is_named_by_fields_or_variables),
        cmocka_unit_test(a_server_is_local_by_its_address),
        cmocka_unit_test(a_server_is_local_wherever_its_address_is_said),
        cmocka_unit_test(connect_timeout_wherever_it_is_said),
        cmocka_unit_test(a_service_says_where_it_is),
    };
    return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}

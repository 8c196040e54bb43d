#include <string.h>

#include "pg/index.h"
#include "support/server.h"

static struct err err;

static int make_table(void **state)
{
    if (test_server_start(state) != 0)
        return -1;
    return db_exec(test_db(), "tables",
                   "CREATE SCHEMA \"Work\"; SET search_path = \"Work\";"
                   "CREATE TABLE \"Tasks\" (id int, status text) WITH (autovacuum_enabled = false);"
                   "INSERT INTO \"Tasks\" SELECT i, 'S' || i % 7 FROM generate_series(1, 10000) i",
                   &err)
               ? 0
               : -1;
}

static int64_t statistics(const char *relation)
{
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM pg_stats WHERE tablename = '%s'", relation);
    return test_int(test_db(), sql);
}

static void it_is_built_measured_and_dropped(void **state)
{
    (void)state;
    const struct index_spec spec = {"variant \"1\"", "\"Tasks\" (status, id)"};
    int64_t build_ns = 0, size_bytes = 0, again = 0;
    assert_true(index_build(test_db(), &spec, &build_ns, &size_bytes, &err));
    assert_true(build_ns > 0);
    assert_true(size_bytes >= 10000 * 12);
    assert_true(index_size(test_db(), spec.name, &again, &err));
    assert_int_equal(size_bytes, again);
    assert_int_equal(statistics("Tasks"), 0); /* a plain index needs no ANALYZE, and gets none */
    assert_true(index_drop(test_db(), &spec, &err));
    assert_true(index_drop(test_db(), &spec, &err));
    assert_false(index_size(test_db(), spec.name, &again, &err));
    assert_non_null(strstr(err.text, "no such index"));
}

static void an_expression_gets_statistics(void **state)
{
    (void)state;
    const struct index_spec spec = {"lowered", "\"Tasks\" (lower(status))"};
    int64_t build_ns, size_bytes;
    assert_true(index_build(test_db(), &spec, &build_ns, &size_bytes, &err));
    assert_int_equal(statistics("lowered"), 1);
    assert_true(index_drop(test_db(), &spec, &err));
}

static void a_partitioned_index_is_as_large_as_its_parts(void **state)
{
    (void)state;
    const struct index_spec spec = {"parts", "split (id)"}, plain = {"one", "split_1 (id)"};
    int64_t build_ns, size_bytes, leaf_bytes, one_bytes;
    test_exec(test_db(), "CREATE TABLE split (id int) PARTITION BY RANGE (id);"
                         "CREATE TABLE split_1 PARTITION OF split FOR VALUES FROM (0) TO (5000);"
                         "CREATE TABLE split_2 PARTITION OF split FOR VALUES FROM (5000) TO (10000);"
                         "INSERT INTO split SELECT generate_series(0, 9999)");
    assert_true(index_build(test_db(), &spec, &build_ns, &size_bytes, &err));
    assert_true(size_bytes >= 10000 * 12);
    leaf_bytes = test_int(test_db(), "SELECT pg_relation_size('split_1_id_idx')");
    assert_int_equal(size_bytes, 2 * leaf_bytes);
    assert_true(index_build(test_db(), &plain, &build_ns, &one_bytes, &err));
    assert_int_equal(one_bytes, leaf_bytes);
    assert_true(index_drop(test_db(), &spec, &err));
}

static void a_mistake_is_shown_in_the_statement(void **state)
{
    (void)state;
    const struct index_spec spec = {"wrong", "\"Tasks\" (nosuch)"}, unreadable = {"wrong", "\"Tasks\" status)"};
    int64_t build_ns, size_bytes;
    assert_false(index_build(test_db(), &spec, &build_ns, &size_bytes, &err));
    assert_string_equal(err.where, "wrong");
    assert_non_null(strstr(err.text, "\"nosuch\" does not exist"));
    assert_false(index_build(test_db(), &unreadable, &build_ns, &size_bytes, &err));
    assert_non_null(strstr(err.text, "line 1: CREATE INDEX \"wrong\" ON \"Tasks\" status)\n"));
    assert_non_null(strchr(err.text, '^'));
}

static void too_long_a_name_is_refused(void **state)
{
    (void)state;
    char name[200];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    int64_t build_ns, size_bytes;
    assert_false(index_build(test_db(), &(struct index_spec){name, "\"Tasks\" (id)"}, &build_ns, &size_bytes, &err));
    assert_int_equal(err.kind, ERR_INPUT);
}

static void what_could_not_be_found_again_is_not_made(void **state)
{
    (void)state;
    int64_t build_ns, size_bytes;
    test_exec(test_db(), "CREATE TABLE public.other (a int)");
    assert_false(
        index_build(test_db(), &(struct index_spec){"lost", "public.other (a)"}, &build_ns, &size_bytes, &err));
    assert_non_null(strstr(err.text, "relation \"lost\" does not exist"));
    assert_int_equal(test_int(test_db(), "SELECT count(*) FROM pg_class WHERE relname = 'lost'"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_built_measured_and_dropped),
        cmocka_unit_test(an_expression_gets_statistics),
        cmocka_unit_test(a_partitioned_index_is_as_large_as_its_parts),
        cmocka_unit_test(a_mistake_is_shown_in_the_statement),
        cmocka_unit_test(too_long_a_name_is_refused),
        cmocka_unit_test(what_could_not_be_found_again_is_not_made),
    };
    return cmocka_run_group_tests_name("index", tests, make_table, test_server_stop);
}

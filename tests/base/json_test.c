#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/proc.h"
#include "unit.h"

static char folder[64];
static char path[128];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/pgdyno_json_test.XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/run.json", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return proc_remove_tree(folder, NULL) ? 0 : -1;
}

static void write_text(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void members_have_defaults(void **state)
{
    (void)state;
    json_t *object = json_pack("{s:s, s:f, s:i, s:b}", "name", "tasks", "rate", 2.5, "pool", 8, "valid", 1);
    assert_string_equal(json_get_string(object, "name", "?"), "tasks");
    assert_string_equal(json_get_string(object, "pool", "?"), "?");
    assert_null(json_get_string(object, "absent", NULL));
    assert_true(json_get_double(object, "rate", 0) == 2.5);
    assert_true(json_get_double(object, "pool", 0) == 8.0);
    assert_true(json_get_double(object, "name", -1) == -1.0);
    assert_int_equal(json_get_int(object, "pool", 0), 8);
    assert_int_equal(json_get_int(object, "rate", -1), -1);
    assert_true(json_get_bool(object, "valid", false));
    assert_true(json_get_bool(object, "pool", true));
    assert_int_equal(json_get_int(NULL, "pool", 5), 5);
    json_decref(object);
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    struct err err;
    json_t *value = json_pack("{s:s, s:[i,i]}", "name", "tâches", "pools", 4, 8);
    assert_true(json_write_file(path, value, &err));
    assert_true(json_write_file(path, value, &err));
    json_t *again = json_read_file(path, &err);
    assert_true(json_equal(value, again));
    char temporary[160];
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    assert_int_not_equal(access(temporary, F_OK), 0);
    json_decref(value);
    json_decref(again);
}

static void a_failed_write_keeps_the_earlier_file(void **state)
{
    (void)state;
    struct err err;
    json_t *value = json_pack("{s:i}", "block", 1);
    assert_true(json_write_file(path, value, &err));
    assert_false(json_write_file(path, NULL, &err));
    assert_int_equal(err.kind, ERR_SYSTEM);
    json_t *again = json_read_file(path, &err);
    assert_true(json_equal(value, again));
    json_decref(again);
    assert_false(json_write_file("/nonexistent/run.json", value, &err));
    assert_string_equal(err.where, "/nonexistent/run.json.tmp");
    json_decref(value);
}

static void broken_files_are_located(void **state)
{
    (void)state;
    struct err err;
    char where[160];
    write_text("{\n  \"a\": 1,\n  oops\n}\n");
    assert_null(json_read_file(path, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    snprintf(where, sizeof where, "%s:3:6", path);
    assert_string_equal(err.where, where);
    assert_null(json_read_file("/nonexistent/run.json", &err));
    assert_int_equal(err.kind, ERR_SYSTEM);
    assert_string_equal(err.text, "cannot open: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_have_defaults),
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(a_failed_write_keeps_the_earlier_file),
        cmocka_unit_test(broken_files_are_located),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "unit.h"

static void set_fills_and_returns_false(void **state)
{
    (void)state;
    struct err err;
    assert_false(err_set(&err, ERR_INPUT, "a.yaml:3:1", "unknown key \"%s\"", "tabels"));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_string_equal(err.where, "a.yaml:3:1");
    assert_string_equal(err.text, "unknown key \"tabels\"");
    assert_false(err_set(&err, ERR_USAGE, NULL, "no workload"));
    assert_string_equal(err.where, "");
}

static void the_old_error_may_be_wrapped(void **state)
{
    (void)state;
    struct err err;
    err_set(&err, ERR_SERVER, "close_task", "deadlock");
    err_set(&err, ERR_SERVER, err.where, "step 2: %s", err.text);
    assert_string_equal(err.where, "close_task");
    assert_string_equal(err.text, "step 2: deadlock");
}

static void a_system_error_says_why_and_keeps_errno(void **state)
{
    (void)state;
    struct err err;
    errno = ENOENT;
    assert_false(err_system(&err, NULL, "cannot open %s", "x.csv"));
    assert_int_equal(err.kind, ERR_SYSTEM);
    assert_string_equal(err.text, "cannot open x.csv: No such file or directory");
    assert_int_equal(errno, ENOENT);
    assert_false(err_memory(&err));
    assert_string_equal(err.text, "out of memory");
}

static void lines_are_appended(void **state)
{
    (void)state;
    struct err err = {0};
    assert_false(err_append(&err, "first"));
    assert_false(err_append(&err, "%s", "second"));
    assert_string_equal(err.text, "first\nsecond");
}

static void long_text_is_cut_between_characters(void **state)
{
    (void)state;
    struct err err;
    char text[3001] = "x"; /* one byte, so that the two-byte characters straddle the end of the buffer */
    for (size_t i = 1; i + 1 < sizeof text - 1; i += 2)
        memcpy(text + i, "µ", 2);
    for (size_t shift = 0; shift < 2; shift++) {
        err_set(&err, ERR_INPUT, text + shift, "%s", text + shift);
        size_t len = strlen(err.text);
        assert_true(len >= sizeof err.text - 2);
        assert_memory_equal(err.text + len - 2, "µ", 2);
        err_append(&err, "does not fit");
        assert_true(strlen(err.text) < sizeof err.text);
    }
}

static void no_error_to_fill_is_fine(void **state)
{
    (void)state;
    assert_false(err_set(NULL, ERR_INPUT, "a", "b"));
    assert_false(err_system(NULL, "a", "b"));
    assert_false(err_memory(NULL));
    assert_false(err_append(NULL, "b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_fills_and_returns_false),
        cmocka_unit_test(the_old_error_may_be_wrapped),
        cmocka_unit_test(a_system_error_says_why_and_keeps_errno),
        cmocka_unit_test(lines_are_appended),
        cmocka_unit_test(long_text_is_cut_between_characters),
        cmocka_unit_test(no_error_to_fill_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "unit.h"

static void appends_grow_and_terminate(void **state)
{
    (void)state;
    struct str s = {0};
    assert_string_equal(str_text(&s), "");
    str_append(&s, "");
    assert_non_null(s.data);
    for (int i = 0; i < 1000; i++) {
        str_append(&s, "ab");
        str_append_char(&s, 'c');
        str_printf(&s, "%d", i % 10);
        assert_int_equal(strlen(str_text(&s)), s.len);
    }
    assert_int_equal(s.len, 4000);
    assert_memory_equal(s.data + 3996, "abc9", 5);
    str_clear(&s);
    assert_string_equal(str_text(&s), "");
    str_deinit(&s);
    assert_null(s.data);
}

static void a_long_printf_is_whole(void **state)
{
    (void)state;
    struct str s = {0};
    str_printf(&s, "%s|%0500d|%s", "x", 7, "y");
    assert_int_equal(s.len, 504);
    assert_string_equal(s.data + 501, "7|y");
    str_deinit(&s);
}

static void bytes_may_be_zero(void **state)
{
    (void)state;
    struct str s = {0};
    str_append_n(&s, "a\0b", 3);
    assert_int_equal(s.len, 3);
    assert_memory_equal(s.data, "a\0b", 4);
    str_deinit(&s);
}

static void failure_is_remembered(void **state)
{
    (void)state;
    struct str s = {0};
    str_append(&s, "kept");
    assert_false(str_reserve(&s, SIZE_MAX));
    assert_true(s.failed);
    str_append(&s, "ignored");
    str_printf(&s, "%d", 1);
    assert_string_equal(str_text(&s), "kept");
    assert_null(str_steal(&s));
    assert_false(s.failed);
}

static void stealing_leaves_an_empty_one(void **state)
{
    (void)state;
    struct str s = {0};
    char *empty = str_steal(&s);
    assert_string_equal(empty, "");
    str_append(&s, "mine");
    char *text = str_steal(&s);
    assert_string_equal(text, "mine");
    assert_int_equal(s.len, 0);
    assert_null(s.data);
    free(empty);
    free(text);
}

static void the_nearest_name_is_suggested(void **state)
{
    (void)state;
    static const char *const names[] = {"run", "seed", "check", "report", "compare", "clients", NULL};
    static const struct {
        const char *word, *nearest;
    } rows[] = {
        {"rnu", "run"},         {"chekc", "check"},    {"REPORT", "report"},
        {"compair", "compare"}, {"client", "clients"}, {"frobnicate", NULL},
        {"see", "seed"},        {"x", NULL},           {"", NULL},
        {"run", "run"},         {"repport", "report"}, {"connections", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *nearest = str_nearest(rows[i].word, names);
        if (rows[i].nearest)
            assert_string_equal(nearest, rows[i].nearest);
        else
            assert_null(nearest);
    }
    char huge[500];
    memset(huge, 'r', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    assert_null(str_nearest(huge, names));
    assert_null(str_nearest("run", (const char *const[]){huge, NULL}));
}

static void prefixes(void **state)
{
    (void)state;
    assert_true(str_starts_with("--pool=4", "--pool"));
    assert_true(str_starts_with("x", ""));
    assert_false(str_starts_with("--p", "--pool"));
}

/* Seeds and fingerprints of stored results hang on these values: they may not change. */
static void the_hash_is_stable(void **state)
{
    (void)state;
    assert_int_equal(str_hash("", 0), UINT64_C(0xefd01f60ba992926));
    assert_int_equal(str_hash("tasks", 5), UINT64_C(0x61cea8d9114b688f));
    assert_int_equal(str_hash("tasks.id", 8), UINT64_C(0x687206324474dfd5));
    assert_int_not_equal(str_hash("a\0", 2), str_hash("a", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_grow_and_terminate),
        cmocka_unit_test(a_long_printf_is_whole),
        cmocka_unit_test(bytes_may_be_zero),
        cmocka_unit_test(failure_is_remembered),
        cmocka_unit_test(stealing_leaves_an_empty_one),
        cmocka_unit_test(the_nearest_name_is_suggested),
        cmocka_unit_test(prefixes),
        cmocka_unit_test(the_hash_is_stable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Files with so many mistakes that showing each would help nobody, and would take its time. */
#include <string.h>

#include "base/arena.h"
#include "unit.h"
#include "workloads/expr.h"
#include "workloads/problems.h"

static void a_full_list_counts_on(void **state)
{
    (void)state;
    struct problems problems = {0};
    struct str shown = {0};
    for (int i = 0; i < PROBLEMS_MAX + 3; i++)
        problems_add(&problems, i + 1, 1, 1, "mistake %d", i);
    assert_int_equal(problems.count, PROBLEMS_MAX);
    problems_print(&problems, false, &shown);
    assert_non_null(strstr(str_text(&shown), "mistake 199"));
    assert_null(strstr(str_text(&shown), "mistake 200"));
    assert_non_null(strstr(str_text(&shown), "\nand 3 more\n"));
    str_deinit(&shown);
    problems_deinit(&problems);
}

static void count_problem(void *user, size_t offset, size_t len, const char *text)
{
    (void)offset, (void)len, (void)text;
    ++*(int *)user;
}

static void a_hopeless_expression_is_told_off_briefly(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct str text = {0};
    int told = 0;
    struct expr_scope scope = {.problem = count_problem, .user = &told};
    for (int i = 0; i < 1000; i++)
        str_printf(&text, "%snix%d", i > 0 ? " + " : "", i);
    assert_non_null(arena);
    assert_null(expr_compile(arena, str_text(&text), &scope));
    assert_in_range(told, 1, 20);
    str_deinit(&text);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_list_counts_on),
        cmocka_unit_test(a_hopeless_expression_is_told_off_briefly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

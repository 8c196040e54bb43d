#include <string.h>

#include "cli/column_table.h"
#include "unit.h"

static struct column_spec columns[] = {{.name = "id"}, {.name = "status"}};
static const struct table_spec orders = {.name = "orders", .columns = columns, .n_columns = 2};
static const struct table_spec long_name = {
    .name = "a_table_with_a_name_of_many_letters", .columns = columns, .n_columns = 2};

static void each_trait_has_a_line(void **state)
{
    (void)state;
    struct column_facts facts[] = {
        {&orders, 0, {[TRAIT_DISTINCT] = {true, 1e6, 999812.4, false}, [TRAIT_ORDER] = {true, 1, 0.5, true}}},
        {&orders, 1, {[TRAIT_NULLS] = {true, 0.05, 0.0503, false}, [TRAIT_COMMON] = {true, 0.7, 0, true}}},
        {&long_name, 1, {[TRAIT_COMMON] = {true, 0.00123, 0.0015, false}}},
    };
    struct str out = {0};
    column_table_print(facts, 3, false, &out);
    assert_string_equal(str_text(&out),
                        "\n"
                        "  table             column  what            declared     pg_stats\n"
                        "  orders            id      distinct       1,000,000      999,812\n"
                        "                            order               1.00         0.50 !\n"
                        "                    status  NULL                5.0%         5.0%\n"
                        "                            most common        70.0%         none !\n"
                        "  a_table_with_a_name_of_many_letters  status  most common       0.123%       0.150%\n"
                        "\n"
                        "  ! differs by more than the sample of ANALYZE explains\n");
    str_clear(&out);
    column_table_print(facts + 2, 1, true, &out);
    assert_null(strchr(str_text(&out), '!'));
    str_clear(&out);
    column_table_print(facts, 2, true, &out);
    assert_non_null(strstr(str_text(&out), "0.50 \033[31m!\033[0m\n"));
    str_deinit(&out);
}

static void nothing_known_prints_nothing(void **state)
{
    (void)state;
    struct str out = {0};
    column_table_print(NULL, 0, false, &out);
    assert_string_equal(str_text(&out), "");
    str_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_trait_has_a_line),
        cmocka_unit_test(nothing_known_prints_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

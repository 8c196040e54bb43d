#include "pg/sqlstate.h"
#include "unit.h"

static void codes_survive_packing(void **state)
{
    (void)state;
    static const char *const codes[] = {"40001", "40P01", "XX000", "ZZZZZ", "00001", "57P03", "0A000"};
    char text[6];
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        assert_string_equal(sqlstate_text(sqlstate_parse(codes[i]), text), codes[i]);
    assert_int_equal(sqlstate_parse("40001"), SQLSTATE_SERIALIZATION_FAILURE);
    assert_int_equal(sqlstate_parse("40P01"), SQLSTATE_DEADLOCK_DETECTED);
    assert_int_not_equal(sqlstate_parse("40001"), sqlstate_parse("40002"));
}

static void no_code_is_a_dash(void **state)
{
    (void)state;
    char text[6];
    assert_string_equal(sqlstate_text(0, text), "-");
    assert_string_equal(sqlstate_name(0), "");
}

static void junk_is_no_code(void **state)
{
    (void)state;
    static const char *const junk[] = {"", "4000", "400011", "4000a", "40 01", "40-01", "\xff\xff\xff\xff\xff"};
    assert_int_equal(sqlstate_parse(NULL), 0);
    assert_int_equal(sqlstate_find(NULL), 0);
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
        assert_int_equal(sqlstate_parse(junk[i]), 0);
        assert_int_equal(sqlstate_find(junk[i]), 0);
    }
}

static void names_and_codes_find_each_other(void **state)
{
    (void)state;
    assert_string_equal(sqlstate_name(SQLSTATE_DEADLOCK_DETECTED), "deadlock_detected");
    assert_string_equal(sqlstate_name(SQLSTATE_QUERY_CANCELED), "query_canceled");
    assert_string_equal(sqlstate_name(SQLSTATE('Z', 'Z', 'Z', 'Z', 'Z')), "");
    assert_int_equal(sqlstate_find("lock_not_available"), SQLSTATE('5', '5', 'P', '0', '3'));
    assert_int_equal(sqlstate_find("55P03"), SQLSTATE('5', '5', 'P', '0', '3'));
    assert_int_equal(sqlstate_find("ZZZZZ"), SQLSTATE('Z', 'Z', 'Z', 'Z', 'Z'));
    assert_int_equal(sqlstate_find("deadlock"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_survive_packing),
        cmocka_unit_test(no_code_is_a_dash),
        cmocka_unit_test(junk_is_no_code),
        cmocka_unit_test(names_and_codes_find_each_other),
    };
    return cmocka_run_group_tests_name("sqlstate", tests, NULL, NULL);
}

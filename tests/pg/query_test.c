#include "pg/query.h"

#include "support/server.h"

static void values_come_back(void **state)
{
    (void)state;
    assert_int_equal(test_int(test_db(), "SELECT 42"), 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back),
    };
    return cmocka_run_group_tests_name("query", tests, test_server_start, test_server_stop);
}

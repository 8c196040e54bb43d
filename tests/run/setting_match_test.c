#include "run/setting_match.h"
#include "unit.h"

static const struct row {
    const char *wanted, *setting, *unit, *vartype;
    bool match;
} rows[] = {
    {"512MB", "65536", "8kB", "integer", true},
    {"0.5GB", "65536", "8kB", "integer", true},
    {"65536", "65536", "8kB", "integer", true}, /* without a unit it counts in the setting's own */
    {"512MB", "16384", "8kB", "integer", false},
    {"512mb", "65536", "8kB", "integer", false}, /* PostgreSQL takes MB only */
    {"64MB", "65536", "kB", "integer", true},
    {"1GB", "1024", "MB", "integer", true},
    {"5min", "300", "s", "integer", true},
    {"300", "300", "s", "integer", true},
    {"200ms", "200", "ms", "integer", true},
    {"10s", "10000", "ms", "integer", true},
    {"1d", "1440", "min", "integer", true},
    {"10s", "10", "kB", "integer", false},
    {"-1", "-1", "", "integer", true},
    {"100", "100", "", "integer", true},
    {"1.1", "1.1", "", "real", true},
    {"1.10", "1.1", "", "real", true},
    {"1e0", "1", "", "real", true},
    {"4", "1.1", "", "real", false},
    {"many", "1", "", "integer", false},
    {"", "1", "", "integer", false},
    {"on", "on", "", "bool", true},
    {"true", "on", "", "bool", true},
    {"0", "off", "", "bool", true},
    {"off", "on", "", "bool", false},
    {"perhaps", "on", "", "bool", false},
    {"Replica", "replica", "", "enum", true},
    {"minimal", "replica", "", "enum", false},
    {"a, b", "a, b", "", "string", true},
    {"A", "a", "", "string", false},
};

static void as_the_server_reads_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (setting_match(rows[i].wanted, rows[i].setting, rows[i].unit, rows[i].vartype) != rows[i].match)
            fail_msg("\"%s\" against %s %s", rows[i].wanted, rows[i].setting, rows[i].unit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_server_reads_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

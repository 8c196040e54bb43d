/* The functions for generating data, and what + - * and comparisons do with their values. */
#include "expressions.h"

static char scratch_bytes[1 << 16];

static void check(const char *text, const char *expected)
{
    static const char *const variables[] = {"t", "d", "n", "null", "json", "text", "i"};
    struct value slots[7] = {{.type = VALUE_TIMESTAMP},
                             {.type = VALUE_DATE},
                             {.type = VALUE_NUMERIC, .numeric = {1250, 2}},
                             {.type = VALUE_NULL},
                             {.type = VALUE_TEXT, .kind = TEXT_JSON, .text = {"[1]", 3}},
                             {.type = VALUE_TEXT, .text = {"3 days", 6}},
                             {.type = VALUE_INTERVAL, .interval = {1, 2, 3000000}}};
    assert_true(value_parse_timestamp("2024-01-31 12:00:00", 19, &slots[0].integer));
    slots[1].integer = slots[0].integer / INT64_C(86400000000);
    struct scratch scratch = {.data = scratch_bytes, .size = sizeof scratch_bytes};
    struct rng rng = rng_at(1, 2, 3, 4);
    struct expr_scope scope = {.variables = variables, .n_variables = 7};
    struct eval_scope eval_scope = {.rng = &rng, .slots = slots, .scratch = &scratch};
    char got[512];
    evaluate(text, &scope, &eval_scope, got);
    if (strcmp(got, expected) != 0)
        fail_msg("%s\n  is       %s\n  expected %s", text, got, expected);
}

static const char number[] = "error: a moment is moved by an interval, not by a number: '3 days', or format('%d "
                             "days', n); only a date by whole days too";

static void moments_move(void **state)
{
    (void)state;
    check(":t + '3 days'", "timestamp 2024-02-03 12:00:00+00");
    check(":t - '2 hours 30 minutes'", "timestamp 2024-01-31 09:30:00+00");
    check("'1 month' + :t", "timestamp 2024-02-29 12:00:00+00");
    check(":t + '13 months'", "timestamp 2025-02-28 12:00:00+00");
    check(":t + :text", "timestamp 2024-02-03 12:00:00+00");
    check(":t - :text", "timestamp 2024-01-28 12:00:00+00");
    check(":t + format('%d hours', 12)", "timestamp 2024-02-01 00:00:00+00");
    check(":t - :i", "timestamp 2023-12-29 11:59:57+00");
    check(":d + 1", "date 2024-02-01");
    check("1 + :d", "date 2024-02-01");
    check(":d - 31", "date 2023-12-31");
    check(":d + '1 day'", "timestamp 2024-02-01 00:00:00+00");
    check("'2024-01-31' + 1", "date 2024-02-01");
    check("'2024-01-31 00:00' + 1", number);
    check("'2024-01-31' + '1 month'", "timestamp 2024-02-29 00:00:00+00");
    check(":null + '3 days'", "null");
    check(":t + :null", "null");
}

static void moments_are_apart(void **state)
{
    (void)state;
    check(":t - :d", "interval 12:00:00");
    check(":t - '2024-01-01'", "interval 30 days 12:00:00");
    check("'2024-01-01' - :t", "interval -30 days -12:00:00");
    check(":d - :d", "int 0");
    check(":d - '2024-01-01'", "int 30");
    check("'2024-01-01' - :d", "int -30");
    check("date('2024-03-01', '2024-03-01') - :d", "int 30");
    check(":i + '1 day'", "interval 1 mon 3 days 00:00:03");
    check(":i - :i", "interval 00:00:00");
    check("- :i", "interval -1 mons -2 days -00:00:03");
    check(":t - '2024-01-31' > '11 hours'", "boolean true");
    check(":t - '2024-01-31' = '12:00'", "boolean true");
    check(":t > :d", "boolean true");
    check(":t < '2024-02-01'", "boolean true");
    check("format('%s', :i)", "text 1 mon 2 days 00:00:03");
}

static void bad_times_are_refused(void **state)
{
    (void)state;
    const char *neither = "error: neither a number nor an interval; write '3 days', '2 hours 30 minutes', '1 month' or "
                          "'04:30:00' (or a moment: '2024-01-31 12:00:00')";
    check(":t + '3 dayz'", neither);
    check("'soon' - :t", neither);
    check(":t + '2024-01-01'", "error: a value of the wrong type, e.g. text where a number is needed");
    check(":t + 1", number);
    check("1 + :t", number);
    check(":t - 0.5", number);
    check(":d + 1.5", number);
    check(":t + TRUE", "error: a value of the wrong type, e.g. text where a number is needed");
    check(":t * 2", "error: a value of the wrong type, e.g. text where a number is needed");
    check(":t + :t", "error: a value of the wrong type, e.g. text where a number is needed");
    check("5 - :d", "error: a value of the wrong type, e.g. text where a number is needed");
    check(":t + letters(3, 3)",
          "error: text that is no interval; write '3 days', '2 hours 30 minutes', '1 month' or '04:30:00'");
    check(":t > 'soon'", "error: text that is no moment; write '2024-01-31' or '2024-01-31 12:00:00'");
    check(":t + '300000 years'", "error: a moment outside PostgreSQL's years, or an interval too long for it");
    check(":d + 3000000000", "error: a moment outside PostgreSQL's years, or an interval too long for it");
    check(":i + '178956970 years 7 months'",
          "error: a moment outside PostgreSQL's years, or an interval too long for it");
}

static void fixed_point_is_exact(void **state)
{
    (void)state;
    check("numeric(123.4, 2)", "numeric 123.40");
    check("numeric(1.005, 2)", "numeric 1.01");
    check("numeric('12345678901234567.8', 1)", "numeric 12345678901234567.8");
    check("numeric('1e3', 0)", "numeric 1000");
    check("numeric(7, 3)", "numeric 7.000");
    check("numeric(numeric(2.5, 1), 0)", "numeric 3");
    check("numeric(NULL, 2)", "null");
    check(":n + 1", "numeric 13.50");
    check("1 - :n", "numeric -11.50");
    check(":n * 3", "numeric 37.50");
    check(":n * :n", "numeric 156.2500");
    check("-:n", "numeric -12.50");
    check(":n + 0.5", "double 13");
    check(":n / 5", "double 2.5");
    check("numeric(:n / 3, 2)", "numeric 4.17");
    check(":n = 12.5", "boolean true");
    check(":n = numeric(12.5, 1)", "boolean true");
    check(":n > 12", "boolean true");
    check(":n < '12.51'", "boolean true");
    check("numeric(0.1, 1) + numeric(0.2, 1) = numeric(0.3, 1)", "boolean true");
    check("int(:n)", "int 13");
    check("abs(-:n)", "numeric 12.50");
    check("abs(numeric('-9007199254740993.1', 1))", "numeric 9007199254740993.1");
    check("greatest(:n, 3)", "numeric 12.50");
    check("greatest(3, :n, 13)", "numeric 13");
    check("least(numeric('9007199254740993.2', 1), numeric('9007199254740993.1', 1))", "numeric 9007199254740993.1");
    check("least(:n, 13.5)", "double 12.5");
    check("greatest(:n, NULL)", "null");
    check("CASE WHEN :n THEN 1 END", "int 1");
    check("format('%s %d %.1f', :n, :n, :n)", "text 12.50 13 12.5");
    check("numeric(1e18, 1)", "error: a number of more digits than numeric() keeps, 18 with those after the point");
    check(":n * 9000000000000000000",
          "error: a number of more digits than numeric() keeps, 18 with those after the point");
    check("numeric(1, 19)", "error: numeric(x, digits) takes 0 to 18 digits after the point");
    check("numeric(1, -1)", "error: numeric(x, digits) takes 0 to 18 digits after the point");
    check("numeric(:text, 2)", "error: a value of the wrong type, e.g. text where a number is needed");
    check(":n / 0", "error: division by zero");
}

static void objects_nest(void **state)
{
    (void)state;
    check("json()", "text {}");
    check("json('a', 1, 'b', 'x\"y', 'c', NULL, 'd', TRUE, 'e', 0.5, 'f', :n)",
          "text {\"a\": 1, \"b\": \"x\\\"y\", \"c\": null, \"d\": true, \"e\": 0.5, \"f\": 12.50}");
    check("json('t', :t, 'd', :d, 'i', :i)",
          "text {\"t\": \"2024-01-31T12:00:00+00:00\", \"d\": \"2024-01-31\", \"i\": \"1 mon 2 days 00:00:03\"}");
    check("json('in', json('l', list(2, json('x', 'a\\b'))), 'slot', :json)",
          "text {\"in\": {\"l\": [{\"x\": \"a\\\\b\"}, {\"x\": \"a\\\\b\"}]}, \"slot\": [1]}");
    check("json('l', list(2, list(2, 'x')), 'e', list(0, 1))",
          "text {\"l\": [[\"x\", \"x\"], [\"x\", \"x\"]], \"e\": []}");
    check("json('text', json('a', 1) || '')", "text {\"text\": \"{\\\"a\\\": 1}\"}");
    check("json(1, 2, :t, 3)", "text {\"1\": 2, \"2024-01-31T12:00:00+00:00\": 3}");
    check("json('a', 1, 'b')", "error: json() takes pairs of a key and its value; this key has none");
    check("json(NULL, 1)", "error: a key of json() is NULL");
    check("json(:null, 1)", "error: a key of json() is NULL");
}

static void lists_nest(void **state)
{
    (void)state;
    check("list(3, 7)", "text {7,7,7}");
    check("list(0, 7)", "text {}");
    check("list(2, NULL)", "text {NULL,NULL}");
    check("list(2, 'a,\"b\\')", "text {\"a,\\\"b\\\\\",\"a,\\\"b\\\\\"}");
    check("list(2, list(2, :n))", "text {{12.50,12.50},{12.50,12.50}}");
    check("list(1, :t)", "text {\"2024-01-31T12:00:00+00:00\"}");
    check("list(1, :json)", "text {\"[1]\"}");
    check("list(NULL, 1)", "null");
    check("list(-1, 1)", "error: a list cannot have -1 values");
    check("list('x', 1)", "error: list(n, x) wants the number of values first");
    check("list(random(-2, -1), 1)", "error: list(n, x) with n below 0");
    check("list(random(1000000, 1000001), 1)", "error: the text is too long (1 MB a row or transaction)");
    check("list(200, pick('a', json()))",
          "error: a list() of both lists and single values, or of both json() and other values");
    check("list(200, pick(1, list(1, 1)))",
          "error: a list() of both lists and single values, or of both json() and other values");
}

static void each_value_of_a_list_is_drawn_anew(void **state)
{
    (void)state;
    struct scratch scratch = {.data = scratch_bytes, .size = sizeof scratch_bytes};
    struct rng rng = rng_at(1, 2, 3, 4);
    struct eval_scope eval_scope = {.rng = &rng, .scratch = &scratch};
    struct expr_scope scope = {0};
    char got[512];
    int seen[10] = {0}, n = 0;
    evaluate("list(100, random(0, 9))", &scope, &eval_scope, got);
    for (const char *p = strchr(got, '{'); *p && *p != '}'; p += 2, n++)
        seen[p[1] - '0']++;
    assert_int_equal(n, 100);
    for (int i = 0; i < 10; i++)
        assert_in_range(seen[i], 1, 30);
}

static void ordered_uuids_have_their_time_first(void **state)
{
    (void)state;
    struct scratch scratch = {.data = scratch_bytes, .size = sizeof scratch_bytes};
    struct rng rng = rng_at(1, 2, 3, 4);
    struct eval_scope eval_scope = {.rng = &rng, .scratch = &scratch};
    struct expr_scope scope = {0};
    char got[512], again[512];
    evaluate("uuid7('2022-02-22 19:22:22')", &scope, &eval_scope, got); /* RFC 9562, appendix A.6 */
    assert_memory_equal(got, "text 017f22e2-79b0-7", 20);
    assert_int_equal(strlen(got), 5 + 36);
    assert_non_null(strchr("89ab", got[5 + 19]));
    evaluate("uuid7('2022-02-22 19:22:22')", &scope, &eval_scope, again);
    assert_memory_equal(got, again, 20);
    assert_true(strcmp(got + 20, again + 20) != 0);
    check("uuid7(NULL)", "null");
    check("uuid7('1969-12-31')", "error: uuid7(t) of a moment before 1970 (or after 10889)");
    check("uuid7('today')", "error: text that is no moment; write '2024-01-31' or '2024-01-31 12:00:00'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_move),
        cmocka_unit_test(moments_are_apart),
        cmocka_unit_test(bad_times_are_refused),
        cmocka_unit_test(fixed_point_is_exact),
        cmocka_unit_test(objects_nest),
        cmocka_unit_test(lists_nest),
        cmocka_unit_test(each_value_of_a_list_is_drawn_anew),
        cmocka_unit_test(ordered_uuids_have_their_time_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

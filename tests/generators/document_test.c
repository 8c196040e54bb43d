#include <math.h>
#include <string.h>

#include "generators/document.h"
#include "generators/value.h"
#include "unit.h"

typedef bool put_fn(struct scratch *scratch, const struct value *value);

static char bytes[65536];

static void check(put_fn *put, struct value value, const char *expected)
{
    struct scratch scratch = {.data = bytes, .size = sizeof bytes};
    assert_true(put(&scratch, &value));
    assert_int_equal(scratch.used, strlen(expected));
    assert_memory_equal(bytes, expected, scratch.used);
    for (size_t size = 0; size < scratch.used; size++) { /* never beyond the room that there is */
        struct scratch tight = {.data = bytes, .size = size};
        assert_false(put(&tight, &value));
        assert_true(tight.used <= size);
    }
}

static struct value text_of(const char *text, enum text_kind kind)
{
    struct value value = {.type = VALUE_TEXT, .kind = kind, .text = {text, strlen(text)}};
    return value;
}

static struct value text(const char *plain)
{
    return text_of(plain, TEXT_PLAIN);
}

static const struct value null = {.type = VALUE_NULL}, truth = {.type = VALUE_BOOL, .boolean = true},
                          seven = {.type = VALUE_INT, .integer = -7}, half = {.type = VALUE_DOUBLE, .real = 0.5},
                          huge = {.type = VALUE_DOUBLE, .real = 1e300}, nan_value = {.type = VALUE_DOUBLE, .real = NAN},
                          infinity = {.type = VALUE_DOUBLE, .real = -INFINITY},
                          price = {.type = VALUE_NUMERIC, .numeric = {12340, 2}},
                          moment = {.type = VALUE_TIMESTAMP, .integer = 1500000},
                          day = {.type = VALUE_DATE, .integer = 1},
                          never = {.type = VALUE_TIMESTAMP, .integer = INT64_MAX},
                          ides = {.type = VALUE_TIMESTAMP, .integer = INT64_C(-63082368000000000)},
                          span = {.type = VALUE_INTERVAL, .interval = {0, 3, 0}};

static void scalars_become_json(void **state)
{
    (void)state;
    check(document_put_json, null, "null");
    check(document_put_json, truth, "true");
    check(document_put_json, seven, "-7");
    check(document_put_json, half, "0.5");
    check(document_put_json, huge, "1e+300");
    check(document_put_json, nan_value, "\"NaN\"");
    check(document_put_json, infinity, "\"-Infinity\"");
    check(document_put_json, price, "123.40");
    check(document_put_json, moment, "\"2000-01-01T00:00:01.5+00:00\"");
    check(document_put_json, day, "\"2000-01-02\"");
    check(document_put_json, never, "\"infinity\"");
    check(document_put_json, ides, "\"0001-12-31T00:00:00+00:00 BC\"");
    check(document_put_json, span, "\"3 days\"");
}

static void strings_are_escaped(void **state)
{
    (void)state;
    check(document_put_json, text(""), "\"\"");
    check(document_put_json, text("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
    check(document_put_json, text("\b\f\n\r\t\x01\x1f\x7f"), "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
    check(document_put_json, text("zwölf €"), "\"zwölf €\"");
    check(document_put_json, text("12"), "\"12\"");
    check(document_put_key, text("a\"b"), "\"a\\\"b\"");
    check(document_put_key, seven, "\"-7\"");
    check(document_put_key, moment, "\"2000-01-01T00:00:01.5+00:00\"");
}

static void elements_of_arrays_are_quoted(void **state)
{
    (void)state;
    check(document_put_element, null, "NULL");
    check(document_put_element, text("NULL"), "\"NULL\"");
    check(document_put_element, text("a,b {c} \"d\" \\e"), "\"a,b {c} \\\"d\\\" \\\\e\"");
    check(document_put_element, text(""), "\"\"");
    check(document_put_element, seven, "-7");
    check(document_put_element, truth, "true");
    check(document_put_element, price, "123.40");
    check(document_put_element, moment, "\"2000-01-01T00:00:01.5+00:00\"");
    check(document_put_element, text_of("{1,2}", TEXT_LIST), "{1,2}");
    check(document_put_element, text_of("{\"a\": \"b\"}", TEXT_JSON), "\"{\\\"a\\\": \\\"b\\\"}\"");
}

static void arrays_and_objects_stay_what_they_are_in_json(void **state)
{
    (void)state;
    check(document_put_json, text_of("{\"a\": 1}", TEXT_JSON), "{\"a\": 1}");
    check(document_put_json, text_of("{}", TEXT_LIST), "[]");
    check(document_put_json, text_of("{1,-2.50,NULL,true,1e+20}", TEXT_LIST), "[1, -2.50, null, true, 1e+20]");
    check(document_put_json, text_of("{{1,2},{3,4}}", TEXT_LIST), "[[1, 2], [3, 4]]");
    check(document_put_json, text_of("{NaN,-Infinity,Infinity}", TEXT_LIST), "[\"NaN\", \"-Infinity\", \"Infinity\"]");
    check(document_put_json, text_of("{\"\",\"12\",\"NULL\",\"a,{}\\\"\\\\\n\"}", TEXT_LIST),
          "[\"\", \"12\", \"NULL\", \"a,{}\\\"\\\\\\n\"]");
    check(document_put_json, text_of("{\"{\\\"a\\\": \\\"x\\\\\\\\y\\\"}\",NULL}", TEXT_JSON_LIST),
          "[{\"a\": \"x\\\\y\"}, null]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_become_json),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(elements_of_arrays_are_quoted),
        cmocka_unit_test(arrays_and_objects_stay_what_they_are_in_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

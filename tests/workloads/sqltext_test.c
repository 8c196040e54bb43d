#include <stdio.h>
#include <string.h>

#include "unit.h"
#include "workloads/sqltext.h"

/* What was found, in a row: ":a $1 ; !" */
static void check(const char *sql, const char *expected)
{
    char found[200] = "";
    struct sql_scan scan = {.sql = sql};
    for (struct sql_item item; (item = sqltext_next(&scan)).kind != SQL_END;) {
        size_t used = strlen(found);
        snprintf(found + used, sizeof found - used, "%s%.*s", used ? " " : "",
                 item.kind == SQL_UNFINISHED ? 1 : (int)item.len,
                 item.kind == SQL_UNFINISHED ? "!" : sql + item.offset);
    }
    if (strcmp(found, expected) != 0)
        fail_msg("%s\n  found    %s\n  expected %s", sql, found, expected);
}

static void variables_are_found(void **state)
{
    (void)state;
    check("SELECT :a, :b_2,:C", ":a :b_2 :C");
    check("SELECT :a::int, '1'::text, x::numeric(1,2)", ":a");
    check("SELECT :a::text||:b", ":a :b");
    check("f(x := 1, y => :a)", ":a");
    check(":a", ":a");
    check("", "");
    check("SELECT 1:2", "");
}

static void quotes_and_comments_hide(void **state)
{
    (void)state;
    check("SELECT ':a', 'it''s :b', \":c\", \"x\"\":d\", :e", ":e");
    check("SELECT E'it\\'s :a' || :b", ":b");
    check("SELECT e'\\\\' || :b", ":b");
    check("SELECT 'a\\' || :b", ":b");
    check("SELECT like'a\\' || :b", ":b");
    check("SELECT :a -- :b\n, :c", ":a :c");
    check("SELECT :a /* :b /* :c */ :d */ , :e", ":a :e");
    check("SELECT $$:a$$, $x$ :b $$ :c $x$, :d", ":d");
    check("SELECT a$b$:c, :d", ":c :d");
    check("SELECT 1 - -:a", ":a");
    check("SELECT 4 / :a", ":a");
}

static void slices_are_not_variables(void **state)
{
    (void)state;
    check("SELECT a[1:n], a[x:y], a[f(1):n]", "");
    check("SELECT a[:n]", ":n");
    check("SELECT a[:lo : :hi]", ":lo :hi");
    check("SELECT ARRAY[:a, :b]", ":a :b");
    check("SELECT a[1:n], :b", ":b");
    check("SELECT a[b[1:n]:m] || :c", ":c");
}

static void the_rest_is_told(void **state)
{
    (void)state;
    check("SELECT 1; SELECT 2;", "; ;");
    check("SELECT ';' -- ;\n", "");
    check("SELECT $1, :a, $23", "$1 :a $23");
    check("SELECT 'open :a", "!");
    check("SELECT /* open :a", "!");
    check("SELECT $x$ open :a", "!");
    check("SELECT \"open", "!");
}

static void ends_are_trimmed(void **state)
{
    (void)state;
    assert_int_equal(sqltext_trimmed("SELECT 1 ; \n;"), 8);
    assert_int_equal(sqltext_trimmed("SELECT 1"), 8);
    assert_int_equal(sqltext_trimmed(" ;"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_are_found),      cmocka_unit_test(quotes_and_comments_hide),
        cmocka_unit_test(slices_are_not_variables), cmocka_unit_test(the_rest_is_told),
        cmocka_unit_test(ends_are_trimmed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

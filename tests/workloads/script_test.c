/* Scripts to commands: a line of words for each case, so that the tables read like scripts and what they mean. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "unit.h"
#include "workloads/script.h"

struct shown {
    struct str text;
    int n_problems;
};

static void show_problem(void *user, size_t offset, size_t len, const char *text)
{
    struct shown *shown = user;
    shown->n_problems++;
    str_printf(&shown->text, "!%zu+%zu %s\n", offset, len, text);
}

static void show_command(const struct script_command *command, struct str *out)
{
    static const char *const kinds[] = {
        [SCRIPT_SQL] = "sql",
        [SCRIPT_SET] = "set",
        [SCRIPT_IF] = "if",
        [SCRIPT_ELIF] = "elif",
        [SCRIPT_ELSE] = "else",
        [SCRIPT_ENDIF] = "endif",
        [SCRIPT_SLEEP] = "sleep",
        [SCRIPT_STARTPIPELINE] = "start",
        [SCRIPT_SYNCPIPELINE] = "sync",
        [SCRIPT_ENDPIPELINE] = "end",
    };
    str_append(out, kinds[command->kind]);
    if (command->name)
        str_printf(out, " %s", command->name);
    if (command->text)
        str_printf(out, " [%s]", command->text);
    if (command->kind == SCRIPT_SLEEP)
        str_printf(out, " x %s", command->unit_ns == NS_PER_US ? "us" : command->unit_ns == NS_PER_MS ? "ms" : "s");
    if (command->combined)
        str_append(out, " combined");
    if (command->keep != KEEP_NOTHING)
        str_printf(out, " %s(%s)", command->keep == KEEP_GSET ? "gset" : "aset", command->prefix);
    str_append_char(out, '\n');
}

/* Every byte of a text that is not a space stands in the script where the command says; "0" may stand for a missing
 * expression. */
static void check_places(const char *script, const struct script_command *command)
{
    if (command->text && strcmp(command->text, "0") == 0)
        return;
    for (size_t i = 0; command->text && command->text[i]; i++) {
        char there = script[command->text_offset + i];
        if (command->text[i] != there && there != '\\' && command->text[i] != ' ' &&
            strchr(";:", command->text[i]) == NULL)
            fail_msg("%s\n`%s` does not stand at %zu", script, command->text, command->text_offset);
    }
}

static void expect(const char *text, const char *expected)
{
    struct arena *arena = arena_new();
    struct shown shown = {0};
    struct script script;
    assert_true(script_parse(arena, "test.sql", text, show_problem, &shown, &script));
    for (size_t i = 0; i < script.n_commands; i++) {
        show_command(&script.commands[i], &shown.text);
        check_places(text, &script.commands[i]);
    }
    if (strcmp(str_text(&shown.text), expected) != 0)
        fail_msg("%s\n--- expected\n%s--- got\n%s", text, expected, str_text(&shown.text));
    str_deinit(&shown.text);
    arena_free(arena);
}

struct row {
    const char *text;
    const char *expected;
};

static void expect_all(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect(rows[i].text, rows[i].expected);
}

#define EXPECT_ALL(rows) expect_all(rows, sizeof(rows) / sizeof(rows)[0])

static void statements_end_where_psql_ends_them(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", ""},
        {"  \n\t", ""},
        {";;", ""},
        {"SELECT 1", "sql [SELECT 1]\n"},
        {"SELECT 1;", "sql [SELECT 1]\n"},
        {"SELECT 1; SELECT 2;SELECT 3", "sql [SELECT 1]\nsql [SELECT 2]\nsql [SELECT 3]\n"},
        {"SELECT\n  1\n  + 1;\n", "sql [SELECT\n  1\n  + 1]\n"},
        {"SELECT ';' AS \"a;b\", $$;$$, $x$;$y$;$x$, E'\\';';",
         "sql [SELECT ';' AS \"a;b\", $$;$$, $x$;$y$;$x$, E'\\';']\n"},
        {"SELECT 'it''s;';", "sql [SELECT 'it''s;']\n"},
        {"SELECT '\\'; SELECT 2;", "sql [SELECT '\\']\nsql [SELECT 2]\n"},
        {"-- nothing; here\nSELECT 1;", "sql [SELECT 1]\n"},
        {"SELECT 1 -- one; two\n, 2;", "sql [SELECT 1 -- one; two\n, 2]\n"},
        {"/* only; this */", ""},
        {"/* a /* nested; */ one; */ SELECT 1;", "sql [/* a /* nested; */ one; */ SELECT 1]\n"},
        {"/*+ SeqScan(t) */ SELECT 1;", "sql [/*+ SeqScan(t) */ SELECT 1]\n"},
        {"SELECT 1 \\; SELECT 2;", "sql [SELECT 1  ; SELECT 2] combined\n"},
        {"SELECT 1\\;SELECT '\\;';", "sql [SELECT 1 ;SELECT '\\;'] combined\n"},
        {"SELECT x\\:\\:int;", "sql [SELECT x  ::int]\n"},
        {"CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);",
         "sql [CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)]\n"},
        {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END; SELECT 2;",
         "sql [CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END]\nsql "
         "[SELECT 2]\n"},
        {"create or replace procedure p() begin atomic select 1; end; END;",
         "sql [create or replace procedure p() begin atomic select 1; end]\nsql [END]\n"},
        {"BEGIN; CREATE TABLE f (x int); END;", "sql [BEGIN]\nsql [CREATE TABLE f (x int)]\nsql [END]\n"},
        {"SELECT a$b$c; SELECT $1", "sql [SELECT a$b$c]\nsql [SELECT $1]\n"},
        {"SELECT 'caf\xc3\xa9;' AS \xc3\xa9;", "sql [SELECT 'caf\xc3\xa9;' AS \xc3\xa9]\n"},
        {"SELECT 'open", "!7+1 this quote or comment has no end\n"},
        {"SELECT 1; /* open", "!10+1 this quote or comment has no end\nsql [SELECT 1]\n"},
        {"SELECT 1;\r\nSELECT\r\n2;\r\n", "sql [SELECT 1]\nsql [SELECT\r\n2]\n"},
    };
    EXPECT_ALL(rows);
}

static void commands_take_the_rest_of_their_line(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"\\set x 1 + 2", "set x [1 + 2]\n"},
        {"  \\set   x\t random(1, 10 * :scale)  \r\nSELECT :x;", "set x [random(1, 10 * :scale)]\nsql [SELECT :x]\n"},
        {"\\SET x 1\n\\Set y 2", "set x [1]\nset y [2]\n"},
        {"\\set x 1 + \\\n 2", "set x [1 +    2]\n"},
        {"\\set \\\n x \\\r\n 1", "set x [1]\n"},
        {"\\set x\\\n1", "set x [1]\n"},
        {"\\set x case when true \\\n then 1 \\\n end\nSELECT 1",
         "set x [case when true    then 1    end]\nsql [SELECT 1]\n"},
        {"\\set \xc3\xa9t\xc3\xa9 1", "set \xc3\xa9t\xc3\xa9 [1]\n"},
        {"SELECT 1 \\set x 1\n", "sql [SELECT 1]\nset x [1]\n"},
        {"\\\nSELECT 1", "sql [SELECT 1]\n"},
        {"\\sleep 5", "sleep [5] x s\n"},
        {"\\sleep 5 ms\n\\sleep 7us\n\\sleep :t MS\n\\sleep +3s\n\\sleep -1",
         "sleep [5] x ms\nsleep [7] x us\nsleep [:t] x ms\nsleep [3] x s\nsleep [-1] x s\n"},
        {"SELECT 1 AS a \\gset", "sql [SELECT 1 AS a] gset()\n"},
        {"SELECT 1 AS a; \\gset p_\nSELECT 2", "sql [SELECT 1 AS a] gset(p_)\nsql [SELECT 2]\n"},
        {"SELECT 1 AS a\\;SELECT 2 AS b \\aset q_\n", "sql [SELECT 1 AS a ;SELECT 2 AS b] combined aset(q_)\n"},
        {"\\if :x\nSELECT 1;\n\\elif :y > 1\n\\else\n\\if 0\n\\endif\n\\endif",
         "if [:x]\nsql [SELECT 1]\nelif [:y > 1]\nelse\nif [0]\nendif\nendif\n"},
        {"\\startpipeline\nSELECT 1;\n\\syncpipeline\nSELECT 2;\n\\endpipeline",
         "start\nsql [SELECT 1]\nsync\nsql [SELECT 2]\nend\n"},
        {"\\if 1\n\\startpipeline\n\\else\n\\startpipeline\n\\endif\nSELECT 1;\n\\endpipeline",
         "if [1]\nstart\nelse\nstart\nendif\nsql [SELECT 1]\nend\n"},
        {"\\if 1\n\\startpipeline\n\\endif\n\\endpipeline", "if [1]\nstart\nendif\nend\n"},
    };
    EXPECT_ALL(rows);
}

static void mistakes_are_told_with_their_place(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"\\set", "!0+4 `\\set` needs a variable and an expression\n"},
        {"\\set x", "!0+4 `\\set` needs an expression behind the variable\nset x [0]\n"},
        {"\\set 1x 5\nSELECT 1",
         "!5+2 `1x` is not a variable's name: letters, digits and underscores, not a digit first\nsql [SELECT 1]\n"},
        {"\\set x-y 5", "!5+3 `x-y` is not a variable's name: letters, digits and underscores, not a digit first\n"},
        {"\\shell rm\n\\setshell x date",
         "!0+6 `\\shell` is refused: a workload must not be able to run programs\n"
         "!10+9 `\\setshell` is refused: a workload must not be able to run programs\n"},
        {"\\slep 1\nSELECT 1", "!0+5 there is no command `\\slep` (did you mean `\\sleep`?)\nsql [SELECT 1]\n"},
        {"\\xyzzyx 1", "!0+7 there is no command `\\xyzzyx`\n"},
        {"\\sleep", "!0+6 `\\sleep` needs a time: 10 ms\n"},
        {"\\sleep x", "!7+1 `\\sleep` takes a whole number or a variable, not `x`\n"},
        {"\\sleep :1", "!7+2 `\\sleep` takes a whole number or a variable, not `:1`\n"},
        {"\\sleep 99999999999999999999",
         "!7+20 `\\sleep` takes a whole number or a variable, not `99999999999999999999`\n"},
        {"\\sleep 1 h", "!9+1 the unit of `\\sleep` is us, ms or s, not `h`\n"},
        {"\\sleep 1 ms 2", "!12+1 `\\sleep` takes nothing more\nsleep [1] x ms\n"},
        {"\\gset", "!0+5 `\\gset` must follow a statement\n"},
        {"\\set x 1\n\\gset", "!9+5 `\\gset` must follow a statement\nset x [1]\n"},
        {"SELECT 1 \\gset\n\\aset", "!15+5 `\\aset` must follow a statement\nsql [SELECT 1] gset()\n"},
        {"SELECT 1 \\gset a b", "!17+1 `\\gset` takes nothing more\nsql [SELECT 1] gset(a)\n"},
        {"\\startpipeline\nSELECT 1 \\gset\n\\endpipeline",
         "!24+5 `\\gset` needs the statement's answer, which a pipeline does not wait for\n"
         "start\nsql [SELECT 1] gset()\nend\n"},
        {"\\elif 1\n\\else\n\\endif",
         "!0+5 `\\elif` without an `\\if` before it\n!8+5 `\\else` without an `\\if` before it\n"
         "!14+6 `\\endif` without an `\\if` before it\n"},
        {"\\if 1\n\\else\n\\elif 0\n\\else\n\\endif",
         "!12+5 `\\elif` after `\\else`\n!20+5 `\\else` after `\\else`\nif [1]\nelse\nendif\n"},
        {"\\if 1\n\\if 2\nSELECT 1", "!6+3 this `\\if` has no `\\endif`\n!0+3 this `\\if` has no `\\endif`\n"
                                     "if [1]\nif [2]\nsql [SELECT 1]\nendif\nendif\n"},
        {"\\if\n\\endif 1", "!0+3 `\\if` needs a condition\n!11+1 `\\endif` takes nothing behind it\nif [0]\nendif\n"},
        {"\\startpipeline\n\\startpipeline\n",
         "!15+14 `\\startpipeline` inside a pipeline\n!0+14 this pipeline has no `\\endpipeline`\nstart\n"},
        {"\\endpipeline\n\\syncpipeline",
         "!0+12 `\\endpipeline` without `\\startpipeline`\n!13+13 `\\syncpipeline` without `\\startpipeline`\n"},
    };
    EXPECT_ALL(rows);
}

static void what_is_nested_too_deep_is_told_once(void **state)
{
    (void)state;
    struct str text = {0};
    struct shown shown = {0};
    struct script script;
    struct arena *arena = arena_new();
    for (int i = 0; i < 150; i++)
        str_append(&text, "\\if 1\n");
    for (int i = 0; i < 150; i++)
        str_append(&text, "\\endif\n");
    assert_true(script_parse(arena, "deep.sql", str_text(&text), show_problem, &shown, &script));
    assert_string_equal(str_text(&shown.text), "!600+3 `\\if` is nested more than 100 deep\n");
    str_deinit(&text);
    str_deinit(&shown.text);
    arena_free(arena);
}

static void every_prefix_of_a_script_is_read(void **state)
{
    (void)state;
    static const char text[] =
        "\\set a 1 + \\\n2\nSELECT 'x''y', $q$;$q$ /* c */ \\; SELECT :a::int \\gset p_\n"
        "\\if :a\n\\startpipeline\nCREATE FUNCTION f() BEGIN ATOMIC SELECT 1; END;\n\\endpipeline\n"
        "\\elif 2\n\\sleep 5ms\n\\else\n-- note\n\\endif\nSELECT E'\\'' \\aset\n";
    for (size_t len = 0; len <= sizeof text - 1; len++) {
        struct arena *arena = arena_new();
        struct shown shown = {0};
        struct script script;
        char *part = arena_strndup(arena, text, len);
        assert_true(script_parse(arena, "part.sql", part, show_problem, &shown, &script));
        for (size_t i = 0; i < script.n_commands; i++)
            check_places(part, &script.commands[i]);
        assert_true(len < sizeof text - 1 || shown.n_problems == 0);
        str_deinit(&shown.text);
        arena_free(arena);
    }
}

static void built_in_scripts_go_by_the_begin_of_their_names(void **state)
{
    (void)state;
    assert_string_equal(script_builtin_find("tpcb-like")->name, "tpcb-like");
    assert_string_equal(script_builtin_find("t")->name, "tpcb-like");
    assert_string_equal(script_builtin_find("si")->name, "simple-update");
    assert_null(script_builtin_find("s"));
    assert_null(script_builtin_find(""));
    assert_null(script_builtin_find("tpcb-like2"));
    for (const struct script_builtin *each = script_builtins; each->name; each++) {
        struct arena *arena = arena_new();
        struct shown shown = {0};
        struct script script;
        assert_true(script_parse(arena, each->name, each->text, show_problem, &shown, &script));
        assert_int_equal(shown.n_problems, 0);
        assert_true(script.n_commands >= 2);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_end_where_psql_ends_them),
        cmocka_unit_test(commands_take_the_rest_of_their_line),
        cmocka_unit_test(mistakes_are_told_with_their_place),
        cmocka_unit_test(what_is_nested_too_deep_is_told_once),
        cmocka_unit_test(every_prefix_of_a_script_is_read),
        cmocka_unit_test(built_in_scripts_go_by_the_begin_of_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The help of the language: every row is there, it fits a narrow terminal, and a wrong topic names the right one. */
#include <string.h>

#include "cli/help.h"
#include "unit.h"
#include "workloads/expr.h"
#include "workloads/workload.h"

static const struct command commands[] = {
    {"run", FOR_RUN, "WORKLOAD", 1, 1, NULL, "the main job", "pgdyno run tasks", NULL},
    {0},
};

static void topic(const char *name, struct str *out)
{
    struct err err = {0};
    str_clear(out);
    if (!help_topic(commands, name, out, &err))
        fail_msg("%s", err.text);
}

/* Lines wrap: compare without regard to white space. */
static bool has(const char *text, const char *words)
{
    for (; *text; text++) {
        const char *t = text, *w = words;
        while (*w) {
            t += strspn(t, " \n");
            w += strspn(w, " ");
            if (!*w)
                break;
            if (*t++ != *w++)
                goto next;
        }
        return true;
    next:;
    }
    return false;
}

static void check_width(const char *text)
{
    int width = 0;
    for (; *text; text++) {
        width = *text == '\n' ? 0 : width + (((unsigned char)*text & 0xC0) != 0x80);
        if (width > 80)
            fail_msg("a line is wider than 80: …%.40s", text - 40);
    }
}

static void every_function_and_operator_is_there(void **state)
{
    (void)state;
    struct str text = {0};
    struct expr_help help;
    size_t count = 0;
    topic("expressions", &text);
    for (size_t i = 0; expr_function_help(i, &help); i++, count++)
        if (!has(str_text(&text), help.usage) || !has(str_text(&text), help.meaning))
            fail_msg("%s is missing", help.usage);
    assert_true(count > 30);
    for (size_t i = 0; expr_operator_help(i, &help); i++)
        if (!has(str_text(&text), help.usage) || !has(str_text(&text), help.meaning))
            fail_msg("%s is missing", help.usage);
    check_width(str_text(&text));
    str_deinit(&text);
}

/* Behind its place, and with its default. */
static void every_key_is_there(void **state)
{
    (void)state;
    struct str text = {0}, line = {0};
    struct key_help help;
    size_t i = 0;
    topic("workload", &text);
    for (; workload_key_help(i, &help); i++) {
        str_clear(&line);
        str_printf(&line, "\n%s\n", help.where);
        const char *place = strstr(str_text(&text), str_text(&line));
        str_clear(&line);
        str_printf(&line, "%s %s", help.name, help.help);
        if (!place || !has(place, str_text(&line)))
            fail_msg("%s %s is missing", help.where, help.name);
        str_clear(&line);
        str_printf(&line, "default %s", help.fallback ? help.fallback : "");
        assert_true(!help.fallback || has(place, str_text(&line)));
    }
    assert_true(i > 60);
    check_width(str_text(&text));
    str_deinit(&text);
    str_deinit(&line);
}

static void commands_are_topics(void **state)
{
    (void)state;
    struct str text = {0}, same = {0};
    topic("run", &text);
    help_command(&commands[0], &same);
    assert_string_equal(str_text(&text), str_text(&same));
    topic(NULL, &text);
    assert_true(has(str_text(&text), "help expressions") && has(str_text(&text), "run WORKLOAD"));
    str_deinit(&text);
    str_deinit(&same);
}

static void an_unknown_topic_names_the_nearest(void **state)
{
    (void)state;
    struct str text = {0};
    struct err err = {0};
    assert_false(help_topic(commands, "expresions", &text, &err));
    assert_non_null(strstr(err.text, "did you mean `expressions`?"));
    assert_false(help_topic(commands, "zebra", &text, &err));
    assert_non_null(strstr(err.text, "workload, expressions"));
    assert_int_equal(err.kind, ERR_USAGE);
    str_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_function_and_operator_is_there),
        cmocka_unit_test(every_key_is_there),
        cmocka_unit_test(commands_are_topics),
        cmocka_unit_test(an_unknown_topic_names_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

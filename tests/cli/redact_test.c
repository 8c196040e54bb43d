#include <stdio.h>
#include <string.h>

#include "cli/redact.h"
#include "unit.h"

static void passwords_go_and_the_rest_stays(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
    } rows[] = {
        {"postgresql://me:secret@db1/bench", "postgresql://me:***@db1/bench"},
        {"postgres://me:x@db1", "postgres://me:*@db1"},
        {"-dpostgresql://me:secret@db1", "-dpostgresql://me:***@db1"},
        {"--dbname=postgresql://me:p@ss@db1/x", "--dbname=postgresql://me:***@db1/x"},
        {"postgresql://me@db1:5433/x", "postgresql://me@db1:5433/x"},
        {"postgresql://db1,db2:5433/x", "postgresql://db1,db2:5433/x"},
        {"postgresql:///x?user=me&password=secret&port=1", "postgresql:///x?user=me&password=***&port=1"},
        {"postgresql:///x?p%61ssword=secret", "postgresql:///x?p%61ssword=***"},
        {"postgresql:///x?sslpassword=secret", "postgresql:///x?sslpassword=***"},
        {"postgresql:///x?passfile=/f", "postgresql:///x?passfile=/f"},
        {"host=db1 password=secret user=me", "host=db1 password=*** user=me"},
        {"password = 'se cr\\'et' user=me", "password = *** user=me"},
        {"password='open", "password=***"},
        {"user=me password=", "user=me password="},
        {"user=me passwords", "user=me passwords"},
        {"password=one password=two", "password=*** password=***"},
        {"tasks", "tasks"},
        {"--pool=4,8", "--pool=4,8"},
        {"", ""},
        {"://", "://"},
        {"postgresql://:@", "postgresql://:@"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[128];
        snprintf(text, sizeof text, "%s", rows[i].before);
        bool found = redact_conninfo(text);
        assert_string_equal(text, rows[i].after);
        assert_int_equal(found, strcmp(rows[i].before, rows[i].after) != 0);
    }
}

/* The end of the argument is what /proc would still show. */
static void nothing_is_left_behind_the_end(void **state)
{
    (void)state;
    char text[] = "password=longsecret host=db1";
    size_t size = sizeof text;
    redact_conninfo(text);
    for (size_t i = strlen(text); i < size; i++)
        assert_int_equal(text[i], 0);
}

static void the_command_line_can_be_typed_again(void **state)
{
    (void)state;
    char words[][16] = {"pgdyno", "run", "my file.yaml", "-d", "it's", "", "--pool=4,8"};
    char *argv[7];
    for (int i = 0; i < 7; i++)
        argv[i] = words[i];
    struct str line = {0};
    redact_command_line(7, argv, &line);
    assert_string_equal(str_text(&line), "pgdyno run 'my file.yaml' -d 'it'\\''s' '' --pool=4,8");
    str_deinit(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords_go_and_the_rest_stays),
        cmocka_unit_test(nothing_is_left_behind_the_end),
        cmocka_unit_test(the_command_line_can_be_typed_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* words workload|expr|script|csv: a dictionary for libFuzzer, from the rows that the readers read. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "workloads/expr.h"
#include "workloads/workload.h"

/* clang-format off */
static const char *const literals[] = {
    "9223372036854775807", "-9223372036854775808", "1e308", "'2024-01-01'", "NULL", "t.id[", "rows(t)", ":i", ":d",
    ":t", ":n", ":b", ":when", ":day", ":span", ":fixed", "row", NULL,
};
static const char *const script_words[] = {
    "\\set ", "\\gset", "\\aset ", "\\if ", "\\elif ", "\\else", "\\endif", "\\sleep 1 ms", "\\startpipeline",
    "\\syncpipeline", "\\endpipeline", "\\;", "\\\n", "$tag$", "/*", "*/", "--", "E'\\'", "U&'", "(", "BEGIN ATOMIC",
    "END;", "CREATE FUNCTION ", ":'a'", ":\"a\"", NULL,
};
static const char *const csv_words[] = {",", "\"", "\"\"", "\r\n", "\xef\xbb\xbf", NULL};
/* clang-format on */

static void print_word(const char *before, const char *word, const char *after)
{
    putchar('"');
    for (const char *part = before; *part; part++)
        putchar(*part);
    for (const char *c = word; *c; c++)
        printf(isprint((unsigned char)*c) && *c != '"' && *c != '\\' ? "%c" : "\\x%02x", (unsigned char)*c);
    printf("%s\"\n", after);
}

static void print_words(const char *const *words)
{
    for (; *words; words++)
        print_word("", *words, "");
}

static void print_expression_words(void)
{
    struct expr_help help;
    for (size_t i = 0; expr_function_help(i, &help); i++) {
        print_word("", help.name, "(");
        print_word("", help.example, "");
    }
    for (size_t i = 0; expr_operator_help(i, &help); i++)
        print_word(" ", help.example, " ");
    print_words(literals);
}

static void print_keys(void)
{
    static const char *const sections[] = {"sweep", "load", "pool", "measure", "retry"};
    const char *key;
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        for (size_t k = 0; (key = workload_key(sections[i], k)) != NULL; k++)
            print_word("", key, ": ");
}

int main(int argc, char **argv)
{
    const char *target = argc == 2 ? argv[1] : "";
    if (strcmp(target, "csv") == 0)
        print_words(csv_words);
    if (strcmp(target, "script") == 0)
        print_words(script_words);
    if (strcmp(target, "workload") == 0)
        print_keys();
    if (strcmp(target, "workload") == 0 || strcmp(target, "expr") == 0)
        print_expression_words();
    return 0;
}

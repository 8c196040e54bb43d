/* `pgdyno help TOPIC`: the language of workload files, from the rows that its readers read. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli/help.h"
#include "workloads/expr.h"
#include "workloads/workload.h"

enum {
    WIDTH = 80,
    KEYS_COLUMN = 20,
    USAGE_COLUMN = 30
};

typedef bool topic_fn(struct str *out);

static void heading(struct str *out, const char *text)
{
    str_printf(out, "\n%c%s:\n", toupper((unsigned char)*text), text + 1);
}

/* --- expressions -------------------------------------------------------------------------------------------------- */

/* The i-th of operators and functions together. */
static bool any_help(size_t i, struct expr_help *out)
{
    size_t operators = 0;
    while (expr_operator_help(operators, out) && operators < i)
        operators++;
    return operators == i && expr_operator_help(i, out) ? true : expr_function_help(i - operators, out);
}

static void one_of_the_language(struct str *out, const struct expr_help *help)
{
    char left[80];
    struct str example = {0};
    snprintf(left, sizeof left, "  %s", help->usage);
    help_left(out, left, USAGE_COLUMN);
    help_fill(out, USAGE_COLUMN, USAGE_COLUMN, WIDTH, help->meaning);
    if (help->gives || strcmp(help->example, help->usage) != 0) {
        str_printf(&example, "%s%s%s", help->example, help->gives ? " → " : "", help->gives ? help->gives : "");
        help_left(out, "", USAGE_COLUMN);
        help_fill(out, USAGE_COLUMN, USAGE_COLUMN, WIDTH, str_text(&example));
    }
    out->failed = out->failed || example.failed;
    str_deinit(&example);
}

static bool seen_before(const char *group, size_t i)
{
    struct expr_help help;
    for (size_t k = 0; k < i && any_help(k, &help); k++)
        if (strcmp(help.group, group) == 0)
            return true;
    return false;
}

static void groups(struct str *out)
{
    struct expr_help first, help;
    for (size_t i = 0; any_help(i, &first); i++) {
        if (seen_before(first.group, i))
            continue;
        heading(out, first.group);
        for (size_t k = i; any_help(k, &help); k++)
            if (strcmp(help.group, first.group) == 0)
                one_of_the_language(out, &help);
    }
}

/* Operators that bind alike, a line; what has no operand has nothing to bind. */
static void precedence(struct str *out)
{
    struct expr_help help;
    int binds = -1, tightest = expr_operator_help(0, &help) ? help.binds : 0;
    str_append(out, "\nOperators, from those that bind most tightly; those of a line bind alike:");
    for (size_t i = 0; expr_operator_help(i, &help); i++) {
        if (help.binds == tightest)
            continue;
        str_append(out, help.binds != binds ? "\n  " : "  ");
        for (const char *c = help.name; *c; c++)
            str_append_char(out, (char)(help.name[1] == ' ' ? *c : toupper((unsigned char)*c)));
        binds = help.binds;
    }
    str_append_char(out, '\n');
    help_fill(out, 0, 0, WIDTH,
              "Those of a line from left to right. An operand that is NULL makes the outcome NULL, but for AND, OR, "
              "IS, CASE, and where it says otherwise.");
}

static bool print_expressions(struct str *out)
{
    help_fill(out, 0, 0, WIDTH,
              "Expressions are pgbench's, with more for making data. They make columns and `rows` of tables, params, "
              "the variables of transactions (`let`, `set`), conditions (`if`) and the \\set of scripts. In YAML, put "
              "one in double quotes when it begins with a quote, a bracket or a brace, or when it stands inside { }.");
    precedence(out);
    groups(out);
    return !out->failed;
}

/* --- workload ----------------------------------------------------------------------------------------------------- */

static void add_remark(struct str *text, const char *remark, const char *more)
{
    if (*remark || *more)
        str_printf(text, "%s%s%s", text->len ? ", " : "", remark, more);
}

static void one_key(struct str *out, const struct key_help *help)
{
    char left[80];
    struct str text = {0}, remarks = {0};
    snprintf(left, sizeof left, "  %s", help->name);
    help_left(out, left, KEYS_COLUMN);
    if (!strstr(help->help, help->values))
        add_remark(&remarks, help->values, "");
    add_remark(&remarks, help->limits, "");
    if (help->fallback)
        add_remark(&remarks, "default ", help->fallback);
    if (help->required)
        add_remark(&remarks, "required", "");
    if (!help->supported)
        add_remark(&remarks, "not supported yet", "");
    str_printf(&text, remarks.len ? "%s (%s)" : "%s", help->help, str_text(&remarks));
    help_fill(out, KEYS_COLUMN, KEYS_COLUMN, WIDTH, str_text(&text));
    out->failed = out->failed || text.failed || remarks.failed;
    str_deinit(&text);
    str_deinit(&remarks);
}

static bool print_workload(struct str *out)
{
    struct key_help help;
    char where[sizeof help.where] = "";
    help_fill(out, 0, 0, WIDTH,
              "A workload file is YAML. Each place below has these keys and no others; NAME stands for a name of "
              "yours, and - for the items of a list. What may stand in an expression: `pgdyno help expressions`. "
              "An example of each: `pgdyno list`, and workloads/README.md.");
    str_append_char(out, '\n');
    for (size_t i = 0; workload_key_help(i, &help); i++) {
        if (strcmp(help.where, where) != 0)
            str_printf(out, "\n%s\n", help.where);
        snprintf(where, sizeof where, "%s", help.where);
        one_key(out, &help);
    }
    return !out->failed;
}

/* --- topics ------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    topic_fn *print;
    const char *about;
} topics[] = {
    {"workload", print_workload, "every key of the workload file"},
    {"expressions", print_expressions, "every function and operator in it"},
    {"schema", workload_json_schema, "its JSON schema, for editors"},
};

enum {
    N_TOPICS = sizeof topics / sizeof topics[0],
    NAMES_MAX = 32
};

void help_topics(struct str *out)
{
    for (size_t i = 0; i < N_TOPICS; i++) {
        char left[64];
        snprintf(left, sizeof left, "  help %s", topics[i].name);
        help_left(out, left, USAGE_COLUMN + 1);
        str_printf(out, "%s\n", topics[i].about);
    }
}

static bool unknown_topic(const struct command *commands, const char *topic, struct err *err)
{
    const char *names[NAMES_MAX] = {NULL};
    size_t count = 0;
    for (; count < N_TOPICS; count++)
        names[count] = topics[count].name;
    for (; commands->name && count + 1 < NAMES_MAX; commands++)
        names[count++] = commands->name;
    const char *nearest = str_nearest(topic, names);
    if (nearest)
        return err_set(err, ERR_USAGE, NULL, "no help on `%s` (did you mean `%s`?)", topic, nearest);
    return err_set(err, ERR_USAGE, NULL,
                   "no help on `%s`; there is help on each command, and on workload, expressions, schema", topic);
}

bool help_topic(const struct command *commands, const char *topic, struct str *out, struct err *err)
{
    if (!topic) {
        help_program(commands, out);
        return true;
    }
    for (size_t i = 0; i < N_TOPICS; i++)
        if (strcmp(topics[i].name, topic) == 0)
            return topics[i].print(out) || err_memory(err);
    for (const struct command *command = commands; command->name; command++) {
        if (strcmp(command->name, topic) == 0) {
            help_command(command, out);
            return true;
        }
    }
    return unknown_topic(commands, topic, err);
}

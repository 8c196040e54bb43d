#include "cli/help.h"

#include <stdio.h>
#include <string.h>

enum {
    COLUMN = 31,
    WIDTH = 100,
    MAN_WIDTH = 60
};

/* --- Text --------------------------------------------------------------------------------------------------------- */

static size_t characters(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

static void pad(struct str *out, size_t from, size_t to)
{
    for (; from < to; from++)
        str_append_char(out, ' ');
}

void help_fill(struct str *out, size_t at, size_t indent, size_t width, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, " ");
        char word[128];
        snprintf(word, sizeof word, "%.*s", (int)len, text);
        if (at > indent && at + 1 + characters(word) > width) {
            str_append_char(out, '\n');
            pad(out, 0, indent);
            at = indent;
        } else if (at > indent) {
            str_append_char(out, ' ');
            at++;
        }
        str_append(out, word);
        at += characters(word);
        text += len + (text[len] == ' ');
    }
    str_append_char(out, '\n');
}

void help_left(struct str *out, const char *left, size_t column)
{
    str_append(out, left);
    if (characters(left) + 2 > column) {
        str_append_char(out, '\n');
        pad(out, 0, column);
    } else {
        pad(out, characters(left), column);
    }
}

static void option_left(const struct option_row *row, char *buf, size_t size)
{
    char letter[8] = "    ";
    if (row->letter)
        snprintf(letter, sizeof letter, "-%c, ", row->letter);
    snprintf(buf, size, "  %s--%s%s%s", letter, row->name, row->argument ? "=" : "",
             row->argument ? row->argument : "");
}

static void option_line(const struct option_row *row, struct str *out)
{
    char left[96];
    option_left(row, left, sizeof left);
    help_left(out, left, COLUMN);
    help_fill(out, COLUMN, COLUMN, WIDTH, row->help);
}

static bool is_heading(const struct option_row *row)
{
    return !row->name && row->help;
}

/* A heading stands only above options that this command has. */
static bool heads_something(const struct option_row *heading, unsigned command)
{
    for (const struct option_row *row = heading + 1; row->name; row++)
        if (option_shown(row, command))
            return true;
    return false;
}

static void examples(const char *lines, struct str *out)
{
    for (const char *line = lines; *line;) {
        size_t len = strcspn(line, "\n");
        str_append(out, "  ");
        str_append_n(out, line, len);
        str_append_char(out, '\n');
        line += len + (line[len] == '\n');
    }
}

void help_command(const struct command *command, struct str *out)
{
    str_printf(out, "%s\n\nExamples:\n", command->about);
    examples(command->examples, out);
    str_printf(out, "\nUsage: pgdyno %s%s%s [OPTION]…\n", command->name, *command->operands ? " " : "",
               command->operands);
    if (command->more) {
        str_append_char(out, '\n');
        help_fill(out, 0, 0, WIDTH, command->more);
    }
    for (const struct option_row *row = option_rows; row->name || row->help; row++) {
        if (is_heading(row) && heads_something(row, command->bit))
            str_printf(out, "\n%s:\n", row->help);
        else if (row->name && option_shown(row, command->bit))
            option_line(row, out);
    }
}

void help_program(const struct command *commands, struct str *out)
{
    str_append(
        out,
        "pgdyno is a dynamometer for PostgreSQL: it says what an index, a pool size or an isolation level changes,\n"
        "by how much, and how sure it is.\n\nExamples:\n"
        "  pgdyno list                        which workloads come with it\n"
        "  pgdyno run tasks                   seed, sweep and report on a private server\n"
        "  pgdyno run my.yaml -d mydb         the same on a server of yours\n\nCommands:\n");
    for (const struct command *command = commands; command->name; command++) {
        char left[64];
        snprintf(left, sizeof left, "  %s %s", command->name, command->operands);
        str_append(out, left);
        pad(out, characters(left), COLUMN);
        str_printf(out, "%s\n", command->about);
    }
    str_append(out, "\nTopics:\n");
    help_topics(out);
    str_append(out, "\n`pgdyno COMMAND --help` shows examples and options of a command; `man pgdyno` has it all.\n");
}

/* --- mdoc --------------------------------------------------------------------------------------------------------- */

/* One line of text: control characters of roff escaped, and no line that begins with a dot. */
static void man_text(const char *text, size_t len, struct str *out)
{
    if (len > 0 && (text[0] == '.' || text[0] == '\''))
        str_append(out, "\\&");
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\\')
            str_append(out, "\\e");
        else if (text[i] == '-')
            str_append(out, "\\-");
        else if (text[i] == '`')
            str_append(out, "\\(ga");
        else if (text[i] == '~')
            str_append(out, "\\(ti");
        else if (strncmp(text + i, "…", strlen("…")) == 0) {
            str_append(out, "...");
            i += strlen("…") - 1;
        } else
            str_append_char(out, text[i]);
    }
    str_append_char(out, '\n');
}

/* mdoc wants a line a sentence, and none over 80 bytes. */
static void man_line(const char *text, struct str *out)
{
    while (*text) {
        size_t len = strlen(text), cut = 0;
        for (size_t i = 0; i < len && !(cut && i > MAN_WIDTH); i++) {
            if (text[i] != ' ')
                continue;
            cut = i;
            if (i > 0 && text[i - 1] == '.')
                break;
        }
        bool sentence = cut > 0 && text[cut - 1] == '.';
        if (len <= MAN_WIDTH && !sentence)
            cut = len;
        man_text(text, cut ? cut : len, out);
        text += cut ? cut + (text[cut] == ' ') : len;
    }
}

static void man_argument(const char *text, char *buf, size_t size)
{
    const char *dots = strstr(text, "…");
    snprintf(buf, size, "%.*s%s", (int)(dots ? dots - text : (long)strlen(text)), text, dots ? "..." : "");
}

static void man_commands_of(const struct option_row *row, const struct command *commands, struct str *out)
{
    bool all = true, any = false;
    for (const struct command *command = commands; command->name; command++)
        all = all && (row->commands & command->bit);
    if (all)
        return;
    str_append(out, "Of");
    for (const struct command *command = commands; command->name; command++) {
        if (!(row->commands & command->bit))
            continue;
        str_printf(out, "%s %s", any ? "," : "", command->name);
        any = true;
    }
    str_append(out, ".\n");
}

static void man_option(const struct option_row *row, const struct command *commands, struct str *out)
{
    char argument[64];
    str_append(out, ".It ");
    if (row->letter)
        str_printf(out, "Fl %c , ", row->letter);
    str_printf(out, "Fl \\-%s", row->name);
    if (row->argument) {
        man_argument(row->argument, argument, sizeof argument);
        str_printf(out, " Ns = Ns Ar %s", argument);
    }
    str_append_char(out, '\n');
    man_line(row->help, out);
    str_append(out, ".br\n");
    size_t before = out->len;
    man_commands_of(row, commands, out);
    if (out->len == before) { /* no break in front of nothing */
        out->len -= strlen(".br\n");
        out->data[out->len] = '\0';
    }
}

static void man_options(const struct command *commands, struct str *out)
{
    bool open = false;
    str_append(out, ".Sh OPTIONS\nA long option takes its value after = or as the next word;\n"
                    "short ones can be joined.\n");
    for (const struct option_row *row = option_rows; row->name || row->help; row++) {
        if (is_heading(row)) {
            if (open)
                str_append(out, ".El\n");
            str_printf(out, ".Ss %s\n.Bl -tag -width Ds\n", row->help);
            open = true;
        } else if (row->help) {
            man_option(row, commands, out);
        }
    }
    if (open)
        str_append(out, ".El\n");
}

static void man_command_list(const struct command *commands, struct str *out)
{
    str_append(out, ".Sh COMMANDS\n.Bl -tag -width Ds\n");
    for (const struct command *command = commands; command->name; command++) {
        str_printf(out, ".It Cm %s", command->name);
        if (*command->operands) {
            char operands[64];
            man_argument(command->operands, operands, sizeof operands);
            str_printf(out, " Ar %s", operands);
        }
        str_append_char(out, '\n');
        man_line(command->about, out);
        if (command->more) {
            str_append(out, ".Pp\n");
            man_line(command->more, out);
        }
    }
    str_append(out, ".El\n");
}

static void man_examples(const struct command *commands, struct str *out)
{
    str_append(out, ".Sh EXAMPLES\n.Bd -literal -compact\n");
    for (const struct command *command = commands; command->name; command++) {
        for (const char *line = command->examples; *line;) {
            size_t len = strcspn(line, "\n");
            man_text(line, len, out);
            line += len + (line[len] == '\n');
        }
    }
    str_append(out, ".Ed\n");
}

static const char man_head[] =
    ".Dd November 21, 2026\n.Dt PGDYNO 1\n.Os\n.Sh NAME\n.Nm pgdyno\n.Nd dynamometer for PostgreSQL\n.Sh "
    "SYNOPSIS\n.Nm\n"
    ".Ar command\n.Op Ar argument ...\n.Op Ar option ...\n.Sh DESCRIPTION\n.Nm\n"
    "loads the tables of a workload, drives its transactions over every combination\n"
    "of variant (index set, migration, settings), pool size, isolation level and\n"
    "arrival rate, in randomised blocks, and says what changed, by how much, and how sure it is.\n.Pp\n.Ar WORKLOAD\n"
    "is a YAML file, or the name of one that\n.Nm Cm list\nshows.\n"
    "Without connection options and PG variables a private server is started:\n"
    "a cluster in a temporary folder, reachable only through a Unix socket,\n"
    "gone afterwards even if\n.Nm\nis killed.\n"
    "On a server of yours everything happens in a schema named after the workload,\nand nothing that\n.Nm\n"
    "did not create is altered or dropped.\n";

static const char man_middle[] =
    ".Sh ENVIRONMENT\n.Bl -tag -width Ds\n.It Ev PGHOST , PGPORT , PGUSER , PGDATABASE , PGSERVICE , PGPASSFILE , ...\n"
    "as for\n.Xr psql 1 .\n.It Ev PGDYNO_PG_BINDIR\nwhere initdb and postgres of the private server are.\n"
    ".It Ev PGDYNO_CATALOG\nfolder of the workloads that\n.Nm Cm list\nshows, instead of the installed one.\n"
    ".It Ev NO_COLOR\nno colour if set to anything.\n.It Ev COLUMNS\n"
    "letters in a line, instead of the terminal's.\n.It Ev TMPDIR\nwhere the private server's folder is made.\n.El\n"
    ".Sh FILES\n.Bl -tag -width Ds\n.It Pa pgdyno\\-results/\\*[Lt]workload\\*[Gt]\\-\\*[Lt]time\\*[Gt]/\n"
    "what a run leaves: run.json, summary.csv, timeseries.csv, compare.csv,\n"
    "histograms, plans, plots, report.md.\n"
    ".It Pa pgdyno\\-results/latest\nlink to the last one.\n.El\n"
    ".Sh EXIT STATUS\n.Bl -tag -width Ds\n.It 0\nsuccess\n.It 1\nusage, workload file, or first connection\n"
    ".It 2\nerrors while running; what was measured is written\n.It 3\nmeasured, but not valid\n"
    ".It 130 , 143\nstopped by a signal; what was measured is written.\n"
    "The first Ctrl\\-C drains and reports, the second ends at once.\n.El\n";

void help_man(const struct command *commands, struct str *out)
{
    str_append(out, man_head);
    man_command_list(commands, out);
    man_options(commands, out);
    str_append(out, man_middle);
    man_examples(commands, out);
    str_append(out, ".Sh SEE ALSO\n.Xr pgbench 1 ,\n.Xr psql 1\n");
}

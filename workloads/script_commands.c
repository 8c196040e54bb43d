/* The backslash commands of a pgbench script: what each takes, and what it must stand between. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/units.h"
#include "script_scan.h"

/* A word of a backslash command; len 0: there is none on this line. */
struct word {
    size_t offset;
    size_t len;
};

/* --- Words of backslash commands -----------------------------------------------------------------------------------
 */

/* The length of a backslash at the end of a line, with the line's end; 0: none begins here. */
static size_t continuation(const char *text)
{
    if (text[0] != '\\')
        return 0;
    return text[1] == '\n' ? 2 : text[1] == '\r' && text[2] == '\n' ? 3 : 0;
}

static struct word next_word(struct scanner *scanner)
{
    const char *text = scanner->text;
    size_t skipped;
    while ((skipped = continuation(text + scanner->at)) > 0 ||
           (text[scanner->at] != '\n' && is_space(text[scanner->at])))
        scanner->at += skipped > 0 ? skipped : 1;
    struct word word = {scanner->at, 0};
    while (text[scanner->at] && !is_space(text[scanner->at]) && continuation(text + scanner->at) == 0)
        scanner->at++;
    word.len = scanner->at - word.offset;
    return word;
}

/* The rest of the line and of those that continue it. */
static char *rest_of_line(struct scanner *scanner, size_t *offset)
{
    struct word first = next_word(scanner);
    size_t skipped;
    *offset = first.offset;
    while (scanner->text[scanner->at] && scanner->text[scanner->at] != '\n')
        scanner->at += (skipped = continuation(scanner->text + scanner->at)) > 0 ? skipped : 1;
    size_t len = scanner->at - first.offset;
    while (len > 0 && is_space(scanner->text[first.offset + len - 1]))
        len--;
    char *text = scan_copy(scanner, first.offset, len);
    for (char *c = text; text && *c; c++)
        if ((skipped = continuation(c)) > 0)
            memset(c, ' ', skipped);
    return text;
}

static void skip_line(struct scanner *scanner)
{
    while (next_word(scanner).len > 0)
        ;
}

/* --- What each command takes ----------------------------------------------------------------------------------------
 */

struct command_row {
    const char *name;
    void (*read)(struct scanner *scanner, const struct command_row *row, struct script_command *command);
    enum script_kind kind;
    enum keep keep;
    const char *detail;
};

static void nothing_more(struct scanner *scanner, const struct command_row *row)
{
    struct word word = next_word(scanner);
    if (word.len > 0)
        scan_problem(scanner, word.offset, word.len, "`\\%s` takes nothing %s", row->name,
                     row->kind == SCRIPT_SQL || row->kind == SCRIPT_SLEEP ? "more" : "behind it");
    skip_line(scanner);
}

static void read_plain(struct scanner *scanner, const struct command_row *row, struct script_command *command)
{
    nothing_more(scanner, row);
    scan_add(scanner, *command);
}

static void read_expression(struct scanner *scanner, const struct command_row *row, struct script_command *command)
{
    command->text = rest_of_line(scanner, &command->text_offset);
    if (!command->text)
        return;
    if (!*command->text) {
        scan_problem(scanner, command->offset, command->len, "`\\%s` needs %s", row->name, row->detail);
        command->text = "0"; /* an \if must be there for its \endif */
    }
    scan_add(scanner, *command);
}

static void read_set(struct scanner *scanner, const struct command_row *row, struct script_command *command)
{
    struct word name = next_word(scanner);
    if (name.len == 0) {
        scan_problem(scanner, command->offset, command->len, "`\\set` needs a variable and an expression");
        return;
    }
    command->name = scan_copy(scanner, name.offset, name.len);
    command->name_offset = name.offset;
    if (command->name && script_name_len(command->name) != name.len) {
        scan_problem(scanner, name.offset, name.len,
                     "`%s` is not a variable's name: letters, digits and underscores, not a digit first",
                     command->name);
        skip_line(scanner);
        return;
    }
    read_expression(scanner, row, command);
}

static bool read_unit(struct scanner *scanner, const char *unit, const struct word *word,
                      struct script_command *command)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"", NS_PER_S}, {"us", NS_PER_US}, {"ms", NS_PER_MS}, {"s", NS_PER_S}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcasecmp(units[i].name, unit) == 0) {
            command->unit_ns = units[i].ns;
            return true;
        }
    }
    scan_problem(scanner, word->offset, word->len, "the unit of `\\sleep` is us, ms or s, not `%s`", unit);
    return false;
}

/* A variable, or a whole number with perhaps its unit; the length of that, 0 after a report. */
static size_t read_time(struct scanner *scanner, struct word word, struct script_command *command)
{
    const char *text = scanner->text + word.offset;
    size_t sign = text[0] == '+' || text[0] == '-', len = sign;
    int64_t number;
    if (text[0] == ':' && word.len > 1 && script_name_len(text + 1) == word.len - 1)
        return word.len;
    while (len < word.len && isdigit((unsigned char)text[len]))
        len++;
    if (len > sign && units_parse_int(command->text, &number))
        return len;
    scan_problem(scanner, word.offset, word.len, "`\\sleep` takes a whole number or a variable, not `%.*s`",
                 (int)word.len, text);
    return 0;
}

static void read_sleep(struct scanner *scanner, const struct command_row *row, struct script_command *command)
{
    struct word word = next_word(scanner);
    if (word.len == 0) {
        scan_problem(scanner, command->offset, command->len, "`\\sleep` needs a time: 10 ms");
        return;
    }
    size_t plus = scanner->text[word.offset] == '+', len = 1 + strspn(scanner->text + word.offset + 1, "0123456789");
    bool variable = scanner->text[word.offset] == ':';
    command->text_offset = word.offset + plus;
    command->text = scan_copy(scanner, command->text_offset, (variable || len > word.len ? word.len : len) - plus);
    len = command->text ? read_time(scanner, word, command) : 0;
    struct word unit = {word.offset + len, word.len - len};
    if (len > 0 && unit.len == 0)
        unit = next_word(scanner);
    const char *name = len > 0 ? scan_copy(scanner, unit.offset, unit.len) : NULL;
    if (name && read_unit(scanner, name, &unit, command))
        scan_add(scanner, *command);
    if (name)
        nothing_more(scanner, row);
    else
        skip_line(scanner);
}

static void read_keep(struct scanner *scanner, const struct command_row *row, struct script_command *command)
{
    struct script *script = scanner->script;
    struct script_command *before = script->n_commands ? &script->commands[script->n_commands - 1] : NULL;
    struct word prefix = next_word(scanner);
    nothing_more(scanner, row);
    if (!before || before->kind != SCRIPT_SQL || before->keep != KEEP_NOTHING) {
        scan_problem(scanner, command->offset, command->len, "`\\%s` must follow a statement", row->name);
        return;
    }
    if (scanner->pipeline == PIPELINE_ON)
        scan_problem(scanner, command->offset, command->len,
                     "`\\%s` needs the statement's answer, which a pipeline does not wait for", row->name);
    before->keep = row->keep;
    before->keep_offset = command->offset;
    before->prefix = scan_copy(scanner, prefix.offset, prefix.len);
}

static void refuse(struct scanner *scanner, const struct command_row *row, struct script_command *command)
{
    scan_problem(scanner, command->offset, command->len, "`\\%s` is refused: %s", row->name, row->detail);
    skip_line(scanner);
}

/* --- \if ------------------------------------------------------------------------------------------------------------
 */

static void read_if(struct scanner *scanner, const struct command_row *row, struct script_command *command)
{
    if (scanner->n_open == NESTING_MAX) {
        if (scanner->n_too_deep++ == 0)
            scan_problem(scanner, command->offset, command->len, "`\\if` is nested more than %d deep", NESTING_MAX);
        skip_line(scanner);
        return;
    }
    scanner->open[scanner->n_open++] = (struct open_if){.offset = command->offset, .start = scanner->pipeline};
    read_expression(scanner, row, command);
}

/* A branch is over: the next begins where the first did. */
static void end_branch(struct scanner *scanner, struct open_if *open)
{
    open->ends = open->has_ends && open->ends != scanner->pipeline ? PIPELINE_EITHER : scanner->pipeline;
    open->has_ends = true;
    scanner->pipeline = open->start;
}

/* \elif and \else; false after a report. */
static bool next_branch(struct scanner *scanner, const struct command_row *row, const struct script_command *command)
{
    struct open_if *open = scanner->n_open ? &scanner->open[scanner->n_open - 1] : NULL;
    if (!open)
        scan_problem(scanner, command->offset, command->len, "`\\%s` without an `\\if` before it", row->name);
    else if (open->has_else)
        scan_problem(scanner, command->offset, command->len, "`\\%s` after `\\else`", row->name);
    else
        end_branch(scanner, open);
    return open && !open->has_else;
}

static void read_elif(struct scanner *scanner, const struct command_row *row, struct script_command *command)
{
    if (scanner->n_too_deep == 0 && next_branch(scanner, row, command))
        read_expression(scanner, row, command);
    else
        skip_line(scanner);
}

static void read_else(struct scanner *scanner, const struct command_row *row, struct script_command *command)
{
    if (scanner->n_too_deep > 0 || !next_branch(scanner, row, command)) {
        skip_line(scanner);
        return;
    }
    scanner->open[scanner->n_open - 1].has_else = true;
    read_plain(scanner, row, command);
}

void scan_close_if(struct scanner *scanner)
{
    struct open_if *open = &scanner->open[--scanner->n_open];
    end_branch(scanner, open);
    if (!open->has_else)
        end_branch(scanner, open); /* the branch that is not there */
    scanner->pipeline = open->ends;
}

static void read_endif(struct scanner *scanner, const struct command_row *row, struct script_command *command)
{
    if (scanner->n_too_deep > 0) {
        scanner->n_too_deep--;
        skip_line(scanner);
        return;
    }
    if (scanner->n_open == 0) {
        scan_problem(scanner, command->offset, command->len, "`\\endif` without an `\\if` before it");
        skip_line(scanner);
        return;
    }
    scan_close_if(scanner);
    read_plain(scanner, row, command);
}

/* --- Pipelines ------------------------------------------------------------------------------------------------------
 */

static void read_start(struct scanner *scanner, const struct command_row *row, struct script_command *command)
{
    if (scanner->pipeline == PIPELINE_ON) {
        scan_problem(scanner, command->offset, command->len, "`\\startpipeline` inside a pipeline");
        skip_line(scanner);
        return;
    }
    scanner->pipeline = PIPELINE_ON;
    scanner->pipeline_offset = command->offset;
    read_plain(scanner, row, command);
}

static void read_inside(struct scanner *scanner, const struct command_row *row, struct script_command *command)
{
    if (scanner->pipeline == PIPELINE_OFF) {
        scan_problem(scanner, command->offset, command->len, "`\\%s` without `\\startpipeline`", row->name);
        skip_line(scanner);
        return;
    }
    scanner->pipeline = command->kind == SCRIPT_ENDPIPELINE ? PIPELINE_OFF : PIPELINE_ON;
    read_plain(scanner, row, command);
}

/* --- The commands ----------------------------------------------------------------------------------------------------
 */

#define NO_PROGRAMS "a workload must not be able to run programs"

static const struct command_row command_rows[] = {
    {"set", read_set, SCRIPT_SET, KEEP_NOTHING, "an expression behind the variable"},
    {"gset", read_keep, SCRIPT_SQL, KEEP_GSET, NULL},
    {"aset", read_keep, SCRIPT_SQL, KEEP_ASET, NULL},
    {"if", read_if, SCRIPT_IF, KEEP_NOTHING, "a condition"},
    {"elif", read_elif, SCRIPT_ELIF, KEEP_NOTHING, "a condition"},
    {"else", read_else, SCRIPT_ELSE, KEEP_NOTHING, NULL},
    {"endif", read_endif, SCRIPT_ENDIF, KEEP_NOTHING, NULL},
    {"sleep", read_sleep, SCRIPT_SLEEP, KEEP_NOTHING, NULL},
    {"startpipeline", read_start, SCRIPT_STARTPIPELINE, KEEP_NOTHING, NULL},
    {"syncpipeline", read_inside, SCRIPT_SYNCPIPELINE, KEEP_NOTHING, NULL},
    {"endpipeline", read_inside, SCRIPT_ENDPIPELINE, KEEP_NOTHING, NULL},
    {"shell", refuse, SCRIPT_SQL, KEEP_NOTHING, NO_PROGRAMS},
    {"setshell", refuse, SCRIPT_SQL, KEEP_NOTHING, NO_PROGRAMS},
};

enum {
    N_ROWS = sizeof command_rows / sizeof command_rows[0]
};

static void unknown_command(struct scanner *scanner, const struct script_command *command)
{
    const char *names[N_ROWS + 1] = {NULL};
    char hint[64] = "";
    for (size_t i = 0; i < N_ROWS; i++)
        names[i] = command_rows[i].name;
    const char *nearest = str_nearest(command->name, names);
    if (nearest)
        snprintf(hint, sizeof hint, " (did you mean `\\%s`?)", nearest);
    scan_problem(scanner, command->offset, command->len, "there is no command `\\%.60s`%s", command->name, hint);
    skip_line(scanner);
}

/* A lone backslash is nothing, as in pgbench. */
void scan_command(struct scanner *scanner)
{
    size_t offset = scanner->at++;
    struct word word = next_word(scanner);
    char *name = word.len ? scan_copy(scanner, word.offset, word.len) : NULL;
    struct script_command read = {.offset = offset, .len = word.offset + word.len - offset, .name = name};
    if (!name)
        return;
    for (size_t i = 0; i < N_ROWS; i++) {
        if (strcasecmp(command_rows[i].name, name) != 0)
            continue;
        read.name = NULL;
        read.kind = command_rows[i].kind;
        command_rows[i].read(scanner, &command_rows[i], &read);
        return;
    }
    unknown_command(scanner, &read);
}

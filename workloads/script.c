/* Cutting a pgbench script into commands. Statements end as psql's lexer ends them: at a semicolon outside quotes,
 * comments, parentheses and BEGIN ATOMIC bodies, or at a backslash command, which takes the rest of its line. */
#include "workloads/script.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/units.h"
#include "workloads/sqltext.h"

enum {
    NESTING_MAX = 100,
    NONE = -1
};

/* Inside a pipeline? After branches that differ nobody knows. */
enum pipeline {
    PIPELINE_OFF,
    PIPELINE_ON,
    PIPELINE_EITHER
};

/* An \if whose \endif has not come yet. */
struct open_if {
    size_t offset;
    bool has_else, has_ends;
    enum pipeline start; /* where each branch begins */
    enum pipeline ends;  /* of the branches so far */
};

struct scanner {
    struct arena *arena;
    const char *text;
    size_t at;
    script_problem_fn *problem;
    void *user;
    struct script *script;
    size_t cap;
    bool failed; /* no memory */
    /* the statement under way */
    long from; /* NONE: none has begun */
    bool content;
    long combined;
    int parens;
    int begins;
    int n_words;
    char words[4]; /* first letters: c(reate) o(r) r(eplace) f(unction) or p(rocedure); 0: another word */
    /* of the script */
    struct open_if open[NESTING_MAX];
    int n_open;
    int n_too_deep;
    enum pipeline pipeline;
    size_t pipeline_offset; /* of the \startpipeline */
};

/* A word of a backslash command; len 0: there is none on this line. */
struct word {
    size_t offset;
    size_t len;
};

static void problem(struct scanner *scanner, size_t offset, size_t len, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void problem(struct scanner *scanner, size_t offset, size_t len, const char *fmt, ...)
{
    struct str text = {0};
    va_list args;
    va_start(args, fmt);
    str_vprintf(&text, fmt, args);
    va_end(args);
    scanner->problem(scanner->user, offset, len, str_text(&text));
    scanner->failed = scanner->failed || text.failed;
    str_deinit(&text);
}

static struct script_command *add(struct scanner *scanner, struct script_command command)
{
    struct script *script = scanner->script;
    if (script->n_commands == scanner->cap) {
        size_t cap = scanner->cap ? 2 * scanner->cap : 16;
        struct script_command *grown = ARENA_ARRAY(scanner->arena, struct script_command, cap);
        if (!grown) {
            scanner->failed = true;
            return NULL;
        }
        if (script->n_commands)
            memcpy(grown, script->commands, script->n_commands * sizeof *grown);
        script->commands = grown;
        scanner->cap = cap;
    }
    script->commands[script->n_commands] = command;
    return &script->commands[script->n_commands++];
}

static char *copy(struct scanner *scanner, size_t offset, size_t len)
{
    char *text = arena_strndup(scanner->arena, scanner->text + offset, len);
    scanner->failed = scanner->failed || !text;
    return text;
}

/* --- Statements ----------------------------------------------------------------------------------------------------
 */

static bool is_space(char c)
{
    return isspace((unsigned char)c) != 0;
}

static bool is_word_start(char c)
{
    return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_word(char c)
{
    return is_word_start(c) || isdigit((unsigned char)c);
}

size_t script_name_len(const char *text)
{
    size_t len = is_word_start(*text);
    while (len > 0 && is_word(text[len]))
        len++;
    return len;
}

/* `\;` is a semicolon that does not end the statement, `\:` a colon; the backslash becomes a space before the whole
 * run, so that every other byte keeps its place and `\:\:` stays a cast. */
static void unescape(char *text)
{
    for (char *c = text; *c; c++) {
        if (*c != '\\' || (c[1] != ';' && c[1] != ':'))
            continue;
        char escaped = c[1];
        size_t n = 0;
        while (c[2 * n] == '\\' && c[2 * n + 1] == escaped)
            n++;
        memset(c, ' ', n);
        memset(c + n, escaped, n);
        c += 2 * n - 1;
    }
}

/* Backslashes in quotes and comments are content. */
static void unescape_outside(char *text)
{
    char *plain = text;
    for (char *c = text; *c;) {
        bool comment;
        long end = sqltext_skip(text, (size_t)(c - text), &comment);
        if (end == SQLTEXT_UNFINISHED)
            return;
        if (text + end == c) {
            c++;
            continue;
        }
        char kept = *c;
        *c = '\0';
        unescape(plain);
        *c = kept;
        plain = c = text + end;
    }
    unescape(plain);
}

static void forget_statement(struct scanner *scanner)
{
    scanner->from = scanner->combined = NONE;
    scanner->content = false;
    scanner->parens = scanner->begins = scanner->n_words = 0;
}

/* The statement under way ends before scanner->at. One of comments alone is none. */
static void end_statement(struct scanner *scanner)
{
    size_t from = (size_t)scanner->from, end = scanner->at;
    if (scanner->content) {
        while (is_space(scanner->text[end - 1]))
            end--;
        char *text = copy(scanner, from, end - from);
        if (text)
            unescape_outside(text);
        add(scanner, (struct script_command){.kind = SCRIPT_SQL,
                                             .offset = from,
                                             .len = end - from,
                                             .text = text,
                                             .text_offset = from,
                                             .combined = scanner->combined != NONE,
                                             .combined_offset = (size_t)scanner->combined});
    }
    forget_statement(scanner);
}

/* CREATE [OR REPLACE] FUNCTION or PROCEDURE: their bodies may be BEGIN ATOMIC … END. */
static bool creates_routine(const struct scanner *scanner)
{
    const char *words = scanner->words;
    bool replaces = words[1] == 'o' && words[2] == 'r';
    char what = replaces ? words[3] : words[1];
    return words[0] == 'c' && (what == 'f' || what == 'p');
}

static void note_word(struct scanner *scanner, const char *word, size_t len)
{
    static const char *const known[] = {"create", "function", "procedure", "or", "replace"};
    if (scanner->n_words == 0)
        memset(scanner->words, 0, sizeof scanner->words);
    if (scanner->n_words < (int)sizeof scanner->words)
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (strlen(known[i]) == len && strncasecmp(known[i], word, len) == 0)
                scanner->words[scanner->n_words] = known[i][0];
    scanner->n_words += scanner->n_words < 1000;
    if (!creates_routine(scanner) || scanner->parens > 0)
        return;
    if (len == 5 && strncasecmp(word, "begin", len) == 0)
        scanner->begins++;
    else if (len == 4 && strncasecmp(word, "case", len) == 0)
        scanner->begins += scanner->begins > 0;
    else if (len == 3 && strncasecmp(word, "end", len) == 0)
        scanner->begins -= scanner->begins > 0;
}

static void begin_text(struct scanner *scanner, bool content)
{
    if (scanner->from == NONE)
        scanner->from = (long)scanner->at;
    scanner->content = scanner->content || content;
}

/* Past a quoted text or a comment, if one begins here. A comment in front of a statement stays there when it is of the
 * kind that some extensions read: hints. */
static bool skip_opaque(struct scanner *scanner)
{
    bool comment;
    long end = sqltext_skip(scanner->text, scanner->at, &comment);
    if (end == SQLTEXT_UNFINISHED) {
        problem(scanner, scanner->at, 1, "this quote or comment has no end");
        scanner->at += strlen(scanner->text + scanner->at);
        forget_statement(scanner);
        return true;
    }
    if ((size_t)end == scanner->at)
        return false;
    if (scanner->from != NONE || scanner->text[scanner->at] != '-')
        begin_text(scanner, !comment);
    scanner->at = (size_t)end;
    return true;
}

static void command(struct scanner *scanner);

static void backslash(struct scanner *scanner)
{
    char next = scanner->text[scanner->at + 1];
    if (next != ';' && next != ':') {
        end_statement(scanner);
        command(scanner);
        return;
    }
    begin_text(scanner, true);
    if (next == ';' && scanner->combined == NONE)
        scanner->combined = (long)scanner->at;
    if (next == ';')
        scanner->n_words = 0;
    scanner->at += 2;
}

static void semicolon(struct scanner *scanner)
{
    if (scanner->parens == 0 && scanner->begins == 0)
        end_statement(scanner);
    scanner->at++;
}

static void scan_one(struct scanner *scanner)
{
    char c = scanner->text[scanner->at];
    if (skip_opaque(scanner))
        return;
    if (is_space(c)) {
        scanner->at++;
    } else if (c == '\\') {
        backslash(scanner);
    } else if (c == ';') {
        semicolon(scanner);
    } else if (is_word(c)) {
        size_t len = 1;
        while (is_word(scanner->text[scanner->at + len]) || scanner->text[scanner->at + len] == '$')
            len++;
        begin_text(scanner, true);
        if (is_word_start(c))
            note_word(scanner, scanner->text + scanner->at, len);
        scanner->at += len;
    } else {
        begin_text(scanner, true);
        scanner->parens += (c == '(') - (c == ')' && scanner->parens > 0);
        scanner->at++;
    }
}

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
    char *text = copy(scanner, first.offset, len);
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
        problem(scanner, word.offset, word.len, "`\\%s` takes nothing %s", row->name,
                row->kind == SCRIPT_SQL || row->kind == SCRIPT_SLEEP ? "more" : "behind it");
    skip_line(scanner);
}

static void read_plain(struct scanner *scanner, const struct command_row *row, struct script_command *command)
{
    nothing_more(scanner, row);
    add(scanner, *command);
}

static void read_expression(struct scanner *scanner, const struct command_row *row, struct script_command *command)
{
    command->text = rest_of_line(scanner, &command->text_offset);
    if (!command->text)
        return;
    if (!*command->text) {
        problem(scanner, command->offset, command->len, "`\\%s` needs %s", row->name, row->detail);
        command->text = "0"; /* an \if must be there for its \endif */
    }
    add(scanner, *command);
}

static void read_set(struct scanner *scanner, const struct command_row *row, struct script_command *command)
{
    struct word name = next_word(scanner);
    if (name.len == 0) {
        problem(scanner, command->offset, command->len, "`\\set` needs a variable and an expression");
        return;
    }
    command->name = copy(scanner, name.offset, name.len);
    command->name_offset = name.offset;
    if (command->name && script_name_len(command->name) != name.len) {
        problem(scanner, name.offset, name.len,
                "`%s` is not a variable's name: letters, digits and underscores, not a digit first", command->name);
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
    problem(scanner, word->offset, word->len, "the unit of `\\sleep` is us, ms or s, not `%s`", unit);
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
    problem(scanner, word.offset, word.len, "`\\sleep` takes a whole number or a variable, not `%.*s`", (int)word.len,
            text);
    return 0;
}

static void read_sleep(struct scanner *scanner, const struct command_row *row, struct script_command *command)
{
    struct word word = next_word(scanner);
    if (word.len == 0) {
        problem(scanner, command->offset, command->len, "`\\sleep` needs a time: 10 ms");
        return;
    }
    size_t plus = scanner->text[word.offset] == '+', len = 1 + strspn(scanner->text + word.offset + 1, "0123456789");
    bool variable = scanner->text[word.offset] == ':';
    command->text_offset = word.offset + plus;
    command->text = copy(scanner, command->text_offset, (variable || len > word.len ? word.len : len) - plus);
    len = command->text ? read_time(scanner, word, command) : 0;
    struct word unit = {word.offset + len, word.len - len};
    if (len > 0 && unit.len == 0)
        unit = next_word(scanner);
    const char *name = len > 0 ? copy(scanner, unit.offset, unit.len) : NULL;
    if (name && read_unit(scanner, name, &unit, command))
        add(scanner, *command);
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
        problem(scanner, command->offset, command->len, "`\\%s` must follow a statement", row->name);
        return;
    }
    if (scanner->pipeline == PIPELINE_ON)
        problem(scanner, command->offset, command->len,
                "`\\%s` needs the statement's answer, which a pipeline does not wait for", row->name);
    before->keep = row->keep;
    before->keep_offset = command->offset;
    before->prefix = copy(scanner, prefix.offset, prefix.len);
}

static void refuse(struct scanner *scanner, const struct command_row *row, struct script_command *command)
{
    problem(scanner, command->offset, command->len, "`\\%s` is refused: %s", row->name, row->detail);
    skip_line(scanner);
}

/* --- \if ------------------------------------------------------------------------------------------------------------
 */

static void read_if(struct scanner *scanner, const struct command_row *row, struct script_command *command)
{
    if (scanner->n_open == NESTING_MAX) {
        if (scanner->n_too_deep++ == 0)
            problem(scanner, command->offset, command->len, "`\\if` is nested more than %d deep", NESTING_MAX);
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
        problem(scanner, command->offset, command->len, "`\\%s` without an `\\if` before it", row->name);
    else if (open->has_else)
        problem(scanner, command->offset, command->len, "`\\%s` after `\\else`", row->name);
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

static void close_if(struct scanner *scanner)
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
        problem(scanner, command->offset, command->len, "`\\endif` without an `\\if` before it");
        skip_line(scanner);
        return;
    }
    close_if(scanner);
    read_plain(scanner, row, command);
}

/* --- Pipelines ------------------------------------------------------------------------------------------------------
 */

static void read_start(struct scanner *scanner, const struct command_row *row, struct script_command *command)
{
    if (scanner->pipeline == PIPELINE_ON) {
        problem(scanner, command->offset, command->len, "`\\startpipeline` inside a pipeline");
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
        problem(scanner, command->offset, command->len, "`\\%s` without `\\startpipeline`", row->name);
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
    problem(scanner, command->offset, command->len, "there is no command `\\%.60s`%s", command->name, hint);
    skip_line(scanner);
}

/* A lone backslash is nothing, as in pgbench. */
static void command(struct scanner *scanner)
{
    size_t offset = scanner->at++;
    struct word word = next_word(scanner);
    char *name = word.len ? copy(scanner, word.offset, word.len) : NULL;
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

/* --------------------------------------------------------------------------------------------------------------------
 */

static void end_script(struct scanner *scanner)
{
    end_statement(scanner);
    while (scanner->n_open > 0) {
        size_t offset = scanner->open[scanner->n_open - 1].offset;
        problem(scanner, offset, strlen("\\if"), "this `\\if` has no `\\endif`");
        close_if(scanner);
        add(scanner, (struct script_command){.kind = SCRIPT_ENDIF, .offset = scanner->at});
    }
    if (scanner->pipeline == PIPELINE_ON)
        problem(scanner, scanner->pipeline_offset, strlen("\\startpipeline"), "this pipeline has no `\\endpipeline`");
}

bool script_parse(struct arena *arena, const char *path, const char *text, script_problem_fn *problem_fn, void *user,
                  struct script *out)
{
    *out = (struct script){.path = path, .text = text};
    struct scanner *scanner = ARENA_NEW(arena, struct scanner);
    if (!scanner)
        return false;
    *scanner = (struct scanner){
        .arena = arena, .text = text, .problem = problem_fn, .user = user, .script = out, .pipeline = PIPELINE_OFF};
    forget_statement(scanner);
    while (text[scanner->at] && !scanner->failed)
        scan_one(scanner);
    end_script(scanner);
    return !scanner->failed;
}

/* --- Built-in scripts ------------------------------------------------------------------------------------------------
 */

#define DRAW_ACCOUNT "\\set aid random(1, 100000 * :scale)\n"
#define DRAW_OTHERS                                                                                                    \
    "\\set bid random(1, 1 * :scale)\n"                                                                                \
    "\\set tid random(1, 10 * :scale)\n"                                                                               \
    "\\set delta random(-5000, 5000)\n"
#define READ_ACCOUNT "SELECT abalance FROM pgbench_accounts WHERE aid = :aid;\n"
#define BEGIN_UPDATE                                                                                                   \
    "BEGIN;\n"                                                                                                         \
    "UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid;\n" READ_ACCOUNT
#define INSERT_END                                                                                                     \
    "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (:tid, :bid, :aid, :delta, "                     \
    "CURRENT_TIMESTAMP);\n"                                                                                            \
    "END;\n"

const struct script_builtin script_builtins[] = {
    {"tpcb-like", "TPC-B, roughly: account, teller and branch updated, a history row",
     DRAW_ACCOUNT DRAW_OTHERS BEGIN_UPDATE
     "UPDATE pgbench_tellers SET tbalance = tbalance + :delta WHERE tid = :tid;\n"
     "UPDATE pgbench_branches SET bbalance = bbalance + :delta WHERE bid = :bid;\n" INSERT_END},
    {"simple-update", "the same without tellers and branches", DRAW_ACCOUNT DRAW_OTHERS BEGIN_UPDATE INSERT_END},
    {"select-only", "an account's balance", DRAW_ACCOUNT READ_ACCOUNT},
    {0},
};

const struct script_builtin *script_builtin_find(const char *name)
{
    const struct script_builtin *found = NULL;
    int count = 0;
    for (const struct script_builtin *each = script_builtins; each->name; each++) {
        if (strcmp(each->name, name) == 0)
            return each;
        if (str_starts_with(each->name, name)) {
            found = each;
            count++;
        }
    }
    return count == 1 ? found : NULL;
}

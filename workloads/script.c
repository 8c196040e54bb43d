/* Cutting a pgbench script into commands. Statements end as psql's lexer ends them: at a semicolon outside quotes,
 * comments, parentheses and BEGIN ATOMIC bodies, or at a backslash command, which takes the rest of its line. */
#include "workloads/script.h"

#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "script_scan.h"
#include "workloads/sqltext.h"

void scan_problem(struct scanner *scanner, size_t offset, size_t len, const char *fmt, ...)
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

struct script_command *scan_add(struct scanner *scanner, struct script_command command)
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

char *scan_copy(struct scanner *scanner, size_t offset, size_t len)
{
    char *text = arena_strndup(scanner->arena, scanner->text + offset, len);
    scanner->failed = scanner->failed || !text;
    return text;
}

/* --- Statements ----------------------------------------------------------------------------------------------------
 */

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
        char *text = scan_copy(scanner, from, end - from);
        if (text)
            unescape_outside(text);
        scan_add(scanner, (struct script_command){.kind = SCRIPT_SQL,
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
        scan_problem(scanner, scanner->at, 1, "this quote or comment has no end");
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

static void backslash(struct scanner *scanner)
{
    char next = scanner->text[scanner->at + 1];
    if (next != ';' && next != ':') {
        end_statement(scanner);
        scan_command(scanner);
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

/* --------------------------------------------------------------------------------------------------------------------
 */

static void end_script(struct scanner *scanner)
{
    end_statement(scanner);
    while (scanner->n_open > 0) {
        size_t offset = scanner->open[scanner->n_open - 1].offset;
        scan_problem(scanner, offset, strlen("\\if"), "this `\\if` has no `\\endif`");
        scan_close_if(scanner);
        scan_add(scanner, (struct script_command){.kind = SCRIPT_ENDIF, .offset = scanner->at});
    }
    if (scanner->pipeline == PIPELINE_ON)
        scan_problem(scanner, scanner->pipeline_offset, strlen("\\startpipeline"),
                     "this pipeline has no `\\endpipeline`");
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

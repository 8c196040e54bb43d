#include "workloads/sqltext.h"

#include <ctype.h>
#include <string.h>

#include "lexer.h"

enum {
    UNFINISHED = SQLTEXT_UNFINISHED
};

/* Past the closing `quote` of the text that opens at `at`. A doubled one is content; a backslash escapes in E''. */
static long skip_quoted(const char *sql, size_t at, char quote, bool backslashes)
{
    for (at++; sql[at]; at++) {
        if (backslashes && sql[at] == '\\' && sql[at + 1])
            at++;
        else if (sql[at] == quote && sql[at + 1] == quote)
            at++;
        else if (sql[at] == quote)
            return (long)at + 1;
    }
    return UNFINISHED;
}

/* Block comments nest. */
static long skip_comment(const char *sql, size_t at)
{
    int depth = 0;
    while (sql[at]) {
        bool opens = sql[at] == '/' && sql[at + 1] == '*', closes = sql[at] == '*' && sql[at + 1] == '/';
        depth += opens - closes;
        at += opens || closes ? 2 : 1;
        if (depth == 0)
            return (long)at;
    }
    return UNFINISHED;
}

/* The length of `$tag$` at sql, 0 if it is none. */
static size_t dollar_tag(const char *sql)
{
    size_t len = 1;
    if (lexer_name_start(sql[len]) || (unsigned char)sql[len] >= 0x80)
        while (lexer_name_char(sql[len]) || (unsigned char)sql[len] >= 0x80)
            len++;
    return sql[len] == '$' ? len + 1 : 0;
}

static long skip_dollar_quoted(const char *sql, size_t at, size_t tag)
{
    for (size_t end = at + tag; sql[end]; end++)
        if (strncmp(sql + end, sql + at, tag) == 0)
            return (long)(end + tag);
    return UNFINISHED;
}

static bool is_word(char c)
{
    return lexer_name_char(c) || c == '$' || (unsigned char)c >= 0x80;
}

/* Is the quote at `at` that of E'…'? */
static bool has_backslashes(const char *sql, size_t at)
{
    return at > 0 && (sql[at - 1] == 'e' || sql[at - 1] == 'E') && (at == 1 || !is_word(sql[at - 2]));
}

long sqltext_skip(const char *sql, size_t at, bool *comment)
{
    *comment = false;
    switch (sql[at]) {
    case '\'':
        return skip_quoted(sql, at, '\'', has_backslashes(sql, at));
    case '"':
        return skip_quoted(sql, at, '"', false);
    case '-':
        *comment = sql[at + 1] == '-';
        return *comment ? (long)(at + strcspn(sql + at, "\n")) : (long)at;
    case '/':
        *comment = sql[at + 1] == '*';
        return *comment ? skip_comment(sql, at) : (long)at;
    case '$': {
        size_t tag = at > 0 && is_word(sql[at - 1]) ? 0 : dollar_tag(sql + at);
        return tag ? skip_dollar_quoted(sql, at, tag) : (long)at;
    }
    default:
        return (long)at;
    }
}

/* In a[1:n] the colon follows an operand. */
static bool is_slice(const struct sql_scan *scan)
{
    return scan->brackets > 0 && (is_word(scan->before) || (scan->before && strchr("])'\"", scan->before)));
}

static size_t name_len(const char *text)
{
    size_t len = 0;
    while (lexer_name_char(text[len]))
        len++;
    return len;
}

/* What begins at the scan's place and is worth telling; kind SQL_END: nothing, go on `len` further. */
static struct sql_item item_at(const struct sql_scan *scan)
{
    const char *here = scan->sql + scan->at;
    struct sql_item item = {.kind = SQL_END, .offset = scan->at, .len = 1};
    if (*here == ';') {
        item.kind = SQL_SEMICOLON;
    } else if (*here == '$' && isdigit((unsigned char)here[1]) && !is_word(scan->at ? here[-1] : ' ')) {
        item.kind = SQL_NUMBERED;
        item.len = 1 + strspn(here + 1, "0123456789");
    } else if (*here == ':' && (here[1] == ':' || here[1] == '=')) {
        item.len = 2;
    } else if (*here == ':' && lexer_name_start(here[1]) && !is_slice(scan)) {
        item.kind = SQL_VARIABLE;
        item.len = 1 + name_len(here + 1);
    }
    return item;
}

struct sql_item sqltext_next(struct sql_scan *scan)
{
    while (scan->sql[scan->at]) {
        bool comment;
        long end = sqltext_skip(scan->sql, scan->at, &comment);
        if (end == UNFINISHED) {
            struct sql_item item = {SQL_UNFINISHED, scan->at, 1};
            scan->at += strlen(scan->sql + scan->at);
            return item;
        }
        struct sql_item item = {.kind = SQL_END};
        if ((size_t)end == scan->at) {
            char c = scan->sql[scan->at];
            item = item_at(scan);
            scan->brackets += (c == '[') - (c == ']' && scan->brackets > 0);
            end = (long)(scan->at + item.len);
        }
        scan->at = (size_t)end;
        if (!comment && !isspace((unsigned char)scan->sql[end - 1]))
            scan->before = scan->sql[end - 1];
        if (item.kind != SQL_END)
            return item;
    }
    return (struct sql_item){.kind = SQL_END, .offset = scan->at};
}

size_t sqltext_trimmed(const char *sql)
{
    size_t len = strlen(sql);
    while (len > 0 && (isspace((unsigned char)sql[len - 1]) || sql[len - 1] == ';'))
        len--;
    return len;
}

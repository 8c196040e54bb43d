#include "sql.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const struct word_row {
    const char *word;
    enum sql_kind kind;
    bool rows;
    const char *tag;
} rows[] = {
    {"select", SQL_DATA, true, "SELECT 1"},
    {"insert", SQL_DATA, false, "INSERT 0 1"},
    {"update", SQL_DATA, false, "UPDATE 1"},
    {"delete", SQL_DATA, false, "DELETE 1"},
    {"merge", SQL_DATA, false, "MERGE 1"},
    {"with", SQL_DATA, true, "SELECT 1"},
    {"values", SQL_DATA, true, "SELECT 1"},
    {"table", SQL_DATA, true, "SELECT 1"},
    {"execute", SQL_DATA, true, "SELECT 1"},
    {"call", SQL_DATA, false, "CALL"},
    {"begin", SQL_BEGIN, false, "BEGIN"},
    {"start", SQL_BEGIN, false, "START TRANSACTION"},
    {"commit", SQL_COMMIT, false, "COMMIT"},
    {"end", SQL_COMMIT, false, "COMMIT"},
    {"rollback", SQL_ROLLBACK, false, "ROLLBACK"},
    {"abort", SQL_ROLLBACK, false, "ROLLBACK"},
    {"show", SQL_VALUE, true, "SHOW"},
    {"set", SQL_OTHER, false, "SET"},
    {"reset", SQL_OTHER, false, "RESET"},
    {"discard", SQL_FORGET, false, "DISCARD ALL"},
    {"deallocate", SQL_FORGET, false, "DEALLOCATE ALL"},
    {"copy", SQL_COPY, false, "COPY"},
    {"stub", SQL_STUB, false, "STUB"},
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool word_is(const char *text, size_t len, const char *word)
{
    size_t n = strlen(word);
    return len >= n && strncasecmp(text, word, n) == 0 && (len == n || !is_word(text[n]));
}

static bool contains_word(const char *text, size_t len, const char *word)
{
    for (size_t i = 0; i < len; i++)
        if ((i == 0 || !is_word(text[i - 1])) && word_is(text + i, len - i, word))
            return true;
    return false;
}

/* Length of the comment at the start of the text, or 0. */
static size_t comment(const char *text, size_t len)
{
    if (len < 2 || (memcmp(text, "--", 2) != 0 && memcmp(text, "/*", 2) != 0))
        return 0;
    const char *end = text[0] == '-' ? memchr(text, '\n', len) : memmem(text + 2, len - 2, "*/", 2);
    if (!end)
        return len;
    return (size_t)(end - text) + (text[0] == '-' ? 1 : 2);
}

/* Length of the string, quoted name or dollar quote at the start of the text, or 0. Doubled quotes are two strings in
 * a row. */
static size_t quoted(const char *text, size_t len)
{
    if (text[0] == '\'' || text[0] == '"') {
        const char *end = memchr(text + 1, text[0], len - 1);
        return end ? (size_t)(end - text) + 1 : len;
    }
    if (text[0] != '$')
        return 0;
    size_t tag = 1;
    while (tag < len && is_word(text[tag]))
        tag++;
    if (tag == len || text[tag] != '$' || isdigit((unsigned char)text[1]))
        return 0;
    tag++;
    const char *end = memmem(text + tag, len - tag, text, tag);
    return end ? (size_t)(end - text) + tag : len;
}

static size_t blank(const char *text, size_t len)
{
    size_t i = 0, more = 1;
    while (i < len && more > 0) {
        more = isspace((unsigned char)text[i]) ? 1 : comment(text + i, len - i);
        i += more;
    }
    return i;
}

static size_t until_semicolon(const char *text, size_t len)
{
    size_t i = 0;
    while (i < len && text[i] != ';') {
        size_t skip = quoted(text + i, len - i);
        if (skip == 0)
            skip = comment(text + i, len - i);
        i += skip ? skip : 1;
    }
    return i;
}

static void refine(struct sql *sql)
{
    if (sql->kind == SQL_ROLLBACK && contains_word(sql->text, sql->len, "to"))
        sql->kind = SQL_ROLLBACK_TO;
    if (sql->kind != SQL_DATA)
        return;
    if (contains_word(sql->text, sql->len, "set_config") || contains_word(sql->text, sql->len, "current_setting"))
        sql->kind = SQL_VALUE;
    sql->rows = sql->rows || contains_word(sql->text, sql->len, "returning");
}

static void classify(struct sql *sql)
{
    sql->kind = sql->len ? SQL_OTHER : SQL_EMPTY;
    sql->tag = "DONE";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!word_is(sql->text, sql->len, rows[i].word))
            continue;
        sql->kind = rows[i].kind;
        sql->rows = rows[i].rows;
        sql->tag = rows[i].tag;
        refine(sql);
        return;
    }
}

struct sql sql_first(const char *text, size_t len, const char **rest)
{
    size_t skip = blank(text, len);
    text += skip;
    len -= skip;
    size_t end = until_semicolon(text, len);
    struct sql sql = {.text = text, .len = end};
    while (sql.len > 0 && isspace((unsigned char)text[sql.len - 1]))
        sql.len--;
    if (rest)
        *rest = text + end + (end < len ? 1 : 0);
    classify(&sql);
    return sql;
}

int sql_params(const char *text, size_t len)
{
    int most = 0;
    for (size_t i = 0; i + 1 < len; i++) {
        int n = 0;
        if (text[i] != '$')
            continue;
        for (size_t k = i + 1; k < len && isdigit((unsigned char)text[k]) && n < 10000; k++)
            n = 10 * n + (text[k] - '0');
        most = n > most ? n : most;
    }
    return most;
}

#include "pg/sqlerror.h"

#include <string.h>

#include "base/units.h"

enum {
    LINE_COLUMNS = 100,
    CONTEXT_BYTES = 300
};

/* --- The caret ---------------------------------------------------------------------------------------------------- */

static size_t char_bytes(const char *s, int encoding)
{
    size_t len = (size_t)PQmblen(s, encoding);
    size_t left = strnlen(s, len);
    return left < len ? left : len;
}

static int char_columns(const char *s, int encoding)
{
    int columns = *s == '\t' ? 1 : PQdsplen(s, encoding);
    return columns > 0 ? columns : 0;
}

int sqlerror_columns(const char *text, size_t len)
{
    int utf8 = pg_char_to_encoding("UTF8"), columns = 0;
    for (size_t at = 0; at < len; at += char_bytes(text + at, utf8)) {
        bool whole = at + (size_t)PQmblen(text + at, utf8) <= len;
        columns += whole ? char_columns(text + at, utf8) : 1;
    }
    return columns;
}

/* The place of a statement's nth character. */
struct place {
    const char *line; /* where its line begins */
    const char *at;
    int line_number;
    int columns; /* on the screen, from line to at */
};

static bool find_place(const char *sql, int position, int encoding, struct place *place)
{
    *place = (struct place){.line = sql, .at = sql, .line_number = 1};
    for (int n = 1; n < position; n++) {
        if (*place->at == '\0')
            return false;
        const char *next = place->at + char_bytes(place->at, encoding);
        place->columns += char_columns(place->at, encoding);
        if (*place->at == '\n') {
            place->line = next;
            place->line_number++;
            place->columns = 0;
        }
        place->at = next;
    }
    return position > 0;
}

/* Cut what lies too far to the left of the caret. */
static void skip_left(struct place *place, int encoding)
{
    while (place->columns > LINE_COLUMNS * 2 / 3) {
        place->columns -= char_columns(place->line, encoding);
        place->line += char_bytes(place->line, encoding);
    }
}

void sqlerror_caret(struct str *out, const char *sql, int position, int encoding)
{
    struct place place;
    if (!sql || !find_place(sql, position, encoding, &place))
        return;
    const char *line_start = place.line;
    skip_left(&place, encoding);
    size_t start = out->len;
    str_printf(out, "line %d: %s", place.line_number, place.line > line_start ? "..." : "");
    size_t indent = out->len - start + (size_t)place.columns;
    const char *s = place.line;
    for (int columns = 0; *s && *s != '\n' && *s != '\r' && columns < LINE_COLUMNS; s += char_bytes(s, encoding)) {
        columns += char_columns(s, encoding);
        if (*s == '\t')
            str_append_char(out, ' ');
        else
            str_append_n(out, s, char_bytes(s, encoding));
    }
    if (*s && *s != '\n' && *s != '\r')
        str_append(out, "...");
    str_printf(out, "\n%*s^", (int)indent, "");
}

/* --- A failed statement ------------------------------------------------------------------------------------------- */

/* libpq ends its messages with a newline, and indents what follows the first line. */
static size_t trimmed(const char *text)
{
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' '))
        len--;
    return len;
}

static void append_field(struct str *out, const PGresult *result, int field, const char *label)
{
    const char *value = PQresultErrorField(result, field);
    if (value && *value)
        str_printf(out, "\n%s: %s", label, value);
}

static void append_caret(struct str *out, const PGresult *result, const char *sql, int encoding)
{
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    if (!position) {
        position = PQresultErrorField(result, PG_DIAG_INTERNAL_POSITION);
        sql = PQresultErrorField(result, PG_DIAG_INTERNAL_QUERY);
    }
    int64_t n = 0;
    struct str caret = {0};
    if (position && units_parse_int(position, &n))
        sqlerror_caret(&caret, sql, (int)n, encoding);
    if (caret.len > 0)
        str_printf(out, "\n%s", str_text(&caret));
    str_deinit(&caret);
}

static void append_result(struct str *out, const PGresult *result, const char *sql, int encoding)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY);
    const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    str_printf(out, "%s: %s", severity ? severity : "ERROR", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    if (code)
        str_printf(out, " (SQLSTATE %s)", code);
    append_caret(out, result, sql, encoding);
    append_field(out, result, PG_DIAG_MESSAGE_DETAIL, "detail");
    append_field(out, result, PG_DIAG_MESSAGE_HINT, "hint");
    const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);
    if (context && *context)
        str_printf(out, "\nin: %.*s", CONTEXT_BYTES, context);
}

bool sqlerror_set(PGconn *conn, const PGresult *result, const char *what, const char *sql, struct err *err)
{
    struct str text = {0};
    if (result && PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)) {
        append_result(&text, result, sql, PQclientEncoding(conn));
    } else {
        const char *message = result ? PQresultErrorMessage(result) : "";
        if (*message == '\0')
            message = PQerrorMessage(conn);
        str_append_n(&text, message, trimmed(message));
    }
    if (text.len == 0)
        str_append(&text, "the connection to the server was lost");
    err_set(err, ERR_SERVER, what, "%s", str_text(&text));
    str_deinit(&text);
    return false;
}

/* --- A failed connection ------------------------------------------------------------------------------------------ */

static const struct remedy {
    sqlstate code;
    const char *text;
} remedies[] = {
    {SQLSTATE_INVALID_PASSWORD,
     "put the right password into ~/.pgpass (mode 0600), PGPASSWORD or a service file; there is no password option"},
    {SQLSTATE('2', '8', '0', '0', '0'),
     "is it the right user (-U)? The server's pg_hba.conf says who may connect from where, and how"},
    {SQLSTATE('3', 'D', '0', '0', '0'), "create the database with createdb, or name another one with -d"},
    {SQLSTATE_TOO_MANY_CONNECTIONS,
     "end other sessions, use a smaller pool, or raise the server's max_connections (a role or a database can have a "
     "CONNECTION LIMIT too)"},
    {SQLSTATE_CANNOT_CONNECT_NOW, "the server is starting or shutting down: try again in a moment"},
    {SQLSTATE('4', '2', '5', '0', '1'), "grant the user CONNECT on the database, or use another user (-U)"},
};

static const char *find_remedy(PGconn *conn, sqlstate code)
{
    for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++) {
        if (code != 0 && remedies[i].code == code)
            return remedies[i].text;
    }
    if (PQconnectionNeedsPassword(conn))
        return "the server wants a password: put it into ~/.pgpass (mode 0600), PGPASSWORD or a service file; there is "
               "no password option";
    if (code == 0)
        return "is the server running? -h and -p (or PGHOST and PGPORT) say where to look for it; with no connection "
               "option and no PG* variable pgdyno starts a private server";
    return NULL;
}

/* "… failed: FATAL:  28P01: text" → the code, and *text at the colon behind it. A code has a digit; FATAL has none. */
static sqlstate find_code(const char *line, size_t len, const char **text)
{
    for (const char *s = line; s + 8 < line + len; s++) {
        char code[6] = "";
        if (s[0] != ':' || s[1] != ' ')
            continue;
        const char *word = s + 1 + strspn(s + 1, " ");
        memcpy(code, word, strnlen(word, 5));
        if (sqlstate_parse(code) == 0 || !strpbrk(code, "0123456789") || word[5] != ':')
            continue;
        *text = word + 5;
        return sqlstate_parse(code);
    }
    return 0;
}

/* One line of libpq's verbose message as people are used to it: without the code, without where in the server's source
 * it arose, and without libpq's own advice (those lines begin with a tab), for which there is find_remedy. */
static void append_line(struct str *out, const char *line, size_t len, sqlstate *code)
{
    const char *rest;
    if (*line == '\t' || (len >= 10 && memcmp(line, "LOCATION: ", 10) == 0))
        return;
    if (out->len > 0)
        str_append_char(out, '\n');
    sqlstate found = find_code(line, len, &rest);
    if (found == 0) {
        str_append_n(out, line, len);
        return;
    }
    *code = found;
    const char *severity_end = rest - 5;
    while (severity_end > line && severity_end[-1] == ' ')
        severity_end--;
    str_append_n(out, line, (size_t)(severity_end - line));
    str_append_n(out, rest + 1, len - (size_t)(rest + 1 - line));
}

/* Belt and braces: libpq's own messages show no password. */
static void hide_password(PGconn *conn, struct str *text)
{
    const char *password = PQpass(conn);
    size_t len = password ? strlen(password) : 0;
    if (len < 3 || text->len == 0)
        return;
    for (char *at = text->data; (at = strstr(at, password)); at += len)
        memset(at, '*', len);
}

bool sqlerror_set_connect(PGconn *conn, struct err *err, sqlstate *code)
{
    struct str text = {0};
    sqlstate found = 0;
    const char *message = PQerrorMessage(conn);
    for (const char *end = message + trimmed(message); message < end;) {
        size_t len = strcspn(message, "\n");
        append_line(&text, message, len, &found);
        message += len + 1;
    }
    hide_password(conn, &text);
    err_set(err, ERR_SERVER, NULL, "%s", str_text(&text));
    const char *remedy = find_remedy(conn, found);
    if (remedy)
        err_append(err, "%s", remedy);
    str_deinit(&text);
    if (code)
        *code = found;
    return false;
}

/* --- A connection string ------------------------------------------------------------------------------------------ */

static bool is_uri(const char *text)
{
    return str_starts_with(text, "postgresql://") || str_starts_with(text, "postgres://");
}

/* libpq quotes parts of the string in its messages, and any part may be the password: hide all from the first quote to
 * the last, but for single characters. */
static void append_unquoted(struct str *out, const char *message)
{
    size_t len = trimmed(message);
    const char *first = strchr(message, '"'), *last = strrchr(message, '"');
    while (first && first < last && first[2] == '"')
        first = strchr(first + 3, '"');
    if (!first || first >= last) {
        str_append_n(out, message, len);
        return;
    }
    str_append_n(out, message, (size_t)(first - message));
    str_append(out, "\"…\"");
    str_append_n(out, last + 1, len - (size_t)(last + 1 - message));
}

/* A password with an unescaped @ or / ends up in part in the host, the port or the database's name. */
static bool looks_misread(const PQconninfoOption *options)
{
    for (const PQconninfoOption *option = options; option->keyword; option++) {
        if (!option->val)
            continue;
        bool name = strcmp(option->keyword, "host") == 0 || strcmp(option->keyword, "dbname") == 0;
        bool port = strcmp(option->keyword, "port") == 0;
        if ((name && strchr(option->val, '@')) || (port && option->val[strspn(option->val, "0123456789,")]))
            return true;
    }
    return false;
}

bool sqlerror_check_conninfo(const char *dbname, struct err *err)
{
    if (!dbname || (!is_uri(dbname) && !strchr(dbname, '=')))
        return true;
    char *message = NULL;
    struct str text = {0};
    bool ok = true;
    PQconninfoOption *options = PQconninfoParse(dbname, &message);
    if (!options) {
        append_unquoted(&text, message ? message : "out of memory");
        ok = err_set(err, ERR_USAGE, "connection string",
                     "%s\nwrite it as \"host=… port=… dbname=…\" or "
                     "postgresql://user@host:port/dbname",
                     str_text(&text));
    } else if (is_uri(dbname) && looks_misread(options)) {
        ok = err_set(err, ERR_USAGE, "connection string",
                     "the URI's host, port or database cannot be right\nwrite "
                     "special characters in a password as %%40 (@), %%2F (/), %%3A (:), or leave it to ~/.pgpass");
    }
    PQconninfoFree(options);
    PQfreemem(message);
    str_deinit(&text);
    return ok;
}

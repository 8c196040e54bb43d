#include "cli/redact.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A stretch of `text` that holds a password. */
static bool hide(char *text, size_t *len)
{
    size_t stars = *len < 3 ? *len : 3;
    if (*len == 0 || strspn(text, "*") == *len)
        return false;
    size_t tail = strlen(text + *len);
    memset(text, '*', stars);
    memmove(text + stars, text + *len, tail);
    memset(text + stars + tail, 0, *len - stars);
    *len = stars;
    return true;
}

/* --- URIs --------------------------------------------------------------------------------------------------------- */

/* libpq decodes %XX in the names of parameters too. */
static char decoded(const char **at, const char *end)
{
    if (**at == '%' && end - *at >= 3 && isxdigit((unsigned char)(*at)[1]) && isxdigit((unsigned char)(*at)[2])) {
        char digits[3] = {(*at)[1], (*at)[2], 0};
        *at += 3;
        return (char)strtol(digits, NULL, 16);
    }
    return *(*at)++;
}

static bool is_secret(const char *name, const char *end)
{
    static const char *const secrets[] = {"password", "sslpassword"};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        const char *at = name, *want = secrets[i];
        while (at < end && *want && decoded(&at, end) == *want)
            want++;
        if (at == end && !*want)
            return true;
    }
    return false;
}

static bool redact_query(char *query)
{
    bool found = false;
    for (char *at = query; *at;) {
        size_t name = strcspn(at, "=&"), value;
        if (at[name] != '=') {
            at += name + (at[name] == '&');
            continue;
        }
        char *start = at + name + 1;
        value = strcspn(start, "&");
        if (is_secret(at, at + name))
            found = hide(start, &value) || found;
        at = start + value + (start[value] == '&');
    }
    return found;
}

/* What follows `://`: user:password@host/database?query. A password may hold an @ that should have been written %40:
 * hide to the last one before the path. */
static bool redact_uri(char *rest)
{
    bool found = false;
    char *at = NULL;
    size_t authority = strcspn(rest, "/?");
    for (char *c = rest; c < rest + authority; c++)
        at = *c == '@' ? c : at;
    char *colon = at ? memchr(rest, ':', (size_t)(at - rest)) : NULL;
    if (colon) {
        size_t len = (size_t)(at - colon) - 1;
        found = hide(colon + 1, &len);
    }
    char *query = strchr(rest, '?');
    return (query && redact_query(query + 1)) || found;
}

/* --- keyword = value ---------------------------------------------------------------------------------------------- */

static size_t value_length(const char *value)
{
    size_t len = 0;
    bool quoted = value[0] == '\'';
    for (len = quoted; value[len]; len++) {
        if (value[len] == '\\' && value[len + 1])
            len++;
        else if (quoted ? value[len] == '\'' : isspace((unsigned char)value[len]))
            break;
    }
    return quoted && value[len] ? len + 1 : len;
}

static bool redact_keywords(char *text)
{
    bool found = false;
    for (char *at = strcasestr(text, "password"); at; at = strcasestr(at + 1, "password")) {
        char *value = at + strlen("password");
        value += strspn(value, " \t\n");
        if (*value != '=')
            continue;
        value++;
        value += strspn(value, " \t\n");
        size_t len = value_length(value);
        found = hide(value, &len) || found;
    }
    return found;
}

bool redact_conninfo(char *text)
{
    char *uri = strstr(text, "://");
    bool in_uri = uri && redact_uri(uri + 3);
    bool in_keywords = !uri && redact_keywords(text);
    return in_uri || in_keywords;
}

bool redact_argv(int argc, char **argv)
{
    bool found = false;
    for (int i = 0; i < argc; i++)
        found = redact_conninfo(argv[i]) || found;
    return found;
}

/* --- The command line --------------------------------------------------------------------------------------------- */

static void append_quoted(const char *text, struct str *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+./:,@%^*";
    if (*text && strspn(text, plain) == strlen(text)) {
        str_append(out, text);
        return;
    }
    str_append_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            str_append(out, "'\\''");
        else
            str_append_char(out, *text);
    }
    str_append_char(out, '\'');
}

void redact_command_line(int argc, char *const *argv, struct str *out)
{
    for (int i = 0; i < argc; i++) {
        if (i > 0)
            str_append_char(out, ' ');
        append_quoted(argv[i], out);
    }
}

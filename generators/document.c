#include "generators/document.h"

#include <string.h>

bool document_put(struct scratch *scratch, const char *text, size_t len)
{
    char *room = scratch_take(scratch, len);
    if (room)
        memcpy(room, text, len);
    return room != NULL;
}

static bool put_char(struct scratch *scratch, char c)
{
    return document_put(scratch, &c, 1);
}

/* --- Strings ------------------------------------------------------------------------------------------------------ */

/* What follows the backslash, 0 for nothing to escape, 'u' for \u00xx. */
static char json_escape(unsigned char c)
{
    static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    if (c >= 0x20 && c != '"' && c != '\\')
        return 0;
    for (const char *form = short_forms; *form; form += 2)
        if ((unsigned char)*form == c)
            return form[1];
    return 'u';
}

static bool put_json_char(struct scratch *scratch, char c)
{
    char escape = json_escape((unsigned char)c);
    if (!escape)
        return put_char(scratch, c);
    char escaped[6] = {'\\', escape, '0', '0', "0123456789abcdef"[c >> 4 & 15], "0123456789abcdef"[c & 15]};
    return document_put(scratch, escaped, escape == 'u' ? 6 : 2);
}

/* Runs of what needs no escape are copied at once. */
static bool put_json_chars(struct scratch *scratch, const char *text, size_t len)
{
    for (size_t from = 0, i = 0; from < len; from = ++i) {
        while (i < len && !json_escape((unsigned char)text[i]))
            i++;
        if (!document_put(scratch, text + from, i - from) || (i < len && !put_json_char(scratch, text[i])))
            return false;
    }
    return true;
}

static bool put_json_string(struct scratch *scratch, const char *text, size_t len)
{
    return put_char(scratch, '"') && put_json_chars(scratch, text, len) && put_char(scratch, '"');
}

static bool put_array_string(struct scratch *scratch, const char *text, size_t len)
{
    if (!put_char(scratch, '"'))
        return false;
    for (size_t i = 0; i < len; i++)
        if (((text[i] == '"' || text[i] == '\\') && !put_char(scratch, '\\')) || !put_char(scratch, text[i]))
            return false;
    return put_char(scratch, '"');
}

/* "2024-01-31 12:34:56.789+00" to "2024-01-31T12:34:56.789+00:00". Infinity has no blank and stays. */
static size_t to_iso(char *buf, size_t len)
{
    char *blank = memchr(buf, ' ', len), *zone = memchr(buf, '+', len);
    if (!blank || !zone)
        return len;
    *blank = 'T';
    size_t after = (size_t)(zone + 3 - buf);
    memmove(buf + after + 3, buf + after, len - after); /* " BC" */
    memcpy(buf + after, ":00", 3);
    return len + 3;
}

/* --- An array's text to JSON -------------------------------------------------------------------------------------- */

/* A quoted element; *p is after its opening quote, and after its closing one in the end. */
static bool put_quoted_element(struct scratch *scratch, const char **p, const char *end, bool json)
{
    if (!json && !put_char(scratch, '"'))
        return false;
    for (; *p < end && **p != '"'; ++*p) {
        *p += **p == '\\';
        if (!(json ? put_char(scratch, **p) : put_json_char(scratch, **p)))
            return false;
    }
    ++*p;
    return json || put_char(scratch, '"');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool put_bare_element(struct scratch *scratch, const char *text, size_t len)
{
    if (len == 4 && memcmp(text, "NULL", 4) == 0)
        return document_put(scratch, "null", 4);
    bool number = is_digit(text[0]) || (text[0] == '-' && len > 1 && is_digit(text[1]));
    bool truth = (len == 4 && memcmp(text, "true", 4) == 0) || (len == 5 && memcmp(text, "false", 5) == 0);
    return number || truth ? document_put(scratch, text, len) : put_json_string(scratch, text, len);
}

static bool put_punctuation(struct scratch *scratch, char c)
{
    return c == ',' ? document_put(scratch, ", ", 2) : put_char(scratch, c == '{' ? '[' : ']');
}

/* Only of what document_put_element() wrote: braces, commas, quoted and bare elements, no blanks. */
static bool put_json_array(struct scratch *scratch, const char *text, size_t len, bool json)
{
    bool ok = true;
    for (const char *p = text, *end = text + len; ok && p < end;) {
        const char *start = p;
        while (p < end && !memchr("{},\"", *p, 4))
            p++;
        if (p > start)
            ok = put_bare_element(scratch, start, (size_t)(p - start));
        else if (*p++ == '"')
            ok = put_quoted_element(scratch, &p, end, json);
        else
            ok = put_punctuation(scratch, *start);
    }
    return ok;
}

/* --- Values ------------------------------------------------------------------------------------------------------- */

static bool put_json_text(struct scratch *scratch, const struct value *value)
{
    switch (value->kind) {
    case TEXT_JSON:
        return document_put(scratch, value->text.data, value->text.len);
    case TEXT_LIST:
    case TEXT_JSON_LIST:
        return put_json_array(scratch, value->text.data, value->text.len, value->kind == TEXT_JSON_LIST);
    default:
        return put_json_string(scratch, value->text.data, value->text.len);
    }
}

/* The text as both JSON and arrays have it, in `buf` or where the value has it. */
static size_t inner_text(const struct value *value, char *buf, const char **data)
{
    size_t len = value_text(value, buf, data);
    return value->type == VALUE_TIMESTAMP ? to_iso(buf, len) : len;
}

static bool is_bare(const struct value *value)
{
    return value->type == VALUE_BOOL || value->type == VALUE_INT || value->type == VALUE_DOUBLE ||
           value->type == VALUE_NUMERIC;
}

bool document_put_json(struct scratch *scratch, const struct value *value)
{
    char buf[VALUE_TEXT_MAX];
    const char *data;
    if (value->type == VALUE_NULL)
        return document_put(scratch, "null", 4);
    if (value->type == VALUE_TEXT)
        return put_json_text(scratch, value);
    size_t len = inner_text(value, buf, &data);
    return is_bare(value) ? put_bare_element(scratch, data, len) : put_json_string(scratch, data, len);
}

bool document_put_key(struct scratch *scratch, const struct value *value)
{
    char buf[VALUE_TEXT_MAX];
    const char *data;
    size_t len = inner_text(value, buf, &data);
    return put_json_string(scratch, data, len);
}

bool document_put_element(struct scratch *scratch, const struct value *value)
{
    char buf[VALUE_TEXT_MAX];
    const char *data;
    if (value->type == VALUE_NULL)
        return document_put(scratch, "NULL", 4);
    size_t len = inner_text(value, buf, &data);
    bool array = value->type == VALUE_TEXT && (value->kind == TEXT_LIST || value->kind == TEXT_JSON_LIST);
    return is_bare(value) || array ? document_put(scratch, data, len) : put_array_string(scratch, data, len);
}

#include "generators/copy.h"

#include <stdint.h>
#include <string.h>

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* Does any of eight bytes perhaps need an escape: a backslash, or below 16 (tab, newline, carriage return, NUL)? */
static bool may_need_escape(uint64_t bytes)
{
    uint64_t no_backslash = bytes ^ EACH_BYTE('\\');
    uint64_t low = (bytes - EACH_BYTE(16)) & ~bytes;
    uint64_t backslash = (no_backslash - EACH_BYTE(1)) & ~no_backslash;
    return (low | backslash) & EACH_BYTE(0x80);
}

static char escape_of(char c)
{
    switch (c) {
    case '\\':
        return '\\';
    case '\t':
        return 't';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    default:
        return 0;
    }
}

/* NULL at a NUL byte. Writes at most 2 * len bytes. */
static char *put_escaped(char *p, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char escape = escape_of(text[i]);
        if (text[i] == '\0')
            return NULL;
        if (escape)
            *p++ = '\\';
        *p++ = escape ? escape : text[i];
    }
    return p;
}

static char *put_text(char *p, const char *text, size_t len)
{
    while (len >= 8) {
        uint64_t bytes;
        memcpy(&bytes, text, 8);
        if (may_need_escape(bytes))
            break;
        memcpy(p, &bytes, 8);
        p += 8;
        text += 8;
        len -= 8;
    }
    return put_escaped(p, text, len);
}

static char *put_value(char *p, const struct value *value)
{
    if (value->type == VALUE_TEXT)
        return put_text(p, value->text.data, value->text.len);
    if (value->type == VALUE_NULL) {
        memcpy(p, "\\N", 2);
        return p + 2;
    }
    const char *data;
    return p + value_text(value, p, &data);
}

static size_t room_for(const struct value *cells, size_t n_cells)
{
    size_t room = 1;
    for (size_t i = 0; i < n_cells; i++)
        room += 1 + (cells[i].type == VALUE_TEXT ? 2 * cells[i].text.len : VALUE_TEXT_MAX);
    return room;
}

bool copy_row(struct str *out, const struct value *cells, size_t n_cells)
{
    if (!str_reserve(out, room_for(cells, n_cells)))
        return false;
    char *p = out->data + out->len;
    for (size_t i = 0; i < n_cells; i++) {
        if (i > 0)
            *p++ = '\t';
        p = put_value(p, &cells[i]);
        if (!p) {
            out->data[out->len] = '\0';
            return false;
        }
    }
    *p++ = '\n';
    *p = '\0';
    out->len = (size_t)(p - out->data);
    return true;
}

#include <string.h>

#include "grid.h"
#include "reports/text.h"

enum {
    HANG = 2,        /* continuation lines stand in by so much */
    UNIT_LETTERS = 8 /* "kB", "%", "records,": stays with its number */
};

static size_t letters(const char *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

static bool ends_with(const char *text, size_t len, const char *ending)
{
    size_t n = strlen(ending);
    return len >= n && memcmp(text + len - n, ending, n) == 0;
}

/* Bytes up to the next space at which a line may end: "412 → 655 kB" is one. */
static size_t chunk(const char *text, size_t len)
{
    size_t end = 0;
    for (;;) {
        while (end < len && text[end] != ' ')
            end++;
        if (end == len)
            return end;
        size_t next = end + 1 + strcspn(text + end + 1, " \n");
        bool number = end > 0 && text[end - 1] >= '0' && text[end - 1] <= '9';
        bool unit = number && letters(text + end + 1, next - end - 1) <= UNIT_LETTERS;
        if (!unit && !ends_with(text, end, "→"))
            return end;
        end = next < len ? next : len;
    }
}

static void wrap_line(const char *line, size_t len, size_t width, struct str *out)
{
    size_t used = 0;
    while (len > 0) {
        size_t bytes = chunk(line, len), wide = letters(line, bytes);
        if (used > HANG && used + 1 + wide > width) {
            str_append(out, "\n  ");
            used = HANG;
        } else if (used > 0) {
            str_append_char(out, ' ');
            used++;
        }
        str_append_n(out, line, bytes);
        used += wide;
        bytes += bytes < len; /* the space */
        line += bytes;
        len -= bytes;
    }
}

void text_wrap(const char *text, int width, struct str *out)
{
    while (*text) {
        size_t len = strcspn(text, "\n");
        wrap_line(text, len, (size_t)width, out);
        text += len;
        if (*text == '\n') {
            str_append_char(out, '\n');
            text++;
        }
    }
}

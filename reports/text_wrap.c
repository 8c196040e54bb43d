#include <string.h>

#include "grid.h"
#include "reports/text.h"

enum {
    HANG = 2,        /* continuation lines stand in by so much */
    UNIT_LETTERS = 3 /* "ms", "kB", "%": stays with its number */
};

static size_t letters(const char *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

/* Bytes up to the next space at which a line may end. */
static size_t chunk(const char *text, size_t len)
{
    size_t end = 0;
    while (end < len && text[end] != ' ')
        end++;
    bool number = end > 0 && text[end - 1] >= '0' && text[end - 1] <= '9';
    size_t next = end + 1;
    while (number && next < len && text[next] != ' ')
        next++;
    bool unit = number && next > end + 1 && letters(text + end + 1, next - end - 1) <= UNIT_LETTERS;
    return unit ? next : end;
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

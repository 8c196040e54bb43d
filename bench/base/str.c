#include "base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_BYTES = 64,
    LONGEST_NAME = 63
};

void str_deinit(struct str *s)
{
    free(s->data);
    *s = (struct str){0};
}

void str_clear(struct str *s)
{
    s->len = 0;
    s->failed = false;
    if (s->data)
        s->data[0] = '\0';
}

bool str_reserve(struct str *s, size_t extra)
{
    if (s->failed)
        return false;
    if (s->cap > s->len && s->cap - s->len > extra)
        return true;
    size_t need, cap = s->cap ? s->cap : FIRST_BYTES;
    if (__builtin_add_overflow(s->len + 1, extra, &need) || need > SIZE_MAX / 4) {
        s->failed = true;
        return false;
    }
    while (cap < need)
        cap *= 2;
    char *data = realloc(s->data, cap);
    if (!data) {
        s->failed = true;
        return false;
    }
    data[s->len] = '\0';
    s->data = data;
    s->cap = cap;
    return true;
}

void str_append(struct str *s, const char *text)
{
    str_append_n(s, text, strlen(text));
}

void str_append_n(struct str *s, const char *data, size_t len)
{
    if (!str_reserve(s, len))
        return;
    if (len > 0)
        memcpy(s->data + s->len, data, len);
    s->len += len;
    s->data[s->len] = '\0';
}

void str_append_char(struct str *s, char c)
{
    str_append_n(s, &c, 1);
}

void str_printf(struct str *s, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    str_vprintf(s, fmt, args);
    va_end(args);
}

void str_vprintf(struct str *s, const char *fmt, va_list args)
{
    if (!str_reserve(s, 0))
        return;
    va_list again;
    va_copy(again, args);
    size_t room = s->cap - s->len;
    int len = vsnprintf(s->data + s->len, room, fmt, args);
    if (len < 0)
        s->failed = true;
    else if ((size_t)len >= room && str_reserve(s, (size_t)len))
        vsnprintf(s->data + s->len, (size_t)len + 1, fmt, again);
    va_end(again);
    if (s->failed)
        s->data[s->len] = '\0';
    else
        s->len += (size_t)len;
}

const char *str_text(const struct str *s)
{
    return s->data ? s->data : "";
}

char *str_steal(struct str *s)
{
    if (!str_reserve(s, 0)) {
        str_deinit(s);
        return NULL;
    }
    char *data = s->data;
    *s = (struct str){0};
    return data;
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

static bool same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Optimal string alignment with three rolling rows; both lengths are at most LONGEST_NAME. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][LONGEST_NAME + 1];
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *now = rows[i % 3], *before = rows[(i + 2) % 3], *swapped = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t change = before[j - 1] + !same_letter(a[i - 1], b[j - 1]);
            now[j] = min3(before[j] + 1, now[j - 1] + 1, change);
            if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]) &&
                swapped[j - 2] + 1 < now[j])
                now[j] = swapped[j - 2] + 1;
        }
    }
    return rows[a_len % 3][b_len];
}

const char *str_nearest(const char *word, const char *const *names)
{
    size_t len = strlen(word);
    if (len == 0 || len > LONGEST_NAME)
        return NULL;
    size_t limit = len / 3 > 1 ? len / 3 : 1;
    const char *nearest = NULL;
    for (; *names; names++) {
        size_t name_len = strlen(*names);
        if (name_len > LONGEST_NAME)
            continue;
        size_t distance = edit_distance(word, len, *names, name_len);
        /* Nothing shared with the word is no suggestion: "x" does not mean "y". */
        if (distance > limit || distance >= len)
            continue;
        nearest = *names;
        if (distance == 0)
            break;
        limit = distance - 1;
    }
    return nearest;
}

bool str_starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

uint64_t str_hash(const char *data, size_t len)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++) {
        hash ^= (unsigned char)data[i];
        hash *= UINT64_C(0x100000001b3);
    }
    /* FNV leaves the high bits of short keys poor; this is MurmurHash3's fmix64. */
    hash = (hash ^ (hash >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ (hash >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ (hash >> 33);
}

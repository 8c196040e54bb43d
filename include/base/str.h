/* A growable byte string, and the few string questions that more than one room asks. */
#ifndef PGDYNO_BASE_STR_H
#define PGDYNO_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Always NUL-terminated once anything was appended. All-zero is an empty one. When memory runs out the string
 * remembers it (`failed`) and ignores further appends, so that a caller checks once, at the end. */
struct str {
    char *data;
    size_t len;
    size_t cap;
    bool failed;
};

void str_deinit(struct str *s); /* frees; leaves an empty one */
void str_clear(struct str *s);  /* keeps the memory, forgets a failure */
void str_append(struct str *s, const char *text);
void str_append_n(struct str *s, const char *data, size_t len);
void str_append_char(struct str *s, char c);
void str_printf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_vprintf(struct str *s, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));
/* Make room for `extra` more bytes; false when there is no memory. */
bool str_reserve(struct str *s, size_t extra);
/* The text ("" when empty, never NULL), owned by `s`. */
const char *str_text(const struct str *s);
/* Hand the buffer to the caller, who frees it; `s` is empty afterwards. NULL if memory ran out. */
char *str_steal(struct str *s);

/* The name among `names` (NULL-terminated) nearest to `word` by edit distance (Damerau, adjacent swaps count one, case
 * not at all), or NULL if none is near enough to be worth suggesting: a third of the word, but one edit always. */
const char *str_nearest(const char *word, const char *const *names);

bool str_starts_with(const char *s, const char *prefix);

/* A stable 64-bit hash (FNV-1a, then a finaliser) for seeds and fingerprints; not for untrusted input. */
uint64_t str_hash(const char *data, size_t len);

#endif

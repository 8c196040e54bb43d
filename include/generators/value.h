/* One value of the expression language, and how it is written for PostgreSQL. */
#ifndef PGDYNO_GENERATORS_VALUE_H
#define PGDYNO_GENERATORS_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_type {
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_DOUBLE,
    VALUE_TEXT,
    VALUE_TIMESTAMP, /* µs since 2000-01-01 00:00 UTC, as PostgreSQL counts */
    VALUE_DATE       /* days since 2000-01-01 */
};

struct value {
    enum value_type type;
    union {
        bool boolean;
        int64_t integer; /* also TIMESTAMP and DATE */
        double real;
        struct {
            const char *data; /* borrowed: from a program's literals, a source, or the scratch of the evaluation */
            size_t len;
        } text;
    };
};

/* Where the text made while evaluating lives: a bump buffer, reset before each row or transaction. Fixed size:
 * evaluation reports VALUE_FULL instead of allocating. */
struct scratch {
    char *data;
    size_t size;
    size_t used;
};
bool scratch_init(struct scratch *scratch, size_t size); /* false when there is no memory */
void scratch_deinit(struct scratch *scratch);
/* `len` bytes; NULL when full. */
static inline char *scratch_take(struct scratch *scratch, size_t len)
{
    if (scratch->size - scratch->used < len)
        return NULL;
    char *p = scratch->data + scratch->used;
    scratch->used += len;
    return p;
}

enum {
    VALUE_TEXT_MAX = 64
};

/* The value as PostgreSQL's text input reads it, without quoting or escaping and without a final NUL. Text is not
 * copied: *data points at it. Other types are written into `buf` (at least VALUE_TEXT_MAX bytes). Returns the length;
 * not for NULL. Doubles use the shortest form that reads back the same; timestamps are "2024-01-31 12:34:56.789+00". */
size_t value_text(const struct value *value, char *buf, const char **data);

const char *value_type_name(enum value_type type); /* "integer", "text", … */

/* "2024-01-01", "2024-01-01 12:00:00[.ffffff][+00]": false unless it is one, *out_us untouched. */
bool value_parse_timestamp(const char *text, size_t len, int64_t *out_us);

#endif

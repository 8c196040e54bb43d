/* One value of the expression language, and how it is written for PostgreSQL. */
#ifndef PGDYNO_GENERATORS_VALUE_H
#define PGDYNO_GENERATORS_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "generators/dist.h"
#include "generators/interval.h"
#include "generators/numeric.h"

enum value_type {
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_DOUBLE,
    VALUE_TEXT,
    VALUE_TIMESTAMP, /* µs since 2000-01-01 00:00 UTC, as PostgreSQL counts */
    VALUE_DATE,      /* days since 2000-01-01 */
    VALUE_NUMERIC,
    VALUE_INTERVAL
};

/* What a text holds, for json() and list(): one inside another is an object or array there, not a string. */
enum text_kind {
    TEXT_PLAIN,
    TEXT_JSON,
    TEXT_LIST,     /* a PostgreSQL array as generators/document.h writes it */
    TEXT_JSON_LIST /* one of JSON texts */
};

struct value {
    enum value_type type;
    enum text_kind kind; /* of TEXT */
    union {
        bool boolean;
        int64_t integer; /* also TIMESTAMP and DATE */
        double real;
        struct {
            const char *data; /* borrowed: from a program's literals, a source, or the scratch of the evaluation */
            size_t len;
        } text;
        struct numeric numeric;
        struct interval interval;
    };
};

/* Where the text made while evaluating lives: a bump buffer, reset before each row or transaction. Fixed size:
 * evaluation reports VALUE_FULL instead of allocating. */
struct scratch {
    char *data;
    size_t size;
    size_t used;
    /* What random_zipfian last worked out for bounds that were not known beforehand; begins as zeros, never reset. */
    struct zipf zipf[4];
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
    VALUE_TEXT_MAX = 80
};

/* The value as PostgreSQL's text input reads it, without quoting or escaping and without a final NUL. Text is not
 * copied: *data points at it. Other types are written into `buf` (at least VALUE_TEXT_MAX bytes). Returns the length;
 * not for NULL. Doubles use the shortest form that reads back the same; timestamps are "2024-01-31 12:34:56.789+00". */
size_t value_text(const struct value *value, char *buf, const char **data);

const char *value_type_name(enum value_type type); /* "integer", "text", … */

/* "2024-01-01", "2024-01-01 12:00:00[.ffffff][+00]": false unless it is one, *out_us untouched. */
bool value_parse_timestamp(const char *text, size_t len, int64_t *out_us);

#endif

/* Plain structs to JSON objects and back through one const table of rows, so that what is written is what is read. */
#ifndef PGDYNO_REPORTS_RECORD_H
#define PGDYNO_REPORTS_RECORD_H

#include <jansson.h>
#include <stddef.h>

enum record_kind {
    RECORD_INT,
    RECORD_INT64,
    RECORD_DOUBLE,
    RECORD_BOOL,
    RECORD_TEXT
};

struct record_field {
    const char *key;
    enum record_kind kind;
    size_t offset;
    size_t size; /* of a text's buffer */
};

#define RECORD_FIELD(kind, type, member)                                                                               \
    {                                                                                                                  \
#member, kind, offsetof(type, member), 0                                                                       \
    }
#define RECORD_TEXT_FIELD(type, member)                                                                                \
    {                                                                                                                  \
#member, RECORD_TEXT, offsetof(type, member), sizeof(((type *)0)->member)                                      \
    }
#define RECORD_COUNT(fields) (sizeof(fields) / sizeof(fields)[0])

/* A new object; NULL without memory. */
json_t *record_write(const struct record_field *fields, size_t n, const void *from);
/* Members that are absent stay 0. */
void record_read(const struct record_field *fields, size_t n, const json_t *object, void *into);

/* The tables that store.c and facts.c share. */
extern const struct record_field record_trial[], record_counts[], record_interval[], record_dist[], record_index[],
    record_machine[];
extern const size_t record_trial_n, record_counts_n, record_interval_n, record_dist_n, record_index_n, record_machine_n;

#endif

/* Plain structs to JSON objects and back through one const table of rows, so that what is written is what is read. */
#ifndef PGDYNO_REPORTS_FIELDS_H
#define PGDYNO_REPORTS_FIELDS_H

#include <jansson.h>
#include <stddef.h>

enum field_kind {
    FIELD_INT,
    FIELD_INT64,
    FIELD_DOUBLE,
    FIELD_BOOL,
    FIELD_TEXT
};

struct field {
    const char *key;
    enum field_kind kind;
    size_t offset;
    size_t size; /* of a text's buffer */
};

#define FIELD_OF(kind, type, member)                                                                                   \
    {                                                                                                                  \
#member, kind, offsetof(type, member), 0                                                                       \
    }
#define FIELD_TEXT_OF(type, member)                                                                                    \
    {                                                                                                                  \
#member, FIELD_TEXT, offsetof(type, member), sizeof(((type *)0)->member)                                       \
    }
#define FIELD_COUNT(fields) (sizeof(fields) / sizeof(fields)[0])

/* A new object; NULL without memory. */
json_t *fields_write(const struct field *fields, size_t n, const void *from);
/* Members that are absent stay 0. */
void fields_read(const struct field *fields, size_t n, const json_t *object, void *into);

/* The tables that store.c and facts.c share. */
extern const struct field fields_trial[], fields_counts[], fields_interval[], fields_dist[], fields_index[],
    fields_machine[], fields_pool_counts[], fields_audit[], fields_little[], fields_outage[], fields_load[],
    fields_habits[];
extern const size_t fields_trial_n, fields_counts_n, fields_interval_n, fields_dist_n, fields_index_n, fields_machine_n,
    fields_pool_counts_n, fields_audit_n, fields_little_n, fields_outage_n, fields_load_n, fields_habits_n;

#endif

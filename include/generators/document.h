/* Values inside JSON objects and PostgreSQL arrays. Each function appends to the scratch, so that pieces taken in a row
 * are one text; false when there is no room (what was taken of it stays taken). */
#ifndef PGDYNO_GENERATORS_DOCUMENT_H
#define PGDYNO_GENERATORS_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "generators/value.h"

/* As it is, no quotes. */
bool document_put(struct scratch *scratch, const char *text, size_t len);

/* As a JSON value: numbers and booleans as they are (NaN and infinities in quotes, as PostgreSQL's to_json does it),
 * NULL as null, JSON as it is, arrays as arrays, times in ISO 8601, everything else as a string. */
bool document_put_json(struct scratch *scratch, const struct value *value);
/* As the key of a JSON object: a string, whatever its type. Not for NULL. */
bool document_put_key(struct scratch *scratch, const struct value *value);

/* As an element of a PostgreSQL array: numbers and booleans as they are, NULL as NULL, arrays as they are, everything
 * else in quotes; so that document_put_json() can tell numbers from text that looks like them. */
bool document_put_element(struct scratch *scratch, const struct value *value);

#endif

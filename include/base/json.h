/* Small helpers over jansson: the library's types are used as they are. */
#ifndef PGDYNO_BASE_JSON_H
#define PGDYNO_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Members with a default when absent or of another type. Strings are borrowed from `object`.
 * A whole number counts as a double too. */
const char *json_get_string(const json_t *object, const char *key, const char *fallback);
double json_get_double(const json_t *object, const char *key, double fallback);
int64_t json_get_int(const json_t *object, const char *key, int64_t fallback);
bool json_get_bool(const json_t *object, const char *key, bool fallback);

/* Read a whole file; the error names line and column (ERR_INPUT; ERR_SYSTEM if it cannot be opened). The caller
 * decrefs. NULL on failure. */
json_t *json_read_file(const char *path, struct err *err);
/* Write indented through a temporary file and rename, so that a reader never sees half of it. On
 * failure an earlier file is as it was. */
bool json_write_file(const char *path, const json_t *value, struct err *err);

#endif

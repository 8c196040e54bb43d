/* An index that a variant asks for: built, timed, sized, watched, dropped. */
#ifndef PGDYNO_PG_INDEX_H
#define PGDYNO_PG_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "pg/query.h"

/* `CREATE INDEX name ON definition`. */
struct index_spec {
    const char *name;       /* pgdyno's: <variant> or <variant>_<n>; never the user's */
    const char *definition; /* what may follow ON: "tasks (status, priority)" */
};

/* Build it in the current search_path and say how long CREATE INDEX took and how large it became. An index on an
 * expression needs statistics: its table is analysed then, and only then, so that other variants' plans stay
 * comparable. On failure there is no such index. */
bool index_build(struct db *db, const struct index_spec *spec, int64_t *build_ns, int64_t *size_bytes, struct err *err);
/* It need not be there. */
bool index_drop(struct db *db, const struct index_spec *spec, struct err *err);
/* A partitioned index is as large as its parts together. */
bool index_size(struct db *db, const char *name, int64_t *size_bytes, struct err *err);

#endif

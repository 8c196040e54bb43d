/* EXPLAIN outside the measured window: the plan as JSON, its shape in words, and whether two plans are the same shape.
 */
#ifndef PGDYNO_PG_PLAN_H
#define PGDYNO_PG_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "pg/query.h"

enum {
    PLAN_SHAPE_BYTES = 512,
    PLAN_SCAN_BYTES = 128
};

struct plan {
    json_t *generic; /* EXPLAIN (FORMAT JSON) of the generic plan; NULL if it could not be made. Owned */
    json_t *custom;  /* with the sample parameter values; NULL if there were none. Owned */
    /* Fingerprint of the custom plan (else the generic one): node types, relations, indexes, nested, as in
     * "Limit(Sort(Nested Loop(Bitmap Heap Scan tasks(Bitmap Index Scan status_prio), Index Scan users using
     * users_pkey)))"; a longer one ends with a hash of the whole, so that equal text means equal shape. */
    char shape[PLAN_SHAPE_BYTES];
    /* The scan that matters most, by cost, for a table cell: "Seq Scan tasks", "Bitmap Index Scan status_prio". */
    char scan[PLAN_SCAN_BYTES];
    bool writes;    /* ModifyTable or LockRows anywhere */
    bool parallel;  /* Gather or Gather Merge in either plan: workers take part, when there are any free */
    sqlstate error; /* after plan_capture() failed: the server's reason */
};

/* Plan one statement in the session's current state. `sql` has $1 … $n; `sample` are n text values (NULL entries are
 * NULL) or NULL. Utility statements (no plan) succeed with shape "" and writes = true. Runs nothing: never ANALYZE. The
 * generic plan comes from EXPLAIN EXECUTE of a prepared statement under plan_cache_mode = force_generic_plan. Leaves
 * the session as it was, also inside a transaction and when it fails; *out is then empty but for `error`. */
bool plan_capture(struct db *db, const char *what, const char *sql, int n_params, const char *const *sample,
                  struct plan *out, struct err *err);
void plan_deinit(struct plan *plan);

/* From a stored EXPLAIN document: shape and scan again (buffers as in struct plan). */
void plan_describe(const json_t *explain, char *shape, size_t shape_size, char *scan, size_t scan_size, bool *writes);

#endif

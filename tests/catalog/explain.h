/* A stored EXPLAIN (FORMAT JSON) as the text that people know. */
#ifndef PGDYNO_TESTS_CATALOG_EXPLAIN_H
#define PGDYNO_TESTS_CATALOG_EXPLAIN_H

#include <jansson.h>

#include "base/str.h"

/* Appends a line a node and a line a condition, in the words of EXPLAIN (COSTS OFF). Nothing for NULL. */
void explain_text(const json_t *explain, struct str *out);

#endif

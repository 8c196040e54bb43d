/* What the server's statistics say of the columns of a seeded schema, beside what the workload's expressions claim. */
#ifndef PGDYNO_RUN_COLUMN_STATS_H
#define PGDYNO_RUN_COLUMN_STATS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "run/run.h"
#include "workloads/claims.h"

enum column_trait {
    TRAIT_DISTINCT, /* how many different values */
    TRAIT_NULLS,    /* share of all rows */
    TRAIT_COMMON,   /* share of the most common value, of all rows */
    TRAIT_ORDER,    /* correlation with the physical order */
    TRAIT_COUNT
};

/* Listed when the workload claims something and the server knows something. */
struct trait {
    bool listed;
    double declared;
    double seen;
    bool differs; /* by more than sampling explains */
};

struct column_facts {
    const struct table_spec *table;
    size_t column;
    struct trait traits[TRAIT_COUNT];
};

/* One line of pg_stats. */
struct column_stats {
    double rows;     /* reltuples */
    double sample;   /* rows that ANALYZE looks at, at most */
    double nulls;    /* null_frac */
    double distinct; /* n_distinct: below 0, minus the share of the rows; 0: the type has no equality */
    double common;   /* most_common_freqs[1]; 0: none */
    double order;    /* correlation; NaN: none */
};

/* Fills facts->traits. ANALYZE draws a sample, and estimates from it how many values there are: the fewer times it can
 * have met each, the more its estimate may be off. */
void column_compare(const struct claims *claims, const struct column_stats *stats, struct column_facts *facts);

/* After session_seed: a column for each of which something is listed, in the workload's order. The caller frees *out.
 */
bool session_column_facts(struct session *session, struct column_facts **out, size_t *count, struct err *err);

#endif

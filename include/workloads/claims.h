/* What a column's expression promises of the column's values, for comparing with what the server's statistics say. */
#ifndef PGDYNO_WORKLOADS_CLAIMS_H
#define PGDYNO_WORKLOADS_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>

#include "generators/table.h"

/* How the values that are not NULL spread. */
enum claim_spread {
    CLAIM_UNKNOWN,
    CLAIM_UNIQUE, /* each once */
    CLAIM_EVEN,   /* `values` of them, each equally likely */
    CLAIM_ZIPF,   /* nothing is said of how many there are */
    CLAIM_FEW     /* `n_shares` of them, `shares` each */
};

enum {
    CLAIM_SHARES_MAX = 64
};

struct claims {
    bool knows_nulls;
    double nulls; /* share of all rows */
    enum claim_spread spread;
    double values;
    double top; /* share of the most common among those that are not NULL; EVEN, ZIPF, FEW */
    int n_shares;
    double shares[CLAIM_SHARES_MAX];
    double step; /* from each row to the next, so that it is in order: above or below 0; 0: in no order that is known */
};

/* Worked out from the compiled expression alone; nothing is claimed of what is not certain (knows_nulls false,
 * CLAIM_UNKNOWN, step 0). Not for columns of sources. */
void claims_of_column(const struct table_spec *table, size_t column, struct claims *out);

/* How many different values `draws` of them are expected to show, and the standard deviation of that. 0 unless the
 * spread is UNIQUE, EVEN or FEW. */
double claims_distinct(const struct claims *claims, double draws, double *sd);

/* How many values are as common as the most common one: the largest of their counts is above their mean. */
double claims_peers(const struct claims *claims);

#endif

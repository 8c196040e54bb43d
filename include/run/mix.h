/* Which transaction comes next, and how often each statement of the mix has run. Made once a trial, then only read. */
#ifndef PGDYNO_RUN_MIX_H
#define PGDYNO_RUN_MIX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "generators/rng.h"
#include "workloads/spec.h"

/* A transaction of weight > 0. */
struct mix_entry {
    int transaction;     /* index into the variant's, as into the workload's */
    int64_t up_to;       /* sum of the weights up to and including this one */
    int first_statement; /* its statements' place among all statements of the mix */
};

struct mix {
    const struct transaction *transactions; /* the variant's */
    struct mix_entry *entries;
    int n;
    int64_t total_weight;
    int n_statements; /* of all entries together */
    int max_params;   /* of any statement */
    int max_slots;    /* of any transaction */
    int max_loops;    /* of any transaction */
    int max_copied;   /* columns of any COPY */
};

/* Of the variant's transactions. Fails when every weight is 0. */
bool mix_init(struct mix *mix, const struct workload *workload, const struct variant *variant, struct err *err);
void mix_deinit(struct mix *mix);

/* Index of an entry, by weight; one draw from `rng`. */
int mix_choose(const struct mix *mix, struct rng *rng);

static inline const struct transaction *mix_transaction(const struct mix *mix, int entry)
{
    return &mix->transactions[mix->entries[entry].transaction];
}

/* The k-th statement of the mix; *entry (may be NULL) is whose. */
const struct statement *mix_statement(const struct mix *mix, int k, int *entry);

#endif

/* Which pool size is enough (measurement.md §6): the smallest whose throughput is within 5 % of the best one's. More
 * connections than that cost memory and latency and bring next to nothing. */
#ifndef PGDYNO_REPORTS_POOL_SIZE_H
#define PGDYNO_REPORTS_POOL_SIZE_H

#include <stdbool.h>
#include <stddef.h>

enum {
    POOL_SIZE_RESAMPLES = 5000,
    POOL_SIZE_MIN_BLOCKS = 8 /* for a confidence, as for an interval */
};
#define POOL_SIZE_WITHIN 0.05

/* Sizes are given by their place in the caller's list. */
struct pool_size {
    int pick;             /* the one to take */
    int best;             /* the one with the highest throughput */
    double tps, best_tps; /* theirs: geometric means over the blocks */
    bool edge;            /* the best is the largest that was tried: a larger one may be better still */
    int n_blocks;         /* that measured more than one size */

    /* By a block bootstrap that repeats the selection (Efron and Tibshirani, An Introduction to the Bootstrap, 1993):
     * blocks are drawn with replacement, each with all of its sizes, since what disturbed one disturbed all. */
    bool has_confidence;
    int low, high;    /* 90 % of the selections lie between these sizes; without a confidence both are `pick` */
    double p_within;  /* how often `pick` was within 5 % of the best of the resample */
    char why_not[96]; /* when there is no confidence, in words */
};

/* `tps[size × n_blocks + block]` belongs to sizes[size], in any order; NAN (or nothing above 0) where a trial is
 * missing or invalid. Throughputs are compared within blocks, by a fit of size and block effects to their logarithms:
 * that is the mean of logarithms when nothing is missing, and no size gains when it lacks just the slow blocks. The
 * result is a pure function of its input. `shares` (n_sizes, or NULL) gets the share of resamples that picked each
 * size, all 0 without a confidence. False without memory, or when nothing was measured. */
bool pool_size_choose(const int *sizes, size_t n_sizes, const double *tps, size_t n_blocks, struct pool_size *out,
                      double *shares);

#endif

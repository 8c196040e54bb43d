/* Random integers from the distributions that pgbench's functions of the same names draw from. All bounds are
 * included; callers check lo <= hi and the parameter's limits (dist_*_ok) beforehand. Any pair of int64 bounds will do.
 */
#ifndef PGDYNO_GENERATORS_DIST_H
#define PGDYNO_GENERATORS_DIST_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "generators/rng.h"

/* pgbench's limits, its zipfian's lower one (1.001) extended down to every positive exponent. */
#define DIST_GAUSSIAN_MIN 2.0
#define DIST_ZIPFIAN_MAX  1000.0

static inline bool dist_gaussian_ok(double param)
{
    return param >= DIST_GAUSSIAN_MIN && param < HUGE_VAL; /* false for NaN */
}

static inline bool dist_exponential_ok(double param)
{
    return param > 0.0;
}

static inline bool dist_zipfian_ok(double s)
{
    return s > 0.0 && s <= DIST_ZIPFIAN_MAX;
}

/* Each value equally likely: Lemire's multiplication with rejection, "Fast random integer generation in an interval"
 * (2019), so there is no bias whatever the width. */
int64_t dist_uniform(struct rng *rng, int64_t lo, int64_t hi);

/* Density falls by e^-param from lo to hi: the inverse of a truncated exponential. Takes one number of the stream. */
int64_t dist_exponential(struct rng *rng, int64_t lo, int64_t hi, double param);

/* A bell over [lo, hi]: Box-Muller, drawn again outside ±param standard deviations. */
int64_t dist_gaussian(struct rng *rng, int64_t lo, int64_t hi, double param);

/* Uniform double in [lo, hi). */
double dist_double(struct rng *rng, double lo, double hi);

/* k in 1…n with probability proportional to k^-s, by rejection-inversion (Hörmann and Derflinger, "Rejection-inversion
 * to generate variates from monotone discrete distributions", 1996): its cost does not depend on n. What depends on s
 * and n alone is computed beforehand. */
struct zipf {
    int64_t n;
    double h_last; /* H(n + 0.5) */
    /* Of s alone: */
    double s;
    double one_minus_s;
    double inverse;    /* 1 / (1 - s); 0 where s is so near 1 that the logarithm's series is used */
    double h_one;      /* H(1.5): where 1 ends */
    double h_two;      /* H(2.5): where 2 ends */
    double accept_two; /* 2 is drawn from here on, below it is rejected */
    double shortcut;   /* k - x up to this needs no rejection test */
};
/* All but n and h_last; dist_zipfian_ok(s). */
void zipf_shape(struct zipf *zipf, double s);
/* The h_last of such a shape; n at least 1. */
double zipf_last(const struct zipf *zipf, int64_t n);
/* Both. */
void zipf_init(struct zipf *zipf, int64_t n, double s);
/* 1 … n. */
int64_t zipf_draw(const struct zipf *zipf, struct rng *rng);

/* For bounds that are not known beforehand: sets up, then draws (about three times the cost of a draw). The same
 * numbers as lo - 1 + zipf_draw() with n = hi - lo + 1. */
int64_t dist_zipfian(struct rng *rng, int64_t lo, int64_t hi, double s);

#endif

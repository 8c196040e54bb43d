/* What mathematics says. Times in, times out: whatever unit. */
#ifndef PGDYNO_TESTS_TRUTH_THEORY_H
#define PGDYNO_TESTS_TRUTH_THEORY_H

#include <stddef.h>

/* Mean wait of M/M/c by Erlang's C. */
double theory_mmc_wait(double rate, double service, int c);
/* Mean wait of M/D/c (Crommelin 1932). */
double theory_mdc_wait(double rate, double service, int c);
/* Quantile q of response when c servers with a constant arrival rate stand still once for `stall` in `length`: the
 * share (1 − q) of arrivals is the stall's worst. For q so high that only the stall matters. */
double theory_stall(double q, double service, double stall, double utilisation, double length);
/* Kolmogorov and Smirnov: p of a largest distance d among n values. */
double theory_ks_p(double d, size_t n);

#endif

#include "theory.h"

#include <math.h>

double theory_mmc_wait(double rate, double service, int c)
{
    double load = rate * service, blocked = 1;
    for (int k = 1; k <= c; k++) /* Erlang's B, by its recursion */
        blocked = load * blocked / (k + load * blocked);
    double busy = load / c, waits = blocked / (1 - busy * (1 - blocked));
    return waits * service / (c - load);
}

/* P(X ≥ k) of Poisson's distribution with mean x < k, where the terms fall. */
static double poisson_tail(double x, int k)
{
    double term = exp(-x + k * log(x) - lgamma(k + 1)), sum = 0;
    for (int j = k; term > 1e-18 * sum; j++) {
        sum += term;
        term *= x / (j + 1);
    }
    return sum;
}

double theory_mdc_wait(double rate, double service, int c)
{
    double load = rate * service, sum = 0, term = 1;
    for (int i = 1; term > 1e-12; i++) {
        term = poisson_tail(i * load, i * c) - c / load * poisson_tail(i * load, i * c + 1);
        sum += term;
    }
    return sum * service;
}

double theory_stall(double q, double service, double stall, double utilisation, double length)
{
    return service + stall - (1 - q) * (1 - utilisation) * length;
}

double theory_ks_p(double d, size_t n)
{
    double root = sqrt((double)n), x = (root + 0.12 + 0.11 / root) * d, sum = 0; /* Stephens 1970 */
    for (int k = 1; k <= 100; k++)
        sum += (k % 2 ? 2 : -2) * exp(-2.0 * k * k * x * x);
    return x < 0.2 ? 1 : fmin(1, fmax(0, sum));
}

#include "generators/dist.h"

#include <assert.h>
#include <math.h>

int64_t dist_uniform(struct rng *rng, int64_t lo, int64_t hi)
{
    assert(lo <= hi);
    uint64_t width = (uint64_t)hi - (uint64_t)lo + 1;
    if (width == 0) /* all of int64 */
        return (int64_t)rng_next(rng);
    unsigned __int128 product = (unsigned __int128)rng_next(rng) * width;
    if ((uint64_t)product < width) {
        uint64_t threshold = -width % width;
        while ((uint64_t)product < threshold)
            product = (unsigned __int128)rng_next(rng) * width;
    }
    return (int64_t)((uint64_t)lo + (uint64_t)(product >> 64));
}

/* The fraction's place in [lo, hi]; the clamp is for widths that a double cannot tell apart. */
static int64_t place(int64_t lo, int64_t hi, double fraction)
{
    uint64_t last = (uint64_t)hi - (uint64_t)lo;
    double offset = ((double)last + 1.0) * fraction;
    uint64_t steps = offset >= 0x1p64 ? last : (uint64_t)offset;
    return (int64_t)((uint64_t)lo + (steps < last ? steps : last));
}

int64_t dist_exponential(struct rng *rng, int64_t lo, int64_t hi, double param)
{
    assert(lo <= hi && dist_exponential_ok(param));
    double u = rng_unit(rng);
    /* -log(cut + (1 - cut)(1 - u)) with cut = e^-param, written so that a tiny param keeps its digits. */
    return place(lo, hi, -log1p(u * expm1(-param)) / param);
}

int64_t dist_gaussian(struct rng *rng, int64_t lo, int64_t hi, double param)
{
    assert(lo <= hi && dist_gaussian_ok(param));
    double deviations;
    do {
        double radius = sqrt(-2.0 * log(1.0 - rng_unit(rng)));
        deviations = radius * sin(2.0 * M_PI * (1.0 - rng_unit(rng)));
    } while (deviations < -param || deviations >= param);
    return place(lo, hi, (deviations + param) / (param * 2.0));
}

double dist_double(struct rng *rng, double lo, double hi)
{
    double value = lo + (hi - lo) * rng_unit(rng);
    return value < hi || lo >= hi ? value : lo; /* rounding can reach hi */
}

/* --- Zipf --------------------------------------------------------------------------------------------------------- */

/* H, the integral of x^-s from 1 to x; for s = 1 that is the logarithm. */

static double integral(const struct zipf *zipf, double log_x)
{
    double a = zipf->one_minus_s * log_x;
    return zipf->inverse != 0.0 ? (exp(a) - 1.0) * zipf->inverse
           : fabs(a) > 1e-8     ? expm1(a) / a * log_x
                                : (1.0 + a / 2) * log_x;
}

static double integral_inverse(const struct zipf *zipf, double h)
{
    double t = fmax(h * zipf->one_minus_s, -1.0);
    if (zipf->inverse != 0.0)
        return exp(log(1.0 + t) * zipf->inverse);
    return exp(fabs(t) > 1e-8 ? log1p(t) / t * h : (1.0 - t / 2) * h);
}

static double weight(const struct zipf *zipf, double log_k)
{
    return exp(-zipf->s * log_k);
}

void zipf_shape(struct zipf *zipf, double s)
{
    assert(dist_zipfian_ok(s));
    *zipf = (struct zipf){.s = s, .one_minus_s = 1.0 - s};
    if (fabs(1.0 - s) > 0.01)
        zipf->inverse = 1.0 / (1.0 - s);
    zipf->h_one = integral(zipf, log(1.5));
    zipf->h_two = integral(zipf, log(2.5));
    zipf->accept_two = zipf->h_two - weight(zipf, log(2.0));
    zipf->shortcut = 2.0 - integral_inverse(zipf, zipf->accept_two);
}

double zipf_last(const struct zipf *zipf, int64_t n)
{
    assert(n >= 1);
    return integral(zipf, log((double)n + 0.5));
}

void zipf_init(struct zipf *zipf, int64_t n, double s)
{
    zipf_shape(zipf, s);
    zipf->n = n;
    zipf->h_last = zipf_last(zipf, n);
}

int64_t zipf_draw(const struct zipf *zipf, struct rng *rng)
{
    if (zipf->n == 1)
        return 1;
    double span = zipf->h_one - 1.0 - zipf->h_last;
    for (;;) {
        double h = zipf->h_last + rng_unit(rng) * span;
        if (h < zipf->h_one) /* the area of 1 is all its own */
            return 1;
        if (h < zipf->h_two) {
            if (h < zipf->accept_two)
                continue;
            return 2;
        }
        double x = integral_inverse(zipf, h);
        double k = x < 1.0 ? 1.0 : x + 0.5 >= (double)zipf->n ? (double)zipf->n : floor(x + 0.5);
        /* The second test is exact, the first spares it for nearly all draws. */
        if (k - x <= zipf->shortcut || h >= integral(zipf, log(k + 0.5)) - weight(zipf, log(k)))
            return k >= 0x1p63 ? zipf->n : (int64_t)k;
    }
}

int64_t dist_zipfian(struct rng *rng, int64_t lo, int64_t hi, double s)
{
    assert(lo <= hi);
    uint64_t last = (uint64_t)hi - (uint64_t)lo;
    struct zipf zipf;
    zipf_init(&zipf, last < INT64_MAX ? (int64_t)last + 1 : INT64_MAX, s);
    return (int64_t)((uint64_t)lo + (uint64_t)(zipf_draw(&zipf, rng) - 1));
}

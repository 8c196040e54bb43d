/* pgbench's functions: arithmetic, hashes and random integers. Those for generating data are in functions_data.c. */
#include "functions.h"

#include <math.h>
#include <stdlib.h>

#include "generators/dist.h"

static inline enum make_status set_null(struct value *out)
{
    out->type = VALUE_NULL;
    return MAKE_OK;
}

static inline enum make_status set_int(struct value *out, int64_t integer)
{
    *out = (struct value){.type = VALUE_INT, .integer = integer};
    return MAKE_OK;
}

static inline enum make_status set_double(struct value *out, double real)
{
    *out = (struct value){.type = VALUE_DOUBLE, .real = real};
    return MAKE_OK;
}

enum make_status function_abs(const struct node *node, struct eval_scope *scope, struct value *out)
{
    enum make_status status = eval_arg(node, 0, scope, out);
    if (status != MAKE_OK || out->type == VALUE_NULL || (status = value_number(out)) != MAKE_OK)
        return status;
    if (out->type == VALUE_DOUBLE)
        return set_double(out, fabs(out->real));
    return out->integer == INT64_MIN ? MAKE_OVERFLOW : set_int(out, llabs(out->integer));
}

static enum make_status extreme(const struct node *node, struct eval_scope *scope, struct value *out, int sign)
{
    bool null = false, real = false;
    for (int i = 0; i < node->n_args; i++) {
        struct value value;
        enum make_status status = eval_arg(node, i, scope, &value);
        if (status != MAKE_OK)
            return status;
        if (value.type == VALUE_NULL) {
            null = true;
            continue;
        }
        if ((status = value_number(&value)) != MAKE_OK)
            return status;
        if (value.type == VALUE_DOUBLE && !real) {
            if (i > 0 && !null)
                set_double(out, (double)out->integer);
            real = true;
        } else if (value.type == VALUE_INT && real) {
            set_double(&value, (double)value.integer);
        }
        bool better = real ? sign * (value.real - out->real) > 0 : (sign > 0) == (value.integer > out->integer);
        if (i == 0 || null || better)
            *out = value;
    }
    return null ? set_null(out) : MAKE_OK;
}

enum make_status function_greatest(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return extreme(node, scope, out, 1);
}

enum make_status function_least(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return extreme(node, scope, out, -1);
}

enum make_status function_int(const struct node *node, struct eval_scope *scope, struct value *out)
{
    int64_t integer = 0;
    bool null = false;
    enum make_status status = eval_int(node, 0, scope, &integer, &null);
    return status != MAKE_OK ? status : null ? set_null(out) : set_int(out, integer);
}

typedef double math_fn(double x);

static inline __attribute__((always_inline)) enum make_status math(const struct node *node, struct eval_scope *scope,
                                                                   struct value *out, math_fn *fn)
{
    double x = 0;
    bool null = false;
    enum make_status status = eval_double(node, 0, scope, &x, &null);
    return status != MAKE_OK ? status : null ? set_null(out) : set_double(out, fn(x));
}

static double same(double x)
{
    return x;
}

enum make_status function_double(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return math(node, scope, out, same);
}

enum make_status function_sqrt(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return math(node, scope, out, sqrt);
}

enum make_status function_ln(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return math(node, scope, out, log);
}

enum make_status function_exp(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return math(node, scope, out, exp);
}

enum make_status function_debug(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return eval_arg(node, 0, scope, out);
}

enum make_status function_pi(const struct node *node, struct eval_scope *scope, struct value *out)
{
    (void)node, (void)scope;
    return set_double(out, M_PI);
}

enum make_status function_pow(const struct node *node, struct eval_scope *scope, struct value *out)
{
    double base = 0, exponent = 0;
    bool null = false;
    enum make_status status = eval_double(node, 0, scope, &base, &null);
    if (status == MAKE_OK)
        status = eval_double(node, 1, scope, &exponent, &null);
    return status != MAKE_OK ? status : null ? set_null(out) : set_double(out, pow(base, exponent));
}

/* The value and the seed of hash() and permute(); without one, node->value holds the default. */
static enum make_status hash_args(const struct node *node, int seed_at, struct eval_scope *scope, int64_t *value,
                                  uint64_t *seed, bool *null)
{
    int64_t given = node->value.integer;
    enum make_status status = eval_int(node, 0, scope, value, null);
    if (status == MAKE_OK && node->n_args > seed_at)
        status = eval_int(node, seed_at, scope, &given, null);
    *seed = (uint64_t)given;
    return status;
}

bool compile_default_seed(struct parser *parser, struct node *node)
{
    node->value = (struct value){.type = VALUE_INT, .integer = (int64_t)parser_scope(parser)->default_seed};
    return true;
}

/* FNV-1a over the eight bytes, least significant first, from a seeded basis: pgbench's. */
static int64_t hash_fnv1a(int64_t value, uint64_t seed)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ seed;
    for (int byte = 0; byte < 8; byte++)
        hash = (hash ^ ((uint64_t)value >> (8 * byte) & 0xff)) * UINT64_C(0x100000001b3);
    return (int64_t)hash;
}

/* MurmurHash2 (64 bit) of one eight-byte word: pgbench's. */
static int64_t hash_murmur2(int64_t value, uint64_t seed)
{
    const uint64_t multiplier = UINT64_C(0xc6a4a7935bd1e995);
    uint64_t hash = seed ^ (8 * multiplier);
    uint64_t word = (uint64_t)value * multiplier;
    hash = (hash ^ ((word ^ word >> 47) * multiplier)) * multiplier;
    hash = (hash ^ hash >> 47) * multiplier;
    return (int64_t)(hash ^ hash >> 47);
}

enum make_status function_hash_fnv1a(const struct node *node, struct eval_scope *scope, struct value *out)
{
    int64_t value = 0;
    uint64_t seed;
    bool null = false;
    enum make_status status = hash_args(node, 1, scope, &value, &seed, &null);
    return status != MAKE_OK ? status : null ? set_null(out) : set_int(out, hash_fnv1a(value, seed));
}

enum make_status function_hash_murmur2(const struct node *node, struct eval_scope *scope, struct value *out)
{
    int64_t value = 0;
    uint64_t seed;
    bool null = false;
    enum make_status status = hash_args(node, 1, scope, &value, &seed, &null);
    return status != MAKE_OK ? status : null ? set_null(out) : set_int(out, hash_murmur2(value, seed));
}

struct range {
    int64_t lo;
    int64_t hi;
    double param;
    struct zipf zipf;
};

typedef bool param_ok_fn(double param);

/* Bounds and parameter of a random function: MAKE_BAD_ARGUMENT if it cannot draw from them. */
static enum make_status eval_range(const struct node *node, struct eval_scope *scope, param_ok_fn *ok,
                                   struct range *range, bool *null)
{
    enum make_status status = eval_int(node, 0, scope, &range->lo, null);
    if (status == MAKE_OK)
        status = eval_int(node, 1, scope, &range->hi, null);
    if (status == MAKE_OK && ok)
        status = eval_double(node, 2, scope, &range->param, null);
    if (status == MAKE_OK && !*null && (range->lo > range->hi || (ok && !ok(range->param))))
        status = MAKE_BAD_ARGUMENT;
    return status;
}

/* Constant bounds are checked now, and what depends on them alone is computed once. */
static struct range *constant_range(struct parser *parser, struct node *node, param_ok_fn *ok, const char *limits,
                                    bool *good)
{
    *good = true;
    for (int i = 0; i < node->n_args; i++)
        if (!node_is_constant(node->args[i]))
            return NULL;
    struct range range = {0};
    bool null = false;
    enum make_status status = eval_range(node, &(struct eval_scope){0}, ok, &range, &null);
    if (status == MAKE_OK && null)
        return NULL;
    *good = false;
    if (status == MAKE_BAD_ARGUMENT && range.lo > range.hi) {
        parser_problem(parser, -1, "the range is empty: %lld is more than %lld", (long long)range.lo,
                       (long long)range.hi);
        return NULL;
    }
    if (status == MAKE_BAD_ARGUMENT) {
        parser_problem(parser, 2, "the parameter must be %s", limits);
        return NULL;
    }
    if (status != MAKE_OK) {
        parser_problem(parser, -1, "%s", make_status_text(status));
        return NULL;
    }
    struct range *kept = parser_alloc(parser, sizeof *kept);
    if (kept)
        *kept = range;
    *good = kept != NULL;
    return kept;
}

static enum make_status random_between(const struct node *node, struct eval_scope *scope, struct value *out)
{
    const struct range *range = node->data;
    return set_int(out, dist_uniform(scope->rng, range->lo, range->hi));
}

enum make_status function_random(const struct node *node, struct eval_scope *scope, struct value *out)
{
    struct range range = {0};
    bool null = false;
    enum make_status status = eval_range(node, scope, NULL, &range, &null);
    if (status != MAKE_OK)
        return status;
    return null ? set_null(out) : set_int(out, dist_uniform(scope->rng, range.lo, range.hi));
}

bool compile_random(struct parser *parser, struct node *node)
{
    bool good;
    node->data = constant_range(parser, node, NULL, "", &good);
    if (node->data)
        node->eval = random_between;
    return good;
}

enum make_status function_gaussian(const struct node *node, struct eval_scope *scope, struct value *out)
{
    struct range range = {0};
    bool null = false;
    enum make_status status = eval_range(node, scope, dist_gaussian_ok, &range, &null);
    if (status != MAKE_OK)
        return status;
    return null ? set_null(out) : set_int(out, dist_gaussian(scope->rng, range.lo, range.hi, range.param));
}

bool compile_gaussian(struct parser *parser, struct node *node)
{
    bool good;
    constant_range(parser, node, dist_gaussian_ok, "at least 2", &good);
    return good;
}

enum make_status function_exponential(const struct node *node, struct eval_scope *scope, struct value *out)
{
    struct range range = {0};
    bool null = false;
    enum make_status status = eval_range(node, scope, dist_exponential_ok, &range, &null);
    if (status != MAKE_OK)
        return status;
    return null ? set_null(out) : set_int(out, dist_exponential(scope->rng, range.lo, range.hi, range.param));
}

bool compile_exponential(struct parser *parser, struct node *node)
{
    bool good;
    constant_range(parser, node, dist_exponential_ok, "more than 0", &good);
    return good;
}

static enum make_status zipfian_between(const struct node *node, struct eval_scope *scope, struct value *out)
{
    const struct range *range = node->data;
    return set_int(out, (int64_t)((uint64_t)range->lo - 1 + (uint64_t)zipf_draw(&range->zipf, scope->rng)));
}

enum make_status function_zipfian(const struct node *node, struct eval_scope *scope, struct value *out)
{
    struct range range = {0};
    bool null = false;
    enum make_status status = eval_range(node, scope, dist_zipfian_ok, &range, &null);
    if (status != MAKE_OK)
        return status;
    return null ? set_null(out) : set_int(out, dist_zipfian(scope->rng, range.lo, range.hi, range.param));
}

bool compile_zipfian(struct parser *parser, struct node *node)
{
    bool good;
    struct range *range = constant_range(parser, node, dist_zipfian_ok, "more than 0 and at most 1000", &good);
    int64_t n;
    if (range && !__builtin_sub_overflow(range->hi, range->lo, &n) && n < INT64_MAX) {
        zipf_init(&range->zipf, n + 1, range->param);
        node->data = range;
        node->eval = zipfian_between;
    }
    return good;
}

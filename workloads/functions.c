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

/* Every argument is evaluated, then NULL wins over a wrong type, then one double makes all of them doubles. NaN comes
 * and goes with its place, as in pgbench. */
static enum make_status extreme(const struct node *node, struct eval_scope *scope, struct value *out, bool greatest)
{
    enum make_status worst = MAKE_OK;
    bool null = false, reals = false;
    int64_t integer = 0;
    double real = 0;
    for (int i = 0; i < node->n_args; i++) {
        struct value value;
        enum make_status status = eval_arg(node, i, scope, &value);
        if (status != MAKE_OK)
            return status;
        double x = 0;
        if (value.type == VALUE_NULL)
            null = true;
        else if ((status = value_double(&value, &x)) != MAKE_OK)
            worst = status;
        reals = reals || value.type == VALUE_DOUBLE;
        int64_t n = value.type == VALUE_INT ? value.integer : 0;
        real = i > 0 && (greatest ? real > x : real < x) ? real : x;
        integer = i > 0 && (greatest ? integer > n : integer < n) ? integer : n;
    }
    if (null || worst != MAKE_OK)
        return null ? set_null(out) : worst;
    return reals ? set_double(out, real) : set_int(out, integer);
}

enum make_status function_greatest(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return extreme(node, scope, out, true);
}

enum make_status function_least(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return extreme(node, scope, out, false);
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

enum {
    NUMBERS_MAX = 3
};

/* The first `count` arguments, *null when one of them is. */
static inline enum make_status eval_first(const struct node *node, int count, struct eval_scope *scope,
                                          struct value *values, bool *null)
{
    enum make_status status = MAKE_OK;
    for (int i = 0; i < count && status == MAKE_OK; i++) {
        status = eval_arg(node, i, scope, &values[i]);
        *null = *null || (status == MAKE_OK && values[i].type == VALUE_NULL);
    }
    return status;
}

static inline enum make_status as_int(struct value *value, int64_t *out)
{
    if (value->type != VALUE_INT)
        return value_int(value, out);
    *out = value->integer;
    return MAKE_OK;
}

/* All of them, as integers. */
static inline enum make_status eval_ints(const struct node *node, struct eval_scope *scope, int64_t *out, bool *null)
{
    struct value values[NUMBERS_MAX];
    enum make_status status = eval_first(node, node->n_args, scope, values, null);
    for (int i = 0; i < node->n_args && status == MAKE_OK && !*null; i++)
        status = as_int(&values[i], &out[i]);
    return status;
}

enum make_status function_pow(const struct node *node, struct eval_scope *scope, struct value *out)
{
    struct value values[NUMBERS_MAX];
    double base = 0, exponent = 0;
    bool null = false;
    enum make_status status = eval_first(node, 2, scope, values, &null);
    if (status == MAKE_OK && !null)
        status = value_double(&values[0], &base);
    if (status == MAKE_OK && !null)
        status = value_double(&values[1], &exponent);
    return status != MAKE_OK ? status : null ? set_null(out) : set_double(out, pow(base, exponent));
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

typedef int64_t hash_fn(int64_t value, uint64_t seed);

static inline enum make_status hash(const struct node *node, struct eval_scope *scope, struct value *out, hash_fn *fn)
{
    int64_t args[NUMBERS_MAX];
    bool null = false;
    enum make_status status = eval_ints(node, scope, args, &null);
    return status != MAKE_OK ? status : null ? set_null(out) : set_int(out, fn(args[0], (uint64_t)args[1]));
}

enum make_status function_hash_fnv1a(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return hash(node, scope, out, hash_fnv1a);
}

enum make_status function_hash_murmur2(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return hash(node, scope, out, hash_murmur2);
}

enum make_status function_permute(const struct node *node, struct eval_scope *scope, struct value *out)
{
    int64_t args[NUMBERS_MAX];
    bool null = false;
    enum make_status status = eval_ints(node, scope, args, &null);
    if (status == MAKE_OK && !null && args[1] <= 0)
        status = MAKE_BAD_ARGUMENT;
    return status != MAKE_OK ? status
           : null            ? set_null(out)
                             : set_int(out, permute(args[0], args[1], (uint64_t)args[2]));
}

/* Whatever the others are, the outcome is NULL then. */
static bool has_constant_null(const struct node *node)
{
    for (int i = 0; i < node->n_args; i++)
        if (node_is_constant(node->args[i]) && node->args[i]->value.type == VALUE_NULL)
            return true;
    return false;
}

bool compile_permute(struct parser *parser, struct node *node)
{
    struct value size = node->args[1]->value;
    int64_t count = 1;
    if (node_is_constant(node->args[1]) && !has_constant_null(node))
        value_int(&size, &count);
    return count > 0 || parser_doubt(parser, 1, "the size must be more than 0, not %lld", (long long)count);
}

/* --- Random integers ------------------------------------------------------------------------------------------------
 */

struct range {
    int64_t lo;
    int64_t hi;
    double param;
};

typedef bool param_ok_fn(double param);

/* pgbench's limit too: the count must fit. */
static bool count_fits(int64_t lo, int64_t hi)
{
    int64_t last;
    return !__builtin_sub_overflow(hi, lo, &last) && last < INT64_MAX;
}

/* Bounds and, with `ok`, parameter of a random function: MAKE_BAD_ARGUMENT if it cannot draw from them. */
static inline enum make_status eval_range(const struct node *node, struct eval_scope *scope, param_ok_fn *ok,
                                          struct range *range, bool *null)
{
    struct value values[NUMBERS_MAX];
    enum make_status status = eval_first(node, ok ? 3 : 2, scope, values, null);
    if (status != MAKE_OK || *null)
        return status;
    if ((status = as_int(&values[0], &range->lo)) != MAKE_OK || (status = as_int(&values[1], &range->hi)) != MAKE_OK ||
        (ok && (status = value_double(&values[2], &range->param)) != MAKE_OK))
        return status;
    bool good = range->lo <= range->hi && count_fits(range->lo, range->hi) && (!ok || ok(range->param));
    return good ? MAKE_OK : MAKE_BAD_ARGUMENT;
}

/* A constant argument as a number: *known unless it is no constant or NULL. False after reporting. */
static bool constant_number(struct parser *parser, const struct node *node, int i, struct value *out, bool *known)
{
    *known = node_is_constant(node->args[i]) && node->args[i]->value.type != VALUE_NULL;
    *out = node->args[i]->value;
    int64_t integer;
    enum make_status status = !*known ? MAKE_OK : i < 2 ? value_int(out, &integer) : value_number(out);
    if (status == MAKE_OK)
        return true;
    *known = false;
    if (status == MAKE_BAD_TYPE)
        return parser_doubt(parser, i, "a number must stand here, not %s", type_in_words(node->args[i]->value.type));
    return parser_doubt(parser, i, "%s", make_status_text(status));
}

/* Constants are checked now. *known: all are there, in *range. False after reporting. */
static bool constant_range(struct parser *parser, const struct node *node, param_ok_fn *ok, const char *limits,
                           struct range *range, bool *known)
{
    struct value lo, hi, param = {.type = VALUE_INT};
    bool lo_known, hi_known, param_known = !ok;
    *known = false;
    if (has_constant_null(node))
        return true;
    if (!constant_number(parser, node, 0, &lo, &lo_known) || !constant_number(parser, node, 1, &hi, &hi_known) ||
        (ok && !constant_number(parser, node, 2, &param, &param_known)))
        return false;
    if (lo_known && hi_known && lo.integer > hi.integer)
        return parser_doubt(parser, -1, "the range is empty: %lld is more than %lld; the lower bound comes first",
                            (long long)lo.integer, (long long)hi.integer);
    if (lo_known && hi_known && !count_fits(lo.integer, hi.integer))
        return parser_doubt(parser, -1, "the range is too wide: it must hold fewer than 2^63 numbers");
    range->param = param.type == VALUE_INT ? (double)param.integer : param.real;
    if (ok && param_known && !ok(range->param))
        return parser_doubt(parser, 2, "the parameter must be %s, not %.15g", limits, range->param);
    range->lo = lo.integer;
    range->hi = hi.integer;
    *known = lo_known && hi_known && param_known;
    return true;
}

/* node->data: the range, where it is constant. */
static bool compile_range(struct parser *parser, struct node *node, param_ok_fn *ok, const char *limits)
{
    struct range range;
    bool known;
    if (!constant_range(parser, node, ok, limits, &range, &known))
        return false;
    struct range *kept = known ? parser_alloc(parser, sizeof *kept) : NULL;
    if (kept)
        *kept = range;
    node->data = kept;
    return kept || !known;
}

typedef int64_t draw_fn(struct rng *rng, int64_t lo, int64_t hi, double param);

static inline __attribute__((always_inline)) enum make_status draw(const struct node *node, struct eval_scope *scope,
                                                                   struct value *out, param_ok_fn *ok, draw_fn *fn)
{
    const struct range *range = node->data;
    struct range evaluated = {0};
    bool null = false;
    if (!range) {
        enum make_status status = eval_range(node, scope, ok, &evaluated, &null);
        if (status != MAKE_OK)
            return status;
        range = &evaluated;
    }
    return null ? set_null(out) : set_int(out, fn(scope->rng, range->lo, range->hi, range->param));
}

static inline int64_t draw_uniform(struct rng *rng, int64_t lo, int64_t hi, double param)
{
    (void)param;
    return dist_uniform(rng, lo, hi);
}

enum make_status function_random(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return draw(node, scope, out, NULL, draw_uniform);
}

bool compile_random(struct parser *parser, struct node *node)
{
    return compile_range(parser, node, NULL, "");
}

enum make_status function_gaussian(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return draw(node, scope, out, dist_gaussian_ok, dist_gaussian);
}

bool compile_gaussian(struct parser *parser, struct node *node)
{
    return compile_range(parser, node, dist_gaussian_ok, "at least 2");
}

enum make_status function_exponential(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return draw(node, scope, out, dist_exponential_ok, dist_exponential);
}

bool compile_exponential(struct parser *parser, struct node *node)
{
    return compile_range(parser, node, dist_exponential_ok, "more than 0");
}

/* --- Zipf -----------------------------------------------------------------------------------------------------------
 */

/* node->data of random_zipfian() with a constant exponent: its shape, and with constant bounds all of it. */
struct zipf_node {
    int64_t lo;
    struct zipf zipf;
};

static enum make_status zipfian_between(const struct node *node, struct eval_scope *scope, struct value *out)
{
    const struct zipf_node *known = node->data;
    return set_int(out, known->lo + (zipf_draw(&known->zipf, scope->rng) - 1));
}

/* A shape with its n, kept where the evaluating thread has its own memory: programs are shared. */
static const struct zipf *zipf_of(struct scratch *scratch, const struct zipf *shape, int64_t n)
{
    struct zipf *kept = &scratch->zipf[(uint64_t)n * UINT64_C(0x9e3779b97f4a7c15) >> 62];
    if (kept->n != n || kept->s != shape->s) {
        *kept = *shape;
        kept->n = n;
        kept->h_last = zipf_last(shape, n);
    }
    return kept;
}

/* The exponent is constant, a bound is not. */
static enum make_status zipfian_shaped(const struct node *node, struct eval_scope *scope, struct value *out)
{
    const struct zipf_node *known = node->data;
    struct range range = {0};
    bool null = false;
    enum make_status status = eval_range(node, scope, NULL, &range, &null);
    if (status != MAKE_OK)
        return status;
    if (null)
        return set_null(out);
    if (!scope->scratch)
        return set_int(out, dist_zipfian(scope->rng, range.lo, range.hi, known->zipf.s));
    const struct zipf *zipf = zipf_of(scope->scratch, &known->zipf, range.hi - range.lo + 1);
    return set_int(out, range.lo + (zipf_draw(zipf, scope->rng) - 1));
}

enum make_status function_zipfian(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return draw(node, scope, out, dist_zipfian_ok, dist_zipfian);
}

bool compile_zipfian(struct parser *parser, struct node *node)
{
    struct range range;
    bool known, shaped;
    struct value s;
    if (!constant_range(parser, node, dist_zipfian_ok, "more than 0 and at most 1000", &range, &known) ||
        !constant_number(parser, node, 2, &s, &shaped))
        return false;
    if (!shaped || !dist_zipfian_ok(range.param))
        return true;
    struct zipf_node *kept = parser_alloc(parser, sizeof *kept);
    if (!kept)
        return false;
    *kept = (struct zipf_node){.lo = range.lo};
    if (known) {
        zipf_init(&kept->zipf, range.hi - range.lo + 1, range.param);
        node->eval = zipfian_between;
    } else {
        zipf_shape(&kept->zipf, range.param);
        node->eval = zipfian_shaped;
    }
    node->data = kept;
    return true;
}

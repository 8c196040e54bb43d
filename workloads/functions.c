/* pgbench's functions: arithmetic and hashes. Random integers are in functions_random.c, what is for generating data in
 * functions_data.c and functions_document.c. */
#include "functions.h"

#include <math.h>
#include <stdlib.h>

#include "numbers.h"

enum make_status function_abs(const struct node *node, struct eval_scope *scope, struct value *out)
{
    enum make_status status = eval_arg(node, 0, scope, out);
    if (status == MAKE_OK && out->type == VALUE_NUMERIC) {
        out->numeric.units = llabs(out->numeric.units);
        return MAKE_OK;
    }
    if (status != MAKE_OK || out->type == VALUE_NULL || (status = value_number(out)) != MAKE_OK)
        return status;
    if (out->type == VALUE_DOUBLE)
        return set_double(out, fabs(out->real));
    return out->integer == INT64_MIN ? MAKE_OVERFLOW : set_int(out, llabs(out->integer));
}

/* The furthest of the arguments so far, as each type that it may turn out to be. */
struct extreme {
    int64_t integer;
    double real;
    struct numeric numeric;
    bool null, any_real, any_numeric;
};

static void extend(struct extreme *all, const struct value *given, const struct value *number, double x, int sign,
                   bool first)
{
    int64_t n = number->type == VALUE_INT ? number->integer : 0;
    struct numeric exact = given->type == VALUE_NUMERIC ? given->numeric : (struct numeric){n, 0};
    all->any_numeric = all->any_numeric || given->type == VALUE_NUMERIC;
    all->any_real = all->any_real || (number->type == VALUE_DOUBLE && given->type != VALUE_NUMERIC);
    all->real = !first && (sign > 0 ? all->real > x : all->real < x) ? all->real : x;
    all->integer = !first && (sign > 0 ? all->integer > n : all->integer < n) ? all->integer : n;
    if (first || sign * numeric_compare(exact, all->numeric) > 0)
        all->numeric = exact;
}

/* Every argument is evaluated, then NULL wins over a wrong type, then one double makes all of them doubles. NaN comes
 * and goes with its place, as in pgbench. */
static enum make_status extreme(const struct node *node, struct eval_scope *scope, struct value *out, int sign)
{
    enum make_status worst = MAKE_OK;
    struct extreme all = {0};
    for (int i = 0; i < node->n_args; i++) {
        struct value value;
        enum make_status status = eval_arg(node, i, scope, &value);
        if (status != MAKE_OK)
            return status;
        double x = 0;
        struct value given = value;
        if (value.type == VALUE_NULL)
            all.null = true;
        else if ((status = value_double(&value, &x)) != MAKE_OK)
            worst = status;
        extend(&all, &given, &value, x, sign, i == 0);
    }
    if (all.null || worst != MAKE_OK)
        return all.null ? set_null(out) : worst;
    if (!all.any_numeric || all.any_real)
        return all.any_real ? set_double(out, all.real) : set_int(out, all.integer);
    *out = (struct value){.type = VALUE_NUMERIC, .numeric = all.numeric};
    return MAKE_OK;
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

bool compile_permute(struct parser *parser, struct node *node)
{
    struct value size = node->args[1]->value;
    int64_t count = 1;
    if (node_is_constant(node->args[1]) && !has_constant_null(node))
        value_int(&size, &count);
    return count > 0 || parser_doubt(parser, 1, "the size must be more than 0, not %lld", (long long)count);
}

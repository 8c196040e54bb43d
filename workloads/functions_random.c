/* pgbench's random integers. Constant arguments are checked, and what depends on them alone is computed, once. */
#include "functions.h"
#include "generators/dist.h"
#include "numbers.h"

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
    struct range range = {0}; /* not filled in beside a NULL, or where a doubt is left to evaluating */
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

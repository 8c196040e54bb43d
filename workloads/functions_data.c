/* Functions for generating data: one of several, text, time. */
#include <math.h>

#include "functions.h"
#include "generators/calendar.h"
#include "generators/dist.h"
#include "generators/text.h"
#include "numbers.h"

enum make_status function_pick(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return eval_arg(node, (int)dist_uniform(scope->rng, 0, node->n_args - 1), scope, out);
}

/* node->data: the cumulative weights, one for each pair of arguments. */
enum make_status function_weighted(const struct node *node, struct eval_scope *scope, struct value *out)
{
    const double *sums = node->data;
    int last = node->n_args / 2 - 1, i = 0;
    double ticket = rng_unit(scope->rng) * sums[last];
    while (i < last && ticket >= sums[i])
        i++;
    return eval_arg(node, 2 * i, scope, out);
}

bool compile_weighted(struct parser *parser, struct node *node)
{
    if (node->n_args % 2 != 0)
        return parser_problem(parser, -1, "weighted() takes pairs of a value and its weight");
    double *sums = parser_alloc(parser, (size_t)node->n_args / 2 * sizeof *sums), sum = 0;
    for (int i = 0; sums && i < node->n_args; i += 2) {
        double weight = 0;
        bool null = false;
        if (!node_is_constant(node->args[i + 1]))
            return parser_problem(parser, i + 1, "a weight must be a constant");
        if (eval_double(node, i + 1, &(struct eval_scope){0}, &weight, &null) != MAKE_OK || null || !(weight >= 0))
            return parser_problem(parser, i + 1, "a weight must be a number, 0 or more");
        sums[i / 2] = sum += weight;
    }
    if (sums && sum <= 0)
        return parser_problem(parser, -1, "every weight is 0; at least one must be more");
    if (sums && !isfinite(sum))
        return parser_problem(parser, -1, "the weights are too large: their sum is infinite");
    node->data = sums;
    return sums != NULL;
}

/* 95 would be taken for 1, and nobody would miss the NULLs. */
bool compile_maybe(struct parser *parser, struct node *node)
{
    double p = 0;
    bool null = false;
    if (!node_is_constant(node->args[0]) || eval_double(node, 0, &(struct eval_scope){0}, &p, &null) != MAKE_OK ||
        null || (p >= 0 && p <= 1))
        return true;
    return parser_problem(parser, 0, "a probability must be from 0 to 1, not %g; 95 %% is 0.95", p);
}

enum make_status function_maybe(const struct node *node, struct eval_scope *scope, struct value *out)
{
    double probability = 0;
    bool null = false;
    enum make_status status = eval_double(node, 0, scope, &probability, &null);
    if (status != MAKE_OK)
        return status;
    return null || rng_unit(scope->rng) >= probability ? set_null(out) : eval_arg(node, 1, scope, out);
}

typedef enum make_status between_fn(struct rng *rng, int64_t lo, int64_t hi, struct scratch *scratch,
                                    struct value *out);
typedef enum make_status length_fn(struct rng *rng, int64_t n, struct scratch *scratch, struct value *out);

static enum make_status text_between(const struct node *node, struct eval_scope *scope, struct value *out,
                                     between_fn *make)
{
    int64_t lo = 0, hi = 0;
    bool null = false;
    enum make_status status = eval_int(node, 0, scope, &lo, &null);
    if (status == MAKE_OK)
        status = eval_int(node, 1, scope, &hi, &null);
    if (status != MAKE_OK)
        return status;
    return null ? set_null(out) : make(scope->rng, lo, hi, scope->scratch, out);
}

static enum make_status text_of_length(const struct node *node, struct eval_scope *scope, struct value *out,
                                       length_fn *make)
{
    int64_t n = 0;
    bool null = false;
    enum make_status status = eval_int(node, 0, scope, &n, &null);
    if (status != MAKE_OK)
        return status;
    return null ? set_null(out) : make(scope->rng, n, scope->scratch, out);
}

enum make_status function_words(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return text_between(node, scope, out, text_words);
}

enum make_status function_letters(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return text_between(node, scope, out, text_letters);
}

enum make_status function_digits(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return text_of_length(node, scope, out, text_digits);
}

enum make_status function_hex(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return text_of_length(node, scope, out, text_hex);
}

enum make_status function_uuid(const struct node *node, struct eval_scope *scope, struct value *out)
{
    (void)node;
    return text_uuid(scope->rng, scope->scratch, out);
}

static enum make_status eval_moment(const struct node *node, int i, struct eval_scope *scope, int64_t *out_us,
                                    bool *null)
{
    struct value value;
    enum make_status status = eval_arg(node, i, scope, &value);
    if (status != MAKE_OK || value.type != VALUE_NULL)
        return status == MAKE_OK ? value_moment(&value, out_us) : status;
    *null = true;
    return MAKE_OK;
}

static enum make_status draw_moment(const struct node *node, struct eval_scope *scope, bool days, struct value *out)
{
    int64_t lo = 0, hi = 0;
    bool null = false;
    enum make_status status = eval_moment(node, 0, scope, &lo, &null);
    if (status == MAKE_OK)
        status = eval_moment(node, 1, scope, &hi, &null);
    if (status != MAKE_OK)
        return status;
    if (null)
        return set_null(out);
    if (days) {
        lo = calendar_day_of(lo);
        hi = calendar_day_of(hi);
    }
    if (lo > hi)
        return MAKE_BAD_ARGUMENT;
    *out = (struct value){.type = days ? VALUE_DATE : VALUE_TIMESTAMP, .integer = dist_uniform(scope->rng, lo, hi)};
    return MAKE_OK;
}

enum make_status function_timestamp(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return draw_moment(node, scope, false, out);
}

enum make_status function_date(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return draw_moment(node, scope, true, out);
}

/* node->data of constant bounds: so that text is read as a time once, not for every row. */
struct span {
    int64_t lo;
    int64_t hi;
    enum value_type type;
};

static enum make_status moment_within(const struct node *node, struct eval_scope *scope, struct value *out)
{
    const struct span *span = node->data;
    *out = (struct value){.type = span->type, .integer = dist_uniform(scope->rng, span->lo, span->hi)};
    return MAKE_OK;
}

static bool compile_span(struct parser *parser, struct node *node, bool days)
{
    int64_t bounds[2] = {0};
    bool null = false;
    for (int i = 0; i < 2; i++) {
        if (!node_is_constant(node->args[i]))
            return true;
        if (eval_moment(node, i, &(struct eval_scope){0}, &bounds[i], &null) != MAKE_OK)
            return parser_problem(parser, i, "not a moment; write '2024-01-31' or '2024-01-31 12:00:00'");
        if (days)
            bounds[i] = calendar_day_of(bounds[i]);
    }
    if (null)
        return true;
    if (bounds[0] > bounds[1])
        return parser_problem(parser, -1, "the range is empty: the first moment is after the second");
    struct span *span = parser_alloc(parser, sizeof *span);
    if (!span)
        return false;
    *span = (struct span){bounds[0], bounds[1], days ? VALUE_DATE : VALUE_TIMESTAMP};
    node->data = span;
    node->eval = moment_within;
    return true;
}

bool compile_timestamp(struct parser *parser, struct node *node)
{
    return compile_span(parser, node, false);
}

bool compile_date(struct parser *parser, struct node *node)
{
    return compile_span(parser, node, true);
}

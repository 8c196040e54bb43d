/* What + - * / and comparisons do with moments, intervals and fixed point: PostgreSQL's rules, in UTC. */
#include "mixed.h"

#include <string.h>

#include "generators/calendar.h"
#include "numbers.h"

static enum make_status set_moment(struct value *out, int64_t us)
{
    *out = (struct value){.type = VALUE_TIMESTAMP, .integer = us};
    return MAKE_OK;
}

static enum make_status set_interval(struct value *out, struct interval interval)
{
    *out = (struct value){.type = VALUE_INTERVAL, .interval = interval};
    return MAKE_OK;
}

static bool is_moment(const struct value *value)
{
    return value->type == VALUE_TIMESTAMP || value->type == VALUE_DATE;
}

static bool is_number(const struct value *value)
{
    return value->type == VALUE_INT || value->type == VALUE_DOUBLE || value->type == VALUE_NUMERIC;
}

enum make_status value_moment(const struct value *value, int64_t *out_us)
{
    switch (value->type) {
    case VALUE_TIMESTAMP:
        *out_us = value->integer;
        return MAKE_OK;
    case VALUE_DATE:
        return __builtin_mul_overflow(value->integer, US_PER_DAY, out_us) ? MAKE_TIME_RANGE : MAKE_OK;
    case VALUE_TEXT:
        return value_parse_timestamp(value->text.data, value->text.len, out_us) ? MAKE_OK : MAKE_BAD_MOMENT;
    default:
        return MAKE_BAD_TYPE;
    }
}

/* --- Moments and intervals ---------------------------------------------------------------------------------------- */

/* A date where it says no time of day. */
static enum make_status set_read(struct value *value, int64_t us)
{
    bool day = value->text.len == strlen("2024-01-31");
    *value = (struct value){.type = day ? VALUE_DATE : VALUE_TIMESTAMP, .integer = day ? calendar_day_of(us) : us};
    return MAKE_OK;
}

/* Text becomes an interval, or where a moment may stand too, that. */
static enum make_status read_time(struct value *value, bool may_be_moment)
{
    struct interval interval;
    int64_t us;
    if (value->type != VALUE_TEXT)
        return MAKE_OK;
    if (interval_parse(value->text.data, value->text.len, &interval))
        return set_interval(value, interval);
    if (may_be_moment && value_parse_timestamp(value->text.data, value->text.len, &us))
        return set_read(value, us);
    return MAKE_BAD_INTERVAL;
}

static enum make_status move_days(const struct value *date, int64_t days, int sign, struct value *out)
{
    int64_t moved;
    bool over = sign > 0 ? __builtin_add_overflow(date->integer, days, &moved)
                         : __builtin_sub_overflow(date->integer, days, &moved);
    if (over || !calendar_has_day(moved))
        return MAKE_TIME_RANGE;
    *out = (struct value){.type = VALUE_DATE, .integer = moved};
    return MAKE_OK;
}

static enum make_status move_moment(const struct value *moment, const struct value *by, int sign, struct value *out)
{
    int64_t us;
    if (moment->type == VALUE_DATE && by->type == VALUE_INT)
        return move_days(moment, by->integer, sign, out);
    if (by->type != VALUE_INTERVAL)
        return is_number(by) ? MAKE_NOT_MOVED : MAKE_BAD_TYPE;
    enum make_status status = value_moment(moment, &us);
    if (status != MAKE_OK)
        return status;
    return interval_move(&us, by->interval, sign) ? set_moment(out, us) : MAKE_TIME_RANGE;
}

static enum make_status moments_apart(const struct value *a, const struct value *b, struct value *out)
{
    int64_t later, earlier;
    struct interval interval;
    if (a->type == VALUE_DATE && b->type == VALUE_DATE) {
        *out = (struct value){.type = VALUE_INT, .integer = a->integer - b->integer};
        return MAKE_OK;
    }
    enum make_status status = value_moment(a, &later);
    if (status == MAKE_OK)
        status = value_moment(b, &earlier);
    if (status != MAKE_OK)
        return status;
    return interval_between(later, earlier, &interval) ? set_interval(out, interval) : MAKE_TIME_RANGE;
}

static enum make_status add_intervals(const struct value *a, const struct value *b, int sign, struct value *out)
{
    struct interval sum, zero = {0};
    bool negation = sign < 0 && a->type == VALUE_INT && a->integer == 0; /* -x is 0 - x */
    if (b->type != VALUE_INTERVAL || (a->type != VALUE_INTERVAL && !negation))
        return MAKE_BAD_TYPE;
    return interval_add(negation ? zero : a->interval, b->interval, sign, &sum) ? set_interval(out, sum)
                                                                                : MAKE_TIME_RANGE;
}

static bool is_time(const struct value *value)
{
    return is_moment(value) || value->type == VALUE_INTERVAL;
}

static enum make_status add_times(struct value *a, struct value *b, int sign, struct value *out)
{
    enum make_status status = read_time(a, true);
    if (status == MAKE_OK)
        status = read_time(b, sign < 0 && is_moment(a));
    if (status != MAKE_OK)
        return status;
    if (is_moment(a) && is_moment(b))
        return sign < 0 ? moments_apart(a, b, out) : MAKE_BAD_TYPE;
    if (is_moment(a))
        return move_moment(a, b, sign, out);
    if (is_moment(b))
        return sign > 0 ? move_moment(b, a, sign, out) : MAKE_BAD_TYPE;
    return add_intervals(a, b, sign, out);
}

/* --- Fixed point -------------------------------------------------------------------------------------------------- */

typedef bool numeric_fn(struct numeric a, struct numeric b, struct numeric *out);

/* INT or DOUBLE, or NUMERIC as it is. */
static enum make_status read_number(struct value *value)
{
    return value->type == VALUE_NUMERIC ? MAKE_OK : value_number(value);
}

static struct numeric as_numeric(const struct value *value)
{
    return value->type == VALUE_NUMERIC ? value->numeric : (struct numeric){value->integer, 0};
}

/* Both are numbers. True when they are doubles now, because one of them was. */
static bool become_doubles(struct value *a, struct value *b)
{
    if (a->type != VALUE_DOUBLE && b->type != VALUE_DOUBLE)
        return false;
    value_number(a);
    value_number(b);
    return true;
}

static enum make_status calculate(struct value *a, struct value *b, struct value *out, numeric_fn *exact,
                                  double (*real)(double, double))
{
    enum make_status status = read_number(a);
    if (status != MAKE_OK || (status = read_number(b)) != MAKE_OK)
        return status;
    if (become_doubles(a, b)) {
        *out = (struct value){.type = VALUE_DOUBLE, .real = real(as_double(a), as_double(b))};
        return MAKE_OK;
    }
    struct value result = {.type = VALUE_NUMERIC};
    bool fits = exact(as_numeric(a), as_numeric(b), &result.numeric);
    *out = result;
    return fits ? MAKE_OK : MAKE_NUMERIC_RANGE;
}

static double add(double a, double b)
{
    return a + b;
}

static double subtract(double a, double b)
{
    return a - b;
}

static double multiply(double a, double b)
{
    return a * b;
}

enum make_status mixed_add(struct value *a, struct value *b, struct value *out)
{
    if (is_time(a) || is_time(b))
        return add_times(a, b, 1, out);
    return calculate(a, b, out, numeric_add, add);
}

enum make_status mixed_subtract(struct value *a, struct value *b, struct value *out)
{
    if (is_time(a) || is_time(b))
        return add_times(a, b, -1, out);
    return calculate(a, b, out, numeric_subtract, subtract);
}

enum make_status mixed_multiply(struct value *a, struct value *b, struct value *out)
{
    return is_time(a) || is_time(b) ? MAKE_BAD_TYPE : calculate(a, b, out, numeric_multiply, multiply);
}

/* How many digits a quotient should have, nobody has said: a double, for numeric(x, digits) to round. */
enum make_status mixed_divide(struct value *a, struct value *b, struct value *out)
{
    enum make_status status = value_number(a);
    if (status != MAKE_OK || (status = value_number(b)) != MAKE_OK)
        return status;
    *out = (struct value){.type = VALUE_DOUBLE, .real = as_double(a) / as_double(b)};
    return as_double(b) == 0 ? MAKE_DIVISION_BY_ZERO : MAKE_OK;
}

/* --- Comparing ---------------------------------------------------------------------------------------------------- */

static enum make_status compare_intervals(struct value *a, struct value *b, int *out)
{
    enum make_status status = read_time(a, false);
    if (status == MAKE_OK)
        status = read_time(b, false);
    if (status != MAKE_OK)
        return status;
    if (a->type != VALUE_INTERVAL || b->type != VALUE_INTERVAL)
        return MAKE_BAD_TYPE;
    *out = interval_compare(a->interval, b->interval);
    return MAKE_OK;
}

enum make_status mixed_compare(struct value *a, struct value *b, int *out, bool *unordered)
{
    int64_t x, y;
    enum make_status status;
    if (a->type == VALUE_INTERVAL || b->type == VALUE_INTERVAL)
        return compare_intervals(a, b, out);
    if (is_moment(a) || is_moment(b)) {
        if ((status = value_moment(a, &x)) != MAKE_OK || (status = value_moment(b, &y)) != MAKE_OK)
            return status;
        *out = (x > y) - (x < y);
        return MAKE_OK;
    }
    if ((status = read_number(a)) != MAKE_OK || (status = read_number(b)) != MAKE_OK)
        return status;
    if (become_doubles(a, b)) {
        double p = as_double(a), q = as_double(b);
        *unordered = !(p <= q || p > q);
        *out = (p > q) - (p < q);
        return MAKE_OK;
    }
    *out = numeric_compare(as_numeric(a), as_numeric(b));
    return MAKE_OK;
}

/* --- Compiling ---------------------------------------------------------------------------------------------------- */

static bool is_text(const struct node *node)
{
    return node_is_constant(node) && node->value.type == VALUE_TEXT;
}

static bool is_number_text(const struct node *node)
{
    struct value value = node->value;
    return value_number(&value) == MAKE_OK;
}

/* Replaces argument `i` by what its text says. Text that looks like a number stays: a variable may be one too. */
static bool read_constant(struct parser *parser, struct node *node, int i)
{
    if (!is_text(node->args[i]) || is_number_text(node->args[i]))
        return true;
    struct value value = node->args[i]->value;
    if (read_time(&value, true) != MAKE_OK)
        return parser_problem(parser, i,
                              "neither a number nor an interval; write '3 days', '2 hours 30 minutes', "
                              "'1 month' or '04:30:00' (or a moment: '2024-01-31 12:00:00')");
    struct node *constant = parser_alloc(parser, sizeof *constant);
    if (!constant)
        return false;
    *constant = (struct node){.eval = eval_constant, .value = value, .depth = node->args[i]->depth};
    ((const struct node **)node->args)[i] = constant;
    return true;
}

bool compile_sum(struct parser *parser, struct node *node)
{
    return read_constant(parser, node, 0) && read_constant(parser, node, 1);
}

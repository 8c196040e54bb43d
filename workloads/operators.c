/* Operators: pgbench's rules for integers, doubles, booleans and NULL, and ours for text and time. */
#include <math.h>
#include <string.h>

#include "functions.h"
#include "mixed.h"
#include "numbers.h"

typedef bool int_fn(int64_t a, int64_t b, int64_t *out); /* true: overflow, as __builtin_add_overflow */
typedef double double_fn(double a, double b);

/* Both arguments; *null when one of them is. */
static inline enum make_status eval_two(const struct node *node, struct eval_scope *scope, struct value *a,
                                        struct value *b, bool *null)
{
    enum make_status status = eval_arg(node, 0, scope, a);
    if (status == MAKE_OK)
        status = eval_arg(node, 1, scope, b);
    *null = status == MAKE_OK && (a->type == VALUE_NULL || b->type == VALUE_NULL);
    return status;
}

static inline enum make_status set_bool(struct value *out, bool truth)
{
    *out = (struct value){.type = VALUE_BOOL, .boolean = truth};
    return MAKE_OK;
}

static inline __attribute__((always_inline)) enum make_status arithmetic(const struct node *node,
                                                                         struct eval_scope *scope, struct value *out,
                                                                         int_fn *ints, double_fn *doubles,
                                                                         mixed_fn *mixed)
{
    struct value a, b;
    bool null;
    enum make_status status = eval_two(node, scope, &a, &b, &null);
    if (status != MAKE_OK)
        return status;
    if (null)
        return set_null(out);
    bool integers = a.type == VALUE_INT && b.type == VALUE_INT; /* the usual case comes first */
    if (!integers && (value_is_mixed(&a) || value_is_mixed(&b)))
        return mixed(&a, &b, out);
    if (!integers && ((status = value_number(&a)) != MAKE_OK || (status = value_number(&b)) != MAKE_OK))
        return status;
    if (integers || (a.type == VALUE_INT && b.type == VALUE_INT)) {
        out->type = VALUE_INT;
        return ints(a.integer, b.integer, &out->integer) ? MAKE_OVERFLOW : MAKE_OK;
    }
    *out = (struct value){.type = VALUE_DOUBLE, .real = doubles(as_double(&a), as_double(&b))};
    return MAKE_OK;
}

static inline bool int_add(int64_t a, int64_t b, int64_t *out)
{
    return __builtin_add_overflow(a, b, out);
}

static inline bool int_subtract(int64_t a, int64_t b, int64_t *out)
{
    return __builtin_sub_overflow(a, b, out);
}

static inline bool int_multiply(int64_t a, int64_t b, int64_t *out)
{
    return __builtin_mul_overflow(a, b, out);
}

static inline double double_add(double a, double b)
{
    return a + b;
}

static inline double double_subtract(double a, double b)
{
    return a - b;
}

static inline double double_multiply(double a, double b)
{
    return a * b;
}

static enum make_status op_add(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return arithmetic(node, scope, out, int_add, double_add, mixed_add);
}

static enum make_status op_subtract(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return arithmetic(node, scope, out, int_subtract, double_subtract, mixed_subtract);
}

static enum make_status op_multiply(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return arithmetic(node, scope, out, int_multiply, double_multiply, mixed_multiply);
}

static enum make_status op_divide(const struct node *node, struct eval_scope *scope, struct value *out)
{
    struct value a, b;
    bool null;
    enum make_status status = eval_two(node, scope, &a, &b, &null);
    if (status != MAKE_OK)
        return status;
    if (null)
        return set_null(out);
    if (value_is_mixed(&a) || value_is_mixed(&b))
        return mixed_divide(&a, &b, out);
    if ((status = value_number(&a)) != MAKE_OK || (status = value_number(&b)) != MAKE_OK)
        return status;
    if (a.type == VALUE_INT && b.type == VALUE_INT) {
        if (b.integer == 0)
            return MAKE_DIVISION_BY_ZERO;
        if (a.integer == INT64_MIN && b.integer == -1)
            return MAKE_OVERFLOW;
        *out = (struct value){.type = VALUE_INT, .integer = a.integer / b.integer};
        return MAKE_OK;
    }
    *out = (struct value){.type = VALUE_DOUBLE, .real = as_double(&a) / as_double(&b)};
    return MAKE_OK;
}

/* NULL in is NULL out, whatever the type of the other. */
static inline enum make_status eval_two_ints(const struct node *node, struct eval_scope *scope, int64_t *a, int64_t *b,
                                             bool *null)
{
    struct value x, y;
    enum make_status status = eval_two(node, scope, &x, &y, null);
    if (status == MAKE_OK && x.type == VALUE_INT && y.type == VALUE_INT) {
        *a = x.integer;
        *b = y.integer;
        return MAKE_OK;
    }
    if (status == MAKE_OK && !*null)
        status = value_int(&x, a);
    return status == MAKE_OK && !*null ? value_int(&y, b) : status;
}

enum make_status op_modulo(const struct node *node, struct eval_scope *scope, struct value *out)
{
    int64_t a = 0, b = 0;
    bool null = false;
    enum make_status status = eval_two_ints(node, scope, &a, &b, &null);
    if (status != MAKE_OK)
        return status;
    if (null)
        return set_null(out);
    if (b == 0)
        return MAKE_DIVISION_BY_ZERO;
    *out = (struct value){.type = VALUE_INT, .integer = b == -1 ? 0 : a % b};
    return MAKE_OK;
}

typedef int64_t bits_fn(int64_t a, int64_t b);

static inline __attribute__((always_inline)) enum make_status bitwise(const struct node *node, struct eval_scope *scope,
                                                                      struct value *out, bits_fn *bits)
{
    int64_t a = 0, b = 0;
    bool null = false;
    enum make_status status = eval_two_ints(node, scope, &a, &b, &null);
    if (status != MAKE_OK)
        return status;
    if (null)
        return set_null(out);
    *out = (struct value){.type = VALUE_INT, .integer = bits(a, b)};
    return MAKE_OK;
}

static inline int64_t bits_and(int64_t a, int64_t b)
{
    return a & b;
}

static inline int64_t bits_or(int64_t a, int64_t b)
{
    return a | b;
}

static inline int64_t bits_xor(int64_t a, int64_t b)
{
    return a ^ b;
}

/* The count modulo 64: what pgbench's plain C shift does on the processors that we know. */
static inline int64_t bits_left(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a << (b & 63));
}

static inline int64_t bits_right(int64_t a, int64_t b)
{
    return a >> (b & 63);
}

static enum make_status op_bit_and(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return bitwise(node, scope, out, bits_and);
}

static enum make_status op_bit_or(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return bitwise(node, scope, out, bits_or);
}

static enum make_status op_bit_xor(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return bitwise(node, scope, out, bits_xor);
}

static enum make_status op_shift_left(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return bitwise(node, scope, out, bits_left);
}

static enum make_status op_shift_right(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return bitwise(node, scope, out, bits_right);
}

static enum make_status op_not(const struct node *node, struct eval_scope *scope, struct value *out)
{
    enum make_status status = eval_arg(node, 0, scope, out);
    if (status != MAKE_OK || out->type == VALUE_NULL)
        return status;
    bool truth = false;
    status = value_bool(out, &truth);
    return status == MAKE_OK ? set_bool(out, !truth) : status;
}

/* args[1] is a constant NULL, TRUE or FALSE. */
static enum make_status op_is(const struct node *node, struct eval_scope *scope, struct value *out)
{
    struct value value;
    const struct value *what = &node->args[1]->value;
    enum make_status status = eval_arg(node, 0, scope, &value);
    if (status != MAKE_OK)
        return status;
    if (value.type == VALUE_TEXT && what->type == VALUE_BOOL && value_of_text(&value) != MAKE_OK)
        return set_bool(out, false);
    return set_bool(out, value.type == what->type && (value.type == VALUE_NULL || value.boolean == what->boolean));
}

enum order {
    ORDER_LESS = 1,
    ORDER_EQUAL = 2,
    ORDER_GREATER = 4,
    ORDER_NONE = 8 /* one of them is NaN */
};

static enum order order_ints(int64_t a, int64_t b)
{
    return a < b ? ORDER_LESS : a > b ? ORDER_GREATER : ORDER_EQUAL;
}

static enum order order_text(const struct value *a, const struct value *b)
{
    size_t shorter = a->text.len < b->text.len ? a->text.len : b->text.len;
    int order = memcmp(a->text.data, b->text.data, shorter);
    return order ? order_ints(order, 0) : order_ints((int64_t)a->text.len, (int64_t)b->text.len);
}

static enum make_status order_values(struct value *a, struct value *b, enum order *out)
{
    enum make_status status;
    if (a->type == VALUE_INT && b->type == VALUE_INT) { /* the usual case comes first */
        *out = order_ints(a->integer, b->integer);
        return MAKE_OK;
    }
    if (value_is_mixed(a) || value_is_mixed(b)) {
        int order = 0;
        bool unordered = false;
        status = mixed_compare(a, b, &order, &unordered);
        *out = unordered ? ORDER_NONE : order_ints(order, 0);
        return status;
    }
    if (a->type == VALUE_BOOL && b->type == VALUE_BOOL)
        *out = order_ints(a->boolean, b->boolean);
    else if (a->type == VALUE_TEXT && b->type == VALUE_TEXT)
        *out = order_text(a, b);
    else if ((status = value_number(a)) != MAKE_OK || (status = value_number(b)) != MAKE_OK)
        return status;
    else if (a->type == VALUE_INT && b->type == VALUE_INT)
        *out = order_ints(a->integer, b->integer);
    else {
        double p = as_double(a), q = as_double(b);
        *out = p < q ? ORDER_LESS : p > q ? ORDER_GREATER : p == q ? ORDER_EQUAL : ORDER_NONE;
    }
    return MAKE_OK;
}

static inline enum make_status compare(const struct node *node, struct eval_scope *scope, struct value *out,
                                       unsigned wanted)
{
    struct value a, b;
    bool null;
    enum order order = ORDER_NONE;
    enum make_status status = eval_two(node, scope, &a, &b, &null);
    if (status != MAKE_OK)
        return status;
    if (null)
        return set_null(out);
    status = order_values(&a, &b, &order);
    return status == MAKE_OK ? set_bool(out, (order & wanted) != 0) : status;
}

static enum make_status op_equal(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return compare(node, scope, out, ORDER_EQUAL);
}

static enum make_status op_unequal(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return compare(node, scope, out, ORDER_LESS | ORDER_GREATER | ORDER_NONE);
}

static enum make_status op_less(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return compare(node, scope, out, ORDER_LESS);
}

static enum make_status op_less_equal(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return compare(node, scope, out, ORDER_LESS | ORDER_EQUAL);
}

static enum make_status op_greater(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return compare(node, scope, out, ORDER_GREATER);
}

static enum make_status op_greater_equal(const struct node *node, struct eval_scope *scope, struct value *out)
{
    return compare(node, scope, out, ORDER_GREATER | ORDER_EQUAL);
}

enum make_status eval_append(struct scratch *scratch, const struct value *value)
{
    char buf[VALUE_TEXT_MAX];
    const char *data = buf;
    size_t len = value_text(value, buf, &data);
    char *room = scratch_take(scratch, len);
    if (!room)
        return MAKE_FULL;
    memcpy(room, data, len);
    return MAKE_OK;
}

static enum make_status op_concat(const struct node *node, struct eval_scope *scope, struct value *out)
{
    struct value a, b;
    bool null;
    enum make_status status = eval_two(node, scope, &a, &b, &null);
    if (status != MAKE_OK)
        return status;
    if (null)
        return set_null(out);
    size_t start = scope->scratch->used;
    if ((status = eval_append(scope->scratch, &a)) != MAKE_OK || (status = eval_append(scope->scratch, &b)) != MAKE_OK)
        return status;
    *out = (struct value){.type = VALUE_TEXT};
    out->text.data = scope->scratch->data + start;
    out->text.len = scope->scratch->used - start;
    return MAKE_OK;
}

/* From the tightest to the loosest. Rows without `eval` are the parser's own, here for the help. One column a line
 * would hide what belongs together. */
/* clang-format off */
#define PURE FUNCTION_PURE
#define LAZY FUNCTION_LAZY
const struct operator_row operator_rows[] = {
    {{"12", 0, 0, NULL, NULL, 0, "values", "12, 1.5, 1e3", "an integer of 64 bits; a double", "1e3 + .5", "1000.5"},
     LEVEL_PRIMARY},
    {{"'text'", 0, 0, NULL, NULL, 0, "values", "'text'", "text; a quote in it is doubled", "'it''s'", "it's"},
     LEVEL_PRIMARY},
    {{"true", 0, 0, NULL, NULL, 0, "values", "TRUE, FALSE, NULL", "in any case", "NULL IS NULL", "true"},
     LEVEL_PRIMARY},
    {{":name", 0, 0, NULL, NULL, 0, "names", ":name", "a variable or param; in a column, another column of the row",
      "1000 * :scale", NULL}, LEVEL_PRIMARY},
    {{"row", 0, 0, NULL, NULL, 0, "names", "row", "in a column, the number of the row being made, from 1",
      "row % 10", NULL}, LEVEL_PRIMARY},
    {{"t.c[n]", 0, 0, NULL, NULL, 0, "names", "t.c[n]",
      "column c of row n of a table or source: made again, never queried", "users.email[random(1, rows(users))]",
      NULL}, LEVEL_PRIMARY},
    {{"case", 1, -1, eval_case, NULL, PURE | LAZY, "conditions", "CASE WHEN c THEN x … ELSE y END",
      "the first x whose c is true (or a number, not 0), else y or NULL; the others are not evaluated",
      "CASE WHEN 1 < 2 THEN 'less' ELSE 'more' END", "less"}, LEVEL_PRIMARY},

    {{"- x", 1, 1, NULL, NULL, 0, "arithmetic", "- x", "negated: 0 - x", "- 2.0", "-2"}, LEVEL_UNARY},
    {{"+ x", 1, 1, NULL, NULL, 0, "arithmetic", "+ x", "x itself", "+ 2", "2"}, LEVEL_UNARY},

    {{"*", 2, 2, op_multiply, NULL, PURE, "arithmetic", "a * b", "product", "5 * 4", "20"}, LEVEL_PRODUCT},
    {{"/", 2, 2, op_divide, NULL, PURE, "arithmetic", "a / b", "quotient; that of integers is cut towards 0",
      "5 / 3", "1"}, LEVEL_PRODUCT},
    {{"%", 2, 2, op_modulo, NULL, PURE, "arithmetic", "a % b",
      "what a / b leaves, with the sign of a; both rounded to integers", "-7 % 3", "-1"}, LEVEL_PRODUCT},

    {{"+", 2, 2, op_add, compile_sum, PURE, "arithmetic", "a + b",
      "sum; a moment moved by an interval such as '3 days', a date by that or by whole days", "5 + 4", "9"}, LEVEL_SUM},
    {{"-", 2, 2, op_subtract, compile_sum, PURE, "arithmetic", "a - b",
      "difference; of two dates in days, of two moments an interval", "3 - 2.0", "1"}, LEVEL_SUM},

    {{"||", 2, 2, op_concat, NULL, PURE, "text", "a || b", "joined as text", "'v' || 15", "v15"}, LEVEL_BITS},
    {{"|", 2, 2, op_bit_or, NULL, PURE, "bits", "a | b", "bitwise or", "1 | 2", "3"}, LEVEL_BITS},
    {{"#", 2, 2, op_bit_xor, NULL, PURE, "bits", "a # b", "bitwise exclusive or", "1 # 3", "2"}, LEVEL_BITS},
    {{"&", 2, 2, op_bit_and, NULL, PURE, "bits", "a & b", "bitwise and", "1 & 3", "1"}, LEVEL_BITS},
    {{"<<", 2, 2, op_shift_left, NULL, PURE, "bits", "a << n", "shifted left by n modulo 64", "1 << 2", "4"},
     LEVEL_BITS},
    {{">>", 2, 2, op_shift_right, NULL, PURE, "bits", "a >> n", "shifted right by n modulo 64, the sign kept",
      "8 >> 2", "2"}, LEVEL_BITS},
    {{"~ x", 1, 1, NULL, NULL, 0, "bits", "~ x", "bitwise not", "~ 1", "-2"}, LEVEL_BITS},

    {{"=", 2, 2, op_equal, NULL, PURE, "comparison", "a = b", "equal", "5 = 4", "false"}, LEVEL_COMPARE},
    {{"<>", 2, 2, op_unequal, NULL, PURE, "comparison", "a <> b", "different", "5 <> 4", "true"}, LEVEL_COMPARE},
    {{"!=", 2, 2, op_unequal, NULL, PURE, "comparison", "a != b", "different", "5 != 5", "false"}, LEVEL_COMPARE},
    {{"<", 2, 2, op_less, NULL, PURE, "comparison", "a < b", "less", "5 < 4", "false"}, LEVEL_COMPARE},
    {{"<=", 2, 2, op_less_equal, NULL, PURE, "comparison", "a <= b", "less or equal", "5 <= 4", "false"},
     LEVEL_COMPARE},
    {{">", 2, 2, op_greater, NULL, PURE, "comparison", "a > b", "greater", "'b' > 'a'", "true"}, LEVEL_COMPARE},
    {{">=", 2, 2, op_greater_equal, NULL, PURE, "comparison", "a >= b", "greater or equal", "5 >= 4", "true"},
     LEVEL_COMPARE},

    {{"is", 2, 2, op_is, NULL, PURE, "conditions", "x IS [NOT] NULL|TRUE|FALSE", "never NULL itself",
      "NULL IS NOT TRUE", "true"}, LEVEL_IS},
    {{"isnull", 1, 1, NULL, NULL, 0, "conditions", "x ISNULL", "x IS NULL", "1 ISNULL", "false"}, LEVEL_IS},
    {{"notnull", 1, 1, NULL, NULL, 0, "conditions", "x NOTNULL", "x IS NOT NULL", "1 NOTNULL", "true"}, LEVEL_IS},
    {{"not", 1, 1, op_not, NULL, PURE, "conditions", "NOT x", "logical not; of NULL, NULL", "NOT 1 > 2", "true"},
     LEVEL_NOT},
    {{"and", 2, 2, eval_and, NULL, PURE | LAZY, "conditions", "a AND b",
      "logical and; b is not evaluated when a is false or NULL, which is then the outcome", "1 < 2 AND 2 < 1",
      "false"}, LEVEL_AND},
    {{"or", 2, 2, eval_or, NULL, PURE | LAZY, "conditions", "a OR b",
      "logical or; b is not evaluated when a is true or NULL, which is then the outcome", "1 < 2 OR 1 / 0 = 1",
      "true"}, LEVEL_OR},
    {{0}, LEVEL_ANY},
};
/* clang-format on */

/* Rows as COPY gets them, by the compiled expressions, against the distributions that the manual promises. Each value
 * comes from a stream of its own, so this tests the streams' keys as much as the formulas. Seeds are fixed; every check
 * is shown to reject a column that is a little different. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/chi_square.h"
#include "unit.h"
#include "workloads/expr.h"

enum {
    ROWS = 60000,
    CELLS_MAX = 1024
};

#define REJECT 6.0 /* standard deviations: chance alone, once in a billion */
#define ACCEPT 4.0

/* --- Making rows -------------------------------------------------------------------------------------------------- */

static void no_problem(void *user, size_t offset, size_t len, const char *text)
{
    (void)offset, (void)len;
    fail_msg("%s: %s", (const char *)user, text);
}

/* The cell of a value, below its distribution's number of cells; -1: not counted. */
typedef int cell_fn(const struct value *values, int n);

/* Rows of the columns a and b; `cell` sees the values of a, then b, of two rows that follow each other. */
static void count_rows(const char *a, const char *b, cell_fn *cell, int n, double *seen)
{
    static const char *const names[] = {"a", "b"};
    struct arena *arena = arena_new();
    struct column_spec columns[2];
    struct table_spec table = {"t", 77, 42, ROWS, columns, 2, NULL};
    struct row_maker *maker;
    struct err err;
    struct value before[2] = {{0}};
    for (int i = 0; i < 2; i++)
        columns[i] = (struct column_spec){names[i], program_column, NULL};
    for (int i = 0; i < 2; i++) {
        struct expr_scope scope = {.row = &table, .problem = no_problem, .user = (void *)(i ? b : a)};
        columns[i].program = expr_compile(arena, i ? b : a, &scope);
    }
    assert_true(row_maker_new(&table, &maker, &err));
    for (int64_t row = 1; row <= ROWS; row++) {
        const struct value *cells;
        size_t bad;
        assert_int_equal(row_maker_row(maker, row, &cells, &bad), MAKE_OK);
        struct value values[] = {cells[0], cells[1], before[0], before[1]};
        int at = row == 1 ? -1 : cell(values, n);
        assert_in_range(at + 1, 0, n);
        if (at >= 0)
            seen[at]++;
        memcpy(before, cells, sizeof before);
    }
    row_maker_free(maker);
    arena_free(arena);
}

static double fit(const char *a, const char *b, cell_fn *cell, int n, const double *weights)
{
    double seen[CELLS_MAX] = {0};
    count_rows(a, b, cell, n, seen);
    return chi_square_z(seen, weights, n);
}

static void check(const char *expression, const char *skewed, cell_fn *cell, int n, const double *weights)
{
    double z = fit(expression, "0", cell, n, weights), control = fit(skewed, "0", cell, n, weights);
    if (fabs(z) > ACCEPT)
        fail_msg("%s: %.1f standard deviations", expression, z);
    if (control < REJECT)
        fail_msg("%s passes for %s: %.1f", skewed, expression, control);
}

/* --- Integers ----------------------------------------------------------------------------------------------------- */

static int integer_cell(const struct value *values, int n)
{
    int64_t i = values[0].integer;
    return i >= 1 && i <= n ? (int)i - 1 : -2;
}

static double even[CELLS_MAX];

static void uniform(void **state)
{
    (void)state;
    check("random(1, 1000)", "random_exponential(1, 1000, 0.3)", integer_cell, 1000, even);
    check("random(1, 7)", "weighted(random(1, 7), 95, 1, 5)", integer_cell, 7, even);
    check("1 + random(0, random(100, 100)) % 101", "1 + random(0, 110) % 101", integer_cell, 101, even);
}

static double normal(double x)
{
    return erfc(-x / sqrt(2)) / 2;
}

/* The manual of pgbench: PHI(2p (i - mu + 0.5) / n) - PHI(2p (i - mu - 0.5) / n). */
static void gaussian(void **state)
{
    (void)state;
    double weights[CELLS_MAX];
    const double params[] = {2.0, 2.5, 5.0};
    const char *const expressions[][2] = {
        {"random_gaussian(1, 200, 2.0)", "random_gaussian(1, 200, 2.2)"},
        {"random_gaussian(1, 200, 2.5)", "random_gaussian(1, 200, 2.3)"},
        {"random_gaussian(1, 200, 5.0)", "random_gaussian(1, 200, 5.2)"},
    };
    for (int k = 0; k < 3; k++) {
        for (int i = 1; i <= 200; i++)
            weights[i - 1] =
                normal(2 * params[k] * (i - 100.5 + 0.5) / 200) - normal(2 * params[k] * (i - 100.5 - 0.5) / 200);
        check(expressions[k][0], expressions[k][1], integer_cell, 200, weights);
    }
}

/* The manual of pgbench: e^(-p (i - 1) / n) - e^(-p i / n). */
static void exponential(void **state)
{
    (void)state;
    double weights[CELLS_MAX];
    const double params[] = {0.5, 3.0, 12.0};
    const char *const expressions[][2] = {
        {"random_exponential(1, 100, 0.5)", "random_exponential(1, 100, 0.7)"},
        {"random_exponential(1, 100, 3.0)", "random_exponential(1, 100, 3.3)"},
        {"random_exponential(1, 100, 12.0)", "random_exponential(1, 100, 11)"},
    };
    for (int k = 0; k < 3; k++) {
        for (int i = 1; i <= 100; i++)
            weights[i - 1] = exp(-params[k] * (i - 1) / 100) - exp(-params[k] * i / 100);
        check(expressions[k][0], expressions[k][1], integer_cell, 100, weights);
    }
}

static void zipfian(void **state)
{
    (void)state;
    double weights[CELLS_MAX];
    const double params[] = {0.3, 0.99, 1.0, 1.01, 1.5, 3.0};
    const char *const expressions[][2] = {
        {"random_zipfian(1, 1000, 0.3)", "random_zipfian(1, 1000, 0.35)"},
        {"random_zipfian(1, 1000, 0.99)", "random_zipfian(1, 1000, 1.04)"},
        {"random_zipfian(1, 1000, 1)", "random_zipfian(1, 1000, 0.95)"},
        {"random_zipfian(1, 1000, 1.01)", "random_zipfian(1, 1000, 1.06)"},
        {"random_zipfian(1, 1000, 1.5)", "random_zipfian(1, 1000, 1.55)"},
        {"random_zipfian(1, random(1000, 1000), 3)", "random_zipfian(1, 1000, 2.9)"},
    };
    for (size_t k = 0; k < sizeof params / sizeof params[0]; k++) {
        for (int i = 1; i <= 1000; i++)
            weights[i - 1] = pow(i, -params[k]);
        check(expressions[k][0], expressions[k][1], integer_cell, 1000, weights);
    }
}

/* --- One of several ----------------------------------------------------------------------------------------------- */

/* 1 … n, and NULL in the last cell. */
static int choice_cell(const struct value *values, int n)
{
    return values[0].type == VALUE_NULL ? n - 1 : integer_cell(values, n);
}

static void choices(void **state)
{
    (void)state;
    const double weights[] = {6, 3, 1, 10}, maybe[] = {3, 7};
    check("pick(1, 2, 3, 4)", "pick(1, 2, 3, weighted(4, 9, 1, 1))", integer_cell, 4, even);
    check("weighted(1, 6, 2, 3, 3, 1, NULL, 10)", "weighted(1, 6.4, 2, 3, 3, 1, NULL, 10)", choice_cell, 4, weights);
    check("maybe(0.3, 1)", "maybe(0.32, 1)", choice_cell, 2, maybe);
    check("maybe(0.5, pick(1, 2))", "maybe(0.45, pick(1, 2))", choice_cell, 3, (const double[]){1, 1, 2});
}

/* --- Text --------------------------------------------------------------------------------------------------------- */

static int length_cell(const struct value *values, int n)
{
    (void)n;
    return (int)values[0].text.len - 1;
}

static int words_cell(const struct value *values, int n)
{
    int words = 1;
    for (size_t i = 0; i < values[0].text.len; i++)
        words += values[0].text.data[i] == ' ';
    return words <= n ? words - 1 : -2;
}

/* A character and the one behind it, somewhere within the text, which row decides. */
static int pair_cell(const struct value *values, int n, const char *alphabet)
{
    int size = (int)strlen(alphabet);
    size_t at = (size_t)(values[1].integer % (int64_t)(values[0].text.len - 1));
    const char *p = strchr(alphabet, values[0].text.data[at]), *q = strchr(alphabet, values[0].text.data[at + 1]);
    return p && q && size * size == n ? (int)(p - alphabet) * size + (int)(q - alphabet) : -2;
}

static int letters_cell(const struct value *values, int n)
{
    return pair_cell(values, n, "abcdefghijklmnopqrstuvwxyz");
}

static int digits_cell(const struct value *values, int n)
{
    return pair_cell(values, n, "0123456789");
}

static int hex_cell(const struct value *values, int n)
{
    return pair_cell(values, n, "0123456789abcdef");
}

static void texts(void **state)
{
    (void)state;
    check("letters(1, 9)", "letters(1, random(8, 9))", length_cell, 9, even);
    check("words(1, 6)", "words(1, random(5, 6))", words_cell, 6, even);
    check("letters(20, 20)", "weighted(letters(20, 20), 95, 'aaaaaaaaaaaaaaaaaaaa', 5)", letters_cell, 26 * 26, even);
    check("digits(20)", "format('%020d', random(0, 999999999999999999))", digits_cell, 100, even);
    check("hex(20)", "weighted(hex(20), 95, digits(20), 5)", hex_cell, 256, even);
}

/* Bits of a UUID that are drawn: their ones, as standard deviations from a half. */
static int uuid_bit(const struct value *uuid, int bit)
{
    static const char digits[] = "0123456789abcdef";
    int nibble = bit / 4, dashes = (nibble >= 8) + (nibble >= 12) + (nibble >= 16) + (nibble >= 20);
    const char *p = strchr(digits, uuid->text.data[nibble + dashes]);
    return (int)(p - digits) >> (3 - bit % 4) & 1;
}

static int counted_bit; /* which of them uuid_cell looks at */

static int uuid_cell(const struct value *values, int n)
{
    (void)n;
    return uuid_bit(&values[0], counted_bit);
}

static int neighbours_cell(const struct value *values, int n)
{
    (void)n;
    return uuid_bit(&values[0], counted_bit) * 2 + uuid_bit(&values[0], (counted_bit + 1) % 128);
}

static bool is_drawn(int bit, bool version_7)
{
    return !(bit >= 48 && bit < 52) && bit != 64 && bit != 65 && !(version_7 && bit < 48);
}

static void check_bits(const char *expression, bool version_7)
{
    for (counted_bit = 0; counted_bit < 128; counted_bit += 5) {
        double seen[4] = {0}, pairs[4] = {0};
        if (!is_drawn(counted_bit, version_7))
            continue;
        count_rows(expression, "0", uuid_cell, 2, seen);
        double z = (seen[1] - seen[0]) / sqrt(seen[0] + seen[1]);
        if (fabs(z) > 4.5)
            fail_msg("%s: bit %d is off by %.1f standard deviations", expression, counted_bit, z);
        if (counted_bit == 127 || !is_drawn(counted_bit + 1, version_7))
            continue;
        count_rows(expression, "0", neighbours_cell, 4, pairs);
        if (chi_square_z(pairs, even, 4) > 4.5)
            fail_msg("%s: bits %d and its neighbour", expression, counted_bit);
    }
}

static void uuids(void **state)
{
    (void)state;
    check_bits("uuid()", false);
    check_bits("uuid7('2024-01-31')", true);
    counted_bit = 100;
    check("uuid()", "weighted(uuid(), 19, '00000000-0000-4000-8000-000000000000', 1)", uuid_cell, 2, even);
}

static void later_uuids_sort_behind(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct expr_scope scope = {.problem = no_problem, .user = (void *)"uuid7"};
    const char *const variables[] = {"t"};
    scope.variables = variables;
    scope.n_variables = 1;
    const struct program *program = expr_compile(arena, "uuid7(:t)", &scope);
    char before[37] = "", now[37] = "";
    for (int i = 0; i < 5000; i++) {
        char bytes[64];
        struct scratch scratch = {bytes, sizeof bytes, 0};
        struct rng rng = rng_at(1, 2, 3, (uint64_t)i);
        struct value t = {.type = VALUE_TIMESTAMP, .integer = i * INT64_C(1000)}, uuid;
        struct eval_scope at = {.rng = &rng, .slots = &t, .scratch = &scratch};
        assert_int_equal(eval(program, &at, &uuid), MAKE_OK);
        memcpy(now, uuid.text.data, 36);
        assert_true(strcmp(before, now) < 0);
        memcpy(before, now, sizeof now);
    }
    arena_free(arena);
}

/* --- Time --------------------------------------------------------------------------------------------------------- */

/* January 2024, from its first moment, in n parts. */
static int january_cell(const struct value *values, int n)
{
    const double start = 8766.0 * 86400e6, length = 31 * 86400e6;
    double at = values[0].type == VALUE_DATE ? (double)values[0].integer * 86400e6 : (double)values[0].integer;
    return at >= start && at < start + length ? (int)((at - start) / length * n) : -2;
}

static int microsecond_cell(const struct value *values, int n)
{
    return (int)(values[0].integer % n);
}

static void moments(void **state)
{
    (void)state;
    check("timestamp('2024-01-01', '2024-01-31 23:59:59.999999')",
          "timestamp('2024-01-01', timestamp('2024-01-30', '2024-01-31 23:59:59'))", january_cell, 310, even);
    check("timestamp('2024-01-01', '2024-01-31 23:59:59.999999')",
          "weighted(timestamp('2024-01-01', '2024-01-02'), 95, '2024-01-05' + '1 second', 5)", microsecond_cell, 1000,
          even);
    check("date('2024-01-01', '2024-01-31')", "date('2024-01-01', date('2024-01-30', '2024-01-31'))", january_cell, 31,
          even);
}

/* --- Lists -------------------------------------------------------------------------------------------------------- */

static int list_length_cell(const struct value *values, int n)
{
    int commas = 0;
    for (size_t i = 0; i < values[0].text.len; i++)
        commas += values[0].text.data[i] == ',';
    return values[0].text.len == 2 ? 0 : commas + 1 <= n ? commas + 1 : -2;
}

/* {d,d,d,…}: two neighbours. */
static int list_pair_cell(const struct value *values, int n)
{
    (void)n;
    return (values[0].text.data[3] - '0') * 10 + values[0].text.data[5] - '0';
}

static void lists(void **state)
{
    (void)state;
    check("list(random(0, 6), 1)", "list(random(0, random(5, 6)), 1)", list_length_cell, 7, even);
    check("list(4, random(0, 9))", "list(4, pick(random(0, 9), random(0, 9), random(0, 8)))", list_pair_cell, 100,
          even);
}

/* --- Independence ------------------------------------------------------------------------------------------------- */

enum {
    SIDE = 20
};

static int side(const struct value *value)
{
    return (int)value->integer % SIDE;
}

static int columns_cell(const struct value *values, int n)
{
    (void)n;
    return side(&values[0]) * SIDE + side(&values[1]);
}

static int rows_cell(const struct value *values, int n)
{
    (void)n;
    return side(&values[0]) * SIDE + side(&values[2]);
}

/* Column a of this row, column b of the row before. */
static int diagonal_cell(const struct value *values, int n)
{
    (void)n;
    return side(&values[0]) * SIDE + side(&values[3]);
}

static void neighbours_are_independent(void **state)
{
    (void)state;
    const struct {
        const char *what;
        cell_fn *cell;
        const char *a, *b; /* the control: one in seven or six tells something */
    } cases[] = {
        {"columns", columns_cell, "random(0, 19)", "weighted(random(0, 19), 6, :a, 1)"},
        {"rows", rows_cell, "weighted(random(0, 19), 5, row / 2, 1)", "random(0, 19)"},
        {"diagonals", diagonal_cell, "weighted(hash(row - 1, 5) & 15, 1, random(0, 19), 6)", "hash(row, 5) & 15"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double z = fit("random(0, 19)", "random(0, 19)", cases[i].cell, SIDE * SIDE, even);
        double control = fit(cases[i].a, cases[i].b, cases[i].cell, SIDE * SIDE, even);
        if (fabs(z) > ACCEPT || control < REJECT)
            fail_msg("%s: %.1f, control %.1f", cases[i].what, z, control);
    }
    double low = fit("random(0, 1048575)", "random(0, 1048575)", columns_cell, SIDE * SIDE, even);
    assert_true(fabs(low) < ACCEPT + 1); /* low digits of large ranges, which 2^20 fills nearly evenly */
}

/* --- permute ------------------------------------------------------------------------------------------------------ */

/* Do i = 0 … size - 1 reach every place once? */
static bool is_permutation(const char *expression, int size, int *fixed)
{
    static const char *const variables[] = {"i", "n"};
    struct arena *arena = arena_new();
    struct expr_scope scope = {
        .problem = no_problem, .user = (void *)expression, .variables = variables, .n_variables = 2};
    const struct program *program = expr_compile(arena, expression, &scope);
    char *reached = calloc((size_t)size, 1);
    bool all = reached != NULL;
    *fixed = 0;
    for (int i = 0; i < size; i++) {
        struct value slots[] = {{.type = VALUE_INT, .integer = i}, {.type = VALUE_INT, .integer = size}}, out;
        struct eval_scope at = {.slots = slots};
        assert_int_equal(eval(program, &at, &out), MAKE_OK);
        bool inside = out.integer >= 0 && out.integer < size;
        all = all && inside && !reached[out.integer];
        *fixed += out.integer == i;
        if (inside)
            reached[out.integer] = 1;
    }
    free(reached);
    arena_free(arena);
    return all;
}

static void permute_is_a_permutation(void **state)
{
    (void)state;
    static const int sizes[] = {1, 2, 3, 7, 64, 1000, 1024, 4097, 50000};
    int fixed;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_true(is_permutation("permute(:i, :n)", sizes[i], &fixed));
        assert_true(is_permutation("permute(:i, :n, 12345)", sizes[i], &fixed));
        assert_true(sizes[i] < 64 || fixed < 12); /* one is expected */
    }
    assert_false(is_permutation("abs(hash(:i) % :n)", 1000, &fixed));
    assert_true(is_permutation(":n - 1 - :i", 1000, &fixed));
}

static int set_up(void **state)
{
    (void)state;
    for (int i = 0; i < CELLS_MAX; i++)
        even[i] = 1;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uniform),
        cmocka_unit_test(gaussian),
        cmocka_unit_test(exponential),
        cmocka_unit_test(zipfian),
        cmocka_unit_test(choices),
        cmocka_unit_test(texts),
        cmocka_unit_test(uuids),
        cmocka_unit_test(later_uuids_sort_behind),
        cmocka_unit_test(moments),
        cmocka_unit_test(lists),
        cmocka_unit_test(neighbours_are_independent),
        cmocka_unit_test(permute_is_a_permutation),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}

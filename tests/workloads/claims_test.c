/* Each claim beside 20,000 rows that are made and counted. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "workloads/claims.h"
#include "workloads/expr.h"

enum {
    ROWS = 20000,
    TEXT_BYTES = 64
};

/* One column `x`, beside those that it may name. */
static const char *const beside[][2] = {
    {"id", "row"},
    {"often", "maybe(0.75, random(1, 8))"},
    {"other", "maybe(0.5, 4)"},
    {"at", "date('2024-01-01', '2024-01-31')"},
};
enum {
    BESIDE = sizeof beside / sizeof beside[0]
};

struct fixture {
    struct arena *arena;
    struct column_spec columns[BESIDE + 1];
    struct table_spec table;
};

static bool count_rows(void *user, size_t table, int64_t *out)
{
    (void)user, (void)table;
    *out = ROWS;
    return true;
}

static void no_problem(void *user, size_t offset, size_t len, const char *text)
{
    (void)user, (void)offset, (void)len;
    fail_msg("%s", text);
}

static void set_up(struct fixture *fixture, const char *expression)
{
    *fixture = (struct fixture){.arena = arena_new()};
    struct table_spec *table = &fixture->table;
    const struct table_spec *tables[] = {table};
    *table = (struct table_spec){"t", 7, 42, ROWS, fixture->columns, BESIDE + 1, NULL};
    struct expr_scope scope = {
        .row = table, .tables = tables, .n_tables = 1, .rows = count_rows, .problem = no_problem};
    for (size_t i = 0; i <= BESIDE; i++)
        fixture->columns[i] = (struct column_spec){i < BESIDE ? beside[i][0] : "x", program_column, NULL};
    for (size_t i = 0; i <= BESIDE; i++)
        fixture->columns[i].program = expr_compile(fixture->arena, i < BESIDE ? beside[i][1] : expression, &scope);
}

struct counted {
    double nulls, distinct, top, rising;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void count_texts(char (*texts)[TEXT_BYTES], size_t n, struct counted *out)
{
    size_t run = 0, most = 0;
    qsort(texts, n, sizeof *texts, by_text);
    for (size_t i = 0; i < n; i++) {
        run = i > 0 && strcmp(texts[i], texts[i - 1]) == 0 ? run + 1 : 1;
        out->distinct += run == 1;
        most = run > most ? run : most;
    }
    out->top = n ? (double)most / (double)n : 0;
}

static double number_of(const struct value *value)
{
    return value->type == VALUE_DOUBLE ? value->real : (double)value->integer;
}

static struct counted count(const struct table_spec *table)
{
    struct counted out = {0};
    struct row_maker *maker;
    struct err err;
    char(*texts)[TEXT_BYTES] = calloc(ROWS, TEXT_BYTES);
    double before = NAN;
    size_t n = 0, bad_column;
    const struct value *cells;
    assert_true(texts && row_maker_new(table, &maker, &err));
    for (int64_t row = 1; row <= ROWS; row++) {
        assert_int_equal(row_maker_row(maker, row, &cells, &bad_column), MAKE_OK);
        char buf[VALUE_TEXT_MAX];
        const char *data;
        if (cells[BESIDE].type == VALUE_NULL)
            continue;
        size_t len = value_text(&cells[BESIDE], buf, &data);
        assert_true(len < TEXT_BYTES);
        memcpy(texts[n++], data, len);
        out.rising += number_of(&cells[BESIDE]) > before ? 1 : number_of(&cells[BESIDE]) < before ? -1 : 0;
        before = number_of(&cells[BESIDE]);
    }
    row_maker_free(maker);
    count_texts(texts, n, &out);
    out.nulls = 1 - (double)n / ROWS;
    out.rising /= n > 1 ? (double)n - 1 : 1;
    free(texts);
    return out;
}

/* What is wrong with the rows, by more than 5 standard deviations; NULL for nothing. */
static const char *fault(const struct claims *claims, const struct counted *is)
{
    double sd, live = ROWS * (1 - claims->nulls), counted_live = ROWS * (1 - is->nulls);
    double nulls_sd = sqrt(claims->nulls * (1 - claims->nulls) / ROWS);
    double distinct = claims_distinct(claims, counted_live, &sd);
    double top_sd = sqrt(claims->top * (1 - claims->top) / fmax(live, 1));
    bool counts = claims->spread != CLAIM_UNKNOWN && claims->spread != CLAIM_ZIPF;
    if (claims->knows_nulls && fabs(is->nulls - claims->nulls) > 5 * nulls_sd + 1e-9)
        return "NULL";
    if (counts && fabs(is->distinct - distinct) > 5 * sd + 0.5)
        return "distinct";
    if (claims->top * live > 50 && fabs(is->top - claims->top) > (5 + sqrt(2 * log(claims_peers(claims)))) * top_sd)
        return "most common";
    if (claims->step != 0 &&
        is->rising * claims->step <= (claims->spread == CLAIM_UNIQUE ? 0.99 * fabs(claims->step) : 0))
        return "order";
    return NULL;
}

static void check(const char *expression, const char *spread, bool knows_nulls)
{
    static const char *const spreads[] = {"unknown", "unique", "even", "zipf", "few"};
    struct fixture fixture;
    struct claims claims;
    set_up(&fixture, expression);
    claims_of_column(&fixture.table, BESIDE, &claims);
    if (strcmp(spreads[claims.spread], spread) != 0 || claims.knows_nulls != knows_nulls)
        fail_msg("%s: claims %s and %s nulls", expression, spreads[claims.spread], claims.knows_nulls ? "knows" : "no");
    struct counted is = count(&fixture.table);
    const char *wrong = fault(&claims, &is);
    if (wrong)
        fail_msg("%s: %s; NULL %g (claimed %g), distinct %g, top %g (%g), rising %g (%g)", expression, wrong, is.nulls,
                 claims.nulls, is.distinct, is.top, claims.top, is.rising, claims.step);
    arena_free(fixture.arena);
}

static const struct {
    const char *expression, *spread;
    bool knows_nulls;
} cases[] = {
    {"row", "unique", true},
    {"row + 5", "unique", true},
    {"1000000 - row", "unique", true},
    {"3 * row", "unique", true},
    {"row / 2.0", "unique", true},
    {"'2024-01-01' + row", "unique", true},
    {"row / 7", "unknown", true},
    {"row % 10", "even", true},
    {"row % 100000", "unique", true},
    {":id", "unique", true},
    {"-:id", "unique", true},
    {"maybe(0.9, row)", "unique", true},
    {"format('user%d@example.com', row)", "unique", true},
    {"'u' || row", "unique", true},
    {"format('%s%d', random(1, 9), row)", "unknown", true},
    {"permute(row - 1, rows(t))", "unique", true},
    {"permute(row, 100)", "unknown", true},
    {"permute(3 * row, rows(t))", "unknown", true},
    {"uuid()", "unique", true},
    {"uuid7(timestamp('2024-01-01', '2024-01-02'))", "unique", true},
    {"t.id[random(1, 40)]", "even", true},
    {"t.often[random(1, 40)]", "unknown", false},
    {"random(1, 5)", "even", true},
    {"random(1, 3) + 7", "even", true},
    {"random(1, 30000)", "even", true},
    {"random(1, 10000000000)", "even", true},
    {"random(1, random(1, 9))", "unknown", true},
    {"random(1, 999) / 100.0", "even", true},
    {"format('%d days', random(1, 9))", "even", true},
    {"format('%.1f', random(1, 999) / 100.0)", "unknown", true},
    {":often", "even", true},
    {":often + 1", "even", true},
    {":often + :other", "unknown", false},
    {"hex(2)", "even", true},
    {"digits(3)", "even", true},
    {":at", "even", true},
    {":at + 3", "even", true},
    {":at + '1 month'", "unknown", true},
    {":at + '3 days'", "even", true},
    {"timestamp('2024-01-01', '2024-01-01 00:00:00.0001')", "even", true},
    {"random_zipfian(1, 1000000, 1.1)", "zipf", true},
    {"random_zipfian(1, 100, 1)", "zipf", true},
    {"random_zipfian(1, 100000, 0.6)", "zipf", true},
    {"maybe(0.3, random_zipfian(1, 5, 2))", "zipf", true},
    {"random_gaussian(1, 100, 3)", "unknown", true},
    {"weighted('open', 2, 'busy', 1, 'closed', 7)", "few", true},
    {"weighted('a', 1, NULL, 3, 'b', 2)", "few", true},
    {"weighted(random(1, 9), 1, NULL, 3)", "even", true},
    {"weighted(row, 1, 'x', 0, NULL, 1)", "unique", true},
    {"weighted(random(1, 9), 1, 'x', 3)", "unknown", true},
    {"pick('a', 'b', 'a', 'c')", "few", true},
    {"pick(NULL, 'x')", "few", true},
    {"pick(maybe(0.5, 'x'), 'y')", "unknown", true},
    {"maybe(0.25, weighted('a', 0.00001, 'b', 1))", "few", true},
    {"maybe(0.5, maybe(0.5, pick(1, 2)))", "few", true},
    {"maybe(1, 5)", "few", true},
    {"'constant'", "few", true},
    {"NULL", "unknown", true},
    {"maybe(random(0, 1), 5)", "unknown", false},
    {"CASE WHEN row > 7 THEN NULL ELSE 1 END", "unknown", false},
    {":often IS NULL", "unknown", false},
    {"list(2, :often)", "unknown", false},
    {"words(1, 2)", "unknown", true},
    {"sqrt(:often)", "unknown", true},
};

static void claims_are_borne_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check(cases[i].expression, cases[i].spread, cases[i].knows_nulls);
}

/* The comparison above can fail: the claim of one expression beside the rows of another. */
static void another_columns_rows_do_not_bear_them_out(void **state)
{
    (void)state;
    static const char *const pairs[][3] = {
        {"random(1, 5)", "random(1, 6)", "distinct"},
        {"maybe(0.9, row)", "maybe(0.88, row)", "NULL"},
        {"row", "random(1, 20000)", "distinct"},
        {"row", "20000 - row", "order"},
        {"random(1, 30000)", "random(1, 36000)", "distinct"},
        {"random_zipfian(1, 1000000, 1.1)", "random_zipfian(1, 1000000, 1.2)", "most common"},
        {"weighted('open', 2, 'busy', 1, 'closed', 7)", "weighted('open', 2, 'busy', 1, 'closed', 7.9)", "most common"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct fixture claimed, made;
        struct claims claims;
        set_up(&claimed, pairs[i][0]);
        set_up(&made, pairs[i][1]);
        claims_of_column(&claimed.table, BESIDE, &claims);
        struct counted is = count(&made.table);
        const char *wrong = fault(&claims, &is);
        if (!wrong || strcmp(wrong, pairs[i][2]) != 0)
            fail_msg("%s for %s: %s", pairs[i][1], pairs[i][0], wrong ? wrong : "nothing");
        arena_free(claimed.arena);
        arena_free(made.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_are_borne_out),
        cmocka_unit_test(another_columns_rows_do_not_bear_them_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

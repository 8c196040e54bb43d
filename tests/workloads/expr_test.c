#include <malloc.h>
#include <math.h>

#include "expressions.h"

static char scratch_bytes[65536];

static void check(const char *text, const char *expected)
{
    static const char *const variables[] = {"i", "d", "t", "n", "b"};
    struct value slots[] = {{.type = VALUE_INT, .integer = 7},
                            {.type = VALUE_DOUBLE, .real = 2.5},
                            {.type = VALUE_TEXT},
                            {.type = VALUE_NULL},
                            {.type = VALUE_BOOL, .boolean = true}};
    slots[2].text.data = "12";
    slots[2].text.len = 2;
    const struct expr_param params[] = {{"scale", {.type = VALUE_INT, .integer = 10}},
                                        {"i", {.type = VALUE_INT, .integer = -1}}};
    struct scratch scratch = {.data = scratch_bytes, .size = sizeof scratch_bytes};
    struct rng rng = rng_at(1, 2, 3, 4);
    struct expr_scope scope = {.variables = variables, .n_variables = 5, .params = params, .n_params = 2};
    struct eval_scope eval_scope = {.rng = &rng, .slots = slots, .scratch = &scratch};
    char got[512];
    evaluate(text, &scope, &eval_scope, got);
    if (strcmp(got, expected) != 0)
        fail_msg("%s\n  is       %s\n  expected %s", text, got, expected);
}

static void operators_bind_as_in_pgbench(void **state)
{
    (void)state;
    check("1 + 2 * 3", "int 7");
    check("(1 + 2) * 3", "int 9");
    check("10 - 3 - 2", "int 5");
    check("-7 / 2", "int -3");
    check("-7 % 3", "int -1");
    check("7 / 2.0", "double 3.5");
    check("1 + 2 < 4 AND NOT 1 > 2", "boolean true");
    check("1 | 2 + 4", "int 7");
    check("~1 + 2", "int -4");
    check("1 << 4 >> 2", "int 4");
    check("5 # 3", "int 6");
    check("NOT NULL IS NULL", "boolean false");
    check("1 = 1 IS TRUE", "boolean true");
    check("- - 3", "int 3");
    check("2 - -3", "int 5");
}

static void null_is_unknown(void **state)
{
    (void)state;
    check("NULL + 1", "null");
    check("NULL AND FALSE", "null");
    check("FALSE AND NULL", "boolean false");
    check("NULL AND TRUE", "null");
    check("NULL OR TRUE", "null");
    check("TRUE OR NULL", "boolean true");
    check(":n IS NULL", "boolean true");
    check(":n ISNULL", "boolean true");
    check(":i NOTNULL", "boolean true");
    check("TRUE IS NOT FALSE", "boolean true");
    check("CASE WHEN :n THEN 1 END", "null");
    check("greatest(1, NULL)", "null");
    check("'a' || NULL", "null");
}

static void mistakes_in_numbers_are_caught(void **state)
{
    (void)state;
    check("9223372036854775807 + :i", "error: integer out of range");
    check("-9223372036854775808 - 1", "error: integer out of range; a double goes further, as `1.0` is one");
    check("-9223372036854775808", "int -9223372036854775808");
    check(":i * 9223372036854775807", "error: integer out of range");
    check(":i / (:i - 7)", "error: division by zero");
    check(":i / 0.0", "double Infinity");
    check("int(1e30)", "error: integer out of range; a double goes further, as `1.0` is one");
    check("abs(:i - 7 + -9223372036854775808)", "error: integer out of range");
    check("CASE WHEN TRUE THEN 1 ELSE 1 / 0 END", "int 1");
    check("TRUE OR 1 / 0 = 1", "boolean true");
}

static void functions_compute(void **state)
{
    (void)state;
    check("abs(-3)", "int 3");
    check("abs(-3.5)", "double 3.5");
    check("greatest(1, 2.5, 2)", "double 2.5");
    check("greatest(3, 2.5)", "double 3");
    check("least(4, 2, 3)", "int 2");
    check("least(2.5, 1)", "double 1");
    check("mod(7, 4)", "int 3");
    check("sqrt(2.25)", "double 1.5");
    check("pow(2, 10)", "double 1024");
    check("POWER(2, 0.5)", "double 1.4142135623731");
    check("ln(exp(2))", "double 2");
    check("int(2.5)", "int 2");
    check("int(5.4 + 3.8)", "int 9");
    check("double(5432)", "double 5432");
    check("hash_fnv1a(10, 5432)", "int -7793829335365542153");
    check("hash_murmur2(10, 5432)", "int -5817877081768721676");
    check("permute(0, 4) >= 0", "boolean true");
}

static void text_is_made(void **state)
{
    (void)state;
    check("'it''s'", "text it's");
    check("'a' || 1 || TRUE || 2.5", "text a1true2.5");
    check("format('%s-%05d-%.2f-%%', 'x', 42, 1.005)", "text x-00042-1.00-%");
    check("format('%-5s|%5s|%-4d|', 'é', 'é', 7)", "text é    |    é|7   |");
    check("format('%05d', -42)", "text -0042");
    check("format('none')", "text none");
    check("'b' > 'a' AND 'a' < 'ab' AND 'a' = 'a'", "boolean true");
    check(":t + 1", "int 13");
    check("length('x')", "error: no function `length`; `pgdyno help expressions` shows all");
}

static void variables_win_over_params(void **state)
{
    (void)state;
    check(":i", "int 7");
    check("2 * :scale", "int 20");
    check(":b", "boolean true");
    check(":scael", "error: no variable or param `:scael` (did you mean `:scale`?)");
}

static void random_stays_within_its_bounds(void **state)
{
    (void)state;
    const struct expr_param params[] = {{"lo", {.type = VALUE_INT, .integer = -3}}};
    static const char *const variables[] = {"hi"};
    struct value slots[] = {{.type = VALUE_INT, .integer = 3}};
    static const char *const texts[] = {"random(:lo, 3)",
                                        "random(:lo, :hi)",
                                        "random_zipfian(-3, 3, 1.2)",
                                        "random_zipfian(:lo, :hi, 1.2)",
                                        "random_gaussian(:lo, 3, 2.5)",
                                        "random_exponential(:lo, :hi, 2.5)",
                                        "pick(-3, -2, -1, 0, 1, 2, 3)",
                                        "weighted(-3, 1, -2, 1, -1, 1, 0, 1, 1, 1, 2, 1, 3, 1)"};
    struct expr_scope scope = {.params = params, .n_params = 1, .variables = variables, .n_variables = 1};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct rng rng = rng_at(1, 2, 3, i);
        struct eval_scope eval_scope = {.rng = &rng, .slots = slots};
        struct arena *arena = arena_new();
        const struct program *program = expr_compile(arena, texts[i], &scope);
        int seen[7] = {0};
        assert_non_null(program);
        for (int draw = 0; draw < 5000; draw++) {
            struct value value;
            assert_int_equal(eval(program, &eval_scope, &value), MAKE_OK);
            assert_int_equal(value.type, VALUE_INT);
            assert_in_range(value.integer + 3, 0, 6);
            seen[value.integer + 3]++;
        }
        for (int k = 0; k < 7; k++)
            if (seen[k] == 0)
                fail_msg("%s never drew %d", texts[i], k - 3);
        arena_free(arena);
    }
}

static double share_of(const char *text, bool (*wanted)(const struct value *value))
{
    struct scratch scratch = {.data = scratch_bytes, .size = sizeof scratch_bytes};
    struct rng rng = rng_at(9, 9, 9, 9);
    struct expr_scope scope = {0};
    struct eval_scope eval_scope = {.rng = &rng, .scratch = &scratch};
    struct arena *arena = arena_new();
    const struct program *program = expr_compile(arena, text, &scope);
    int found = 0;
    assert_non_null(program);
    for (int draw = 0; draw < 100000; draw++) {
        struct value value;
        scratch.used = 0;
        assert_int_equal(eval(program, &eval_scope, &value), MAKE_OK);
        found += wanted(&value);
    }
    arena_free(arena);
    return found / 100000.0;
}

static bool is_null(const struct value *value)
{
    return value->type == VALUE_NULL;
}

static bool is_open(const struct value *value)
{
    return value->text.len == 4 && memcmp(value->text.data, "open", 4) == 0;
}

static bool is_first_half(const struct value *value)
{
    return value->type == VALUE_TIMESTAMP &&
           value->integer < INT64_C(757382400) * 1000000 + INT64_C(15811200) * 1000000;
}

static void choices_follow_their_weights(void **state)
{
    (void)state;
    assert_true(fabs(share_of("maybe(0.95, 1)", is_null) - 0.05) < 0.005);
    assert_true(fabs(share_of("weighted('open', 2, 'in_progress', 1, 'closed', 7)", is_open) - 0.2) < 0.01);
    assert_true(fabs(share_of("pick('open', 'a', 'b', 'c')", is_open) - 0.25) < 0.01);
    assert_true(fabs(share_of("timestamp('2024-01-01', '2025-01-01')", is_first_half) - 0.5) < 0.01);
}

static void constants_are_folded(void **state)
{
    (void)state;
    const struct expr_param params[] = {{"scale", {.type = VALUE_INT, .integer = 10}}};
    struct expr_scope scope = {.params = params, .n_params = 1};
    struct arena *arena = arena_new();
    struct value value;
    const struct program *program = expr_compile(arena, "CASE WHEN :scale > 5 THEN 100000 * :scale ELSE 1 END", &scope);
    assert_non_null(program);
    assert_true(program_constant(program, &value));
    assert_int_equal(value.integer, 1000000);
    program = expr_compile(arena, "format('%s', 'a' || 'b')", &scope);
    assert_non_null(program);
    assert_true(program_constant(program, &value));
    assert_memory_equal(value.text.data, "ab", 2);
    program = expr_compile(arena, "random(1, :scale)", &scope);
    assert_non_null(program);
    assert_false(program_constant(program, &value));
    arena_free(arena);
}

static void conditions_take_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum make_status status;
        bool truth;
    } rows[] = {{"1", MAKE_OK, true},    {"0", MAKE_OK, false},  {"NULL", MAKE_OK, false},
                {"TRUE", MAKE_OK, true}, {"0.5", MAKE_OK, true}, {"'x'", MAKE_BAD_TYPE, false}};
    struct arena *arena = arena_new();
    struct expr_scope scope = {0};
    struct eval_scope eval_scope = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool truth = false;
        const struct program *program = expr_compile(arena, rows[i].text, &scope);
        assert_non_null(program);
        struct value value;
        assert_int_equal(eval(program, &eval_scope, &value), MAKE_OK);
        assert_int_equal(value_condition(&value, &truth), rows[i].status);
        assert_int_equal(truth, rows[i].truth);
    }
    arena_free(arena);
}

static void a_full_scratch_is_reported(void **state)
{
    (void)state;
    char bytes[4];
    struct scratch scratch = {.data = bytes, .size = sizeof bytes};
    struct value slots[] = {{.type = VALUE_INT, .integer = 12345}};
    static const char *const variables[] = {"i"};
    struct expr_scope scope = {.variables = variables, .n_variables = 1};
    struct eval_scope eval_scope = {.slots = slots, .scratch = &scratch};
    char got[512];
    evaluate(":i || 'x'", &scope, &eval_scope, got);
    assert_string_equal(got + strlen("error: "), make_status_text(MAKE_FULL));
}

/* Long and odd texts end in a message, never in a crash. */
static void odd_texts_are_survived(void **state)
{
    (void)state;
    static const char *const pieces[] = {"(",       "1",  ")",  "+",     ":i",       "'",     "CASE", "WHEN",
                                         "random(", ",",  "t.", "[",     "]",        "-",     "NOT",  ".",
                                         "IS",      "||", "\"", "9e999", "\xc3\xa9", "rows(", "row"};
    struct rng rng = rng_at(5, 5, 5, 5);
    struct expr_scope scope = {0};
    for (int round = 0; round < 20000; round++) {
        char text[600] = "", problem[512] = "";
        int count = (int)(rng_next(&rng) % 40);
        for (int i = 0; i < count; i++)
            strcat(strcat(text, pieces[rng_next(&rng) % (sizeof pieces / sizeof pieces[0])]), " ");
        struct arena *arena = arena_new();
        scope.problem = keep_problem;
        scope.user = problem;
        const struct program *program = expr_compile(arena, text, &scope);
        if (!program && problem[0] == '\0')
            fail_msg("refused without a reason: %s", text);
        arena_free(arena);
    }
}

/* --- Nothing is allocated -------------------------------------------------------------------------------------------
 */

static long allocations;
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    allocations++;
    return __real_realloc(memory, size);
}

static bool count_rows(void *user, size_t table, int64_t *out)
{
    (void)user, (void)table;
    *out = 1000;
    return true;
}

/* Every kind of node, its arguments from variables so that nothing is folded. */
static const char *const evaluated[] = {
    ":i + 1 - :d * 3 / 2.5 % 7",
    "-:i | :i & 6 # 3 << 2 >> 1",
    "~:i",
    ":t + 1",
    ":real + 1",
    ":i < :d AND NOT :b OR :n IS NULL",
    ":yes AND TRUE",
    "CASE WHEN :yes THEN :i WHEN :i > 3 THEN :d ELSE :n END",
    ":t || :i || :d || :b",
    "abs(:i)",
    "double(:i)",
    "exp(:d)",
    "greatest(:i, :d, 3)",
    "int(:d)",
    "least(:i, :d, :t)",
    "ln(:d)",
    "mod(:i, 3)",
    "pow(:i, :d)",
    "sqrt(:d)",
    "hash(:i)",
    "hash_fnv1a(:i, 3)",
    "hash_murmur2(:i, :i)",
    "permute(:i, 1000)",
    "debug(:i)",
    "random(1, 10)",
    "random(1, :i)",
    "random_exponential(1, :i, :d)",
    "random_gaussian(1, :i, :d)",
    "random_zipfian(1, 1000, 0.9)",
    "random_zipfian(1, :i, 1.1)",
    "random_zipfian(1, :i, :d)",
    "maybe(0.5, :i)",
    "pick(:i, :d, :t)",
    "weighted(:i, 2, :d, 1)",
    "digits(8)",
    "hex(8)",
    "letters(3, 8)",
    "words(2, 5)",
    "uuid()",
    "uuid7(:time)",
    "json('a', :i, 'b', list(2, :t))",
    "list(3, random(1, :i))",
    "numeric(:d, 2) + :i",
    "format('%s %05d %.2f', :t, :i, :d)",
    "date('2024-01-01', '2024-12-31')",
    "timestamp('2024-01-01', '2024-12-31')",
    ":time + '3 days'",
    "users.name[random(1, rows(users))]",
};

static void evaluate_often(const struct program *program, const struct value *slots, const char *text)
{
    struct scratch scratch = {.data = scratch_bytes, .size = sizeof scratch_bytes};
    struct rng rng = rng_at(3, 3, 3, 3);
    struct eval_scope eval_scope = {.rng = &rng, .slots = slots, .scratch = &scratch};
    struct mallinfo2 before = mallinfo2();
    long allocated = allocations;
    for (int i = 0; i < 200; i++) {
        struct value value;
        scratch.used = 0;
        enum make_status status = eval(program, &eval_scope, &value);
        if (status != MAKE_OK)
            fail_msg("%s: %s", text, make_status_text(status));
    }
    if (allocations != allocated || mallinfo2().uordblks != before.uordblks)
        fail_msg("%s allocates", text);
}

static void evaluating_allocates_nothing(void **state)
{
    (void)state;
    static const char *const variables[] = {"i", "d", "t", "real", "yes", "n", "b", "time"};
    struct value slots[] = {{.type = VALUE_INT, .integer = 7},
                            {.type = VALUE_DOUBLE, .real = 2.5},
                            {.type = VALUE_TEXT},
                            {.type = VALUE_TEXT},
                            {.type = VALUE_TEXT},
                            {.type = VALUE_NULL},
                            {.type = VALUE_BOOL, .boolean = 1},
                            {.type = VALUE_TIMESTAMP, .integer = 1}};
    static const char *const texts[] = {"12", "1e5", "yes"};
    for (int i = 0; i < 3; i++) {
        slots[i + 2].text.data = texts[i];
        slots[i + 2].text.len = strlen(texts[i]);
    }
    char problem[512] = "";
    struct arena *arena = arena_new();
    struct column_spec name = {.name = "name", .make = program_column};
    struct table_spec users = {.name = "users", .rows = 1000, .columns = &name, .n_columns = 1};
    const struct table_spec *tables[] = {&users};
    struct expr_scope scope = {.row = &users, .problem = keep_problem, .user = problem};
    name.program = expr_compile(arena, "format('user%d', row)", &scope);
    assert_non_null(name.program);
    scope = (struct expr_scope){.variables = variables,
                                .n_variables = 8,
                                .tables = tables,
                                .n_tables = 1,
                                .rows = count_rows,
                                .problem = keep_problem,
                                .user = problem};
    assert_true(allocations > 0); /* it counts */
    for (size_t i = 0; i < sizeof evaluated / sizeof evaluated[0]; i++) {
        struct value value;
        const struct program *program = expr_compile(arena, evaluated[i], &scope);
        if (!program)
            fail_msg("%s: %s", evaluated[i], problem);
        assert_false(program_constant(program, &value));
        evaluate_often(program, slots, evaluated[i]);
    }
    arena_free(arena);
}

/* Every function that can be called is among them. */
static void each_function_is_evaluated(void **state)
{
    (void)state;
    struct expr_help help;
    for (size_t i = 0; expr_function_help(i, &help); i++) {
        char call[64];
        bool found = strcmp(help.name, "pi") == 0 || strcmp(help.name, "power") == 0; /* constants; pow */
        snprintf(call, sizeof call, "%s(", help.name);
        for (size_t k = 0; k < sizeof evaluated / sizeof evaluated[0]; k++)
            found = found || strstr(evaluated[k], call);
        if (!found)
            fail_msg("%s() is not evaluated", help.name);
    }
}

static void check_help(const struct expr_help *help)
{
    char text[300];
    const char *parts[] = {help->group, help->usage, help->meaning, help->example};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!parts[i] || !*parts[i])
            fail_msg("%s has no full help", help->name);
    if (!help->gives)
        return;
    snprintf(text, sizeof text, "'' || (%s)", help->example);
    char expected[300];
    snprintf(expected, sizeof expected, "text %s", help->gives);
    check(text, expected);
}

/* What the help says of each example is true. */
static void the_helps_examples_are_true(void **state)
{
    (void)state;
    struct expr_help help;
    size_t functions = 0, operators = 0, shown = 0;
    int binds = 100;
    for (; expr_function_help(functions, &help); functions++, shown += help.gives != NULL) {
        assert_non_null(strstr(help.usage, help.name));
        assert_int_equal(help.binds, 0);
        check_help(&help);
    }
    for (; expr_operator_help(operators, &help); operators++, shown += help.gives != NULL) {
        assert_in_range(help.binds, 1, binds);
        binds = help.binds;
        check_help(&help);
    }
    assert_true(functions >= 35 && operators >= 30 && shown >= 45);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_bind_as_in_pgbench),
        cmocka_unit_test(null_is_unknown),
        cmocka_unit_test(mistakes_in_numbers_are_caught),
        cmocka_unit_test(functions_compute),
        cmocka_unit_test(text_is_made),
        cmocka_unit_test(variables_win_over_params),
        cmocka_unit_test(random_stays_within_its_bounds),
        cmocka_unit_test(choices_follow_their_weights),
        cmocka_unit_test(constants_are_folded),
        cmocka_unit_test(conditions_take_numbers),
        cmocka_unit_test(a_full_scratch_is_reported),
        cmocka_unit_test(odd_texts_are_survived),
        cmocka_unit_test(evaluating_allocates_nothing),
        cmocka_unit_test(each_function_is_evaluated),
        cmocka_unit_test(the_helps_examples_are_true),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

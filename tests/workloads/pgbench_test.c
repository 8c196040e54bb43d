/* The same expressions in pgbench and here. Written cases, every operator and function over operands of each type (as
 * literals and as variables), expressions made at random, variables of every text, what neither takes; and the shapes
 * of the random functions. At the end it tells how many agree. */
#include <math.h>

#include "expressions.h"
#include "pgbench_cases.h"
#include "pgbench_oracle.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum {
    SEED = 12345,
    TEXT_BYTES = 900,
    CASES_MAX = 5000
};

/* What has been compared so far. */
static struct {
    size_t cases;
    size_t agreeing;
    size_t meant;
} tally;

struct question {
    char text[TEXT_BYTES];
    answer ours;
    /* The same with :a and :b instead of literals: nothing is folded. Empty: there is no such form. */
    char unfolded[TEXT_BYTES];
    const struct operand *a, *b;
};

static struct question questions[CASES_MAX];

/* --- Ours -----------------------------------------------------------------------------------------------------------
 */

static void ours_in(const char *text, const struct expr_scope *scope, const struct value *slots, answer out)
{
    static char bytes[4096];
    char got[512];
    struct rng rng = rng_at(1, 1, 1, 1);
    struct scratch scratch = {.data = bytes, .size = sizeof bytes};
    struct eval_scope eval_scope = {.rng = &rng, .slots = slots, .scratch = &scratch};
    evaluate(text, scope, &eval_scope, got);
    if (strncmp(got, "error: ", 7) == 0)
        strcpy(got, "error");
    snprintf(out, ANSWER_BYTES, "%.*s", ANSWER_BYTES - 1, got);
}

static void ours(const char *text, answer out)
{
    static const struct expr_param params[] = {{"default_seed", {.type = VALUE_INT, .integer = SEED}},
                                               {"größe_2", {.type = VALUE_INT, .integer = 7}}};
    struct expr_scope scope = {.params = params, .n_params = 2, .script = true};
    ours_in(text, &scope, NULL, out);
}

static void ours_unfolded(const struct question *question, answer out)
{
    static const char *const names[] = {"a", "b"};
    struct value slots[2] = {question->a->value, question->b ? question->b->value : (struct value){0}};
    struct expr_scope scope = {.variables = names, .n_variables = 2, .default_seed = SEED};
    ours_in(question->unfolded, &scope, slots, out);
}

/* --- Asking both ----------------------------------------------------------------------------------------------------
 */

static const struct meant *find_meant(const char *text)
{
    for (size_t i = 0; i < COUNT(meant); i++)
        if (strcmp(meant[i].text, text) == 0)
            return &meant[i];
    return NULL;
}

static void count_case(const char *text, const char *got, const char *theirs)
{
    tally.cases++;
    if (strcmp(got, theirs) == 0)
        tally.agreeing++;
    else
        print_error("%s\n  pgbench %s\n  ours    %s\n", text, theirs, got);
}

/* Compares the first `count` questions; `defines` are pgbench's own. */
static void compare(const struct oracle *oracle, size_t count, const char *const *defines)
{
    const char **texts = malloc(count * sizeof *texts);
    bool *fails = malloc(count * sizeof *fails);
    answer *answers = malloc(count * sizeof *answers);
    assert_true(texts && fails && answers);
    for (size_t i = 0; i < count; i++) {
        texts[i] = questions[i].text;
        fails[i] = strcmp(questions[i].ours, "error") == 0;
    }
    oracle_ask(oracle, texts, fails, count, defines, answers);
    for (size_t i = 0; i < count; i++) {
        answer unfolded;
        count_case(questions[i].text, questions[i].ours, answers[i]);
        if (!questions[i].unfolded[0])
            continue;
        ours_unfolded(&questions[i], unfolded);
        count_case(questions[i].unfolded, unfolded, answers[i]);
    }
    free(texts);
    free(fails);
    free(answers);
}

static const char *const seed_defined[] = {"-D", "default_seed=12345", "-D", "größe_2=7", NULL};

static struct question *ask(size_t *count, const char *text)
{
    struct question *question = &questions[(*count)++];
    assert_true(*count <= CASES_MAX);
    *question = (struct question){0};
    snprintf(question->text, TEXT_BYTES, "%s", text);
    ours(text, question->ours);
    return question;
}

/* CASE with 40 branches, parentheses 50 deep, a sum of 120. */
static void ask_large(size_t *count)
{
    struct str branches = {0}, nested = {0}, sum = {0};
    str_append(&branches, "CASE");
    for (int i = 0; i < 40; i++)
        str_printf(&branches, " WHEN 3=%d THEN %d", i == 37 ? 3 : 4, i);
    str_append(&branches, " END");
    for (int i = 0; i < 50; i++)
        str_append(&nested, "(");
    str_append(&nested, "1 + 2");
    for (int i = 0; i < 50; i++)
        str_append(&nested, ")");
    for (int i = 0; i < 120; i++)
        str_printf(&sum, "%d+", i % 10);
    str_append(&sum, "1");
    ask(count, str_text(&branches));
    ask(count, str_text(&nested));
    ask(count, str_text(&sum));
    str_deinit(&branches);
    str_deinit(&nested);
    str_deinit(&sum);
}

static void written_cases(void **state)
{
    size_t count = 0;
    for (size_t i = 0; i < COUNT(written); i++)
        ask(&count, written[i]);
    ask_large(&count);
    compare(*state, count, seed_defined);
}

/* --- Operators and functions over operands --------------------------------------------------------------------------
 */

/* `shape` with %1$s and %2$s. */
static void ask_shape(size_t *count, const char *shape, const struct operand *a, const struct operand *b)
{
    char text[TEXT_BYTES];
    snprintf(text, sizeof text, shape, a->text, b ? b->text : "");
    bool awkward = b && ((a->kind == AWKWARD && b->kind == COMMON) || (a->kind == COMMON && b->kind == AWKWARD));
    if (find_meant(text) || awkward)
        return;
    struct question *question = ask(count, text);
    snprintf(question->unfolded, TEXT_BYTES, shape, ":a", ":b");
    question->a = a;
    question->b = b;
}

static void every_operator(void **state)
{
    size_t count = 0;
    for (size_t op = 0; op < COUNT(binary); op++) {
        char shape[64];
        snprintf(shape, sizeof shape, "(%%1$s) %s (%%2$s)", binary[op]);
        bool comparison = strchr("<>=!", *binary[op]) && strcmp(binary[op], "<<") != 0 && strcmp(binary[op], ">>") != 0;
        for (size_t a = 0; a < COUNT(operands); a++)
            for (size_t b = 0; b < COUNT(operands); b++) {
                bool booleans = operands[a].value.type == VALUE_BOOL && operands[b].value.type == VALUE_BOOL;
                if (!(booleans && comparison)) /* meant */
                    ask_shape(&count, shape, &operands[a], &operands[b]);
            }
    }
    compare(*state, count, seed_defined);
}

static void every_function(void **state)
{
    size_t count = 0;
    for (size_t i = 0; i < COUNT(of_one); i++)
        for (size_t a = 0; a < COUNT(operands); a++)
            ask_shape(&count, of_one[i], &operands[a], NULL);
    for (size_t i = 0; i < COUNT(of_two); i++)
        for (size_t a = 0; a < COUNT(operands); a++)
            for (size_t b = 0; b < COUNT(operands); b++)
                ask_shape(&count, of_two[i], &operands[a], &operands[b]);
    compare(*state, count, seed_defined);
}

/* --- Made at random -------------------------------------------------------------------------------------------------
 */

static void make_number(struct rng *rng, int depth, struct str *out);

static const char *one_of(struct rng *rng, const char *const *words, size_t count)
{
    return words[rng_next(rng) % count];
}

/* A comparison always stands in parentheses where another could follow it: they do not chain. */
static void make_truth(struct rng *rng, int depth, struct str *out)
{
    static const char *const comparisons[] = {" < ", " <= ", " = ", " <> ", " != ", " >= ", " > "};
    static const char *const tests[] = {" IS NULL", " IS NOT NULL", " IS TRUE", " IS NOT FALSE", " ISNULL", " NOTNULL"};
    static const char *const constants[] = {"TRUE", "FALSE", "NULL", "true"};
    switch (depth <= 0 ? 0 : rng_next(rng) % 6) {
    case 0:
        str_append(out, one_of(rng, constants, COUNT(constants)));
        break;
    case 1:
        str_append(out, "NOT ");
        make_truth(rng, depth - 1, out);
        break;
    case 2:
        make_truth(rng, depth - 1, out);
        str_append(out, rng_next(rng) % 2 ? " AND " : " OR ");
        make_truth(rng, depth - 1, out);
        break;
    case 3:
        str_append(out, "(");
        make_truth(rng, depth - 1, out);
        str_printf(out, ")%s", one_of(rng, tests, COUNT(tests)));
        break;
    default:
        str_append(out, "(");
        make_number(rng, depth - 1, out);
        str_append(out, one_of(rng, comparisons, COUNT(comparisons)));
        make_number(rng, depth - 1, out);
        str_append(out, ")");
    }
}

static void make_call(struct rng *rng, int depth, struct str *out)
{
    static const char *const names[] = {"abs", "int", "double", "sqrt", "exp", "ln"};
    static const char *const longer[] = {"greatest", "least", "mod", "pow", "hash_fnv1a", "hash"};
    bool one = rng_next(rng) % 2;
    str_printf(out, "%s(", one ? one_of(rng, names, COUNT(names)) : one_of(rng, longer, COUNT(longer)));
    make_number(rng, depth - 1, out);
    if (!one) {
        str_append(out, ", ");
        make_number(rng, depth - 1, out);
    }
    str_append(out, ")");
}

static void make_case(struct rng *rng, int depth, struct str *out)
{
    str_append(out, "CASE WHEN ");
    make_truth(rng, depth - 1, out);
    str_append(out, " THEN ");
    make_number(rng, depth - 1, out);
    if (rng_next(rng) % 2) {
        str_append(out, " ELSE ");
        make_number(rng, depth - 1, out);
    }
    str_append(out, " END");
}

static void make_number(struct rng *rng, int depth, struct str *out)
{
    static const char *const constants[] = {"0", "1", "2", "7", "13", "100", "2.5", "0.1", "1e3", "NULL", "63", "255"};
    static const char *const operators[] = {" + ", " - ", " * ", " / ", " % ", " | ", " & ", " # ", " << ", " >> "};
    static const char *const prefixes[] = {"- ", "~ ", "+ "};
    switch (depth <= 0 ? 0 : rng_next(rng) % 8) {
    case 0:
        str_append(out, one_of(rng, constants, COUNT(constants) - (rng_next(rng) % 2 ? 3 : 0)));
        break;
    case 1:
        str_append(out, one_of(rng, prefixes, COUNT(prefixes)));
        make_number(rng, depth - 1, out);
        break;
    case 2:
        make_call(rng, depth, out);
        break;
    case 3:
        make_case(rng, depth, out);
        break;
    case 4:
        str_append(out, "(");
        make_number(rng, depth - 1, out);
        str_append(out, ")");
        break;
    default:
        make_number(rng, depth - 1, out);
        str_append(out, one_of(rng, operators, COUNT(operators)));
        make_number(rng, depth - 1, out);
    }
}

enum {
    RANDOM_CASES = 1000,
    RANDOM_ERRORS = 150
};

static void made_at_random(void **state)
{
    struct rng rng = rng_at(2026, 11, 21, 0);
    size_t count = 0, errors = 0;
    while (count < RANDOM_CASES) {
        struct str text = {0};
        (count % 3 ? make_number : make_truth)(&rng, 4, &text);
        if (text.len < TEXT_BYTES) {
            struct question *question = ask(&count, str_text(&text));
            bool error = strcmp(question->ours, "error") == 0;
            count -= error && errors >= RANDOM_ERRORS; /* each costs pgbench a client */
            errors += error;
        }
        str_deinit(&text);
    }
    compare(*state, count, seed_defined);
}

/* --- Variables ------------------------------------------------------------------------------------------------------
 */

static void texts_of_variables_count_as_in_pgbench(void **state)
{
    enum {
        VARIABLES = COUNT(texts_of_variables)
    };
    static char names[VARIABLES][8], definitions[VARIABLES][TEXT_BYTES];
    const char *variables[VARIABLES], *defines[2 * VARIABLES + 1];
    struct value slots[VARIABLES];
    size_t count = 0;
    for (size_t i = 0; i < VARIABLES; i++) {
        const char *text = texts_of_variables[i];
        snprintf(names[i], sizeof names[i], "t%zu", i);
        snprintf(definitions[i], sizeof definitions[i], "t%zu=%s", i, text);
        variables[i] = names[i];
        defines[2 * i] = "-D";
        defines[2 * i + 1] = definitions[i];
        slots[i] = (struct value){.type = VALUE_TEXT};
        slots[i].text.data = text;
        slots[i].text.len = strlen(text);
    }
    defines[2 * VARIABLES] = NULL;
    struct expr_scope scope = {.variables = variables, .n_variables = VARIABLES, .script = true};
    for (size_t i = 0; i < VARIABLES; i++)
        for (size_t k = 0; k < COUNT(of_variable); k++) {
            struct question *question = &questions[count++];
            *question = (struct question){0};
            snprintf(question->text, TEXT_BYTES, of_variable[k], names[i]);
            ours_in(question->text, &scope, slots, question->ours);
        }
    compare(*state, count, defines);
}

/* --- What neither takes, and what only we take ----------------------------------------------------------------------
 */

static void neither_takes_these(void **state)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        answer got;
        ours(refused[i], got);
        count_case(refused[i], got, oracle_accepts(*state, refused[i]) ? "accepted" : "error");
    }
}

static void check_meant(const struct oracle *oracle, const struct meant *row)
{
    answer got, theirs;
    bool error = row->theirs && strcmp(row->theirs, "error") == 0;
    ours(row->text, got);
    if (strcmp(got, row->ours) != 0)
        fail_msg("%s is %s", row->text, got);
    if (row->theirs)
        oracle_ask(oracle, &row->text, &error, 1, NULL, &theirs);
    if (row->theirs && strcmp(theirs, row->theirs) != 0)
        fail_msg("pgbench says %s of %s", theirs, row->text);
    tally.meant++;
}

static void differences_are_meant(void **state)
{
    const struct oracle *oracle = *state;
    answer got;
    for (size_t i = 0; i < COUNT(meant); i++)
        check_meant(oracle, &meant[i]);
    for (size_t i = 0; i < COUNT(extensions); i++) {
        check_meant(oracle, &extensions[i]);
        if (oracle_accepts(oracle, extensions[i].text))
            fail_msg("pgbench takes %s", extensions[i].text);
    }
    ours(EMPTY_ARGUMENT, got);
    assert_string_equal(got, "error");
    assert_true(oracle_accepts(oracle, EMPTY_ARGUMENT));
    tally.meant++;
}

/* --- Shapes ---------------------------------------------------------------------------------------------------------
 */

enum {
    DRAWS = 20000,
    CELLS = 20,
    CELL_BITS = 5
};

static const struct {
    const char *text;
    int lo;
    int hi;
} shapes[] = {
    {"random(1, 20)", 1, 20},
    {"random(-5, 5)", -5, 5},
    {"random_gaussian(1, 20, 2.0)", 1, 20},
    {"random_gaussian(-9, 10, 4.5)", -9, 10},
    {"random_exponential(1, 20, 0.1)", 1, 20},
    {"random_exponential(1, 20, 5)", 1, 20},
    {"random_zipfian(1, 20, 1.05)", 1, 20},
    {"random_zipfian(-3, 6, 1.5)", -3, 6},
    {"random_zipfian(1, 20, 3)", 1, 20},
    {"(hash(random(1, 1000000), 3) & 7)", 0, 7},
};

static void count_ours(size_t shape, double *cells)
{
    struct rng rng = rng_at(20260, 1, 2, shape);
    struct expr_scope scope = {0};
    struct eval_scope eval_scope = {.rng = &rng};
    struct arena *arena = arena_new();
    const struct program *program = expr_compile(arena, shapes[shape].text, &scope);
    assert_non_null(program);
    for (int i = 0; i < DRAWS; i++) {
        struct value value;
        assert_int_equal(eval(program, &eval_scope, &value), MAKE_OK);
        assert_in_range(value.integer - shapes[shape].lo, 0, shapes[shape].hi - shapes[shape].lo);
        cells[value.integer - shapes[shape].lo]++;
    }
    arena_free(arena);
}

/* All shapes in one number: pgbench writes each with several system calls. */
static void count_theirs(const struct oracle *oracle, double cells[][CELLS])
{
    char draws[16];
    struct str output = {0};
    FILE *file = fopen(oracle->script, "w");
    assert_non_null(file);
    fprintf(file, "\\set v debug(0");
    for (size_t i = 0; i < COUNT(shapes); i++)
        fprintf(file, " + (%s - (%d) << %zu)", shapes[i].text, shapes[i].lo, i * CELL_BITS);
    fprintf(file, ")\n");
    assert_int_equal(fclose(file), 0);
    snprintf(draws, sizeof draws, "%d", DRAWS);
    assert_true(oracle_run(oracle, (const char *const[]){"-t", draws, NULL}, &output));
    for (const char *line = str_text(&output); (line = strstr(line, "command=")); line++) {
        int64_t all = strtoll(strstr(line, "int ") + 4, NULL, 10);
        for (size_t i = 0; i < COUNT(shapes); i++) {
            int cell = (int)(all >> (i * CELL_BITS)) & ((1 << CELL_BITS) - 1);
            assert_in_range(cell, 0, shapes[i].hi - shapes[i].lo);
            cells[i][cell]++;
        }
    }
    str_deinit(&output);
}

/* Two samples of the same size, cells with few pooled: chi-square against a bound that chance passes once in 10^5. */
static double too_far(const double *a, const double *b, double *bound)
{
    double sum = 0, rest_a = 0, rest_b = 0;
    int cells = -1;
    for (int i = 0; i <= CELLS; i++) {
        bool few = i < CELLS && a[i] + b[i] < 20;
        double x = i < CELLS ? a[i] : rest_a, y = i < CELLS ? b[i] : rest_b;
        if (few) {
            rest_a += x;
            rest_b += y;
        } else if (x + y > 0) {
            sum += (x - y) * (x - y) / (x + y);
            cells++;
        }
    }
    double df = cells > 0 ? cells : 1, z = 4.265; /* Wilson and Hilferty's approximation */
    *bound = df * pow(1 - 2 / (9 * df) + z * sqrt(2 / (9 * df)), 3);
    return sum;
}

static void random_functions_have_the_same_shape(void **state)
{
    static double ours_cells[COUNT(shapes)][CELLS], theirs_cells[COUNT(shapes)][CELLS];
    count_theirs(*state, theirs_cells);
    for (size_t i = 0; i < COUNT(shapes); i++) {
        double bound, total = 0;
        count_ours(i, ours_cells[i]);
        for (int k = 0; k < CELLS; k++)
            total += theirs_cells[i][k];
        assert_true(total == DRAWS);
        double chi = too_far(ours_cells[i], theirs_cells[i], &bound);
        if (chi > bound)
            fail_msg("%s: chi-square %.1f, at most %.1f", shapes[i].text, chi, bound);
        /* The test can tell: another parameter's shape is far off. */
        assert_true(i == 0 || shapes[i].lo != shapes[i - 1].lo || shapes[i].hi != shapes[i - 1].hi ||
                    too_far(ours_cells[i], theirs_cells[i - 1], &bound) > bound);
    }
}

static void nothing_differs(void **state)
{
    (void)state;
    print_message("compared with pgbench: %zu cases, %zu agree, %zu differ; %zu differences are meant\n", tally.cases,
                  tally.agreeing, tally.cases - tally.agreeing, tally.meant);
    assert_true(tally.cases >= 500);
    assert_int_equal(tally.cases, tally.agreeing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_cases),
        cmocka_unit_test(every_operator),
        cmocka_unit_test(every_function),
        cmocka_unit_test(made_at_random),
        cmocka_unit_test(texts_of_variables_count_as_in_pgbench),
        cmocka_unit_test(neither_takes_these),
        cmocka_unit_test(differences_are_meant),
        cmocka_unit_test(random_functions_have_the_same_shape),
        cmocka_unit_test(nothing_differs),
    };
    return cmocka_run_group_tests(tests, oracle_start, oracle_stop);
}

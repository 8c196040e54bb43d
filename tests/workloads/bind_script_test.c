/* What a script becomes: steps with jumps, slots, and SQL cut at its variables as the protocol wants it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "unit.h"
#include "workloads/eval.h"
#include "workloads/workload.h"

static struct workload *load(const struct override *overrides, size_t count)
{
    struct workload *workload = NULL;
    struct problems problems = {0};
    struct str shown = {0};
    if (!workload_load_scripts(overrides, count, &workload, &problems)) {
        problems_print(&problems, false, &shown);
        fail_msg("%s", str_text(&shown));
    }
    problems_deinit(&problems);
    return workload;
}

static struct workload *load_text(const char *protocol, const char *text)
{
    char path[] = "/tmp/pgdyno-bind-XXXXXX.sql";
    int fd = mkstemps(path, 4);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    const struct override overrides[] = {
        {"measure.protocol", protocol, "-M"}, {OVERRIDE_SCRIPT_FILE, path, "-f"}, {"params.given", "7", "-D"}};
    struct workload *workload = load(overrides, 3);
    unlink(path);
    return workload;
}

static int slot_of(const struct transaction *transaction, const char *name)
{
    for (int i = 0; i < transaction->n_variables; i++)
        if (strcmp(transaction->variables[i], name) == 0)
            return i;
    return -1;
}

static const struct statement *first(const struct workload *workload)
{
    assert_true(workload->transactions[0].n_statements > 0);
    return &workload->transactions[0].statements[0];
}

static void parameters_outside_quotes(void **state)
{
    (void)state;
    struct workload *workload =
        load_text("prepared", "\\set x 1\nSELECT :x, :x::int, ':other', a[1:2], :nobody; -- :x");
    const struct statement *statement = first(workload);
    assert_string_equal(statement->sql, "SELECT $1, $2::int, ':other', a[1:2], :nobody");
    assert_int_equal(statement->n_params, 2);
    assert_int_equal(statement->params[1], slot_of(&workload->transactions[0], "x"));
    assert_string_equal(statement->text, "SELECT :x, :x::int, ':other', a[1:2], :nobody");
    assert_true(workload->transactions[0].script);
    assert_false(workload->transactions[0].block);
    workload_free(workload);
}

static void text_anywhere_in_the_simple_protocol(void **state)
{
    (void)state;
    struct workload *workload = load_text("simple", "\\set x 1\nSELECT ':x' AS a:x, ':other' \\; SELECT 2;");
    const struct statement *statement = first(workload);
    assert_int_equal(statement->n_params, 2);
    assert_string_equal(statement->parts[0], "SELECT '");
    assert_string_equal(statement->parts[1], "' AS a");
    assert_string_equal(statement->parts[2], ", ':other'  ; SELECT 2");
    assert_true(statement->verbatim);
    assert_true(statement->several);
    assert_null(statement->unset[0]);
    workload_free(workload);
}

static void names_that_a_gset_before_may_fill(void **state)
{
    (void)state;
    struct workload *workload =
        load_text("simple", "SELECT ':p_a', ':q_a';\nSELECT 1 AS a \\gset p_\nSELECT ':p_a', ':q_a';\n");
    const struct transaction *transaction = &workload->transactions[0];
    assert_int_equal(transaction->statements[0].n_params, 0);
    assert_int_equal(transaction->statements[1].keep, KEEP_GSET);
    assert_string_equal(transaction->statements[1].prefix, "p_");
    assert_int_equal(transaction->statements[2].n_params, 1);
    assert_string_equal(transaction->statements[2].unset[0], ":p_a");
    assert_int_equal(slot_of(transaction, "q_a"), -1);
    workload_free(workload);
}

static void branches_jump(void **state)
{
    (void)state;
    struct workload *workload =
        load_text("prepared", "\\if 1\nSELECT 1;\n\\elif 2\nSELECT 2;\n\\else\nSELECT 3;\n\\endif\nSELECT 4;\n");
    const struct transaction *transaction = &workload->transactions[0];
    static const enum step_kind kinds[] = {STEP_JUMP_UNLESS, STEP_SQL,  STEP_JUMP, STEP_JUMP_UNLESS,
                                           STEP_SQL,         STEP_JUMP, STEP_SQL,  STEP_SQL};
    assert_int_equal(transaction->n_steps, 8);
    for (int i = 0; i < 8; i++)
        assert_int_equal(transaction->steps[i].kind, kinds[i]);
    assert_int_equal(transaction->steps[0].target, 3);
    assert_int_equal(transaction->steps[2].target, 7);
    assert_int_equal(transaction->steps[3].target, 6);
    assert_int_equal(transaction->steps[5].target, 7);
    workload_free(workload);
}

static int64_t evaluate(const struct program *program, const struct value *slots)
{
    struct rng rng = rng_at(1, 0, 0, 0);
    struct scratch scratch = {0};
    struct eval_scope scope = {.rng = &rng, .slots = slots, .scratch = &scratch};
    struct value value;
    assert_int_equal(eval(program, &scope, &value), MAKE_OK);
    assert_int_equal(value.type, VALUE_INT);
    return value.integer;
}

static void what_pgbench_defines(void **state)
{
    (void)state;
    struct workload *workload =
        load_text("prepared",
                  "\\set a :scale + :random_seed\n\\set b :client_id\n\\set given :given + 1\nSELECT :given, :scale;");
    const struct transaction *transaction = &workload->transactions[0];
    struct value slots[8] = {0};
    assert_true(transaction->n_variables <= 8);
    for (int i = 0; i < transaction->n_lets; i++)
        slots[transaction->lets[i].slot] =
            (struct value){.type = VALUE_INT, .integer = evaluate(transaction->lets[i].value, slots)};
    assert_int_equal(slots[slot_of(transaction, "given")].integer, 7);
    assert_int_equal(slots[slot_of(transaction, "scale")].integer, 1);
    assert_int_equal(transaction->steps[0].kind, STEP_CLIENT);
    assert_int_equal(transaction->steps[0].slot, slot_of(transaction, "client_id"));
    assert_int_equal(evaluate(transaction->steps[1].value, slots), 1 + 42);
    assert_int_equal(evaluate(transaction->steps[3].value, slots), 8);
    workload_free(workload);
}

static void sleeps_have_units(void **state)
{
    (void)state;
    struct workload *workload = load_text("prepared", "\\sleep 5 ms\n\\sleep 1\nSELECT 1;");
    const struct transaction *transaction = &workload->transactions[0];
    assert_int_equal(transaction->steps[0].unit_ns, NS_PER_MS);
    assert_int_equal(evaluate(transaction->steps[0].value, NULL), 5);
    assert_int_equal(transaction->steps[1].unit_ns, NS_PER_S);
    workload_free(workload);
}

static void transactions_are_named_after_their_scripts(void **state)
{
    (void)state;
    const struct override overrides[] = {
        {OVERRIDE_SCRIPT_BUILTIN, "sel@3", "-b"},
        {OVERRIDE_SCRIPT_BUILTIN, "select-only", "-b"},
        {OVERRIDE_SCRIPT_FILE, TEST_DATA_DIR "/scripts/gset.sql@0", "-f"},
    };
    struct workload *workload = load(overrides, 3);
    assert_int_equal(workload->n_transactions, 3);
    assert_string_equal(workload->transactions[0].name, "select_only");
    assert_int_equal(workload->transactions[0].weight, 3);
    assert_string_equal(workload->transactions[1].name, "select_only_2");
    assert_string_equal(workload->transactions[2].name, "gset");
    assert_int_equal(workload->transactions[2].weight, 0);
    assert_int_equal(workload->total_weight, 4);
    assert_true(workload->existing);
    assert_true(workload->builtins);
    assert_int_equal(workload->measure.protocol, PROTOCOL_SIMPLE);
    workload_free(workload);
}

static void a_script_is_part_of_the_hash(void **state)
{
    (void)state;
    struct workload *one = load_text("simple", "SELECT 1;"), *two = load_text("simple", "SELECT 2;");
    assert_string_not_equal(one->hash, two->hash);
    workload_free(one);
    workload_free(two);
}

static void control_is_marked(void **state)
{
    (void)state;
    struct workload *workload = load_text("simple", "BEGIN;\nselect 1;\nEnd;\nBEGINNING;");
    const struct statement *statements = workload->transactions[0].statements;
    assert_true(statements[0].control);
    assert_false(statements[1].control);
    assert_true(statements[2].control);
    assert_false(statements[3].control);
    assert_false(statements[3].late);
    workload_free(workload);
    workload = load_text("prepared", "SELECT 1; BEGIN; CREATE TEMP TABLE t (x int); SELECT * FROM t; END;");
    statements = workload->transactions[0].statements;
    assert_false(statements[2].late);
    assert_true(statements[3].late);
    workload_free(workload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_outside_quotes),
        cmocka_unit_test(text_anywhere_in_the_simple_protocol),
        cmocka_unit_test(names_that_a_gset_before_may_fill),
        cmocka_unit_test(branches_jump),
        cmocka_unit_test(what_pgbench_defines),
        cmocka_unit_test(sleeps_have_units),
        cmocka_unit_test(transactions_are_named_after_their_scripts),
        cmocka_unit_test(a_script_is_part_of_the_hash),
        cmocka_unit_test(control_is_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

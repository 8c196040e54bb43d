/* A workload is loaded, and what it makes is made. */
#include <string.h>

#include "base/str.h"
#include "target.h"
#include "workloads/eval.h"

enum {
    SCRATCH_BYTES = 65536
};

static void make_rows(const struct table_spec *table)
{
    struct row_maker *maker;
    if (table->rows < 1 || !row_maker_new(table, &maker, NULL))
        return;
    const int64_t rows[] = {1, table->rows / 2 + 1, table->rows};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct value *cells;
        size_t bad_column = 0;
        if (row_maker_row(maker, rows[i], &cells, &bad_column) != MAKE_OK)
            fuzz_require(bad_column < table->n_columns);
    }
    row_maker_free(maker);
}

static void check_slots(const struct transaction *transaction, const int *slots, int count)
{
    for (int i = 0; i < count; i++)
        fuzz_require(slots[i] >= 0 && slots[i] < transaction->n_variables);
}

/* What cuts SQL at its parameters may lose or invent nothing around them. */
static void check_statement(const struct transaction *transaction, const struct statement *statement)
{
    size_t len = 0;
    fuzz_require(*statement->text && statement->sql && *statement->prepared_name && *statement->where);
    check_slots(transaction, statement->params, statement->n_params);
    check_slots(transaction, statement->into, statement->n_into);
    for (int i = 0; i <= statement->n_params; i++)
        len += strlen(statement->parts[i]);
    fuzz_require(len <= strlen(statement->text));
    fuzz_require(statement->keep != KEEP_ROWS || (statement->loop >= 0 && statement->loop < transaction->n_loops));
    fuzz_require((statement->keep != KEEP_GSET && statement->keep != KEEP_ASET) || statement->prefix);
}

static void make_copied_row(const struct copy_rows *copy, struct eval_scope *scope)
{
    struct value value;
    eval(copy->rows, scope, &value);
    for (int i = 0; i < copy->n_values; i++)
        eval(copy->values[i], scope, &value);
}

static void run_step(const struct transaction *transaction, const struct step *step, struct eval_scope *scope,
                     struct value *slots)
{
    struct value value;
    bool sends = step->kind == STEP_SQL || step->kind == STEP_COPY;
    bool loops = step->kind == STEP_REPEAT || step->kind == STEP_ROUND || step->kind == STEP_EACH;
    fuzz_require(step->target >= 0 && step->target <= transaction->n_steps);
    fuzz_require(!sends || (step->statement >= 0 && step->statement < transaction->n_statements));
    fuzz_require(!loops || (step->loop >= 0 && step->loop < transaction->n_loops));
    fuzz_require(step->slot >= 0 && (step->kind != STEP_SET || step->slot < transaction->n_variables));
    check_slots(transaction, step->into, step->n_into);
    if (step->copy)
        make_copied_row(step->copy, scope);
    if (step->value && eval(step->value, scope, &value) == MAKE_OK && step->kind == STEP_SET)
        slots[step->slot] = value;
}

static void run_transaction(const struct transaction *transaction)
{
    static char bytes[SCRATCH_BYTES];
    struct scratch scratch = {.data = bytes, .size = sizeof bytes};
    struct rng rng = rng_at(1, 2, 3, 4);
    struct value *slots = calloc((size_t)transaction->n_variables + 1, sizeof *slots);
    fuzz_require(slots != NULL);
    struct eval_scope scope = {.rng = &rng, .slots = slots, .scratch = &scratch};
    for (int i = 0; i < transaction->n_lets; i++) {
        const struct let *let = &transaction->lets[i];
        check_slots(transaction, &let->slot, 1);
        if (eval(let->value, &scope, &slots[let->slot]) != MAKE_OK)
            slots[let->slot] = (struct value){.type = VALUE_NULL};
    }
    for (int i = 0; i < transaction->n_statements; i++)
        check_statement(transaction, &transaction->statements[i]);
    for (int i = 0; i < transaction->n_steps; i++)
        run_step(transaction, &transaction->steps[i], &scope, slots);
    free(slots);
}

static void use(const struct workload *workload)
{
    fuzz_require(workload->n_variants > 0 && workload->n_transactions > 0);
    for (size_t i = 0; i < workload->n_tables; i++)
        make_rows(&workload->tables[i]);
    for (size_t i = 0; i < workload->n_transactions; i++)
        run_transaction(&workload->transactions[i]);
    for (size_t v = 0; v < workload->n_variants; v++)
        for (size_t i = 0; workload->variants[v].rewrites && i < workload->n_transactions; i++)
            run_transaction(&workload->variants[v].transactions[i]);
}

void fuzz_workload(const char *path, const struct override *overrides, size_t n_overrides)
{
    struct workload *workload = NULL;
    struct problems problems;
    struct str shown = {0};
    bool loaded = workload_load(path, overrides, n_overrides, &workload, &problems);
    problems_print(&problems, false, &shown);
    fuzz_require(loaded == (workload != NULL));
    fuzz_require(loaded == (problems.count == 0 && !problems.failed));
    fuzz_require(loaded || strlen(str_text(&shown)) > 0);
    if (loaded)
        use(workload);
    str_deinit(&shown);
    problems_deinit(&problems);
    workload_free(workload);
}

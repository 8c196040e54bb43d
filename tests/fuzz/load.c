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
        fuzz_require(let->slot >= 0 && let->slot < transaction->n_variables);
        if (eval(let->value, &scope, &slots[let->slot]) != MAKE_OK)
            slots[let->slot] = (struct value){.type = VALUE_NULL};
    }
    for (int i = 0; i < transaction->n_steps; i++) {
        const struct step *step = &transaction->steps[i];
        struct value value;
        fuzz_require(step->target >= 0 && step->target <= transaction->n_steps);
        fuzz_require(step->kind != STEP_SQL || step->statement < transaction->n_statements);
        if (step->value)
            eval(step->value, &scope, &value);
    }
    for (int i = 0; i < transaction->n_statements; i++)
        for (int k = 0; k < transaction->statements[i].n_params; k++)
            fuzz_require(transaction->statements[i].params[k] < transaction->n_variables);
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

/* eval [REPEATS]: nanoseconds for an expression, and for a row of the catalog's `tasks`; and for making the rows of
 * pgbench_accounts' shape from expressions. Medians; one core, no server. */
#include "workloads/eval.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/proc.h"
#include "workloads/workload.h"

enum {
    DRAWS = 2000000,
    MOST = 101
};

static struct workload *load(const char *path)
{
    struct workload *workload = NULL;
    struct problems problems = {0};
    struct str shown = {0};
    if (workload_load(path, NULL, 0, &workload, &problems))
        return workload;
    problems_print(&problems, false, &shown);
    fprintf(stderr, "%s", str_text(&shown));
    exit(1);
}

static double time_let(const struct program *program, int64_t *sum)
{
    char bytes[4096];
    struct scratch scratch = {.data = bytes, .size = sizeof bytes};
    struct rng rng = rng_at(1, 2, 3, 4);
    struct value slots[1] = {{.type = VALUE_INT, .integer = 12345}};
    struct eval_scope scope = {.rng = &rng, .slots = slots, .scratch = &scratch};
    int64_t started_ns = proc_cpu_ns();
    for (int i = 0; i < DRAWS; i++) {
        struct value value;
        scratch.used = 0;
        if (eval(program, &scope, &value) != MAKE_OK)
            exit(1);
        *sum += value.integer;
    }
    return (double)(proc_cpu_ns() - started_ns) / DRAWS;
}

static double time_rows(const struct table_spec *table, int64_t *sum)
{
    struct row_maker *maker;
    if (!row_maker_new(table, &maker, NULL))
        exit(1);
    int64_t rows = table->rows < 400000 ? table->rows : 400000;
    int64_t started_ns = proc_cpu_ns();
    for (int64_t row = 1; row <= rows; row++) {
        const struct value *cells;
        size_t bad_column;
        if (row_maker_row(maker, row, &cells, &bad_column) != MAKE_OK)
            exit(1);
        *sum += cells[0].integer;
    }
    double ns = (double)(proc_cpu_ns() - started_ns) / (double)rows;
    row_maker_free(maker);
    return ns;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(const char *what, double *ns, int repeats)
{
    qsort(ns, (size_t)repeats, sizeof *ns, ascending);
    printf("%-60s median %7.1f ns (%.1f … %.1f)\n", what, ns[repeats / 2], ns[0], ns[repeats - 1]);
}

int main(int argc, char **argv)
{
    int repeats = argc > 1 ? atoi(argv[1]) : 5;
    double ns[MOST];
    int64_t sum = 0;
    if (repeats < 1 || repeats > MOST)
        return 1;
    struct workload *expressions = load(TEST_PERF_DIR "/eval.yaml"), *tasks = load(PGDYNO_TASKS);
    for (size_t i = 0; i < expressions->n_transactions; i++) {
        const struct transaction *transaction = &expressions->transactions[i];
        for (int k = 0; k < repeats; k++)
            ns[k] = time_let(transaction->lets[transaction->n_lets - 1].value, &sum);
        print(transaction->statements[0].text + strlen("-- "), ns, repeats);
    }
    for (size_t i = 0; i < expressions->n_tables + tasks->n_tables; i++) {
        bool ours = i < expressions->n_tables;
        const struct table_spec *table = ours ? &expressions->tables[i] : &tasks->tables[i - expressions->n_tables];
        char what[100];
        for (int k = 0; k < repeats; k++)
            ns[k] = time_rows(table, &sum);
        snprintf(what, sizeof what, "a row of %s (%zu columns)", table->name, table->n_columns);
        print(what, ns, repeats);
    }
    workload_free(expressions);
    workload_free(tasks);
    return sum == 0; /* so that nothing is optimised away */
}

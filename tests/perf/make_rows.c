/* make_rows [MILLION_ROWS [REPEATS]]: rows of pgbench_accounts' shape, of the catalog's `tasks` and of a column of each
 * type, made and encoded for COPY on one core, no server. */
#include <stdio.h>
#include <stdlib.h>

#include "accounts.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/str.h"
#include "generators/copy.h"
#include "workloads/workload.h"

static double make_rows(const struct table_spec *table, int64_t *bytes)
{
    struct row_maker *maker;
    struct err err;
    struct str piece = {0};
    if (!row_maker_new(table, &maker, &err))
        exit(1);
    int64_t started_ns = clock_now_ns();
    for (int64_t row = 1; row <= table->rows; row++) {
        const struct value *cells;
        size_t bad_column;
        if (row_maker_row(maker, row, &cells, &bad_column) != MAKE_OK || !copy_row(&piece, cells, table->n_columns))
            exit(1);
        if (piece.len >= 65536) {
            *bytes += (int64_t)piece.len;
            str_clear(&piece);
        }
    }
    double seconds = (double)(clock_now_ns() - started_ns) / (double)NS_PER_S;
    *bytes += (int64_t)piece.len;
    str_deinit(&piece);
    row_maker_free(maker);
    return (double)table->rows / seconds;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The largest table of a workload's file: nanoseconds of CPU a row. */
static void time_workload(const char *path, int repeats, double *ns)
{
    struct workload *workload = NULL;
    struct problems problems = {0};
    int64_t bytes = 0;
    if (!workload_load(path, NULL, 0, &workload, &problems))
        exit(1);
    const struct table_spec *table = &workload->tables[0];
    for (size_t i = 1; i < workload->n_tables; i++)
        table = workload->tables[i].rows > table->rows ? &workload->tables[i] : table;
    struct table_spec long_table = *table;
    long_table.rows = 400000; /* t.c[n] still looks at the rows that there are */
    for (int i = 0; i < repeats; i++) {
        int64_t started_ns = proc_cpu_ns();
        make_rows(&long_table, &bytes);
        ns[i] = (double)(proc_cpu_ns() - started_ns) / (double)long_table.rows;
    }
    qsort(ns, (size_t)repeats, sizeof *ns, ascending);
    printf("%-10s %2zu columns %26s %7.1f ns a row (%.1f … %.1f), %.0f bytes a row\n", table->name, table->n_columns,
           "median", ns[repeats / 2], ns[0], ns[repeats - 1], (double)bytes / repeats / (double)long_table.rows);
    workload_free(workload);
    problems_deinit(&problems);
}

int main(int argc, char **argv)
{
    int64_t millions = argc > 1 ? atoll(argv[1]) : 4;
    enum {
        MOST = 101
    };
    int repeats = argc > 2 ? atoi(argv[2]) : 5;
    double rates[MOST];
    if (millions < 1 || repeats < 1 || repeats > MOST)
        return 1;
    for (int letters = 0; letters < 2; letters++) {
        struct table_spec table;
        int64_t bytes = 0;
        accounts_table(&table, millions * 10, letters);
        for (int i = 0; i < repeats; i++)
            rates[i] = make_rows(&table, &bytes);
        qsort(rates, (size_t)repeats, sizeof(*rates), ascending);
        printf("%-40s median %6.2f million rows/s (%.2f … %.2f), %.0f bytes a row\n",
               letters ? "filler of 84 random letters" : "filler empty, as pgbench sends it", rates[repeats / 2] / 1e6,
               rates[0] / 1e6, rates[repeats - 1] / 1e6, (double)bytes / repeats / (double)table.rows);
    }
    time_workload(PGDYNO_TASKS, repeats, rates);
    time_workload(PGDYNO_TYPES, repeats, rates);
    return 0;
}

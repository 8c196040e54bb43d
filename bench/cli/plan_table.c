#include "cli/plan_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plan_table {
    const struct workload *workload;
    int n_statements;
    char (*shapes)[PLAN_SHAPE_BYTES]; /* [variant × n_statements + statement] */
};

static int statement_index(const struct plan_table *table, int transaction, int number)
{
    int before = 0;
    for (int t = 0; t < transaction; t++)
        before += table->workload->transactions[t].n_statements;
    return before + number - 1;
}

struct plan_table *plan_table_new(const struct workload *workload)
{
    struct plan_table *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    table->workload = workload;
    table->n_statements = statement_index(table, (int)workload->n_transactions, 1);
    table->shapes = calloc(workload->n_variants * (size_t)table->n_statements + 1, sizeof *table->shapes);
    if (table->shapes)
        return table;
    free(table);
    return NULL;
}

void plan_table_free(struct plan_table *table)
{
    if (table)
        free(table->shapes);
    free(table);
}

static char *shape(const struct plan_table *table, int variant, int statement)
{
    return table->shapes[(size_t)variant * (size_t)table->n_statements + (size_t)statement];
}

static bool begin(void *user, const struct run_header *header, struct err *err)
{
    (void)user, (void)header, (void)err;
    return true;
}

static bool remember(void *user, const struct plan_result *plan, struct err *err)
{
    (void)err;
    const struct plan_table *table = user;
    int statement = statement_index(table, plan->transaction, plan->statement);
    snprintf(shape(table, plan->variant, statement), PLAN_SHAPE_BYTES, "%s", plan->plan->shape);
    return true;
}

static bool ignore(void *user, const struct trial_result *trial, struct err *err)
{
    (void)user, (void)trial, (void)err;
    return true;
}

struct run_sink plan_table_sink(struct plan_table *table)
{
    return (struct run_sink){table, begin, remember, ignore};
}

/* A variant whose plan is the baseline's needs no second line. */
static void print_statement(const struct plan_table *table, int statement, struct str *out)
{
    const struct workload *workload = table->workload;
    const char *baseline = shape(table, 0, statement);
    bool differs = false;
    str_printf(out, "    %s: %s\n", workload->variants[0].name, *baseline ? baseline : "(no plan)");
    for (size_t v = 1; v < workload->n_variants; v++) {
        const char *other = shape(table, (int)v, statement);
        if (strcmp(other, baseline) == 0)
            continue;
        differs = true;
        str_printf(out, "    %s: %s\n", workload->variants[v].name, *other ? other : "(no plan)");
    }
    if (!differs && workload->n_variants > 1)
        str_append(out, "    the same under every variant\n");
}

void plan_table_print(const struct plan_table *table, struct str *out)
{
    const struct workload *workload = table->workload;
    str_append(out, "\nplans\n");
    for (size_t t = 0; t < workload->n_transactions; t++) {
        for (int s = 0; s < workload->transactions[t].n_statements; s++) {
            int number = workload->transactions[t].statements[s].number;
            str_printf(out, "  %s, statement %d\n", workload->transactions[t].name, number);
            print_statement(table, statement_index(table, (int)t, number), out);
        }
    }
}

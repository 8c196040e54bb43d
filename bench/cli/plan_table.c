#include "cli/plan_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Shapes by variant, in each by transaction, in each by statement. */
struct plan_table {
    const struct workload *workload;
    char (*shapes)[PLAN_SHAPE_BYTES];
};

static const struct transaction *transaction_of(const struct plan_table *table, size_t variant, size_t transaction)
{
    return &table->workload->variants[variant].transactions[transaction];
}

/* Statements that come before this variant's transaction. */
static size_t n_before(const struct plan_table *table, size_t variant, size_t transaction)
{
    size_t n = 0;
    for (size_t v = 0; v <= variant; v++)
        for (size_t t = 0; t < (v < variant ? table->workload->n_transactions : transaction); t++)
            n += (size_t)transaction_of(table, v, t)->n_statements;
    return n;
}

struct plan_table *plan_table_new(const struct workload *workload)
{
    struct plan_table *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    table->workload = workload;
    table->shapes =
        calloc(n_before(table, workload->n_variants - 1, workload->n_transactions) + 1, sizeof *table->shapes);
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

static char *shape(const struct plan_table *table, size_t variant, size_t transaction, int statement)
{
    return table->shapes[n_before(table, variant, transaction) + (size_t)statement];
}

static const char *shown(const struct plan_table *table, size_t variant, size_t transaction, int statement)
{
    const char *text = shape(table, variant, transaction, statement);
    return *text ? text : "(no plan)";
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
    snprintf(shape(table, (size_t)plan->variant, (size_t)plan->transaction, plan->statement - 1), PLAN_SHAPE_BYTES,
             "%s", plan->plan->shape);
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

static bool is_rewritten(const struct plan_table *table, size_t variant, size_t transaction)
{
    return transaction_of(table, variant, transaction)->statements != transaction_of(table, 0, transaction)->statements;
}

/* A variant whose plan is the baseline's needs no second line. */
static void print_statement(const struct plan_table *table, size_t transaction, int statement, struct str *out)
{
    const struct workload *workload = table->workload;
    size_t same = 0, others = 0;
    str_printf(out, "    %s: %s\n", workload->variants[0].name, shown(table, 0, transaction, statement));
    for (size_t v = 1; v < workload->n_variants; v++) {
        if (is_rewritten(table, v, transaction))
            continue;
        others++;
        same += strcmp(shape(table, v, transaction, statement), shape(table, 0, transaction, statement)) == 0;
        if (strcmp(shape(table, v, transaction, statement), shape(table, 0, transaction, statement)) != 0)
            str_printf(out, "    %s: %s\n", workload->variants[v].name, shown(table, v, transaction, statement));
    }
    if (same == others && others > 0)
        str_printf(out, "    the same under every variant%s\n",
                   others < workload->n_variants - 1 ? " that has this statement" : "");
}

static void print_rewrite(const struct plan_table *table, size_t variant, size_t transaction, struct str *out)
{
    const struct transaction *of = transaction_of(table, variant, transaction);
    const char *name = table->workload->variants[variant].name;
    for (int s = 0; s < of->n_statements; s++)
        str_printf(out, "  %s as %s rewrites it, statement %d\n    %s: %s\n", of->name, name, of->statements[s].number,
                   name, shown(table, variant, transaction, s));
}

void plan_table_print(const struct plan_table *table, struct str *out)
{
    const struct workload *workload = table->workload;
    str_append(out, "\nplans\n");
    for (size_t t = 0; t < workload->n_transactions; t++) {
        const struct transaction *of = transaction_of(table, 0, t);
        for (int s = 0; s < of->n_statements; s++) {
            str_printf(out, "  %s, statement %d\n", of->name, of->statements[s].number);
            print_statement(table, t, s, out);
        }
        for (size_t v = 1; v < workload->n_variants; v++)
            if (is_rewritten(table, v, t))
                print_rewrite(table, v, t, out);
    }
}

#include "run/mix.h"

#include <stdlib.h>

static int greater(int a, int b)
{
    return a > b ? a : b;
}

static void add_entry(struct mix *mix, int transaction)
{
    const struct transaction *t = &mix->transactions[transaction];
    mix->total_weight += t->weight;
    mix->entries[mix->n++] = (struct mix_entry){
        .transaction = transaction, .up_to = mix->total_weight, .first_statement = mix->n_statements};
    mix->n_statements += t->n_statements;
    mix->max_slots = greater(mix->max_slots, t->n_variables);
    mix->max_loops = greater(mix->max_loops, t->n_loops);
    for (int i = 0; i < t->n_statements; i++)
        mix->max_params = greater(mix->max_params, t->statements[i].n_params);
    for (int i = 0; i < t->n_steps; i++)
        if (t->steps[i].kind == STEP_COPY)
            mix->max_copied = greater(mix->max_copied, t->steps[i].copy->n_values);
}

bool mix_init(struct mix *mix, const struct workload *workload, const struct variant *variant, struct err *err)
{
    *mix = (struct mix){.transactions = variant->transactions,
                        .entries = calloc(workload->n_transactions + 1, sizeof *mix->entries)};
    if (!mix->entries)
        return err_memory(err);
    for (size_t i = 0; i < workload->n_transactions; i++)
        if (variant->transactions[i].weight > 0)
            add_entry(mix, (int)i);
    if (mix->n > 0)
        return true;
    mix_deinit(mix);
    return err_set(err, ERR_INPUT, workload->path,
                   "variant %s: every transaction has weight 0: give at least one a weight", variant->name);
}

void mix_deinit(struct mix *mix)
{
    free(mix->entries);
    *mix = (struct mix){0};
}

int mix_choose(const struct mix *mix, struct rng *rng)
{
    /* Multiply-shift: a bias below total_weight / 2^64. */
    int64_t at = (int64_t)((unsigned __int128)rng_next(rng) * (uint64_t)mix->total_weight >> 64);
    int entry = 0;
    while (at >= mix->entries[entry].up_to)
        entry++;
    return entry;
}

const struct statement *mix_statement(const struct mix *mix, int k, int *entry)
{
    int e = mix->n - 1;
    while (mix->entries[e].first_statement > k)
        e--;
    if (entry)
        *entry = e;
    return &mix_transaction(mix, e)->statements[k - mix->entries[e].first_statement];
}

#include "run/mix.h"

#include <stdlib.h>

static void add_entry(struct mix *mix, int transaction)
{
    const struct transaction *t = &mix->workload->transactions[transaction];
    mix->total_weight += t->weight;
    mix->entries[mix->n++] = (struct mix_entry){
        .transaction = transaction, .up_to = mix->total_weight, .first_statement = mix->n_statements};
    mix->n_statements += t->n_statements;
    if (t->n_variables > mix->max_slots)
        mix->max_slots = t->n_variables;
    for (int i = 0; i < t->n_statements; i++)
        if (t->statements[i].n_params > mix->max_params)
            mix->max_params = t->statements[i].n_params;
}

bool mix_init(struct mix *mix, const struct workload *workload, struct err *err)
{
    *mix = (struct mix){.workload = workload, .entries = calloc(workload->n_transactions + 1, sizeof *mix->entries)};
    if (!mix->entries)
        return err_memory(err);
    for (size_t i = 0; i < workload->n_transactions; i++)
        if (workload->transactions[i].weight > 0)
            add_entry(mix, (int)i);
    if (mix->n > 0)
        return true;
    mix_deinit(mix);
    return err_set(err, ERR_INPUT, workload->path, "every transaction has weight 0: give at least one a weight");
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
    return &mix->workload->transactions[mix->entries[e].transaction].statements[k - mix->entries[e].first_statement];
}

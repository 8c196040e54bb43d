#include "run/order.h"

#include "generators/rng.h"

/* Keys of the random streams, so that points and variants are shuffled independently. */
enum {
    STREAM_POINTS = 1,
    STREAM_VARIANTS = 2
};

static int sweep_points(const struct workload *workload)
{
    return (int)(workload->sweep.n_pools * workload->sweep.n_isolations * workload->sweep.n_rates);
}

int order_cells_per_block(const struct workload *workload)
{
    return sweep_points(workload) * (int)workload->n_variants;
}

/* The bias of % is below 2^-50 for so few. */
static int pick(struct rng *rng, int left)
{
    return (int)(rng_next(rng) % (uint64_t)left);
}

static void swap_cells(struct cell *a, struct cell *b)
{
    struct cell c = *a;
    *a = *b;
    *b = c;
}

/* Fisher-Yates over `n` groups of `size` cells each; a group stays together. */
static void shuffle(struct rng rng, struct cell *cells, int n, int size)
{
    for (int left = n; left > 1; left--) {
        struct cell *last = cells + (left - 1) * size, *chosen = cells + pick(&rng, left) * size;
        for (int i = 0; i < size && chosen != last; i++)
            swap_cells(last + i, chosen + i);
    }
}

void order_block(const struct workload *workload, int block, struct cell *out)
{
    int points = sweep_points(workload), variants = (int)workload->n_variants;
    int rates = (int)workload->sweep.n_rates, isolations = (int)workload->sweep.n_isolations;
    uint64_t seed = workload->measure.seed;
    for (int point = 0; point < points; point++) {
        struct cell *group = out + point * variants;
        for (int v = 0; v < variants; v++)
            group[v] = (struct cell){.block = block,
                                     .pool = point / rates / isolations,
                                     .isolation = point / rates % isolations,
                                     .rate = point % rates,
                                     .variant = v};
        shuffle(rng_at(seed, STREAM_VARIANTS, (uint64_t)block, (uint64_t)point), group, variants, 1);
    }
    shuffle(rng_at(seed, STREAM_POINTS, (uint64_t)block, 0), out, points, variants);
}

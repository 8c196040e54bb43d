#include <stdlib.h>
#include <string.h>

#include "run/order.h"
#include "unit.h"

enum {
    BLOCKS = 60,
    RATES = 2,
    MAX_CELLS = 48
};

static const int pools[] = {1, 4, 16};
static const enum isolation isolations[] = {ISOLATION_READ_COMMITTED, ISOLATION_SERIALIZABLE};

static const struct rate rates[] = {{RATE_CLOSED, 0}, {RATE_TPS, 500}};

static struct workload axes(uint64_t seed, size_t variants)
{
    return (struct workload){
        .n_variants = variants,
        .sweep = {.pools = pools,
                  .n_pools = 3,
                  .isolations = isolations,
                  .n_isolations = 2,
                  .rates = rates,
                  .n_rates = RATES},
        .measure = {.seed = seed, .blocks = BLOCKS},
    };
}

static void every_cell_once_a_block(void **state)
{
    (void)state;
    struct workload workload = axes(42, 4);
    struct cell cells[MAX_CELLS];
    assert_int_equal(order_cells_per_block(&workload), MAX_CELLS);
    for (int block = 0; block < BLOCKS; block++) {
        int seen[3][2][RATES][4] = {0};
        order_block(&workload, block, cells);
        for (int i = 0; i < MAX_CELLS; i++) {
            assert_int_equal(cells[i].block, block);
            assert_int_equal(++seen[cells[i].pool][cells[i].isolation][cells[i].rate][cells[i].variant], 1);
        }
    }
}

static void variants_of_a_point_stay_together(void **state)
{
    (void)state;
    struct workload workload = axes(7, 4);
    struct cell cells[MAX_CELLS];
    order_block(&workload, 3, cells);
    for (int i = 0; i < MAX_CELLS; i++) {
        assert_int_equal(cells[i].pool, cells[i / 4 * 4].pool);
        assert_int_equal(cells[i].isolation, cells[i / 4 * 4].isolation);
        assert_int_equal(cells[i].rate, cells[i / 4 * 4].rate);
    }
}

static void same_seed_same_order(void **state)
{
    (void)state;
    struct workload workload = axes(42, 4), other = axes(43, 4);
    struct cell a[MAX_CELLS], b[MAX_CELLS], c[MAX_CELLS], next[MAX_CELLS];
    order_block(&workload, 5, a);
    order_block(&workload, 5, b);
    order_block(&other, 5, c);
    order_block(&workload, 6, next);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_not_equal(a, c, sizeof a);
    for (int i = 0; i < MAX_CELLS; i++)
        next[i].block = 5;
    assert_memory_not_equal(a, next, sizeof a);
}

/* Each of the 2 orders of 2 variants is equally likely: 720 groups, expected 360, four standard deviations are 54. */
static void neither_variant_goes_first_more_often(void **state)
{
    (void)state;
    struct workload workload = axes(42, 2);
    struct cell cells[MAX_CELLS];
    int first = 0;
    for (int block = 0; block < BLOCKS; block++) {
        order_block(&workload, block, cells);
        for (int point = 0; point < 12; point++)
            first += cells[point * 2].variant == 0;
    }
    assert_in_range(first, 360 - 54, 360 + 54);
}

static void each_point_can_come_first(void **state)
{
    (void)state;
    struct workload workload = axes(1, 2);
    struct cell cells[MAX_CELLS];
    int first[3][2][RATES] = {0};
    for (int block = 0; block < BLOCKS; block++) {
        order_block(&workload, block, cells);
        first[cells[0].pool][cells[0].isolation][cells[0].rate]++;
    }
    for (int pool = 0; pool < 3; pool++)
        for (int isolation = 0; isolation < 2; isolation++)
            for (int rate = 0; rate < RATES; rate++)
                assert_true(first[pool][isolation][rate] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_once_a_block),   cmocka_unit_test(variants_of_a_point_stay_together),
        cmocka_unit_test(same_seed_same_order),      cmocka_unit_test(neither_variant_goes_first_more_often),
        cmocka_unit_test(each_point_can_come_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

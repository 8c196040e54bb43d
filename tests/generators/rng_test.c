#include <stdbool.h>

#include "generators/rng.h"
#include "unit.h"

/* The data of every workload depends on these numbers: a change of them is a change of the generator's version. */
static void the_stream_is_fixed(void **state)
{
    (void)state;
    struct rng zero = {.key = 0};
    /* SplitMix64 from seed 0, as published with its reference implementation. */
    assert_true(rng_next(&zero) == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(rng_next(&zero) == UINT64_C(0x6e789e6aa1b965f4));
    assert_true(rng_next(&zero) == UINT64_C(0x06c45d188009454f));
}

static void each_place_has_a_stream_of_its_own(void **state)
{
    (void)state;
    struct rng base = rng_at(42, 1, 2, 3);
    const struct rng others[] = {rng_at(43, 1, 2, 3), rng_at(42, 2, 2, 3), rng_at(42, 1, 3, 3), rng_at(42, 1, 2, 4),
                                 rng_at(42, 2, 1, 3), rng_at(42, 1, 3, 2), rng_at(42, 0, 0, 0)};
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        assert_true(others[i].key != base.key);
    struct rng again = rng_at(42, 1, 2, 3);
    assert_true(rng_next(&again) == rng_next(&base));
}

/* Neighbouring rows' first numbers: each of the 64 bits is set in about half of them, and flips in about half. */
static void neighbours_are_unrelated(void **state)
{
    (void)state;
    enum {
        ROWS = 20000
    };
    int set[64] = {0}, flips[64] = {0};
    uint64_t previous = 0;
    for (uint64_t row = 0; row < ROWS; row++) {
        struct rng rng = rng_at(42, 7, 0, row);
        uint64_t bits = rng_next(&rng);
        for (int b = 0; b < 64; b++) {
            set[b] += bits >> b & 1;
            flips[b] += (bits ^ previous) >> b & 1;
        }
        previous = bits;
    }
    for (int b = 0; b < 64; b++) { /* 5 standard deviations */
        assert_in_range(set[b], ROWS / 2 - 354, ROWS / 2 + 354);
        assert_in_range(flips[b], ROWS / 2 - 354, ROWS / 2 + 354);
    }
}

static void the_unit_interval_is_half_open(void **state)
{
    (void)state;
    struct rng rng = {.key = 5};
    double sum = 0;
    for (int i = 0; i < 100000; i++) {
        double u = rng_unit(&rng);
        assert_true(u >= 0.0 && u < 1.0);
        sum += u;
    }
    assert_true(sum > 49500 && sum < 50500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_stream_is_fixed),
        cmocka_unit_test(each_place_has_a_stream_of_its_own),
        cmocka_unit_test(neighbours_are_unrelated),
        cmocka_unit_test(the_unit_interval_is_half_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

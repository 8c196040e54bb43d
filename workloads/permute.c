/* pgbench's permute(), bit for bit: six rounds of multiply, xor and rotate on the lower and the upper power of two of
 * the range, each followed by a random offset; driven by xoroshiro128** seeded through SplitMix64 (PostgreSQL 15 on).
 */
#include "functions.h"

struct xoroshiro {
    uint64_t s0;
    uint64_t s1;
};

static uint64_t splitmix(uint64_t *state)
{
    return rng_mix(*state += UINT64_C(0x9e3779b97f4a7c15));
}

static uint64_t rotate(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

static uint64_t xoroshiro_next(struct xoroshiro *state)
{
    uint64_t s0 = state->s0, sx = state->s1 ^ s0, out = rotate(s0 * 5, 7) * 9;
    state->s0 = rotate(s0, 24) ^ sx ^ (sx << 16);
    state->s1 = rotate(sx, 37);
    return out;
}

static int highest_bit(uint64_t x)
{
    return 63 - __builtin_clzll(x);
}

static uint64_t xoroshiro_up_to(struct xoroshiro *state, uint64_t most)
{
    uint64_t drawn;
    if (most == 0)
        return 0;
    do
        drawn = xoroshiro_next(state) >> (63 - highest_bit(most));
    while (drawn > most);
    return drawn;
}

/* One value of the half that a power of two covers: multiplied by an odd number, xored, rotated by one. */
static uint64_t stir(uint64_t v, uint64_t multiplier, uint64_t flip, uint64_t mask, int bits)
{
    if (v > mask)
        return v;
    v = ((v * multiplier) ^ flip) & mask;
    return ((v << 1) & mask) | (v >> (bits - 1));
}

int64_t permute(int64_t value, int64_t count, uint64_t seed)
{
    if (count < 2)
        return 0;
    struct xoroshiro state;
    state.s0 = splitmix(&seed);
    state.s1 = splitmix(&seed);
    uint64_t size = (uint64_t)count, v = (uint64_t)value % size;
    int bits = highest_bit(size);
    uint64_t mask = (UINT64_C(1) << bits) - 1;
    for (int round = 0; round < 6; round++) {
        uint64_t multiplier = (xoroshiro_next(&state) & mask) | 1;
        v = stir(v, multiplier, xoroshiro_next(&state) & mask, mask, bits);
        multiplier = (xoroshiro_next(&state) & mask) | 1;
        v = size - 1 - stir(size - 1 - v, multiplier, xoroshiro_next(&state) & mask, mask, bits);
        v = (v + xoroshiro_up_to(&state, size - 1)) % size;
    }
    return (int64_t)v;
}

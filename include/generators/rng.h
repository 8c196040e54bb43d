/* Counter-based random numbers: value k of a stream is a pure function of (key, k), so that any thread can make any
 * row, and a stream can be entered anywhere. SplitMix64's output function over key + k·golden ratio (Steele, Lea,
 * Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014); keys are hashed from what they stand for. */
#ifndef PGDYNO_GENERATORS_RNG_H
#define PGDYNO_GENERATORS_RNG_H

#include <stdint.h>

struct rng {
    uint64_t key;
    uint64_t counter;
};

static inline uint64_t rng_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline uint64_t rng_next(struct rng *rng)
{
    return rng_mix(rng->key + ++rng->counter * UINT64_C(0x9e3779b97f4a7c15));
}

/* What the streams of (seed, a, b, any c) have in common, for those who need many of them: rng_of(). */
static inline uint64_t rng_family(uint64_t seed, uint64_t a, uint64_t b)
{
    uint64_t key = rng_mix(seed + UINT64_C(0x632be59bd9b4e019));
    key = rng_mix(key ^ (a + UINT64_C(0x9e3779b97f4a7c15)));
    return rng_mix(key ^ (b + UINT64_C(0xd1b54a32d192ed03)));
}

static inline struct rng rng_of(uint64_t family, uint64_t c)
{
    return (struct rng){.key = rng_mix(family ^ (c + UINT64_C(0x8cb92ba72f3d8dd7))), .counter = 0};
}

/* The stream of (seed, a, b, c), e.g. (seed, table key, column, row). Different triples give unrelated streams. */
static inline struct rng rng_at(uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
    return rng_of(rng_family(seed, a, b), c);
}

/* Uniform in [0, 1), 53 bits. */
static inline double rng_unit(struct rng *rng)
{
    return (double)(rng_next(rng) >> 11) * 0x1.0p-53;
}

#endif

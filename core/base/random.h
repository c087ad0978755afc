/* base/random.h: PCG XSH-RR 64/32 (O'Neill, 2014): seeded, small, the same on every machine. */
#ifndef STW_BASE_RANDOM_H
#define STW_BASE_RANDOM_H

#include <stdint.h>

struct stw_random {
    uint64_t state;
    uint64_t stream; /* odd */
};

static inline uint32_t stw_random_u32(struct stw_random *random)
{
    uint64_t old = random->state;
    random->state = old * 6364136223846793005ull + random->stream;
    uint32_t shifted = (uint32_t)(((old >> 18) ^ old) >> 27), turn = (uint32_t)(old >> 59);
    return shifted >> turn | shifted << (-turn & 31);
}

static inline struct stw_random stw_random_seed(uint64_t seed, uint64_t stream)
{
    struct stw_random random = {0, stream << 1 | 1};
    stw_random_u32(&random);
    random.state += seed;
    stw_random_u32(&random);
    return random;
}

/* Uniform in [0, bound), bound > 0, without modulo bias. */
static inline uint32_t stw_random_below(struct stw_random *random, uint32_t bound)
{
    uint32_t least = -bound % bound, draw;
    do
        draw = stw_random_u32(random);
    while (draw < least);
    return draw % bound;
}

#endif

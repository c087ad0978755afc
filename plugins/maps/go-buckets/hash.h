/* go-buckets/hash.h: a seeded 64-bit hash of integers and bytes.
 *
 * The idea is Wang Yi's wyhash: multiply two 64-bit words to 128 bits and fold the halves with xor;
 * two rounds of that spread every input bit over the whole result, so that its low bits (which
 * bucket) and its high bits (tophash) are both good. The constants are the first fractional bits of
 * the square roots of 2, 3, 5 and 7. Not meant to withstand an attacker who knows the seed. */
#ifndef GO_BUCKETS_HASH_H
#define GO_BUCKETS_HASH_H

#include <stdint.h>

#define HASH_ROOT_2 0x6a09e667f3bcc909ull
#define HASH_ROOT_3 0xbb67ae8584caa73bull
#define HASH_ROOT_5 0x3c6ef372fe94f82bull
#define HASH_ROOT_7 0xa54ff53a5f1d36f1ull

__extension__ typedef unsigned __int128 hash_product;

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
    hash_product product = (hash_product)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_start(uint32_t seed)
{
    return HASH_ROOT_2 ^ seed;
}

/* Two rounds over the last (up to) 16 bytes. */
static inline uint64_t hash_finish(uint64_t state, uint64_t first, uint64_t last, uint64_t length)
{
    hash_product product = (hash_product)(first ^ HASH_ROOT_3) * (last ^ state);
    return hash_fold((uint64_t)product ^ HASH_ROOT_5,
                     (uint64_t)(product >> 64) ^ HASH_ROOT_7 ^ length);
}

static inline uint64_t hash_load64(const char *bytes)
{
    uint64_t word;
    __builtin_memcpy(&word, bytes, sizeof word);
    return word;
}

static inline uint64_t hash_load32(const char *bytes)
{
    uint32_t word;
    __builtin_memcpy(&word, bytes, sizeof word);
    return word;
}

/* 1 to 3 bytes. */
static inline uint64_t hash_load_few(const char *bytes, uint64_t length)
{
    return (uint64_t)(unsigned char)bytes[0] | (uint64_t)(unsigned char)bytes[length / 2] << 8
           | (uint64_t)(unsigned char)bytes[length - 1] << 16;
}

static inline uint64_t hash_bytes(const char *at, uint64_t length, uint32_t seed)
{
    uint64_t state = hash_start(seed), left = length, first = 0, last = 0;
    for (; left > 16; left -= 16, at += 16)
        state = hash_fold(hash_load64(at) ^ HASH_ROOT_3, hash_load64(at + 8) ^ state);
    if (left >= 8) {
        first = hash_load64(at);
        last = hash_load64(at + left - 8);
    } else if (left >= 4) {
        first = hash_load32(at);
        last = hash_load32(at + left - 4);
    } else if (left > 0) {
        first = hash_load_few(at, left);
    }
    return hash_finish(state, first, last, length);
}

static inline uint64_t hash_u64(uint64_t key, uint32_t seed)
{
    return hash_finish(hash_start(seed), key, 0, 8);
}

#endif

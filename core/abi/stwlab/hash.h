/* stwlab/hash.h: the reference hash: seeded, 64 bits, of any key of a map.
 *
 * Maps that use it, with a seed from their parameters or from struct stw_trial, differ in layout
 * alone. go-buckets does, with a new 32-bit seed for each map, as Go draws one.
 *
 * The idea is Wang Yi's wyhash: multiply two 64-bit words to 128 bits and fold the halves with xor;
 * two rounds of that spread every input bit over the whole result, so that its low bits (which
 * bucket) and its high bits (tophash) are both good. The constants are the first fractional bits of
 * the square roots of 2, 3, 5 and 7. Not meant to withstand an attacker who knows the seed. */
#ifndef STWLAB_HASH_H
#define STWLAB_HASH_H

#include "map.h"

#include <stdint.h>

#define STW_HASH_ROOT_2 0x6a09e667f3bcc909ull
#define STW_HASH_ROOT_3 0xbb67ae8584caa73bull
#define STW_HASH_ROOT_5 0x3c6ef372fe94f82bull
#define STW_HASH_ROOT_7 0xa54ff53a5f1d36f1ull

__extension__ typedef unsigned __int128 stw_key_hash_product;

static inline uint64_t stw_key_hash_fold(uint64_t a, uint64_t b)
{
    stw_key_hash_product product = (stw_key_hash_product)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t stw_key_hash_start(uint64_t seed)
{
    return STW_HASH_ROOT_2 ^ seed;
}

/* Two rounds over the last (up to) 16 bytes. */
static inline uint64_t stw_key_hash_finish(uint64_t state, uint64_t first, uint64_t last,
                                           uint64_t length)
{
    stw_key_hash_product product = (stw_key_hash_product)(first ^ STW_HASH_ROOT_3) * (last ^ state);
    return stw_key_hash_fold((uint64_t)product ^ STW_HASH_ROOT_5,
                     (uint64_t)(product >> 64) ^ STW_HASH_ROOT_7 ^ length);
}

static inline uint64_t stw_key_hash_load64(const char *bytes)
{
    uint64_t word;
    __builtin_memcpy(&word, bytes, sizeof word);
    return word;
}

static inline uint64_t stw_key_hash_load32(const char *bytes)
{
    uint32_t word;
    __builtin_memcpy(&word, bytes, sizeof word);
    return word;
}

/* 1 to 3 bytes. */
static inline uint64_t stw_key_hash_load_few(const char *bytes, uint64_t length)
{
    return (uint64_t)(unsigned char)bytes[0] | (uint64_t)(unsigned char)bytes[length / 2] << 8
           | (uint64_t)(unsigned char)bytes[length - 1] << 16;
}

static inline uint64_t stw_key_hash_bytes(const char *at, uint64_t length, uint64_t seed)
{
    uint64_t state = stw_key_hash_start(seed), left = length, first = 0, last = 0;
    for (; left > 16; left -= 16, at += 16)
        state = stw_key_hash_fold(stw_key_hash_load64(at) ^ STW_HASH_ROOT_3,
                                  stw_key_hash_load64(at + 8) ^ state);
    if (left >= 8) {
        first = stw_key_hash_load64(at);
        last = stw_key_hash_load64(at + left - 8);
    } else if (left >= 4) {
        first = stw_key_hash_load32(at);
        last = stw_key_hash_load32(at + left - 4);
    } else if (left > 0) {
        first = stw_key_hash_load_few(at, left);
    }
    return stw_key_hash_finish(state, first, last, length);
}

/* Of a pointer: of its address. */
static inline uint64_t stw_key_hash_u64(uint64_t key, uint64_t seed)
{
    return stw_key_hash_finish(stw_key_hash_start(seed), key, 0, 8);
}

/* Of a key of a map of `type`, by its address. */
static inline uint64_t stw_key_hash(const struct stw_map_type *type, const void *key, uint64_t seed)
{
    if (type->key == STW_KEY_STRING) {
        const struct stw_string *string = (const struct stw_string *)key;
        return stw_key_hash_bytes(string->bytes, string->length, seed);
    }
    if (type->key == STW_KEY_BYTES)
        return stw_key_hash_bytes((const char *)key, type->key_bytes, seed);
    return stw_key_hash_u64(*(const uint64_t *)key, seed);
}

#endif

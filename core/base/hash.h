/* base/hash.h: FNV-1a (Fowler, Noll, Vo): a small hash that is the same on every machine and in
 * every release. 64 bits for identities of a few texts, 128 for those of files; not for tables that
 * hostile input may flood. Rejected: XXH3, ten times as fast, for a megabyte a start, at the price
 * of one more package to build with. */
#ifndef STW_BASE_HASH_H
#define STW_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define STW_HASH_START 0xcbf29ce484222325ull

/* Adds a text with its terminating zero, so that "ab","c" and "a","bc" differ. */
static inline uint64_t stw_hash_text(uint64_t hash, const char *text)
{
    const unsigned char *byte = (const unsigned char *)text;
    do
        hash = (hash ^ *byte) * 0x100000001b3ull;
    while (*byte++);
    return hash;
}

__extension__ typedef unsigned __int128 stw_hash128;

#define STW_HASH128_START ((stw_hash128)0x6c62272e07bb0142ull << 64 | 0x62b821756295c58dull)

static inline stw_hash128 stw_hash_bytes(stw_hash128 hash, const void *bytes, size_t count)
{
    const stw_hash128 prime = (stw_hash128)1 << 88 | 0x13b;
    const unsigned char *byte = bytes;
    while (count--)
        hash = (hash ^ *byte++) * prime;
    return hash;
}

#endif

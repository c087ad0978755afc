/* base/hash.h: FNV-1a 64 (Fowler, Noll, Vo): a small hash that is the same on every machine and in
 * every release. For identities of a few texts; not for tables that hostile input may flood. */
#ifndef STW_BASE_HASH_H
#define STW_BASE_HASH_H

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

#endif

/* host/passage.h: entries pass through a chain of strategies unmodified.
 *
 * `merge-alters`: what a strategy is handed by one call of merge, it passes on during that call, as
 * it is: in any pieces and in any order, but each entry once and no other, and outside of such a
 * call it merges nothing. Entries are compared by keys and values, as sums of hashes: a breach goes
 * unnoticed once in 2^64 times. Each link of a chain is compared with the one before it, so it is
 * known which strategy breaks the rule. Of a strategy that presents maps of its own, what it was
 * handed must be in its map afterwards: each key is found there. Its maps are audited, as the base
 * audits those of the map (host/chain.h), by the slot of its table.
 * Threads: watched by the main thread, before there are mutators; the rest on any mutator. */
#ifndef STW_HOST_PASSAGE_H
#define STW_HOST_PASSAGE_H

#include "host/chain.h"

/* Puts the check between the links of a chain, in place of the strategies' merge; or, without
 * `is_watched`, ends all watching. One chain at a time. */
void stw_passage_watch(int is_watched, const struct stw_loaded *strategies, uint32_t count,
                       struct stw_link *links);
/* Whether a map that has grown from `before` entries to `after` is to be audited: so audits cost no
 * more than as many merges as there are entries, however small the merges are. */
static inline int stw_passage_is_due(uint64_t before, uint64_t after)
{
    return after > before && (before == 0 || __builtin_clzll(after) < __builtin_clzll(before));
}
/* Entries have come through to the map. */
void stw_passage_arrive(const struct stw_entries *entries, uint64_t first, uint64_t count);

#endif

/* host/chain.h: the chain of strategies of a cell, closed by a base that calls the map plugin. */
#ifndef STW_HOST_CHAIN_H
#define STW_HOST_CHAIN_H

#include "host/load.h"

#define STW_CHAIN_MAX 8u /* strategies */

/* Fills links[0 .. count]: links[i] is strategies[i], links[0] the head that workloads use,
 * links[count] the base. The base passes hint_entries to map.make and merges to map.merge, both in
 * the flight recorder under the map's ordinal; scratch is a new cell; the rest ends there. The
 * plugins are created, and outlive the links. STW_E_INVALID when a part is of the wrong kind, or
 * there are too many. */
stw_status stw_chain_build(struct stw_loaded *strategies, uint32_t count, struct stw_loaded *map,
                           struct stw_link *links);
/* From now on, intents that strategies handle are counted: those of links[i] at `places[i]`. Before
 * mutators run. */
void stw_chain_count(const struct stw_loaded *strategies, uint32_t count, struct stw_link *links,
                     const struct stw_counter *places);
/* Whether a map of `type` can be needed of the chain: it is sound, and whoever presents maps, and
 * the map, accept it. Else STW_E_UNSUPPORTED or STW_E_INVALID, and who says why. */
stw_status stw_chain_accept(const struct stw_loaded *strategies, uint32_t count,
                            const struct stw_loaded *map, const struct stw_map_type *type,
                            struct stw_error *error);

#endif

/* host/edges.h: looks at what a plugin hands to the host, where it comes in. A breach ends the
 * trial. On the mutator's own thread. */
#ifndef STW_HOST_EDGES_H
#define STW_HOST_EDGES_H

#include <stwlab/plugin.h>

/* An intent, or the end of a slot, `what`: not between block_begin and block_end (`blocked`). */
void stw_edge_running(const char *what);
/* What need_map and need_scratch were asked for, and what merge was handed: sizes (A2), range
 * (`merge-range`). `by`: the ordinal of who hands it on, or STW_BREACH_CALLER. */
void stw_edge_need(uint32_t by, const struct stw_map_need *need);
void stw_edge_scratch(uint32_t by, const struct stw_scratch_need *need);
void stw_edge_entries(uint32_t by, const struct stw_entries *entries, uint64_t first,
                      uint64_t count);

#endif

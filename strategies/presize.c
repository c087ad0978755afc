/* strategies/presize.c: asks for a map as large as it is expected to become.
 *
 * The mitigation of a programmer who writes make(map[K]V, n): no growth while the map is filled. A
 * larger hint in the program's source is kept; an unknown expectation (0) changes nothing. */
#include <stwlab/plugin.h>

static void *need_map(void *self, const struct stw_link *next, struct stw_mutator *m,
                      const struct stw_map_need *need)
{
    (void)self;
    if (need->expected_entries <= need->hint_entries)
        return stw_next_need_map(next, m, need);
    struct stw_map_need larger = *need;
    larger.struct_size = sizeof larger;
    larger.hint_entries = need->expected_entries;
    return stw_next_need_map(next, m, &larger);
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops, .need_map = need_map};

STW_MANIFEST(STW_PLUGIN("strategy", "presize", "Makes maps as large as they will become"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "presize", &ops));

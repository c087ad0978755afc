/* fault/plugins/keeps.c: a strategy that keeps a cell in memory of malloc alone, and later uses
 * what the cell points to. */
#include <stwlab/plugin.h>

#include <stdlib.h>

__attribute__((no_sanitize("alignment"))) /* UBSan would end the process first */
static void keeps_in_malloc(void *self, const struct stw_link *next, struct stw_mutator *m,
                            void *map, const struct stw_entries *entries, uint64_t first,
                            uint64_t count)
{
    static const uint64_t first_word[4] = {1};
    static const struct stw_type holder = {sizeof holder, 0, 2048, 8, first_word, "holder"};
    static void ***kept;
    (void)self;
    if (kept) {
        (void)*(volatile uint64_t *)**kept;
    } else {
        kept = malloc(sizeof *kept);
        *kept = stw_alloc(m, holder.element_bytes, &holder);
        stw_store(m, *kept, stw_alloc(m, 64, NULL));
    }
    stw_next_merge(next, m, map, entries, first, count);
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops, .merge = keeps_in_malloc};
STW_MANIFEST(STW_PLUGIN("strategy", "keeps-in-malloc", "Loses a cell"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "keeps-in-malloc", &ops));

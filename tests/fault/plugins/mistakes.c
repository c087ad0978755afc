/* fault/plugins/mistakes.c: one strategy for each mistake that an author makes in what a strategy
 * hands to the host. fault/mistakes.sh says what becomes of each. */
#include <stwlab/plugin.h>

#include <stddef.h>

static const struct stw_host *the_host;

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    (void)config, (void)error;
    the_host = host;
    *self = NULL;
    return STW_OK;
}

/* What is handed on. */

static void *need_size(void *self, const struct stw_link *next, struct stw_mutator *m,
                       const struct stw_map_need *need)
{
    (void)self;
    struct stw_map_need mine = {.type = need->type, .hint_entries = need->expected_entries};
    return stw_next_need_map(next, m, &mine);
}

static void entries_size(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                         const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    (void)self;
    struct stw_entries mine = *entries;
    mine.struct_size = 0;
    stw_next_merge(next, m, map, &mine, first, count);
}

static void merge_range(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                        const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    (void)self;
    stw_next_merge(next, m, map, entries, first + 1, count);
}

static void keeps_begin(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self, (void)next, (void)m;
}

static void keeps_request_begin(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self, (void)next, (void)m;
}

static void keeps_request_end(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self, (void)next, (void)m;
}

/* Blocking. */

static void block_merges(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                         const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    (void)self;
    m->host->block_begin(m->host, m);
    stw_next_merge(next, m, map, entries, first, count);
    m->host->block_end(m->host, m);
}

static void block_stays(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                        const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    (void)self;
    stw_next_merge(next, m, map, entries, first, count);
    the_host->block_begin(the_host, m);
}

static void block_twice(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    stw_next_begin(next, m);
    the_host->block_begin(the_host, m);
    the_host->block_begin(the_host, m);
}

static void block_ends(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    stw_next_begin(next, m);
    the_host->block_end(the_host, m);
}

static void block_yields(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    stw_next_begin(next, m);
    the_host->block_begin(the_host, m);
    the_host->yield(the_host, m);
    the_host->block_end(the_host, m);
}

/* Roots, hooks, refusal. */

static void *words[2];

static void removes_roots(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    the_host->root_remove(the_host, words);
    stw_next_begin(next, m);
}

static void adds_odd_roots(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    the_host->root_add(the_host, (void **)((char *)words + 1), 1);
    stw_next_begin(next, m);
}

static void hook(void *context)
{
    (void)context;
}

static void adds_hook_late(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    (void)!the_host->cycle_hook_add(the_host, hook, NULL);
    stw_next_begin(next, m);
}

static stw_status refuses(const struct stw_host *host, const struct stw_config *config,
                          struct stw_error *error, void **self)
{
    (void)host, (void)config, (void)error, (void)self;
    return STW_E_INVALID;
}

static stw_status undeclared(const struct stw_host *host, const struct stw_config *config,
                             struct stw_error *error, void **self)
{
    (void)host, (void)error;
    *self = NULL;
    return stw_config_u64(config, "chunk") ? STW_OK : STW_E_INVALID;
}

#define OPS(name, slot)                                                                            \
    static const struct stw_strategy_ops ops_##name = {.struct_size = sizeof ops_##name,           \
                                                       .create = create, .slot = name}
OPS(need_size, need_map);
OPS(entries_size, merge);
OPS(merge_range, merge);
OPS(keeps_begin, begin);
OPS(keeps_request_begin, request_begin);
OPS(keeps_request_end, request_end);
OPS(block_merges, merge);
OPS(block_stays, merge);
OPS(block_twice, begin);
OPS(block_ends, begin);
OPS(block_yields, begin);
OPS(removes_roots, begin);
OPS(adds_odd_roots, begin);
OPS(adds_hook_late, begin);
static const struct stw_strategy_ops ops_undeclared = {.struct_size = sizeof ops_undeclared,
                                                       .create = undeclared};
static const struct stw_strategy_ops ops_refuses = {.struct_size = sizeof ops_refuses,
                                                    .create = refuses};

STW_MANIFEST(STW_PLUGIN("strategy", "need-size", "Breaks a rule")
             STW_PLUGIN("strategy", "entries-size", "Breaks a rule")
             STW_PLUGIN("strategy", "merge-range", "Breaks a rule")
             STW_PLUGIN("strategy", "keeps-begin", "Breaks a rule")
             STW_PLUGIN("strategy", "keeps-request-begin", "Breaks a rule")
             STW_PLUGIN("strategy", "keeps-request-end", "Breaks a rule")
             STW_PLUGIN("strategy", "block-merges", "Breaks a rule")
             STW_PLUGIN("strategy", "block-stays", "Breaks a rule")
             STW_PLUGIN("strategy", "block-twice", "Breaks a rule")
             STW_PLUGIN("strategy", "block-ends", "Breaks a rule")
             STW_PLUGIN("strategy", "block-yields", "Breaks a rule")
             STW_PLUGIN("strategy", "removes-roots", "Breaks a rule")
             STW_PLUGIN("strategy", "adds-odd-roots", "Breaks a rule")
             STW_PLUGIN("strategy", "adds-hook-late", "Breaks a rule")
             STW_PLUGIN("strategy", "undeclared", "Breaks a rule")
             STW_PLUGIN("strategy", "refuses", "Breaks a rule"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "need-size", &ops_need_size),
           STW_OFFER(STW_KIND_STRATEGY, "entries-size", &ops_entries_size),
           STW_OFFER(STW_KIND_STRATEGY, "merge-range", &ops_merge_range),
           STW_OFFER(STW_KIND_STRATEGY, "keeps-begin", &ops_keeps_begin),
           STW_OFFER(STW_KIND_STRATEGY, "keeps-request-begin", &ops_keeps_request_begin),
           STW_OFFER(STW_KIND_STRATEGY, "keeps-request-end", &ops_keeps_request_end),
           STW_OFFER(STW_KIND_STRATEGY, "block-merges", &ops_block_merges),
           STW_OFFER(STW_KIND_STRATEGY, "block-stays", &ops_block_stays),
           STW_OFFER(STW_KIND_STRATEGY, "block-twice", &ops_block_twice),
           STW_OFFER(STW_KIND_STRATEGY, "block-ends", &ops_block_ends),
           STW_OFFER(STW_KIND_STRATEGY, "block-yields", &ops_block_yields),
           STW_OFFER(STW_KIND_STRATEGY, "removes-roots", &ops_removes_roots),
           STW_OFFER(STW_KIND_STRATEGY, "adds-odd-roots", &ops_adds_odd_roots),
           STW_OFFER(STW_KIND_STRATEGY, "adds-hook-late", &ops_adds_hook_late),
           STW_OFFER(STW_KIND_STRATEGY, "undeclared", &ops_undeclared),
           STW_OFFER(STW_KIND_STRATEGY, "refuses", &ops_refuses));

/* testing/rig.c: chains of strategies for tests, and the strategy "probe"; see stwlab/testing.h. */
#include "testing/rig.h"

#include "base/check.h"
#include "base/error.h"
#include "host/chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct stw_loaded strategies[RIG_PARTS], map_plugin;
static struct stw_link links[RIG_PARTS + 1];
static uint32_t strategy_count;
static struct rig_journal seen;

static void note(char letter)
{
    size_t length = strlen(seen.order);
    if (length + 1 < sizeof seen.order)
        seen.order[length] = letter;
}

static void begin(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    seen.begins++;
    note('b');
    stw_next_begin(next, m);
}

static void end(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    seen.ends++;
    note('e');
    stw_next_end(next, m);
}

static void *need_map(void *self, const struct stw_link *next, struct stw_mutator *m,
                      const struct stw_map_need *need)
{
    (void)self;
    seen.need = *need;
    note('n');
    void *map = stw_next_need_map(next, m, need);
    seen.maps[seen.needs++ % RIG_MAPS] = map;
    return map;
}

static void done_map(void *self, const struct stw_link *next, struct stw_mutator *m,
                     const struct stw_map_type *type, void *done)
{
    (void)self;
    seen.dones++;
    seen.done = done;
    note('d');
    stw_next_done_map(next, m, type, done);
}

static void merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *into,
                  const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    (void)self;
    if (seen.merges < RIG_PIECES) {
        seen.pieces[seen.merges].first = first;
        seen.pieces[seen.merges].count = count;
    }
    seen.merges++;
    seen.merged += count;
    note('m');
    stw_next_merge(next, m, into, entries, first, count);
}

static void *need_scratch(void *self, const struct stw_link *next, struct stw_mutator *m,
                          const struct stw_scratch_need *need)
{
    (void)self;
    seen.scratches++;
    note('s');
    return stw_next_need_scratch(next, m, need);
}

static void done_scratch(void *self, const struct stw_link *next, struct stw_mutator *m,
                         const struct stw_scratch_need *need, void *scratch)
{
    (void)self;
    seen.scratches_done++;
    note('S');
    stw_next_done_scratch(next, m, need, scratch);
}

static void request_begin(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    seen.requests_begun++;
    note('r');
    stw_next_request_begin(next, m);
}

static void request_end(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    seen.requests_ended++;
    note('R');
    stw_next_request_end(next, m);
}

static void batch_boundary(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    seen.batches++;
    note('B');
    stw_next_batch_boundary(next, m);
}

static const struct stw_strategy_ops probe_ops = {
    .struct_size = sizeof probe_ops,
    .begin = begin,
    .end = end,
    .need_map = need_map,
    .done_map = done_map,
    .merge = merge,
    .need_scratch = need_scratch,
    .done_scratch = done_scratch,
    .request_begin = request_begin,
    .request_end = request_end,
    .batch_boundary = batch_boundary,
};

const struct stw_descriptor *rig_probe(void)
{
    static const struct stw_offer offers[] = {
        STW_OFFER(STW_KIND_STRATEGY, "probe", &probe_ops)};
    static const struct stw_descriptor descriptor = {
        sizeof descriptor, STW_MAGIC, STW_ABI_MAJOR, STW_ABI_MINOR, 1, offers};
    return &descriptor;
}

void rig_adopt(uint32_t kind, const char *id, const struct stw_descriptor *descriptor,
               struct stw_loaded *loaded)
{
    static struct stw_plugin_info infos[RIG_PARTS + 2];
    static uint32_t used;
    struct stw_plugin_info *info = &infos[used++ % (RIG_PARTS + 2)];
    *info = (struct stw_plugin_info){.kind = kind, .abi_minor = STW_ABI_MINOR};
    snprintf(info->id, sizeof info->id, "%s", id);
    struct stw_error error = STW_ERROR_INIT;
    memset(loaded, 0, sizeof *loaded);
    stw_status status = stw_plugin_adopt(info, descriptor, loaded, &error);
    if (status != STW_OK)
        fprintf(stderr, "%s: %s\n", id, error.message);
    STW_REQUIRE(status == STW_OK);
}

const void *fake_admit(uint32_t kind, const char *id, const struct stw_descriptor *descriptor,
                       const struct stw_config *config, const char *operations)
{
    static struct stw_loaded admitted[8];
    static struct stw_plugin_info infos[8];
    static uint32_t used;
    struct stw_loaded *loaded = &admitted[used % 8];
    struct stw_plugin_info *info = &infos[used++ % 8];
    struct stw_error error = STW_ERROR_INIT;
    rig_adopt(kind, id, descriptor, loaded);
    *info = *loaded->info;
    if (operations)
        snprintf(info->operations, sizeof info->operations, "%s", operations);
    loaded->info = info;
    if (stw_plugin_configure(loaded, config ? config : fake_config(), &error) != STW_OK) {
        fprintf(stderr, "%s\n", error.message);
        abort();
    }
    return &loaded->ops;
}

const struct stw_descriptor *rig_map(void)
{
    return stw_simple_map_descriptor();
}

const struct stw_link *rig_new(uint32_t mutators, const struct rig_part *parts, uint32_t count,
                               const struct stw_host *host)
{
    struct stw_error error = STW_ERROR_INIT;
    const struct stw_host *fake = fake_host_new(mutators);
    STW_REQUIRE(count <= RIG_PARTS);
    memset(&seen, 0, sizeof seen);
    rig_adopt(STW_KIND_MAP, "simple", stw_simple_map_descriptor(), &map_plugin);
    map_plugin.ordinal = 2;
    for (uint32_t i = 0; i < count; i++) {
        const struct stw_config *config = parts[i].config ? parts[i].config : fake_config();
        rig_adopt(STW_KIND_STRATEGY, parts[i].id, parts[i].descriptor, &strategies[i]);
        strategies[i].ordinal = 4 + i;
        STW_REQUIRE(strategies[i].ops.strategy.create(host ? host : fake, config, &error,
                                                      &strategies[i].self) == STW_OK);
    }
    strategy_count = count;
    STW_REQUIRE(stw_chain_build(strategies, count, &map_plugin, links) == STW_OK);
    return links;
}

void rig_destroy_parts(void)
{
    while (strategy_count > 0) {
        strategy_count--;
        strategies[strategy_count].ops.strategy.destroy(strategies[strategy_count].self);
    }
}

void rig_free(void)
{
    rig_destroy_parts();
    fake_host_free();
}

struct rig_journal *rig_log(void)
{
    return &seen;
}

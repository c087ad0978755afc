/* The strategy chain: intents reach the strategies from left to right and end at the base, which
 * calls the map; slots that are not there are stood in for. Method: strategies that note what they
 * see, on the host of tests/support with its small map; the flight recorder tells who was called.
 */
/* sources: strategies/none.c */
#include "base/breach.h"
#include "base/error.h"
#include "host/chain.h"
#include "host/runtime.h"

#include "testing/simple_map.h"

#include <criterion/criterion.h>

#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <stwlab/testing.h>

#define MAP_ORDINAL 2u
#define FIRST_ORDINAL 4u

const struct stw_descriptor *stw_plugin_entry_none(void);

static char notes[256];
static char running[256]; /* "ordinal/call " of the strategy's slot that ran, at each look */
static struct stw_plugin_info infos[8];

static void note(const void *self, const char *what)
{
    size_t length = strlen(notes);
    snprintf(notes + length, sizeof notes - length, "%s%s ", (const char *)self, what);
}

static void look(const struct stw_mutator *m)
{
    size_t length = strlen(running);
    snprintf(running + length, sizeof running - length, "%u/%u ", m->strategy_call >> 16,
             m->strategy_call & 0xffff);
}

/* A strategy that changes two intents and leaves the others to the host's stubs. */
static void *need_map(void *self, const struct stw_link *next, struct stw_mutator *m,
                      const struct stw_map_need *need)
{
    struct stw_map_need more = *need;
    note(self, ".need_map");
    more.hint_entries++;
    look(m);
    void *map = stw_next_need_map(next, m, &more);
    look(m);
    return map;
}

static void merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                  const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    note(self, ".merge");
    stw_next_merge(next, m, map, entries, first, count);
}

static const struct stw_strategy_ops noting_ops = {
    .struct_size = sizeof noting_ops, .need_map = need_map, .merge = merge};

static const struct stw_descriptor *noting(void)
{
    static const struct stw_offer offers[] = {
        STW_OFFER(STW_KIND_STRATEGY, "noting", &noting_ops)};
    static const struct stw_descriptor descriptor = {
        sizeof descriptor, STW_MAGIC, STW_ABI_MAJOR, STW_ABI_MINOR, 1, offers};
    return &descriptor;
}

static void adopt(uint32_t kind, const char *id, const struct stw_descriptor *descriptor,
                  struct stw_loaded *loaded)
{
    static uint32_t used;
    struct stw_error error = STW_ERROR_INIT;
    struct stw_plugin_info *info = &infos[used++ % 8];
    *info = (struct stw_plugin_info){.kind = kind};
    snprintf(info->id, sizeof info->id, "%s", id);
    cr_assert_eq(stw_plugin_adopt(info, descriptor, loaded, &error), STW_OK, "%s", error.message);
}

/* What the small map was asked to make. */
static uint64_t hint_seen;

static void *make_noting_hint(void *self, struct stw_mutator *m, const struct stw_map_type *type,
                              uint64_t hint)
{
    hint_seen = hint;
    look(m);
    return stw_simple_map_ops.make(self, m, type, hint);
}

/* The small map without its optional slots. */
static void adopt_bare_map(struct stw_loaded *map)
{
    static struct stw_map_ops ops;
    static const struct stw_offer offers[] = {STW_OFFER(STW_KIND_MAP, "bare", &ops)};
    static const struct stw_descriptor descriptor = {
        sizeof descriptor, STW_MAGIC, STW_ABI_MAJOR, STW_ABI_MINOR, 1, offers};
    ops = stw_simple_map_ops;
    ops.make = make_noting_hint;
    ops.merge = NULL;
    ops.audit = NULL;
    adopt(STW_KIND_MAP, "bare", &descriptor, map);
    map->ordinal = MAP_ORDINAL;
}

/* Calls of the flight recorder, as "ordinal/call ". */
static const char *trace(const struct stw_mutator *m)
{
    static char text[512];
    size_t used = 0;
    text[0] = '\0';
    for (uint64_t i = 0; i < m->trace_count && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%u/%u ", m->trace[i] >> 16,
                                 m->trace[i] & 0xffff);
    return text;
}

static const struct stw_map_type u64_map = {sizeof u64_map, STW_KEY_U64, 8, 0, 0, NULL};
static const struct stw_map_type string_map = {sizeof string_map, STW_KEY_STRING, 8, 0, 0, NULL};

Test(chain, is_a_base_when_there_is_no_strategy)
{
    struct stw_loaded map;
    struct stw_link link;
    fake_host_new(1);
    struct stw_mutator *m = fake_mutator(0);
    adopt_bare_map(&map);
    cr_assert_eq(stw_chain_build(NULL, 0, &map, &link), STW_OK);
    cr_assert_null(link.next);
    cr_assert_eq(link.map_ops, &map.ops.map);
    const struct stw_map_need need = {sizeof need, 0, &u64_map, 100, 5000};
    stw_next_begin(&link, m);
    void *made = stw_next_need_map(&link, m, &need);
    cr_assert_not_null(made);
    cr_assert_eq(hint_seen, 100, "the base passes what the program wrote, not what it could know");
    stw_next_done_map(&link, m, &u64_map, made);
    stw_next_request_begin(&link, m);
    stw_next_request_end(&link, m);
    stw_next_batch_boundary(&link, m);
    stw_next_end(&link, m);
    cr_assert_str_eq(trace(m), "0/13 0/15 2/38 2/23 0/16 2/39 0/20 0/21 0/22 0/14 ");
    fake_host_free();
}

Test(chain, hands_out_scratch)
{
    static const uint64_t mask = 1;
    static const struct stw_type type = {sizeof type, 0, 16, 8, &mask, "pair"};
    struct stw_loaded map;
    struct stw_link link;
    fake_host_new(1);
    struct stw_mutator *m = fake_mutator(0);
    adopt_bare_map(&map);
    cr_assert_eq(stw_chain_build(NULL, 0, &map, &link), STW_OK);
    const struct stw_scratch_need plain_need = {sizeof plain_need, 1, 100, NULL};
    const struct stw_scratch_need typed_need = {sizeof typed_need, 0, 160, &type};
    void *plain = stw_next_need_scratch(&link, m, &plain_need);
    void *typed = stw_next_need_scratch(&link, m, &typed_need);
    cr_assert_eq(fake_cell_bytes(plain), 100);
    cr_assert_null(fake_cell_type(plain));
    cr_assert_eq(fake_cell_bytes(typed), 160);
    cr_assert_eq(fake_cell_type(typed), &type);
    stw_next_done_scratch(&link, m, &plain_need, plain);
    fake_host_free();
}

/* Whoever is told of a breach leaves by a jump: in a trial it would be the end. */
static jmp_buf told;
static struct stw_breach breach;

static void leave(const struct stw_breach *found)
{
    breach = *found;
    longjmp(told, 1);
}

/* host.ED1: also of what no map is made of. */
Test(chain, reads_needs_of_scratch_as_far_as_they_say)
{
    struct stw_loaded map;
    struct stw_link link;
    fake_host_new(1);
    adopt_bare_map(&map);
    cr_assert_eq(stw_chain_build(NULL, 0, &map, &link), STW_OK);
    const struct stw_scratch_need need = {.bytes = 64};
    stw_breach_told = leave;
    if (setjmp(told) == 0) {
        stw_next_need_scratch(&link, fake_mutator(0), &need);
        cr_assert_fail("nothing was noticed");
    }
    cr_assert_str_eq(breach.rule, "A2");
    cr_assert_str_eq(breach.text, "passed a stw_scratch_need whose struct_size is 0, not 24");
    cr_assert_eq(breach.plugin, STW_BREACH_CALLER);
    fake_host_free();
}

Test(chain, passes_intents_from_left_to_right)
{
    struct stw_loaded map, strategies[3];
    struct stw_link links[4];
    static char a[] = "a", b[] = "b";
    fake_host_new(1);
    struct stw_mutator *m = fake_mutator(0);
    adopt_bare_map(&map);
    adopt(STW_KIND_STRATEGY, "noting", noting(), &strategies[0]);
    adopt(STW_KIND_STRATEGY, "none", stw_plugin_entry_none(), &strategies[1]);
    adopt(STW_KIND_STRATEGY, "noting", noting(), &strategies[2]);
    for (uint32_t i = 0; i < 3; i++)
        strategies[i].ordinal = FIRST_ORDINAL + i;
    strategies[0].self = a;
    strategies[2].self = b;
    cr_assert_eq(stw_chain_build(strategies, 3, &map, links), STW_OK);
    const struct stw_map_need need = {sizeof need, 0, &u64_map, 0, 0};
    void *made = stw_next_need_map(links, m, &need);
    cr_assert_eq(hint_seen, 2);
    const uint64_t keys[] = {1, 2}, values[] = {10, 20};
    const struct stw_entries entries = {sizeof entries, 0, &u64_map, keys, values, 2, 0};
    stw_next_merge(links, m, made, &entries, 0, 2);
    cr_assert_str_eq(notes, "a.need_map b.need_map a.merge b.merge ");
    cr_assert_str_eq(trace(m), "4/15 5/15 6/15 0/15 2/38 2/23 4/17 5/17 6/17 0/17 2/24 ");
    for (uint32_t i = 0; i < 4; i++) {
        cr_assert_eq(links[i].struct_size, sizeof *links);
        cr_assert_eq(links[i].next, i < 3 ? &links[i + 1] : NULL);
        cr_assert_eq(links[i].map_ops, &map.ops.map);
        cr_assert_eq(links[i].map_self, map.self);
    }
    fake_host_free();
}

/* Who keeps an intent is named by stops that wait for it, not who passed it on. */
Test(chain, tells_whose_slot_runs)
{
    struct stw_loaded map, strategies[3];
    struct stw_link links[4];
    static char a[] = "a";
    fake_host_new(1);
    struct stw_mutator *m = fake_mutator(0);
    adopt_bare_map(&map);
    adopt(STW_KIND_STRATEGY, "noting", noting(), &strategies[0]);
    adopt(STW_KIND_STRATEGY, "none", stw_plugin_entry_none(), &strategies[1]);
    adopt(STW_KIND_STRATEGY, "noting", noting(), &strategies[2]);
    for (uint32_t i = 0; i < 3; i++)
        strategies[i].ordinal = FIRST_ORDINAL + i;
    strategies[0].self = strategies[2].self = a;
    cr_assert_eq(stw_chain_build(strategies, 3, &map, links), STW_OK);
    const struct stw_map_need need = {sizeof need, 0, &u64_map, 0, 0};
    stw_next_need_map(links, m, &need);
    look(m);
    cr_assert_str_eq(running, "4/15 6/15 0/15 6/15 4/15 0/0 ");
    fake_host_free();
}

/* Counted are intents that a strategy has a slot for, and where they are stated. */
Test(chain, counts_the_intents_that_each_strategy_handles)
{
    struct stw_loaded map, strategies[2];
    struct stw_link links[3];
    static char a[] = "a";
    uint64_t shared[2] = {0, 0};
    const struct stw_counter places[] = {{&shared[0], 3}, {&shared[1], 4}};
    fake_host_new(1);
    struct stw_mutator *m = fake_mutator(0);
    adopt_bare_map(&map);
    adopt(STW_KIND_STRATEGY, "noting", noting(), &strategies[0]);
    adopt(STW_KIND_STRATEGY, "none", stw_plugin_entry_none(), &strategies[1]);
    cr_assert_neq(strategies[0].handles, 0);
    cr_assert_eq(strategies[1].handles, 0);
    strategies[0].self = a;
    cr_assert_eq(stw_chain_build(strategies, 2, &map, links), STW_OK);
    const struct stw_map_need need = {sizeof need, 0, &u64_map, 0, 0};
    const struct stw_scratch_need scratch_need = {sizeof scratch_need, 0, 48, NULL};
    void *made = stw_next_need_map(links, m, &need);
    cr_assert_eq(m->counts[3], 0, "nobody has said where");
    stw_chain_count(strategies, 2, links, places);
    stw_next_begin(links, m);
    stw_next_request_begin(links, m);
    stw_next_need_scratch(links, m, &scratch_need);
    cr_assert_eq(m->counts[3], 0, "it has no slot for these");
    const uint64_t keys[] = {1, 2}, values[] = {10, 20};
    const struct stw_entries entries = {sizeof entries, 0, &u64_map, keys, values, 2, 0};
    stw_next_merge(links, m, made, &entries, 0, 2);
    stw_next_need_map(links, m, &need);
    cr_assert_eq(m->counts[3], 2);
    cr_assert_eq(m->counts[4], 0);
    fake_host_free();
}

/* Every stub of a strategy passes on, with all that it was given. */
Test(chain, stubs_pass_every_intent_on)
{
    struct stw_loaded map, none;
    struct stw_link links[2];
    fake_host_new(1);
    struct stw_mutator *m = fake_mutator(0);
    adopt_bare_map(&map);
    adopt(STW_KIND_STRATEGY, "none", stw_plugin_entry_none(), &none);
    none.ordinal = FIRST_ORDINAL;
    cr_assert_eq(stw_chain_build(&none, 1, &map, links), STW_OK);
    const struct stw_map_need need = {sizeof need, 0, &u64_map, 9, 0};
    stw_next_begin(links, m);
    void *made = stw_next_need_map(links, m, &need);
    cr_assert_eq(hint_seen, 9);
    const struct stw_scratch_need scratch_need = {sizeof scratch_need, 0, 48, NULL};
    void *scratch = stw_next_need_scratch(links, m, &scratch_need);
    cr_assert_eq(fake_cell_bytes(scratch), 48);
    stw_next_done_scratch(links, m, &scratch_need, scratch);
    stw_next_done_map(links, m, &u64_map, made);
    stw_next_request_begin(links, m);
    stw_next_request_end(links, m);
    stw_next_batch_boundary(links, m);
    stw_next_end(links, m);
    cr_assert_str_eq(trace(m), "4/13 0/13 4/15 0/15 2/38 2/23 4/18 0/18 4/19 0/19 4/16 0/16 2/39 "
                               "4/20 0/20 4/21 0/21 4/22 0/22 4/14 0/14 ");
    fake_host_free();
}

Test(chain, refuses_parts_of_the_wrong_kind)
{
    struct stw_loaded map, none;
    struct stw_link links[2];
    adopt_bare_map(&map);
    adopt(STW_KIND_STRATEGY, "none", stw_plugin_entry_none(), &none);
    cr_assert_eq(stw_chain_build(&none, 1, &none, links), STW_E_INVALID);
    cr_assert_eq(stw_chain_build(&map, 1, &map, links), STW_E_INVALID);
}

/* Maps check themselves when the trial is audited. */

static uint32_t audits;
static const char *broken_rule;
static char failed_rule[sizeof ((struct stw_error *)0)->field];

static stw_status count_audit(void *self, struct stw_mutator *m, void *map, struct stw_error *error)
{
    (void)self, (void)m, (void)map;
    audits++;
    return broken_rule ? stw_error_set(error, STW_E_AUDIT, broken_rule, "as asked") : STW_OK;
}

static void note_failed_audit(const struct stw_error *error)
{
    snprintf(failed_rule, sizeof failed_rule, "%s", error->field);
}

/* Merges `count` new entries, from `first` on. Returns how often the map was audited. */
static uint32_t audits_of_merge(struct stw_link *link, struct stw_mutator *m, void *map,
                                uint64_t first, uint64_t count)
{
    static uint64_t numbers[4096];
    const struct stw_entries entries = {sizeof entries, 0, &u64_map, numbers, numbers, 4096, 0};
    for (uint64_t i = 0; i < 4096; i++)
        numbers[i] = i;
    audits = 0;
    stw_next_merge(link, m, map, &entries, first, count);
    return audits;
}

Test(chain, audits_maps_that_have_grown_and_those_that_are_done_with)
{
    struct stw_loaded map;
    struct stw_link link;
    fake_host_new(1);
    struct stw_mutator *m = fake_mutator(0);
    adopt_bare_map(&map);
    map.ops.map.audit = count_audit;
    cr_assert_eq(stw_chain_build(NULL, 0, &map, &link), STW_OK);
    void *made = map.ops.map.make(map.self, m, &u64_map, 0);
    cr_assert_eq(audits_of_merge(&link, m, made, 0, 100), 0, "audits are off");
    stw_runtime_audit(1, note_failed_audit);
    cr_assert_eq(audits_of_merge(&link, m, made, 100, 27), 0, "127 entries");
    cr_assert_eq(audits_of_merge(&link, m, made, 127, 1), 1, "128");
    cr_assert_eq(audits_of_merge(&link, m, made, 0, 128), 0, "none is new");
    cr_assert_eq(audits_of_merge(&link, m, made, 128, 1000), 1, "1128");
    uint32_t sum = 0;
    for (uint64_t i = 1128; i < 4096; i++)
        sum += audits_of_merge(&link, m, made, i, 1);
    cr_assert_eq(sum, 2, "at 2048 and 4096");
    audits = 0;
    stw_next_done_map(&link, m, &u64_map, made);
    cr_assert_eq(audits, 1);
    cr_assert_str_empty(failed_rule);
    broken_rule = "top";
    stw_next_done_map(&link, m, &u64_map, made);
    cr_assert_str_eq(failed_rule, "top");
    fake_host_free();
}

/* host.HT1: also of values, before a map reads their masks. */
Test(chain, accepts_no_type_of_maps_with_an_unsound_type_of_values)
{
    static const uint64_t mask[] = {1};
    struct stw_type values[] = {{0, 0, 8, 8, mask, "size"},
                                {sizeof *values, 0, 4, 4, mask, "bytes"},
                                {sizeof *values, 0, 8, 8, NULL, "mask"},
                                {sizeof *values, 0, 16, 16, mask, "end"}};
    const char *const texts[] = {
        "values of a stw_type whose struct_size is 0, not 40",
        "values of type \"bytes\", whose element_bytes are no multiple of 8 (4)",
        "values of type \"mask\", whose pointer_mask is null (0)",
        ("values of type \"end\", whose pointer_bytes are 16, but the last pointer of its mask "
         "ends at byte 8")};
    struct stw_loaded map;
    adopt_bare_map(&map);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const struct stw_map_type type = {sizeof type, STW_KEY_U64, 16, 0, 0, &values[i]};
        struct stw_error error = STW_ERROR_INIT;
        cr_assert_eq(stw_chain_accept(NULL, 0, &map, &type, &error), STW_E_INVALID);
        cr_assert_str_eq(error.field, "value_type");
        cr_assert_str_eq(error.message, texts[i]);
    }
}

/* What strategies pass on is compared when the trial is audited (merge-alters). */

static char failed_message[sizeof ((struct stw_error *)0)->message];

/* The first: in a trial it would be the end. */
static void note_failure(const struct stw_error *error)
{
    if (failed_message[0])
        return;
    note_failed_audit(error);
    snprintf(failed_message, sizeof failed_message, "%s", error->message);
}

/* What a strategy between two that do as they should makes of 8 entries: 3 are merged, 4 to 6. */
static const char *said_of(const struct stw_strategy_ops *ops, const struct stw_entries *entries)
{
    const struct stw_offer offers[] = {STW_OFFER(STW_KIND_STRATEGY, "middle", ops)};
    const struct stw_descriptor descriptor = {
        sizeof descriptor, STW_MAGIC, STW_ABI_MAJOR, STW_ABI_MINOR, 1, offers};
    struct stw_loaded map, strategies[3];
    struct stw_link links[4];
    static char outer[] = "o", inner[] = "i";
    fake_host_new(1);
    struct stw_mutator *m = fake_mutator(0);
    adopt_bare_map(&map);
    adopt(STW_KIND_STRATEGY, "noting", noting(), &strategies[0]);
    adopt(STW_KIND_STRATEGY, "middle", &descriptor, &strategies[1]);
    adopt(STW_KIND_STRATEGY, "noting", noting(), &strategies[2]);
    strategies[0].self = outer;
    strategies[2].self = inner;
    stw_runtime_audit(1, note_failure);
    failed_rule[0] = failed_message[0] = '\0';
    cr_assert_eq(stw_chain_build(strategies, 3, &map, links), STW_OK);
    const struct stw_map_need need = {sizeof need, 0, entries->type, 0, 0};
    void *made = stw_next_need_map(links, m, &need);
    stw_next_merge(links, m, made, entries, 4, 3);
    stw_runtime_audit(0, note_failure);
    fake_host_free();
    if (failed_message[0])
        cr_assert_str_eq(failed_rule, "merge-alters");
    return failed_message;
}

static uint64_t eight_keys[16], eight_values[16]; /* more than are handed over */
static const struct stw_entries eight = {sizeof eight, 0, &u64_map, eight_keys, eight_values, 8, 0};

static void reset_eight(void)
{
    for (uint64_t i = 0; i < 8; i++) {
        eight_keys[i] = i;
        eight_values[i] = 10 * i;
    }
}

#define MERGE(name)                                                                                \
    static void name(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,    \
                     const struct stw_entries *entries, uint64_t first, uint64_t count)
#define OPS(name) &(const struct stw_strategy_ops){.struct_size = sizeof(struct stw_strategy_ops), \
                                                   .merge = name}

MERGE(merge_backwards)
{
    (void)self;
    for (uint64_t i = count; i-- > 0;)
        stw_next_merge(next, m, map, entries, first + i, 1);
}

MERGE(merge_copy)
{
    (void)self;
    uint64_t keys[8], values[8];
    memcpy(keys, (const uint64_t *)entries->keys + first, count * sizeof *keys);
    memcpy(values, stw_entry_value(entries, first), count * sizeof *values);
    const struct stw_entries copy = {sizeof copy, 0, entries->type, keys, values, count, 0};
    stw_next_merge(next, m, map, &copy, 0, count);
}

MERGE(merge_others)
{
    (void)self;
    stw_next_merge(next, m, map, entries, first - 1, count);
}

MERGE(merge_some)
{
    (void)self;
    stw_next_merge(next, m, map, entries, first, count - 1);
}

MERGE(merge_and_change)
{
    (void)self;
    stw_next_merge(next, m, map, entries, first, count);
    eight_values[first + 1]++;
}

static void *need_and_merge(void *self, const struct stw_link *next, struct stw_mutator *m,
                            const struct stw_map_need *need)
{
    (void)self;
    void *made = stw_next_need_map(next, m, need);
    stw_next_merge(next, m, made, &eight, 0, 1);
    return made;
}

Test(chain, lets_entries_pass_in_any_pieces_and_order, .init = reset_eight)
{
    cr_assert_str_empty(said_of(OPS(NULL), &eight));
    cr_assert_str_empty(said_of(OPS(merge_backwards), &eight));
    cr_assert_str_empty(said_of(OPS(merge_copy), &eight));
}

Test(chain, names_the_strategy_that_alters_entries, .init = reset_eight)
{
    cr_assert_str_eq(said_of(OPS(merge_some), &eight),
                     "strategy/middle was handed 3 entries and passes on 2");
    cr_assert_str_eq(said_of(OPS(merge_others), &eight),
                     "strategy/middle passes on other entries than it was handed");
    cr_assert_str_eq(said_of(OPS(merge_and_change), &eight),
                     "strategy/middle changes the entries that it was handed");
}

Test(chain, notices_entries_that_nobody_handed_over, .init = reset_eight)
{
    const struct stw_strategy_ops fills = {.struct_size = sizeof fills,
                                           .need_map = need_and_merge};
    cr_assert_str_eq(said_of(&fills, &eight),
                     "strategy/middle merges entries that it was not handed");
}

Test(chain, compares_the_bytes_of_strings, .init = reset_eight)
{
    static char bytes[] = "abcdefgh";
    struct stw_string keys[8];
    for (uint32_t i = 0; i < 8; i++)
        keys[i] = (struct stw_string){bytes + i, 1};
    const struct stw_entries entries = {sizeof entries, 0, &string_map, keys, eight_values, 8, 0};
    cr_assert_str_empty(said_of(OPS(merge_backwards), &entries));
    cr_assert_str_eq(said_of(OPS(merge_others), &entries),
                     "strategy/middle passes on other entries than it was handed");
}

MERGE(merge_beyond)
{
    (void)self;
    stw_next_merge(next, m, map, entries, first, count << 40);
}

/* Nothing is read beyond the entries; named is who merges them, wherever it is in the chain. */
static void expect_beyond(const struct stw_strategy_ops *ops, uint64_t count, uint32_t plugin)
{
    const struct stw_offer offers[] = {STW_OFFER(STW_KIND_STRATEGY, "outer", ops)};
    const struct stw_descriptor descriptor = {
        sizeof descriptor, STW_MAGIC, STW_ABI_MAJOR, STW_ABI_MINOR, 1, offers};
    struct stw_loaded map, strategies[2];
    struct stw_link links[3];
    static char inner[] = "i";
    fake_host_new(1);
    struct stw_mutator *m = fake_mutator(0);
    adopt_bare_map(&map);
    adopt(STW_KIND_STRATEGY, "outer", &descriptor, &strategies[0]);
    adopt(STW_KIND_STRATEGY, "noting", noting(), &strategies[1]);
    strategies[0].ordinal = FIRST_ORDINAL;
    strategies[1].ordinal = FIRST_ORDINAL + 1;
    strategies[1].self = inner;
    stw_runtime_audit(1, note_failure);
    stw_breach_told = leave;
    cr_assert_eq(stw_chain_build(strategies, 2, &map, links), STW_OK);
    if (setjmp(told) == 0) {
        stw_next_merge(links, m, NULL, &eight, 0, count);
        cr_assert_fail("nothing was noticed");
    }
    cr_assert_str_eq(breach.rule, "merge-range");
    cr_assert_eq(breach.plugin, plugin);
    fake_host_free();
}

Test(chain, watches_no_entries_that_are_not_there, .init = reset_eight)
{
    expect_beyond(OPS(merge_beyond), 8, FIRST_ORDINAL);
    expect_beyond(OPS(NULL), 1ull << 40, STW_BREACH_CALLER);
}

/* map.merge stood in for. */

static uint64_t value_of(const struct stw_loaded *map, struct stw_mutator *m, void *made,
                         uint64_t key)
{
    uint64_t value = 0;
    return map->ops.map.find(map->self, m, made, &key, &value) ? value : UINT64_MAX;
}

Test(chain, merges_by_assign_in_order_and_polls)
{
    struct stw_loaded map;
    fake_host_new(1);
    struct stw_mutator *m = fake_mutator(0);
    adopt_bare_map(&map);
    const uint64_t keys[] = {7, 1, 2, 1, 8}, values[] = {70, 10, 20, 11, 80};
    const struct stw_entries entries = {sizeof entries, 0, &u64_map, keys, values, 5, 0};
    void *made = map.ops.map.make(map.self, m, &u64_map, 0);
    m->poll = 1;
    map.ops.map.merge(map.self, m, made, &entries, 1, 3);
    cr_assert_eq(fake_counts()->safepoints, 1);
    cr_assert_eq(map.ops.map.count(map.self, m, made), 2, "entries outside of the range");
    cr_assert_eq(value_of(&map, m, made, 1), 11, "the later value of a key stays");
    cr_assert_eq(value_of(&map, m, made, 2), 20);
    map.ops.map.merge(map.self, m, made, &entries, 5, 0);
    cr_assert_eq(map.ops.map.count(map.self, m, made), 2);
    fake_host_free();
}

Test(chain, merges_strings_by_assign)
{
    struct stw_loaded map;
    fake_host_new(1);
    struct stw_mutator *m = fake_mutator(0);
    adopt_bare_map(&map);
    char *bytes = stw_alloc(m, 2, NULL);
    memcpy(bytes, "xy", 2);
    const struct stw_string keys[] = {{bytes, 1}, {bytes + 1, 1}, {bytes, 2}};
    const uint64_t values[] = {1, 2, 3};
    const struct stw_entries entries = {sizeof entries, 0, &string_map, keys, values, 3, 0};
    void *made = map.ops.map.make(map.self, m, &string_map, 0);
    map.ops.map.merge(map.self, m, made, &entries, 0, 3);
    uint64_t value = 0;
    cr_assert_eq(map.ops.map.count(map.self, m, made), 3);
    cr_assert_eq(map.ops.map.find(map.self, m, made, &keys[2], &value), 1);
    cr_assert_eq(value, 3);
    fake_host_free();
}

static uint64_t other_assigns;

static void assign_otherwise(void *self, struct stw_mutator *m, void *map, const void *key,
                             const void *value)
{
    other_assigns++;
    stw_simple_map_ops.assign(self, m, map, key, value);
}

/* Two maps without merge in one process: each stand-in calls its own map's assign. */
Test(chain, keeps_two_maps_without_merge_apart)
{
    static struct stw_map_ops ops;
    static const struct stw_offer offers[] = {STW_OFFER(STW_KIND_MAP, "other", &ops)};
    static const struct stw_descriptor descriptor = {
        sizeof descriptor, STW_MAGIC, STW_ABI_MAJOR, STW_ABI_MINOR, 1, offers};
    struct stw_loaded map, other, again;
    fake_host_new(1);
    struct stw_mutator *m = fake_mutator(0);
    ops = stw_simple_map_ops;
    ops.assign = assign_otherwise;
    ops.merge = NULL;
    adopt_bare_map(&map);
    adopt(STW_KIND_MAP, "other", &descriptor, &other);
    adopt_bare_map(&again);
    cr_assert_neq(map.ops.map.merge, other.ops.map.merge);
    cr_assert_eq(map.ops.map.merge, again.ops.map.merge);
    const uint64_t keys[] = {1}, values[] = {10};
    const struct stw_entries entries = {sizeof entries, 0, &u64_map, keys, values, 1, 0};
    void *made = map.ops.map.make(map.self, m, &u64_map, 0);
    map.ops.map.merge(map.self, m, made, &entries, 0, 1);
    cr_assert_eq(other_assigns, 0);
    other.ops.map.merge(other.self, m, made, &entries, 0, 1);
    cr_assert_eq(other_assigns, 1);
    fake_host_free();
}

/* A map's own merge is not stood in for. */
Test(chain, keeps_the_merge_that_a_map_has)
{
    struct stw_loaded map;
    adopt(STW_KIND_MAP, "simple", stw_simple_map_descriptor(), &map);
    cr_assert_eq(map.ops.map.merge, stw_simple_map_ops.merge);
    cr_assert_eq(map.ops.map.audit, stw_simple_map_ops.audit);
}

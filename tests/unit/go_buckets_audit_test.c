/* unit/go_buckets_audit_test.c: the audit of go-buckets names the invariant that is broken. */
/* sources: plugins/maps/go-buckets/go-buckets.c plugins/maps/go-buckets/grow.c plugins/maps/go-buckets/walk.c plugins/maps/go-buckets/audit.c plugins/maps/go-buckets/types.c */
/* Method: build a map that the audit likes, damage one thing in it, and ask again. The names are
 * those of plugins/maps/go-buckets/buckets.h. */
#include "go_buckets_rig.h"

static struct bucket *full_chain(struct map_case *c)
{
    struct bucket *b = c->map->buckets;
    for (uint64_t i = 0; i < bucket_count(c->map); i++) {
        b = bucket_at(c->shape, c->map->buckets, i);
        if (link_of(c->shape, b))
            return b;
    }
    cr_assert_fail("no chain has an overflow bucket");
    return b;
}

static void break_count(struct map_case *c)
{
    c->map->count++;
}

static void break_place(struct map_case *c)
{
    struct u64_bucket *b = (struct u64_bucket *)full_chain(c);
    uint64_t mask = bucket_count(c->map) - 1, home = stw_key_hash_u64(b->keys[0], c->map->seed);
    uint64_t key = b->keys[0], hash;
    do
        hash = stw_key_hash_u64(++key, c->map->seed);
    while (top_of(hash) != b->head.tops[0] || (hash & mask) == (home & mask));
    b->keys[0] = key;
}

static void break_top(struct map_case *c)
{
    full_chain(c)->tops[3] ^= 0x40;
}

static void break_rest(struct map_case *c)
{
    full_chain(c)->tops[0] = TOP_REST;
    c->map->count--;
}

static void break_moved(struct map_case *c)
{
    c->map->moved = old_count(c->map) - 1;
}

static void break_overflow(struct map_case *c)
{
    c->map->overflow_count++;
}

static void break_list(struct map_case *c)
{
    ((void **)c->map->extra->overflow->items)[0] = c->map->buckets;
}

static void break_list_length(struct map_case *c)
{
    c->map->extra->overflow->length--;
}

static void break_spare(struct map_case *c)
{
    set_link(c->m, c->shape, c->map->extra->spare, c->map->buckets);
}

static void break_load(struct map_case *c)
{
    for (uint64_t i = 0; i < 104; i++)
        case_erase(c, i);
    c->map->log_buckets = 0;
    c->map->overflow_count = 0;
    c->map->extra = NULL;
    struct u64_bucket *b = c->m->host->alloc_slow(c->m->host, c->m, sizeof *b, NULL);
    c->map->buckets = b;
    struct stw_slice *list = NULL;
    for (uint64_t i = 0; i < 16; i++) { /* one chain of two buckets, full */
        if (i == 8) {
            b = (struct u64_bucket *)stw__buckets_overflow(c->self, c->m, c->map, &b->head);
            list = c->map->extra->overflow;
        }
        b->keys[i % 8] = case_integer(i);
        b->head.tops[i % 8] = top_of(stw_key_hash_u64(b->keys[i % 8], c->map->seed));
        c->map->count = i + 1;
    }
    cr_assert_eq(list->length, 1);
}

struct damage {
    const char *invariant;
    void (*inflict)(struct map_case *c);
    uint64_t entries;
};

static const struct damage damages[] = {
    {"count", break_count, 1664}, {"place", break_place, 1664},
    {"top", break_top, 1664},     {"rest", break_rest, 1664},
    {"moved", break_moved, 1665}, {"overflow", break_overflow, 1664},
    {"list", break_list, 1664},   {"list", break_list_length, 1664},
    {"spare", break_spare, 65},   {"load", break_load, 104},
};

Test(go_buckets_audit, names_what_is_broken)
{
    for (uint32_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        struct map_case c = case_new(STW_KEY_U64, 1700, 0, 0);
        struct stw_error error = {.struct_size = sizeof error};
        case_fill(&c, 0, damages[i].entries);
        case_audit(&c);
        damages[i].inflict(&c);
        cr_expect_eq(c.ops->audit(c.self, c.m, c.map, &error), STW_E_AUDIT, "%s",
                     damages[i].invariant);
        cr_expect_str_eq(error.field, damages[i].invariant, "%s: %s", error.field, error.message);
        case_free(&c);
    }
}

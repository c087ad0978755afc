/* Loading: what the descriptor offers is held against the ABI and the manifest, each rule by name,
 * and the vtable that comes out has no null slot. Method: plugins of tests/abi/plugins, one broken
 * rule each, loaded from their files; descriptors of this process for what is admitted. */
#include "base/error.h"
#include "host/load.h"

#include "scratch.h"

static struct stw_manifest manifest;

/* The plugin of that file and id, which must be listed. */
static const struct stw_plugin_info *list(const char *file, uint32_t kind, const char *id)
{
    struct stw_error error = STW_ERROR_INIT;
    char path[512];
    snprintf(path, sizeof path, "%s%s", *file == '/' ? "" : STW_TEST_PLUGINS "/", file);
    cr_assert_eq(stw_manifest_read(path, &manifest, &error), STW_OK, "%s", error.message);
    for (uint32_t i = 0; i < manifest.count; i++)
        if (manifest.plugins[i].kind == kind && strcmp(manifest.plugins[i].id, id) == 0)
            return &manifest.plugins[i];
    cr_assert_fail("%s does not declare %s \"%s\"", file, stw_kind_name(kind), id);
    return NULL;
}

static void expect_refusal(const struct stw_plugin_info *info, const char *field, const char *part)
{
    struct stw_loaded loaded;
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(stw_plugin_load(info, &loaded, &error), STW_E_REFUSED, "%s", info->id);
    cr_assert_eq(error.status, STW_E_REFUSED);
    cr_assert_str_eq(error.field, field, "%s", error.message);
    cr_assert_not_null(strstr(error.message, part), "\"%s\" lacks \"%s\"", error.message, part);
    cr_assert_not_null(strstr(error.message, strrchr(info->path, '/')), "%s", error.message);
    cr_assert_not_null(strstr(error.message, info->id), "%s", error.message);
}

static void expect_strategy_refusal(const char *file, const char *id, const char *field,
                                    const char *part)
{
    expect_refusal(list(file, STW_KIND_STRATEGY, id), field, part);
}

/* Whether all slots of the vtable, which follow its head of two words, are there. */
static int is_full(const void *ops, size_t bytes)
{
    static const char null[sizeof(void (*)(void))];
    for (size_t at = 8; at < bytes; at += sizeof null)
        if (memcmp((const char *)ops + at, null, sizeof null) == 0)
            return 0;
    return 1;
}

/* Files. */

Test(load, loads_both_plugins_of_a_file)
{
    struct stw_loaded loaded;
    struct stw_error error = STW_ERROR_INIT;
    const struct stw_plugin_info *info = list("good.so", STW_KIND_STRATEGY, "good");
    cr_assert_eq(stw_plugin_load(info, &loaded, &error), STW_OK, "%s", error.message);
    cr_assert_eq(loaded.info, info);
    cr_assert_null(loaded.self);
    cr_assert_eq(loaded.ops.strategy.struct_size, sizeof loaded.ops.strategy);
    cr_assert(is_full(&loaded.ops.strategy, offsetof(struct stw_strategy_ops, maps)));
    info = list("good.so", STW_KIND_MAP, "good");
    cr_assert_eq(stw_plugin_load(info, &loaded, &error), STW_OK, "%s", error.message);
    cr_assert_eq(loaded.ops.map.struct_size, sizeof loaded.ops.map);
    cr_assert(is_full(&loaded.ops.map, sizeof loaded.ops.map));
    cr_assert_eq(loaded.ops.map.count(NULL, NULL, NULL), 1);
}

Test(load, fills_what_an_older_plugin_does_not_have)
{
    struct stw_loaded loaded;
    struct stw_error error = STW_ERROR_INIT;
    const struct stw_plugin_info *info = list("older_ops.so", STW_KIND_MAP, "older-ops");
    cr_assert_eq(stw_plugin_load(info, &loaded, &error), STW_OK, "%s", error.message);
    cr_assert_eq(loaded.ops.map.struct_size, sizeof loaded.ops.map);
    cr_assert(is_full(&loaded.ops.map, sizeof loaded.ops.map));
    cr_assert_neq((uintptr_t)loaded.ops.map.merge, 16, "read beyond the plugin's vtable");
}

Test(load, takes_a_newer_plugin_that_uses_nothing_new)
{
    struct stw_loaded loaded;
    struct stw_error error = STW_ERROR_INIT;
    const struct stw_plugin_info *info = list("newer_slots.so", STW_KIND_STRATEGY, "newer-empty");
    cr_assert_eq(info->abi_minor, 7);
    cr_assert_eq(stw_plugin_load(info, &loaded, &error), STW_OK, "%s", error.message);
    cr_assert_eq(loaded.ops.strategy.struct_size, sizeof loaded.ops.strategy);
    expect_strategy_refusal("newer_slots.so", "newer-used", "struct_size", "is in use");
}

Test(load, refuses_missing_slots_by_name)
{
    expect_refusal(list("missing_slot.so", STW_KIND_MAP, "missing-slot"), "assign",
                   "map \"missing-slot\": the mandatory slot \"assign\" is missing");
    expect_refusal(list("short_ops.so", STW_KIND_MAP, "short-ops"), "stats",
                   "the mandatory slot \"stats\" is missing");
}

Test(load, refuses_descriptors_of_another_abi)
{
    expect_strategy_refusal("wrong_magic.so", "wrong-magic", "magic",
                            "the descriptor's magic is 0x12345678, this host's 0x50575453");
    expect_strategy_refusal("wrong_major.so", "wrong-major", "abi_major",
                            "the descriptor's abi_major is 1, this host's 0");
    expect_strategy_refusal("bad_size.so", "bad-size", "struct_size",
                            "the descriptor has a struct_size of 7");
}

Test(load, refuses_descriptors_that_are_incomplete)
{
    expect_strategy_refusal("null_descriptor.so", "null-descriptor", "descriptor",
                            "the entry returned null");
    expect_strategy_refusal("no_offers.so", "no-offers", "offer_count", "0 offers");
    expect_strategy_refusal("null_offers.so", "null-offers", "offers", "offers are null");
    expect_strategy_refusal("null_id.so", "null-id", "id", "the id of a strategy is null");
    expect_strategy_refusal("null_ops.so", "null-ops", "ops",
                            "the ops of strategy \"null-ops\" are null");
    expect_strategy_refusal("bad_ops_size.so", "bad-ops-size", "struct_size",
                            "strategy \"bad-ops-size\": its table of slots has a struct_size of 0");
    expect_strategy_refusal("bad_kind.so", "bad-kind", "kind", "unknown kind 9");
    expect_strategy_refusal("twice.so", "twice", "id", "strategy \"twice\" is offered twice");
}

Test(load, holds_the_descriptor_against_the_manifest)
{
    expect_strategy_refusal("lying_manifest.so", "lying-manifest", "offers",
                            "declares strategy \"absent\", the descriptor does not offer it");
    expect_strategy_refusal("lying_manifest.so", "absent", "offers",
                            "the descriptor does not offer it");
    expect_strategy_refusal("secret_offer.so", "secret-offer", "offers",
                            "offers strategy \"secret\", the manifest does not declare it");
}

/* A manifest that says an older minor than the code. */
Test(load, holds_the_minor_against_the_manifest)
{
    struct scratch scratch = scratch_new();
    const char *path = scratch_path(&scratch, "older.so");
    struct image image = read_image(STW_TEST_PLUGINS "/good.so");
    const unsigned char owner[8] = STW_NOTE_OWNER;
    unsigned char *at = memmem(image.bytes, image.count, owner, sizeof owner);
    const uint16_t minor = 0;
    memcpy(at + sizeof owner + offsetof(struct stw_manifest_head, abi_minor), &minor, sizeof minor);
    write_file(path, image.bytes, image.count);
    expect_strategy_refusal(path, "good", "abi_minor",
                            "the descriptor's abi_minor is 2, its manifest's 0");
    free(image.bytes);
    scratch_free(&scratch);
}

Test(load, refuses_what_cannot_be_loaded)
{
    expect_strategy_refusal("no_entry.so", "no-entry", "entry",
                            "the object does not export stw_plugin_entry_v0");
    expect_strategy_refusal("unresolved.so", "unresolved", "dlopen",
                            "stw_test_function_that_is_nowhere");
}

/* Its constructor traps; this test ends only because the manifest is looked at first. */
Test(load, runs_no_code_before_the_manifest_is_admitted)
{
    struct stw_error error = STW_ERROR_INIT;
    struct stw_loaded loaded;
    static struct stw_plugin_info info = {.kind = STW_KIND_STRATEGY, .id = "newer-layout"};
    cr_assert_not_null(realpath(STW_TEST_PLUGINS "/newer_layout.so", info.path));
    cr_assert_eq(stw_plugin_load(&info, &loaded, &error), STW_E_REFUSED);
    cr_assert_str_eq(error.field, "layout");
}

Test(load, refuses_a_file_that_was_replaced)
{
    struct scratch scratch = scratch_new();
    const char *path = scratch_path(&scratch, "x.so");
    struct image first = read_image(STW_TEST_PLUGINS "/good.so");
    struct image second = read_image(STW_TEST_PLUGINS "/rival.so");
    write_file(path, first.bytes, first.count);
    static struct stw_plugin_info info;
    info = *list(path, STW_KIND_STRATEGY, "good");
    write_file(path, second.bytes, second.count);
    if (*info.build_id) /* else the linker was told to write none */
        expect_refusal(&info, "manifest", "not the one whose manifest was read before");
    cr_assert_eq(unlink(path), 0);
    struct stw_loaded loaded;
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(stw_plugin_load(&info, &loaded, &error), STW_E_IO);
    free(first.bytes);
    free(second.bytes);
    scratch_free(&scratch);
}

/* Descriptors of this process. */

static void no_op(void)
{
}

/* A vtable with the same function in every slot up to `end`, but for `hole`; none is called. */
static void fill_vtable(void *ops, size_t end, size_t hole)
{
    void (*function)(void) = no_op;
    uint32_t size = (uint32_t)end;
    memset(ops, 0, end);
    memcpy(ops, &size, sizeof size);
    for (size_t at = 8; at < end; at += sizeof function)
        if (at != hole)
            memcpy((char *)ops + at, &function, sizeof function);
}

static stw_status adopt(uint32_t kind, const void *ops, struct stw_loaded *loaded,
                        struct stw_error *error)
{
    static struct stw_plugin_info info;
    info = (struct stw_plugin_info){.kind = kind, .id = "x"};
    const struct stw_offer offers[] = {STW_OFFER(kind, "x", ops)};
    const struct stw_descriptor descriptor = {
        sizeof descriptor, STW_MAGIC, STW_ABI_MAJOR, STW_ABI_MINOR, 1, offers};
    *error = (struct stw_error)STW_ERROR_INIT;
    return stw_plugin_adopt(&info, &descriptor, loaded, error);
}

/* Slot by slot: a hole is refused exactly if the slot is mandatory, and filled else. Where slots
 * from one to another are mandatory, so is create. */
static void try_holes(uint32_t kind, size_t bytes, size_t mandatory_from, size_t mandatory_to)
{
    char ops[512];
    cr_assert_leq(bytes, sizeof ops);
    for (size_t hole = 8; hole < bytes; hole += sizeof(void (*)(void))) {
        struct stw_loaded loaded;
        struct stw_error error;
        fill_vtable(ops, bytes, hole);
        stw_status status = adopt(kind, ops, &loaded, &error);
        if (hole < mandatory_to && (hole >= mandatory_from || hole == 8)) {
            cr_assert_eq(status, STW_E_REFUSED, "slot at %zu", hole);
            cr_assert_gt(strlen(error.field), 0);
        } else {
            cr_assert_eq(status, STW_OK, "slot at %zu: %s", hole, error.message);
            cr_assert(is_full(&loaded.ops, bytes), "slot at %zu", hole);
        }
    }
}

#define END(kind) sizeof(struct stw_##kind##_ops)
#define AT(kind, slot) offsetof(struct stw_##kind##_ops, slot)

Test(load, knows_which_slots_are_mandatory)
{
    try_holes(STW_KIND_ALLOCATOR, END(allocator), 8, AT(allocator, release));
    try_holes(STW_KIND_MAP, END(map), 8, AT(map, merge));
    try_holes(STW_KIND_STRATEGY, AT(strategy, maps), 0, 0); /* then a table, not a slot */
    try_holes(STW_KIND_WORKLOAD, END(workload), AT(workload, setup), AT(workload, last_map));
}

Test(load, keeps_the_slots_that_a_plugin_has)
{
    char ops[512];
    struct stw_loaded loaded;
    struct stw_error error;
    fill_vtable(ops, END(allocator), 0);
    cr_assert_eq(adopt(STW_KIND_ALLOCATOR, ops, &loaded, &error), STW_OK);
    cr_assert_eq(memcmp(&loaded.ops, ops, END(allocator)), 0);
}

/* Offers of a size that is not this host's lie at that size's distance. */
Test(load, walks_offers_in_their_own_size)
{
    struct wide {
        struct stw_offer offer;
        uint64_t more;
    };
    static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};
    static const struct wide offers[] = {
        {{sizeof(struct wide), STW_KIND_STRATEGY, "a", &ops}, UINT64_MAX},
        {{sizeof(struct wide), STW_KIND_STRATEGY, "b", &ops}, UINT64_MAX}};
    static const struct stw_descriptor descriptor = {
        sizeof descriptor, STW_MAGIC, STW_ABI_MAJOR, STW_ABI_MINOR, 2, &offers[0].offer};
    static struct stw_plugin_info info = {.kind = STW_KIND_STRATEGY, .id = "b"};
    struct stw_loaded loaded;
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(stw_plugin_adopt(&info, &descriptor, &loaded, &error), STW_OK, "%s",
                 error.message);
}

Test(load, says_who_is_refused_without_a_path)
{
    struct stw_loaded loaded;
    struct stw_error error;
    cr_assert_eq(adopt(STW_KIND_MAP, NULL, &loaded, &error), STW_E_REFUSED);
    cr_assert_str_eq(error.message, "map \"x\": the ops of map \"x\" are null");
}

/* Asks for `id` of three offers: strategy "good" between two without ops. */
static void expect_of_three(const char *id, const char *message)
{
    static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};
    const struct stw_offer offers[] = {STW_OFFER(STW_KIND_STRATEGY, "first", NULL),
                                       STW_OFFER(STW_KIND_STRATEGY, "good", &ops),
                                       STW_OFFER(STW_KIND_MAP, "last", NULL)};
    const struct stw_descriptor descriptor = {
        sizeof descriptor, STW_MAGIC, STW_ABI_MAJOR, STW_ABI_MINOR, 3, offers};
    struct stw_plugin_info info = {.kind = STW_KIND_STRATEGY};
    struct stw_loaded loaded;
    struct stw_error error = STW_ERROR_INIT;
    if (strcmp(id, "last") == 0)
        info.kind = STW_KIND_MAP;
    snprintf(info.id, sizeof info.id, "%s", id);
    cr_assert_eq(stw_plugin_adopt(&info, &descriptor, &loaded, &error), STW_E_REFUSED);
    cr_assert_str_eq(error.message, message);
    cr_assert_str_eq(error.field, "ops");
}

Test(load, puts_a_refusal_on_the_offer_that_is_at_fault)
{
    expect_of_three("first", "strategy \"first\": the ops of strategy \"first\" are null");
    expect_of_three("last", "map \"last\": the ops of map \"last\" are null");
    expect_of_three("good", "strategy \"good\": its object also offers strategy \"first\": "
                            "the ops of strategy \"first\" are null");
}

/* What stubs do. */

Test(load, stubs_do_nothing_harmful)
{
    char ops[512];
    struct stw_loaded loaded;
    struct stw_error error;
    int dummy;
    void *self = &dummy;
    const struct stw_strategy_ops empty = {.struct_size = sizeof empty};
    cr_assert_eq(adopt(STW_KIND_STRATEGY, &empty, &loaded, &error), STW_OK);
    cr_assert_eq(loaded.ops.strategy.create(NULL, NULL, &error, &self), STW_OK);
    cr_assert_null(self);
    loaded.ops.strategy.destroy(self);
    fill_vtable(ops, AT(allocator, release), 0);
    cr_assert_eq(adopt(STW_KIND_ALLOCATOR, ops, &loaded, &error), STW_OK);
    struct stw_allocator_stats stats = {.spans_full = 7};
    loaded.ops.allocator.release(NULL);
    loaded.ops.allocator.stats(NULL, &stats);
    cr_assert_eq(stats.spans_full, 7);
    cr_assert_eq(loaded.ops.allocator.audit(NULL, &error), STW_OK);
    fill_vtable(ops, AT(workload, last_map), 0);
    cr_assert_eq(adopt(STW_KIND_WORKLOAD, ops, &loaded, &error), STW_OK);
    struct stw_map_stats map_stats = {0};
    loaded.ops.workload.last_map(NULL, NULL, NULL, &map_stats);
    cr_assert_eq(map_stats.buckets, 0);
    loaded.ops.workload.teardown(NULL, NULL, NULL);
    fill_vtable(ops, AT(map, merge), 0);
    cr_assert_eq(adopt(STW_KIND_MAP, ops, &loaded, &error), STW_OK);
    cr_assert_eq(loaded.ops.map.audit(NULL, NULL, NULL, &error), STW_OK);
}

/* What configuring a workload without the slot operations says, and how many it then runs. */
static stw_status configure(const char *named, const struct stw_value *value, uint64_t *operations,
                            struct stw_error *error)
{
    char ops[512];
    struct stw_loaded loaded;
    struct stw_plugin_info info;
    const struct stw_config config = {
        .struct_size = sizeof config, .value_count = 1, .values = value};
    fill_vtable(ops, END(workload), AT(workload, operations));
    cr_assert_eq(adopt(STW_KIND_WORKLOAD, ops, &loaded, error), STW_OK);
    info = *loaded.info;
    strcpy(info.operations, named);
    loaded.info = &info;
    stw_status status = stw_plugin_configure(&loaded, &config, error);
    *operations = status == STW_OK ? loaded.ops.workload.operations(NULL) : 0;
    return status;
}

Test(load, counts_operations_by_a_parameter)
{
    const struct stw_value rounds = {.name = "rounds", .type = STW_TYPE_U64, .as_u64 = 7};
    const struct stw_value usual = {.name = "operations", .type = STW_TYPE_U64, .as_u64 = 9};
    const struct stw_value text = {.name = "operations", .type = STW_TYPE_TEXT, .as_text = "9"};
    struct stw_error error;
    uint64_t operations;
    cr_assert_eq(configure("rounds", &rounds, &operations, &error), STW_OK);
    cr_assert_eq(operations, 7);
    cr_assert_eq(configure("", &usual, &operations, &error), STW_OK);
    cr_assert_eq(operations, 9);
    cr_assert_eq(configure("rounds", &usual, &operations, &error), STW_E_REFUSED);
    cr_assert_str_eq(error.message, "workload \"x\" has neither the slot \"operations\" nor a u64 "
                                    "parameter \"rounds\" in its place");
    cr_assert_eq(configure("", &text, &operations, &error), STW_E_REFUSED);
    cr_assert_str_eq(error.field, "operations");
}

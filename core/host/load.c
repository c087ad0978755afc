/* host/load.c: loads one plugin's code and admits it.
 *
 * Two admissions meet here. The manifest is read again and must still be the one that the registry
 * saw; only then the object's code runs, and its descriptor must offer exactly what the manifest
 * declares. The plugin's vtable is copied, as far as both sides know it, so later code sees this
 * host's struct. */
#include "host/load.h"

#include "base/error.h"
#include "base/text.h"
#include "host/manifest_parts.h"
#include "host/slots.h"
#include "prim/module.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define STRUCT_BYTES_MAX 65536u /* more is no size but something else */

static stw_status refuse_struct(const char *what, uint32_t bytes, uint32_t bytes_min,
                                struct stw_error *error)
{
    return stw_error_set(error, STW_E_REFUSED, "struct_size",
                         "%s has a struct_size of %u; it is a multiple of 8 and at least %u", what,
                         bytes, bytes_min);
}

static int is_plausible(uint32_t bytes, uint32_t bytes_min)
{
    return bytes >= bytes_min && bytes <= STRUCT_BYTES_MAX && bytes % 8 == 0;
}

static stw_status check_descriptor(const struct stw_descriptor *descriptor,
                                   struct stw_error *error)
{
    if (!is_plausible(descriptor->struct_size, sizeof *descriptor))
        return refuse_struct("the descriptor", descriptor->struct_size, sizeof *descriptor, error);
    if (descriptor->magic != STW_MAGIC)
        return stw_error_set(error, STW_E_REFUSED, "magic",
                             "the descriptor's magic is 0x%x, this host's 0x%x", descriptor->magic,
                             STW_MAGIC);
    if (descriptor->abi_major != STW_ABI_MAJOR)
        return stw_error_set(error, STW_E_REFUSED, "abi_major",
                             "the descriptor's abi_major is %u, this host's %u",
                             descriptor->abi_major, STW_ABI_MAJOR);
    if (descriptor->offer_count == 0 || descriptor->offer_count > STW_OFFERS)
        return stw_error_set(error, STW_E_REFUSED, "offer_count",
                             "the descriptor has %u offers; there are 1 to %u",
                             descriptor->offer_count, STW_OFFERS);
    if (!descriptor->offers)
        return stw_error_set(error, STW_E_REFUSED, "offers", "the descriptor's offers are null");
    return STW_OK;
}

/* Offers lie side by side in the size that the plugin was built with. */
static const struct stw_offer *offer_at(const struct stw_descriptor *descriptor, uint32_t index)
{
    const char *first = (const char *)descriptor->offers;
    return (const struct stw_offer *)(const void *)(first
                                                    + index * descriptor->offers->struct_size);
}

static int is_offer(const struct stw_offer *offer, uint32_t kind, const char *id)
{
    return offer->kind == kind && offer->id && strcmp(offer->id, id) == 0;
}

static const struct stw_offer *find_offer(const struct stw_descriptor *descriptor, uint32_t kind,
                                          const char *id)
{
    for (uint32_t i = 0; i < descriptor->offer_count; i++)
        if (is_offer(offer_at(descriptor, i), kind, id))
            return offer_at(descriptor, i);
    return NULL;
}

/* Before anything else of an offer is read. */
static stw_status check_sizes(const struct stw_descriptor *descriptor, struct stw_error *error)
{
    for (uint32_t i = 0; i < descriptor->offer_count; i++) {
        uint32_t bytes = offer_at(descriptor, i)->struct_size;
        if (!is_plausible(bytes, sizeof(struct stw_offer))
            || bytes != descriptor->offers->struct_size)
            return refuse_struct("an offer", bytes, sizeof(struct stw_offer), error);
    }
    return STW_OK;
}

static int is_twice(const struct stw_descriptor *descriptor, const struct stw_offer *offer)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < descriptor->offer_count; i++)
        count += is_offer(offer_at(descriptor, i), offer->kind, offer->id) != 0;
    return count > 1;
}

static stw_status check_offer(const struct stw_descriptor *descriptor,
                              const struct stw_offer *offer, struct stw_error *error)
{
    uint32_t head_bytes = 2 * sizeof(uint32_t), ops_bytes;
    if (!stw__slots_bytes(offer->kind))
        return stw_error_set(error, STW_E_REFUSED, "kind", "an offer has the unknown kind %u",
                             offer->kind);
    if (!offer->id)
        return stw_error_set(error, STW_E_REFUSED, "id", "the id of a %s is null",
                             stw_kind_name(offer->kind));
    if (is_twice(descriptor, offer))
        return stw_error_set(error, STW_E_REFUSED, "id", "%s \"%.40s\" is offered twice",
                             stw_kind_name(offer->kind), offer->id);
    if (!offer->ops)
        return stw_error_set(error, STW_E_REFUSED, "ops", "the ops of %s \"%.40s\" are null",
                             stw_kind_name(offer->kind), offer->id);
    memcpy(&ops_bytes, offer->ops, sizeof ops_bytes);
    if (!is_plausible(ops_bytes, head_bytes))
        return refuse_struct("its table of slots", ops_bytes, head_bytes, error);
    return STW_OK;
}

/* What is wrong with another offer of the same object, under that one's name. */
static stw_status refuse_sibling(const struct stw_offer *offer, const struct stw_error *reason,
                                 struct stw_error *error)
{
    int has_name = stw__slots_bytes(offer->kind) && offer->id;
    if (!has_name)
        return stw_error_set(error, reason->status, reason->field,
                             "another offer of its object: %s", reason->message);
    return stw_error_set(error, reason->status, reason->field,
                         "its object also offers %s \"%.40s\": %s", stw_kind_name(offer->kind),
                         offer->id, reason->message);
}

/* What is wrong with the offer that was asked for comes first. `asked` is null if there is none. */
static stw_status check_offers(const struct stw_descriptor *descriptor,
                               const struct stw_offer *asked, struct stw_error *error)
{
    if (asked)
        STW_TRY(check_offer(descriptor, asked, error));
    for (uint32_t i = 0; i < descriptor->offer_count; i++) {
        const struct stw_offer *offer = offer_at(descriptor, i);
        struct stw_error reason = STW_ERROR_INIT;
        if (offer != asked && check_offer(descriptor, offer, &reason) != STW_OK)
            return refuse_sibling(offer, &reason, error);
    }
    return STW_OK;
}

/* Slots that this host is too old to know would never be called: they are empty. */
static stw_status check_newer_slots(const struct stw_offer *offer, uint32_t theirs, uint32_t ours,
                                    struct stw_error *error)
{
    const char *ops = offer->ops;
    for (uint32_t at = ours; at < theirs; at++)
        if (ops[at])
            return stw_error_set(error, STW_E_REFUSED, "struct_size",
                                 "its table of slots has %u bytes, this host knows %u (ABI %u.%u), "
                                 "and the slot at byte %u is in use", theirs, ours, STW_ABI_MAJOR,
                                 STW_ABI_MINOR, at / 8 * 8);
    return STW_OK;
}

static stw_status copy_ops(const struct stw_offer *offer, struct stw_loaded *loaded,
                           struct stw_error *error)
{
    uint32_t theirs, ours = stw__slots_bytes(offer->kind);
    memcpy(&theirs, offer->ops, sizeof theirs);
    STW_TRY(check_newer_slots(offer, theirs, ours, error));
    loaded->offered = offer->ops;
    memset(&loaded->ops, 0, sizeof loaded->ops);
    memcpy(&loaded->ops, offer->ops, theirs < ours ? theirs : ours);
    memcpy(&loaded->ops, &ours, sizeof ours);
    return stw__slots_fill(offer->kind, loaded, error);
}

/* Reasons name neither the file nor the plugin. */
static stw_status adopt(const struct stw_plugin_info *info,
                        const struct stw_descriptor *descriptor, struct stw_loaded *loaded,
                        struct stw_error *reason)
{
    if (!descriptor)
        return stw_error_set(reason, STW_E_REFUSED, "descriptor", "the entry returned null");
    STW_TRY(check_descriptor(descriptor, reason));
    STW_TRY(check_sizes(descriptor, reason));
    const struct stw_offer *offer = find_offer(descriptor, info->kind, info->id);
    STW_TRY(check_offers(descriptor, offer, reason));
    if (!offer)
        return stw_error_set(reason, STW_E_REFUSED, "offers", "the descriptor does not offer it");
    *loaded = (struct stw_loaded){.info = info};
    return copy_ops(offer, loaded, reason);
}

/* "PATH: KIND "ID": reason", or without the path when the plugin has none. */
static stw_status refuse_plugin(const struct stw_plugin_info *info, const struct stw_error *reason,
                                struct stw_error *error)
{
    struct stw_error named = STW_ERROR_INIT;
    stw_error_set(&named, reason->status, reason->field, "%s \"%s\": %s",
                  stw_kind_name(info->kind), info->id, reason->message);
    if (*info->path)
        return stw__refuse_file(error, info->path, &named);
    return stw_error_set(error, named.status, named.field, "%s", named.message);
}

stw_status stw_plugin_adopt(const struct stw_plugin_info *info,
                            const struct stw_descriptor *descriptor, struct stw_loaded *loaded,
                            struct stw_error *error)
{
    struct stw_error reason = STW_ERROR_INIT;
    if (adopt(info, descriptor, loaded, &reason) == STW_OK)
        return STW_OK;
    return refuse_plugin(info, &reason, error);
}

stw_status stw_plugin_configure(const struct stw_loaded *loaded, const struct stw_config *config,
                                struct stw_error *error)
{
    return stw__slots_configure(loaded, config, error);
}

/* Loading. */

static stw_status check_unchanged(const struct stw_plugin_info *info,
                                  const struct stw_manifest *manifest, struct stw_error *reason)
{
    for (uint32_t i = 0; i < manifest->count; i++) {
        const struct stw_plugin_info *now = &manifest->plugins[i];
        if (now->kind == info->kind && strcmp(now->id, info->id) == 0
            && strcmp(now->build_id, info->build_id) == 0)
            return STW_OK;
    }
    return stw_error_set(reason, STW_E_REFUSED, "manifest",
                         "the file is not the one whose manifest was read before");
}

/* The descriptor has been checked. */
static stw_status check_agreement(const struct stw_manifest *manifest,
                                  const struct stw_descriptor *descriptor,
                                  struct stw_error *reason)
{
    if (descriptor->abi_minor != manifest->plugins->abi_minor)
        return stw_error_set(reason, STW_E_REFUSED, "abi_minor",
                             "the descriptor's abi_minor is %u, its manifest's %u",
                             descriptor->abi_minor, manifest->plugins->abi_minor);
    for (uint32_t i = 0; i < manifest->count; i++) {
        const struct stw_plugin_info *info = &manifest->plugins[i];
        if (!find_offer(descriptor, info->kind, info->id))
            return stw_error_set(reason, STW_E_REFUSED, "offers",
                                 "the manifest declares %s \"%s\", the descriptor does not offer "
                                 "it", stw_kind_name(info->kind), info->id);
    }
    for (uint32_t i = 0; i < descriptor->offer_count; i++) {
        const struct stw_offer *offer = offer_at(descriptor, i);
        uint32_t at = 0;
        while (at < manifest->count
               && (manifest->plugins[at].kind != offer->kind
                   || strcmp(manifest->plugins[at].id, offer->id) != 0))
            at++;
        if (at == manifest->count)
            return stw_error_set(reason, STW_E_REFUSED, "offers",
                                 "the descriptor offers %s \"%.40s\", the manifest does not "
                                 "declare it", stw_kind_name(offer->kind), offer->id);
    }
    return STW_OK;
}

static stw_status find_entry(const char *path, stw_plugin_entry *entry, struct stw_error *reason)
{
    void *module;
    STW_TRY(stw_module_open(path, &module, reason));
    *entry = (stw_plugin_entry)stw_module_find(module, STW_ENTRY_SYMBOL);
    if (!*entry)
        return stw_error_set(reason, STW_E_REFUSED, "entry",
                             "the object does not export %s (STW_EXPORT makes it)",
                             STW_ENTRY_SYMBOL);
    return STW_OK;
}

static stw_status load(const struct stw_plugin_info *info, struct stw_loaded *loaded,
                       struct stw_error *reason)
{
    static struct stw_manifest manifest; /* large; the little that is used of it takes memory */
    stw_plugin_entry entry;
    STW_TRY(stw__manifest_examine(info->path, &manifest, reason));
    STW_TRY(check_unchanged(info, &manifest, reason));
    STW_TRY(find_entry(info->path, &entry, reason));
    const struct stw_descriptor *descriptor = entry();
    STW_TRY(adopt(info, descriptor, loaded, reason));
    return check_agreement(&manifest, descriptor, reason);
}

stw_status stw_plugin_load(const struct stw_plugin_info *info, struct stw_loaded *loaded,
                           struct stw_error *error)
{
    struct stw_error reason = STW_ERROR_INIT;
    if (load(info, loaded, &reason) == STW_OK)
        return STW_OK;
    return refuse_plugin(info, &reason, error);
}

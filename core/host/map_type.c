/* host/map_type.c: see map_type.h. */
#include "host/map_type.h"

#include "base/error.h"
#include "gc/gc.h"
#include "host/runtime.h"

#include <inttypes.h>
#include <stddef.h>

#define KNOWN 16u /* types beyond these are checked at every need */

static const struct stw_map_type *known[KNOWN]; /* atomic; filled from the front */

stw_status stw__map_type_check(const struct stw_map_type *type, struct stw_error *error)
{
    char text[STW_BREACH_TEXT_BYTES];
    const struct stw_type *value = type->value_type;
    uint32_t least = type->key == STW_KEY_BYTES ? STW_KEY_BYTES_MIN : 0;
    uint32_t most = type->key == STW_KEY_BYTES ? STW_KEY_BYTES_MAX : 0;
    if (type->struct_size < sizeof *type)
        return stw_error_set(error, STW_E_INVALID, "struct_size",
                             "a map's type says that it has %u bytes, where %zu are right",
                             type->struct_size, sizeof *type);
    if (type->key > STW_KEY_BYTES)
        return stw_error_set(error, STW_E_INVALID, "key", "there is no kind %u of keys", type->key);
    if (type->key_bytes < least || type->key_bytes > most)
        return stw_error_set(error, STW_E_INVALID, "key_bytes",
                             "keys of %u bytes, where %u to %u are right for their kind",
                             type->key_bytes, least, most);
    if (type->value_bytes > STW_VALUE_BYTES_MAX)
        return stw_error_set(error, STW_E_INVALID, "value_bytes",
                             "values of %" PRIu64 " bytes, where at most %u are right",
                             type->value_bytes, STW_VALUE_BYTES_MAX);
    if (value && (type->value_bytes == 0 || value->element_bytes == 0
                  || type->value_bytes % value->element_bytes != 0))
        return stw_error_set(error, STW_E_INVALID, "value_type",
                             "values of %" PRIu64 " bytes, which are not elements of %" PRIu64,
                             type->value_bytes, value->element_bytes);
    if (value && stw_type_breach(value, text))
        return stw_error_set(error, STW_E_INVALID, "value_type", "values of %s", text);
    return STW_OK;
}

stw_status stw__map_type_ask(const struct stw_loaded *plugin, const struct stw_map_ops *ops,
                             const struct stw_map_type *type, struct stw_error *error)
{
    struct stw_error reason = STW_ERROR_INIT;
    stw_status status = ops->accept(plugin->self, type, &reason);
    if (status == STW_OK)
        return STW_OK;
    return stw_error_set(error, status, "", "%s/%s does not take the workload's maps: %s",
                         stw_kind_name(plugin->info->kind), plugin->info->id, reason.message);
}

void stw__map_type_admit(const struct stw_loaded *map, struct stw_mutator *m,
                         const struct stw_map_type *type)
{
    struct stw_error error = STW_ERROR_INIT;
    uint32_t i = 0;
    for (; i < KNOWN; i++) {
        const struct stw_map_type *seen = __atomic_load_n(&known[i], __ATOMIC_ACQUIRE);
        if (seen == type)
            return;
        if (!seen)
            break;
    }
    stw_trace(m, map->ordinal, STW_CALL_MAP_ACCEPT);
    stw_status status = stw__map_type_check(type, &error);
    if (status == STW_OK)
        status = stw__map_type_ask(map, &map->ops.map, type, &error);
    if (status != STW_OK)
        stw_runtime_fail(NULL, status, error.message);
    const struct stw_map_type *none = NULL;
    if (i < KNOWN) /* another's type in its place: this one is checked again next time */
        __atomic_compare_exchange_n(&known[i], &none, type, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

void stw__map_types_forget(void)
{
    for (uint32_t i = 0; i < KNOWN; i++)
        __atomic_store_n(&known[i], NULL, __ATOMIC_RELEASE);
}

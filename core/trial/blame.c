/* trial/blame.c: names plugins by where code is, and by the flight recorder.
 *
 * BL1  a breach is its plugin's by its ordinal, else by an address in its code, else by the
 *      innermost frame of the calling thread that is a plugin's, else by the last call.
 * BL2  a frame is a slot's by the address of its function in the plugin's table. A slot that ended
 *      in a call of another function of its object has left no frame of its own: then the frame
 *      where the object was entered is its, and which slot it was, the last call tells.
 * Frames are exact; the recorder's last call may have come back before the breach. */
#include "trial/blame.h"

#include "base/error.h"
#include "prim/module.h"
#include "trial/trace.h"

#include <string.h>

#define ALLOCATOR 1u /* its ordinal */
#define FRAMES 32u

/* A null path: any plugin's but the allocator's. */
static const struct stw_loaded *last_called(const struct stw_watch_cast *cast,
                                            const struct stw_mutator *m, const char *path)
{
    uint64_t made = m ? m->trace_count : 0;
    uint64_t kept = made < STW_TRACE_CALLS ? made : STW_TRACE_CALLS - 1;
    for (uint64_t back = 1; back <= kept; back++) {
        uint32_t call = m->trace[(made - back) % STW_TRACE_CALLS];
        for (uint32_t i = 0; i < cast->count; i++) {
            const struct stw_loaded *plugin = cast->plugins[i];
            if (!plugin->info || plugin->ordinal != call >> 16)
                continue;
            if (path ? strcmp(plugin->info->path, path) == 0 : plugin->ordinal > ALLOCATOR)
                return plugin;
        }
    }
    return NULL;
}

const struct stw_loaded *stw_blame_code(const struct stw_watch_cast *cast,
                                        const struct stw_mutator *m, const void *from)
{
    stw_module_function code;
    memcpy(&code, &from, sizeof code);
    const char *path = stw_module_path(code);
    const struct stw_loaded *plugin = last_called(cast, m, path);
    for (uint32_t i = 0; !plugin && i < cast->count; i++) /* its call is forgotten */
        if (cast->plugins[i]->info && strcmp(cast->plugins[i]->info->path, path) == 0)
            plugin = cast->plugins[i];
    return plugin;
}

const struct stw_loaded *stw_blame_last(const struct stw_watch_cast *cast,
                                        const struct stw_mutator *m)
{
    return last_called(cast, m, NULL);
}

static const struct stw_loaded *owner_of(const struct stw_watch_cast *cast,
                                         const struct stw_mutator *m, const void *function,
                                         const char **slot)
{
    const struct stw_loaded *first = NULL;
    for (uint32_t i = 0; i < cast->count; i++) {
        const struct stw_loaded *plugin = cast->plugins[i];
        const char *name = plugin->info ? stw_slot_name(plugin, function) : NULL;
        if (!name || (first && last_called(cast, m, plugin->info->path) != plugin))
            continue;
        first = plugin;
        *slot = name;
    }
    return first;
}

/* Takes no lock, other than stw_module_path. */
static int is_in(const struct stw_loaded *plugin, const void *function)
{
    struct stw_code_place place;
    stw_code_place(function, &place);
    size_t length = strlen(plugin->info->path), room = sizeof place.object - 1;
    return strcmp(plugin->info->path + (length > room ? length - room : 0), place.object) == 0;
}

/* The call that is in the plugin's code by what was written down before it; or null. */
static const char *noted_call(const struct stw_loaded *plugin, const struct stw_mutator *m)
{
    if (m && plugin->info->kind == STW_KIND_MAP && m->map_call)
        return stw_call_name(m->map_call);
    for (uint64_t back = 1; m && back < STW_TRACE_CALLS && back <= m->trace_count; back++) {
        uint32_t call = m->trace[(m->trace_count - back) % STW_TRACE_CALLS];
        if (call >> 16 == plugin->ordinal)
            return stw_call_name(call & 0xffffu);
    }
    return NULL;
}

const struct stw_loaded *stw_blame_frame(const struct stw_watch_cast *cast,
                                         const struct stw_mutator *m, const void *function,
                                         const void *outer, const char **slot)
{
    const struct stw_loaded *plugin = owner_of(cast, m, function, slot);
    if (plugin)
        return plugin;
    for (uint32_t i = 0; i < cast->count; i++) {
        const struct stw_loaded *each = cast->plugins[i];
        if (each->info && is_in(each, function)
            && (!plugin || last_called(cast, m, each->info->path) == each))
            plugin = each;
    }
    if (!plugin || (outer && is_in(plugin, outer)))
        return NULL;
    *slot = noted_call(plugin, m);
    return plugin;
}

static const struct stw_loaded *on_stack(const struct stw_watch_cast *cast,
                                         const struct stw_mutator *m)
{
    void *frames[FRAMES];
    const struct stw_loaded *plugin = NULL;
    uint32_t count = stw_module_frames(frames, FRAMES);
    for (uint32_t i = 0; i < count && !plugin; i++)
        plugin = stw_blame_code(cast, m, frames[i]);
    return plugin;
}

void stw_blame_breach(const struct stw_watch_cast *cast, const struct stw_mutator *m,
                      const struct stw_breach *breach, struct stw_error *error)
{
    const char *name = NULL;
    const struct stw_loaded *plugin = NULL;
    if (breach->plugin != STW_BREACH_CALLER)
        name = cast->record->plugin_names[breach->plugin % STW_ORDINALS];
    else if (breach->code)
        plugin = stw_blame_code(cast, m, breach->code);
    if (!name && !plugin)
        plugin = on_stack(cast, m);
    if (!name && !plugin)
        plugin = stw_blame_last(cast, m);
    if (plugin)
        name = cast->record->plugin_names[plugin->ordinal];
    stw_error_set(error, STW_E_INVALID, breach->rule, "%s %s", name && *name ? name : "a plugin",
                  breach->text);
}

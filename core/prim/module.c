/* prim/module.c: shared objects.
 *
 * RTLD_NOW: a missing symbol is found here and not in the middle of a trial. RTLD_LOCAL: symbols of
 * two objects never meet. RTLD_DEEPBIND is not used: with it an object that replaces malloc and one
 * that does not would disagree about who frees what. */
#include "prim/module.h"

#include "base/error.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <string.h>
#include <unwind.h>

stw_status stw_module_open(const char *path, void **module, struct stw_error *error)
{
    if (path[0] != '/')
        return stw_error_set(error, STW_E_REFUSED, "path", "the path is not absolute");
    void *opened = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!opened) {
        const char *reason = dlerror();
        size_t length = strlen(path);
        if (reason && strncmp(reason, path, length) == 0 && strncmp(reason + length, ": ", 2) == 0)
            reason += length + 2; /* callers name the file themselves */
        return stw_error_set(error, STW_E_REFUSED, "dlopen", "cannot be loaded: %s",
                             reason ? reason : "no reason given");
    }
    *module = opened;
    return STW_OK;
}

stw_status stw_library_open(const char *name, void **library, struct stw_error *error)
{
    *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (*library)
        return STW_OK;
    const char *reason = dlerror();
    return stw_error_set(error, STW_E_IO, NULL, "a library is missing: %s",
                         reason ? reason : name);
}

stw_module_function stw_module_find(void *module, const char *name)
{
    stw_module_function function = NULL;
    void *symbol = dlsym(module, name);
    _Static_assert(sizeof function == sizeof symbol, "POSIX: dlsym returns functions as void *");
    memcpy(&function, &symbol, sizeof function);
    return function;
}

const char *stw_module_path(stw_module_function code)
{
    void *address;
    Dl_info info;
    memcpy(&address, &code, sizeof address);
    return dladdr(address, &info) && info.dli_fname ? info.dli_fname : "code of no file";
}

void stw_code_place(const void *code, struct stw_code_place *place)
{
    struct dl_find_object found;
    *place = (struct stw_code_place){.offset = (uint64_t)(uintptr_t)code};
    if (_dl_find_object((void *)(uintptr_t)code, &found) != 0)
        return;
    const char *path = *found.dlfo_link_map->l_name ? found.dlfo_link_map->l_name : STW_OBJECT_SELF;
    size_t length = strlen(path), room = sizeof place->object - 1;
    strcpy(place->object, length > room ? path + (length - room) : path);
    place->offset -= found.dlfo_link_map->l_addr;
}

int stw_object_holds(const void *address)
{
    struct dl_find_object found;
    return _dl_find_object((void *)(uintptr_t)address, &found) == 0;
}

struct functions {
    const void **begins;
    uint32_t count, max;
};

static _Unwind_Reason_Code add_function(struct _Unwind_Context *context, void *to)
{
    struct functions *functions = to;
    if (functions->count == functions->max)
        return _URC_NORMAL_STOP;
    functions->begins[functions->count++] = (const void *)_Unwind_GetRegionStart(context);
    return _URC_NO_REASON;
}

uint32_t stw_module_functions(const void **begins, uint32_t begins_max)
{
    struct functions functions = {begins, 0, begins_max};
    _Unwind_Backtrace(add_function, &functions);
    return functions.count;
}

uint32_t stw_module_frames(void **frames, uint32_t frames_max)
{
    int count = backtrace(frames, (int)frames_max);
    return count > 0 ? (uint32_t)count : 0;
}

/* host/registry.c: which plugins there are.
 *
 * R1  plugins are sorted by kind, then id; no two are alike.
 * R2  a file is looked at once, whatever the names and links that lead to it.
 * The same id in two files is an error even between a user's folder and ours: which of them a
 * result was measured with must not depend on the order of folders. So the installed folder is
 * searched only when there are no plugins beside the executable: a build tree and an installation
 * hold the same ids. */
#include "host/registry.h"

#include "base/array.h"
#include "base/error.h"
#include "base/text.h"
#include "host/manifest_parts.h"
#include "prim/self.h"

#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER_LEVELS 2u
#define PATH_VARIABLE "STWLAB_PLUGIN_PATH"

/* A file that was looked at. */
struct seen {
    dev_t device;
    ino_t inode;
    uint32_t is_admitted;
};

struct stw_registry {
    uint32_t count;
    uint32_t rejected_count;
    uint32_t seen_count;
    struct stw_plugin_info **plugins; /* each allocated, so that they stay where they are */
    struct stw_rejected *rejected;    /* with allocated texts */
    struct seen *seen;
    struct stw_manifest *manifest; /* of the file in hand */
};

struct stw_registry *stw_registry_new(void)
{
    struct stw_registry *registry = stw_new(1, sizeof *registry);
    registry->manifest = stw_grow(NULL, 1, sizeof *registry->manifest);
    return registry;
}

void stw_registry_free(struct stw_registry *registry)
{
    if (!registry)
        return;
    for (uint32_t i = 0; i < registry->count; i++)
        free(registry->plugins[i]);
    for (uint32_t i = 0; i < registry->rejected_count; i++) {
        free((char *)(uintptr_t)registry->rejected[i].path);
        free((char *)(uintptr_t)registry->rejected[i].reason);
    }
    free(registry->plugins);
    free(registry->rejected);
    free(registry->seen);
    free(registry->manifest);
    free(registry);
}

static int order(uint32_t kind, const char *id, const struct stw_plugin_info *info)
{
    if (kind != info->kind)
        return kind < info->kind ? -1 : 1;
    return strcmp(id, info->id);
}

/* The position of the plugin, or the one where it belongs. */
static uint32_t position(const struct stw_registry *registry, uint32_t kind, const char *id)
{
    uint32_t low = 0, high = registry->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (order(kind, id, registry->plugins[middle]) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct stw_plugin_info *stw_registry_find(const struct stw_registry *registry, uint32_t kind,
                                                const char *id)
{
    uint32_t at = position(registry, kind, id);
    if (at == registry->count || order(kind, id, registry->plugins[at]) != 0)
        return NULL;
    return registry->plugins[at];
}

/* Without the counters, refusals and parameters that it does not have: what is not copied is not
 * touched, which is 50 KiB of 55, and every trial pays for that of its plugins. */
static struct stw_plugin_info *copy_new(const struct stw_plugin_info *info)
{
    size_t bytes = offsetof(struct stw_plugin_info, params)
                 + info->param_count * sizeof *info->params;
    struct stw_plugin_info *copy = stw_grow(NULL, 1, bytes);
    memcpy(copy, info, offsetof(struct stw_plugin_info, counters));
    memcpy(copy->counters, info->counters, info->counter_count * sizeof *info->counters);
    memcpy(copy->refusals, info->refusals, info->refusal_count * sizeof *info->refusals);
    memcpy(copy->params, info->params, info->param_count * sizeof *info->params);
    return copy;
}

static void insert(struct stw_registry *registry, const struct stw_plugin_info *info)
{
    uint32_t at = position(registry, info->kind, info->id);
    struct stw_plugin_info *copy = copy_new(info);
    registry->plugins =
        stw_array_room(registry->plugins, registry->count, sizeof(struct stw_plugin_info *));
    memmove(registry->plugins + at + 1, registry->plugins + at,
            (registry->count - at) * sizeof(struct stw_plugin_info *));
    registry->plugins[at] = copy;
    registry->count++;
}

/* Adds the plugins of the file in hand. */
static stw_status admit(struct stw_registry *registry, struct stw_error *error)
{
    const struct stw_manifest *manifest = registry->manifest;
    for (uint32_t i = 0; i < manifest->count; i++) {
        const struct stw_plugin_info *info = &manifest->plugins[i];
        const struct stw_plugin_info *other = stw_registry_find(registry, info->kind, info->id);
        char here[STW_PATH_SHOWN_BYTES], there[STW_PATH_SHOWN_BYTES];
        if (!other)
            continue;
        stw__path_show(info->path, here, sizeof here);
        stw__path_show(other->path, there, sizeof there);
        return stw_error_set(error, STW_E_REFUSED, "id", "%s: %s \"%s\" is in %s too", here,
                             stw_kind_name(info->kind), info->id, there);
    }
    for (uint32_t i = 0; i < manifest->count; i++)
        insert(registry, &manifest->plugins[i]);
    return STW_OK;
}

static void reject(struct stw_registry *registry, const char *path, const char *reason)
{
    *STW_APPEND(registry->rejected, registry->rejected_count) =
        (struct stw_rejected){stw_strdup(path), stw_strdup(reason)};
}

static const struct seen *find_seen(const struct stw_registry *registry, const struct stat *about)
{
    for (uint32_t i = 0; i < registry->seen_count; i++)
        if (registry->seen[i].device == about->st_dev && registry->seen[i].inode == about->st_ino)
            return &registry->seen[i];
    return NULL;
}

static void remember(struct stw_registry *registry, const struct stat *about, uint32_t is_admitted)
{
    *STW_APPEND(registry->seen, registry->seen_count) =
        (struct seen){about->st_dev, about->st_ino, is_admitted};
}

/* A file that the user named: no plugin is an error. */
static stw_status add_named(struct stw_registry *registry, const char *path,
                            const struct stat *about, struct stw_error *error)
{
    struct stw_error reason = STW_ERROR_INIT;
    const struct seen *seen = find_seen(registry, about);
    if (seen && seen->is_admitted)
        return STW_OK;
    if (stw__manifest_examine(path, registry->manifest, &reason) != STW_OK)
        return stw__refuse_file(error, path, &reason);
    stw_status status = admit(registry, error);
    if (status == STW_OK)
        remember(registry, about, 1);
    return status;
}

/* A file that was found in a folder: no plugin is remembered. */
static stw_status add_found(struct stw_registry *registry, const char *path,
                            const struct stat *about, struct stw_error *error)
{
    struct stw_error reason = STW_ERROR_INIT;
    if (find_seen(registry, about))
        return STW_OK;
    if (stw__manifest_examine(path, registry->manifest, &reason) != STW_OK) {
        reject(registry, path, reason.message);
        remember(registry, about, 0);
        return STW_OK;
    }
    stw_status status = admit(registry, error);
    if (status == STW_OK)
        remember(registry, about, 1);
    return status;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_shared_object(const char *name)
{
    size_t length = strlen(name);
    return length > 3 && strcmp(name + length - 3, ".so") == 0;
}

static stw_status add_folder(struct stw_registry *registry, const char *folder, uint32_t levels,
                             struct stw_error *error);

static stw_status add_child(struct stw_registry *registry, const char *path, uint32_t levels,
                            struct stw_error *error)
{
    struct stat about;
    struct stw_error reason = STW_ERROR_INIT;
    if (stat(path, &about) != 0) {
        if (is_shared_object(path))
            reject(registry, path, strerror(errno));
        return STW_OK;
    }
    if (!S_ISDIR(about.st_mode))
        return is_shared_object(path) ? add_found(registry, path, &about, error) : STW_OK;
    if (levels == 1)
        return STW_OK;
    stw_status status = add_folder(registry, path, levels - 1, &reason);
    if (status != STW_E_IO)
        return status == STW_OK ? STW_OK
                                : stw_error_set(error, status, reason.field, "%s", reason.message);
    reject(registry, path, "the folder cannot be read");
    return STW_OK;
}

static stw_status add_folder(struct stw_registry *registry, const char *folder, uint32_t levels,
                             struct stw_error *error)
{
    struct dirent **names;
    struct stw_error reason = STW_ERROR_INIT;
    stw_status status = STW_OK;
    int count = scandir(folder, &names, NULL, by_name);
    if (count < 0) {
        stw_error_set(&reason, STW_E_IO, "path", "%s", strerror(errno));
        return stw__refuse_file(error, folder, &reason);
    }
    for (int i = 0; i < count; i++) {
        struct stw_text path = {0};
        stw_text_add(&path, "%s/%s", folder, names[i]->d_name);
        if (status == STW_OK && names[i]->d_name[0] != '.')
            status = add_child(registry, path.bytes, levels, error);
        stw_text_free(&path);
        free(names[i]);
    }
    free(names);
    return status;
}

stw_status stw_registry_add(struct stw_registry *registry, const char *path,
                            struct stw_error *error)
{
    struct stat about;
    struct stw_error reason = STW_ERROR_INIT;
    if (stat(path, &about) != 0) {
        stw_error_set(&reason, STW_E_IO, "path", "%s", strerror(errno));
        return stw__refuse_file(error, path, &reason);
    }
    if (S_ISDIR(about.st_mode))
        return add_folder(registry, path, FOLDER_LEVELS, error);
    return add_named(registry, path, &about, error);
}

/* Adds a default place; `*is_there` tells whether there is one. */
static stw_status add_place(struct stw_registry *registry, const char *path, int *is_there,
                            struct stw_error *error)
{
    struct stat about;
    *is_there = stat(path, &about) == 0 || (errno != ENOENT && errno != ENOTDIR);
    return *is_there ? stw_registry_add(registry, path, error) : STW_OK;
}

static stw_status add_variable(struct stw_registry *registry, struct stw_error *error)
{
    const char *value = getenv(PATH_VARIABLE);
    stw_status status = STW_OK;
    char *copy = stw_strdup(value ? value : ""), *rest = copy, *path;
    int is_there;
    while (status == STW_OK && (path = strsep(&rest, ":")))
        if (*path)
            status = add_place(registry, path, &is_there, error);
    free(copy);
    return status;
}

stw_status stw_registry_add_defaults(struct stw_registry *registry, struct stw_error *error)
{
    static const char neighbour[] = "/plugins";
    char path[4096 + sizeof neighbour];
    int is_there = 0;
    STW_TRY(add_variable(registry, error));
    STW_TRY(stw_self_path(path, 4096, error));
    char *slash = strrchr(path, '/');
    memcpy(slash ? slash : path, neighbour, sizeof neighbour);
    STW_TRY(add_place(registry, path, &is_there, error));
    return !is_there ? add_place(registry, STW_INSTALLED_PLUGINS, &is_there, error) : STW_OK;
}

uint32_t stw_registry_count(const struct stw_registry *registry)
{
    return registry->count;
}

const struct stw_plugin_info *stw_registry_at(const struct stw_registry *registry, uint32_t index)
{
    return registry->plugins[index];
}

uint32_t stw_registry_rejected_count(const struct stw_registry *registry)
{
    return registry->rejected_count;
}

struct stw_rejected stw_registry_rejected_at(const struct stw_registry *registry, uint32_t index)
{
    return registry->rejected[index];
}

const struct stw_rejected *stw_registry_suspect(const struct stw_registry *registry, const char *id)
{
    struct stw_text quoted = {0};
    const struct stw_rejected *found = NULL;
    stw_text_add(&quoted, "\"%s\"", id);
    for (uint32_t i = 0; i < registry->rejected_count && !found; i++) {
        const struct stw_rejected *file = &registry->rejected[i];
        const char *slash = strrchr(file->path, '/'), *name = slash ? slash + 1 : file->path;
        size_t length = strlen(id);
        if ((strncasecmp(name, id, length) == 0 && strcmp(name + length, ".so") == 0)
            || strcasestr(file->reason, quoted.bytes))
            found = file;
    }
    stw_text_free(&quoted);
    return found;
}

const char *stw_registry_nearest(const struct stw_registry *registry, uint32_t kind, const char *id)
{
    const char **ids = stw_new(registry->count, sizeof *ids);
    uint32_t count = 0;
    for (uint32_t i = 0; i < registry->count; i++)
        if (registry->plugins[i]->kind == kind)
            ids[count++] = registry->plugins[i]->id;
    const char *nearest = stw_nearest(id, ids, count);
    free(ids);
    return nearest;
}

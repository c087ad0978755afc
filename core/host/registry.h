/* host/registry.h: which plugins there are, found by their manifests alone.
 *
 * Places: paths given by the user; and by default STWLAB_PLUGIN_PATH (colon-separated) and the
 * folder plugins/ beside the executable or, when that is absent, the installed folder. Folders are
 * searched two levels deep for *.so, in sorted order. A plugin id must be unique within its kind: a
 * duplicate is refused, naming both paths (the same file found twice is no duplicate). So the order
 * of the places decides nothing but what is reported first. */
#ifndef STW_HOST_REGISTRY_H
#define STW_HOST_REGISTRY_H

#include "host/manifest.h"

struct stw_registry; /* opaque; main thread only */

/* A file that was found but not admitted, and why. */
struct stw_rejected {
    const char *path;
    const char *reason;
};

struct stw_registry *stw_registry_new(void);
void stw_registry_free(struct stw_registry *registry);
/* Adds a file or a folder. A named file that is no plugin, or a path that is absent, is an error; a
 * file inside a folder that is no plugin is remembered as rejected. */
stw_status stw_registry_add(struct stw_registry *registry, const char *path,
                            struct stw_error *error);
/* Adds the default places. Absent ones are skipped. */
stw_status stw_registry_add_defaults(struct stw_registry *registry, struct stw_error *error);

uint32_t stw_registry_count(const struct stw_registry *registry);
/* Sorted by kind, then id. */
const struct stw_plugin_info *stw_registry_at(const struct stw_registry *registry, uint32_t index);
uint32_t stw_registry_rejected_count(const struct stw_registry *registry);
struct stw_rejected stw_registry_rejected_at(const struct stw_registry *registry, uint32_t index);
/* The refused file that most likely offers `id`: it bears that name, or its refusal quotes it. Null
 * when there is none. */
const struct stw_rejected *stw_registry_suspect(const struct stw_registry *registry,
                                                const char *id);
/* Null when there is none. */
const struct stw_plugin_info *stw_registry_find(const struct stw_registry *registry, uint32_t kind,
                                                const char *id);
/* Nearest id of that kind for "did you mean", or null. */
const char *stw_registry_nearest(const struct stw_registry *registry, uint32_t kind,
                                 const char *id);

#endif

/* plan/identity.c: the files that a run executes, known by their content. */
#include "plan/identity.h"

#include "base/error.h"
#include "plan/experiment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Whether both paths are one file. */
static int is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static stw_status take_plugins(const struct stw_matrix *matrix,
                               const struct stw_registry *registry,
                               struct stw_identities *identities, struct stw_error *error)
{
    stw_status status = STW_OK;
    for (uint32_t i = 0; status == STW_OK && i < identities->plugin_count; i++) {
        const struct stw_plugin_info *info = stw_registry_at(registry, i);
        if (stw_matrix_uses(matrix, info))
            status = stw_identity_take(info->path, &identities->plugins[i], error);
    }
    return status;
}

stw_status stw_identities_take(const struct stw_matrix *matrix,
                               const struct stw_registry *registry, const char *worker,
                               struct stw_identities *identities, struct stw_error *error)
{
    uint32_t count = stw_registry_count(registry);
    *identities = (struct stw_identities){.plugin_count = count};
    identities->plugins = stw_new(count, sizeof *identities->plugins);
    STW_TRY(stw_identity_take(STW_SELF_FILE, &identities->self, error));
    if (worker && !is_same_file(worker, STW_SELF_FILE))
        STW_TRY(stw_identity_take(worker, &identities->worker, error));
    return take_plugins(matrix, registry, identities, error);
}

void stw_identities_free(struct stw_identities *identities)
{
    free(identities->plugins);
    *identities = (struct stw_identities){0};
}

void stw_identity_tell(const char *name, const struct stw_identity *identity,
                       struct stw_text *settings)
{
    if (identity->content[0])
        stw_text_add(settings, "%s\t%s %s\n", name, identity->content, identity->stamp);
}

void stw_identity_name(const struct stw_plugin_info *info, char *name, size_t bytes)
{
    snprintf(name, bytes, "file:%s/%s", stw_kind_name(info->kind), info->id);
}

stw_status stw_identity_recheck(const struct stw_settings *settings, const char *name,
                                const char *path, struct stw_error *error)
{
    struct stw_identity told = {0};
    const char *value = stw_settings_get(settings, name);
    if (!value || sscanf(value, "%32s %111s", told.content, told.stamp) != 2)
        return STW_OK;
    return stw_identity_check(path, &told, error);
}

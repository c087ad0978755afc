/* plan/identity.h: the files that a run executes, known by their content. Taken by the coordinator
 * once a start; told to each worker with its settings, and checked there by the stamp. */
#ifndef STW_PLAN_IDENTITY_H
#define STW_PLAN_IDENTITY_H

#include "base/text.h"
#include "plan/settings.h"
#include "prim/identity.h"

struct stw_matrix;
struct stw_registry;
struct stw_peers;

/* Settings of a worker: the names that files are told under. */
#define STW_FILE_OF_SELF "file:stwlab"
#define STW_FILE_OF_PEER "file:runtime"

struct stw_identities {
    struct stw_identity self;
    struct stw_identity worker;   /* of STWLAB_WORKER's, when that is another file; else empty */
    struct stw_identity *plugins; /* by their index in the registry; empty of those that no cell
                                     uses; siblings in one file are alike */
    uint32_t plugin_count;
    const struct stw_peers *peers; /* borrowed; null: none */
};

/* `worker` is the program that workers run. Free in any case. STW_E_IO. */
stw_status stw_identities_take(const struct stw_matrix *matrix,
                               const struct stw_registry *registry, const char *worker,
                               struct stw_identities *identities, struct stw_error *error);
void stw_identities_free(struct stw_identities *identities);

/* Adds "NAME\tCONTENT STAMP\n" to a worker's settings; nothing when the identity is not known. */
void stw_identity_tell(const char *name, const struct stw_identity *identity,
                       struct stw_text *settings);
/* The name of a plugin's file: "file:KIND/ID". */
void stw_identity_name(const struct stw_plugin_info *info, char *name, size_t bytes);
/* In the worker: whether the file is the one that it was told of; it need not have been. */
stw_status stw_identity_recheck(const struct stw_settings *settings, const char *name,
                                const char *path, struct stw_error *error);

#endif

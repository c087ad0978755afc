/* plan/draft.h: an experiment while it is being read. Private to experiment.c, axes.c, claim.c,
 * condition.c, policy.c, refusal.c.
 *
 * D1  draft->axes[i] tells what experiment->axes[i] stands for, and so for fixed.
 * D2  a key whose value or name is wrong is still listed, as not complete, so that one mistake is
 *     reported once. */
#ifndef STW_PLAN_DRAFT_H
#define STW_PLAN_DRAFT_H

#include "plan/experiment.h"
#include "plan/ini.h"
#include "plan/keys.h"
#include "plan/peers.h"

#define STW_CELLS_MAX 1000000u

struct stw_draft_key {
    struct stw_key key;
    const struct stw_ini_entry *entry; /* null: a default */
    int is_complete;                   /* known, and every value of it is good */
};

struct stw_draft {
    struct stw_experiment *experiment;
    const struct stw_registry *registry;
    struct stw_peers *peers; /* null: none */
    const struct stw_plugin_info *workload; /* null: unknown */
    struct stw_ini ini;
    struct stw_problems problems;
    struct stw_draft_key *axes;
    struct stw_draft_key *fixed;
    char *folder; /* of the file, absolute: what paths in it are relative to */
};

/* What is wrong with a value by its looks alone, whatever it is for, or null: quotes, a comment
 * with the wrong sign. */
const char *stw_draft_slip(const char *value);

/* axes.c: says that `key` is neither in [axes] nor in [fixed], and which one is near. */
stw_status stw_draft_refuse_key(const struct stw_draft *draft, const char *key,
                                struct stw_error *error);
/* axes.c: reads [axes] and [fixed], adds the defaults of allocator, map and strategy, checks them
 * against each other, and notes the defaults of all else. */
void stw_draft_axes(struct stw_draft *draft);

#endif

/* support/strategy_rig.h: a fake host, the simple map, and a chain of statically linked strategies,
 * put together by the same code that a worker uses. One rig at a time.
 *
 * The strategy "probe" belongs to the rig: it passes every intent on and writes down what came. Put
 * last in a chain, it shows what the strategies before it made of the workload's intents. */
#ifndef STW_SUPPORT_STRATEGY_RIG_H
#define STW_SUPPORT_STRATEGY_RIG_H

#include "fake_host.h"
#include "host/load.h"
#include "simple_map.h"

#define RIG_PARTS 8u
#define RIG_PIECES 64u
#define RIG_MAPS 64u

/* A strategy of the chain. Values may be null when it has no parameters. */
struct rig_part {
    const char *id;
    const struct stw_descriptor *descriptor;
    const struct stw_value *values;
    uint32_t value_count;
};

/* What the probe saw; all mutators together, so for one thread at a time. */
struct rig_log {
    uint64_t begins, ends, needs, dones, scratches, scratches_done;
    uint64_t requests_begun, requests_ended, batches;
    uint64_t merges, merged;
    struct stw_map_need need; /* the last one */
    void *maps[RIG_MAPS];     /* what the needs were answered with; not roots */
    void *done;               /* the last map that the caller was done with */
    struct { uint64_t first, count; } pieces[RIG_PIECES];
    char order[256]; /* one letter an intent: b e n d m s S r R B */
};

const struct stw_descriptor *rig_probe(void);

/* Makes the fake host with `mutators` mutators, creates the parts and builds the chain, the first
 * part outermost. `host` replaces the fake host's table in `create`, unless it is null. */
const struct stw_link *rig_new(uint32_t mutators, const struct rig_part *parts, uint32_t count,
                               const struct stw_host *host);
/* Destroys the strategies, then the host. */
void rig_free(void);
/* Destroys the strategies only; rig_free may follow. */
void rig_destroy_parts(void);
struct rig_log *rig_log(void);

/* Gives the strategy the counters that it declares. */
void rig_counters(const char *id, struct stw_config *config);
/* Loads a plugin from its descriptor. Aborts when it is refused. */
void rig_adopt(uint32_t kind, const char *id, const struct stw_descriptor *descriptor,
               struct stw_loaded *loaded);

#endif

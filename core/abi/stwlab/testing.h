/* stwlab/testing.h: what an author needs to test a plugin alone, without the lab: a configuration
 * made by hand, a fake host, a fake heap, a chain of strategies over a simple map.
 *
 * No part of the ABI. Link the test with the library stwlab-testing, and with the plugin's source,
 * compiled with -DSTW_STATIC_PLUGIN=NAME: its entry is then stw_plugin_entry_NAME.
 *
 *     maps, workloads  mutators of fake_host.h: every cell is a block of its own, a precise marker
 *                      says what is reachable, the barrier is checked
 *     allocators       fake_heap.h: pages, spans and runs; every grant and every sweep is checked
 *     strategies       rig_new: a chain as a worker builds it; the strategy "probe" writes down
 *                      which intents reach it
 *
 * What goes wrong in the kit ends the test with a message. For one thread, where nothing else is
 * said; one host, heap and rig at a time. */
#ifndef STWLAB_TESTING_H
#define STWLAB_TESTING_H

#include "fake_heap.h"
#include "fake_host.h"
#include "plugin.h"

/* Configurations. An empty one, and what the manifest declares, put into it one by one; names and
 * texts are borrowed. All live until the process ends. Each returns `config`. */
#define FAKE_VALUES 32u   /* of a configuration */
#define FAKE_COUNTERS 64u /* of all configurations together */

struct stw_config *fake_config(void);
struct stw_config *fake_set_u64(struct stw_config *config, const char *name, uint64_t value);
struct stw_config *fake_set_f64(struct stw_config *config, const char *name, double value);
struct stw_config *fake_set_bool(struct stw_config *config, const char *name, uint32_t value);
struct stw_config *fake_set_text(struct stw_config *config, const char *name, const char *value);
/* `choice`: which of the words, from 0. */
struct stw_config *fake_set_choice(struct stw_config *config, const char *name, uint32_t choice,
                                   const char *word);
/* A counter or gauge. */
struct stw_config *fake_set_counter(struct stw_config *config, const char *name);
/* What it has counted on the fake host: the sum over all mutators, and what is shared. */
uint64_t fake_counted(const struct stw_config *config, const char *name);

/* The slots of a plugin as a worker has them, `struct stw_KIND_ops`: those that it left out are
 * filled by the host's stubs. Ends the test when the plugin would be refused. `operations`: what
 * the manifest names with STW_OPERATIONS, or null. Valid until the eighth call after this one. */
const void *fake_admit(uint32_t kind, const char *id, const struct stw_descriptor *descriptor,
                       const struct stw_config *config, const char *operations);

/* Chains of strategies over a small, plain map (open addressing), on the fake host. */
#define RIG_PARTS 8u
#define RIG_PIECES 64u
#define RIG_MAPS 64u

/* A strategy of the chain. `config` may be null when it declares nothing. */
struct rig_part {
    const char *id;
    const struct stw_descriptor *descriptor;
    const struct stw_config *config;
};

/* What the probe saw; all mutators together. */
struct rig_journal {
    uint64_t begins, ends, needs, dones, scratches, scratches_done;
    uint64_t requests_begun, requests_ended, batches;
    uint64_t merges, merged;
    struct stw_map_need need; /* the last one */
    void *maps[RIG_MAPS];     /* what the needs were answered with; not roots */
    void *done;               /* the last map that the caller was done with */
    struct { uint64_t first, count; } pieces[RIG_PIECES];
    char order[256]; /* one letter an intent: b e n d m s S r R B */
};

/* Passes every intent on and writes down what came. Put last in a chain, it shows what the
 * strategies before it made of the workload's intents. */
const struct stw_descriptor *rig_probe(void);
/* The map below the chain, as a plugin. */
const struct stw_descriptor *rig_map(void);

/* Makes the fake host with `mutators` mutators, creates the parts and builds the chain, the first
 * part outermost. `host` replaces the fake host's table in `create`, unless it is null. */
const struct stw_link *rig_new(uint32_t mutators, const struct rig_part *parts, uint32_t count,
                               const struct stw_host *host);
/* Destroys the strategies, then the host. */
void rig_free(void);
/* Destroys the strategies only; rig_free may follow. */
void rig_destroy_parts(void);
struct rig_journal *rig_log(void);

#endif

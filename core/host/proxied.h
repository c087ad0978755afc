/* host/proxied.h: what the wrappers that cmake/proxies.awk makes call; private to core/host.
 *
 * PX1  a wrapper is a visit: of a plugin's slot, or of a function of the host. The visits of a
 *      thread are on its stack, each with the one that it was made from; the innermost is what the
 *      thread does now, and the innermost of a plugin says who does it.
 * PX2  the `self` of a plugin that is checked is its struct stw__proxy; the plugin sees its own. */
#ifndef STW_HOST_PROXIED_H
#define STW_HOST_PROXIED_H

#include "host/load.h"
#include "prim/usage.h"

#include <stwlab/plugin.h>

/* The annotations, as bits. */
#define STW__ON_MUTATOR 0x1u
#define STW__ON_COLLECTOR 0x2u
#define STW__ON_MAIN 0x4u
#define STW__ON_ANY 0x8u
#define STW__CONCURRENT 0x10u
#define STW__EXCLUSIVE 0x20u
#define STW__WHEN_LOADED 0x100u
#define STW__WHEN_CREATED 0x200u
#define STW__WHEN_RUNNING 0x400u
#define STW__WHEN_FINISHED 0x800u
#define STW__MAY_ALLOC 0x1000u
#define STW__MAY_POLL 0x2000u
#define STW__MAY_BLOCK 0x4000u
#define STW__WORLD_STOPPED 0x8000u

struct stw__slot {
    const char *name;
    uint32_t flags;
};

/* A plugin that is checked. */
struct stw__proxy {
    void *self;                             /* the plugin's own */
    const struct stw_loaded *loaded;        /* null: not checked */
    const struct stw_allocator_ops *allocator; /* its slots, those of its kind */
    const struct stw_map_ops *map;             /* of a strategy: of the maps that it presents */
    const struct stw_strategy_ops *strategy;
    const struct stw_workload_ops *workload;
    struct stw_loaded real; /* as it was before the proxy */
    uint32_t state;         /* atomic; STATE_* (proxy.c) */
    uint32_t exclusive;     /* atomic; threads in slots that say STW_EXCLUSIVE */
    uint64_t waited_ns;     /* atomic; in slots that may not */
};

struct stw__visit {
    struct stw__visit *outer;
    struct stw__proxy *to; /* null: the host */
    const struct stw__slot *slot;
    uint32_t *exclusive; /* what it has counted up, or null */
    struct stw_mutator *m;    /* whose allocations are looked at, or null */
    uint64_t requested_bytes; /* by m, before */
    uint64_t began_ns;         /* 0: whether it waits is not looked at */
    struct stw_thread_use use; /* then: before */
};

/* Into a slot of a plugin; `m` is the mutator that is passed to it, or null. */
const struct stw__proxy *stw__proxy_enter(struct stw__visit *visit, void *self,
                                          const struct stw__slot *slot, struct stw_mutator *m);
struct stw__proxy *stw__proxy_create(struct stw__visit *visit, const struct stw_host *host,
                                     const struct stw__slot *slot);
/* `*self` becomes the proxy, if the plugin has been created. */
void stw__proxy_created(struct stw__proxy *to, stw_status status, void **self);
/* Into a function of the host, by the holder of `host` or on its behalf. */
void stw__proxy_call(struct stw__visit *visit, const struct stw_host *host,
                     const struct stw__slot *function, struct stw_mutator *m);
void stw__proxy_leave(struct stw__visit *visit);

/* Hooks are called through the proxy, too: they are replaced on the way to the host. */
extern const struct stw__slot stw__cycle_hook_slot, stw__cycle_end_hook_slot;
void stw__proxy_cycle_hook(const struct stw_host *host, stw_cycle_hook *hook, void **context);
void stw__proxy_cycle_end_hook(const struct stw_host *host, stw_cycle_end_hook *hook,
                               void **context);

/* The host's own table, and one that is checked; null: there is no proxy. */
const struct stw_host *stw__proxy_host(void);
const struct stw_host *stw__proxy_take_host(const struct stw_host *table);
/* Whose slot the calling thread is in; null: nobody's, or there is no proxy. */
const struct stw_loaded *stw__proxy_inside(void);

/* Made by cmake/proxies.awk: replace all slots by wrappers. */
void stw__proxy_fill_allocator(struct stw_allocator_ops *ops);
void stw__proxy_fill_map(struct stw_map_ops *ops);
void stw__proxy_fill_strategy(struct stw_strategy_ops *ops);
void stw__proxy_fill_workload(struct stw_workload_ops *ops);
void stw__proxy_fill_host(struct stw_host *ops);

#endif

/* host/proxy.c: checks each visit of a plugin's slot and of a function of the host against its
 * annotations.
 *
 * PX3  a breach is the fault of the plugin that makes the call: the innermost that the thread is
 *      in. On a thread that is in none, it is whose handle is used, or else whose code calls.
 * PX4  what a slot may do is asked when it calls others; allocations on the fast path, which call
 *      nobody, are seen by the mutator's count of bytes when the slot is left.
 * PX5  waits, which call nobody either, are looked at in slots without a STW_MAY_*, but for an
 *      allocator's, which may take leaf locks. One wait proves nothing, it may be for a lock of
 *      malloc whose holder had to wait for a processor: so long ones are added up.
 * Calls of the host where a stop waits are left to rules stop-blocks and stop-allocates
 * (gc/watch.h), which hold without the proxy, too. */
#include "host/proxy.h"

#include "base/breach.h"
#include "gc/gc.h"
#include "host/proxied.h"
#include "host/runtime.h"
#include "prim/thread.h"

#include <inttypes.h>
#include <stdio.h>

#define MAY_WAIT (STW__MAY_BLOCK | STW__MAY_POLL | STW__MAY_ALLOC)

#define STATE_LOADED 0u
#define STATE_CREATING 1u
#define STATE_CREATED 2u
#define STATE_DESTROYED 3u

#define TEXT_BYTES 96u

#define WAIT_NS_MIN 1000000u  /* shorter calls are not looked at */
#define WAIT_NS_MAX 100000000u /* of a plugin in a trial: ten slices of a busy machine */

/* A hook as the plugin has added it. */
struct hook {
    stw_cycle_hook cycle;   /* one of these */
    stw_cycle_end_hook end;
    void *context;
    struct stw__proxy *of;
    uint32_t exclusive;
};

static int has_begun;
static struct stw__proxy proxies[STW_ORDINALS];
static struct hook hooks[2 * STW_CYCLE_HOOKS];
static uint32_t hook_count;
static const struct stw_host *host_table; /* the real one */
static struct stw_host checked_table;

static _Thread_local struct stw__visit *innermost;

static const struct stw__visit *inside_plugin(const struct stw__visit *visit)
{
    while (visit && !visit->to)
        visit = visit->outer;
    return visit;
}

const struct stw_loaded *stw__proxy_inside(void)
{
    const struct stw__visit *visit = inside_plugin(innermost);
    return visit ? visit->to->loaded : NULL;
}

/* PX3, but for handles. */
static uint32_t caller_of(const struct stw__visit *visit)
{
    const struct stw__visit *from = inside_plugin(visit->outer);
    return from ? from->to->loaded->ordinal : STW_BREACH_CALLER;
}

/* "map/swiss.find", or "root_add" of the host. */
static const char *name_of(const struct stw__visit *visit, char *text)
{
    if (!visit->to)
        return visit->slot->name;
    const struct stw_plugin_info *info = visit->to->loaded->info;
    snprintf(text, TEXT_BYTES, "%s/%s.%s", stw_kind_name(info->kind), info->id, visit->slot->name);
    return text;
}

/* What the annotations say of who calls, and when. */

static void check_role(const struct stw__visit *visit, struct stw_mutator *m, uint32_t caller)
{
    char name[TEXT_BYTES];
    uint32_t flags = visit->slot->flags;
    const struct stw_mutator *self = stw_mutator_self();
    if (flags & STW__ON_MAIN && !stw_thread_is_main())
        STW_BREACH("on-main", caller, "called %s on another thread than the main one",
                   name_of(visit, name));
    if (!(flags & STW__ON_MUTATOR) || (m && m == self))
        return;
    if (flags & STW__WHEN_RUNNING && !self)
        STW_BREACH("on-mutator", caller, "called %s on a thread that is no mutator",
                   name_of(visit, name));
    if (self && (m || !visit->to))
        STW_BREACH("on-mutator", caller, "called %s for a mutator of another thread",
                   name_of(visit, name));
}

static void check_state(const struct stw__visit *visit)
{
    char name[TEXT_BYTES];
    uint32_t state = __atomic_load_n(&visit->to->state, __ATOMIC_ACQUIRE);
    uint32_t wanted = visit->slot->flags & STW__WHEN_LOADED ? STATE_LOADED : STATE_CREATED;
    static const char *const are[] = {"not created yet", "being created", "created already",
                                      "destroyed"};
    if (state != wanted)
        STW_BREACH("lifecycle", caller_of(visit), "called %s, which is %s", name_of(visit, name),
                   are[state]);
}

static void check_exclusive(const struct stw__visit *visit)
{
    char name[TEXT_BYTES];
    if (visit->exclusive && __atomic_fetch_add(visit->exclusive, 1, __ATOMIC_ACQ_REL) != 0)
        STW_BREACH("exclusive", caller_of(visit), "called %s while another call of it is under way",
                   name_of(visit, name));
}

/* What the annotations say that the caller's slot may do. */

static void check_permission(const struct stw__visit *visit)
{
    const struct stw__visit *from = visit->outer;
    char name[TEXT_BYTES];
    if (!from || !from->to || stw_watch_is_inside())
        return;
    uint32_t may = from->slot->flags, asks = visit->slot->flags, caller = caller_of(visit);
    uint32_t waits = visit->to ? STW__MAY_BLOCK : MAY_WAIT;
    if (asks & STW__MAY_POLL && !stw_mutator_self())
        asks = (asks & ~STW__MAY_POLL) | STW__MAY_BLOCK;
    if (asks & STW__MAY_ALLOC && !(may & STW__MAY_ALLOC))
        STW_BREACH("may-alloc", caller, "called %s in %s, which may not allocate",
                   name_of(visit, name), from->slot->name);
    if (asks & STW__MAY_POLL && !(may & (STW__MAY_POLL | STW__MAY_ALLOC)))
        STW_BREACH("may-poll", caller, "called %s in %s, which may not come to a safepoint",
                   name_of(visit, name), from->slot->name);
    if (asks & STW__MAY_BLOCK && !(may & waits))
        STW_BREACH("may-block", caller, "called %s in %s, which may not wait",
                   name_of(visit, name), from->slot->name);
}

static void check_allocation(const struct stw__visit *visit)
{
    if (visit->m && visit->m->requested_bytes != visit->requested_bytes)
        STW_BREACH("may-alloc", visit->to->loaded->ordinal,
                   "allocated managed memory in %s, which may not", visit->slot->name);
}

/* The clock was read when the call began, if it is one to look at. A wait in a call with page
 * faults is nobody's (gc.V1). */
static void check_waits(const struct stw__visit *visit)
{
    struct stw_thread_use now;
    if (visit->began_ns == 0)
        return;
    uint64_t ns = stw_clock_ns() - visit->began_ns;
    stw_thread_use(&now);
    if (ns < WAIT_NS_MIN || now.waits == visit->use.waits || now.faults != visit->use.faults)
        return;
    ns += __atomic_fetch_add(&visit->to->waited_ns, ns, __ATOMIC_RELAXED);
    if (ns >= WAIT_NS_MAX)
        STW_BREACH("may-block", visit->to->loaded->ordinal,
                   "waited %" PRIu64 " ms in all in slots that may not, the last time in %s",
                   ns / 1000000, visit->slot->name);
}

static int is_timed(const struct stw__visit *visit)
{
    return visit->to && !(visit->slot->flags & MAY_WAIT) && stw_waits_tell()
        && visit->to->loaded->info->kind != STW_KIND_ALLOCATOR && !stw_watch_is_inside();
}

/* Visits. */

static void begin(struct stw__visit *visit, struct stw__proxy *to, const struct stw__slot *slot,
                  struct stw_mutator *m)
{
    *visit = (struct stw__visit){.outer = innermost, .to = to, .slot = slot};
    if (to && !(slot->flags & STW__MAY_ALLOC))
        visit->m = m ? m : stw_mutator_self();
    if (visit->m)
        visit->requested_bytes = visit->m->requested_bytes;
}

static void enter(struct stw__visit *visit, struct stw_mutator *m, uint32_t *exclusive)
{
    visit->exclusive = visit->slot->flags & STW__EXCLUSIVE ? exclusive : NULL;
    check_role(visit, m, caller_of(visit));
    check_permission(visit);
    check_exclusive(visit);
    innermost = visit;
    if (!is_timed(visit))
        return;
    stw_thread_use(&visit->use);
    visit->began_ns = stw_clock_ns();
}

void stw__proxy_leave(struct stw__visit *visit)
{
    if (visit->exclusive)
        __atomic_fetch_sub(visit->exclusive, 1, __ATOMIC_ACQ_REL);
    innermost = visit->outer;
    if (!visit->to)
        return;
    check_allocation(visit);
    check_waits(visit);
    if (visit->slot->flags & STW__WHEN_FINISHED)
        __atomic_store_n(&visit->to->state, STATE_DESTROYED, __ATOMIC_RELEASE);
}

const struct stw__proxy *stw__proxy_enter(struct stw__visit *visit, void *self,
                                          const struct stw__slot *slot, struct stw_mutator *m)
{
    begin(visit, self, slot, m);
    if ((uintptr_t)self - (uintptr_t)proxies >= sizeof proxies)
        STW_BREACH("A5", caller_of(visit), "called %s of a plugin with another's self",
                   slot->name);
    check_state(visit);
    enter(visit, m, &visit->to->exclusive);
    return visit->to;
}

struct stw__proxy *stw__proxy_create(struct stw__visit *visit, const struct stw_host *host,
                                     const struct stw__slot *slot)
{
    struct stw__proxy *to = &proxies[stw_host_holder(host)];
    begin(visit, to, slot, NULL);
    check_state(visit);
    enter(visit, NULL, &to->exclusive);
    __atomic_store_n(&to->state, STATE_CREATING, __ATOMIC_RELEASE);
    return to;
}

void stw__proxy_created(struct stw__proxy *to, stw_status status, void **self)
{
    __atomic_store_n(&to->state, status == STW_OK ? STATE_CREATED : STATE_DESTROYED,
                     __ATOMIC_RELEASE);
    if (status == STW_OK)
        *self = to;
}

void stw__proxy_call(struct stw__visit *visit, const struct stw_host *host,
                     const struct stw__slot *function, struct stw_mutator *m)
{
    uint32_t holder = stw_host_holder(host);
    begin(visit, NULL, function, m);
    uint32_t caller = caller_of(visit);
    caller = caller == STW_BREACH_CALLER ? holder : caller;
    if (holder != STW_BREACH_CALLER
        && __atomic_load_n(&proxies[holder].state, __ATOMIC_ACQUIRE) == STATE_DESTROYED)
        STW_BREACH("lifecycle", holder, "called %s after it was destroyed", function->name);
    check_role(visit, m, caller);
    check_permission(visit);
    innermost = visit;
}

/* Hooks. */

static struct hook *new_hook(const struct stw_host *host, void **context)
{
    uint32_t holder = stw_host_holder(host);
    if (holder == STW_BREACH_CALLER || hook_count == sizeof hooks / sizeof *hooks)
        return NULL; /* nobody's; or more than the host takes */
    struct hook *hook = &hooks[hook_count++];
    hook->context = *context;
    hook->of = &proxies[holder];
    *context = hook;
    return hook;
}

static void call_cycle_hook(void *context)
{
    struct hook *hook = context;
    struct stw__visit visit;
    begin(&visit, hook->of, &stw__cycle_hook_slot, NULL);
    check_state(&visit);
    enter(&visit, NULL, &hook->exclusive);
    hook->cycle(hook->context);
    stw__proxy_leave(&visit);
}

static void call_cycle_end_hook(void *context, struct stw_mutator *m)
{
    struct hook *hook = context;
    struct stw__visit visit;
    begin(&visit, hook->of, &stw__cycle_end_hook_slot, m);
    check_state(&visit);
    enter(&visit, m, &hook->exclusive);
    hook->end(hook->context, m);
    stw__proxy_leave(&visit);
}

void stw__proxy_cycle_hook(const struct stw_host *host, stw_cycle_hook *run, void **context)
{
    struct hook *hook = new_hook(host, context);
    if (!hook)
        return;
    hook->cycle = *run;
    *run = call_cycle_hook;
}

void stw__proxy_cycle_end_hook(const struct stw_host *host, stw_cycle_end_hook *run,
                               void **context)
{
    struct hook *hook = new_hook(host, context);
    if (!hook)
        return;
    hook->end = *run;
    *run = call_cycle_end_hook;
}

/* Interposing. */

void stw_proxy_begin(void)
{
    has_begun = 1;
}

const struct stw_host *stw__proxy_host(void)
{
    return host_table;
}

const struct stw_host *stw__proxy_take_host(const struct stw_host *table)
{
    if (!has_begun)
        return table;
    host_table = table;
    checked_table = *table;
    stw__proxy_fill_host(&checked_table);
    return &checked_table;
}

void stw_proxy_interpose(struct stw_loaded *loaded)
{
    struct stw__proxy *proxy = &proxies[loaded->ordinal];
    if (!has_begun)
        return;
    *proxy = (struct stw__proxy){.loaded = loaded, .real = *loaded};
    switch (loaded->info->kind) {
    case STW_KIND_ALLOCATOR:
        proxy->allocator = &proxy->real.ops.allocator;
        stw__proxy_fill_allocator(&loaded->ops.allocator);
        break;
    case STW_KIND_MAP:
        proxy->map = &proxy->real.ops.map;
        stw__proxy_fill_map(&loaded->ops.map);
        break;
    case STW_KIND_STRATEGY:
        proxy->strategy = &proxy->real.ops.strategy;
        proxy->map = &proxy->real.maps;
        stw__proxy_fill_strategy(&loaded->ops.strategy);
        stw__proxy_fill_map(&loaded->maps);
        break;
    default:
        proxy->workload = &proxy->real.ops.workload;
        stw__proxy_fill_workload(&loaded->ops.workload);
    }
}

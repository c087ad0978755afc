/* host/api.c: the host table given to plugins.
 *
 * Each plugin has a handle, a table of its own with what the host knows of its holder behind it: so
 * the owner of a root, a hook or a setting is known, and which runtime is meant.
 * HH1  a function of the table is called with the table that it was found in. One that the host
 *      does not know is a copy: somebody has written m->host (abi.M5), and the trial ends. */
#include "host/runtime.h"

#include "base/breach.h"
#include "base/error.h"
#include "host/faults.h"
#include "host/proxied.h"
#include "host/sizes.h"
#include "prim/module.h"
#include "prim/thread.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>

struct handle {
    struct stw_host table; /* first: plugins have its address */
    struct stw_gc *gc;
    const struct stw_loaded *plugin; /* null: nobody's */
    int64_t external_bytes;          /* atomic */
};

/* A mutator's own; a line of the cache each. */
struct operation_place {
    _Alignas(64) struct stw_operation operation;
};

static struct stw_runtime_options runtime_options;
static struct operation_place operations[STW_MUTATORS];
static struct handle handles[STW_ORDINALS];

/* Whose the table is, if it lies in an object, is told by where it lies. */
static _Noreturn void break_host_rule(const struct stw_host *table)
{
    if (!stw_object_holds(table))
        STW_BREACH("M5", STW_BREACH_CALLER, "called the host through a table that is not the "
                   "host's: a plugin has written m->host");
    stw_breach_end("M5", STW_BREACH_CALLER, table,
                   "has written m->host, or calls the host through a copy of its table");
}

static const struct handle *handle_of(const struct stw_host *host)
{
    if ((uintptr_t)host - (uintptr_t)handles >= sizeof handles)
        break_host_rule(host);
    return (const struct handle *)(const void *)host;
}

void stw_runtime_check_host(const struct stw_mutator *m)
{
    if (m->host != &handles[0].table)
        break_host_rule(m->host);
}

static struct stw_gc *gc_of(const struct stw_host *host)
{
    return handle_of(host)->gc;
}

static uint32_t ordinal_of(const struct stw_host *host)
{
    return (uint32_t)(handle_of(host) - handles);
}

uint32_t stw_host_holder(const struct stw_host *host)
{
    return handle_of(host)->plugin ? ordinal_of(host) : STW_BREACH_CALLER;
}

/* `did` ("called yield") is for the mutator's own thread, */
static void expect_own(const struct stw_host *host, const struct stw_mutator *m, const char *did)
{
    if (m != stw_mutator_self())
        STW_BREACH("on-mutator", stw_host_holder(host), "%s for a mutator of another thread", did);
}

/* and not for between block_begin and block_end. */
static void expect_running(const struct stw_host *host, const struct stw_mutator *m,
                           const char *did)
{
    struct stw_block block;
    expect_own(host, m, did);
    if (stw_mutator_is_blocked(&block))
        STW_BREACH("blocked", stw_host_holder(host), "%s between block_begin and block_end", did);
}

static void expect_main(const struct stw_host *host, const char *did)
{
    if (!stw_thread_is_main())
        STW_BREACH("on-main", stw_host_holder(host), "%s on another thread than the main one", did);
}

static stw_status api_set_error(const struct stw_host *host, struct stw_error *error,
                                stw_status status, const char *field,
                                const char *message)
{
    (void)host;
    return stw_error_set(error, status, field, "%s", message ? message : "");
}

static uint64_t api_clock_ns(const struct stw_host *host)
{
    (void)host;
    return stw_clock_ns();
}

static stw_status api_root_add(const struct stw_host *host, void **words, uint64_t count)
{
    stw_watch_wait(gc_of(host), "root_add");
    return stw_roots_add(gc_of(host), words, count);
}

static void api_root_remove(const struct stw_host *host, void **words)
{
    stw_watch_wait(gc_of(host), "root_remove");
    stw_roots_remove(gc_of(host), words);
}

static stw_status api_cycle_hook_add(const struct stw_host *host, stw_cycle_hook hook,
                                     void *context)
{
    expect_main(host, "called cycle_hook_add");
    const struct stw_hook added = {hook, context, ordinal_of(host)};
    return stw_gc_hook_add(gc_of(host), &added);
}

static stw_status api_cycle_end_hook_add(const struct stw_host *host, stw_cycle_end_hook hook,
                                         void *context)
{
    expect_main(host, "called cycle_end_hook_add");
    const struct stw_end_hook added = {hook, context, ordinal_of(host)};
    return stw_gc_end_hook_add(gc_of(host), &added);
}

static stw_status api_death_notice_add(const struct stw_host *host, struct stw_mutator *m,
                                       void *cell, stw_death_notice notice, void *context)
{
    expect_running(host, m, "called death_notice_add");
    return stw_gc_death_notice_add(gc_of(host), cell, notice, context, ordinal_of(host));
}

static uint32_t api_mutator_count(const struct stw_host *host)
{
    (void)host;
    return runtime_options.mutators;
}

static void api_barrier_flush(const struct stw_host *host, struct stw_mutator *m)
{
    expect_running(host, m, "called barrier_flush");
    stw_barrier_flush(m);
}

static void *api_alloc_slow(const struct stw_host *host, struct stw_mutator *m, uint64_t bytes,
                            const struct stw_type *type)
{
    stw_runtime_check_host(m);
    if (stw__faults_alloc(m, bytes, type))
        stw_mutator_refuse_grant(m);
    if (!stw_watch_is_inside()) /* a stop may wait for whoever is: stw_alloc_slow_path tells that */
        expect_running(host, m, "allocated");
    return stw_alloc_slow_path(m, bytes, type);
}

static void api_copy_slow(const struct stw_host *host, struct stw_mutator *m, void *to,
                          const void *from, uint64_t bytes, const struct stw_type *type)
{
    expect_running(host, m, "called copy_slow");
    stw_barrier_copy(m, to, from, bytes, type);
}

static uint64_t api_usable_bytes(const struct stw_host *host, struct stw_mutator *m,
                                 uint64_t bytes, uint32_t scan)
{
    (void)host;
    const struct stw_gc_options *options = &runtime_options.gc;
    if (m)
        stw_trace(m, options->allocator_ordinal, STW_CALL_ALLOCATOR_USABLE);
    return options->allocator->usable_bytes(options->allocator_self, bytes, scan);
}

static void api_safepoint(const struct stw_host *host, struct stw_mutator *m)
{
    stw_watch_wait(gc_of(host), "safepoint");
    stw_runtime_check_host(m);
    stw__faults_safepoint(m);
    expect_running(host, m, "called safepoint");
    stw_safepoint(m);
}

/* There is none for block_begin: the frame of its slot must be its caller's next one. */
static void api_block_end(const struct stw_host *host, struct stw_mutator *m)
{
    stw_watch_wait(gc_of(host), "block_end");
    expect_own(host, m, "called block_end");
    struct stw_block block;
    if (!stw_mutator_is_blocked(&block))
        STW_BREACH("blocked", stw_host_holder(host), "called block_end without block_begin");
    stw_block_end_slot(m);
}

static void api_yield(const struct stw_host *host, struct stw_mutator *m)
{
    stw_watch_wait(gc_of(host), "yield");
    expect_running(host, m, "called yield");
    stw_poll(m);
    stw_mutator_yield(m);
}

static void api_collect(const struct stw_host *host, struct stw_mutator *m)
{
    stw_watch_wait(gc_of(host), "collect");
    expect_running(host, m, "called collect");
    stw_gc_collect(m);
}

static int32_t api_set_gc_percent(const struct stw_host *host, struct stw_mutator *m,
                                  int32_t percent)
{
    struct stw_percent_setter setter = {0, 0};
    stw_watch_wait(gc_of(host), "set_gc_percent");
    expect_running(host, m, "called set_gc_percent");
    const struct stw_loaded *plugin = handle_of(host)->plugin;
    if (!plugin)
        plugin = stw__proxy_inside();
    if (plugin)
        setter = (struct stw_percent_setter){plugin->ordinal,
                                             plugin->info->kind == STW_KIND_STRATEGY};
    else if (runtime_options.find_setter)
        runtime_options.find_setter(m, __builtin_return_address(0), &setter);
    return stw_gc_set_percent(gc_of(host), m, percent, &setter);
}

_Noreturn void stw_runtime_fail(const struct stw_loaded *plugin, stw_status status,
                                const char *text)
{
    if (runtime_options.failed)
        runtime_options.failed(plugin, status, text);
    fprintf(stderr, "stwlab: %s: %s\n", plugin ? plugin->info->id : "a plugin", text);
    abort();
}

static void api_fail(const struct stw_host *host, struct stw_mutator *m, stw_status status,
                     const char *text)
{
    (void)m;
    stw_runtime_fail(handle_of(host)->plugin, status, text ? text : "");
}

static void api_external_bytes(const struct stw_host *host, struct stw_mutator *m, int64_t delta)
{
    struct handle *handle = &handles[ordinal_of(host)];
    stw_watch_wait(handle->gc, "external_bytes");
    if (m)
        expect_running(host, m, "called external_bytes");
    __atomic_add_fetch(&handle->external_bytes, delta, __ATOMIC_RELAXED);
    stw_gc_external_add(handle->gc, m, delta);
}

static void api_growth(const struct stw_host *host, struct stw_mutator *m, uint32_t kind,
                       uint64_t ns)
{
    (void)m;
    stw_gc_growth_note(gc_of(host), kind, ns);
}

static void api_operation_intended(const struct stw_host *host, struct stw_mutator *m,
                                   uint64_t due_ns)
{
    struct stw_operation *operation = &operations[m->index].operation;
    (void)host;
    operation->is_intended = 1;
    operation->due_ns = due_ns;
    operation->turn_ns = stw_clock_ns();
}

static void api_operation_class(const struct stw_host *host, struct stw_mutator *m,
                                uint32_t number)
{
    (void)host;
    operations[m->index].operation.class_above = (uint64_t)number + 1;
}

struct stw_operation stw_runtime_operation(const struct stw_mutator *m)
{
    struct stw_operation *operation = &operations[m->index].operation, said = *operation;
    if (STW_UNLIKELY(said.is_intended | said.class_above))
        *operation = (struct stw_operation){0};
    return said;
}

int64_t stw_runtime_external(const struct stw_loaded *plugin)
{
    return __atomic_load_n(&handles[plugin->ordinal].external_bytes, __ATOMIC_RELAXED);
}

static uint64_t api_set_memory_limit(const struct stw_host *host, struct stw_mutator *m,
                                     uint64_t bytes)
{
    stw_watch_wait(gc_of(host), "set_memory_limit");
    expect_running(host, m, "called set_memory_limit");
    return stw_gc_set_limit(gc_of(host), m, bytes);
}

static void api_heap_stats(const struct stw_host *host, struct stw_heap_stats *stats)
{
    struct stw_heap_stats now;
    uint32_t bytes = stats->struct_size;
    stw_gc_heap_stats(gc_of(host), &now);
    memcpy(stats, &now, bytes < sizeof now ? bytes : sizeof now);
    stats->struct_size = bytes;
}

static void api_pages_adopt(const struct stw_host *host, uintptr_t base, uint64_t page_count)
{
    (void)base;
    stw_gc_pages_adopt(gc_of(host), page_count);
}

static void api_pages_disown(const struct stw_host *host, uintptr_t base, uint64_t page_count)
{
    (void)base;
    stw_gc_pages_disown(gc_of(host), page_count);
}

static stw_status api_pages_acquire(const struct stw_host *host, uint64_t page_count,
                                    uintptr_t *base, uint32_t *needs_zero)
{
    return stw_gc_pages_acquire(gc_of(host), page_count, base, needs_zero);
}

static void api_pages_release(const struct stw_host *host, uintptr_t base, uint64_t page_count)
{
    stw_gc_pages_release(gc_of(host), base, page_count);
}

static stw_status api_span_register(const struct stw_host *host,
                                    const struct stw_span_request *request, struct stw_span **span)
{
    return stw_gc_span_register(gc_of(host), request, span);
}

static void api_span_unregister(const struct stw_host *host, struct stw_span *span)
{
    stw_gc_span_unregister(gc_of(host), span);
}

static uint32_t api_span_sweep(const struct stw_host *host, struct stw_span *span)
{
    return stw_gc_span_sweep(gc_of(host), span);
}

static uint32_t api_sweep_generation(const struct stw_host *host)
{
    return stw_gc_sweep_generation(gc_of(host));
}

static const struct stw_host table = {
    .struct_size = sizeof table,
    .abi_major = STW_ABI_MAJOR,
    .abi_minor = STW_ABI_MINOR,
    .set_error = api_set_error,
    .clock_ns = api_clock_ns,
    .root_add = api_root_add,
    .root_remove = api_root_remove,
    .cycle_hook_add = api_cycle_hook_add,
    .cycle_end_hook_add = api_cycle_end_hook_add,
    .heap_stats = api_heap_stats,
    .mutator_count = api_mutator_count,
    .safepoint = api_safepoint,
    .barrier_flush = api_barrier_flush,
    .alloc_slow = api_alloc_slow,
    .copy_slow = api_copy_slow,
    .usable_bytes = api_usable_bytes,
    .yield = api_yield,
    .block_begin = stw_block_begin_slot,
    .block_end = api_block_end,
    .collect = api_collect,
    .set_gc_percent = api_set_gc_percent,
    .fail = api_fail,
    .external_bytes = api_external_bytes,
    .operation_intended = api_operation_intended,
    .operation_class = api_operation_class,
    .growth = api_growth,
    .set_memory_limit = api_set_memory_limit,
    .pages_acquire = api_pages_acquire,
    .pages_release = api_pages_release,
    .pages_adopt = api_pages_adopt,
    .pages_disown = api_pages_disown,
    .span_register = api_span_register,
    .span_unregister = api_span_unregister,
    .span_sweep = api_span_sweep,
    .sweep_generation = api_sweep_generation,
    .death_notice_add = api_death_notice_add,
};

const struct stw_host *stw_host_handle(const struct stw_loaded *plugin)
{
    struct handle *handle = &handles[plugin ? plugin->ordinal : 0];
    *handle = (struct handle){*stw__proxy_take_host(&table), stw_gc_of_process(), plugin, 0};
    return &handle->table;
}

stw_status stw_runtime_init(const struct stw_runtime_options *options, struct stw_error *error)
{
    runtime_options = *options;
    return stw_gc_init(stw_gc_of_process(), options->heap_reserve_bytes, error);
}

stw_status stw_runtime_start(const struct stw_loaded *allocator, struct stw_error *error)
{
    struct stw_gc_options *options = &runtime_options.gc;
    options->host = stw_host_handle(NULL);
    options->allocator = &allocator->ops.allocator;
    options->allocator_self = allocator->self;
    options->allocator_ordinal = allocator->ordinal;
    char name[16 + STW_ID_BYTES];
    snprintf(name, sizeof name, "allocator/%s", allocator->info->id);
    STW_TRY(stw__sizes_check(options->allocator->size_table(options->allocator_self), name, error));
    return stw_gc_start(stw_gc_of_process(), options, error);
}

void stw_runtime_stop(void)
{
    stw_gc_stop(stw_gc_of_process());
}

struct stw_gc *stw_runtime_gc(void)
{
    return stw_gc_of_process();
}

void stw_runtime_audit(uint32_t on, void (*failed)(const struct stw_error *error))
{
    runtime_options.gc.audit = on;
    runtime_options.gc.audit_failed = failed;
}

int stw_runtime_is_audited(void)
{
    return runtime_options.gc.audit != 0;
}

void stw_runtime_audit_failed(const struct stw_error *error)
{
    runtime_options.gc.audit_failed(error);
}

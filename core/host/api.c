/* host/api.c: the host table given to plugins, over the process's one runtime. */
#include "host/runtime.h"

#include "base/error.h"

static struct stw_gc runtime_gc;
static struct stw_runtime_options runtime_options;

static stw_status api_set_error(struct stw_error *error, stw_status status, const char *field,
                                const char *message)
{
    return stw_error_set(error, status, field, "%s", message ? message : "");
}

static stw_status api_root_add(void **words, uint64_t count)
{
    stw_watch_wait(&runtime_gc, "root_add");
    return stw_roots_add(&runtime_gc, words, count);
}

static void api_root_remove(void **words)
{
    stw_watch_wait(&runtime_gc, "root_remove");
    stw_roots_remove(&runtime_gc, words);
}

static stw_status api_cycle_hook_add(stw_cycle_hook hook, void *context)
{
    if (runtime_gc.hook_count == STW_CYCLE_HOOKS)
        return STW_E_NOMEM;
    runtime_gc.hooks[runtime_gc.hook_count].run = hook;
    runtime_gc.hooks[runtime_gc.hook_count++].context = context;
    return STW_OK;
}

static uint32_t api_mutator_count(void)
{
    return runtime_options.mutators;
}

static uint64_t api_usable_bytes(struct stw_mutator *m, uint64_t bytes, uint32_t scan)
{
    const struct stw_gc_options *options = &runtime_gc.options;
    if (m)
        stw_trace(m, options->allocator_ordinal, STW_CALL_ALLOCATOR_USABLE);
    return options->allocator->usable_bytes(options->allocator_self, bytes, scan);
}

static void api_safepoint(struct stw_mutator *m)
{
    stw_watch_wait(&runtime_gc, "safepoint");
    stw_safepoint(m);
}

/* block_begin looks for itself: its frame must be its caller's next one. */
static void api_block_end(struct stw_mutator *m)
{
    stw_watch_wait(&runtime_gc, "block_end");
    stw_block_end(m);
}

static void api_yield(struct stw_mutator *m)
{
    stw_watch_wait(&runtime_gc, "yield");
    stw_poll(m);
    stw_processor_yield(stw_record_of(m));
}

static void api_collect(struct stw_mutator *m)
{
    stw_watch_wait(&runtime_gc, "collect");
    stw_cycle_force(stw_record_of(m));
}

static int32_t api_set_gc_percent(struct stw_mutator *m, int32_t percent)
{
    struct stw_percent_setter setter = {0, 0};
    stw_watch_wait(&runtime_gc, "set_gc_percent");
    if (runtime_options.find_setter)
        runtime_options.find_setter(m, __builtin_return_address(0), &setter);
    return stw_pacer_set_percent(&runtime_gc, stw_record_of(m), percent, &setter);
}

static stw_status api_pages_acquire(uint64_t page_count, uintptr_t *base, uint32_t *needs_zero)
{
    struct stw_growth growth;
    stw_status status = stw_space_acquire_grown(&runtime_gc.heap.space, page_count, base,
                                                needs_zero, &growth);
    if (status == STW_OK)
        stw_scavenge_taken(&runtime_gc, &growth);
    return status;
}

static void api_pages_release(uintptr_t base, uint64_t page_count)
{
    stw_space_release(&runtime_gc.heap.space, base, page_count);
}

static stw_status api_span_register(const struct stw_span_request *request, struct stw_span **span)
{
    uint64_t own_before = STW_LOAD(runtime_gc.heap.own_bytes);
    stw_status status = stw_heap_register(&runtime_gc.heap, request, span);
    if (STW_LOAD(runtime_gc.heap.own_bytes) != own_before)
        stw_scavenge_taken(&runtime_gc, NULL);
    return status;
}

static void api_span_unregister(struct stw_span *span)
{
    stw_heap_unregister(&runtime_gc.heap, span);
}

/* Sweeping on the way to an allocation is a mutator's own loss. What it sweeps on purpose is logged
 * as a whole, and when it stopped the world, the stop holds it. */
static int is_own_loss(const struct stw_mutator_record *m)
{
    return m && m->timeline.is_open && !m->is_sweeping
        && !__atomic_load_n(&runtime_gc.world.stopped, __ATOMIC_ACQUIRE);
}

static uint32_t api_span_sweep(struct stw_span *span)
{
    struct stw_mutator_record *self = stw_mutator_self();
    int is_loss = is_own_loss(self);
    uint64_t began_ns = is_loss ? stw_clock_ns() : 0;
    uint32_t live = stw_heap_sweep(&runtime_gc.heap, span);
    STW_ADD(runtime_gc.sweep.spans_total, 1);
    STW_ADD(runtime_gc.sweep.pages_swept, span->page_count);
    STW_ADD(runtime_gc.sweep.live_bytes, live * span->cell_bytes);
    if (is_loss)
        stw_timeline_add(self, STW_TAKEN_SWEEP, began_ns, stw_clock_ns());
    return live;
}

static uint32_t api_sweep_generation(void)
{
    return runtime_gc.heap.generation;
}

static void api_heap_live_add(int64_t bytes)
{
    stw_heap_live_add(&runtime_gc, bytes);
}

static const struct stw_host table = {
    .struct_size = sizeof table,
    .abi_major = STW_ABI_MAJOR,
    .abi_minor = STW_ABI_MINOR,
    .set_error = api_set_error,
    .clock_ns = stw_clock_ns,
    .root_add = api_root_add,
    .root_remove = api_root_remove,
    .cycle_hook_add = api_cycle_hook_add,
    .mutator_count = api_mutator_count,
    .safepoint = api_safepoint,
    .barrier_flush = stw_barrier_flush,
    .alloc_slow = stw_alloc_slow_path,
    .copy_slow = stw_barrier_copy,
    .usable_bytes = api_usable_bytes,
    .yield = api_yield,
    .block_begin = stw_block_begin,
    .block_end = api_block_end,
    .collect = api_collect,
    .set_gc_percent = api_set_gc_percent,
    .pages_acquire = api_pages_acquire,
    .pages_release = api_pages_release,
    .span_register = api_span_register,
    .span_unregister = api_span_unregister,
    .span_sweep = api_span_sweep,
    .sweep_generation = api_sweep_generation,
    .heap_live_add = api_heap_live_add,
};

const struct stw_host *stw_host_table(void)
{
    return &table;
}

stw_status stw_runtime_init(const struct stw_runtime_options *options, struct stw_error *error)
{
    runtime_options = *options;
    stw_gc_init(&runtime_gc);
    return stw_heap_init(&runtime_gc.heap, options->heap_reserve_bytes, error);
}

stw_status stw_runtime_start(const struct stw_loaded *allocator, struct stw_error *error)
{
    struct stw_gc_options *options = &runtime_options.gc;
    options->host = &table;
    options->allocator = &allocator->ops.allocator;
    options->allocator_self = allocator->self;
    options->allocator_ordinal = allocator->ordinal;
    return stw_gc_start(&runtime_gc, options, error);
}

void stw_runtime_stop(void)
{
    stw_gc_stop(&runtime_gc);
}

struct stw_gc *stw_runtime_gc(void)
{
    return &runtime_gc;
}

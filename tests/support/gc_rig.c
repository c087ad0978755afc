/* tests/support/gc_rig.c: a real runtime for tests. What goes wrong in it aborts the test. */
#include "gc_rig.h"

#include "base/error.h"
#include "prim/memory.h"
#include "prim/thread.h"

#include <stdio.h>
#include <stdlib.h>

const struct stw_descriptor *stw_plugin_entry_go(void);

static uint64_t pauses_lost;
static struct stw_loaded allocator;

static _Noreturn void out_of_memory(const char *message)
{
    fprintf(stderr, "gc_rig: out of memory: %s\n", message);
    abort();
}

stw_plugin_entry gc_rig_entry = stw_plugin_entry_go;
void (*gc_rig_change)(struct stw_allocator_ops *ops);

static _Noreturn void audit_failed(const struct stw_error *error)
{
    fprintf(stderr, "gc_rig: audit: %s: %s\n", error->field, error->message);
    abort();
}

static _Noreturn void broke_in_stop(uint32_t place, const char *function)
{
    fprintf(stderr, "gc_rig: %s in a stop (%s)\n", function ? function : "allocation",
            stw_watch_place_name(place));
    abort();
}

uint64_t gc_rig_pause_count;
struct stw_runtime_options gc_rig_options = {
    .heap_reserve_bytes = 4ull << 30,
    .mutators = 1,
    .gc = {.mode = STW_MODE_CONCURRENT, .percent = 100, .processors = 2, .audit = 1,
           .pause_capacity = GC_RIG_PAUSES, .pause_count = &gc_rig_pause_count,
           .pauses_lost = &pauses_lost, .out_of_memory = out_of_memory,
           .audit_failed = audit_failed, .broke_in_stop = broke_in_stop}};

void gc_rig_start(void)
{
    struct stw_error error = STW_ERROR_INIT;
    struct stw_config config = {.struct_size = sizeof config};
    gc_rig_options.gc.pauses = stw_memory_map(GC_RIG_PAUSES * sizeof(struct stw_pause));
    gc_rig_options.gc.origin_ns = stw_clock_ns();
    static struct stw_plugin_info info = {.kind = STW_KIND_ALLOCATOR};
    snprintf(info.id, sizeof info.id, "%s", gc_rig_entry()->offers->id);
    stw_status status = stw_plugin_adopt(&info, gc_rig_entry(), &allocator, &error);
    if (status == STW_OK && gc_rig_change)
        gc_rig_change(&allocator.ops.allocator);
    if (status != STW_OK || stw_runtime_init(&gc_rig_options, &error) != STW_OK
        || allocator.ops.allocator.create(stw_host_handle(NULL), &config, &error, &allocator.self)
               != STW_OK
        || stw_runtime_start(&allocator, &error) != STW_OK) {
        fprintf(stderr, "gc_rig: %s\n", error.message);
        abort();
    }
}

struct stw_mutator *gc_rig_attach(uint32_t index)
{
    static uint32_t calls[STW_MUTATORS][STW_TRACE_CALLS];
    struct stw_mutator *m = NULL;
    if (stw_mutator_attach(stw_runtime_gc(), index, calls[index], &m) != STW_OK)
        abort();
    return m;
}

const struct stw_pause *gc_rig_pause(uint64_t index)
{
    return &gc_rig_options.gc.pauses[index];
}

/* host/runtime.h: the one runtime of a worker process: heap, collector, host table.
 *
 * The table that plugins get has no context argument for the functions that any thread may call, so
 * there is one runtime a process. */
#ifndef STW_HOST_RUNTIME_H
#define STW_HOST_RUNTIME_H

#include "gc/gc.h"
#include "host/load.h"

struct stw_runtime_options {
    struct stw_gc_options gc; /* host and allocator fields are filled in by start */
    uint64_t heap_reserve_bytes;
    uint32_t mutators;
    uint32_t padding;
    /* Says which plugin's code, at the address `from`, sets GOGC on m. May be null. */
    void (*find_setter)(const struct stw_mutator *m, const void *from,
                        struct stw_percent_setter *setter);
};

/* The table; valid at any time in any process. */
const struct stw_host *stw_host_table(void);
/* Reserves the heap. Plugins can be created from here on. */
stw_status stw_runtime_init(const struct stw_runtime_options *options, struct stw_error *error);
/* Starts the collector on an allocator that was created. */
stw_status stw_runtime_start(const struct stw_loaded *allocator, struct stw_error *error);
void stw_runtime_stop(void);
struct stw_gc *stw_runtime_gc(void);

#endif

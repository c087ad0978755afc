/* host/runtime.h: the runtime of a worker process: heap, collector, and the plugins' handles of it.
 *
 * Plugins name the runtime by their handle in every call. That there is one a process is the
 * worker's choice. */
#ifndef STW_HOST_RUNTIME_H
#define STW_HOST_RUNTIME_H

#include "gc/gc.h"
#include "host/load.h"

struct stw_runtime_options {
    struct stw_gc_options gc; /* host and allocator fields are filled in by start */
    uint64_t heap_reserve_bytes;
    uint32_t mutators;
    uint32_t padding;
    /* Says which plugin's code, at the address `from`, sets GOGC on m through m->host, which is
     * nobody's handle. May be null. */
    void (*find_setter)(const struct stw_mutator *m, const void *from,
                        struct stw_percent_setter *setter);
    /* Ends the trial: `plugin` (null: not known which) lacks something. Does not return. */
    void (*failed)(const struct stw_loaded *plugin, stw_status status, const char *text);
};

/* The handle of a plugin, by its ordinal; of null: nobody's, m->host. Valid at any time in any
 * process. Main thread, before there are mutators. */
const struct stw_host *stw_host_handle(const struct stw_loaded *plugin);
/* Its holder's ordinal, or STW_BREACH_CALLER (base/breach.h) for nobody's. */
uint32_t stw_host_holder(const struct stw_host *host);
/* Reserves the heap. Plugins can be created from here on. */
stw_status stw_runtime_init(const struct stw_runtime_options *options, struct stw_error *error);
/* Starts the collector on an allocator that was created. */
stw_status stw_runtime_start(const struct stw_loaded *allocator, struct stw_error *error);
void stw_runtime_stop(void);
struct stw_gc *stw_runtime_gc(void);
/* Rule M5 of stwlab/mutator.h, for who has called plugins: does not return if it is broken. */
void stw_runtime_check_host(const struct stw_mutator *m);

/* What a workload has said of the operation that has just ended. */
struct stw_operation {
    uint64_t is_intended; /* it said when it was due */
    uint64_t due_ns;
    uint64_t turn_ns;     /* its turn came */
    uint64_t class_above; /* its class + 1, 0: none; may be none that there is */
};

/* On the mutator, between operations; forgets it. */
struct stw_operation stw_runtime_operation(const struct stw_mutator *m);

/* What options.failed does; without it the process aborts. */
_Noreturn void stw_runtime_fail(const struct stw_loaded *plugin, stw_status status,
                                const char *text);
/* Bytes that the plugin has charged by external_bytes and not credited. */
int64_t stw_runtime_external(const struct stw_loaded *plugin);

/* Whether maps and strategies are audited, and who is told what is wrong: as the options of init
 * say, unless a test says otherwise. */
void stw_runtime_audit(uint32_t on, void (*failed)(const struct stw_error *error));
int stw_runtime_is_audited(void);
void stw_runtime_audit_failed(const struct stw_error *error);

#endif

/* trial/trace.c: reads the flight recorder of a worker that has ended.
 *
 * A ring's newest call stands before the zero that stw_trace (stwlab/mutator.h) keeps behind it.
 * The worker may have scribbled over all of it: every index is checked, every name is cut and
 * cleaned. */
#include "trial/trace.h"

#include <string.h>

#define CALLS_SHOWN 4u    /* of a mutator */
#define MUTATORS_SHOWN 4u /* that made calls */
#define PLUGINS (sizeof((struct stw_record *)0)->plugin_names / 64u)

const char *stw_call_name(uint32_t call)
{
    static const char *const names[STW_CALLS] = {
        [STW_CALL_NONE] = "?",
        [STW_CALL_CREATE] = "create",
        [STW_CALL_DESTROY] = "destroy",
        [STW_CALL_ALLOCATOR_ATTACH] = "attach",
        [STW_CALL_ALLOCATOR_DETACH] = "detach",
        [STW_CALL_ALLOCATOR_REFILL] = "refill",
        [STW_CALL_ALLOCATOR_LARGE] = "large",
        [STW_CALL_ALLOCATOR_FLUSH] = "flush",
        [STW_CALL_ALLOCATOR_SWEEP] = "sweep",
        [STW_CALL_WORKLOAD_SETUP] = "setup",
        [STW_CALL_WORKLOAD_OPERATE] = "operate",
        [STW_CALL_WORKLOAD_CHECKSUM] = "checksum",
        [STW_CALL_WORKLOAD_TEARDOWN] = "teardown",
        [STW_CALL_STRATEGY_BEGIN] = "begin",
        [STW_CALL_STRATEGY_END] = "end",
        [STW_CALL_STRATEGY_NEED_MAP] = "need_map",
        [STW_CALL_STRATEGY_DONE_MAP] = "done_map",
        [STW_CALL_STRATEGY_MERGE] = "merge",
        [STW_CALL_STRATEGY_NEED_SCRATCH] = "need_scratch",
        [STW_CALL_STRATEGY_DONE_SCRATCH] = "done_scratch",
        [STW_CALL_STRATEGY_REQUEST_BEGIN] = "request_begin",
        [STW_CALL_STRATEGY_REQUEST_END] = "request_end",
        [STW_CALL_STRATEGY_BATCH_BOUNDARY] = "batch_boundary",
        [STW_CALL_MAP_MAKE] = "make",
        [STW_CALL_MAP_MERGE] = "merge",
        [STW_CALL_MAP_CLEAR] = "clear",
        [STW_CALL_WORKLOAD_LAST_MAP] = "last_map",
        [STW_CALL_LOAD] = "load",
        [STW_CALL_ALLOCATOR_CYCLE_END] = "cycle_end",
        [STW_CALL_ALLOCATOR_RELEASE] = "release",
        [STW_CALL_ALLOCATOR_AUDIT] = "audit",
        [STW_CALL_ALLOCATOR_SIZES] = "size_table",
        [STW_CALL_ALLOCATOR_USABLE] = "usable_bytes",
        [STW_CALL_CYCLE_HOOK] = "cycle_hook",
        [STW_CALL_MAP_AUDIT] = "audit",
        [STW_CALL_MAP_COUNT] = "count",
        [STW_CALL_WORKLOAD_OPERATIONS] = "operations",
        [STW_CALL_WORKLOAD_EXPECTED] = "expected",
        [STW_CALL_MAP_ACCEPT] = "accept",
        [STW_CALL_MAP_DONE] = "done",
        [STW_CALL_STRATEGY_LINKED] = "linked",
        [STW_CALL_WORKLOAD_MAP_TYPE] = "map_type",
        [STW_CALL_ALLOCATOR_STATS] = "stats",
        [STW_CALL_CYCLE_END_HOOK] = "cycle_end_hook",
        [STW_CALL_STRATEGY_SAFEPOINT] = "safepoint",
        [STW_CALL_STRATEGY_ALLOC_SLOW] = "alloc_slow",
        [STW_CALL_MAP_ASSIGN] = "assign",
        [STW_CALL_MAP_FIND] = "find",
        [STW_CALL_MAP_ERASE] = "erase",
        [STW_CALL_MAP_WALK] = "walk",
        [STW_CALL_MAP_STEP] = "step",
        [STW_CALL_MAP_STATS] = "stats",
        [STW_CALL_MAP_HASH] = "hash",
        [STW_CALL_MAP_RESERVE] = "reserve",
        [STW_CALL_DEATH_NOTICE] = "death_notice",
    };
    return call < STW_CALLS && names[call] ? names[call] : "?";
}

/* The slot of the newest call, or STW_TRACE_CALLS when there is none to be seen. */
static uint32_t newest(const struct stw_record_trace *trace)
{
    for (uint32_t i = 0; i < STW_TRACE_CALLS; i++) {
        uint32_t next = (i + 1) % STW_TRACE_CALLS;
        if (trace->calls[i] != 0 && trace->calls[next] == 0)
            return i;
    }
    return STW_TRACE_CALLS;
}

static void add_plugin(const struct stw_record *record, uint32_t ordinal, struct stw_text *text)
{
    if (ordinal >= PLUGINS || !record->plugin_names[ordinal][0]) {
        stw_text_add(text, "plugin %u", ordinal);
        return;
    }
    const char *name = record->plugin_names[ordinal];
    for (size_t i = 0; i < sizeof record->plugin_names[0] && name[i]; i++)
        stw_text_add(text, "%c", name[i] > ' ' && name[i] < 127 ? name[i] : '?');
}

static uint32_t call_before(const uint32_t *calls, uint32_t last, uint32_t back)
{
    return calls[(last + STW_TRACE_CALLS - back) % STW_TRACE_CALLS];
}

/* Calls that were made several times in a row are one, "x 4". */
static void add_mutator(const struct stw_record *record, uint32_t index, uint32_t last,
                        struct stw_text *text)
{
    const uint32_t *calls = record->traces[index].calls;
    for (uint32_t i = 0, shown = 0; shown < CALLS_SHOWN && i < STW_TRACE_CALLS; shown++) {
        uint32_t entry = call_before(calls, last, i), times = 1;
        if (entry == 0)
            return;
        while (i + times < STW_TRACE_CALLS && call_before(calls, last, i + times) == entry)
            times++;
        stw_text_add(text, shown ? " < " : "");
        add_plugin(record, entry >> 16, text);
        stw_text_add(text, ".%s", stw_call_name(entry & 0xffffu));
        if (times > 1)
            stw_text_add(text, " x %u", times);
        i += times;
    }
}

/* Calls that had not come back, of threads that are no mutators: they come first. */
static uint32_t add_under_way(const struct stw_record *record, struct stw_text *text)
{
    static const char *const places[STW_UNDER_WAYS] = {[STW_UNDER_WAY_STOP] = "in a stop",
                                                       [STW_UNDER_WAY_SWEEP] = "in the background"};
    uint32_t shown = 0;
    for (uint32_t i = 0; i < STW_UNDER_WAYS; i++) {
        uint32_t call = record->under_way[i];
        if (call == 0 || call >> 16 >= PLUGINS) /* none, or scribbled */
            continue;
        stw_text_add(text, "%s%s: ", shown++ ? "; " : "", places[i]);
        add_plugin(record, call >> 16, text);
        stw_text_add(text, ".%s", stw_call_name(call & 0xffffu));
    }
    return shown;
}

void stw_trace_describe(const struct stw_record *record, struct stw_text *text)
{
    uint32_t is_under_way = add_under_way(record, text), shown = is_under_way;
    for (uint32_t i = 0; i < STW_RECORD_MUTATORS && shown < MUTATORS_SHOWN; i++) {
        uint32_t last = newest(&record->traces[i]);
        if (last == STW_TRACE_CALLS)
            continue;
        stw_text_add(text, shown++ ? "; " : "");
        if (i > 0 || is_under_way)
            stw_text_add(text, "mutator %u: ", i);
        add_mutator(record, i, last, text);
    }
}

void stw_trace_plugin(const struct stw_record *record, int32_t thread, struct stw_text *text)
{
    uint32_t mutator = 0;
    for (uint32_t i = 0; i < STW_RECORD_MUTATORS; i++)
        if (thread > 0 && record->threads[i] == thread)
            mutator = i;
    uint32_t last = newest(&record->traces[mutator]);
    if (last < STW_TRACE_CALLS)
        add_plugin(record, record->traces[mutator].calls[last] >> 16, text);
}

void stw_trace_strategy(const struct stw_record *record, uint32_t call, struct stw_text *text)
{
    static const char kind[] = "strategy/";
    uint32_t ordinal = call >> 16;
    if (ordinal >= PLUGINS || strncmp(record->plugin_names[ordinal], kind, sizeof kind - 1) != 0)
        return;
    add_plugin(record, ordinal, text);
    stw_text_add(text, ".%s", stw_call_name(call & 0xffffu));
}

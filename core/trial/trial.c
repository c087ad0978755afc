/* trial/trial.c: one trial inside its worker process.
 *
 * Order: settings, plugins (admission, configuration, creation), heap and collector, one thread per
 * mutator: setup, a barrier, the timed operations, checksum, teardown; then the numbers. Whatever
 * goes wrong becomes a verdict in the record, first come first kept, and the process ends there.
 * Thread rules: mutators write their own part; sums are made under a lock or after the join. */
#include "trial/trial.h"

#include "base/check.h"
#include "base/error.h"
#include "host/chain.h"
#include "host/counters.h"
#include "host/edges.h"
#include "host/proxy.h"
#include "host/runtime.h"
#include "plan/identity.h"
#include "plan/settings.h"
#include "prim/process.h"
#include "prim/self.h"
#include "prim/thread.h"
#include "trial/blame.h"
#include "trial/effective.h"
#include "trial/losses.h"
#include "trial/phase.h"
#include "trial/verdict.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STRATEGIES_MAX STW_CHAIN_MAX
#define STACK_BYTES (2u * 1024u * 1024u) /* of a mutator: 256 of them must fit */

/* The plugins of the trial by ordinal: 0 host, 1 allocator, 2 map, 3 workload, 4.. strategies. */
struct trial {
    struct stw_record *record;
    const struct stw_registry *registry;
    struct stw_trial_calls calls;
    int exit_status; /* of a process that ends with its verdict */
    struct stw_settings settings;
    struct stw_loaded allocator, map, workload, strategies[STRATEGIES_MAX];
    struct stw_config configs[4 + STRATEGIES_MAX];
    struct stw_counters *counters; /* of all of them */
    uint32_t strategy_count, mutator_count;
    int stepped;
    uint32_t processors;
    int pinned; /* each mutator has a processor of its own */
    struct stw_link links[STRATEGIES_MAX + 1];
    struct stw_counter intents[STRATEGIES_MAX];
    struct stw_trial info;
    pthread_barrier_t ready;
};

struct trial_thread {
    struct stw_mutator *mutator;
    pthread_t thread;
    uint32_t index;
    void *state; /* a registered root */
    struct stw_histogram op_ns;
    struct stw_bins bins; /* not of stepped trials */
    struct stw_histogram *op_times_ns; /* [STW_OP_TIMES], when an operation has such a time */
    uint64_t checksum;
    int is_expected; /* the checksum is what the workload worked out by itself */
    uint64_t ended_ns;
    uint64_t allocated_bytes; /* while operations ran */
    struct stw_map_stats last_map;
};

static struct trial trial;
static struct trial_thread threads[STW_RECORD_MUTATORS];
static struct stw_allocator_stats allocator_stats = {.struct_size = sizeof allocator_stats};
static struct stw_losses losses; /* not of stepped trials */
static _Thread_local int has_judged; /* the trial's verdict is this thread's */

/* 0: another verdict came first. */
static int set_verdict(uint32_t verdict, const char *field, const char *message)
{
    if (!stw_record_judge(trial.record, verdict, field, message))
        return 0;
    has_judged = 1;
    if (trial.calls.judged)
        trial.exit_status = trial.calls.judged(trial.record);
    return 1;
}

/* Ends the process with a verdict, or with the one that this thread found before and went on with,
 * to destroy the plugins. Other threads may be anywhere. */
static _Noreturn void end_with(uint32_t verdict, const char *field, const char *message)
{
    static uint32_t never;
    while (!set_verdict(verdict, field, message) && !has_judged) /* the judge ends the process */
        stw_futex_wait(&never, 0, 0);
    trial.record->rss_peak_bytes = stw_memory_of(0).rss_peak_bytes;
    fflush(NULL);
    _Exit(trial.exit_status);
}

static _Noreturn void out_of_memory(const char *message)
{
    end_with(STW_VERDICT_OUT_OF_MEMORY, "heap", message);
}

static _Noreturn void audit_failed(const struct stw_error *error)
{
    end_with(STW_VERDICT_INVALID, error->field, error->message);
}

static void failed(const struct stw_loaded *plugin, stw_status status, const char *text)
{
    char message[sizeof trial.record->message];
    snprintf(message, sizeof message, "%s%s%s",
             plugin ? trial.record->plugin_names[plugin->ordinal] : "", plugin ? ": " : "", text);
    end_with(status == STW_E_NOMEM   ? STW_VERDICT_OUT_OF_MEMORY
             : status == STW_E_AUDIT ? STW_VERDICT_INVALID
                                     : STW_VERDICT_REFUSED,
             "", message);
}

/* What the watch needs to name plugins. */
static struct stw_watch_cast cast(void)
{
    static const struct stw_loaded *const plugins[] = {
        &trial.allocator, &trial.map, &trial.workload, &trial.strategies[0], &trial.strategies[1],
        &trial.strategies[2], &trial.strategies[3], &trial.strategies[4], &trial.strategies[5],
        &trial.strategies[6], &trial.strategies[7]};
    _Static_assert(sizeof plugins / sizeof *plugins == 3 + STRATEGIES_MAX, "one an ordinal");
    return (struct stw_watch_cast){plugins, 3 + trial.strategy_count, trial.record};
}

static _Noreturn void broke_in_stop(uint32_t place, const char *function)
{
    struct stw_error error = STW_ERROR_INIT;
    struct stw_watch_cast plugins = cast();
    stw_watch_broken(&plugins, stw_runtime_gc(), place, function, &error);
    end_with(STW_VERDICT_INVALID, error.field, error.message);
}

static void find_setter(const struct stw_mutator *m, const void *from,
                        struct stw_percent_setter *setter)
{
    struct stw_watch_cast plugins = cast();
    stw_effective_setter(&plugins, m, from, setter);
}

static void breached(const struct stw_breach *breach)
{
    struct stw_error error = STW_ERROR_INIT;
    struct stw_watch_cast plugins = cast();
    stw_blame_breach(&plugins, stw_mutator_self(), breach, &error);
    end_with(STW_VERDICT_INVALID, error.field, error.message);
}

/* The last to come looks what set-up, or the operations, have made of the settings: all others
 * wait, so nobody is about to put something back. */
static void check_settings(void)
{
    static uint32_t arrived;
    struct stw_error error = STW_ERROR_INIT;
    struct stw_watch_cast plugins = cast();
    uint32_t count = __atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL), all = trial.mutator_count;
    if (count % all)
        return;
    const char *when = count == all ? "began" : "ended";
    if (count > all)
        stw_gc_allocator_stats(stw_runtime_gc(), &allocator_stats);
    if (stw_effective_check(&plugins, stw_runtime_gc(), when, &error) != STW_OK)
        end_with(STW_VERDICT_INVALID, error.field, error.message);
}

/* Records a call that the main thread makes, while no mutator runs, as mutator 0's. */
static void note_call(const struct stw_loaded *plugin, uint32_t call)
{
    static uint64_t count;
    uint32_t *calls = trial.record->traces[0].calls;
    calls[(count + 1) % STW_TRACE_CALLS] = 0;
    calls[count++ % STW_TRACE_CALLS] = plugin->ordinal << 16 | call;
}

/* All trials of a run use the files that the coordinator saw. */
static stw_status check_file(const struct stw_plugin_info *info, struct stw_error *error)
{
    char name[16 + STW_WORD_BYTES + STW_ID_BYTES];
    struct stw_error reason = STW_ERROR_INIT;
    stw_identity_name(info, name, sizeof name);
    if (stw_identity_recheck(&trial.settings, name, info->path, &reason) == STW_OK)
        return STW_OK;
    return stw_error_set(error, STW_E_REFUSED, stw_kind_name(info->kind), "%s", reason.message);
}

/* A plugin has asked for what its manifest does not declare. */
static void undeclared(const struct stw_config *config, const char *name)
{
    uint32_t plugin = STW_BREACH_CALLER;
    for (uint32_t i = 0; i < sizeof trial.configs / sizeof *trial.configs; i++)
        if (config == &trial.configs[i])
            plugin = i;
    STW_BREACH("declared", plugin, "asked for \"%.80s\", which its manifest does not declare",
               name);
}

static stw_status find_and_load(uint32_t kind, const char *id, uint32_t ordinal,
                                struct stw_loaded *loaded, struct stw_error *error)
{
    const struct stw_plugin_info *info = stw_registry_find(trial.registry, kind, id);
    if (!info)
        return stw_error_set(error, STW_E_REFUSED, stw_kind_name(kind), "no %s is called '%s'",
                             stw_kind_name(kind), id);
    snprintf(trial.record->plugin_names[ordinal], sizeof trial.record->plugin_names[ordinal],
             "%s/%s", stw_kind_name(kind), id);
    STW_TRY(check_file(info, error));
    loaded->ordinal = ordinal;
    note_call(loaded, STW_CALL_LOAD);
    STW_TRY(stw_plugin_load(info, loaded, error));
    loaded->ordinal = ordinal;
    char prefix[STW_WORD_BYTES + STW_ID_BYTES];
    snprintf(prefix, sizeof prefix, "%s.%s.", stw_kind_name(kind), id);
    STW_TRY(stw_settings_config(&trial.settings, info, kind == STW_KIND_WORKLOAD ? "" : prefix,
                                &trial.configs[ordinal], error));
    trial.configs[ordinal].undeclared = undeclared;
    STW_TRY(stw_plugin_configure(loaded, &trial.configs[ordinal], error));
    stw_proxy_interpose(loaded);
    stw_counters_add(trial.counters, info, &trial.configs[ordinal]);
    return STW_OK;
}

/* Loads the strategies of "a + b + c". */
static stw_status load_strategies(const char *chain, struct stw_error *error)
{
    char ids[512];
    snprintf(ids, sizeof ids, "%s", chain);
    char *rest = NULL;
    for (char *id = strtok_r(ids, " +", &rest); id; id = strtok_r(NULL, " +", &rest)) {
        uint32_t at = trial.strategy_count;
        if (at == STRATEGIES_MAX)
            return stw_error_set(error, STW_E_REFUSED, "strategy", "more than %u in a chain",
                                 STRATEGIES_MAX);
        STW_TRY(find_and_load(STW_KIND_STRATEGY, id, 4 + at, &trial.strategies[at], error));
        trial.strategy_count++;
    }
    return STW_OK;
}

static stw_status load_plugins(struct stw_error *error)
{
    struct stw_settings *settings = &trial.settings;
    snprintf(trial.record->plugin_names[0], sizeof trial.record->plugin_names[0], "host");
    const char *workload = stw_settings_get(settings, "workload");
    STW_TRY(find_and_load(STW_KIND_ALLOCATOR, stw_settings_runtime(settings, "allocator").as_text,
                          1, &trial.allocator, error));
    STW_TRY(find_and_load(STW_KIND_MAP, stw_settings_runtime(settings, "map").as_text, 2,
                          &trial.map, error));
    STW_TRY(find_and_load(STW_KIND_WORKLOAD, workload ? workload : "", 3, &trial.workload, error));
    return load_strategies(stw_settings_runtime(settings, "strategy").as_text, error);
}

/* In audit builds every trial collects at every chance and is audited. */
static void harden(struct stw_gc_options *options)
{
#ifdef STW_AUDITED
    options->audit = 1;
    if (options->stress == 0)
        options->stress = 1;
#endif
    (void)options;
}

/* What the collector obeys as it is written. */
static void take_settings(const struct stw_settings *settings, struct stw_gc_options *options)
{
#define NUMBER(field, key, ...) options->field = stw_settings_runtime(settings, key).as_u64;
#define SWITCH(field, key, ...)                                                                    \
    options->field = (uint32_t)stw_settings_runtime(settings, key).as_u64;
#define CHOICE(field, key, ...) options->field = stw_settings_runtime(settings, key).choice;
#include "base/settings.def"
}

typedef stw_status create_slot(const struct stw_host *host, const struct stw_config *config,
                               struct stw_error *error, void **self);

/* One that refuses without a word gets some. */
static stw_status create(struct stw_loaded *plugin, create_slot *slot, struct stw_error *error)
{
    note_call(plugin, STW_CALL_CREATE);
    stw_status status = slot(stw_host_handle(plugin), &trial.configs[plugin->ordinal], error,
                             &plugin->self);
    if (status != STW_OK && !*error->message)
        stw_error_set(error, status, "create", "%s refused to start (%s) and did not say why",
                      trial.record->plugin_names[plugin->ordinal], stw_status_name(status));
    return status;
}

static stw_status start_runtime(struct stw_error *error)
{
    struct stw_record *record = trial.record;
    struct stw_settings *settings = &trial.settings;
    struct stw_runtime_options options = {
        .heap_reserve_bytes = stw_settings_runtime(settings, "heap.reserve").as_u64,
        .mutators = trial.mutator_count,
        .find_setter = find_setter,
        .failed = failed,
        .gc = {
            .processors = trial.processors,
            .pauses = stw_record_pauses(record),
            .pause_capacity = record->pause_capacity,
            .pause_count = &record->pause_count,
            .pauses_lost = &record->pauses_lost,
            .cycles = stw_record_cycles(record),
            .cycle_count = &record->cycle_count,
            .origin_ns = record->main_ns,
            .out_of_memory = out_of_memory,
            .audit_failed = audit_failed,
            .broke_in_stop = broke_in_stop,
            .under_way = record->under_way,
        },
    };
    take_settings(settings, &options.gc);
    harden(&options.gc);
    STW_TRY(stw_gogc_parse(stw_settings_runtime(settings, "gogc").as_text, &options.gc.percent,
                           error));
    STW_TRY(stw_runtime_init(&options, error));
    STW_TRY(create(&trial.allocator, trial.allocator.ops.allocator.create, error));
    note_call(&trial.allocator, STW_CALL_ALLOCATOR_SIZES);
    return stw_runtime_start(&trial.allocator, error);
}

static stw_status create_others(struct stw_error *error)
{
    STW_TRY(create(&trial.map, trial.map.ops.map.create, error));
    for (uint32_t i = 0; i < trial.strategy_count; i++)
        STW_TRY(create(&trial.strategies[i], trial.strategies[i].ops.strategy.create, error));
    STW_TRY(create(&trial.workload, trial.workload.ops.workload.create, error));
    STW_TRY(stw_chain_build(trial.strategies, trial.strategy_count, &trial.map, trial.links));
    for (uint32_t i = 0; i < trial.strategy_count; i++)
        trial.intents[i] = stw_counters_reserve(trial.counters);
    stw_chain_count(trial.strategies, trial.strategy_count, trial.links, trial.intents);
    return STW_OK;
}

/* Before anything has run: whether the maps that the workload will need can be had. */
static stw_status accept_maps(struct stw_error *error)
{
    const struct stw_workload_ops *ops = &trial.workload.ops.workload;
    const struct stw_map_type *type;
    note_call(&trial.workload, STW_CALL_WORKLOAD_MAP_TYPE);
    for (uint32_t i = 0; (type = ops->map_type(trial.workload.self, i)); i++) {
        STW_TRY(stw_chain_accept(trial.strategies, trial.strategy_count, &trial.map, type, error));
    }
    return STW_OK;
}

/* Stepped: by turns, in the order of the queue, until all have come. */
static __attribute__((noinline)) void meet_by_turns(struct trial_thread *t)
{
    static uint32_t arrived;
    uint32_t count = trial.mutator_count, here = __atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
    uint32_t all = (here + count - 1) / count * count;
    while (__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) < all)
        t->mutator->host->yield(t->mutator->host, t->mutator);
}

/* Waits for the other mutators without holding up a stop. */
static void meet(struct trial_thread *t)
{
    if (trial.stepped) {
        stw_stack_clear_dead(); /* what operations left there; it is scanned while others work */
        meet_by_turns(t);
        return;
    }
    stw_block_begin(t->mutator);
    pthread_barrier_wait(&trial.ready);
    stw_block_end(t->mutator);
}

/* Before each call of the workload. Stepped: it finds the same on the stack on every run. */
static void call_workload(struct stw_mutator *m, uint32_t call)
{
    stw_trace(m, trial.workload.ordinal, call);
    if (trial.stepped)
        stw_stack_clear_dead();
}

/* The time of an operation that said something of itself, which ended at `now`. */
static void record_times(struct trial_thread *t, const struct stw_operation *said, uint64_t op_ns,
                         uint64_t now)
{
    uint64_t class_above = said->class_above;
    if (!t->op_times_ns)
        t->op_times_ns = stw_new(STW_OP_TIMES, sizeof *t->op_times_ns);
    if (class_above > trial.workload.info->class_count)
        end_with(STW_VERDICT_INVALID, "operation-class",
                 "an operation is of a class that the workload's manifest does not declare");
    uint64_t intended_ns = now > said->due_ns ? now - said->due_ns : 0;
    if (said->is_intended)
        stw_histogram_record(&t->op_times_ns[STW_OP_INTENDED], intended_ns);
    if (!class_above)
        return;
    stw_histogram_record(&t->op_times_ns[STW_OP_CLASS(class_above - 1)], op_ns);
    if (said->is_intended)
        stw_histogram_record(&t->op_times_ns[STW_OP_CLASS_INTENDED(class_above - 1)], intended_ns);
}

/* The operation that began at `before`, or when its turn came, has ended at `now`. */
static void record_operation(struct trial_thread *t, uint64_t before, uint64_t now)
{
    const struct stw_operation said = stw_runtime_operation(t->mutator);
    uint64_t op_ns = now - (said.is_intended ? said.turn_ns : before);
    stw_histogram_record(&t->op_ns, op_ns);
    if (!trial.stepped)
        stw_bins_add(&t->bins, now, op_ns);
    if (STW_UNLIKELY(said.is_intended | said.class_above))
        record_times(t, &said, op_ns, now);
}

/* The timed phase begins with the first mutator that comes here by its clock, whoever is quickest
 * to write it down. */
static void begin_operations(uint64_t now_ns)
{
    struct stw_record *record = trial.record;
    uint64_t first_ns = __atomic_load_n(&record->first_op_ns, __ATOMIC_SEQ_CST);
    while ((!first_ns || now_ns < first_ns)
           && !__atomic_compare_exchange_n(&record->first_op_ns, &first_ns, now_ns, 0,
                                           __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        ;
    __atomic_store_n(&record->state, STW_RECORD_RUNNING, __ATOMIC_SEQ_CST);
}

static void run_operations(struct trial_thread *t)
{
    const struct stw_workload_ops *ops = &trial.workload.ops.workload;
    struct stw_laps *laps = trial.stepped ? NULL : &losses.laps[t->index];
    stw_trace(t->mutator, trial.workload.ordinal, STW_CALL_WORKLOAD_OPERATIONS);
    uint64_t count = ops->operations(trial.workload.self);
    if (laps)
        stw_losses_enter(&losses, t->mutator, stw_clock_ns());
    stw_runtime_operation(t->mutator); /* what set-up said is of no operation */
    uint64_t allocated_bytes = stw_mutator_allocated_bytes(t->mutator);
    uint64_t before = stw_clock_ns();
    begin_operations(before);
    stw_bins_begin(&t->bins, trial.record->main_ns, before);
    for (uint64_t i = 0; i < count; i++) {
        call_workload(t->mutator, STW_CALL_WORKLOAD_OPERATE);
        ops->operate(trial.workload.self, t->mutator, t->state, i);
        stw_runtime_check_host(t->mutator);
        stw_edge_running("operate returned");
        uint64_t now = stw_clock_ns();
        record_operation(t, before, now);
        before = now;
        if (laps)
            stw_laps_pass(laps, now);
        stw_poll(t->mutator);
    }
    t->ended_ns = before;
    t->allocated_bytes = stw_mutator_allocated_bytes(t->mutator) - allocated_bytes;
    if (laps)
        stw_losses_leave(&losses, t->mutator);
}

/* Compares with what the workload works out without maps and strategies, if it can. */
static void check_expected(struct trial_thread *t)
{
    uint64_t expected = 0;
    char message[128];
    const struct stw_workload_ops *ops = &trial.workload.ops.workload;
    call_workload(t->mutator, STW_CALL_WORKLOAD_EXPECTED);
    if (!ops->expected(trial.workload.self, t->mutator, t->state, &expected))
        return;
    t->is_expected = expected == t->checksum;
    if (t->is_expected)
        return;
    snprintf(message, sizeof message, "mutator %u computed %016llx where %016llx is right",
             t->index, (unsigned long long)t->checksum, (unsigned long long)expected);
    end_with(STW_VERDICT_INVALID, "checksum", message);
}

/* The newest such call in the flight recorder is of the last link that it reached. */
static void check_passed_on(struct stw_mutator *m, uint32_t call, const char *name)
{
    uint64_t kept = m->trace_count < STW_TRACE_CALLS ? m->trace_count : STW_TRACE_CALLS - 1;
    stw_edge_running(name);
    for (uint64_t back = 1; back <= kept; back++) {
        uint32_t entry = m->trace[(m->trace_count - back) % STW_TRACE_CALLS];
        if ((entry & 0xffffu) != call)
            continue;
        if (entry >> 16)
            STW_BREACH("passes-on", entry >> 16, "does not pass %s on", name);
        return;
    }
}

static void *run_mutator(void *context)
{
    struct trial_thread *t = context;
    struct stw_error error = STW_ERROR_INIT;
    const struct stw_workload_ops *ops = &trial.workload.ops.workload;
    void *self = trial.workload.self;
    uint32_t *calls = trial.record->traces[t->index].calls;
    if (stw_mutator_attach(stw_runtime_gc(), t->index, calls, &t->mutator) != STW_OK)
        end_with(STW_VERDICT_OUT_OF_MEMORY, "mutators", "a mutator could not be attached");
    struct stw_mutator *m = t->mutator;
    m->counts = stw_counters_of(trial.counters, t->index);
    if (trial.pinned)
        stw_thread_pin(t->index);
    trial.record->threads[t->index] = stw_thread_id();
    stw_next_begin(trial.links, m);
    check_passed_on(m, STW_CALL_STRATEGY_BEGIN, "begin");
    call_workload(m, STW_CALL_WORKLOAD_SETUP);
    void *state = NULL;
    if (ops->setup(self, m, &trial.info, &error, &state) != STW_OK)
        end_with(STW_VERDICT_REFUSED, error.field,
                 *error.message ? error.message : "setup failed and did not say why");
    stw_edge_running("setup returned");
    stw_store(m, &t->state, state);
    check_settings();
    meet(t);
    run_operations(t);
    check_settings();
    meet(t);
    call_workload(m, STW_CALL_WORKLOAD_CHECKSUM);
    t->checksum = ops->checksum(self, m, t->state);
    stw_edge_running("checksum returned");
    check_expected(t);
    t->last_map.struct_size = sizeof t->last_map;
    call_workload(m, STW_CALL_WORKLOAD_LAST_MAP);
    ops->last_map(self, m, t->state, &t->last_map);
    call_workload(m, STW_CALL_WORKLOAD_TEARDOWN);
    ops->teardown(self, m, t->state);
    stw_edge_running("teardown returned");
    stw_store(m, &t->state, NULL);
    stw_next_end(trial.links, m);
    check_passed_on(m, STW_CALL_STRATEGY_REQUEST_END, "request_end");
    check_passed_on(m, STW_CALL_STRATEGY_BATCH_BOUNDARY, "batch_boundary");
    check_passed_on(m, STW_CALL_STRATEGY_END, "end");
    stw_mutator_detach(m);
    return NULL;
}

/* Stepped: a mutator is in the queue for the processor before the next is started. */
static void await_queued(uint32_t count)
{
    while (stw_gc_snapshot(stw_runtime_gc()).processors_waiting < count)
        stw_thread_yield();
}

static void run_mutators(void)
{
    int stepped = trial.stepped && stw_processor_try_enter(stw_runtime_gc());
    uint32_t count = trial.mutator_count;
    pthread_barrier_init(&trial.ready, NULL, count);
    for (uint32_t i = 0; i < count; i++)
        stw_roots_add(stw_runtime_gc(), &threads[i].state, 1);
    for (uint32_t i = 0; i < count; i++) {
        threads[i].index = i;
        if (stw_thread_start(&threads[i].thread, STACK_BYTES, run_mutator, &threads[i]) != STW_OK)
            end_with(STW_VERDICT_OUT_OF_MEMORY, "mutators", "a mutator's thread did not start");
        if (stepped)
            await_queued(i + 1);
    }
    if (stepped)
        stw_processor_leave(stw_runtime_gc());
    for (uint32_t i = 0; i < count; i++)
        pthread_join(threads[i].thread, NULL);
}

/* Of what the collector counted, all but the times of a stepped trial: its counters repeat exactly,
 * and no clock has a say in them. */
static void fill_counters(void)
{
    static const struct { enum stw_fact_id fact; size_t offset; } fields[] = {
#define COLLECTOR(id, field, ...) {STW_FACT_##id, offsetof(struct stw_totals, field)},
#include "base/facts.def"
    };
    const struct stw_totals totals = stw_gc_snapshot(stw_runtime_gc()).totals;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        uint64_t value;
        memcpy(&value, (const char *)&totals + fields[i].offset, sizeof value);
        int is_absent = fields[i].fact == STW_FACT_HEAP_GOAL && !value; /* the collector is off */
        if (!is_absent && (!trial.stepped || stw_facts[fields[i].fact].when != STW_WHEN_THREADS))
            stw_record_count(trial.record, fields[i].fact, value);
    }
    stw_phase_count_stops(trial.record, !trial.stepped);
    stw_phase_count_cycles(trial.record, totals.cycles);
    stw_record_count(trial.record, STW_FACT_SPANS_CACHED, allocator_stats.spans_cached);
    stw_record_count(trial.record, STW_FACT_SPANS_PARTIAL, allocator_stats.spans_partial);
    stw_record_count(trial.record, STW_FACT_SPANS_FULL, allocator_stats.spans_full);
    stw_record_count(trial.record, STW_FACT_SPANS_UNSWEPT, allocator_stats.spans_unswept);
    stw_record_count(trial.record, STW_FACT_PAGES_KEPT, allocator_stats.pages_kept);
    const struct stw_map_stats *map = &threads[0].last_map;
    stw_record_count(trial.record, STW_FACT_MAP_BUCKETS, map->buckets);
    stw_record_count(trial.record, STW_FACT_MAP_BUCKET_BYTES, map->bucket_bytes);
    stw_record_count(trial.record, STW_FACT_MAP_ENTRIES, map->entries);
}

static void fill_plugins_counters(void)
{
    for (uint32_t i = 0; i < stw_counters_count(trial.counters); i++) {
        char name[STW_RECORD_NAME_BYTES];
        uint64_t value = 0;
        struct stw_error error = STW_ERROR_INIT;
        if (stw_counters_read(trial.counters, i, name, sizeof name, &value, &error) != STW_OK)
            set_verdict(STW_VERDICT_INVALID, error.field, error.message);
        STW_REQUIRE(stw_record_count_as(trial.record, name, value));
    }
}

/* Of strategies that handle intents: a share of 0 says that none was stated. */
static void fill_intents(void)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < trial.strategy_count; i++) {
        const struct stw_loaded *strategy = &trial.strategies[i];
        char name[STW_RECORD_NAME_BYTES];
        uint64_t stated = stw_counters_sum(trial.counters, trial.intents[i]);
        if (!strategy->handles)
            continue;
        total += stated;
        snprintf(name, sizeof name, "%s:%s", stw_facts[STW_FACT_STRATEGY_INTENTS].name,
                 trial.record->plugin_names[strategy->ordinal]);
        STW_REQUIRE(stw_record_count_as(trial.record, name, stated));
    }
    stw_record_count(trial.record, STW_FACT_STRATEGY_INTENTS, total);
}

/* What plugins did inside stops is counted, and may be the trial's verdict. */
static void judge_stops(void)
{
    struct stw_error error = STW_ERROR_INIT;
    struct stw_watch_cast plugins = cast();
    stw_watch_count(&plugins, stw_runtime_gc());
    if (stw_watch_verdict(&plugins, stw_runtime_gc(), &error) != STW_OK)
        set_verdict(STW_VERDICT_INVALID, error.field, error.message);
}

/* So many operations, or their mean tells of single ones. */
#define THIRD_OPERATIONS 30u

static void fill_thirds(void)
{
    uint64_t means_ns[3];
    if (!stw_bins_thirds(&trial.record->op_bins, THIRD_OPERATIONS, means_ns))
        return;
    stw_record_count(trial.record, STW_FACT_OP_FIRST_THIRD, means_ns[0]);
    stw_record_count(trial.record, STW_FACT_OP_MIDDLE_THIRD, means_ns[1]);
    stw_record_count(trial.record, STW_FACT_OP_LAST_THIRD, means_ns[2]);
}

static void fill_record(void)
{
    struct stw_record *record = trial.record;
    uint64_t allocated_bytes = 0;
    record->is_expected = 1;
    for (uint32_t i = 0; i < trial.workload.info->class_count; i++)
        snprintf(record->op_classes[i], sizeof record->op_classes[i], "%s",
                 trial.workload.info->classes[i].name);
    for (uint32_t i = 0; i < trial.mutator_count; i++) {
        record->is_expected &= (uint64_t)threads[i].is_expected;
        stw_histogram_merge(&record->op_ns, &threads[i].op_ns);
        if (i == 0)
            record->op_bins = threads[i].bins;
        else
            stw_bins_merge(&record->op_bins, &threads[i].bins);
        for (uint32_t at = 0; threads[i].op_times_ns && at < STW_OP_TIMES; at++)
            if (threads[i].op_times_ns[at].count)
                stw_histogram_merge(&record->op_times_ns[at], &threads[i].op_times_ns[at]);
        record->checksum += threads[i].checksum;
        record->operations += threads[i].op_ns.count;
        allocated_bytes += threads[i].allocated_bytes;
        if (threads[i].ended_ns > record->last_op_ns)
            record->last_op_ns = threads[i].ended_ns;
    }
    stw_record_count(record, STW_FACT_TIMED_ALLOC, allocated_bytes);
    fill_counters();
    fill_plugins_counters();
    fill_intents();
    if (!trial.stepped) {
        stw_losses_fill(&losses, record);
        stw_phase_bin_stops(record);
        fill_thirds();
    }
    judge_stops();
}

/* What a plugin has charged and kept, now that it is gone. */
static void check_external(const struct stw_loaded *plugin)
{
    char message[128];
    int64_t left = stw_runtime_external(plugin);
    if (left == 0 || !stw_runtime_is_audited())
        return;
    snprintf(message, sizeof message, "%s was destroyed with %" PRId64 " bytes still charged",
             trial.record->plugin_names[plugin->ordinal], left);
    set_verdict(STW_VERDICT_INVALID, "external-bytes", message);
}

static void destroy(const struct stw_loaded *plugin, void (*slot)(void *self))
{
    note_call(plugin, STW_CALL_DESTROY);
    slot(plugin->self);
}

static void destroy_plugins(void)
{
    memset(trial.record->traces, 0, sizeof trial.record->traces);
    stw_gc_deaths_tell_all(stw_runtime_gc());
    destroy(&trial.workload, trial.workload.ops.workload.destroy);
    check_external(&trial.workload);
    for (uint32_t i = trial.strategy_count; i > 0; i--) {
        destroy(&trial.strategies[i - 1], trial.strategies[i - 1].ops.strategy.destroy);
        check_external(&trial.strategies[i - 1]);
    }
    destroy(&trial.map, trial.map.ops.map.destroy);
    check_external(&trial.map);
    destroy(&trial.allocator, trial.allocator.ops.allocator.destroy);
    struct stw_error error = STW_ERROR_INIT;
    if (stw_runtime_is_audited() && stw_gc_check_returned(stw_runtime_gc(), &error) != STW_OK)
        STW_BREACH("L7", trial.allocator.ordinal, "%s", error.message);
}

uint32_t stw_trial_mutator(void)
{
    const struct stw_mutator *self = stw_mutator_self();
    return self ? self->index + 1 : 0;
}

const char *stw_trial_frame(const void *function, const void *outer, const char **slot)
{
    struct stw_watch_cast plugins = cast();
    const struct stw_loaded *plugin =
        stw_blame_frame(&plugins, stw_mutator_self(), function, outer, slot);
    return plugin ? trial.record->plugin_names[plugin->ordinal] : NULL;
}

/* What settings mean for the trial as a whole. */
static void read_settings(void)
{
    const struct stw_settings *settings = &trial.settings;
    uint32_t processors = stw_processor_count();
    uint64_t asked = stw_settings_runtime(settings, "gc.processors").as_u64;
    const char *seed = stw_settings_get(settings, "seed");
    trial.mutator_count = (uint32_t)stw_settings_runtime(settings, "mutators").as_u64;
    trial.processors = asked ? (uint32_t)asked : processors;
    trial.stepped = stw_settings_runtime(settings, "schedule").choice != 0;
    trial.pinned = stw_settings_runtime(settings, "pin").as_u64 != 0
                   && trial.mutator_count <= processors;
    trial.info = (struct stw_trial){sizeof trial.info, trial.mutator_count,
                                    seed ? strtoull(seed, NULL, 10) : 1, trial.links};
}

/* From plugins to a workload that can run. */
static stw_status prepare(struct stw_error *error)
{
    trial.counters = stw_counters_new(3 + STRATEGIES_MAX, trial.mutator_count);
    if (stw_settings_runtime(&trial.settings, "check").as_u64)
        stw_proxy_begin();
    STW_TRY(load_plugins(error));
    STW_TRY(start_runtime(error));
    STW_TRY(create_others(error));
    return accept_maps(error);
}

stw_status stw_trial_run(struct stw_record *record, const struct stw_registry *registry,
                         const struct stw_trial_calls *calls)
{
    struct stw_error error = STW_ERROR_INIT;
    trial.record = record;
    trial.calls = *calls;
    stw_breach_told = breached;
    trial.registry = registry;
    stw_settings_parse(record->settings, &trial.settings);
    read_settings();
    stw_status status = prepare(&error);
    if (status != STW_OK) {
        set_verdict(status == STW_E_NOMEM ? STW_VERDICT_OUT_OF_MEMORY : STW_VERDICT_REFUSED,
                    error.field, error.message);
        return status;
    }
    __atomic_store_n(&record->state, STW_RECORD_LOADED, __ATOMIC_SEQ_CST);
    if (!trial.stepped
        && stw_losses_start(&losses, stw_runtime_gc(), trial.mutator_count, trial.processors)
               != STW_OK)
        end_with(STW_VERDICT_OUT_OF_MEMORY, "hiccups", "the hiccup meter's thread did not start");
    if (calls->await)
        calls->await();
    run_mutators();
    stw_runtime_stop();
    fill_record();
    destroy_plugins();
    set_verdict(STW_VERDICT_OK, NULL, "");
    __atomic_store_n(&record->state, STW_RECORD_DONE, __ATOMIC_SEQ_CST);
    return STW_OK;
}

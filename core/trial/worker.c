/* trial/worker.c: the worker's side of a trial: `stwlab worker --record-fd N --plugin FILE...`.
 *
 * Started by the coordinator alone, which names the files of the trial's plugins. All that it has
 * to say goes into the record; its exit status is 0 whenever a verdict is there, and only then. */
#include "trial/worker.h"

#include "base/check.h"
#include "base/error.h"
#include "host/registry.h"
#include "plan/identity.h"
#include "plan/policy.h"
#include "plan/settings.h"
#include "prim/hostile.h"
#include "prim/memory.h"
#include "prim/process.h"
#include "prim/sandbox.h"
#include "prim/self.h"
#include "prim/thread.h"
#include "trial/peer_trial.h"
#include "trial/record.h"
#include "trial/trial.h"
#include "trial/whereabouts.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define EXIT_MISUSED 2
#define EXIT_NO_VERDICT 3

/* Most pages of the record are touched in every trial: one call costs less than all the faults. Not
 * so those of op_times_ns, which are two thirds of it and need operations with such times. */
#define POPULATED_BYTES                                                                            \
    (offsetof(struct stw_record, op_times_ns) / STW_SMALL_PAGE_BYTES * STW_SMALL_PAGE_BYTES)

static int record_descriptor(int count, char **arguments)
{
    for (int i = 0; i + 1 < count; i++)
        if (strcmp(arguments[i], "--record-fd") == 0)
            return atoi(arguments[i + 1]);
    return -1;
}

/* Null unless the descriptor is a record of exactly our size; `*status` is then why we exit. */
static struct stw_record *map_record(int descriptor, int *status)
{
    struct stat about;
    *status = EXIT_MISUSED;
    if (descriptor < 0 || fstat(descriptor, &about) != 0
        || about.st_size != (off_t)STW_RECORD_BYTES)
        return NULL;
    struct stw_record *record = stw_memory_map_shared(descriptor, STW_RECORD_BYTES);
    if (!record)
        *status = STW_EXIT_NO_RECORD;
    else
        stw_memory_populate((uintptr_t)record, POPULATED_BYTES);
    int ours = record && record->magic == STW_RECORD_MAGIC && record->bytes == STW_RECORD_BYTES
            && record->pause_capacity == STW_RECORD_PAUSES
            && memchr(record->settings, '\0', sizeof record->settings);
    return ours ? record : NULL;
}

static stw_status find_plugins(struct stw_registry *registry, int count, char **arguments,
                               struct stw_error *error)
{
    stw_status status = STW_OK;
    for (int i = 0; status == STW_OK && i + 1 < count; i++)
        if (strcmp(arguments[i], "--plugin") == 0)
            status = stw_registry_add(registry, arguments[++i], error);
    return status;
}

/* The coordinator's program, and not one that was installed over it meanwhile. */
static stw_status check_self(const struct stw_record *record, struct stw_error *error)
{
    struct stw_settings settings;
    stw_settings_parse(record->settings, &settings);
    stw_status status =
        stw_identity_recheck(&settings, STW_FILE_OF_SELF, STW_SELF_FILE, error);
    if (status == STW_E_STATE)
        stw_error_set(error, status, "stwlab", "stwlab was replaced during the run");
    stw_settings_free(&settings);
    return status;
}

/* Before any code of a plugin runs. A peer's program enters by itself (trial/peer_trial.c). */
static stw_status enter_sandbox(const struct stw_record *record, struct stw_error *error)
{
    struct stw_settings settings;
    stw_settings_parse(record->settings, &settings);
    const char *permitted = stw_settings_get(&settings, STW_SANDBOX_SETTING);
    const struct stw_sandbox sandbox = {
        .permitted = permitted ? (uint32_t)strtoul(permitted, NULL, 10) : 0,
        .control = STW_WARDEN_CONTROL,
    };
    stw_status status = permitted ? stw_sandbox_enter(&sandbox, error) : STW_OK;
    stw_settings_free(&settings);
    return status;
}

/* With that of children: of a peer's program. */
static void note_memory(struct stw_record *record)
{
    uint64_t own = stw_memory_of(0).rss_peak_bytes, children = stw_children_rss_peak_bytes();
    record->rss_peak_bytes = own > children ? own : children;
}

int stw_worker_main(int argument_count, char **arguments)
{
    uint64_t main_ns = stw_clock_ns();
    stw_hostile_begin("worker");
    setvbuf(stdout, NULL, _IONBF, 0); /* what a plugin prints is out when the process crashes */
    int status = EXIT_MISUSED;
    struct stw_record *record = map_record(record_descriptor(argument_count, arguments), &status);
    if (!record) {
        if (status == EXIT_MISUSED)
            fprintf(stderr, "stwlab worker: started by `stwlab run` only\n");
        return status;
    }
    STW_CHECK(stw__record_check(record));
    record->main_ns = main_ns;
    __atomic_store_n(&record->state, STW_RECORD_STARTED, __ATOMIC_RELEASE);
    const struct stw_crash_note note = {&record->crash_signal, &record->crash_at_limit,
                                        &record->crash_address, &record->rss_peak_bytes,
                                        &record->crash_stack_bytes, &record->crash_mutator,
                                        stw_trial_mutator, &record->crash_used_freed,
                                        STW_POISON_WORD};
    stw_crash_handler_install(&note);
    stw_whereabouts_install(record);
    /* At its gate, while the trial before is being stored. */
    const struct stw_trial_calls calls = {.await = stw_process_await_gate};
    struct stw_error error = STW_ERROR_INIT;
    struct stw_registry *registry = stw_registry_new();
    if (check_self(record, &error) != STW_OK
        || find_plugins(registry, argument_count, arguments, &error) != STW_OK)
        stw_record_judge(record, STW_VERDICT_REFUSED, error.field, error.message);
    else if (stw_peer_trial_is_asked(record))
        stw_peer_trial_run(record, registry);
    else if (enter_sandbox(record, &error) != STW_OK)
        stw_record_judge(record, STW_VERDICT_REFUSED, error.field, error.message);
    else
        stw_trial_run(record, registry, &calls);
    stw_registry_free(registry);
    note_memory(record);
    return record->verdict == STW_VERDICT_NONE ? EXIT_NO_VERDICT : EXIT_SUCCESS;
}

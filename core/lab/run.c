/* lab/run.c: runs a matrix: schedule, worker processes, outcomes, store, progress.
 *
 * R1  one worker at a time; it is finished (killed and reaped) before its record is read.
 * R2  a trial is stored, durably, while the next one's worker loads its plugins; the workload of
 *     that one begins afterwards. One bad trial never stops the matrix.
 * R3  cells of a group (equal workload parameters and mutators) compute the same; their checksums
 *     equal that of the first ok trial of the group, of this run or of one that it resumes.
 * R4  a trial's wall time, from the start of its worker to the end, and the coordinator's own time
 *     before it add up to the time of the whole run, but for the storing of the last.
 * The first interrupt lets the trial in hand end and be stored, the second drops it; neither leaves
 * a worker. */
#include "lab/run.h"

#include "base/error.h"
#include "lab/outcome.h"
#include "lab/peer_trial.h"
#include "lab/progress.h"
#include "lab/record.h"
#include "lab/settings.h"
#include "lab/store.h"
#include "prim/hostile.h"
#include "prim/memory.h"
#include "prim/process.h"
#include "prim/thread.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The checksum that a group agreed on. */
struct reference {
    int is_known;
    uint32_t cell, trial; /* who set it */
    uint64_t order;       /* when, among stored trials */
    uint64_t checksum;
};

struct run {
    const struct stw_matrix *matrix;
    const struct stw_run_options *options;
    struct stw_run_result *result;
    struct stw_store *store;
    struct stw_interrupts interrupts;
    struct stw_progress progress;
    struct reference *references; /* by group */
    uint32_t *groups;             /* of each cell */
    unsigned char *is_cell_bad;
    const struct stw_registry *registry;
    uint64_t ended_ns;            /* when the worker before ended, or the first slot's turn came */
};

/* A trial under way, or ended and not stored yet. */
struct attempt {
    const struct stw_cell *cell; /* null: there is none */
    uint32_t trial;
    int descriptor;
    struct stw_record *record;
    struct stw_process process;
    uint64_t started_ns, opened_ns; /* its worker, the gate before its workload */
    int is_timed_out, is_abandoned;
    struct stw_outcome outcome;
};

/* Groups. */

static int is_of_workload(const struct stw_axis *axis)
{
    return axis->owner == STW_KIND_WORKLOAD || strcmp(axis->key, "mutators") == 0;
}

static uint32_t position_of(const struct stw_axis *axis, const char *value)
{
    uint32_t i = 0;
    while (i + 1 < axis->value_count && strcmp(axis->values[i], value) != 0)
        i++;
    return i;
}

/* A cell's values on the axes of the workload, read as the digits of a number: at most cell_count
 * groups. Fixed settings are the same everywhere. */
static uint32_t group_of(const struct stw_matrix *matrix, const struct stw_cell *cell)
{
    const struct stw_experiment *experiment = matrix->experiment;
    uint32_t group = 0;
    for (uint32_t i = 0; i < experiment->axis_count; i++) {
        const struct stw_axis *axis = &experiment->axes[i];
        if (is_of_workload(axis))
            group = group * axis->value_count + position_of(axis, cell->values[i]);
    }
    return group;
}

static void note_reference(struct run *run, const struct reference *candidate)
{
    struct reference *held = &run->references[run->groups[candidate->cell]];
    if (!held->is_known || candidate->order < held->order)
        *held = *candidate;
}

/* What earlier runs left: reference checksums and cells with failures. */
static stw_status recall(struct run *run, struct stw_error *error)
{
    for (uint32_t i = 0; i < run->matrix->cell_count; i++) {
        struct stw_stored_cell stored;
        stw_status status =
            stw_store_cell(run->store, &run->matrix->cells[i], &stored, error);
        if (status != STW_OK)
            return status;
        run->is_cell_bad[i] = stored.not_ok > 0;
        const struct reference held = {1, i, stored.trial, stored.order, stored.checksum};
        if (stored.ok)
            note_reference(run, &held);
    }
    return STW_OK;
}

static void agree(struct run *run, struct attempt *attempt)
{
    uint32_t cell = (uint32_t)(attempt->cell - run->matrix->cells);
    uint64_t checksum = attempt->record->checksum;
    const struct reference *held = &run->references[run->groups[cell]];
    if (!held->is_known) {
        const struct reference first = {1, cell, attempt->trial, UINT64_MAX, checksum};
        note_reference(run, &first);
    } else if (held->checksum != checksum) {
        struct stw_text other = {0};
        stw_text_add(&other, "cell %s trial %u", run->matrix->cells[held->cell].id,
                     held->trial + 1);
        stw_outcome_disagrees(&attempt->outcome, checksum, held->checksum, other.bytes);
        stw_text_free(&other);
    }
}

/* One trial. */

/* Whom the worker shall run, if it is another runtime's trial. */
static void add_peer(const struct run *run, const struct stw_cell *cell, struct stw_text *settings)
{
    const char *runtime = stw_cell_runtime(run->matrix->experiment, cell);
    const struct stw_peer *peer =
        run->options->peers ? stw_peers_get(run->options->peers, runtime) : NULL;
    if (peer)
        stw_text_add(settings, STW_PEER_SETTING "\t%s\n", peer->program);
}

/* The worker reads the plugins' files anew: so it can refuse one that has changed since. Not part
 * of a cell's identity. */
static void add_builds(const struct run *run, const struct stw_cell *cell, struct stw_text *text)
{
    for (uint32_t i = 0; i < stw_registry_count(run->registry); i++) {
        const struct stw_plugin_info *info = stw_registry_at(run->registry, i);
        if (info->build_id[0] && stw_cell_uses(run->matrix, cell, info))
            stw_text_add(text, "build.%s/%s\t%s\n", stw_kind_name(info->kind), info->id,
                         info->build_id);
    }
}

/* argv of a worker: the files of its plugins and no others, so that what a trial costs does not
 * depend on how many plugins there are. Free the array alone. */
static char **arguments_new(const struct run *run, const struct stw_cell *cell)
{
    static char worker[] = "worker", record[] = "--record-fd", plugin[] = "--plugin";
    static char descriptor[] = {'0' + STW_PROCESS_SHARED, '\0'};
    char **arguments =
        stw_new(5 + 2 * (size_t)stw_registry_count(run->registry), sizeof *arguments);
    size_t count = 0;
    arguments[count++] = (char *)(uintptr_t)run->options->executable;
    arguments[count++] = worker;
    arguments[count++] = record;
    arguments[count++] = descriptor;
    for (uint32_t i = 0; i < stw_registry_count(run->registry); i++) {
        const struct stw_plugin_info *info = stw_registry_at(run->registry, i);
        if (!stw_cell_uses(run->matrix, cell, info))
            continue;
        arguments[count++] = plugin;
        arguments[count++] = (char *)(uintptr_t)info->path;
    }
    return arguments;
}

static stw_status make_record(const struct run *run, struct attempt *attempt,
                              struct stw_error *error)
{
    struct stw_text settings = {0};
    attempt->descriptor = stw_memory_share("stwlab-record", STW_RECORD_BYTES);
    if (attempt->descriptor >= 0)
        attempt->record = stw_memory_map_shared(attempt->descriptor, STW_RECORD_BYTES);
    if (!attempt->record)
        return stw_error_set(error, STW_E_NOMEM, NULL,
                             "cannot make the record of a trial (%zu MiB of address space): %s",
                             STW_RECORD_BYTES >> 20, strerror(errno));
    stw_cell_settings(run->matrix, attempt->cell, &settings);
    add_peer(run, attempt->cell, &settings);
    add_builds(run, attempt->cell, &settings);
    struct stw_record *record = attempt->record;
    int fits = settings.length < sizeof record->settings;
    if (fits)
        memcpy(record->settings, stw_text_get(&settings), settings.length + 1);
    stw_text_free(&settings);
    if (!fits)
        return stw_error_set(error, STW_E_INVALID, NULL, "the settings of cell %s exceed %u bytes",
                             attempt->cell->id, STW_RECORD_SETTINGS_BYTES);
    record->magic = STW_RECORD_MAGIC;
    record->bytes = STW_RECORD_BYTES;
    record->pause_capacity = STW_RECORD_PAUSES;
    return STW_OK;
}

static void release(struct attempt *attempt)
{
    if (attempt->record)
        stw_memory_unmap(attempt->record, STW_RECORD_BYTES);
    if (attempt->descriptor >= 0)
        close(attempt->descriptor);
    attempt->cell = NULL;
}

static uint64_t deadline_of(const struct run *run, const struct attempt *attempt)
{
    uint64_t timeout_ns = run->matrix->experiment->timeout_ns;
    int is_bounded = timeout_ns && timeout_ns < UINT64_MAX - attempt->opened_ns;
    return is_bounded ? attempt->opened_ns + timeout_ns : UINT64_MAX;
}

static void wait_for_end(struct run *run, struct attempt *attempt)
{
    uint64_t deadline_ns = deadline_of(run, attempt);
    for (;;) {
        uint32_t why =
            stw_process_wait(&attempt->process, deadline_ns, run->interrupts.descriptor);
        attempt->is_timed_out = why == STW_WAIT_DEADLINE;
        if (why != STW_WAIT_WOKEN)
            return;
        run->result->interrupted = 1;
        attempt->is_abandoned = stw_interrupts_count(&run->interrupts) > 1;
        if (attempt->is_abandoned)
            return;
        stw_progress_clear(&run->progress);
        fprintf(stderr, "stwlab: stopping after this trial; interrupt again to drop it\n");
    }
}

/* The record, unless the worker cut its file short: then reading it would kill us. */
static const struct stw_record *readable(const struct attempt *attempt)
{
    struct stat about;
    int whole = fstat(attempt->descriptor, &about) == 0
             && about.st_size == (off_t)STW_RECORD_BYTES;
    return whole ? attempt->record : NULL;
}

static void judge(struct run *run, struct attempt *attempt, const struct stw_process_end *end)
{
    const struct stw_record *record = readable(attempt);
    struct stw_outcome *outcome = &attempt->outcome;
    stw_outcome_classify(&attempt->process, end, record, attempt->is_timed_out, outcome);
    if (record && record->first_op_ns > attempt->started_ns)
        outcome->start_ns = record->first_op_ns - attempt->started_ns;
    if (outcome->kind == STW_OUTCOME_OK)
        agree(run, attempt);
}

/* Starts the worker of a slot, which waits at its gate once it has loaded its plugins. */
static stw_status begin(struct run *run, const struct stw_slot *slot, struct attempt *attempt,
                        struct stw_error *error)
{
    *attempt = (struct attempt){
        .cell = &run->matrix->cells[slot->cell], .trial = slot->trial, .descriptor = -1};
    stw_status status = make_record(run, attempt, error);
    if (status != STW_OK)
        return status;
    char **arguments = arguments_new(run, attempt->cell);
    const struct stw_process_spec spec = {
        .executable = run->options->executable,
        .arguments = arguments,
        .shared = attempt->descriptor,
        .memory_bytes = run->matrix->experiment->memory_bytes,
        .is_gated = 1,
    };
    attempt->started_ns = stw_clock_ns();
    attempt->outcome.coordinator_ns = attempt->started_ns - run->ended_ns;
    status = stw_process_start(&spec, &attempt->process, error);
    free(arguments);
    return status;
}

/* Opens the gate and waits for the worker's end. No trial is left when it was dropped. */
static void complete(struct run *run, struct attempt *attempt)
{
    struct stw_process_end end;
    stw_progress_trial(&run->progress, attempt->cell, attempt->trial);
    attempt->opened_ns = stw_clock_ns();
    stw_process_open(&attempt->process);
    wait_for_end(run, attempt);
    stw_process_finish(&attempt->process, &end);
    run->ended_ns = stw_clock_ns();
    attempt->outcome.wall_ns = run->ended_ns - attempt->started_ns;
    if (attempt->is_abandoned)
        release(attempt);
    else
        judge(run, attempt, &end);
}

/* Stores a completed trial, if there is one. */
static stw_status keep(struct run *run, struct attempt *attempt, struct stw_error *error)
{
    if (!attempt->cell)
        return STW_OK;
    const struct stw_record *record = readable(attempt);
    if (record && stw_record_problem(record))
        record = NULL;
    stw_status status = stw_store_trial(run->store, attempt->cell, attempt->trial,
                                        &attempt->outcome, record, error);
    if (status == STW_OK) {
        int is_bad = attempt->outcome.kind != STW_OUTCOME_OK;
        run->result->trials_run++;
        run->result->trials_not_ok += is_bad != 0;
        run->is_cell_bad[attempt->cell - run->matrix->cells] |= (unsigned char)is_bad;
        stw_progress_outcome(&run->progress, attempt->cell, attempt->trial, &attempt->outcome);
    }
    release(attempt);
    return status;
}

/* One trial, and the storing of the one before. An interrupt that comes until that is stored drops
 * the worker that waits at its gate. */
static stw_status run_trial(struct run *run, const struct stw_slot *slot, struct attempt *attempt,
                            struct attempt *before, struct stw_error *error)
{
    struct stw_error other = STW_ERROR_INIT;
    int is_first = !before->cell;
    stw_status begun = begin(run, slot, attempt, error);
    stw_status kept = keep(run, before, begun == STW_OK ? error : &other);
    if (!is_first && stw_interrupts_count(&run->interrupts) > 0)
        run->result->interrupted = 1;
    if (begun == STW_OK && kept == STW_OK && !run->result->interrupted) {
        complete(run, attempt);
        return STW_OK;
    }
    if (begun == STW_OK) {
        struct stw_process_end end;
        stw_process_finish(&attempt->process, &end);
    }
    release(attempt);
    return begun == STW_OK ? kept : begun;
}

/* The matrix. */

static stw_status store_skipped(struct run *run, struct stw_error *error)
{
    stw_status status = STW_OK;
    for (uint32_t i = 0; status == STW_OK && i < run->matrix->cell_count; i++) {
        const struct stw_cell *cell = &run->matrix->cells[i];
        if (!cell->excluded || stw_store_has(run->store, cell, 0))
            continue;
        struct stw_outcome outcome = {.kind = STW_OUTCOME_SKIPPED};
        snprintf(outcome.detail, sizeof outcome.detail, "%s: %s", cell->excluded,
                 stw_cell_reason(run->matrix->experiment, cell));
        status = stw_store_trial(run->store, cell, 0, &outcome, NULL, error);
    }
    return status;
}

/* Keeps the slots that are not stored yet; returns how many. */
static uint32_t keep_missing(const struct run *run, struct stw_slot *slots, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++)
        if (!stw_store_has(run->store, &run->matrix->cells[slots[i].cell], slots[i].trial))
            slots[kept++] = slots[i];
    return kept;
}

static stw_status run_slots(struct run *run, struct stw_error *error)
{
    struct attempt attempts[2] = {0}; /* the one under way, the one before */
    uint32_t total;
    struct stw_slot *slots = stw_matrix_schedule(run->matrix, &total);
    uint32_t missing = keep_missing(run, slots, total);
    stw_status status = STW_OK;
    run->result->trials_stored = total - missing;
    stw_progress_begin(&run->progress, total, total - missing, run->matrix->experiment->trials,
                       run->options->quiet);
    run->ended_ns = stw_clock_ns();
    for (uint32_t i = 0; status == STW_OK && i < missing && !run->result->interrupted; i++)
        status = run_trial(run, &slots[i], &attempts[i % 2], &attempts[(i + 1) % 2], error);
    for (uint32_t i = 0; status == STW_OK && i < 2; i++)
        status = keep(run, &attempts[i], error);
    stw_progress_clear(&run->progress);
    free(slots);
    if (run->result->trials_stored + run->result->trials_run == total)
        run->result->interrupted = 0; /* too late to stop anything */
    return status;
}

/* Makes sure of the programs of the peers that have a cell to run. */
static stw_status provide_peers(const struct run *run, struct stw_error *error)
{
    stw_status status = STW_OK;
    for (uint32_t i = 0; status == STW_OK && i < run->matrix->cell_count; i++) {
        const struct stw_cell *cell = &run->matrix->cells[i];
        const char *runtime = stw_cell_runtime(run->matrix->experiment, cell);
        struct stw_peer *peer = run->options->peers && !cell->excluded
                                    ? stw_peers_get(run->options->peers, runtime)
                                    : NULL;
        if (peer)
            status = stw_peer_provide(peer, error);
    }
    return status;
}

/* While a reader keeps the store waiting. */
static int is_given_up(void *context)
{
    struct run *run = context;
    stw_progress_clear(&run->progress);
    return stw_interrupts_count(&run->interrupts) > 1;
}

static void prepare(struct run *run)
{
    const struct stw_matrix *matrix = run->matrix;
    run->groups = stw_new(matrix->cell_count, sizeof *run->groups);
    run->references = stw_new(matrix->cell_count, sizeof *run->references);
    run->is_cell_bad = stw_new(matrix->cell_count, 1);
    stw_store_heed(run->store, is_given_up, run);
    for (uint32_t i = 0; i < matrix->cell_count; i++)
        run->groups[i] = group_of(matrix, &matrix->cells[i]);
}

static void conclude(struct run *run)
{
    for (uint32_t i = 0; i < run->matrix->cell_count; i++)
        run->result->cells_not_ok += run->is_cell_bad[i];
    stw_store_close(run->store);
    free(run->groups);
    free(run->references);
    free(run->is_cell_bad);
}

stw_status stw_run_matrix(const struct stw_matrix *matrix, const struct stw_registry *registry,
                          const struct stw_run_options *options, struct stw_run_result *result,
                          struct stw_error *error)
{
    struct run run = {
        .matrix = matrix, .registry = registry, .options = options, .result = result};
    *result = (struct stw_run_result){0};
    stw_hostile_begin("run");
    stw_status status = provide_peers(&run, error);
    if (status != STW_OK)
        return status;
    status = stw_store_open(options->run_path, matrix, registry, options->resume,
                                       &run.store, error);
    if (status != STW_OK)
        return status;
    if (stw_interrupts_begin(&run.interrupts) != STW_OK) {
        stw_store_close(run.store);
        return stw_error_set(error, STW_E_IO, NULL, "cannot watch for interrupts");
    }
    prepare(&run);
    status = recall(&run, error);
    if (status == STW_OK)
        status = store_skipped(&run, error);
    if (status == STW_OK)
        status = run_slots(&run, error);
    if (status == STW_E_STATE && stw_interrupts_count(&run.interrupts) > 1) {
        result->interrupted = 1; /* while a reader kept the store waiting */
        status = STW_OK;
    }
    if (status == STW_OK)
        status = stw_store_count_not_ok(run.store, &result->stored_not_ok, error);
    conclude(&run);
    stw_interrupts_end(&run.interrupts);
    return status;
}

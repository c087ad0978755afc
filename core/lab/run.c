/* lab/run.c: runs a matrix: schedule, worker processes, outcomes, store, progress.
 *
 * R1  one worker at a time; it is finished (killed and reaped) before its record is read.
 * R2  a trial is stored, durably, while the next one's worker loads its plugins; the workload of
 *     that one begins afterwards. One bad trial never stops the matrix.
 * R3  which of trials that compute the same are right is decided by all that are stored, when a run
 *     ends and before it goes on (agreement.h); until then, by those that are known.
 * R4  a trial's wall time, from the start of its worker to the end, and the coordinator's own time
 *     before it add up to the time of the whole run, but for the storing of the last.
 * R5  a worker that waits at its gate is no reason to wait: its time runs from its start, without
 *      that of storing the trial before; and while the store waits for a reader, who might be that
 *      worker, it is dropped and its trial begun anew.
 * R6  a trial is noted, durably, before its workload can begin: if the coordinator dies meanwhile,
 *      the next one knows (store/attempts.c). What was lost once runs after all others.
 * R7  whether trials are enough is asked when all of them are stored, before a block begins, and
 *     what has begun is run to its end: no cell has more trials because of what its own showed.
 * The first interrupt lets the trial in hand end and be stored, the second drops it; neither leaves
 * a worker. Before the first trial and after the last an interrupt ends the process at once. */
#include "lab/run.h"

#include "base/error.h"
#include "lab/agreement.h"
#include "lab/progress.h"
#include "plan/identity.h"
#include "plan/policy.h"
#include "plan/settings.h"
#include "prim/guard.h"
#include "prim/hostile.h"
#include "prim/interrupt.h"
#include "prim/machine.h"
#include "prim/memory.h"
#include "prim/process.h"
#include "prim/scratch.h"
#include "prim/thread.h"
#include "store/store.h"
#include "trial/outcome.h"
#include "trial/peer_trial.h"
#include "trial/record.h"
#include "trial/whereabouts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A reader is waited for so long with a worker at its gate. */
#define GATE_WAIT_NS 1000000000ull

struct run {
    const struct stw_matrix *matrix;
    const struct stw_run_options *options;
    struct stw_run_result *result;
    struct stw_store *store;
    struct stw_interrupts interrupts;
    struct stw_progress progress;
    struct stw_agreement *agreement;
    const struct stw_registry *registry;
    int is_boxed;      /* trials run in a sandbox, in this folder: */
    char *scratch;
    struct stw_identities identities;
    uint64_t ended_ns; /* when the worker before ended, or the first slot's turn came */
    struct attempt *waiting;      /* whose worker is at its gate while the store writes, or null */
    uint64_t store_began_ns;
    uint64_t began_ns;   /* this start */
    uint32_t blocks;     /* that some cell has a trial of: later ones have not begun */
    uint32_t blocks_end; /* trials from this number on are not run */
    struct stw_machine machine; /* read when a trial is stored: the next worker loads meanwhile */
};

/* A trial under way, or ended and not stored yet. */
struct attempt {
    const struct stw_cell *cell; /* null: there is none */
    uint32_t trial;
    int descriptor;
    struct stw_record *record;
    struct stw_process process;
    uint64_t started_ns; /* its worker */
    uint64_t stored_ns;  /* how long its worker could not begin because of the store */
    int is_timed_out, is_abandoned;
    int is_dropped;      /* its worker was finished before it passed its gate */
    struct stw_outcome outcome;
};

/* One trial. */

/* Who carries the cell out, or null: the lab's runtime. */
static struct stw_peer *peer_of(const struct run *run, const struct stw_cell *cell)
{
    const char *runtime = stw_cell_runtime(run->matrix->experiment, cell);
    return run->options->peers ? stw_peers_get(run->options->peers, runtime) : NULL;
}

/* Whom the worker shall run, if it is another runtime's trial. */
static void add_peer(const struct run *run, const struct stw_cell *cell, struct stw_text *settings)
{
    const struct stw_peer *peer = peer_of(run, cell);
    if (!peer)
        return;
    const struct stw_words *facts = &peer->description.facts;
    stw_text_add(settings, STW_PEER_SETTING "\t%s\n" STW_PEER_FACTS "\t", peer->program);
    for (uint32_t i = 0; i < facts->count; i++)
        stw_text_add(settings, "%s%s", i ? " " : "", facts->items[i]);
    stw_text_add(settings, "\n");
    stw_identity_tell(STW_FILE_OF_PEER, &peer->identity, settings);
}

/* What its sandbox permits it. */
static void add_sandbox(const struct run *run, const struct stw_cell *cell, struct stw_text *text)
{
    if (run->is_boxed)
        stw_text_add(text, STW_SANDBOX_SETTING "\t%u\n",
                     stw_policy_permitted(run->matrix, cell, run->registry));
}

/* The worker reads files anew: so it can refuse one that has changed since. Not part of a cell's
 * identity. A program of STWLAB_WORKER's may run another one that runs this one. */
static void add_files(const struct run *run, const struct stw_cell *cell, struct stw_text *text)
{
    char name[STW_WORD_BYTES + STW_ID_BYTES];
    if (!run->identities.worker.content[0])
        stw_identity_tell(STW_FILE_OF_SELF, &run->identities.self, text);
    for (uint32_t i = 0; i < stw_registry_count(run->registry); i++) {
        const struct stw_plugin_info *info = stw_registry_at(run->registry, i);
        if (!stw_cell_uses(run->matrix, cell, info))
            continue;
        stw_identity_name(info, name, sizeof name);
        stw_identity_tell(name, &run->identities.plugins[i], text);
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
    stw_cell_settings(run->matrix, attempt->cell, &settings);
    add_peer(run, attempt->cell, &settings);
    add_files(run, attempt->cell, &settings);
    add_sandbox(run, attempt->cell, &settings);
    attempt->record = stw_record_new(stw_text_get(&settings), &attempt->descriptor, error);
    stw_text_free(&settings);
    return attempt->record ? STW_OK : error->status;
}

static void release(struct attempt *attempt)
{
    if (attempt->record)
        stw_memory_unmap(attempt->record, STW_RECORD_BYTES);
    if (attempt->descriptor >= 0)
        close(attempt->descriptor);
    attempt->cell = NULL;
}

/* Who is judged by the trial's checksum: the canary computes what its cell does. */
static uint32_t judged_as(const struct run *run, const struct stw_cell *cell)
{
    uint32_t at = (uint32_t)(cell - run->matrix->cells);
    return at < run->matrix->cell_count ? at : run->matrix->canary_of;
}

static uint64_t deadline_of(const struct run *run, const struct attempt *attempt)
{
    uint64_t timeout_ns = run->matrix->experiment->timeout_ns;
    uint64_t from_ns = attempt->started_ns + attempt->stored_ns;
    int is_bounded = timeout_ns && timeout_ns < UINT64_MAX - from_ns;
    return is_bounded ? from_ns + timeout_ns : UINT64_MAX;
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

/* What its process left to us: told with the outcome, and on the terminal if it is still there. */
static void note_remains(struct run *run, struct attempt *attempt,
                         const struct stw_process_end *end)
{
    if (end->left_behind)
        stw_outcome_note(&attempt->outcome, "left %u process%s behind, killed", end->left_behind,
                         end->left_behind == 1 ? "" : "es");
    if (!end->stuck)
        return;
    stw_outcome_note(&attempt->outcome, "%u process%s could not be ended", end->stuck,
                     end->stuck == 1 ? "" : "es");
    stw_progress_clear(&run->progress);
    fprintf(stderr, "stwlab: %s trial %u: %u process%s could not be ended and may disturb what"
                    " runs now\n", attempt->cell->id, attempt->trial, end->stuck,
            end->stuck == 1 ? "" : "es");
}

/* Of a peer's program that nobody waited for: of what was killed in its worker's group. Without
 * that nothing is known of it, and what its worker used is not that. */
static void take_program_usage(const struct stw_process_end *end, struct stw_outcome *outcome)
{
    int is_known = end->others_rss_peak_bytes > 0;
    outcome->cpu_ns = is_known ? end->others_cpu_ns : STW_USAGE_UNKNOWN;
    outcome->rss_peak_bytes = end->others_rss_peak_bytes;
}

static void judge(struct run *run, struct attempt *attempt, const struct stw_process_end *end)
{
    const struct stw_record *record = readable(attempt);
    struct stw_outcome *outcome = &attempt->outcome;
    stw_outcome_classify(&attempt->process, end, record, attempt->is_timed_out, outcome);
    int is_program_told = record && !stw_record_problem(record) && record->program_rss_peak_bytes;
    if (peer_of(run, attempt->cell) && !is_program_told)
        take_program_usage(end, outcome);
    note_remains(run, attempt, end);
    if (record && record->first_op_ns > attempt->started_ns
        && record->first_op_ns <= run->ended_ns)
        outcome->start_ns = record->first_op_ns - attempt->started_ns;
    if (outcome->checksum)
        stw_agreement_judge(run->agreement, judged_as(run, attempt->cell), record->checksum,
                            outcome);
}

/* A worker that did not start, because the run's folder is gone, failed for that. */
static stw_status start_failed(const struct run *run, stw_status status, struct stw_error *error)
{
    const char *path = run->options->run_path;
    if (access(path, F_OK) == 0 || errno != ENOENT)
        return status;
    return stw_error_set(error, STW_E_IO, NULL,
                         "cannot write %s: it was moved or deleted meanwhile", path);
}

/* Starts the worker of a slot, which waits at its gate once it has loaded its plugins. */
static stw_status begin(struct run *run, const struct stw_slot *slot, struct attempt *attempt,
                        struct stw_error *error)
{
    *attempt = (struct attempt){
        .cell = &run->matrix->cells[slot->cell], .trial = slot->trial, .descriptor = -1};
    run->waiting = NULL;
    STW_TRY(make_record(run, attempt, error));
    if (run->is_boxed) {
        stw_status made = stw_scratch_make(run->scratch, error);
        if (made != STW_OK)
            return start_failed(run, made, error);
    }
    char **arguments = arguments_new(run, attempt->cell);
    struct stw_variables environment = {0};
    if (run->is_boxed)
        environment = stw_policy_environment(run->matrix, attempt->cell, run->registry,
                                             run->scratch);
    const struct stw_process_spec spec = {
        .executable = run->options->executable,
        .arguments = arguments,
        .shared = attempt->descriptor,
        .memory_bytes = run->matrix->experiment->memory_bytes,
        .is_gated = 1,
        .environment = run->is_boxed ? stw_variables_list(&environment) : NULL,
        .scratch = run->is_boxed ? run->scratch : NULL,
    };
    attempt->started_ns = stw_clock_ns();
    attempt->outcome.coordinator_ns = attempt->started_ns - run->ended_ns;
    stw_status status = stw_process_start(&spec, &attempt->process, error);
    free(arguments);
    stw_variables_free(&environment);
    return status == STW_OK ? STW_OK : start_failed(run, status, error);
}

/* Opens the gate and waits for the worker's end. No trial is left when it was dropped. */
static void complete(struct run *run, struct attempt *attempt)
{
    struct stw_process_end end;
    stw_progress_trial(&run->progress, attempt->cell, attempt->trial);
    stw_process_open(&attempt->process);
    wait_for_end(run, attempt);
    if (attempt->is_timed_out && readable(attempt))
        stw_whereabouts_ask(&attempt->process, attempt->record);
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
    attempt->outcome.printed = stw_process_printed(&attempt->process);
    stw_machine_lap(&run->machine, &attempt->outcome.lap);
    stw_status status = stw_store_trial(run->store, attempt->cell, attempt->trial,
                                        &attempt->outcome, record, error);
    if (status == STW_OK) {
        run->result->trials_run++;
        stw_progress_outcome(&run->progress, attempt->cell, attempt->trial, &attempt->outcome);
    }
    release(attempt);
    return status;
}

/* Finishes a worker that has not passed its gate. */
static void drop(struct run *run, struct attempt *attempt)
{
    struct stw_process_end end;
    stw_process_finish(&attempt->process, &end);
    attempt->is_dropped = 1;
    run->waiting = NULL;
}

/* While a reader keeps the store waiting: drops the worker that might be the reader, and asks
 * whether the user gives up. */
static int is_given_up(void *context)
{
    struct run *run = context;
    stw_progress_clear(&run->progress);
    if (run->waiting && stw_clock_ns() - run->store_began_ns >= GATE_WAIT_NS)
        drop(run, run->waiting);
    return stw_interrupts_count(&run->interrupts) > 1;
}

/* Stores the trial before, if there is one, and notes the one whose worker waits. */
static stw_status keep_and_note(struct run *run, struct attempt *before, struct attempt *attempt,
                                struct stw_error *error)
{
    run->store_began_ns = stw_clock_ns();
    stw_store_announce(run->store, attempt->cell, attempt->trial);
    stw_status status = keep(run, before, error);
    if (status == STW_OK)
        status = stw_store_settle(run->store, error); /* if that did not store anything */
    attempt->stored_ns = stw_clock_ns() - run->store_began_ns;
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
    run->waiting = begun == STW_OK ? attempt : NULL;
    stw_status kept = keep_and_note(run, before, attempt, begun == STW_OK ? error : &other);
    run->waiting = NULL;
    if (!is_first && stw_interrupts_count(&run->interrupts) > 0)
        run->result->interrupted = 1;
    int goes_on = begun == STW_OK && kept == STW_OK && !run->result->interrupted;
    if (begun == STW_OK && !goes_on && !attempt->is_dropped)
        drop(run, attempt);
    if (goes_on && attempt->is_dropped) {
        release(attempt);
        begun = begin(run, slot, attempt, error);
        goes_on = begun == STW_OK;
    }
    if (goes_on)
        complete(run, attempt);
    else
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
        struct stw_text why = {0};
        stw_text_add(&why, "%s: %s", cell->excluded,
                     stw_cell_reason(run->matrix->experiment, cell));
        stw_outcome_tell(&outcome, why.bytes);
        stw_text_free(&why);
        status = stw_store_trial(run->store, cell, 0, &outcome, NULL, error);
    }
    return status;
}

/* The canary is chosen with the cell that it repeats. */
static int is_chosen(const struct run *run, uint32_t cell)
{
    uint32_t at = cell < run->matrix->cell_count ? cell : run->matrix->canary_of;
    return !run->options->is_chosen || run->options->is_chosen[at];
}

/* Keeps the slots of cells that were asked for. Returns how many. */
static uint32_t keep_chosen(const struct run *run, struct stw_slot *slots, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++)
        if (is_chosen(run, slots[i].cell))
            slots[kept++] = slots[i];
    return kept;
}

/* A run that began without a canary, or with one of another cell, goes on without: its cell's
 * trials are not measured beside it any more. Returns how many slots are left. */
static uint32_t drop_canary(const struct run *run, struct stw_slot *slots, uint32_t count)
{
    uint32_t kept = 0;
    if (stw_store_has_canary(run->store))
        return count;
    for (uint32_t i = 0; i < count; i++)
        if (slots[i].cell < run->matrix->cell_count)
            slots[kept++] = slots[i];
    return kept;
}

/* Keeps the slots that are still to be run, those last during which a coordinator was lost: if that
 * was their doing, the others have been run by then. Returns how many, and counts the blocks that
 * have begun. */
static uint32_t keep_missing(struct run *run, struct stw_slot *slots, uint32_t count)
{
    struct stw_slot *lost = stw_new(count, sizeof *lost);
    uint32_t kept = 0, lost_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct stw_cell *cell = &run->matrix->cells[slots[i].cell];
        if (stw_store_has(run->store, cell, slots[i].trial)) {
            run->blocks = slots[i].trial + 1;
            continue;
        }
        if (stw_store_was_lost(run->store, cell, slots[i].trial))
            lost[lost_count++] = slots[i];
        else
            slots[kept++] = slots[i];
    }
    for (uint32_t i = 0; i < lost_count; i++)
        slots[kept++] = lost[i];
    free(lost);
    return kept;
}

/* Stores what has ended, and takes back what was noted of a trial that did not run. */
static stw_status keep_all(struct run *run, struct attempt attempts[2], stw_status status,
                           struct stw_error *error)
{
    struct stw_error other = STW_ERROR_INIT;
    stw_store_announce(run->store, NULL, 0);
    for (uint32_t i = 0; status == STW_OK && i < 2; i++)
        status = keep(run, &attempts[i], error);
    stw_status settled = stw_store_settle(run->store, status == STW_OK ? error : &other);
    return status == STW_OK ? settled : status;
}

/* R7. Before the first trial of a block that has not begun, and is not out of time. */
static stw_status look(struct run *run, uint32_t block, struct attempt attempts[2],
                       struct stw_error *error)
{
    const struct stw_enough *enough = &run->matrix->experiment->enough;
    int is_enough = 0;
    if (!enough->metric || block < enough->least)
        return STW_OK;
    STW_TRY(keep_all(run, attempts, STW_OK, error));
    STW_TRY(run->options->is_enough(run->options->context, stw_store_sql(run->store), &is_enough,
                                    error));
    if (is_enough) {
        run->blocks_end = block;
        run->result->ended = STW_ENDED_ENOUGH;
    }
    if (stw_interrupts_count(&run->interrupts) > 0)
        run->result->interrupted = 1;
    return STW_OK;
}

static int is_time_over(const struct run *run)
{
    uint64_t time_ns = run->matrix->experiment->time_ns;
    return time_ns && stw_clock_ns() - run->began_ns >= time_ns;
}

/* Slots of blocks that begin; those of the others are passed over. */
static stw_status run_each(struct run *run, const struct stw_slot *slots, uint32_t count,
                           struct attempt attempts[2], struct stw_error *error)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t block = slots[i].trial;
        if (i > 0 && block != slots[i - 1].trial && block < run->blocks_end && is_time_over(run)) {
            run->blocks_end = block;
            run->result->ended = STW_ENDED_TIME;
        }
        if (block >= run->blocks && block < run->blocks_end)
            STW_TRY(look(run, block, attempts, error));
        if (run->result->interrupted)
            return STW_OK;
        if (block >= run->blocks_end)
            continue;
        run->blocks = block >= run->blocks ? block + 1 : run->blocks;
        STW_TRY(run_trial(run, &slots[i], &attempts[at], &attempts[!at], error));
        at = !at;
    }
    return STW_OK;
}

static uint32_t count_below(const struct stw_slot *slots, uint32_t count, uint32_t trial)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++)
        found += slots[i].trial < trial;
    return found;
}

/* Writes down how this start ended. `left`: trials that it was to run. */
static stw_status note_end(struct run *run, uint32_t left, struct stw_error *error)
{
    static const char *const words[STW_ENDS] = {"planned", "enough", "time", "interrupted"};
    struct stw_run_result *result = run->result;
    if (result->trials_run == left)
        result->interrupted = 0; /* too late to stop anything */
    if (result->interrupted)
        result->ended = STW_ENDED_INTERRUPTED;
    result->blocks = run->blocks < run->blocks_end ? run->blocks : run->blocks_end;
    return stw_store_ended(run->store, words[result->ended], result->blocks,
                           result->ended == STW_ENDED_ENOUGH, error);
}

static stw_status run_slots(struct run *run, struct stw_error *error)
{
    struct attempt attempts[2] = {0}; /* the one under way, the one before */
    const struct stw_experiment *experiment = run->matrix->experiment;
    uint32_t total;
    struct stw_slot *slots = stw_matrix_schedule(run->matrix, &total);
    total = keep_chosen(run, slots, total);
    total = drop_canary(run, slots, total);
    uint32_t missing = keep_missing(run, slots, total);
    run->result->trials_stored = total - missing;
    if (stw_interrupts_begin(&run->interrupts) != STW_OK) {
        free(slots);
        return stw_error_set(error, STW_E_IO, NULL, "cannot watch for interrupts");
    }
    stw_store_heed(run->store, is_given_up, run);
    stw_progress_begin(&run->progress, total, total - missing, experiment->trials,
                       experiment->enough.metric || experiment->time_ns, run->options->quiet);
    stw_machine_open(&run->machine, "");
    run->began_ns = run->ended_ns = stw_clock_ns();
    stw_status status = run_each(run, slots, missing, attempts, error);
    status = keep_all(run, attempts, status, error);
    stw_progress_clear(&run->progress);
    stw_machine_close(&run->machine);
    if (status == STW_OK)
        status = note_end(run, count_below(slots, missing, run->blocks_end), error);
    if (status == STW_E_STATE && stw_interrupts_count(&run->interrupts) > 1) {
        run->result->interrupted = 1; /* while the store was busy */
        status = STW_OK;
    }
    free(slots);
    stw_store_heed(run->store, NULL, NULL);
    stw_interrupts_end(&run->interrupts);
    return status;
}

/* R3. */
static stw_status settle(struct run *run, struct stw_error *error)
{
    uint64_t changed = 0;
    stw_status status = stw_agreement_settle(run->agreement, run->store, &changed, error);
    if (changed && !run->options->quiet)
        fprintf(stderr, "stwlab: by all checksums that are known now, %" PRIu64
                        " stored trial%s judged otherwise than before\n",
                changed, changed == 1 ? " is" : "s are");
    return status;
}

/* Makes sure of the programs of the peers that have a cell to run. */
static stw_status provide_peers(const struct run *run, struct stw_error *error)
{
    stw_status status = STW_OK;
    for (uint32_t i = 0; status == STW_OK && i < run->matrix->cell_count; i++) {
        const struct stw_cell *cell = &run->matrix->cells[i];
        struct stw_peer *peer = cell->excluded || !is_chosen(run, i) ? NULL : peer_of(run, cell);
        if (peer)
            status = stw_peer_provide(peer, error);
    }
    return status;
}

/* Its path without links: the warden compares paths with it. */
static stw_status prepare_scratch(struct run *run, struct stw_error *error)
{
    struct stw_text path = {0};
    char *folder = realpath(run->options->run_path, NULL);
    run->is_boxed = stw_policy_is_boxed(run->matrix->experiment);
    if (!folder)
        return stw_error_set(error, STW_E_IO, NULL, "%s: %s", run->options->run_path,
                             strerror(errno));
    stw_text_add(&path, "%s/scratch", folder);
    run->scratch = path.bytes;
    free(folder);
    return stw_scratch_remove(run->scratch, error); /* of a run that was killed */
}

/* What the last trial left and cannot be removed is told by the next run there. */
static void conclude(struct run *run)
{
    struct stw_error ignored = STW_ERROR_INIT;
    if (run->scratch)
        stw_scratch_remove(run->scratch, &ignored);
    stw_store_close(run->store);
    stw_agreement_free(run->agreement);
    free(run->scratch);
}

static stw_status open_store(struct run *run, struct stw_error *error)
{
    const struct stw_run_options *options = run->options;
    uint32_t how = !options->resume ? STW_STORE_NEW
                 : options->retry   ? STW_STORE_RETRY
                                    : STW_STORE_RESUME;
    how |= options->resume && options->mixed ? STW_STORE_MIXED : 0;
    STW_TRY(provide_peers(run, error));
    STW_TRY(stw_identities_take(run->matrix, run->registry, options->executable, &run->identities,
                                error));
    run->identities.peers = options->peers;
    return stw_store_open(options->run_path, run->matrix, run->registry, &run->identities, how,
                          &run->store, error);
}

static stw_status run_missing(struct run *run, struct stw_error *error)
{
    STW_TRY(prepare_scratch(run, error));
    STW_TRY(settle(run, error));
    STW_TRY(store_skipped(run, error));
    STW_TRY(run_slots(run, error));
    STW_TRY(settle(run, error));
    return stw_store_count_not_ok(run->store, &run->result->stored_not_ok,
                                  &run->result->cells_not_ok, error);
}

static stw_status run_whole(struct run *run, struct stw_error *error)
{
    STW_TRY(open_store(run, error));
    run->agreement = stw_agreement_new(run->matrix);
    stw_status status = run_missing(run, error);
    conclude(run);
    return status;
}

stw_status stw_run_matrix(const struct stw_matrix *matrix, const struct stw_registry *registry,
                          const struct stw_run_options *options, struct stw_run_result *result,
                          struct stw_error *error)
{
    struct run run = {.matrix = matrix, .registry = registry, .options = options,
                      .result = result, .blocks_end = UINT32_MAX};
    *result = (struct stw_run_result){0};
    stw_hostile_begin("run");
    stw_guard_begin();
    stw_status status = run_whole(&run, error);
    stw_guard_end();
    stw_identities_free(&run.identities);
    return status;
}

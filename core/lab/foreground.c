/* lab/foreground.c: one trial in this process, for who looks at it with a debugger.
 *
 * It is the worker's trial with nothing around it. Nobody reads its record, so the verdict is told
 * as soon as it is there: a verdict may be the last thing that the process does. */
#include "lab/foreground.h"

#include "base/error.h"
#include "prim/memory.h"
#include "trial/record.h"
#include "trial/trial.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct stw_cell *running; /* main thread sets it before there are others */
static int status_of_failure;

static const char *verdict_name(uint32_t verdict)
{
    switch (verdict) {
    case STW_VERDICT_REFUSED:
        return "refused";
    case STW_VERDICT_OUT_OF_MEMORY:
        return "out-of-memory";
    default:
        return "invalid";
    }
}

/* A breakpoint here shows where a verdict came from: its name is in the guide. */
static __attribute__((noinline)) int foreground_judged(const struct stw_record *record)
{
    fflush(stdout);
    if (record->verdict != STW_VERDICT_OK)
        fprintf(stderr, "stwlab run: %s: %s: %s%s%s\n", running->id,
                verdict_name(record->verdict), record->field, *record->field ? ": " : "",
                record->message);
    return record->verdict == STW_VERDICT_OK ? 0 : status_of_failure;
}

static stw_status check_cell(const struct stw_matrix *matrix, const struct stw_cell *cell,
                             struct stw_error *error)
{
    const char *runtime = stw_cell_value(matrix->experiment, cell, "runtime");
    if (cell->excluded)
        return stw_error_set(error, STW_E_INVALID, NULL, "cell '%s' is skipped: %s: %s", cell->id,
                             cell->excluded, stw_cell_reason(matrix->experiment, cell));
    if (runtime && strcmp(runtime, "stwlab") != 0)
        return stw_error_set(error, STW_E_INVALID, NULL,
                             "cell '%s' is carried out by %s, in a program of its own", cell->id,
                             runtime);
    return STW_OK;
}

static void tell_numbers(const struct stw_record *record)
{
    fprintf(stderr, "stwlab run: %s: ok: checksum %016" PRIx64 "%s, %" PRIu64 " operations, %"
            PRIu64 " stops; nothing is stored\n", running->id, record->checksum,
            record->is_expected ? " as expected" : "", record->operations, record->pause_count);
}

stw_status stw_run_foreground(const struct stw_matrix *matrix, const struct stw_registry *registry,
                              const struct stw_cell *cell, int not_ok, int *is_ok,
                              struct stw_error *error)
{
    static const struct stw_trial_calls calls = {.judged = foreground_judged};
    struct stw_text settings = {0};
    int descriptor;
    STW_TRY(check_cell(matrix, cell, error));
    stw_cell_settings(matrix, cell, &settings);
    struct stw_record *record = stw_record_new(stw_text_get(&settings), &descriptor, error);
    stw_text_free(&settings);
    if (!record)
        return error->status;
    running = cell;
    status_of_failure = not_ok;
    stw_trial_run(record, registry, &calls);
    *is_ok = record->verdict == STW_VERDICT_OK;
    if (*is_ok)
        tell_numbers(record);
    stw_memory_unmap(record, STW_RECORD_BYTES);
    close(descriptor);
    return STW_OK;
}

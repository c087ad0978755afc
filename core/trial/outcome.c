/* trial/outcome.c: what became of a trial, from how its process ended and what its record says.
 *
 * How the process ended outranks the record: a worker that was killed or crashed is never ok. The
 * record outranks the exit status: a trial is ok only with a final record whose verdict is ok.
 * Every text taken from a worker is cleaned to one line of printable characters.
 * T1  a detail says what the lab knows: what it did, what the system told, what the record holds.
 *     Who sent a signal that the lab did not send is not among that. */
#include "trial/outcome.h"

#include "base/hash.h"
#include "base/text.h"
#include "base/utf8.h"
#include "prim/calls.h"
#include "prim/process.h"
#include "trial/phase.h"
#include "trial/record.h"
#include "trial/trace.h"
#include "trial/whereabouts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TIME_NS_MAX (1ull << 50)   /* 13 days: a longer time in a record is nonsense */
#define VALUE_MAX ((uint64_t)INT64_MAX)
#define OUTPUT_BYTES 400u          /* of a failed worker's last output, in the detail */
#define SUMMARY "SUMMARY: "        /* of a sanitizer's report; details may follow it */

const char *stw_outcome_name(uint32_t kind)
{
    static const char *const names[STW_OUTCOMES] = {
        [STW_OUTCOME_OK] = "ok",
        [STW_OUTCOME_CRASHED] = "crashed",
        [STW_OUTCOME_TIMED_OUT] = "timed-out",
        [STW_OUTCOME_OUT_OF_MEMORY] = "out-of-memory",
        [STW_OUTCOME_REFUSED] = "refused",
        [STW_OUTCOME_INVALID] = "invalid",
        [STW_OUTCOME_FORBIDDEN] = "forbidden",
        [STW_OUTCOME_SKIPPED] = "skipped",
    };
    return kind < STW_OUTCOMES ? names[kind] : "unknown";
}

/* Terminated within its room, and printable: a name, or nothing. */
static int is_clean(const char *text, size_t room)
{
    size_t length = strnlen(text, room);
    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~')
            return 0;
    return length < room;
}

static const char *histogram_problem(const struct stw_histogram *histogram)
{
    uint64_t count = 0;
    uint32_t last = 0;
    for (uint32_t i = 0; i < STW_HISTOGRAM_BUCKETS; i++) {
        if (histogram->buckets[i] > VALUE_MAX - count)
            return "the histogram overflows";
        count += histogram->buckets[i];
        last = histogram->buckets[i] ? i : last;
    }
    if (count != histogram->count || histogram->clipped > count)
        return "the histogram's counts do not add up";
    if (histogram->max < stw_histogram_bucket_low(last))
        return "the histogram's maximum is not in its last bucket";
    if (histogram->max > TIME_NS_MAX || histogram->sum > 4 * TIME_NS_MAX)
        return "the histogram's times are too long";
    return NULL;
}

static int is_pause_sane(const struct stw_pause *pause)
{
    if (pause->kind > STW_PAUSE_PEER || pause->told_phase >= STW_TRIAL_PHASES
        || pause->untold > STW_UNTOLD_ALL || pause->is_forced > 1
        || !is_clean(pause->last_site, sizeof pause->last_site))
        return 0;
    uint64_t longest = pause->start_ns | pause->stopping_ns | pause->working_ns
                     | pause->restarting_ns;
    if (pause->stopper_cpu_ns != STW_CPU_UNKNOWN)
        longest |= pause->stopper_cpu_ns;
    if (pause->late_cpu_ns != STW_CPU_UNKNOWN)
        longest |= pause->late_cpu_ns;
    for (uint32_t i = 0; i < STW_STEPS; i++)
        longest |= pause->step_ns[i];
    uint64_t most = pause->cycle | pause->scan_bytes | pause->mark_objects | pause->root_words
                  | pause->barrier_words | pause->spans_swept;
    return longest < TIME_NS_MAX && most <= VALUE_MAX;
}

static const char *pauses_problem(const struct stw_record *record)
{
    uint64_t count = __atomic_load_n(&record->pause_count, __ATOMIC_ACQUIRE);
    if (count > STW_RECORD_PAUSES || record->pauses_lost > VALUE_MAX - count)
        return "it counts more pauses than there is room for";
    const struct stw_pause *pauses = (const struct stw_pause *)(record + 1);
    uint64_t stopped_ns = 0;
    for (uint64_t i = 0; i < count && stopped_ns < TIME_NS_MAX; i++) {
        if (pauses[i].complete != 1)
            continue;
        if (!is_pause_sane(&pauses[i]))
            return "a pause in it is nonsense";
        stopped_ns += pauses[i].stopping_ns + pauses[i].working_ns + pauses[i].restarting_ns;
    }
    return stopped_ns < TIME_NS_MAX ? NULL : "its pauses together are too long";
}

static int is_cycle_sane(const struct stw_cycle *cycle)
{
    const uint64_t values[] = {cycle->triggered_bytes, cycle->goal_bytes, cycle->live_bytes,
                               cycle->marked_bytes};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (values[i] > VALUE_MAX && values[i] != STW_BYTES_UNKNOWN)
            return 0;
    return 1;
}

static const char *cycles_problem(const struct stw_record *record)
{
    uint64_t count = __atomic_load_n(&record->cycle_count, __ATOMIC_ACQUIRE);
    const struct stw_cycle *cycles = stw_record_cycles(record);
    if (count > STW_RECORD_PAUSES)
        return "it counts more cycles than there is room for";
    for (uint64_t i = 0; i < count; i++)
        if (!is_cycle_sane(&cycles[i]))
            return "a cycle in it is nonsense";
    return NULL;
}

static const char *counters_problem(const struct stw_record *record)
{
    uint64_t hashes[STW_RECORD_COUNTERS]; /* of the names: looked at before the names are */
    for (uint32_t i = 0; i < STW_RECORD_COUNTERS; i++) {
        const struct stw_record_counter *counter = &record->counters[i];
        if (!is_clean(counter->name, sizeof counter->name) || counter->value > VALUE_MAX)
            return "a counter in it is nonsense";
        hashes[i] = stw_hash_text(STW_HASH_START, counter->name);
        for (uint32_t j = 0; counter->name[0] && j < i; j++)
            if (hashes[i] == hashes[j] && strcmp(counter->name, record->counters[j].name) == 0)
                return "a counter is in it twice";
    }
    return NULL;
}

static const char *losses_problem(const struct stw_record *record)
{
    for (uint32_t i = 0; i < STW_RECORD_WINDOWS; i++)
        if (record->worst_ns[i] > stw_record_windows_ns[i] && record->worst_ns[i] != UINT64_MAX)
            return "more is lost in it than a window lasts";
    for (uint32_t i = 0; i < STW_RECORD_HICCUPS; i++)
        if (record->hiccups[i].at_ns > TIME_NS_MAX || record->hiccups[i].late_ns > TIME_NS_MAX)
            return "a hiccup in it is nonsense";
    return NULL;
}

static int are_bins_sane(const struct stw_bins *bins)
{
    if (bins->count > STW_BINS || bins->log_width >= 63
        || bins->first > (TIME_NS_MAX >> bins->log_width))
        return 0;
    for (uint32_t i = 0; i < bins->count; i++)
        if (bins->bins[i].count > VALUE_MAX || bins->bins[i].sum_ns > 4 * TIME_NS_MAX
            || bins->bins[i].max_ns > TIME_NS_MAX)
            return 0;
    return 1;
}

/* Times are stored by the names of their classes: which must be there, and differ. */
static int is_class_sane(const struct stw_record *record, uint32_t class)
{
    const char *name = record->op_classes[class];
    int is_used = record->op_times_ns[STW_OP_CLASS(class)].count
               || record->op_times_ns[STW_OP_CLASS_INTENDED(class)].count;
    if (!is_clean(name, sizeof record->op_classes[class]))
        return 0;
    for (uint32_t i = 0; is_used && i < class; i++)
        if (strcmp(record->op_classes[i], name) == 0)
            return 0;
    return !is_used || *name;
}

static const char *operations_problem(const struct stw_record *record)
{
    const char *problem = histogram_problem(&record->op_ns);
    if (!are_bins_sane(&record->op_bins) || !are_bins_sane(&record->stop_bins))
        problem = "a bin in it is nonsense";
    for (uint32_t i = 0; i < STW_CLASSES_MAX; i++)
        if (!is_class_sane(record, i))
            return "a class of operations in it is nonsense";
    if (record->last_op_ns > record->first_op_ns
        && record->last_op_ns - record->first_op_ns > TIME_NS_MAX)
        return "its operations took too long";
    for (uint32_t i = 0; !problem && i < STW_OP_TIMES; i++)
        if (record->op_times_ns[i].count) /* an untouched one has no memory yet */
            problem = histogram_problem(&record->op_times_ns[i]);
    return problem;
}

const char *stw_record_problem(const struct stw_record *record)
{
    if (record->magic != STW_RECORD_MAGIC)
        return "its magic number is gone";
    if (record->state > STW_RECORD_DONE || record->verdict > STW_VERDICT_INVALID)
        return "its state is none that exists";
    if (strnlen(record->message, sizeof record->message) == sizeof record->message
        || strnlen(record->field, sizeof record->field) == sizeof record->field)
        return "a text in it has no end";
    if (record->operations > VALUE_MAX)
        return "it counts too many operations";
    if (record->program_cpu_ns > TIME_NS_MAX || record->program_rss_peak_bytes > VALUE_MAX)
        return "what its program used is nonsense";
    const char *problem = counters_problem(record);
    if (!problem)
        problem = pauses_problem(record);
    if (!problem)
        problem = cycles_problem(record);
    if (!problem)
        problem = losses_problem(record);
    return problem ? problem : operations_problem(record);
}

static void add_output(const struct stw_process *process, struct stw_text *text)
{
    struct stw_text output = {0};
    uint32_t bytes = process->tail_bytes < OUTPUT_BYTES ? process->tail_bytes : OUTPUT_BYTES;
    const char *from = process->tail + (process->tail_bytes - bytes);
    const char *summary = memmem(process->tail, process->tail_bytes, SUMMARY, sizeof SUMMARY - 1);
    if (summary && summary < from)
        from = summary;
    stw_utf8_add_words(&output, from, bytes);
    if (output.length)
        stw_text_add(text, "; it printed: %s", output.bytes);
    stw_text_free(&output);
}

static void add_calls(const struct stw_record *record, struct stw_text *text)
{
    struct stw_text calls = {0};
    if (record)
        stw_trace_describe(record, &calls);
    if (calls.length)
        stw_text_add(text, "; last calls: %s", calls.bytes);
    stw_text_free(&calls);
}

static void add_overflow(const struct stw_record *record, struct stw_text *text)
{
    stw_text_add(text, ", a stack overflow");
    if (record->crash_mutator > 0 && record->crash_mutator <= STW_RECORD_MUTATORS)
        stw_text_add(text, " of mutator %u", record->crash_mutator - 1);
    stw_text_add(text, ": its stack has %" PRIu64 " KiB", record->crash_stack_bytes >> 10);
}

static void add_signal(int32_t number, const struct stw_record *record, struct stw_text *text)
{
    const char *name = sigabbrev_np(number);
    int is_fault = number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL;
    stw_text_add(text, name ? "SIG%s" : "signal", name);
    if (!name)
        stw_text_add(text, " %d", number);
    if (is_fault && record && record->crash_signal == number)
        stw_text_add(text, " at 0x%" PRIx64, record->crash_address);
    if (is_fault && record && record->crash_stack_bytes)
        add_overflow(record, text);
    if (record && record->crash_signal == number)
        stw_whereabouts_of_crash(record, text);
    if (is_fault && record && record->crash_used_freed)
        stw_text_add(text, "; it used a cell that the collector had freed: was the only pointer"
                           " to it kept where no root is (in memory of malloc), or stored"
                           " without stw_store?");
}

/* Anybody may send SIGKILL, the worker itself too: it is the kernel's for memory only if something
 * else says so. */
static uint32_t of_kill(const struct stw_process *process, const struct stw_process_end *end,
                        struct stw_text *text)
{
    int is_full = process->memory_bytes
               && end->rss_peak_bytes >= process->memory_bytes - process->memory_bytes / 10;
    stw_text_add(text, "SIGKILL, not sent by the lab");
    if (end->oom_kills)
        stw_text_add(text, "; the system killed for memory meanwhile");
    else if (is_full)
        stw_text_add(text, "; it used %" PRIu64 " MiB of the %" PRIu64 " MiB that it may",
                     end->rss_peak_bytes >> 20, process->memory_bytes >> 20);
    return end->oom_kills || is_full ? STW_OUTCOME_OUT_OF_MEMORY : STW_OUTCOME_CRASHED;
}

/* "workload/x called openat on /home/u/notes". */
static uint32_t of_forbidden(const struct stw_forbidden *forbidden,
                             const struct stw_record *record, struct stw_text *text)
{
    const char *title = stw_call_title(forbidden->call);
    if (record)
        stw_trace_plugin(record, forbidden->thread, text);
    stw_text_add(text, text->length ? " called " : "the program called ");
    stw_text_add(text, title ? "%s" : "system call ", title);
    if (!title)
        stw_text_add(text, "%u", forbidden->call);
    if (forbidden->path[0]) {
        stw_text_add(text, " on ");
        stw_utf8_add_words(text, forbidden->path,
                           strnlen(forbidden->path, sizeof forbidden->path));
    }
    return STW_OUTCOME_FORBIDDEN;
}

/* Without a warden (prim/warden.h) the filter ends the process by itself. */
static uint32_t of_signal(int32_t number, const struct stw_record *record, struct stw_text *text)
{
    if (number == SIGSYS) {
        stw_text_add(text, "it made a system call that is forbidden");
        return STW_OUTCOME_FORBIDDEN;
    }
    add_signal(number, record, text);
    if (record && record->crash_signal == number && record->crash_at_limit == 1) {
        stw_text_add(text, " at the memory limit");
        return STW_OUTCOME_OUT_OF_MEMORY;
    }
    return STW_OUTCOME_CRASHED;
}

/* "field: message" of a worker that says itself why it gave up. */
static void add_message(const struct stw_record *record, const char *otherwise,
                        struct stw_text *text)
{
    stw_utf8_add_words(text, record->field, strnlen(record->field, sizeof record->field));
    stw_text_add(text, text->length && record->message[0] ? ": " : "");
    stw_utf8_add_words(text, record->message, strnlen(record->message, sizeof record->message));
    if (text->length == 0)
        stw_text_add(text, "%s", otherwise);
}

/* Whether all numbers of the trial are there: then its plugins are destroyed, and the process has
 * nothing to do but to end. */
static int is_done(const struct stw_record *record)
{
    return record->verdict == STW_VERDICT_OK && record->state == STW_RECORD_DONE;
}

/* `problem` is the record's, or null. */
static uint32_t of_exit(int32_t status, const struct stw_record *record, const char *problem,
                        struct stw_text *text)
{
    if (problem) {
        stw_text_add(text, "the worker's record is damaged: %s", problem);
        return STW_OUTCOME_INVALID;
    }
    uint32_t verdict = record->verdict;
    if (verdict == STW_VERDICT_REFUSED) {
        add_message(record, "a plugin refused", text);
        return STW_OUTCOME_REFUSED;
    }
    if (verdict == STW_VERDICT_OUT_OF_MEMORY) {
        add_message(record, "memory ran out", text);
        return STW_OUTCOME_OUT_OF_MEMORY;
    }
    if (verdict == STW_VERDICT_INVALID) {
        add_message(record, "an invariant does not hold", text);
        return STW_OUTCOME_INVALID;
    }
    if (status == STW_EXIT_NO_RECORD && record->state == STW_RECORD_EMPTY) {
        stw_text_add(text, "no memory to map the trial's record");
        return STW_OUTCOME_OUT_OF_MEMORY;
    }
    int done = is_done(record);
    if (done && status == 0)
        return STW_OUTCOME_OK;
    stw_text_add(text, done ? "exited with status %d" : "exited with status %d without a result",
                 status);
    return STW_OUTCOME_CRASHED;
}

/* What the system cannot tell, the worker may have told; it cannot be more than the floor. */
static uint64_t rss_peak_bytes(const struct stw_process_end *end, const struct stw_record *record)
{
    if (end->rss_peak_bytes || !record)
        return end->rss_peak_bytes;
    uint64_t told = record->rss_peak_bytes;
    return told <= end->rss_floor_bytes ? told : 0;
}

void stw_outcome_classify(const struct stw_process *process, const struct stw_process_end *end,
                          const struct stw_record *record, int timed_out,
                          struct stw_outcome *outcome)
{
    struct stw_text text = {0};
    const char *problem = record ? stw_record_problem(record) : "it cannot be read";
    int done = !problem && is_done(record);
    if (process->warden.forbidden.is_set) {
        outcome->kind = of_forbidden(&process->warden.forbidden, record, &text);
    } else if (process->whole_bytes) {
        stw_text_add(&text, "it held %" PRIu64 " MiB, shared mappings and children included; "
                     "`memory` is %" PRIu64, process->whole_bytes >> 20,
                     process->memory_bytes >> 20);
        outcome->kind = STW_OUTCOME_OUT_OF_MEMORY;
    } else if (timed_out && (end->signal == SIGKILL || end->signal == STW_ASK_SIGNAL)) {
        stw_text_add(&text, "its time was up");
        if (record && !done)
            stw_whereabouts_of_late(record, &text);
        outcome->kind = STW_OUTCOME_TIMED_OUT;
    } else if (end->signal == SIGKILL) {
        outcome->kind = of_kill(process, end, &text);
    } else if (end->signal) {
        outcome->kind = of_signal(end->signal, record, &text);
    } else {
        outcome->kind = of_exit(end->exit_status, record, problem, &text);
    }
    if (outcome->kind == STW_OUTCOME_OK)
        outcome->checksum = record->is_expected ? STW_CHECKSUM_EXPECTED : STW_CHECKSUM_COMPARED;
    outcome->signal = outcome->kind == STW_OUTCOME_CRASHED ? end->signal : 0;
    if (outcome->kind != STW_OUTCOME_OK && outcome->kind != STW_OUTCOME_REFUSED) {
        if (done) /* what it called before did return */
            stw_text_add(&text, ", after its result");
        else
            add_calls(record, &text);
        add_output(process, &text);
    }
    stw_outcome_tell(outcome, stw_text_get(&text));
    stw_text_free(&text);
    /* The same for every runtime: what the system says of the process that did the work. */
    int is_program = !problem && record->program_rss_peak_bytes;
    outcome->cpu_ns = is_program ? record->program_cpu_ns : end->cpu_ns;
    outcome->rss_peak_bytes =
        is_program ? record->program_rss_peak_bytes : rss_peak_bytes(end, record);
}

void stw_outcome_tell(struct stw_outcome *outcome, const char *text)
{
    int length = (int)stw_utf8_whole(text, sizeof outcome->detail - 1);
    snprintf(outcome->detail, sizeof outcome->detail, "%.*s", length, text);
}

void stw_outcome_note(struct stw_outcome *outcome, const char *format, ...)
{
    size_t length = strlen(outcome->note), room = sizeof outcome->note - length;
    va_list values;
    if (length > 0 && room > 2) {
        memcpy(outcome->note + length, "; ", 3);
        room -= 2;
        length += 2;
    }
    va_start(values, format);
    vsnprintf(outcome->note + length, room, format, values);
    va_end(values);
}

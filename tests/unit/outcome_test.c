/* unit/outcome_test.c: what becomes of a trial is typed right, whatever a worker leaves behind.
 * Method: records and process ends made by hand, one fact changed at a time; every way to damage a
 * record must be noticed, and the undamaged one must pass. */
#include "trial/outcome.h"

#include "prim/process.h"
#include "trial/record.h"
#include "trial/trace.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAUSES 4u

static struct stw_record *record_new(void)
{
    struct stw_record *record =
        calloc(1, sizeof(struct stw_record) + PAUSES * sizeof(struct stw_pause));
    cr_assert(record);
    record->magic = STW_RECORD_MAGIC;
    record->bytes = STW_RECORD_BYTES;
    record->pause_capacity = STW_RECORD_PAUSES;
    record->state = STW_RECORD_DONE;
    record->verdict = STW_VERDICT_OK;
    record->pause_count = 2;
    stw_record_pauses(record)[0].complete = 1;
    strcpy(stw_record_pauses(record)[0].last_site, "merge");
    strcpy(record->counters[0].name, "gc.cycles");
    record->worst_ns[0] = UINT64_MAX;
    record->worst_ns[1] = stw_record_windows_ns[1];
    record->hiccups[0].late_ns = 3000000;
    stw_histogram_record(&record->op_ns, 1000);
    stw_histogram_record(&record->op_ns, 70000);
    return record;
}

static struct stw_outcome judge(const struct stw_record *record, int32_t signal_number,
                                int32_t exit_status, int timed_out)
{
    static struct stw_process process;
    const struct stw_process_end end = {.signal = signal_number, .exit_status = exit_status};
    struct stw_outcome outcome = {.kind = STW_OUTCOMES};
    stw_outcome_classify(&process, &end, record, timed_out, &outcome);
    return outcome;
}

Test(outcome, ok_needs_final_record_verdict_and_status_0)
{
    struct stw_record *record = record_new();
    cr_assert_eq(judge(record, 0, 0, 0).kind, STW_OUTCOME_OK);
    struct stw_outcome outcome = judge(record, 0, 1, 0);
    cr_assert_eq(outcome.kind, STW_OUTCOME_CRASHED);
    cr_assert_str_eq(outcome.detail, "exited with status 1, after its result");
    record->state = STW_RECORD_RUNNING;
    outcome = judge(record, 0, 0, 0);
    cr_assert_eq(outcome.kind, STW_OUTCOME_CRASHED);
    cr_assert_str_eq(outcome.detail, "exited with status 0 without a result");
    cr_assert_eq(outcome.signal, 0);
    free(record);
}

Test(outcome, a_worker_that_gives_up_says_why)
{
    static const uint32_t expected[][2] = {
        {STW_VERDICT_REFUSED, STW_OUTCOME_REFUSED},
        {STW_VERDICT_OUT_OF_MEMORY, STW_OUTCOME_OUT_OF_MEMORY},
        {STW_VERDICT_INVALID, STW_OUTCOME_INVALID},
    };
    struct stw_record *record = record_new();
    record->state = STW_RECORD_STARTED;
    strcpy(record->field, "chunk");
    strcpy(record->message, "must not be 0\nreally");
    for (size_t i = 0; i < 3; i++) {
        record->verdict = expected[i][0];
        struct stw_outcome outcome = judge(record, 0, 0, 0);
        cr_assert_eq(outcome.kind, expected[i][1]);
        cr_assert_str_eq(outcome.detail, "chunk: must not be 0 really");
    }
    free(record);
}

static const char *refusal(struct stw_record *record, const char *message)
{
    static struct stw_outcome outcome;
    snprintf(record->message, sizeof record->message, "%s", message);
    record->verdict = STW_VERDICT_REFUSED;
    outcome = judge(record, 0, 0, 0);
    return outcome.detail;
}

Test(outcome, texts_keep_their_letters_and_show_what_is_hidden)
{
    struct stw_record *record = record_new();
    cr_assert_str_eq(refusal(record, "Schl\xc3\xbcssel \xe6\xbc\xa2"),
                     "Schl\xc3\xbcssel \xe6\xbc\xa2");
    cr_assert_str_eq(refusal(record, "\xe2\x80\xae" "b\xe2\x81\xa6" "c\xe2\x80\x8b" "d\xc2\x85g"),
                     "<U+202E>b<U+2066>c<U+200B>d g");
    cr_assert_str_eq(refusal(record, "a\xff" "b"), "a\xef\xbf\xbd" "b");
    cr_assert_str_eq(refusal(record, "cut \xe6\xbc"), "cut");
    free(record);
}

/* At whatever byte the detail or the output is cut. */
Test(outcome, texts_are_cut_between_letters)
{
    struct stw_record *record = record_new();
    struct stw_process process = {.tail_bytes = STW_PROCESS_TAIL_BYTES};
    record->state = STW_RECORD_RUNNING;
    for (size_t shift = 0; shift < 3; shift++) {
        for (size_t i = 0; i < sizeof process.tail; i++)
            process.tail[i] = "\xe6\xbc\xa2"[(i + shift) % 3];
        const struct stw_process_end end = {.signal = SIGBUS};
        struct stw_outcome outcome = {0};
        stw_outcome_classify(&process, &end, record, 0, &outcome);
        const char *at = outcome.detail;
        cr_assert_eq(strncmp(at, "SIGBUS; it printed: ", 20), 0, "%s", at);
        cr_assert_gt(strlen(at), 300);
        for (at += 20; *at; at += 3)
            cr_assert_eq(strncmp(at, "\xe6\xbc\xa2", 3), 0, "shift %zu: %s", shift, at);
    }
    free(record);
}

Test(outcome, details_are_cut_between_letters)
{
    for (size_t shift = 0; shift < 3; shift++) {
        struct stw_outcome outcome = {0};
        char text[2 * sizeof outcome.detail] = "";
        memset(text, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "\xe6\xbc\xa2", 3);
        stw_outcome_tell(&outcome, text);
        size_t length = strlen(outcome.detail);
        cr_assert_gt(length, sizeof outcome.detail - 4);
        cr_assert_eq((length - shift) % 3, 0, "shift %zu", shift);
    }
}

Test(outcome, a_signal_outranks_the_record)
{
    struct stw_record *record = record_new();
    record->crash_signal = SIGSEGV;
    record->state = STW_RECORD_RUNNING;
    struct stw_outcome outcome = judge(record, SIGSEGV, 0, 0);
    cr_assert_eq(outcome.kind, STW_OUTCOME_CRASHED);
    cr_assert_eq(outcome.signal, SIGSEGV);
    cr_assert_str_eq(outcome.detail, "SIGSEGV at 0x0");
    outcome = judge(record, SIGABRT, 0, 0);
    cr_assert_str_eq(outcome.detail, "SIGABRT");
    record->crash_at_limit = 1;
    outcome = judge(record, SIGSEGV, 0, 0);
    cr_assert_eq(outcome.kind, STW_OUTCOME_OUT_OF_MEMORY);
    cr_assert_eq(outcome.signal, 0);
    free(record);
}

/* trial.T1, in this and the next. */
Test(outcome, sigkill_is_ours_at_a_timeout_and_else_of_nobody_knows_whom)
{
    struct stw_record *record = record_new();
    record->state = STW_RECORD_RUNNING;
    cr_assert_eq(judge(record, SIGKILL, 0, 1).kind, STW_OUTCOME_TIMED_OUT);
    struct stw_outcome outcome = judge(record, SIGKILL, 0, 0);
    cr_assert_eq(outcome.kind, STW_OUTCOME_CRASHED);
    cr_assert_eq(outcome.signal, SIGKILL);
    cr_assert_str_eq(outcome.detail, "SIGKILL, not sent by the lab");
    free(record);
}

Test(outcome, sigkill_is_for_memory_only_with_a_sign_of_it)
{
    static const struct {
        uint64_t oom_kills, limit, peak;
        uint32_t kind;
        const char *told;
    } rows[] = {
        {1, 0, 0, STW_OUTCOME_OUT_OF_MEMORY, "; the system killed for memory meanwhile"},
        {0, 0, 5000, STW_OUTCOME_CRASHED, ""},
        {0, 1000 << 20, 899 << 20, STW_OUTCOME_CRASHED, ""},
        {0, 1000 << 20, 900 << 20, STW_OUTCOME_OUT_OF_MEMORY,
         "; it used 900 MiB of the 1000 MiB that it may"},
        {0, UINT64_MAX, 900, STW_OUTCOME_CRASHED, ""}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct stw_process process = {.memory_bytes = rows[i].limit};
        const struct stw_process_end end = {.signal = SIGKILL, .oom_kills = rows[i].oom_kills,
                                            .rss_peak_bytes = rows[i].peak};
        struct stw_outcome outcome = {0};
        stw_outcome_classify(&process, &end, NULL, 0, &outcome);
        cr_assert_eq(outcome.kind, rows[i].kind, "row %zu: %s", i, outcome.detail);
        cr_assert_str_eq(outcome.detail + strlen("SIGKILL, not sent by the lab"), rows[i].told);
    }
}

/* trial.T1: where a process that has its numbers hangs or dies, its last calls say nothing: they
 * did return. */
Test(outcome, what_happens_after_the_result_is_told_as_that)
{
    struct stw_record *record = record_new();
    record->traces[0].calls[0] = STW_CALL_DESTROY;
    cr_assert_str_eq(judge(record, SIGKILL, 0, 1).detail, "its time was up, after its result");
    cr_assert_str_eq(judge(record, SIGSEGV, 0, 0).detail, "SIGSEGV, after its result");
    cr_assert_str_eq(judge(record, SIGKILL, 0, 0).detail,
                     "SIGKILL, not sent by the lab, after its result");
    cr_assert_str_eq(judge(record, 0, 1, 0).detail, "exited with status 1, after its result");
    record->state = STW_RECORD_RUNNING;
    cr_assert_str_eq(judge(record, SIGKILL, 0, 1).detail,
                     "its time was up; last calls: plugin 0.destroy");
    free(record);
}

/* The system's report is for processes larger than the coordinator; others tell it themselves. */
Test(outcome, peak_memory_is_the_systems_or_the_workers_or_unknown)
{
    static const struct {
        uint64_t peak, told, expected;
    } rows[] = {{900, 700, 900}, {0, 300, 300}, {0, 500, 500}, {0, 501, 0}, {0, 0, 0}};
    struct stw_record *record = record_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct stw_process process = {0};
        const struct stw_process_end end = {.rss_peak_bytes = rows[i].peak, .rss_floor_bytes = 500};
        struct stw_outcome outcome = {0};
        record->rss_peak_bytes = rows[i].told;
        stw_outcome_classify(&process, &end, record, 0, &outcome);
        cr_assert_eq(outcome.rss_peak_bytes, rows[i].expected, "row %zu", i);
    }
    free(record);
}

Test(outcome, a_result_that_came_just_in_time_counts)
{
    struct stw_record *record = record_new();
    cr_assert_eq(judge(record, 0, 0, 1).kind, STW_OUTCOME_OK);
    free(record);
}

Test(outcome, an_unreadable_record_is_no_result)
{
    cr_assert_eq(judge(NULL, 0, 0, 0).kind, STW_OUTCOME_INVALID);
    cr_assert_eq(judge(NULL, SIGSEGV, 0, 0).kind, STW_OUTCOME_CRASHED);
    cr_assert_eq(judge(NULL, SIGKILL, 0, 1).kind, STW_OUTCOME_TIMED_OUT);
}

Test(outcome, last_calls_and_output_are_told)
{
    struct stw_record *record = record_new();
    struct stw_process process = {.tail_bytes = 16};
    memcpy(process.tail, "\x1b[31mbad\n\n\tthing", 16);
    record->state = STW_RECORD_RUNNING;
    strcpy(record->plugin_names[3], "strategy/crash");
    record->traces[0].calls[0] = 3u << 16 | STW_CALL_STRATEGY_MERGE;
    const struct stw_process_end end = {.signal = SIGBUS};
    struct stw_outcome outcome = {0};
    stw_outcome_classify(&process, &end, record, 0, &outcome);
    cr_assert_str_eq(outcome.detail, "SIGBUS; last calls: strategy/crash.merge; it printed: "
                                     "[31mbad thing");
    free(record);
}

Test(outcome, a_call_that_was_made_several_times_in_a_row_is_told_once)
{
    static const uint32_t calls[] = {1u << 16 | STW_CALL_ALLOCATOR_LARGE,
                                     3u << 16 | STW_CALL_STRATEGY_MERGE,
                                     1u << 16 | STW_CALL_ALLOCATOR_REFILL};
    struct stw_record *record = record_new();
    record->state = STW_RECORD_RUNNING;
    strcpy(record->plugin_names[1], "allocator/go");
    strcpy(record->plugin_names[3], "strategy/crash");
    for (uint32_t i = 0; i < 6; i++) /* wraps around */
        record->traces[0].calls[(STW_TRACE_CALLS - 2 + i) % STW_TRACE_CALLS] =
            calls[i < 2 ? i : 2];
    cr_assert_str_eq(judge(record, SIGTERM, 0, 0).detail,
                     "SIGTERM; last calls: allocator/go.refill x 4 < strategy/crash.merge < "
                     "allocator/go.large");
    for (uint32_t i = 0; i < STW_TRACE_CALLS - 1; i++)
        record->traces[0].calls[i] = calls[2];
    record->traces[0].calls[STW_TRACE_CALLS - 1] = 0;
    cr_assert_str_eq(judge(record, SIGTERM, 0, 0).detail,
                     "SIGTERM; last calls: allocator/go.refill x 31");
    free(record);
}

/* trial.WH1: what was told is trusted in nothing. */

static struct stw_record_where where(uint32_t mutator, const char *object, const char *site)
{
    struct stw_record_where told = {.is_told = 1, .mutator = mutator, .place.offset = 0x1139};
    strcpy(told.place.object, object);
    strcpy(told.site, site);
    return told;
}

Test(outcome, a_crash_tells_where_the_code_was)
{
    struct stw_record *record = record_new();
    record->state = STW_RECORD_RUNNING;
    record->crash_signal = SIGSEGV;
    record->crash_address = 16;
    record->crash_where = where(2, "/no/such/mine.so", "merge");
    cr_assert_str_eq(judge(record, SIGSEGV, 0, 0).detail,
                     "SIGSEGV at 0x10 in mine.so+0x1139, at site \"merge\" of mutator 1");
    record->crash_where.world = (struct stw_gc_hold){.is_stopped = 1, .for_ns = 7000000};
    cr_assert_str_eq(judge(record, SIGSEGV, 0, 0).detail,
                     "SIGSEGV at 0x10 in mine.so+0x1139, at site \"merge\" of mutator 1; "
                     "the world had been stopped for 7 ms");
    record->crash_where = where(0, "", "");
    cr_assert_str_eq(judge(record, SIGSEGV, 0, 0).detail,
                     "SIGSEGV at 0x10 in no code, at 0x1139");
    memset(&record->crash_where, 0xff, sizeof record->crash_where);
    cr_assert_str_eq(judge(record, SIGSEGV, 0, 0).detail, "SIGSEGV at 0x10");
    record->crash_where.is_told = 1;
    cr_assert(strncmp(judge(record, SIGSEGV, 0, 0).detail, "SIGSEGV at 0x10 in ", 19) == 0);
    free(record);
}

Test(outcome, a_timeout_tells_who_held_the_world)
{
    struct stw_record *record = record_new();
    record->state = STW_RECORD_RUNNING;
    record->wheres[0] = where(0, "/lib/libc.so", "");
    cr_assert_str_eq(judge(record, SIGKILL, 0, 1).detail,
                     "its time was up; the main thread was in libc.so+0x1139");
    record->wheres[1] = where(1, "/no/a.so", "");
    record->wheres[2] = where(2, "/no/b.so", "spin");
    cr_assert_str_eq(judge(record, SIGKILL, 0, 1).detail,
                     "its time was up; mutator 0 was in a.so+0x1139; mutator 1 was in b.so+0x1139,"
                     " at site \"spin\"");
    record->wheres[0].world =
        (struct stw_gc_hold){.is_stopping = 1, .mutator = 2, .for_ns = 2900000000};
    cr_assert_str_eq(judge(record, SIGKILL, 0, 1).detail,
                     "its time was up; a stop had waited for mutator 1 for 2900 ms; mutator 1 was "
                     "in b.so+0x1139, at site \"spin\"");
    record->wheres[0].world.mutator = UINT32_MAX; /* scribbled */
    cr_assert(strncmp(judge(record, SIGKILL, 0, 1).detail, "its time was up; mutator 0", 26) == 0);
    cr_assert_eq(judge(record, SIGQUIT, 0, 1).kind, STW_OUTCOME_TIMED_OUT);
    cr_assert_eq(judge(record, SIGQUIT, 0, 0).kind, STW_OUTCOME_CRASHED);
    free(record);
}

Test(outcome, the_summary_of_a_sanitizer_is_quoted)
{
    static const char summary[] = "SUMMARY: AddressSanitizer: heap-buffer-overflow map.c:7 in find";
    struct stw_process process = {.tail_bytes = STW_PROCESS_TAIL_BYTES};
    memset(process.tail, 'x', sizeof process.tail);
    memcpy(process.tail + 1000, summary, sizeof summary - 1);
    struct stw_record *record = record_new();
    const struct stw_process_end end = {.exit_status = 66};
    struct stw_outcome outcome = {0};
    stw_outcome_classify(&process, &end, record, 0, &outcome);
    cr_assert_eq(outcome.kind, STW_OUTCOME_CRASHED);
    cr_assert_not_null(strstr(outcome.detail, summary), "%s", outcome.detail);
    free(record);
}

Test(outcome, long_output_keeps_the_detail_terminated)
{
    struct stw_record *record = record_new();
    struct stw_process process = {.tail_bytes = STW_PROCESS_TAIL_BYTES};
    memset(process.tail, 'x', sizeof process.tail);
    memset(record->plugin_names, 'y', sizeof record->plugin_names);
    for (uint32_t i = 0; i < STW_RECORD_MUTATORS; i++)
        for (uint32_t j = 1; j < STW_TRACE_CALLS; j++)
            record->traces[i].calls[j] = 5u << 16 | STW_CALL_MAP_MERGE;
    const struct stw_process_end end = {.exit_status = 3};
    struct stw_outcome outcome = {0};
    stw_outcome_classify(&process, &end, record, 0, &outcome);
    cr_assert_lt(strlen(outcome.detail), sizeof outcome.detail);
    free(record);
}

Test(outcome, what_was_used_is_of_the_process_that_did_the_work)
{
    static struct stw_process process;
    const struct stw_process_end end = {.cpu_ns = 70, .rss_peak_bytes = 4096};
    struct stw_record *record = record_new();
    struct stw_outcome outcome = {0};
    stw_outcome_classify(&process, &end, record, 0, &outcome);
    cr_expect_eq(outcome.cpu_ns, 70);
    cr_expect_eq(outcome.rss_peak_bytes, 4096);
    record->program_cpu_ns = 50;
    record->program_rss_peak_bytes = 2048;
    stw_outcome_classify(&process, &end, record, 0, &outcome);
    cr_expect_eq(outcome.cpu_ns, 50);
    cr_expect_eq(outcome.rss_peak_bytes, 2048);
    record->magic = 0;
    stw_outcome_classify(&process, &end, record, 0, &outcome);
    cr_expect_eq(outcome.cpu_ns, 70, "a damaged record gives no numbers");
    free(record);
}

/* Every damage that a plugin can do to the record. */

static void no_magic(struct stw_record *r) { r->magic = 1; }
static void state(struct stw_record *r) { r->state = STW_RECORD_DONE + 1; }
static void verdict(struct stw_record *r) { r->verdict = 99; }
static void message(struct stw_record *r) { memset(r->message, 'm', sizeof r->message); }
static void field(struct stw_record *r) { memset(r->field, 'f', sizeof r->field); }
static void operations(struct stw_record *r) { r->operations = UINT64_MAX; }
static void counter_end(struct stw_record *r)
{
    memset(r->counters[1].name, 'c', sizeof r->counters[1].name);
}
static void counter_text(struct stw_record *r) { strcpy(r->counters[1].name, "a\nb"); }
static void counter_twice(struct stw_record *r) { strcpy(r->counters[9].name, "gc.cycles"); }
static void counter_value(struct stw_record *r) { r->counters[0].value = UINT64_MAX; }
static void pause_count(struct stw_record *r) { r->pause_count = STW_RECORD_PAUSES + 1ull; }
static void cycle_count(struct stw_record *r) { r->cycle_count = STW_RECORD_PAUSES + 1ull; }
static void pauses_lost(struct stw_record *r) { r->pauses_lost = UINT64_MAX; }
static void pause_kind(struct stw_record *r) { stw_record_pauses(r)->kind = 77; }
static void pause_phase(struct stw_record *r) { stw_record_pauses(r)->told_phase = 3; }
static void pause_untold(struct stw_record *r) { stw_record_pauses(r)->untold = 4; }
static void pause_forced(struct stw_record *r) { stw_record_pauses(r)->is_forced = 2; }
static void pause_site(struct stw_record *r) { memset(stw_record_pauses(r)->last_site, 's', 32); }
static void pause_time(struct stw_record *r) { stw_record_pauses(r)->working_ns = UINT64_MAX; }
static void pause_step(struct stw_record *r) { stw_record_pauses(r)->step_ns[2] = 1ull << 60; }
static void pause_sum(struct stw_record *r)
{
    for (uint32_t i = 0; i < 2; i++)
        stw_record_pauses(r)[i] = (struct stw_pause){.complete = 1, .working_ns = 3ull << 48};
}
static void span(struct stw_record *r) { r->last_op_ns = UINT64_MAX; }
static void class_name(struct stw_record *r) { strcpy(r->op_classes[1], "a\nb"); }
static void class_twice(struct stw_record *r)
{
    strcpy(r->op_classes[2], "read");
    strcpy(r->op_classes[3], "read");
    stw_histogram_record(&r->op_times_ns[STW_OP_CLASS(2)], 1000);
    stw_histogram_record(&r->op_times_ns[STW_OP_CLASS(3)], 1000);
}
static void class_nameless(struct stw_record *r)
{
    stw_histogram_record(&r->op_times_ns[STW_OP_CLASS_INTENDED(3)], 1000);
}
static void pause_work(struct stw_record *r) { stw_record_pauses(r)->scan_bytes = 1ull << 63; }
static void window(struct stw_record *r) { r->worst_ns[2] = stw_record_windows_ns[2] + 1; }
static void hiccup_time(struct stw_record *r) { r->hiccups[7].at_ns = UINT64_MAX; }
static void program_cpu(struct stw_record *r) { r->program_cpu_ns = 1ull << 60; }
static void program_rss(struct stw_record *r) { r->program_rss_peak_bytes = 1ull << 63; }
static void hiccup_length(struct stw_record *r) { r->hiccups[0].late_ns = 1ull << 60; }
static void bins_many(struct stw_record *r) { r->op_bins.count = STW_BINS + 1; }
static void bins_wide(struct stw_record *r) { r->stop_bins.log_width = 64; }
static void bins_late(struct stw_record *r) { r->op_bins.first = UINT64_MAX; }
static void bin_sum(struct stw_record *r)
{
    r->op_bins.count = 2;
    r->op_bins.bins[1].sum_ns = 1ull << 60;
}
static void late_cpu(struct stw_record *r) { stw_record_pauses(r)->late_cpu_ns = 1ull << 60; }
static void histogram_count(struct stw_record *r) { r->op_ns.count++; }
static void histogram_bucket(struct stw_record *r) { r->op_ns.buckets[0] = UINT64_MAX; }
static void histogram_max(struct stw_record *r) { r->op_ns.max = 7; }
static void histogram_far(struct stw_record *r) { r->op_ns.max = 1ull << 60; }
static void histogram_sum(struct stw_record *r) { r->op_ns.sum = UINT64_MAX; }

Test(outcome, every_damage_to_a_record_is_noticed)
{
    static void (*const damages[])(struct stw_record *) = {
        no_magic, state, verdict, message, field, operations, counter_end, counter_text,
        counter_twice, counter_value, pause_count, cycle_count, pauses_lost, pause_kind,
        pause_phase, pause_site, pause_untold, pause_forced,
        pause_time, pause_step, pause_work, histogram_count, histogram_bucket, histogram_max,
        histogram_far, histogram_sum, window, hiccup_time, hiccup_length,
        bins_many, bins_wide, bins_late, bin_sum, late_cpu,
        program_cpu, program_rss, pause_sum, span, class_name, class_twice, class_nameless};
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        struct stw_record *record = record_new();
        cr_assert_null(stw_record_problem(record));
        damages[i](record);
        cr_assert_not_null(stw_record_problem(record), "damage %zu was not noticed", i);
        struct stw_outcome outcome = judge(record, 0, 0, 0);
        cr_assert_eq(outcome.kind, STW_OUTCOME_INVALID, "damage %zu", i);
        free(record);
    }
}

Test(outcome, classes_of_operations_without_times_may_lack_names)
{
    struct stw_record *record = record_new();
    strcpy(record->op_classes[0], "read");
    strcpy(record->op_classes[1], "write");
    stw_histogram_record(&record->op_times_ns[STW_OP_CLASS(0)], 1000);
    stw_histogram_record(&record->op_times_ns[STW_OP_CLASS_INTENDED(1)], 1000);
    stw_histogram_record(&record->op_times_ns[STW_OP_INTENDED], 1000);
    record->first_op_ns = UINT64_MAX; /* and no last: the trial did not come so far */
    cr_assert_null(stw_record_problem(record), "%s", stw_record_problem(record));
    free(record);
}

Test(outcome, an_incomplete_pause_may_hold_anything)
{
    struct stw_record *record = record_new();
    memset(&stw_record_pauses(record)[1], 0xff, sizeof(struct stw_pause));
    cr_assert_null(stw_record_problem(record));
    free(record);
}

Test(outcome, the_checksum_of_an_ok_trial_alone_counts)
{
    struct stw_record *record = record_new();
    cr_assert_eq(judge(record, 0, 0, 0).checksum, STW_CHECKSUM_COMPARED);
    record->is_expected = 1;
    cr_assert_eq(judge(record, 0, 0, 0).checksum, STW_CHECKSUM_EXPECTED);
    cr_assert_eq(judge(record, 0, 1, 0).checksum, STW_CHECKSUM_NONE);
    cr_assert_eq(judge(record, SIGSEGV, 0, 0).checksum, STW_CHECKSUM_NONE);
    record->verdict = STW_VERDICT_INVALID;
    cr_assert_eq(judge(record, 0, 0, 0).checksum, STW_CHECKSUM_NONE);
    free(record);
}

/* The flight recorder. */

static const char *described(const struct stw_record *record)
{
    static struct stw_text text;
    stw_text_free(&text);
    stw_trace_describe(record, &text);
    return stw_text_get(&text);
}

Test(trace, tells_the_newest_calls_first)
{
    static const char expected[] =
        "strategy/pool.merge < workload/map-merge.operate < workload/map-merge.setup";
    struct stw_record *record = record_new();
    struct stw_mutator *m = calloc(1, sizeof *m);
    m->trace = record->traces[0].calls;
    strcpy(record->plugin_names[1], "workload/map-merge");
    strcpy(record->plugin_names[2], "strategy/pool");
    cr_assert_str_empty(described(record));
    stw_trace(m, 1, STW_CALL_WORKLOAD_OPERATE);
    cr_assert_str_eq(described(record), "workload/map-merge.operate");
    for (int i = 0; i < 1000; i++) { /* at every position of the ring */
        stw_trace(m, 1, STW_CALL_WORKLOAD_SETUP);
        stw_trace(m, 1, STW_CALL_WORKLOAD_OPERATE);
        stw_trace(m, 2, STW_CALL_STRATEGY_MERGE);
        cr_assert_eq(strncmp(described(record), expected, strlen(expected)), 0, "at %d", i);
    }
    free(m);
    free(record);
}

Test(trace, tells_mutators_apart)
{
    struct stw_record *record = record_new();
    strcpy(record->plugin_names[1], "map/swiss");
    record->traces[0].calls[0] = 1u << 16 | STW_CALL_MAP_MAKE;
    record->traces[7].calls[31] = 1u << 16 | STW_CALL_MAP_CLEAR;
    cr_assert_str_eq(described(record), "map/swiss.make; mutator 7: map/swiss.clear");
    free(record);
}

Test(trace, survives_scribbling)
{
    struct stw_record *record = record_new();
    memset(record->traces, 0xff, sizeof record->traces);
    cr_assert_str_empty(described(record));
    record->traces[255].calls[4] = 0;
    cr_assert_str_eq(described(record), "mutator 255: plugin 65535.? x 31");
    free(record);
}

Test(trace, every_call_has_a_name)
{
    for (uint32_t i = 1; i < STW_CALLS; i++)
        cr_assert_str_neq(stw_call_name(i), "?");
    cr_assert_str_eq(stw_call_name(STW_CALLS), "?");
}

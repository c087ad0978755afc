/* trial/peer_trial.c: runs a peer program and reads its record.
 *
 * The program is a child of the worker, and so under its limits. The processor time and the peak
 * memory that the system reports for the worker contain the child's; the child's own are what the
 * trial is recorded with. What the program prints is
 * described in experiments/peers/go/record.go. A line that is no part of the record is a message:
 * the first of them is why the program failed, if it did.
 *
 * A peer says of a stop in which phase of the trial it was, and not when it began: start_ns is 0.
 * It may not know the parts of a stop either, and none knows how long restarting took: that is not
 * stored as 0. */
#include "trial/peer_trial.h"

#include "base/check.h"
#include "base/error.h"
#include "base/text.h"
#include "host/chain.h"
#include "host/manifest.h"
#include "plan/identity.h"
#include "plan/policy.h"
#include "plan/settings.h"
#include "prim/process.h"
#include "prim/program.h"
#include "prim/sandbox.h"
#include "prim/thread.h"
#include "prim/warden.h"
#include "trial/phase.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 512
#define UNTOLD UINT64_MAX
#define ARGUMENTS_MAX (5u + (STW_CHAIN_MAX + 1u) * STW_PARAMS)

struct peer_trial {
    struct stw_record *record;
    const struct stw_registry *registry;
    struct stw_settings settings;
    char *arguments[ARGUMENTS_MAX + 1];
    uint32_t argument_count;
    uint32_t mutators;
    struct stw_cycle cycle; /* what is known of the next one */
    char message[LINE_BYTES]; /* the first line that is no part of the record */
    char undeclared[STW_RECORD_NAME_BYTES]; /* the first counter that its description lacks */
    char broken[64]; /* the setting that the program did not run with; why is in `message` */
    char garbled[64]; /* the first line that tells a stop otherwise than TOTAL STOPPING PHASE */
    int is_done;
};

static const struct stw_cycle unknown_cycle = {STW_BYTES_UNKNOWN, STW_BYTES_UNKNOWN,
                                               STW_BYTES_UNKNOWN, STW_BYTES_UNKNOWN};

/* Parameters. */

static void add_argument(struct peer_trial *trial, const char *key, const char *value)
{
    struct stw_text argument = {0};
    STW_REQUIRE(trial->argument_count < ARGUMENTS_MAX);
    stw_text_add(&argument, "%s=%s", key, value);
    trial->arguments[trial->argument_count++] = argument.bytes;
}

/* Every parameter of a plugin, in the one spelling of its value. */
static stw_status add_params(struct peer_trial *trial, uint32_t kind, const char *id,
                             struct stw_error *error)
{
    char prefix[STW_WORD_BYTES + STW_ID_BYTES + 2] = "", key[2 * sizeof prefix], number[64];
    const struct stw_plugin_info *info = stw_registry_find(trial->registry, kind, id);
    struct stw_config config;
    if (!info)
        return stw_error_set(error, STW_E_REFUSED, stw_kind_name(kind), "no %s is called '%s'",
                             stw_kind_name(kind), id);
    if (kind != STW_KIND_WORKLOAD)
        snprintf(prefix, sizeof prefix, "%s.%s.", stw_kind_name(kind), id);
    STW_TRY(stw_settings_config(&trial->settings, info, prefix, &config, error));
    for (uint32_t i = 0; i < info->param_count; i++) {
        snprintf(key, sizeof key, "%s%s", prefix, info->params[i].name);
        const char *value = number;
        if (info->params[i].type == STW_TYPE_TEXT)
            value = config.values[i].as_text;
        else if (info->params[i].type == STW_TYPE_U64)
            snprintf(number, sizeof number, "%" PRIu64, config.values[i].as_u64);
        else
            stw_param_format(&info->params[i], &config.values[i], number, sizeof number);
        add_argument(trial, key, value);
    }
    stw_config_free(&config);
    return STW_OK;
}

static stw_status add_strategies(struct peer_trial *trial, struct stw_error *error)
{
    const char *chain = stw_settings_runtime(&trial->settings, "strategy").as_text;
    char *copy = stw_strdup(chain), *rest = copy, *link;
    stw_status status = STW_OK;
    add_argument(trial, "strategy", chain);
    while (status == STW_OK && (link = strsep(&rest, "+ ")))
        if (*link)
            status = add_params(trial, STW_KIND_STRATEGY, link, error);
    free(copy);
    return status;
}

static stw_status make_arguments(struct peer_trial *trial, struct stw_error *error)
{
    char number[32];
    const char *workload = stw_settings_get(&trial->settings, "workload");
    const char *seed = stw_settings_get(&trial->settings, "seed");
    trial->arguments[trial->argument_count++] =
        stw_strdup(stw_settings_get(&trial->settings, STW_PEER_SETTING));
    trial->arguments[trial->argument_count++] = stw_strdup(workload ? workload : "");
    snprintf(number, sizeof number, "%u", trial->mutators);
    add_argument(trial, "mutators", number);
    add_argument(trial, "seed", seed ? seed : "1");
    STW_TRY(add_strategies(trial, error));
    return add_params(trial, STW_KIND_WORKLOAD, workload ? workload : "", error);
}

/* What programs are told by the environment: Go's three variables, bdwgc's number of markers. */
static stw_status start(struct peer_trial *trial, struct stw_program *program,
                        struct stw_error *error)
{
    char percent[32], processors[32], markers[32], limit[48];
    const struct stw_settings *settings = &trial->settings;
    uint64_t asked = stw_settings_runtime(settings, "gc.processors").as_u64;
    uint64_t count = asked ? asked : stw_processor_count();
    uint64_t limit_bytes = stw_settings_runtime(settings, "gc.limit").as_u64;
    snprintf(percent, sizeof percent, "GOGC=%s", stw_settings_runtime(settings, "gogc").as_text);
    snprintf(processors, sizeof processors, "GOMAXPROCS=%" PRIu64, count);
    snprintf(markers, sizeof markers, "GC_MARKERS=%" PRIu64, count);
    snprintf(limit, sizeof limit, limit_bytes ? "GOMEMLIMIT=%" PRIu64 : "GOMEMLIMIT=off",
             limit_bytes);
    const char *debug = stw_settings_runtime(settings, "gc.trace").as_u64
                            ? "GODEBUG=gctrace=1,gcpacertrace=1" : "GODEBUG=";
    const char *const environment[] = {percent, processors, limit, markers, debug, NULL};
    const char *permitted = stw_settings_get(settings, STW_SANDBOX_SETTING);
    const struct stw_sandbox sandbox = {
        .permitted = permitted ? (uint32_t)strtoul(permitted, NULL, 10) : 0,
        .control = STW_WARDEN_CONTROL,
        .program = trial->arguments[0],
    };
    stw_program_confine(permitted ? &sandbox : NULL);
    stw_status status = stw_program_start(trial->arguments, environment, NULL, 0, program, error);
    stw_program_confine(NULL);
    return status;
}

/* The record. */

/* `stopping_ns` may be untold. */
static void take_pause(struct peer_trial *trial, uint64_t total_ns, uint64_t stopping_ns,
                       uint32_t phase)
{
    struct stw_record *record = trial->record;
    int has_parts = stopping_ns != UNTOLD;
    uint64_t part_ns = !has_parts ? 0 : stopping_ns < total_ns ? stopping_ns : total_ns;
    if (record->pause_count >= record->pause_capacity) {
        record->pauses_lost++;
        return;
    }
    stw_record_pauses(record)[record->pause_count++] = (struct stw_pause){
        .kind = STW_PAUSE_PEER,
        .last_mutator = STW_NO_MUTATOR,
        .stopping_ns = part_ns,
        .working_ns = total_ns - part_ns,
        .mutators = trial->mutators,
        .complete = 1,
        .page_faults = STW_FAULTS_UNKNOWN,
        .stopper_cpu_ns = STW_CPU_UNKNOWN,
        .late_cpu_ns = STW_CPU_UNKNOWN,
        .told_phase = phase,
        .untold = STW_UNTOLD_RESTART | (has_parts ? 0 : STW_UNTOLD_PARTS),
    };
}

/* What Go prints of a cycle, with gc.trace: first, of those during which something was allocated,
 *     pacer: ... B work (... B exp.) in TRIGGERED B -> LIVE B (∆goal LIVE - GOAL, ...
 * then, of all of them, "gc NUMBER @...", with "(forced)" at the end of those that were asked for,
 * whose goals mean nothing. */
static void take_pacer_line(struct stw_cycle *cycle, const char *line)
{
    uint64_t triggered, live;
    int64_t beyond;
    const char *at = strstr(line, " B exp.) in ");
    const char *delta = at ? strstr(at, "goal ") : NULL;
    if (!delta || sscanf(at, " B exp.) in %" SCNu64 " B -> %" SCNu64, &triggered, &live) != 2
        || sscanf(delta, "goal %" SCNd64, &beyond) != 1)
        return;
    cycle->triggered_bytes = triggered;
    cycle->goal_bytes = live - (uint64_t)beyond;
    cycle->live_bytes = live;
}

static void take_cycle_line(struct peer_trial *trial, uint64_t number, int is_forced)
{
    struct stw_record *record = trial->record;
    if (number != record->cycle_count + 1 || number > STW_RECORD_PAUSES)
        return;
    stw_record_cycles(record)[record->cycle_count++] = is_forced ? unknown_cycle : trial->cycle;
    trial->cycle = unknown_cycle;
}

/* A counter that the program did not say that it has means nothing that is known. */
static void take_counter(struct peer_trial *trial, const char *name, uint64_t value)
{
    const char *facts = stw_settings_get(&trial->settings, STW_PEER_FACTS);
    size_t length = strlen(name);
    const char *at = facts ? strstr(facts, name) : NULL;
    while (at && ((at > facts && at[-1] != ' ') || (at[length] && at[length] != ' ')))
        at = strstr(at + 1, name);
    if ((!at || !stw_record_count_as(trial->record, name, value)) && !trial->undeclared[0])
        snprintf(trial->undeclared, sizeof trial->undeclared, "%s", name);
}

/* "-" when the program does not know. */
static int read_stopping(const char *word, uint64_t *ns)
{
    char rest;
    *ns = UNTOLD;
    return strcmp(word, "-") == 0 || sscanf(word, "%" SCNu64 "%c", ns, &rest) == 1;
}

/* A stop whose phase is not told would have to count for operations, or not: it is a fault. */
static void take_pause_line(struct peer_trial *trial, const char *line)
{
    uint64_t total_ns, stopping_ns;
    char part[24] = "", word[16] = "";
    int told = sscanf(line, "pause %" SCNu64 " %23s %15s", &total_ns, part, word);
    uint32_t phase = stw_phase_find(word);
    if (told == 3 && phase < STW_TRIAL_PHASES && read_stopping(part, &stopping_ns))
        take_pause(trial, total_ns, stopping_ns, phase);
    else if (!trial->garbled[0])
        snprintf(trial->garbled, sizeof trial->garbled, "%.*s", (int)strcspn(line, "\n"), line);
}

static void take_line(struct peer_trial *trial, const char *line)
{
    struct stw_record *record = trial->record;
    uint64_t first, second;
    int at = 0;
    char name[STW_RECORD_NAME_BYTES];
    if (sscanf(line, "op %" SCNu64, &first) == 1) {
        stw_histogram_record(&record->op_ns, first);
        record->operations++;
    } else if (strncmp(line, "pause ", strlen("pause ")) == 0) {
        take_pause_line(trial, line);
    } else if (sscanf(line, "counter %95s %" SCNu64, name, &first) == 2) {
        take_counter(trial, name, first);
    } else if (sscanf(line, "time %" SCNu64 " %" SCNu64, &first, &second) == 2) {
        record->first_op_ns = first;
        record->last_op_ns = second;
    } else if (sscanf(line, "checksum %" SCNx64, &first) == 1) {
        record->checksum = first;
    } else if (strncmp(line, "pacer: ", strlen("pacer: ")) == 0) {
        take_pacer_line(&trial->cycle, line);
    } else if (sscanf(line, "gc %" SCNu64 " @%" SCNu64, &first, &second) == 2) {
        take_cycle_line(trial, first, strstr(line, "(forced)") != NULL);
    } else if (sscanf(line, "invalid %63s %n", trial->broken, &at) == 1) {
        snprintf(trial->message, sizeof trial->message, "%.*s", (int)strcspn(line + at, "\n"),
                 line + at);
    } else if (strcmp(line, "done\n") == 0) {
        trial->is_done = 1;
    } else if (!trial->message[0]) {
        snprintf(trial->message, sizeof trial->message, "%.*s", (int)strcspn(line, "\n"), line);
    }
}

/* Ends as the program did, so that the coordinator sees what happened. */
static void judge(const struct peer_trial *trial, int32_t status)
{
    struct stw_record *record = trial->record;
    const char *said = trial->message;
    char why[2 * LINE_BYTES];
    if (status < 0) {
        fprintf(stderr, "%s\n", said);
        stw_program_die(-status);
    } else if (trial->undeclared[0]) {
        snprintf(why, sizeof why, "the program told %s, which its description does not have",
                 trial->undeclared);
        stw_record_judge(record, STW_VERDICT_INVALID, "facts", why);
    } else if (trial->garbled[0]) {
        snprintf(why, sizeof why, "the program told a stop as \"%s\", not as"
                 " \"pause TOTAL STOPPING PHASE\", the phase one of setup, timed, after",
                 trial->garbled);
        stw_record_judge(record, STW_VERDICT_INVALID, "record", why);
    } else if (status == 0 && trial->is_done) {
        stw_phase_count_stops(record, 1);
        stw_record_judge(record, STW_VERDICT_OK, NULL, "");
        record->state = STW_RECORD_DONE;
    } else if (trial->broken[0]) {
        stw_record_judge(record, STW_VERDICT_INVALID, trial->broken, said);
    } else if (strstr(said, "out of memory") || strstr(said, "cannot allocate memory")) {
        stw_record_judge(record, STW_VERDICT_OUT_OF_MEMORY, "runtime", said);
    } else {
        snprintf(why, sizeof why, "the program ended with status %d: %s", status,
                 *said ? said : "it says nothing");
        stw_record_judge(record, STW_VERDICT_REFUSED, "runtime", why);
    }
}

int stw_peer_trial_is_asked(const struct stw_record *record)
{
    struct stw_settings settings;
    stw_settings_parse(record->settings, &settings);
    int is_asked = stw_settings_get(&settings, STW_PEER_SETTING) != NULL;
    stw_settings_free(&settings);
    return is_asked;
}

static stw_status run_program(struct peer_trial *trial, struct stw_error *error)
{
    struct stw_program program;
    char line[LINE_BYTES];
    STW_TRY(stw_identity_recheck(&trial->settings, STW_FILE_OF_PEER, trial->arguments[0], error));
    STW_TRY(start(trial, &program, error));
    trial->record->state = STW_RECORD_RUNNING;
    while (stw_program_line(&program, line, sizeof line))
        take_line(trial, line);
    int32_t ended = stw_program_end(&program);
    trial->record->program_cpu_ns = program.cpu_ns;
    trial->record->program_rss_peak_bytes = program.rss_peak_bytes;
    judge(trial, ended);
    return STW_OK;
}

void stw_peer_trial_run(struct stw_record *record, const struct stw_registry *registry)
{
    struct peer_trial trial = {
        .record = record, .registry = registry, .cycle = unknown_cycle};
    struct stw_error error = STW_ERROR_INIT;
    stw_settings_parse(record->settings, &trial.settings);
    trial.mutators = (uint32_t)stw_settings_runtime(&trial.settings, "mutators").as_u64;
    stw_status status = make_arguments(&trial, &error);
    stw_process_await_gate();
    if (status == STW_OK)
        status = run_program(&trial, &error);
    if (status != STW_OK)
        stw_record_judge(record, STW_VERDICT_REFUSED, error.field, error.message);
    for (uint32_t i = 0; i < trial.argument_count; i++)
        free(trial.arguments[i]);
    stw_settings_free(&trial.settings);
}

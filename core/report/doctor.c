/* report/doctor.c: looks at the machine, and says what would spoil a measurement.
 *
 * DO1  what the system does not tell is never bad: in a virtual machine nobody knows the governor.
 *      It is said that it is not told.
 * DO2  every check that is bad comes with something to do about it. */
#include "report/doctor.h"

#include "base/array.h"
#include "base/check.h"
#include "base/error.h"
#include "prim/thread.h"
#include "report/json.h"
#include "report/noise.h"
#include "report/units.h"
#include "store/environment.h"
#include "trial/hiccup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LATE_NS 1000000u /* as machine.hiccups_over_1ms */
#define LATE_MIN 10u     /* fewer are an accident (report/noise.c) */
/* From the processor's own counter a reading takes 20 to 40 ns; where it is a system call, 200 and
 * more, and the shortest segments of stops, of 2.5 us, hold two readings. */
#define READING_NS_MAX 200u
/* High-resolution timers tell 1 ns, others a tick of 1 to 10 ms. */
#define STEP_NS_MAX 1000u
#define STACK_BYTES 65536u

/* Looking. */

static void take_pair(void *context, const char *key, const char *value)
{
    struct stw_pairs *pairs = context;
    *STW_APPEND(pairs->items, pairs->count) = (struct stw_pair){stw_strdup(key), stw_strdup(value)};
}

/* In a thread that ends afterwards: the main thread's processors stay as they are. */
static void *try_pin(void *context)
{
    int *can_pin = context;
    stw_thread_pin(0);
    *can_pin = stw_processor_count() == 1;
    return NULL;
}

/* Sleeps beside an idle thread that measures how late it is woken. */
static stw_status measure(struct stw_examination *seen)
{
    struct stw_hiccup_meter *meter = stw_new(1, sizeof *meter);
    struct stw_machine machine;
    uint32_t never = 0;
    stw_status status = stw_hiccup_start(meter);
    if (status == STW_OK) {
        stw_machine_open(&machine, "");
        uint64_t until_ns = stw_clock_ns() + 1000000000ull * seen->seconds, now_ns;
        stw_hiccup_open(meter);
        while ((now_ns = stw_clock_ns()) < until_ns)
            stw_futex_wait(&never, 0, until_ns - now_ns);
        stw_hiccup_close(meter);
        stw_machine_lap(&machine, &seen->lap);
        stw_machine_close(&machine);
        stw_hiccup_end(meter);
        seen->wakes = meter->late_ns.count;
        seen->late_wakes = stw_histogram_count_from(&meter->late_ns, LATE_NS);
        seen->late_ns_p99 = stw_histogram_quantile(&meter->late_ns, 99, 100);
        seen->late_ns_max = meter->late_ns.max;
    }
    free(meter);
    return status;
}

stw_status stw_doctor_examine(uint32_t seconds, struct stw_examination *seen,
                              struct stw_error *error)
{
    pthread_t thread;
    *seen = (struct stw_examination){.seconds = seconds};
    stw_environment_capture("", take_pair, &seen->environment);
    seen->clock_step_ns = stw_clock_step_ns();
    seen->clock_reading_ns = stw_clock_reading_ns();
    seen->knows_delay = stw_clock_thread_delay_ns() != STW_DELAY_UNKNOWN;
    stw_status status = stw_thread_start(&thread, STACK_BYTES, try_pin, &seen->can_pin);
    if (status == STW_OK) {
        pthread_join(thread, NULL);
        status = measure(seen);
    }
    return status == STW_OK ? status : stw_error_set(error, status, NULL, "no thread started");
}

/* Judging. */

/* Takes `words`. */
static void add(struct stw_diagnosis *diagnosis, const char *about, uint32_t health,
                struct stw_text *words, const char *advice)
{
    STW_ASSERT(health != STW_HEALTH_BAD || advice); /* DO2 */
    *STW_APPEND(diagnosis->items, diagnosis->count) = (struct stw_check_up){
        about, health, words->bytes, health == STW_HEALTH_OK ? NULL : advice};
    *words = (struct stw_text){0};
}

static const char *known(const struct stw_examination *seen, const char *key)
{
    const char *value = stw_pairs_get(&seen->environment, key);
    return value && *value ? value : NULL;
}

static void check_build(const struct stw_examination *seen, struct stw_diagnosis *diagnosis)
{
    const char *build = known(seen, "build_type");
    struct stw_text words = {0};
    int is_bad = build && strcmp(build, "release") != 0;
    stw_text_add(&words, "%s", build ? build : "not told");
    add(diagnosis, "build", is_bad ? STW_HEALTH_BAD : STW_HEALTH_OK, &words,
        "measure with a release: ./lab build");
}

static void check_processors(const struct stw_examination *seen, struct stw_diagnosis *diagnosis)
{
    struct stw_text words = {0};
    const char *told = known(seen, "processors");
    unsigned long count = told ? strtoul(told, NULL, 10) : 0;
    stw_text_add(&words, "%lu", count);
    add(diagnosis, "processors", count == 1 ? STW_HEALTH_BAD : STW_HEALTH_OK, &words,
        "with one, collector and program wait for each other: give it two");
    stw_text_add(&words, seen->can_pin ? "a thread may choose its processor"
                                       : "a thread may not choose its processor");
    add(diagnosis, "pinning", seen->can_pin ? STW_HEALTH_OK : STW_HEALTH_NOTE, &words,
        "permit sched_setaffinity, else mutators wander");
}

static void check_quota(const struct stw_examination *seen, struct stw_diagnosis *diagnosis)
{
    const char *quota = known(seen, "cpu_quota"), *told = known(seen, "processors");
    double least = 0, period = 1, count = told ? strtod(told, NULL) : 1;
    struct stw_text words = {0};
    int is_bad = quota && sscanf(quota, "%lf %lf", &least, &period) == 2 && period > 0
              && least / period < count;
    if (is_bad)
        stw_text_add(&words, "the control group may use %.2g of %s processors", least / period,
                     told ? told : "?");
    else
        stw_text_add(&words, "none that is less than the processors");
    add(diagnosis, "quota", is_bad ? STW_HEALTH_BAD : STW_HEALTH_OK, &words,
        "raise the container's quota, or give it whole processors");
}

static void check_governor(const struct stw_examination *seen, struct stw_diagnosis *diagnosis)
{
    const char *governor = known(seen, "governor");
    const char *boost = known(seen, "boost"), *no_turbo = known(seen, "no_turbo");
    struct stw_text words = {0};
    int is_bad = governor && strcmp(governor, "performance") != 0;
    stw_text_add(&words, "%s", governor ? governor : "not told, as in virtual machines"); /* DO1 */
    add(diagnosis, "governor", is_bad ? STW_HEALTH_BAD : STW_HEALTH_OK, &words,
        "as root: cpupower frequency-set -g performance");
    if (!(boost && *boost == '1') && !(no_turbo && *no_turbo == '0'))
        return;
    stw_text_add(&words, "on: speed depends on heat and on other processors");
    add(diagnosis, "turbo", STW_HEALTH_NOTE, &words,
        boost ? "as root: echo 0 > /sys/devices/system/cpu/cpufreq/boost"
              : "as root: echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo");
}

static void check_clock(const struct stw_examination *seen, struct stw_diagnosis *diagnosis)
{
    const char *source = known(seen, "clocksource");
    struct stw_text words = {0};
    stw_text_add(&words, "%s, a reading takes %" PRIu64 " ns", source ? source : "not told",
                 seen->clock_reading_ns);
    add(diagnosis, "clock",
        seen->clock_reading_ns > READING_NS_MAX ? STW_HEALTH_BAD : STW_HEALTH_OK, &words,
        "boot with clocksource=tsc, if the counter is stable");
    int is_step_known = seen->clock_step_ns != STW_MACHINE_UNKNOWN;
    if (is_step_known)
        stw_text_add(&words, "steps of %s", stw_format_ns(seen->clock_step_ns).text);
    else
        stw_text_add(&words, "not told");
    add(diagnosis, "timer",
        is_step_known && seen->clock_step_ns > STEP_NS_MAX ? STW_HEALTH_BAD : STW_HEALTH_OK,
        &words, "use a kernel with CONFIG_HIGH_RES_TIMERS");
    stw_text_add(&words, seen->knows_delay ? "told" : "not told: gap.unexplained_ns is not known");
    add(diagnosis, "scheduler", seen->knows_delay ? STW_HEALTH_OK : STW_HEALTH_NOTE, &words,
        "use a kernel with CONFIG_SCHED_INFO");
}

/* "0.4 %", or that it is not known, of what happened while the doctor slept. */
static void check_share(const struct stw_examination *seen, const char *about, double ns,
                        double limit, const char *advice, struct stw_diagnosis *diagnosis)
{
    struct stw_text words = {0};
    double of_ns = (double)seen->lap.wall_ns * seen->lap.processors;
    double share = of_ns > 0 && ns >= 0 ? ns / of_ns : 0;
    if (of_ns > 0 && ns >= 0)
        stw_text_add(&words, "%.1f %% of the processors' time", 100 * share);
    else
        stw_text_add(&words, "not told");
    add(diagnosis, about, share >= limit ? STW_HEALTH_BAD : STW_HEALTH_OK, &words, advice);
}

static double ns_of(uint64_t ns)
{
    return ns == STW_MACHINE_UNKNOWN ? -1 : (double)ns;
}

static void check_lap(const struct stw_examination *seen, struct stw_diagnosis *diagnosis)
{
    const struct stw_machine_times *times = &seen->lap.times;
    double busy_ns = ns_of(times->busy_ns), own_ns = ns_of(times->own_ns);
    double others_ns = busy_ns < 0 || own_ns < 0 ? -1 : busy_ns > own_ns ? busy_ns - own_ns : 0;
    check_share(seen, "others", others_ns, STW_NOISE_TIMES,
                "end the other programs (top shows them), or wait for them", diagnosis);
    check_share(seen, "steal", ns_of(times->steal_ns), STW_NOISE_TAILS,
                "use a machine whose processors are not shared with other ones", diagnosis);
    check_share(seen, "throttled", ns_of(times->throttled_ns), STW_NOISE_TAILS,
                "raise the container's quota, or give it whole processors", diagnosis);
}

static void check_wakes(const struct stw_examination *seen, struct stw_diagnosis *diagnosis)
{
    struct stw_text words = {0};
    double share = seen->wakes ? (double)seen->late_wakes / (double)seen->wakes : 0;
    int is_bad = seen->late_wakes >= LATE_MIN && share >= STW_NOISE_TAILS;
    stw_text_add(&words, "woken late by %s p99, %s max; %" PRIu64 " of %" PRIu64 " over 1 ms",
                 stw_format_ns(seen->late_ns_p99).text, stw_format_ns(seen->late_ns_max).text,
                 seen->late_wakes, seen->wakes);
    add(diagnosis, "noise floor", is_bad ? STW_HEALTH_BAD : STW_HEALTH_OK, &words,
        "end other programs; or the virtual machine's host is busy");
}

static void check_memory(const struct stw_examination *seen, struct stw_diagnosis *diagnosis)
{
    const char *pages = known(seen, "thp"), *watcher = known(seen, "damon");
    int are_always = pages && strstr(pages, "[always]");
    struct stw_text words = {0};
    stw_text_add(&words, "%s", pages ? pages : "not told");
    add(diagnosis, "huge pages", are_always ? STW_HEALTH_NOTE : STW_HEALTH_OK, &words,
        "as root: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled");
    if (watcher)
        stw_text_add(&words, "on (%s): it walks page tables, and long stops may be its", watcher);
    else
        stw_text_add(&words, "off");
    add(diagnosis, "DAMON", watcher ? STW_HEALTH_NOTE : STW_HEALTH_OK, &words,
        !watcher || strcmp(watcher, "admin") == 0
            ? "as root: echo off > /sys/kernel/mm/damon/admin/kdamonds/0/state"
        : strcmp(watcher, "reclaim") == 0
            ? "as root: echo N > /sys/module/damon_reclaim/parameters/enabled"
            : "as root: echo N > /sys/module/damon_lru_sort/parameters/enabled");
}

static void check_variables(const struct stw_examination *seen, struct stw_diagnosis *diagnosis)
{
    static const char *const names[] = {"LD_", "GLIBC_TUNABLES", "MALLOC_"};
    struct stw_text words = {0};
    for (uint32_t i = 0; i < seen->environment.count; i++) {
        const char *key = seen->environment.items[i].key;
        for (size_t name = 0; name < sizeof names / sizeof *names; name++)
            if (strncmp(key, names[name], strlen(names[name])) == 0)
                stw_text_add(&words, "%s%s", words.length ? ", " : "", key);
    }
    uint32_t health = words.length ? STW_HEALTH_NOTE : STW_HEALTH_OK;
    if (!words.length)
        stw_text_add(&words, "none that changes the loader or the C library");
    add(diagnosis, "variables", health, &words, "unset them, unless they are what is measured");
}

void stw_doctor_judge(const struct stw_examination *seen, struct stw_diagnosis *diagnosis)
{
    check_build(seen, diagnosis);
    check_processors(seen, diagnosis);
    check_quota(seen, diagnosis);
    check_governor(seen, diagnosis);
    check_clock(seen, diagnosis);
    check_lap(seen, diagnosis);
    check_wakes(seen, diagnosis);
    check_memory(seen, diagnosis);
    check_variables(seen, diagnosis);
}

static uint32_t count_bad(const struct stw_diagnosis *diagnosis)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < diagnosis->count; i++)
        count += diagnosis->items[i].health == STW_HEALTH_BAD;
    return count;
}

int stw_doctor_is_fit(const struct stw_diagnosis *diagnosis)
{
    return count_bad(diagnosis) == 0;
}

/* Telling. */

static const char *const healths[] = {"ok", "note", "bad"};

void stw_doctor_text(const struct stw_diagnosis *diagnosis, struct stw_text *out)
{
    uint32_t bad = count_bad(diagnosis);
    for (uint32_t i = 0; i < diagnosis->count; i++) {
        const struct stw_check_up *check = &diagnosis->items[i];
        stw_text_add(out, "%-4s  %-11s  %s\n", healths[check->health], check->about, check->words);
        if (check->advice)
            stw_text_add(out, "%-4s  %-11s  %s\n", "", "", check->advice);
    }
    if (bad)
        stw_text_add(out, "\n%u check%s bad: do not measure times here before %s mended\n", bad,
                     bad == 1 ? " is" : "s are", bad == 1 ? "it is" : "they are");
    else
        stw_text_add(out, "\nThis machine can carry a measurement.\n");
}

void stw_doctor_json(const struct stw_diagnosis *diagnosis, FILE *file)
{
    struct stw_json json = stw_json_to_file(file, 2);
    stw_json_object_begin(&json);
    stw_json_key(&json, "fit");
    stw_json_bool(&json, stw_doctor_is_fit(diagnosis));
    stw_json_key(&json, "checks");
    stw_json_array_begin(&json);
    for (uint32_t i = 0; i < diagnosis->count; i++) {
        const struct stw_check_up *check = &diagnosis->items[i];
        stw_json_object_begin(&json);
        stw_json_key(&json, "about");
        stw_json_string(&json, check->about);
        stw_json_key(&json, "health");
        stw_json_string(&json, healths[check->health]);
        stw_json_key(&json, "words");
        stw_json_string(&json, check->words);
        stw_json_key(&json, "advice");
        if (check->advice)
            stw_json_string(&json, check->advice);
        else
            stw_json_null(&json);
        stw_json_object_end(&json);
    }
    stw_json_array_end(&json);
    stw_json_object_end(&json);
    stw_json_finish(&json);
}

void stw_examination_free(struct stw_examination *seen)
{
    for (uint32_t i = 0; i < seen->environment.count; i++) {
        free(seen->environment.items[i].key);
        free(seen->environment.items[i].value);
    }
    free(seen->environment.items);
    *seen = (struct stw_examination){0};
}

void stw_diagnosis_free(struct stw_diagnosis *diagnosis)
{
    for (uint32_t i = 0; i < diagnosis->count; i++)
        free(diagnosis->items[i].words);
    free(diagnosis->items);
    *diagnosis = (struct stw_diagnosis){0};
}

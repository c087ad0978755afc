/* unit/doctor_test.c: each thing that spoils a measurement is found by itself, with something to do
 * about it; what the system does not tell is not held against it.
 * Method: what is seen of a good machine, with one thing changed at a time. */
#include "base/error.h"
#include "report/doctor.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define KEYS 8u

static struct stw_pair pairs[KEYS];
static struct stw_examination seen;
static struct stw_diagnosis diagnosis;

static void set(const char *key, const char *value)
{
    uint32_t i = 0;
    while (pairs[i].key && strcmp(pairs[i].key, key) != 0)
        i++;
    cr_assert_lt(i, KEYS);
    pairs[i] = (struct stw_pair){(char *)(uintptr_t)key, (char *)(uintptr_t)value};
    seen.environment = (struct stw_pairs){pairs, i + 1 > seen.environment.count
                                                     ? i + 1 : seen.environment.count};
}

/* Eight seconds on two processors. */
static void be_good(void)
{
    seen = (struct stw_examination){
        .seconds = 8, .wakes = 4000, .late_wakes = 9, .late_ns_p99 = 20000, .late_ns_max = 4000000,
        .clock_step_ns = 1, .clock_reading_ns = 30, .can_pin = 1, .knows_delay = 1,
        .lap = {8000000000u, 2, {.busy_ns = 400000000, .steal_ns = 0, .throttled_ns = 0,
                                 .own_ns = 20000000}}};
    set("processors", "2");
    set("build_type", "release");
    set("clocksource", "tsc");
    set("governor", "performance");
}

static void forget(void)
{
    stw_diagnosis_free(&diagnosis);
}

TestSuite(doctor, .init = be_good, .fini = forget);

static const struct stw_check_up *check(const char *about)
{
    forget();
    stw_doctor_judge(&seen, &diagnosis);
    for (uint32_t i = 0; i < diagnosis.count; i++)
        if (strcmp(diagnosis.items[i].about, about) == 0)
            return &diagnosis.items[i];
    cr_assert_fail("no check of %s", about);
    return NULL;
}

/* report.DO2. It alone is bad. */
static void expect_bad(const char *about, const char *words)
{
    const struct stw_check_up *found = check(about);
    cr_expect_eq(found->health, STW_HEALTH_BAD, "%s: %s", about, found->words);
    cr_expect(strstr(found->words, words), "%s: '%s' lacks '%s'", about, found->words, words);
    cr_expect(found->advice && *found->advice);
    cr_expect_not(stw_doctor_is_fit(&diagnosis));
    for (uint32_t i = 0; i < diagnosis.count; i++)
        cr_expect(&diagnosis.items[i] == found || diagnosis.items[i].health != STW_HEALTH_BAD,
                  "%s is bad, too", diagnosis.items[i].about);
}

static void expect_note(const char *about)
{
    const struct stw_check_up *found = check(about);
    cr_expect_eq(found->health, STW_HEALTH_NOTE, "%s: %s", about, found->words);
    cr_expect(found->advice && *found->advice);
    cr_expect(stw_doctor_is_fit(&diagnosis));
}

Test(doctor, finds_a_good_machine_fit)
{
    check("build");
    cr_expect(stw_doctor_is_fit(&diagnosis));
    struct stw_text text = {0};
    stw_doctor_text(&diagnosis, &text);
    cr_expect_null(strstr(text.bytes, "bad "), "%s", text.bytes);
    cr_expect_null(strstr(text.bytes, "note"), "%s", text.bytes);
    cr_expect(strstr(text.bytes, "\nok    others       2.4 % of the processors' time\n"), "%s",
              text.bytes);
    cr_expect(strstr(text.bytes, "\nThis machine can carry a measurement.\n"), "%s", text.bytes);
    stw_text_free(&text);
}

/* report.DO1 */
Test(doctor, does_not_blame_what_is_not_told)
{
    seen = (struct stw_examination){
        .seconds = 8, .wakes = 4000, .clock_step_ns = STW_MACHINE_UNKNOWN, .can_pin = 1,
        .lap = {8000000000u, 2, {STW_MACHINE_UNKNOWN, STW_MACHINE_UNKNOWN, STW_MACHINE_UNKNOWN,
                                 STW_MACHINE_UNKNOWN}}};
    cr_expect(strstr(check("governor")->words, "not told"));
    cr_expect(strstr(check("steal")->words, "not told"));
    cr_expect(strstr(check("timer")->words, "not told"));
    cr_expect(stw_doctor_is_fit(&diagnosis));
}

Test(doctor, finds_builds_and_processors_that_will_not_do)
{
    set("build_type", "guard+asan");
    expect_bad("build", "guard+asan");
    set("build_type", "release");
    set("processors", "1");
    expect_bad("processors", "1");
}

Test(doctor, finds_a_quota_that_is_less_than_the_processors)
{
    set("cpu_quota", "200000 100000");
    cr_expect_eq(check("quota")->health, STW_HEALTH_OK);
    set("cpu_quota", "150000 100000");
    expect_bad("quota", "1.5 of 2");
}

Test(doctor, finds_processors_that_change_their_speed)
{
    set("governor", "performance, powersave");
    expect_bad("governor", "powersave");
    set("governor", "performance");
    set("no_turbo", "1");
    set("boost", "0");
    for (uint32_t i = (check("build"), 0); i < diagnosis.count; i++)
        cr_expect(strcmp(diagnosis.items[i].about, "turbo") != 0);
    set("boost", "1");
    expect_note("turbo");
}

Test(doctor, finds_slow_clocks_and_coarse_timers)
{
    seen.clock_reading_ns = 900;
    set("clocksource", "hpet");
    expect_bad("clock", "hpet, a reading takes 900 ns");
    seen.clock_reading_ns = 30;
    seen.clock_step_ns = 4000000;
    expect_bad("timer", "4.00 ms");
}

Test(doctor, finds_whoever_takes_processor_time)
{
    seen.lap.times.busy_ns = 1600000000;
    cr_expect_eq(check("others")->health, STW_HEALTH_OK, "own time is nobody else's");
    seen.lap.times.busy_ns = 8000000000u;
    expect_bad("others", "49.9 %");
    seen.lap.times.busy_ns = 0;
    seen.lap.times.steal_ns = 160000000;
    expect_bad("steal", "1.0 %");
    seen.lap.times.steal_ns = 0;
    seen.lap.times.throttled_ns = 1600000000;
    expect_bad("throttled", "10.0 %");
}

Test(doctor, finds_a_floor_of_noise)
{
    seen.late_wakes = 40;
    expect_bad("noise floor", "40 of 4000 over 1 ms");
    seen.late_wakes = 39;
    cr_expect_eq(check("noise floor")->health, STW_HEALTH_OK);
    seen.wakes = 20;
    seen.late_wakes = 9;
    cr_expect_eq(check("noise floor")->health, STW_HEALTH_OK, "a few are an accident");
}

Test(doctor, finds_who_watches_memory)
{
    set("damon", "reclaim");
    cr_expect_eq(check("DAMON")->health, STW_HEALTH_NOTE);
    cr_expect(strstr(check("DAMON")->advice, "damon_reclaim"));
}

Test(doctor, notes_what_is_good_to_know)
{
    seen.can_pin = 0;
    expect_note("pinning");
    seen.can_pin = 1;
    seen.knows_delay = 0;
    expect_note("scheduler");
    set("thp", "[always] madvise never");
    expect_note("huge pages");
    set("thp", "always [madvise] never");
    cr_expect_eq(check("huge pages")->health, STW_HEALTH_OK);
    set("LD_PRELOAD", "/lib/x.so");
    expect_note("variables");
    cr_expect_str_eq(check("variables")->words, "LD_PRELOAD");
}

/* On whatever machine this runs. */
Test(doctor, looks_at_the_machine)
{
    struct stw_error error = STW_ERROR_INIT;
    struct stw_examination here;
    cr_assert_eq(stw_doctor_examine(1, &here, &error), STW_OK, "%s", error.message);
    cr_expect_geq(here.lap.wall_ns, 1000000000u);
    cr_expect_gt(here.wakes, 0);
    cr_expect_leq(here.late_wakes, here.wakes);
    cr_expect_gt(here.clock_reading_ns, 0);
    cr_expect(stw_pairs_get(&here.environment, "processors"));
    stw_examination_free(&here);
}

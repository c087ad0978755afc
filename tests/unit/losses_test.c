/* tests/unit/losses_test.c: goal: the application's clock tells taken time, sleep and the machine
 * apart, and the idle thread sees when the machine stands still.
 * Method: this thread does each in turn, with sleeps of known length; the whole process is stopped
 * by a signal for a known time. Bounds are those that hold however busy the machine is. */
#include "gc/mutator.h"
#include "prim/memory.h"
#include "trial/hiccup.h"
#include "trial/laps.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLEEP_NS 20000000u
#define MS 1000000u

static struct stw_mutator_record *m;
static struct stw_laps laps;

/* In the test itself, not in its suite's .init: between the two Criterion waits for an answer, as
 * long as the machine is busy, and that is a sleep which the clock would not explain. */
static void begin(void)
{
    m = stw_memory_map(sizeof *m);
    cr_assert(m);
    stw_laps_begin(&laps, &m->timeline, stw_clock_ns());
}

static void sleep_hidden(void)
{
    uint32_t never = 0;
    uint64_t until_ns = stw_clock_ns() + SLEEP_NS;
    for (uint64_t now_ns; (now_ns = stw_clock_ns()) < until_ns;)
        stw_futex_wait(&never, 0, until_ns - now_ns);
}

/* trial.L2: what a lap does not compute was taken, or is the machine's. */
static void conserves(const struct stw_lap *lap)
{
    uint64_t gap_ns = lap->machine_ns;
    for (uint32_t kind = 0; kind < STW_TAKEN_KINDS; kind++)
        gap_ns += lap->taken_ns[kind];
    cr_assert_eq(lap->gap_ns, gap_ns);
    cr_assert_leq(lap->gap_ns, lap->wall_ns);
}

Test(laps, computing_is_the_applications_own)
{
    begin();
    uint64_t cpu_ns = stw_clock_thread_cpu_ns();
    while (stw_clock_thread_cpu_ns() - cpu_ns < 5 * MS)
        ;
    stw_laps_end(&laps, stw_clock_ns());
    struct stw_lap whole = stw_laps_whole(&laps);
    conserves(&whole);
    cr_assert_geq(whole.wall_ns - whole.gap_ns, 49 * MS / 10);
}

Test(laps, a_sleep_that_the_runtime_hides_is_unexplained)
{
    begin();
    sleep_hidden();
    stw_laps_end(&laps, stw_clock_ns());
    conserves(&laps.longest);
    cr_assert_geq(laps.longest.machine_ns, SLEEP_NS - MS / 10);
    if (laps.delay_ns != STW_DELAY_UNKNOWN)
        cr_assert_geq(laps.unexplained_ns, SLEEP_NS - MS / 10);
}

Test(laps, a_sleep_that_the_runtime_logs_is_taken)
{
    begin();
    uint64_t began_ns = stw_clock_ns();
    uint32_t never = 0;
    while (m->timeline.asleep_ns < SLEEP_NS)
        stw__mutator_sleep(m, &never, 0, SLEEP_NS);
    stw__timeline_add(&m->timeline, STW_TAKEN_TURN, began_ns, stw_clock_ns());
    stw_laps_end(&laps, stw_clock_ns());
    conserves(&laps.longest);
    cr_assert_geq(laps.longest.taken_ns[STW_TAKEN_TURN], SLEEP_NS);
    cr_assert_lt(laps.unexplained_ns, SLEEP_NS / 2);
    cr_assert_leq(laps.longest.machine_ns,
                  laps.longest.wall_ns - laps.longest.taken_ns[STW_TAKEN_TURN]);
}

/* trial.L2: what it computes in the same lap is its own, too. */
Test(laps, waiting_of_its_own_will_is_the_applications_own)
{
    begin();
    uint64_t cpu_ns = stw_clock_thread_cpu_ns();
    while (stw_clock_thread_cpu_ns() - cpu_ns < 5 * MS)
        ;
    stw__timeline_block(&m->timeline);
    sleep_hidden();
    stw__timeline_unblock(&m->timeline);
    stw_laps_end(&laps, stw_clock_ns());
    struct stw_lap whole = stw_laps_whole(&laps);
    conserves(&whole);
    cr_assert_geq(whole.blocked_ns, SLEEP_NS - MS);
    cr_assert_leq(whole.machine_ns, whole.wall_ns - whole.cpu_ns - whole.blocked_ns);
    cr_assert_leq(whole.gap_ns, whole.wall_ns - whole.blocked_ns);
    cr_assert_lt(laps.unexplained_ns, SLEEP_NS / 2);
}

/* Of a stop that came meanwhile the gap has what is behind block_end: the rest cost nobody time. */
Test(laps, what_is_taken_behind_a_wait_is_taken)
{
    begin();
    stw__timeline_block(&m->timeline);
    sleep_hidden();
    stw__timeline_unblock(&m->timeline);
    uint64_t began_ns = stw_clock_ns(), slept_ns = m->timeline.asleep_ns;
    uint32_t never = 0;
    while (m->timeline.asleep_ns - slept_ns < SLEEP_NS)
        stw__mutator_sleep(m, &never, 0, SLEEP_NS);
    stw__timeline_add(&m->timeline, STW_TAKEN_STOP, began_ns, stw_clock_ns());
    stw_laps_end(&laps, stw_clock_ns());
    struct stw_lap whole = stw_laps_whole(&laps);
    conserves(&whole);
    cr_assert_geq(whole.taken_ns[STW_TAKEN_STOP], SLEEP_NS);
    cr_assert_geq(whole.blocked_ns, SLEEP_NS - MS);
    cr_assert_leq(whole.gap_ns, whole.wall_ns - whole.blocked_ns);
}

Test(laps, are_cut_between_operations_and_the_longest_gap_is_kept)
{
    begin();
    uint64_t now_ns = laps.first.wall_ns;
    stw_laps_pass(&laps, now_ns + STW_LAP_NS_MIN - 1);
    cr_assert_eq(laps.last.wall_ns, now_ns, "too short");
    stw__timeline_add(&m->timeline, STW_TAKEN_ASSIST, now_ns + 10, now_ns + 30010);
    stw__timeline_add(&m->timeline, STW_TAKEN_STOP, now_ns + 40000, now_ns + 45000);
    m->timeline.asleep_ns += STW_LAP_NS_MIN; /* no machine time: these are not the clock's times */
    stw_laps_pass(&laps, now_ns + STW_LAP_NS_MIN);
    cr_assert_eq(laps.last.wall_ns, now_ns + STW_LAP_NS_MIN);
    stw__timeline_add(&m->timeline, STW_TAKEN_SWEEP, now_ns + 60000, now_ns + 61000);
    m->timeline.asleep_ns += STW_LAP_NS_MIN;
    stw_laps_pass(&laps, now_ns + 2 * STW_LAP_NS_MIN);
    cr_assert_eq(laps.longest.taken_ns[STW_TAKEN_ASSIST], 30000);
    cr_assert_eq(laps.longest.taken_ns[STW_TAKEN_STOP], 5000);
    cr_assert_eq(laps.longest.taken_ns[STW_TAKEN_SWEEP], 0);
    struct stw_lap whole = stw_laps_whole(&laps);
    cr_assert_eq(whole.taken_ns[STW_TAKEN_SWEEP], 1000);
    conserves(&whole);
}

/* On a busy machine that takes a while: one of its threads must run to begin it. */
static int has_stopped(pid_t process)
{
    char path[64], state = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
    FILE *file = fopen(path, "r");
    if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 0;
    if (file)
        fclose(file);
    return state == 'T';
}

/* A child stops this process for a while. */
static void stand_still(uint32_t ns)
{
    pid_t parent = getpid(), child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        uint32_t never = 0;
        kill(parent, SIGSTOP);
        while (!has_stopped(parent))
            stw_futex_wait(&never, 0, MS / 10);
        for (uint64_t until_ns = stw_clock_ns() + ns; stw_clock_ns() < until_ns;)
            stw_futex_wait(&never, 0, MS);
        kill(parent, SIGCONT);
        _exit(0);
    }
    cr_assert_eq(waitpid(child, NULL, 0), child);
}

Test(hiccup, of_a_process_that_stands_still_is_seen_once_and_counted_for_its_length)
{
    static struct stw_hiccup_meter meter;
    cr_assert_eq(stw_hiccup_start(&meter), STW_OK);
    uint64_t began_ns = stw_clock_ns();
    stw_hiccup_open(&meter);
    sleep_hidden();
    stand_still(50 * MS);
    sleep_hidden();
    stw_hiccup_close(&meter);
    stw_hiccup_end(&meter);
    uint64_t took_ns = stw_clock_ns() - began_ns;
    cr_assert_geq(meter.late_ns.max, 50 * MS - 2 * STW_HICCUP_NS);
    cr_assert_eq(meter.late_ns.max, meter.longest[0].late_ns);
    cr_assert_geq(meter.longest[0].at_ns, began_ns);
    cr_assert_leq(meter.longest[0].at_ns + meter.longest[0].late_ns, began_ns + took_ns);
    cr_assert_leq(meter.late_ns.count, took_ns / STW_HICCUP_NS, "never more than sleeps fit in");
    cr_assert_geq(meter.late_ns.count, took_ns / STW_HICCUP_NS / 2, "also when they were long");
    for (uint32_t i = 1; i < STW_RECORD_HICCUPS; i++)
        cr_assert_leq(meter.longest[i].late_ns, meter.longest[i - 1].late_ns);
}

Test(hiccup, meter_that_was_never_opened_ends_empty)
{
    static struct stw_hiccup_meter meter;
    cr_assert_eq(stw_hiccup_start(&meter), STW_OK);
    stw_hiccup_end(&meter);
    cr_assert_eq(meter.late_ns.count, 0);
}

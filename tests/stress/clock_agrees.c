/* tests/stress/clock_agrees.c: goal: what a mutator loses by its own clock, the runtime tells. */
/* sources: plugins/allocators/go.c tests/support/gc_rig.c */
/* Method: mutators look at the clock in a tight loop, and log every gap between two looks. In each
 * they compare the wall clock with their timeline, with the thread's CPU clock and with what the
 * system's scheduler says. A runtime that holds them up without saying so leaves gaps that nobody
 * explains: time that was computed (spinning) or slept through (a futex that is not counted). The
 * machine leaves some of those too, by interrupts and page faults: a phase without any cycle shows
 * first how many, and cycles may not add one for every eighth stop of a mutator.
 * Every stop that was recorded must lie in a gap of every mutator, because whoever looked at the
 * clock meanwhile ran; and it must agree with the timelines (gc/witness.h).
 * Each mode runs in a process of its own.
 *
 * usage: clock_agrees [mode=stw|concurrent|rescan] [ms=N] [mutators=N] */
#include "base/sanitizer.h"
#include "gc/collector.h"
#include "gc_rig.h"
#include "prim/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define GAP_NS 10000u        /* shorter ones are not logged */
#define GAPS_MAX (1u << 18)
#define LIVE_CELLS 20000u    /* a mutator's: a millisecond of marking */
#define CELL_BYTES 64u       /* a cycle every 30 ms, where the machine is idle */
#define CYCLES_MIN 4u
#define THREADS 16u
/* Sanitizers and hostile delays make all work long: then stops are judged, and no times. */
#if STW_ASAN || STW_TSAN || defined(STW_HOSTILE)
#define TIMES_COUNT 0
#else
#define TIMES_COUNT 1
#endif
#define HOOK_NS 50000u       /* in every cycle's first stop: longer than a gap */
#define LEFT_NS 50000u       /* of a gap that nothing explains: longer than most interrupts */
#define LEFT_NS_MAX 1000000u /* counted of one gap: a burst of the machine's is no pattern */
#define NOISE 3u             /* times as many as without cycles, and */
#define NOISE_MIN 20u        /* so many of each kind are still the machine's */

static const uint64_t both_words[1] = {3};
static const struct stw_type pair = {sizeof(struct stw_type), 0, 16, 16, both_words, "pair"};

struct gap {
    uint64_t start_ns, end_ns;
};

/* Sums over the gaps of one phase. */
struct phase {
    uint64_t wall_ns, looks, gaps, gap_ns, taken_ns, machine_ns;
    uint64_t left_ns, left_max_ns; /* neither taken nor the machine's */
    uint64_t computed, slept; /* gaps of which LEFT_NS and more are unexplained */
};

struct thread {
    pthread_t handle;
    struct stw_mutator_record *m;
    void *root;
    struct gap *gaps;
    uint64_t gap_count;
    uint64_t delay_ns, sleeps; /* by the scheduler, at the last gap */
    struct phase phases[2]; /* without and with cycles */
};

static struct thread threads[THREADS];
static struct {
    uint64_t ms, mutators;
} config = {1000, 2};
static pthread_barrier_t together;
static uint64_t switch_ns, deadline_ns;

struct look {
    uint64_t wall_ns, cpu_ns, asleep_ns, taken_ns;
};

static struct look look(const struct stw_mutator_record *m)
{
    return (struct look){stw_clock_ns(), stw_clock_thread_cpu_ns(), m->timeline.asleep_ns,
                         stw__timeline_taken_ns(&m->timeline)};
}

static uint64_t less(uint64_t from, uint64_t part)
{
    return from > part ? from - part : 0;
}

/* Sleep that the runtime did not count, nor the scheduler as waiting for a processor. Known for
 * gaps without counted sleep: waking from that is also a wait for a processor. */
static uint64_t hidden_sleep_ns(struct thread *t, uint64_t machine_ns, uint64_t asleep_ns)
{
    uint64_t delay_ns = stw_clock_thread_delay_ns(), delayed_ns = delay_ns - t->delay_ns;
    uint64_t sleeps = stw_thread_sleep_count();
    int is_hidden = delay_ns != STW_DELAY_UNKNOWN && asleep_ns == 0 && sleeps > t->sleeps;
    t->delay_ns = delay_ns;
    t->sleeps = sleeps;
    return is_hidden ? less(machine_ns, delayed_ns) : 0;
}

/* Between two looks nothing of this program runs for longer than some 100 ns. Where the system
 * switched threads, it also needed time of its own. */
static void note_gap(struct thread *t, struct phase *phase, const struct look *from,
                     const struct look *to)
{
    uint64_t wall_ns = to->wall_ns - from->wall_ns, taken_ns = to->taken_ns - from->taken_ns;
    uint64_t ran_or_slept_ns = to->cpu_ns - from->cpu_ns + to->asleep_ns - from->asleep_ns;
    uint64_t machine_ns = less(wall_ns, ran_or_slept_ns);
    uint64_t left_ns = less(wall_ns, taken_ns + machine_ns);
    phase->gaps++;
    phase->gap_ns += wall_ns;
    phase->taken_ns += taken_ns;
    phase->machine_ns += machine_ns;
    phase->left_ns += left_ns < LEFT_NS_MAX ? left_ns : LEFT_NS_MAX;
    phase->left_max_ns = left_ns > phase->left_max_ns ? left_ns : phase->left_max_ns;
    phase->computed += left_ns > LEFT_NS && machine_ns < GAP_NS;
    phase->slept += hidden_sleep_ns(t, machine_ns, to->asleep_ns - from->asleep_ns) > LEFT_NS;
    if (t->gap_count < GAPS_MAX)
        t->gaps[t->gap_count++] = (struct gap){from->wall_ns, to->wall_ns};
}

/* A new cell at the head of a list that is dropped when it is long. */
static void allocate(struct thread *t, uint64_t turn)
{
    void **cell = stw_alloc(&t->m->mutator, CELL_BYTES, &pair);
    stw_store(&t->m->mutator, &cell[0], turn % LIVE_CELLS ? t->root : NULL);
    stw_store(&t->m->mutator, &t->root, cell);
}

/* Lasts until the time is up and so many cycles are done. An allocation `every` so many looks. */
static void run_phase(struct thread *t, struct phase *phase, uint64_t until_ns, uint32_t cycles,
                      uint32_t every)
{
    t->delay_ns = stw_clock_thread_delay_ns();
    t->sleeps = stw_thread_sleep_count();
    struct look before = look(t->m);
    uint64_t began_ns = before.wall_ns;
    while (before.wall_ns < until_ns || STW_LOAD(t->m->gc->cycles_done) < cycles) {
        stw_poll(&t->m->mutator);
        if (++phase->looks % every == 0)
            allocate(t, phase->looks / every);
        struct look now = look(t->m);
        if (now.wall_ns - before.wall_ns >= GAP_NS)
            note_gap(t, phase, &before, &now);
        before = now;
    }
    phase->wall_ns = before.wall_ns - began_ns;
}

static void *run(void *context)
{
    struct thread *t = context;
    struct stw_mutator *m = gc_rig_attach((uint32_t)(t - threads));
    t->m = stw__record_of(m);
    stw_roots_add(stw_runtime_gc(), &t->root, 1);
    stw_block_begin(m);
    pthread_barrier_wait(&together);
    stw_block_end(m);
    stw_timeline_begin(&t->m->timeline, stw_clock_ns());
    run_phase(t, &t->phases[0], switch_ns, 0, 8);
    if (t == threads)
        stw_gc_set_percent(stw_runtime_gc(), &t->m->mutator, 50, NULL);
    run_phase(t, &t->phases[1], deadline_ns, CYCLES_MIN, 1);
    stw_timeline_end(&t->m->timeline, stw_clock_ns());
    stw_mutator_detach(m);
    return NULL;
}

static void linger(void *context)
{
    (void)context;
    for (uint64_t until_ns = stw_clock_ns() + HOOK_NS; stw_clock_ns() < until_ns;)
        ;
}

static uint64_t unseen(const struct thread *t, const struct stw_pause *pause, uint64_t *at)
{
    uint64_t stopped_ns = gc_rig_options.gc.origin_ns + pause->start_ns + pause->stopping_ns;
    uint64_t released_ns = stopped_ns + pause->working_ns;
    if (stopped_ns < t->m->timeline.begin_ns || released_ns > t->m->timeline.end_ns)
        return 0;
    while (*at < t->gap_count && t->gaps[*at].end_ns < released_ns)
        (*at)++;
    return *at == t->gap_count || t->gaps[*at].start_ns > stopped_ns;
}

/* Stops that are longer than the shortest gap, times mutators that looked at the clock in them. */
static uint64_t count_unseen(uint64_t *stops)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < config.mutators; i++) {
        uint64_t at = 0;
        *stops = 0;
        for (uint64_t j = 0; j < gc_rig_pause_count; j++) {
            if (!gc_rig_pause(j)->complete || gc_rig_pause(j)->working_ns <= GAP_NS)
                continue;
            *stops += 1;
            count += unseen(&threads[i], gc_rig_pause(j), &at);
        }
    }
    return count;
}

static struct phase sum_up(uint32_t index)
{
    struct phase sum = {0};
    for (uint64_t i = 0; i < config.mutators; i++) {
        const struct phase *phase = &threads[i].phases[index];
        sum.looks += phase->looks;
        sum.gaps += phase->gaps;
        sum.gap_ns += phase->gap_ns;
        sum.taken_ns += phase->taken_ns;
        sum.machine_ns += phase->machine_ns;
        sum.left_ns += phase->left_ns;
        sum.computed += phase->computed;
        sum.slept += phase->slept;
        sum.wall_ns += phase->wall_ns;
        if (phase->left_max_ns > sum.left_max_ns)
            sum.left_max_ns = phase->left_max_ns;
    }
    return sum;
}

static void print_phase(const char *name, const struct phase *phase)
{
    printf("  %s: %" PRIu64 " looks in %.1f ms; %" PRIu64 " gaps, %.1f ms: taken %.1f, machine"
           " %.1f, left %.1f ms, longest %.1f us; unexplained: %" PRIu64 " computed, %" PRIu64
           " slept\n", name, phase->looks, (double)phase->wall_ns / 1e6, phase->gaps,
           (double)phase->gap_ns / 1e6, (double)phase->taken_ns / 1e6,
           (double)phase->machine_ns / 1e6, (double)phase->left_ns / 1e6,
           (double)phase->left_max_ns / 1e3, phase->computed, phase->slept);
}

/* 1: with cycles there is more of it than the machine makes. `unit` is the least of one gap. */
static int is_too_much(uint64_t with, uint64_t without, uint64_t stops, uint64_t unit)
{
    return with > NOISE * without + unit * (NOISE_MIN + stops * config.mutators / 8);
}

static void run_threads(void)
{
    pthread_barrier_init(&together, NULL, (unsigned)config.mutators);
    switch_ns = stw_clock_ns() + config.ms * 1000000;
    deadline_ns = switch_ns + config.ms * 1000000;
    for (uint64_t i = 0; i < config.mutators; i++) {
        threads[i].gaps = stw_memory_map(GAPS_MAX * sizeof(struct gap));
        if (stw_thread_start(&threads[i].handle, 0, run, &threads[i]) != STW_OK)
            abort();
    }
    for (uint64_t i = 0; i < config.mutators; i++)
        pthread_join(threads[i].handle, NULL);
    stw_runtime_stop();
}

/* 0: all clocks agree. */
static int judge(const char *mode)
{
    uint64_t stops = 0, unseen_stops = count_unseen(&stops);
    struct stw_testimony testimony = stw_witnesses_hear(stw_runtime_gc());
    struct phase without = sum_up(0), with = sum_up(1), expected = without;
    if (with.wall_ns > without.wall_ns) { /* it waited for cycles */
        double longer = (double)with.wall_ns / (double)without.wall_ns;
        expected.left_ns = (uint64_t)((double)without.left_ns * longer);
        expected.computed = (uint64_t)((double)without.computed * longer);
        expected.slept = (uint64_t)((double)without.slept * longer);
    }
    uint64_t cycles = stw_runtime_gc()->totals.cycles;
    printf("%s: %" PRIu64 " cycles; %" PRIu64 " stops longer than a gap, in which mutators looked %"
           PRIu64 " times; %" PRIu64 " stops held against timelines, %" PRIu64 " disputed\n", mode,
           cycles, stops, unseen_stops, testimony.examined, testimony.disputed);
    print_phase("without cycles", &without);
    print_phase("with cycles", &with);
    if (unseen_stops > 0 || testimony.disputed > 0 || testimony.examined == 0 || stops == 0)
        return 1;
    if (!TIMES_COUNT)
        return 0;
    return is_too_much(with.left_ns, expected.left_ns, stops, LEFT_NS)
        || is_too_much(with.computed, expected.computed, stops, 1)
        || is_too_much(with.slept, expected.slept, stops, 1);
}

static int run_mode(const char *mode)
{
    gc_rig_options.gc.mode = strcmp(mode, "stw") == 0      ? STW_MODE_STW
                             : strcmp(mode, "rescan") == 0 ? STW_MODE_RESCAN
                                                           : STW_MODE_CONCURRENT;
    gc_rig_options.gc.percent = STW_GC_OFF;
    gc_rig_options.mutators = (uint32_t)config.mutators;
    gc_rig_start();
    stw_host_handle(NULL)->cycle_hook_add(stw_host_handle(NULL), linger, NULL);
    run_threads();
    return judge(mode);
}

int main(int count, char **arguments)
{
    const char *modes[] = {"stw", "concurrent", "rescan"}, *only = NULL;
    int failed = 0;
    for (int i = 1; i < count; i++) {
        if (strncmp(arguments[i], "mode=", 5) == 0)
            only = arguments[i] + 5;
        else if (sscanf(arguments[i], "ms=%" SCNu64, &config.ms) != 1
                 && (sscanf(arguments[i], "mutators=%" SCNu64, &config.mutators) != 1
                     || config.mutators == 0 || config.mutators > THREADS))
            return 2;
    }
    for (size_t i = 0; i < 3; i++) {
        if (only && strcmp(only, modes[i]) != 0)
            continue;
        pid_t child = fork();
        int status = 0;
        if (child == 0) {
            failed = run_mode(modes[i]);
            fflush(stdout);
            _exit(failed);
        }
        failed |= child < 0 || waitpid(child, &status, 0) < 0 || status != 0;
    }
    return failed;
}

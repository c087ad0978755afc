/* tests/stress/waking.c: goal: nobody is woken for nothing, nor for too little (gc.N4). */
/* sources: plugins/allocators/go.c tests/support/gc_rig.c */
/* Method: two situations that chance brings about on busy machines alone.
 *
 *   debtor  Mutator 1 does not come to a safepoint for a while, as if the system had taken its
 *           processor away. All else is marked; mutator 0 owes work and finds none. It is to sleep,
 *           and so are the workers: they find nothing, and earn no credit.
 *   tiny    One mutator forces cycle after cycle over a handful of cells, with more processors than
 *           the machine has. It marks them sooner than a worker is up.
 *
 * Counts of wakes are compared, and CPU time, which other processes do not change by much. A plain
 * program without audits, whose stops would be work.
 *
 * usage: waking [seed=N] [ms=N]      seed: of the delays in builds that have them; ms: ignored */
#include "gc/collector.h"
#include "gc_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define AWAY_NS 300000000u
#define AWAY_CPU_NS (AWAY_NS / 5) /* of the process; a tenth is seen on a busy machine */
#define LIVE_CELLS 60000u         /* 4 MiB: a cycle, but a short one */
#define TINY_CYCLES 300u
#define TINY_PROCESSORS 8u
#define FUTILE_MAX 30u /* in either; thousands before */
#define WAKES_MAX (TINY_CYCLES / 5)

static const uint64_t mask[1] = {1};
static const struct stw_type type = {sizeof type, 0, 64, 8, mask, "cell"};

static void *root;
static uint32_t is_away; /* atomic: 1 while, 2 after */

static uint32_t away(void)
{
    return __atomic_load_n(&is_away, __ATOMIC_SEQ_CST);
}

static void build(struct stw_mutator *m, uint32_t cells)
{
    for (uint32_t i = 0; i < cells; i++) {
        void **cell = stw_alloc(m, 64, &type);
        stw_store(m, cell, root);
        stw_store(m, &root, cell);
    }
}

/* Its stack is asked for, and it does not hear. */
static void *leave(void *context)
{
    static uint32_t never;
    struct stw_gc *gc = stw_runtime_gc();
    struct stw_mutator *m = gc_rig_attach(1);
    while (stw__phase(gc) != STW_PHASE_MARK)
        stw_poll(m);
    __atomic_store_n(&is_away, 1, __ATOMIC_SEQ_CST);
    stw_futex_wait(&never, 0, AWAY_NS);
    __atomic_store_n(&is_away, 2, __ATOMIC_SEQ_CST);
    stw_mutator_detach(m);
    return context;
}

static int judge(const char *what, uint64_t value, uint64_t most)
{
    printf("waking: %s: %llu, at most %llu\n", what, (unsigned long long)value,
           (unsigned long long)most);
    return value > most;
}

static int debtor(void)
{
    pthread_t thread;
    gc_rig_options.mutators = 2;
    gc_rig_options.gc.audit = 0;
    gc_rig_start();
    struct stw_gc *gc = stw_runtime_gc();
    struct stw_mutator *m = gc_rig_attach(0);
    stw_roots_add(gc, &root, 1);
    stw_gc_set_percent(gc, m, STW_GC_OFF, NULL);
    build(m, LIVE_CELLS);
    if (stw_thread_start(&thread, 1u << 20, leave, NULL) != STW_OK)
        return 1;
    stw_gc_set_percent(gc, m, 100, NULL);
    while (!away())
        stw_alloc(m, 64, &type);
    uint64_t cpu_ns = stw_clock_process_cpu_ns(), futile = STW_LOAD(gc->totals.futile_wakes);
    uint64_t allocated = 0;
    for (; away() == 1; allocated++)
        stw_alloc(m, 64, &type);
    cpu_ns = stw_clock_process_cpu_ns() - cpu_ns;
    futile = STW_LOAD(gc->totals.futile_wakes) - futile;
    stw_block_begin(m);
    pthread_join(thread, NULL);
    stw_block_end(m);
    stw_mutator_detach(m);
    stw_runtime_stop();
    if (allocated * 64 > LIVE_CELLS * 64 * 4) /* it had to wait, or nothing is shown */
        return judge("cells allocated while one was away", allocated, LIVE_CELLS * 4);
    int failed = judge("futile wakes while one was away", futile, FUTILE_MAX);
#if !STW_ASAN && !STW_TSAN && !defined(STW_HOSTILE)
    failed |= judge("CPU time, ns", cpu_ns, AWAY_CPU_NS);
#endif
    return failed;
}

static int tiny(void)
{
    if (STW_LIMIT_WORTH_BYTES < 4096) {
        puts("skipped: tiny: nothing is tiny in this build");
        return 0;
    }
    gc_rig_options.gc.audit = 0;
    gc_rig_options.gc.processors = TINY_PROCESSORS;
    gc_rig_start();
    struct stw_gc *gc = stw_runtime_gc();
    struct stw_mutator *m = gc_rig_attach(0);
    stw_roots_add(gc, &root, 1);
    build(m, 7);
    m->host->collect(m->host, m); /* the workers are started */
    uint32_t wakes = __atomic_load_n(&gc->workers.wake, __ATOMIC_SEQ_CST);
    uint64_t futile = STW_LOAD(gc->totals.futile_wakes);
    for (uint32_t i = 0; i < TINY_CYCLES; i++)
        m->host->collect(m->host, m);
    wakes = __atomic_load_n(&gc->workers.wake, __ATOMIC_SEQ_CST) - wakes;
    futile = STW_LOAD(gc->totals.futile_wakes) - futile;
    stw_mutator_detach(m);
    stw_runtime_stop();
    return judge("workers woken for tiny heaps", wakes, WAKES_MAX)
         | judge("futile wakes for tiny heaps", futile, FUTILE_MAX);
}

/* One runtime a process. */
static int in_child(int (*part)(void))
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        status = part();
        fflush(stdout);
        _exit(status);
    }
    return child < 0 || waitpid(child, &status, 0) < 0 || status != 0;
}

int main(int count, char **arguments)
{
    for (int i = 1; i < count; i++)
        if (strncmp(arguments[i], "seed=", 5) == 0)
            setenv("STW_SEED", arguments[i] + 5, 0);
    int failed = in_child(debtor);
    return in_child(tiny) | failed;
}

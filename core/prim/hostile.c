/* prim/hostile.c: delays at edges and failing calls, with STW_DELAYS only.
 *
 * An edge's temper is drawn from the seed and its name: in one run some edges are calm, others slow
 * all the time. That finds more orders of threads than if all edges were alike, in which case their
 * delays cancel out. How long a delay is comes from a generator of the thread's own.
 * Threads: all of it from any thread; what the environment says is read once. */
#include "prim/hostile.h"

#ifdef STW_DELAYS

#include "base/hash.h"
#include "base/random.h"
#include "prim/thread.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLEEP_NS_MAX 200000u /* four times what a stop takes: long enough to be overtaken */
#define SPINS_MAX 2000u

/* What edges of a name do in a run, and at how many visits. */
#define DOES_NOTHING 0u
#define DOES_SPIN 1u
#define DOES_YIELD 2u
#define DOES_SLEEP 3u
#define DOINGS 4u
struct temper {
    uint32_t does;
    uint32_t one_in; /* 2, 16 or 128: some edges are passed once a cycle, others a thousand times */
};

static pthread_once_t seed_once = PTHREAD_ONCE_INIT;
static uint64_t seed; /* 0: no delays */
static uint32_t threads_seen; /* atomic */

static uint64_t number_of(const char *name)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : 0;
}

static void read_seed(void)
{
    seed = number_of("STW_SEED");
}

static struct temper temper_of(const char *name)
{
    struct stw_random random = stw_random_seed(seed, stw_hash_text(STW_HASH_START, name));
    uint32_t does = stw_random_below(&random, DOINGS);
    return (struct temper){does, 2u << 3 * stw_random_below(&random, 3)};
}

void stw_hostile_edge(const char *name)
{
    static _Thread_local struct stw_random random;
    pthread_once(&seed_once, read_seed);
    if (!seed)
        return;
    if (!random.stream)
        random = stw_random_seed(seed, __atomic_fetch_add(&threads_seen, 1, __ATOMIC_RELAXED));
    const struct temper temper = temper_of(name);
    if (stw_random_below(&random, temper.one_in) != 0)
        return;
    if (temper.does == DOES_SPIN) {
        for (uint32_t left = stw_random_below(&random, SPINS_MAX); left > 0; left--)
            stw_spin_pause();
    } else if (temper.does == DOES_YIELD) {
        stw_thread_yield();
    } else if (temper.does == DOES_SLEEP) {
        const struct timespec time = {0, (long)stw_random_below(&random, SLEEP_NS_MAX)};
        nanosleep(&time, NULL);
    }
}

static uint64_t fail_nth, fail_from; /* written before there are threads */
static uint64_t calls;               /* atomic */

void stw_hostile_begin(const char *process)
{
    const char *victim = getenv("STW_FAIL_IN");
    if (strcmp(victim ? victim : "worker", process) != 0)
        return;
    fail_nth = number_of("STW_FAIL_NTH");
    fail_from = number_of("STW_FAIL_FROM");
}

int stw_hostile_fails(void)
{
    if (!fail_nth && !fail_from)
        return 0;
    uint64_t call = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
    return call == fail_nth || (fail_from && call >= fail_from);
}

#endif

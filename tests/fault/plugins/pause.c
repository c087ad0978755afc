/* fault/plugins/pause.c: strategies whose cycle hook does what a hook may not, five times: it
 * sleeps, calls malloc, touches memory for the first time, or allocates managed memory. One object
 * holds them all, and a hook's context is no plugin's self: only the handle that a hook was added
 * through tells whose it is. */
#define _GNU_SOURCE
#include <stwlab/plugin.h>

#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define TIMES 5u
#define SLEEP_NS 2000000
#define PAGE_BYTES 4096u
#define PAGES 16u /* each time */
#define FRESH_BYTES (TIMES * PAGES * PAGE_BYTES)
#define LARGE_BYTES 65536u /* off the fast path */

struct pause {
    void (*act)(struct pause *pause);
    struct stw_mutator *mutator; /* the first that begins */
    char *fresh;
    uint32_t calls;
};

static void do_nothing(struct pause *pause)
{
    (void)pause;
}

static void sleep_a_while(struct pause *pause)
{
    const struct timespec while_ = {0, SLEEP_NS};
    (void)pause;
    nanosleep(&while_, NULL);
}

static void call_malloc(struct pause *pause)
{
    void *volatile memory = malloc(100); /* volatile: a compiler may drop the pair */
    (void)pause;
    free(memory);
}

static void touch(struct pause *pause)
{
    for (uint32_t page = 0; page < PAGES; page++)
        pause->fresh[(pause->calls * PAGES + page) * PAGE_BYTES] = 1;
}

static void allocate(struct pause *pause)
{
    if (pause->mutator)
        stw_alloc(pause->mutator, LARGE_BYTES, NULL);
}

static void hook(void *context)
{
    struct pause *pause = context;
    if (pause->calls < TIMES)
        pause->act(pause);
    pause->calls++;
}

static stw_status create(const struct stw_host *host, void (*act)(struct pause *), void **self)
{
    struct pause *pause = calloc(1, sizeof *pause), **holder = malloc(sizeof *holder);
    if (!pause || !holder)
        return STW_E_NOMEM;
    *holder = pause;
    pause->act = act;
    pause->fresh = mmap(NULL, FRESH_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                        0);
    if (pause->fresh == MAP_FAILED)
        return STW_E_NOMEM;
    madvise(pause->fresh, FRESH_BYTES, MADV_NOHUGEPAGE); /* fails where there are none */
    *self = holder;
    return host->cycle_hook_add(host, hook, pause);
}

static void destroy(void *self)
{
    struct pause **holder = self, *pause = *holder;
    munmap(pause->fresh, FRESH_BYTES);
    free(pause);
    free(holder);
}

static void begin(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    struct pause *pause = *(struct pause **)self;
    if (m->index == 0)
        __atomic_store_n(&pause->mutator, m, __ATOMIC_RELEASE);
    stw_next_begin(next, m);
}

#define STRATEGY(name, act)                                                                        \
    static stw_status create_##name(const struct stw_host *host, const struct stw_config *config,  \
                                    struct stw_error *error, void **self)                          \
    {                                                                                              \
        (void)config, (void)error;                                                                 \
        return create(host, act, self);                                                            \
    }                                                                                              \
    static const struct stw_strategy_ops name = {.struct_size = sizeof name,                       \
                                                 .create = create_##name,                          \
                                                 .destroy = destroy,                               \
                                                 .begin = begin}

STRATEGY(does_nothing, do_nothing);
STRATEGY(sleeps, sleep_a_while);
STRATEGY(mallocs, call_malloc);
STRATEGY(touches, touch);
STRATEGY(allocates, allocate);

STW_MANIFEST(STW_PLUGIN("strategy", "pause-nothing", "Its cycle hook does nothing")
             STW_PLUGIN("strategy", "pause-sleeps", "Its cycle hook sleeps")
             STW_PLUGIN("strategy", "pause-mallocs", "Its cycle hook calls malloc")
             STW_PLUGIN("strategy", "pause-touches", "Its cycle hook touches fresh memory")
             STW_PLUGIN("strategy", "pause-allocates", "Its cycle hook allocates cells"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "pause-nothing", &does_nothing),
           STW_OFFER(STW_KIND_STRATEGY, "pause-sleeps", &sleeps),
           STW_OFFER(STW_KIND_STRATEGY, "pause-mallocs", &mallocs),
           STW_OFFER(STW_KIND_STRATEGY, "pause-touches", &touches),
           STW_OFFER(STW_KIND_STRATEGY, "pause-allocates", &allocates));

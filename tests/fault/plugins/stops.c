/* fault/plugins/stops.c: strategies whose cycle hook waits for the world to start, crashes or
 * hangs; a workload whose slots abort: `operations` once its set-up is done, or `expected`. */
#include <stddef.h>
#include <stdlib.h>
#include <stwlab/plugin.h>

static const struct stw_host *the_host;
static void *words[1];

static void add_a_root(void *context)
{
    (void)context;
    the_host->root_add(the_host, words, 1);
}

__attribute__((no_sanitize("null"))) /* UBSan would end the process first */
static void crash(void *context)
{
    static int *volatile nowhere; /* unknown to compilers */
    (void)context;
    *nowhere = 1;
}

static void hang(void *context)
{
    for (volatile uint64_t turns = 0;; turns++)
        if (turns == UINT64_MAX)
            crash(context);
}

static void destroy(void *self)
{
    (void)self;
}

#define STRATEGY(name, hook)                                                                       \
    static stw_status create_##name(const struct stw_host *host, const struct stw_config *config,  \
                                    struct stw_error *error, void **self)                          \
    {                                                                                              \
        (void)config, (void)error;                                                                 \
        the_host = host;                                                                           \
        *self = NULL;                                                                              \
        return host->cycle_hook_add(host, hook, NULL);                                             \
    }                                                                                              \
    static const struct stw_strategy_ops name = {.struct_size = sizeof name,                       \
                                                 .create = create_##name,                          \
                                                 .destroy = destroy}
STRATEGY(roots, add_a_root);
STRATEGY(crashes, crash);
STRATEGY(hangs, hang);

static uint32_t is_set_up; /* atomic */

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    static const uint32_t late = 1, early = 0;
    (void)host, (void)error;
    *self = (void *)(uintptr_t)(stw_config_get(config, "late")->choice ? &late : &early);
    return STW_OK;
}

static uint64_t operations(void *self)
{
    if (!*(const uint32_t *)self && __atomic_load_n(&is_set_up, __ATOMIC_ACQUIRE))
        abort();
    return 1;
}

static stw_status setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
{
    (void)self, (void)trial, (void)error;
    *state = stw_alloc(m, 1000, NULL);
    __atomic_store_n(&is_set_up, 1, __ATOMIC_RELEASE);
    return STW_OK;
}

static void operate(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    (void)self, (void)m, (void)state, (void)number;
}

static uint64_t checksum(void *self, struct stw_mutator *m, void *state)
{
    (void)self, (void)m, (void)state;
    return 1;
}

static uint32_t expected(void *self, struct stw_mutator *m, void *state, uint64_t *sum)
{
    (void)self, (void)m, (void)state, (void)sum;
    abort();
}

static const struct stw_workload_ops aborts = {.struct_size = sizeof aborts,
                                               .create = create,
                                               .destroy = destroy,
                                               .operations = operations,
                                               .setup = setup,
                                               .operate = operate,
                                               .checksum = checksum,
                                               .expected = expected};

STW_MANIFEST(STW_PLUGIN("strategy", "stop-roots", "Its cycle hook registers a root")
             STW_PLUGIN("strategy", "stop-crashes", "Its cycle hook crashes")
             STW_PLUGIN("strategy", "stop-hangs", "Its cycle hook never comes back")
             STW_PLUGIN("workload", "aborts", "Aborts in operations, or in expected")
             STW_PARAM_CHOICE("late", "no,yes", "no", "whether in expected"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "stop-roots", &roots),
           STW_OFFER(STW_KIND_STRATEGY, "stop-crashes", &crashes),
           STW_OFFER(STW_KIND_STRATEGY, "stop-hangs", &hangs),
           STW_OFFER(STW_KIND_WORKLOAD, "aborts", &aborts));

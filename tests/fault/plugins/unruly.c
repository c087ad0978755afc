/* fault/plugins/unruly.c: a workload and a strategy that do, once, what the annotations of the slot
 * that they are in do not allow. fault/checked.sh says what becomes of each. */
#include <stwlab/kit.h>
#include <stwlab/plugin.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Both. */

struct unruly {
    const struct stw_host *host;
    const char *does;
    const struct stw_link *next;
    struct stw_mutator *first;
    void *map;
};

static const struct stw_map_type type = {.struct_size = sizeof type,
                                         .key = STW_KEY_U64,
                                         .value_bytes = 8};
static const struct stw_map_need need = {.struct_size = sizeof need, .type = &type};

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    struct unruly *unruly = calloc(1, sizeof *unruly);
    if (!unruly)
        return host->set_error(host, error, STW_E_NOMEM, "create", "no memory");
    unruly->host = host;
    unruly->does = stw_config_text(config, "does");
    *self = unruly;
    return STW_OK;
}

static int is(const struct unruly *unruly, const char *what)
{
    return strcmp(unruly->does, what) == 0;
}

/* The workload. */

static void cycle_hook(void *context)
{
    (void)context;
}

static const struct stw_map_type *map_type(void *self, uint32_t index)
{
    struct unruly *unruly = self;
    struct timespec while_asleep = {0, 30000000};
    if (is(unruly, "adds-hook"))
        (void)!unruly->host->cycle_hook_add(unruly->host, cycle_hook, NULL);
    if (is(unruly, "sleeps"))
        nanosleep(&while_asleep, NULL);
    return index < 10 ? &type : NULL;
}

static stw_status setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
{
    struct unruly *unruly = self;
    (void)error;
    __atomic_store_n(&unruly->next, trial->strategy, __ATOMIC_RELAXED); /* by each, to the same */
    if (m->index == 0)
        __atomic_store_n(&unruly->first, m, __ATOMIC_RELEASE);
    *state = stw_next_need_map(trial->strategy, m, &need);
    __atomic_store_n(&unruly->map, *state, __ATOMIC_RELAXED); /* anybody's will do */
    return STW_OK;
}

struct call {
    struct unruly *unruly;
    struct stw_mutator *m;
};

static void *count_elsewhere(void *context)
{
    struct call *call = context;
    stw_map_count(call->unruly->next, call->m, call->unruly->map);
    return NULL;
}

static void *grow_elsewhere(void *context)
{
    struct call *call = context;
    call->unruly->host->growth(call->unruly->host, call->m, STW_GROWTH_GROW, 1);
    return NULL;
}

static void start(struct unruly *unruly, struct stw_mutator *m, void *(*run)(void *))
{
    struct call call = {unruly, m};
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, &call) == 0)
        pthread_join(thread, NULL);
}

static void operate(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    struct unruly *unruly = self;
    uint64_t key = number, value = number;
    if (is(unruly, "counts-on-a-thread"))
        start(unruly, m, count_elsewhere);
    if (is(unruly, "grows-on-a-thread"))
        start(unruly, m, grow_elsewhere);
    if (is(unruly, "uses-anothers-mutator") && m->index == 1)
        stw_map_count(unruly->next, unruly->first, state);
    if (is(unruly, "passes-its-own-self"))
        unruly->next->map_ops->count(self, m, state);
    stw_map_assign(unruly->next, m, state, &key, &value);
}

static uint64_t checksum(void *self, struct stw_mutator *m, void *state)
{
    struct unruly *unruly = self;
    stw_alloc(m, 16, NULL); /* so that the next one is on the fast path */
    return stw_map_count(unruly->next, m, state);
}

static void last_map(void *self, struct stw_mutator *m, void *state, struct stw_map_stats *stats)
{
    struct unruly *unruly = self;
    uint64_t key = 1;
    stw_map_get_stats(unruly->next, m, state, stats);
    if (is(unruly, "allocates"))
        stw_alloc(m, 16, NULL);
    if (is(unruly, "allocates-much"))
        stw_alloc(m, 1u << 20, NULL);
    if (is(unruly, "polls"))
        m->host->safepoint(m->host, m);
    if (is(unruly, "needs-a-map"))
        stw_next_need_map(unruly->next, m, &need);
    if (is(unruly, "assigns"))
        stw_map_assign(unruly->next, m, state, &key, &key);
}

static const struct stw_workload_ops workload = {
    .struct_size = sizeof workload,
    .create = create,
    .setup = setup,
    .operate = operate,
    .checksum = checksum,
    .last_map = last_map,
    .map_type = map_type,
};

/* The strategy. */

static void cycle_end_hook(void *context, struct stw_mutator *m)
{
    (void)context;
    stw_alloc(m, 16, NULL);
}

static stw_status create_strategy(const struct stw_host *host, const struct stw_config *config,
                                  struct stw_error *error, void **self)
{
    stw_status status = create(host, config, error, self);
    if (status == STW_OK && is(*self, "allocates-in-a-hook"))
        status = host->cycle_end_hook_add(host, cycle_end_hook, *self);
    return status;
}

static void destroy_strategy(void *self)
{
    struct unruly *unruly = self;
    if (is(unruly, "calls-the-destroyed"))
        unruly->next->ops->begin(unruly->next->self, unruly->next->next, unruly->first);
    free(unruly);
}

static void linked(void *self, const struct stw_link *next)
{
    struct unruly *unruly = self;
    const struct stw_link *own = next - 1;
    __atomic_store_n(&unruly->next, next, __ATOMIC_RELAXED);
    if (is(unruly, "links-itself"))
        own->ops->linked(own->self, next);
}

static void safepoint(void *self, struct stw_mutator *m)
{
    struct unruly *unruly = self;
    if (is(unruly, "yields-at-safepoints"))
        unruly->host->yield(unruly->host, m);
}

static void *need_map(void *self, const struct stw_link *next, struct stw_mutator *m,
                      const struct stw_map_need *wanted)
{
    struct unruly *unruly = self;
    if (is(unruly, "begins-a-request"))
        stw_next_request_begin(next, m);
    return stw_next_need_map(next, m, wanted);
}

static const struct stw_strategy_ops strategy = {
    .struct_size = sizeof strategy,
    .create = create_strategy,
    .destroy = destroy_strategy,
    .linked = linked,
    .safepoint = safepoint,
    .need_map = need_map,
};

STW_MANIFEST(
    STW_PLUGIN("workload", "unruly", "Does in a slot what the slot may not")
    STW_PARAM_CHOICE("does", "nothing,adds-hook,counts-on-a-thread,grows-on-a-thread,"
                     "uses-anothers-mutator,passes-its-own-self,allocates,allocates-much,polls,"
                     "needs-a-map,assigns,sleeps", "nothing", "what it does")
    STW_PARAM_U64("operations", "operations", 100, 1, 1000000, "operations of each mutator")
    STW_PLUGIN("strategy", "unruly", "Does in a slot what the slot may not")
    STW_PARAM_CHOICE("does", "nothing,allocates-in-a-hook,calls-the-destroyed,links-itself,"
                     "yields-at-safepoints,begins-a-request", "nothing", "what it does"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "unruly", &workload),
           STW_OFFER(STW_KIND_STRATEGY, "unruly", &strategy));

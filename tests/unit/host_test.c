/* unit/host_test.c: goal: what the host offers to a mutator's own thread, or to the main thread, is
 * refused elsewhere, and between block_begin and block_end, in every build: rules `on-mutator`,
 * `on-main` and `blocked` of stwlab/host.h. Method: each function is called by a thread that is no
 * mutator, with the mutator that the main thread is; who is told of it leaves by a jump. */
/* sources: plugins/allocators/go.c tests/support/gc_rig.c */
#include "base/breach.h"
#include "gc_rig.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>

static const struct stw_host *host;
static struct stw_mutator *m;
static jmp_buf told;
static struct stw_breach breach;

static void leave(const struct stw_breach *found)
{
    breach = *found;
    longjmp(told, 1);
}

static void start(void)
{
    gc_rig_options.gc.stepped = 1;
    stw_breach_told = leave;
    gc_rig_start();
    m = gc_rig_attach(0);
    host = m->host;
}
TestSuite(host, .init = start);

static void hook(void *context)
{
    (void)context;
}

static void end_hook(void *context, struct stw_mutator *mutator)
{
    (void)context, (void)mutator;
}

static void safepoint(void)
{
    host->safepoint(host, m);
}

static void allocate(void)
{
    stw_alloc(m, 100000, NULL);
}

static void yield(void)
{
    host->yield(host, m);
}

static void collect(void)
{
    host->collect(host, m);
}

static void block_begin(void)
{
    host->block_begin(host, m);
}

static void block_end(void)
{
    host->block_end(host, m);
}

static void set_percent(void)
{
    host->set_gc_percent(host, m, 200);
}

static void set_limit(void)
{
    host->set_memory_limit(host, m, 1 << 30);
}

static void charge(void)
{
    host->external_bytes(host, m, 1);
}

static void charge_for_none(void)
{
    host->external_bytes(host, NULL, 1);
}

static void add_hook(void)
{
    (void)!host->cycle_hook_add(host, hook, NULL);
}

static void add_end_hook(void)
{
    (void)!host->cycle_end_hook_add(host, end_hook, NULL);
}

struct call {
    void (*make)(void);
    const char *did;
};

static const struct call of_mutators[] = {
    {safepoint, "called safepoint"},
    {allocate, "allocated"},
    {yield, "called yield"},
    {collect, "called collect"},
    {block_begin, "called block_begin"},
    {block_end, "called block_end"},
    {set_percent, "called set_gc_percent"},
    {set_limit, "called set_memory_limit"},
    {charge, "called external_bytes"},
};
#define OF_MUTATORS (sizeof of_mutators / sizeof *of_mutators)

/* Null when nobody is told. */
static void *try(void *context)
{
    const struct call *call = context;
    if (setjmp(told) == 0) {
        call->make();
        return NULL;
    }
    return &breach;
}

static void expect_told(void *heard, const struct call *call, const char *rule, const char *where)
{
    char text[STW_BREACH_TEXT_BYTES];
    snprintf(text, sizeof text, "%s %s", call->did, where);
    cr_assert_not_null(heard, "%s was not noticed", call->did);
    cr_assert_str_eq(breach.text, text);
    cr_assert_str_eq(breach.rule, rule);
}

static void *try_elsewhere(const struct call *call)
{
    pthread_t thread;
    void *heard;
    pthread_create(&thread, NULL, try, (void *)(uintptr_t)call);
    pthread_join(thread, &heard);
    return heard;
}

Test(host, serves_a_mutator_on_its_own_thread)
{
    for (size_t i = 0; i < OF_MUTATORS; i++)
        expect_told(try_elsewhere(&of_mutators[i]), &of_mutators[i], "on-mutator",
                    "for a mutator of another thread");
    cr_assert_null(try_elsewhere(&(struct call){charge_for_none, "charged"}));
}

Test(host, takes_hooks_on_the_main_thread)
{
    const struct call calls[] = {{add_hook, "called cycle_hook_add"},
                                 {add_end_hook, "called cycle_end_hook_add"}};
    for (size_t i = 0; i < 2; i++) {
        expect_told(try_elsewhere(&calls[i]), &calls[i], "on-main",
                    "on another thread than the main one");
        cr_assert_null(try((void *)(uintptr_t)&calls[i]));
    }
}

Test(host, serves_no_mutator_that_is_blocked)
{
    host->block_begin(host, m);
    for (size_t i = 0; i < OF_MUTATORS; i++)
        if (of_mutators[i].make != block_begin && of_mutators[i].make != block_end)
            expect_told(try((void *)(uintptr_t)&of_mutators[i]), &of_mutators[i], "blocked",
                        "between block_begin and block_end");
    cr_assert_null(try(&(struct call){block_end, "ended"}));
    for (size_t i = 0; i < OF_MUTATORS; i++)
        cr_assert_null(try((void *)(uintptr_t)&of_mutators[i]), "%s", of_mutators[i].did);
}

/* unit/grants_test.c: goal: what the allocator grants is checked before it is used (gc.GR1: abi.L1
 * to abi.L6), what it keeps is asked for before memory counts as exhausted (gc.GR2), and the host
 * alone works out the live heap, by spans, as Go does (gc.R4). */
/* sources: plugins/allocators/go.c tests/support/gc_rig.c */
/* Method: a slot of allocator `go` is replaced by one that breaks a rule. Whoever is told of it
 * leaves by a jump, since it must not return. */
#include "base/breach.h"
#include "gc_rig.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <setjmp.h>
#include <string.h>

static struct stw_allocator_ops go; /* as it is */
static jmp_buf told;
static struct stw_breach breach;
static struct stw_mutator *m;

static void leave(const struct stw_breach *found)
{
    breach = *found;
    longjmp(told, 1);
}

static void start(void (*change)(struct stw_allocator_ops *ops))
{
    gc_rig_options.gc.mode = STW_MODE_STW;
    gc_rig_options.gc.percent = STW_GC_OFF;
    gc_rig_options.gc.stepped = 1;
    gc_rig_options.gc.audit = 0;
    gc_rig_change = change;
    stw_breach_told = leave;
    gc_rig_start();
    m = gc_rig_attach(0);
}

static void expect_told(void (*act)(void), const char *rule, const char *text)
{
    if (setjmp(told) == 0) {
        act();
        cr_assert_fail("%s was not noticed", rule);
    }
    cr_assert_str_eq(breach.rule, rule, "%s", breach.text);
    cr_assert_str_eq(breach.text, text);
}

static void fill_page(void)
{
    for (uint32_t i = 0; i < 9; i++)
        stw_alloc(m, 1024, NULL);
}

static void large(void)
{
    stw_alloc(m, 100000, NULL);
}

/* What refill is to do wrong. */
static uint32_t wrong;
enum {WRONG_NOTHING, WRONG_CELL, WRONG_RANGE, WRONG_EMPTY, WRONG_CLASS, WRONG_SHAPE, WRONG_STALE,
      WRONG_TWICE, WRONG_STATUS, WRONG_NULL};

static stw_status break_refill(void *self, struct stw_mutator *mutator, uint32_t span_class,
                               uint64_t cell_bytes, struct stw_grant *grant)
{
    static struct stw_grant before;
    if (wrong == WRONG_STATUS)
        return STW_E_IO;
    if (wrong == WRONG_TWICE && before.span) {
        *grant = before;
        return STW_OK;
    }
    stw_status status = go.refill(self, mutator, span_class, cell_bytes, grant);
    before = *grant;
    if (wrong == WRONG_CELL)
        grant->first_cell = 0, grant->span->alloc_bits[0] |= 1;
    if (wrong == WRONG_RANGE)
        grant->cell_count++;
    if (wrong == WRONG_EMPTY)
        grant->cell_count = 0;
    if (wrong == WRONG_CLASS)
        grant->span->span_class++;
    if (wrong == WRONG_SHAPE)
        grant->span->cell_bytes /= 2;
    if (wrong == WRONG_STALE)
        grant->span->sweep_generation--;
    if (wrong == WRONG_NULL)
        grant->span = NULL;
    return status;
}

static void change_refill(struct stw_allocator_ops *ops)
{
    go = *ops;
    ops->refill = break_refill;
}

static void expect_wrong(uint32_t what, const char *rule, const char *text)
{
    start(change_refill);
    wrong = what;
    expect_told(fill_page, rule, text);
}

Test(grants, of_allocated_cells)
{
    expect_wrong(WRONG_CELL, "L3", "granted cell 0, which is allocated already");
}

Test(grants, beyond_the_span)
{
    expect_wrong(WRONG_RANGE, "L3",
                 "granted cells 0 to 9 of a span of 8, for one of 1024 bytes");
}

Test(grants, of_nothing)
{
    expect_wrong(WRONG_EMPTY, "L3",
                 "granted cells 0 to 0 of a span of 8, for one of 1024 bytes");
}

Test(grants, of_another_class)
{
    expect_wrong(WRONG_CLASS, "L5",
                 "was asked for class 65 and granted a span of class 66");
}

Test(grants, of_other_cells)
{
    expect_wrong(WRONG_SHAPE, "L5",
                 "granted a span with cells of 512 bytes and layout 0, where its "
                 "size table has 1024 and 0 (class 65)");
}

Test(grants, of_unswept_spans)
{
    expect_wrong(WRONG_STALE, "L4",
                 "granted cell 0 of a span that is not swept");
}

Test(grants, twice)
{
    start(change_refill);
    fill_page(); /* a full page, and one cell of the next */
    wrong = WRONG_TWICE;
    expect_told(fill_page, "L3",
                "granted cell 0, which is allocated already");
}

Test(grants, with_another_status)
{
    expect_wrong(WRONG_STATUS, "L6", "returned status 3 from refill");
}

Test(grants, without_a_span)
{
    expect_wrong(WRONG_NULL, "L6",
                 "returned STW_OK from refill, and granted no span");
}

/* Hands one span to two runs. */
static struct stw_span *shared;

static stw_status share_refill(void *self, struct stw_mutator *mutator, uint32_t span_class,
                               uint64_t cell_bytes, struct stw_grant *grant)
{
    if (shared && mutator->index == 1) {
        *grant = (struct stw_grant){shared, 4, 4};
        return STW_OK;
    }
    stw_status status = go.refill(self, mutator, span_class, cell_bytes, grant);
    grant->cell_count = 4;
    shared = grant->span;
    return status;
}

static void change_sharing(struct stw_allocator_ops *ops)
{
    go = *ops;
    ops->refill = share_refill;
}

static void *other(void *unused)
{
    (void)unused;
    m = gc_rig_attach(1);
    if (setjmp(told) == 0)
        fill_page();
    cr_assert_str_eq(breach.rule, "L2");
    return NULL;
}

Test(grants, to_two_mutators)
{
    start(change_sharing);
    stw_alloc(m, 1024, NULL);
    pthread_t thread;
    m->host->block_begin(m->host, m);
    pthread_create(&thread, NULL, other, NULL);
    pthread_join(thread, NULL);
    cr_assert(strstr(breach.text, "which serves another run"));
}

static stw_status small_large(void *self, struct stw_mutator *mutator, uint64_t bytes,
                              uint32_t scan, struct stw_span **span)
{
    return go.large(self, mutator, bytes / 2, scan, span);
}

static void change_large(struct stw_allocator_ops *ops)
{
    go = *ops;
    ops->large = small_large;
}

Test(grants, of_large_cells_that_are_too_small)
{
    start(change_large);
    expect_told(large, "L5",
                "made a span of 1 cells of 57344 bytes and layout 0 for a large cell "
                "of 100000");
}

/* Makes its span by itself. */
static stw_status own_large(void *self, struct stw_mutator *mutator, uint64_t bytes, uint32_t scan,
                            struct stw_span **span)
{
    static struct stw_span own;
    stw_status status = go.large(self, mutator, bytes, scan, span);
    own = **span;
    *span = &own;
    return status;
}

static void change_span(struct stw_allocator_ops *ops)
{
    go = *ops;
    ops->large = own_large;
}

Test(grants, of_large_cells_in_no_registered_span)
{
    start(change_span);
    expect_told(large, "L1", "made a span that is not registered for a large cell");
}

static void disown(void)
{
    m->host->pages_disown(m->host, 0x7f0000000000, 3);
}

Test(grants, pages_that_were_not_adopted_cannot_be_disowned)
{
    start(NULL);
    m->host->pages_adopt(m->host, 0x7f0000000000, 2);
    expect_told(disown, "L8", "disowned pages that it did not adopt");
}

/* Has pages only once it was told to give back what it keeps. */
static uint32_t released;

static stw_status need_release(void *self, struct stw_mutator *mutator, uint32_t span_class,
                               uint64_t cell_bytes, struct stw_grant *grant)
{
    if (!released)
        return STW_E_NOMEM;
    return go.refill(self, mutator, span_class, cell_bytes, grant);
}

static void note_release(void *self)
{
    (void)self;
    released++;
}

static void change_release(struct stw_allocator_ops *ops)
{
    go = *ops;
    ops->refill = need_release;
    ops->release = note_release;
}

Test(grants, are_asked_for_again_after_release)
{
    start(change_release);
    cr_assert_not_null(stw_alloc(m, 1024, NULL), "gc.GR2");
    cr_assert_eq(released, 1);
}

/* Slices: what no memory could hold is out of memory, and not a few bytes by an overflow. */
static const char *lacks;

static void note_lack(const char *message)
{
    lacks = message;
    longjmp(told, 1);
}

static void expect_lack(uint64_t length, uint64_t element_bytes, const struct stw_type *type)
{
    struct stw_slice slice = {0};
    lacks = NULL;
    if (setjmp(told) == 0) {
        stw_slice_reserve(m, &slice, length, element_bytes, type);
        cr_assert_fail("%llu elements were found room for", (unsigned long long)length);
    }
    cr_assert_str_eq(lacks, "the managed heap is full (large cell)");
    cr_assert_null(slice.items);
}

Test(grants, of_slices_beyond_all_memory)
{
    static const uint64_t mask[] = {1};
    static const struct stw_type pair = {sizeof pair, 0, 16, 8, mask, "pair"};
    gc_rig_options.gc.out_of_memory = note_lack;
    start(NULL);
    expect_lack(1ull << 40, 8, NULL);
    expect_lack(1ull << 61, 8, NULL);
    expect_lack((1ull << 61) + 1, 8, NULL);
    expect_lack(UINT64_MAX, 1, NULL);
    expect_lack((1ull << 60) + 1, 16, &pair);
}

static int64_t live(void)
{
    return stw_gc_snapshot(stw_runtime_gc()).live_bytes;
}

Test(grants, charge_the_free_cells_of_a_span)
{
    start(NULL);
    stw_alloc(m, 1024, NULL);
    cr_assert_eq(live(), 8192, "gc.R4: the whole span from the start");
    for (uint32_t i = 0; i < 7; i++)
        stw_alloc(m, 1024, NULL);
    cr_assert_eq(live(), 8192);
    stw_alloc(m, 1024, NULL);
    cr_assert_eq(live(), 2 * 8192);
    stw_alloc(m, 100000, NULL);
    cr_assert_eq(live(), 15 * 8192, "13 pages");
    stw_gc_collect(m);
    int64_t kept = live(); /* what a stale word on the stack keeps, and no span as a whole */
    cr_assert_leq(kept, 13 * 8192 + 2 * 1024);
    stw_alloc(m, 2048, NULL);
    cr_assert_eq(live(), kept + 8192);
    stw_mutator_detach(m);
    cr_assert_eq(live(), kept + 2048, "gc.R4: what was not used is credited");
}

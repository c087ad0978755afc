/* unit/go_allocator_test.c: goal: the allocator `go` divides, grants and sweeps like Go. */
/* sources: plugins/allocators/go.c */
/* Method: the plugin runs over a fake host heap (support/fake_heap.h) that checks every grant, so
 * that a cell granted twice, stale or outside its span ends the test. Sizes are compared with Go's
 * own table. Random histories of allocation, survival and sweeping are compared with a model that
 * knows every object's bytes; at each stop the plugin's audit (go.A1-A4, abi.L1-L4) must
 * agree. The race test uses plain threads. */

#include "base/random.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <stwlab/testing.h>

#define PAGES 4096u
#define OBJECTS 8192u

const struct stw_descriptor *stw_plugin_entry_go(void);

static const struct stw_allocator_ops *ops;
static void *go;

static void begin(uint64_t page_limit)
{
    const struct stw_config config = {.struct_size = sizeof config};
    struct stw_error error = {.struct_size = sizeof error};
    ops = stw_plugin_entry_go()->offers[0].ops;
    cr_assert_eq(ops->create(fake_heap_begin(page_limit), &config, &error, &go), STW_OK);
    fake_heap_use(ops, go);
}

static void end(void)
{
    ops->destroy(go);
    fake_heap_end();
}

static void audit(void)
{
    struct stw_error error = {.struct_size = sizeof error};
    cr_assert_eq(ops->audit(go, &error), STW_OK, "%s: %s", error.field, error.message);
}

static struct stw_allocator_stats stats(void)
{
    struct stw_allocator_stats stats = {.struct_size = sizeof stats};
    ops->stats(go, &stats);
    return stats;
}

static void sweep_all(void)
{
    while (ops->sweep(go, 7) > 0)
        ;
    cr_assert_eq(stats().spans_unswept, 0);
}

/* Size classes 1 to 67 of Go 1.23: cell bytes, pages, cells of a span without and with pointers. */
static const struct {
    uint32_t bytes, pages, plain, pointerful;
} oracle[67] = {
    {8, 1, 1024, 1008}, {16, 1, 512, 504}, {24, 1, 341, 336}, {32, 1, 256, 252}, {48, 1, 170, 168},
    {64, 1, 128, 126}, {80, 1, 102, 100}, {96, 1, 85, 84}, {112, 1, 73, 72}, {128, 1, 64, 63},
    {144, 1, 56, 56}, {160, 1, 51, 50}, {176, 1, 46, 45}, {192, 1, 42, 42}, {208, 1, 39, 38},
    {224, 1, 36, 36}, {240, 1, 34, 33}, {256, 1, 32, 31}, {288, 1, 28, 28}, {320, 1, 25, 25},
    {352, 1, 23, 22}, {384, 1, 21, 21}, {416, 1, 19, 19}, {448, 1, 18, 18}, {480, 1, 17, 16},
    {512, 1, 16, 15}, {576, 1, 14, 14}, {640, 1, 12, 12}, {704, 1, 11, 11}, {768, 1, 10, 10},
    {896, 1, 9, 9}, {1024, 1, 8, 8}, {1152, 1, 7, 7}, {1280, 1, 6, 6}, {1408, 2, 11, 11},
    {1536, 1, 5, 5}, {1792, 2, 9, 9}, {2048, 1, 4, 4}, {2304, 2, 7, 7}, {2688, 1, 3, 3},
    {3072, 3, 8, 8}, {3200, 2, 5, 5}, {3456, 3, 7, 7}, {4096, 1, 2, 2}, {4864, 3, 5, 5},
    {5376, 2, 3, 3}, {6144, 3, 4, 4}, {6528, 4, 5, 5}, {6784, 5, 6, 6}, {6912, 6, 7, 7},
    {8192, 1, 1, 1}, {9472, 7, 6, 6}, {9728, 6, 5, 5}, {10240, 5, 4, 4}, {10880, 4, 3, 3},
    {12288, 3, 2, 2}, {13568, 5, 3, 3}, {14336, 7, 4, 4}, {16384, 2, 1, 1}, {18432, 9, 4, 4},
    {19072, 7, 3, 3}, {20480, 5, 2, 2}, {21760, 8, 3, 3}, {24576, 3, 1, 1}, {27264, 10, 3, 3},
    {28672, 7, 2, 2}, {32768, 4, 1, 1},
};

Test(go_allocator, finds_the_class_of_every_size)
{
    begin(16);
    const struct stw_size_table *k = ops->size_table(go);
    cr_assert_eq(k->small_bytes_max, 32760);
    cr_assert_eq(k->tiny_bytes_max, 16);
    for (uint32_t scan = 0; scan < 2; scan++)
        for (uint32_t bytes = 1, row = 0; bytes <= 32760; bytes++) {
            uint32_t header = scan && bytes > 512 ? 8 : 0;
            while (bytes + header > oracle[row].bytes)
                row++;
            const struct stw_fit *fit =
                &(scan ? k->with_pointers : k->without_pointers)[(bytes + 7) / 8];
            cr_assert_eq(fit->run, 2 * (row + 1) + !scan, "%u bytes, run %u", bytes, fit->run);
            cr_assert_eq(fit->cell_bytes, oracle[row].bytes);
            cr_assert_eq(fit->layout, !scan    ? STW_LAYOUT_NOSCAN
                                      : header ? STW_LAYOUT_HEADER
                                               : STW_LAYOUT_BITMAP);
        }
    end();
}

Test(go_allocator, cuts_spans_as_go_does)
{
    begin(1024);
    struct fake_heap_mutator *m = fake_attach(0);
    for (uint32_t row = 0; row < 67; row++) {
        for (uint32_t noscan = 0; noscan < 2; noscan++) {
            struct stw_grant grant = {0};
            uint32_t span_class = 2 * (row + 1) + noscan, bytes = oracle[row].bytes;
            uint32_t cells = noscan ? oracle[row].plain : oracle[row].pointerful;
            cr_assert_eq(ops->refill(go, &m->m, span_class, bytes, &grant), STW_OK);
            cr_assert_eq(grant.first_cell, 0);
            cr_assert_eq(grant.cell_count, cells, "class %u", row + 1);
            cr_assert_eq(grant.span->cell_count, cells);
            cr_assert_eq(grant.span->cell_bytes, bytes);
            cr_assert_eq(grant.span->page_count, oracle[row].pages);
            cr_assert_eq(grant.span->layout, noscan         ? STW_LAYOUT_NOSCAN
                                             : bytes <= 512 ? STW_LAYOUT_BITMAP
                                                            : STW_LAYOUT_HEADER);
        }
    }
    audit();
    cr_assert_eq(stats().spans_cached, 134);
    fake_detach(m);
    cr_assert_eq(stats().spans_cached, 0);
    end();
}

Test(go_allocator, rounds_as_go_1_23)
{
    static const struct {
        uint64_t bytes, scan, usable;
    } rows[] = {
        {1, 0, 8}, {16, 0, 16}, {17, 0, 24}, {208, 1, 208}, {416, 1, 416}, {512, 1, 512},
        {520, 1, 568}, {832, 1, 888}, {1664, 1, 1784}, {3952, 1, 4088}, {8112, 1, 8184},
        {14144, 1, 14328}, {28496, 1, 28664}, {57200, 1, 57344}, {114608, 1, 114688},
        {1810432, 1, 1810432}, {144, 0, 144}, {288, 0, 288}, {576, 0, 576}, {1152, 0, 1152},
        {2592, 0, 2688}, {5328, 0, 5376}, {10224, 0, 10240}, {20448, 0, 20480},
        {40896, 0, 40960}, {163728, 0, 163840}, {1253376, 0, 1253376}, {32760, 1, 32760},
        {32760, 0, 32768}, {32761, 0, 32768}, {32761, 1, 32768}, {32769, 0, 40960},
        {UINT64_MAX - 8191, 0, UINT64_MAX - 8191}, {UINT64_MAX, 1, UINT64_MAX},
    };
    begin(16);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_assert_eq(ops->usable_bytes(go, rows[i].bytes, (uint32_t)rows[i].scan), rows[i].usable,
                     "%llu bytes", (unsigned long long)rows[i].bytes);
    end();
}

/* Ends a cycle with the marks that are set, and flushes the mutator's cache. */
static void cycle(struct fake_heap_mutator *m)
{
    fake_retire(m);
    audit();
    fake_cycle_end();
    audit();
    ops->flush(go, &m->m);
    audit();
}

Test(go_allocator, grants_whole_runs_in_address_order)
{
    static const uint32_t runs[][2] = {{3, 4}, {60, 71}, {127, 129}, {192, 256}, {511, 512}};
    begin(16);
    struct fake_heap_mutator *m = fake_attach(0);
    char *cells[512];
    for (uint32_t i = 0; i < 512; i++)
        cells[i] = fake_alloc(m, 16, 0);
    fake_retire(m);
    for (uint32_t i = 0, run = 0; i < 512; i++) {
        run += i >= runs[run][1];
        if (i < runs[run][0])
            fake_heap_mark(cells[i]);
    }
    cycle(m);
    for (uint32_t run = 0; run < 5; run++)
        for (uint32_t i = runs[run][0]; i < runs[run][1]; i++) {
            cr_assert_eq((char *)fake_alloc(m, 16, 0), cells[i]);
            cr_assert_eq(m->m.runs[2 * 2 + 1].limit, (uintptr_t)cells[0] + 16 * runs[run][1]);
        }
    cr_assert_eq(fake_span_count(), 1);
    fake_alloc(m, 16, 0);
    cr_assert_eq(fake_span_count(), 2, "the first span is full");
    fake_detach(m);
    end();
}

Test(go_allocator, sweeps_what_it_needs_before_it_grows)
{
    begin(64);
    struct fake_heap_mutator *m = fake_attach(0);
    for (uint32_t i = 0; i < 32; i++) { /* four spans, the last in the cache; half of each lives */
        char *cell = fake_alloc(m, 1024, 0);
        fake_retire(m);
        if (i % 2)
            fake_heap_mark(cell);
    }
    cycle(m);
    cr_assert_eq(stats().spans_unswept, 3);
    cr_assert_eq(stats().spans_partial, 1, "the cached one was swept when it was flushed");
    for (uint32_t i = 0; i < 16; i++) {
        fake_alloc(m, 1024, 0);
        cr_assert_eq(stats().spans_unswept, 3 - i / 4, "cell %u", i);
    }
    cr_assert_eq(fake_span_count(), 4);
    fake_alloc(m, 1024, 0);
    cr_assert_eq(fake_span_count(), 5);
    cr_assert_eq(stats().spans_full, 4);
    cr_assert_eq(ops->sweep(go, UINT32_MAX), 0, "all were swept by the way");
    fake_detach(m);
    end();
}

Test(go_allocator, gives_up_after_100_sweeps)
{
    begin(512);
    struct fake_heap_mutator *m = fake_attach(0);
    for (uint32_t i = 0; i < 150; i++) {
        char *cell = fake_alloc(m, 8192, 0);
        fake_retire(m);
        fake_heap_mark(cell);
    }
    cycle(m);
    cr_assert_eq(stats().spans_unswept, 149);
    fake_alloc(m, 8192, 0);
    cr_assert_eq(stats().spans_unswept, 49);
    cr_assert_eq(fake_span_count(), 151);
    cr_assert_eq(ops->sweep(go, 9), 9);
    cr_assert_eq(ops->sweep(go, 100), 40);
    cr_assert_eq(ops->sweep(go, 100), 0);
    fake_detach(m);
    end();
}

Test(go_allocator, frees_empty_spans_small_and_large)
{
    begin(256);
    struct fake_heap_mutator *m = fake_attach(0);
    char *kept = fake_alloc(m, 100000, 1);
    fake_alloc(m, 70000, 0);
    fake_alloc(m, 24, 1);
    fake_alloc(m, 3000, 0);
    fake_heap_mark(kept);
    cycle(m);
    cr_assert_eq(fake_span_count(), 2, "the flush swept and freed both small spans");
    cr_assert_eq(ops->sweep(go, 100), 2);
    cr_assert_eq(fake_span_count(), 1);
    cr_assert_eq(fake_pages_used(), 13);
    cycle(m);
    sweep_all();
    cr_assert_eq(fake_pages_used(), 0);
    fake_detach(m);
    end();
}

Test(go_allocator, keeps_spans_that_nobody_swept)
{
    begin(64);
    struct fake_heap_mutator *m = fake_attach(0);
    char *small = fake_alloc(m, 8192, 0), *big = fake_alloc(m, 50000, 0);
    fake_alloc(m, 8192, 0);
    fake_retire(m);
    fake_heap_mark(small);
    fake_heap_mark(big);
    fake_cycle_end();
    fake_cycle_end(); /* against abi.L4 */
    audit();
    cr_assert_eq(stats().spans_unswept, 2);
    ops->flush(go, &m->m);
    sweep_all();
    audit();
    cr_assert_eq(fake_span_count(), 2);
    fake_detach(m);
    end();
}

Test(go_allocator, is_consistent_when_memory_is_out)
{
    begin(40);
    struct fake_heap_mutator *m = fake_attach(0);
    for (uint64_t bytes = 8; bytes <= 65536; bytes *= 2) {
        uint64_t cells = 0;
        while (fake_alloc(m, bytes, bytes % 3 == 1))
            cells++;
        audit();
        cr_assert(cells > 0 || fake_pages_used() + bytes / 8192 >= 40);
    }
    cr_assert_eq(fake_pages_used(), 40);
    cr_assert(!fake_alloc(m, UINT64_MAX, 0) && !fake_alloc(m, UINT64_MAX - 8191, 1));
    cycle(m);
    cr_assert_geq(stats().spans_unswept, 38);
    cr_assert_not_null(fake_alloc(m, 38 * 8192, 0), "what is dead is swept before giving up");
    audit();
    fake_detach(m);
    end();
}

Test(go_allocator, survives_every_single_failure_of_the_host)
{
    for (uint64_t nth = 1, failed = 1; failed; nth++) {
        begin(256);
        struct fake_heap_mutator *m = fake_attach(0);
        fake_fail_nth(nth);
        failed = 0;
        for (uint64_t bytes = 8; bytes <= 100000; bytes = bytes * 3 / 2 / 8 * 8 + 8) {
            uint64_t pages = fake_pages_used(), spans = fake_span_count();
            if (fake_alloc(m, bytes, 1))
                continue;
            failed++;
            cr_assert_eq(fake_pages_used(), pages, "failure %u keeps pages", (unsigned)nth);
            cr_assert_eq(fake_span_count(), spans);
            cr_assert_not_null(fake_alloc(m, bytes, 1), "it goes on afterwards");
        }
        cr_assert_leq(failed, 1);
        fake_retire(m);
        ops->flush(go, &m->m);
        audit();
        fake_detach(m);
        end();
        cr_assert(failed || nth > 20);
    }
}

/* What a test knows of its cells. */
struct object {
    uint8_t *bytes;
    uint64_t count;
    uint8_t fill;
};

struct model {
    struct fake_heap_mutator *m;
    struct stw_random random;
    uint32_t owes_flush;
    uint32_t object_count;
    struct object objects[OBJECTS];
};

/* By one memcmp of neighbours, which a sanitizer checks as one access. */
static int is_filled(const uint8_t *bytes, uint64_t count, uint8_t fill)
{
    return bytes[0] == fill && memcmp(bytes, bytes + 1, count - 1) == 0;
}

static uint64_t random_bytes(struct stw_random *random)
{
    static const uint32_t bounds[] = {16, 64, 64, 64, 300, 1024, 1024, 5000, 33000, 200000};
    return 1 + stw_random_below(random, bounds[stw_random_below(random, 10)]);
}

static void allocate(struct model *model)
{
    uint64_t bytes = random_bytes(&model->random);
    uint32_t scan = stw_random_below(&model->random, 2);
    if (scan)
        bytes = (bytes + 7) / 8 * 8;
    if (model->owes_flush)
        ops->flush(go, &model->m->m);
    model->owes_flush = 0;
    uint8_t *cell = fake_alloc(model->m, bytes, scan);
    if (!cell)
        return;
    uint64_t usable = ops->usable_bytes(go, bytes, scan);
    const struct stw_span *span = fake_span_at(cell);
    uint64_t header = span->layout == STW_LAYOUT_HEADER ? 8 : 0;
    cr_assert((!scan && bytes < 16) || usable == span->cell_bytes - header);
    cr_assert(is_filled(cell, bytes, 0), "a new cell of %u is not zero", (unsigned)bytes);
    uint8_t fill = (uint8_t)(1 + stw_random_below(&model->random, 200));
    memset(cell, fill, bytes);
    cr_assert_lt(model->object_count, OBJECTS);
    model->objects[model->object_count++] = (struct object){cell, bytes, fill};
}

/* Marks about `percent` of the objects; forgets the others. */
static void survive(struct model *model, uint32_t percent)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < model->object_count; i++) {
        const struct object *object = &model->objects[i];
        cr_assert(is_filled(object->bytes, object->count, object->fill),
                  "a live cell of %u has changed", (unsigned)object->count);
        if (stw_random_below(&model->random, 100) < percent) {
            fake_heap_mark(model->objects[i].bytes);
            model->objects[kept++] = model->objects[i];
        }
    }
    model->object_count = kept;
}

static struct model *model_begin(uint32_t index, uint64_t seed)
{
    struct model *model = calloc(1, sizeof *model);
    cr_assert_not_null(model);
    model->m = fake_attach(index);
    model->random = stw_random_seed(seed, index);
    return model;
}

static void model_end(struct model *model)
{
    fake_detach(model->m);
    free(model);
}

/* Cells, when all runs are retired and all caches flushed in the same cycle. */
static void check_totals(struct model **models, uint32_t count)
{
    uint64_t objects = 0;
    for (uint32_t i = 0; i < count; i++) {
        fake_retire(models[i]->m);
        ops->flush(go, &models[i]->m->m);
        models[i]->owes_flush = 0;
        objects += models[i]->object_count;
    }
    audit();
    sweep_all();
    audit();
    cr_assert_eq(fake_cells_allocated(), objects, "abi.L3");
    cr_assert_eq(stats().spans_cached, 0);
}

/* Stops, marks, ends the cycle. */
static void collect(struct model **models, uint32_t count, uint32_t percent)
{
    for (uint32_t i = 0; i < count; i++) {
        if (models[i]->owes_flush)
            ops->flush(go, &models[i]->m->m);
        fake_retire(models[i]->m);
    }
    sweep_all();
    audit();
    for (uint32_t i = 0; i < count; i++) {
        survive(models[i], percent);
        models[i]->owes_flush = 1;
    }
    fake_cycle_end();
    audit();
}

static void random_history(uint64_t seed)
{
    begin(PAGES);
    struct model *models[3];
    struct stw_random random = stw_random_seed(seed, 99);
    for (uint32_t i = 0; i < 3; i++)
        models[i] = model_begin(i, seed);
    for (uint32_t round = 0; round < 24; round++) {
        for (uint32_t i = 0; i < 700; i++) {
            allocate(models[stw_random_below(&random, 3)]);
            if (stw_random_below(&random, 20) == 0)
                ops->sweep(go, 1 + stw_random_below(&random, 4));
        }
        if (round % 3 == 0)
            check_totals(models, 3);
        collect(models, 3, round % 5 == 4 ? 2 : 20 * (round % 4) + 15);
    }
    check_totals(models, 3);
    collect(models, 3, 0);
    for (uint32_t i = 0; i < 3; i++)
        ops->flush(go, &models[i]->m->m);
    sweep_all();
    cr_assert(fake_span_count() == 0 && fake_pages_used() == 0, "nothing lives, nothing is left");
    for (uint32_t i = 0; i < 3; i++)
        model_end(models[i]);
    end();
}

Test(go_allocator, agrees_with_a_model)
{
    for (uint64_t seed = 1; seed <= 6; seed++)
        random_history(seed);
}

/* Two mutators allocate and one thread sweeps, all at once, between stops by a barrier. */
#define RACE_ROUNDS 12u
static pthread_barrier_t stop_begin, stop_end;
static uint32_t mutators_busy; /* atomic */

static void *race_mutator(void *context)
{
    for (uint32_t round = 0; round < RACE_ROUNDS; round++) {
        for (uint32_t i = 0; i < 1000; i++)
            allocate(context);
        __atomic_fetch_sub(&mutators_busy, 1, __ATOMIC_RELEASE);
        pthread_barrier_wait(&stop_begin);
        pthread_barrier_wait(&stop_end);
    }
    return NULL;
}

static void *race_sweeper(void *context)
{
    uint64_t *swept = context;
    for (uint32_t round = 0; round < RACE_ROUNDS; round++) {
        while (__atomic_load_n(&mutators_busy, __ATOMIC_ACQUIRE) > 0) {
            *swept += ops->sweep(go, 3);
            cr_assert_lt(stats().spans_unswept, PAGES);
        }
        pthread_barrier_wait(&stop_begin);
        pthread_barrier_wait(&stop_end);
    }
    return NULL;
}

Test(go_allocator, mutators_and_sweeper_do_not_meet)
{
    begin(2 * PAGES);
    struct model *models[2] = {model_begin(0, 5), model_begin(1, 6)};
    pthread_t threads[3];
    uint64_t swept = 0;
    mutators_busy = 2;
    pthread_barrier_init(&stop_begin, NULL, 4);
    pthread_barrier_init(&stop_end, NULL, 4);
    pthread_create(&threads[0], NULL, race_mutator, models[0]);
    pthread_create(&threads[1], NULL, race_mutator, models[1]);
    pthread_create(&threads[2], NULL, race_sweeper, &swept);
    for (uint32_t round = 0; round < RACE_ROUNDS; round++) {
        pthread_barrier_wait(&stop_begin);
        check_totals(models, 2);
        collect(models, 2, 40);
        __atomic_store_n(&mutators_busy, 2, __ATOMIC_RELEASE);
        pthread_barrier_wait(&stop_end);
    }
    for (uint32_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    cr_assert_gt(swept, 0, "the sweeper never got a span");
    check_totals(models, 2);
    for (uint32_t i = 0; i < 2; i++)
        model_end(models[i]);
    end();
}

static void expect_broken(const char *rule)
{
    struct stw_error error = {.struct_size = sizeof error};
    cr_assert_eq(ops->audit(go, &error), STW_E_AUDIT, "%s was not seen", rule);
    cr_assert_str_eq(error.field, rule, "%s", error.message);
}

Test(go_allocator, audit_names_what_is_broken)
{
    begin(64);
    struct fake_heap_mutator *m = fake_attach(0);
    struct stw_span *cached = fake_span_at(fake_alloc(m, 64, 0));
    struct stw_span *full = fake_span_at(fake_alloc(m, 8192, 0));
    fake_alloc(m, 8192, 0); /* drives the first of its class out of the cache */
    fake_retire(m);
    audit();
    full->cell_bytes -= 8, expect_broken("abi.L1"), full->cell_bytes += 8;
    cached->allocator_word++, expect_broken("abi.L2"), cached->allocator_word--;
    full->live_count--, expect_broken("abi.L3"), full->live_count++;
    fake_generation_skip(1), expect_broken("abi.L4"), fake_generation_skip(-1);
    full->span_class++, expect_broken("go.A1"), full->span_class--;
    full->next = full, expect_broken("go.A1"), full->next = NULL;
    full->alloc_bits[0] = full->live_count = 0, expect_broken("go.A3");
    full->alloc_bits[0] = full->live_count = 1;
    struct stw_span **slot = m->m.allocator_state; /* opens with the cached spans */
    uint32_t at = cached->span_class;
    slot[at] = NULL, expect_broken("abi.L2"), slot[at] = cached;
    audit();
    fake_detach(m);
    end();
}

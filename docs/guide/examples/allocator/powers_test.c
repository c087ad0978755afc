/* powers_test.c: the allocator alone, over a fake heap that checks every grant and every sweep. */
#include <criterion/criterion.h>
#include <string.h>
#include <stwlab/testing.h>

const struct stw_descriptor *stw_plugin_entry_powers(void);

static const struct stw_allocator_ops *powers;
static void *self;

static struct fake_heap_mutator *begin(uint64_t pages)
{
    struct stw_error error = {.struct_size = sizeof error};
    const struct stw_host *host = fake_heap_begin(pages);
    powers = fake_admit(STW_KIND_ALLOCATOR, "powers", stw_plugin_entry_powers(), NULL, NULL);
    cr_assert_eq(powers->create(host, fake_config(), &error, &self), STW_OK);
    fake_heap_use(powers, self);
    return fake_attach(0);
}

/* Requires that all spans and pages came back. */
static void end(struct fake_heap_mutator *m)
{
    fake_detach(m);
    powers->destroy(self);
    fake_heap_end();
}

/* A stop at the end of marking, as the host makes it. */
static void end_cycle(struct fake_heap_mutator *m)
{
    fake_retire(m);
    fake_cycle_end();
    powers->flush(self, &m->m);
    while (powers->sweep(self, 100) > 0)
        continue;
}

Test(powers, cells_of_all_sizes_share_nothing)
{
    enum { CELLS = 3000 };
    static unsigned char *cells[CELLS];
    struct fake_heap_mutator *m = begin(4096);
    for (uint32_t i = 0; i < CELLS; i++) {
        uint64_t bytes = 8 * (1 + i % 600); /* to 4800: small ones and large ones */
        cells[i] = fake_alloc(m, bytes, i & 1);
        cr_assert(cells[i]);
        cr_assert_geq(powers->usable_bytes(self, bytes, i & 1), bytes);
        if (!(i & 1))
            memset(cells[i], (int)(i % 255), bytes);
    }
    for (uint32_t i = 0; i < CELLS; i += 2)
        for (uint64_t at = 0; at < 8 * (1 + i % 600); at++)
            cr_assert_eq(cells[i][at], i % 255);
    end(m);
}

Test(powers, a_cycle_keeps_what_is_marked_and_frees_the_rest)
{
    struct fake_heap_mutator *m = begin(4096);
    uint64_t *kept = fake_alloc(m, 64, 0);
    *kept = 7;
    for (uint32_t i = 0; i < 10000; i++)
        fake_alloc(m, 64, 0);
    uint64_t spans = fake_span_count();
    fake_retire(m);
    fake_heap_mark(kept);
    end_cycle(m);
    cr_assert_eq(fake_cells_allocated(), 1);
    cr_assert_eq(fake_span_count(), 1);
    cr_assert_gt(spans, 10000 * 64 / STW_PAGE_BYTES);
    cr_assert_eq(*kept, 7);
    end(m);
}

Test(powers, tells_that_there_are_no_pages_and_goes_on_after_a_cycle)
{
    struct fake_heap_mutator *m = begin(16);
    uint32_t cells = 0;
    while (fake_alloc(m, 4000, 0))
        cells++;
    cr_assert_eq(cells, 32);
    end_cycle(m);
    cr_assert(fake_alloc(m, 4000, 0));
    end(m);
}

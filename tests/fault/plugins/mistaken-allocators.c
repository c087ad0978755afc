/* fault/plugins/mistaken-allocators.c: the allocator `go` with one mistake each.
 * fault/mistakes.sh says what becomes of each. */
#define BORROWED "../../../plugins/allocators/go.c"
#include "borrowed.h"

/* Grants cells again that are allocated, as soon as a span has some. */
static stw_status grants_twice(void *self, struct stw_mutator *m, uint32_t span_class,
                               uint64_t cell_bytes, struct stw_grant *grant)
{
    stw_status status = refill(self, m, span_class, cell_bytes, grant);
    if (status == STW_OK && stw_span_is_allocated(grant->span, 0))
        grant->first_cell = 0;
    return status;
}

static stw_status grants_unswept(void *self, struct stw_mutator *m, uint32_t span_class,
                                 uint64_t cell_bytes, struct stw_grant *grant)
{
    stw_status status = refill(self, m, span_class, cell_bytes, grant);
    if (status == STW_OK)
        grant->span->sweep_generation--;
    return status;
}

static stw_status grants_beyond(void *self, struct stw_mutator *m, uint32_t span_class,
                                uint64_t cell_bytes, struct stw_grant *grant)
{
    stw_status status = refill(self, m, span_class, cell_bytes, grant);
    grant->cell_count = 100000;
    return status;
}

static stw_status grants_another_class(void *self, struct stw_mutator *m, uint32_t span_class,
                                       uint64_t cell_bytes, struct stw_grant *grant)
{
    return refill(self, m, span_class ^ 1, cell_bytes, grant);
}

static stw_status grants_lost(void *self, struct stw_mutator *m, uint32_t span_class,
                              uint64_t cell_bytes, struct stw_grant *grant)
{
    struct go *go = self;
    stw_status status = refill(self, m, span_class, cell_bytes, grant);
    if (status == STW_OK)
        go->host->span_unregister(go->host, grant->span);
    return status;
}

static stw_status registers_twice(void *self, struct stw_mutator *m, uint32_t span_class,
                                  uint64_t cell_bytes, struct stw_grant *grant)
{
    struct go *go = self;
    stw_status status = refill(self, m, span_class, cell_bytes, grant);
    const struct stw_span *span = grant->span;
    struct stw_span *again;
    const struct stw_span_request request = {
        sizeof request, span->span_class, span->base, span->page_count, span->cell_bytes,
        span->cell_count, span->layout, 0, 0};
    return status == STW_OK ? go->host->span_register(go->host, &request, &again) : status;
}

static stw_status registers_too_much(void *self, struct stw_mutator *m, uint32_t span_class,
                                     uint64_t cell_bytes, struct stw_grant *grant)
{
    struct go *go = self;
    struct stw_span_request request = {.struct_size = sizeof request, .span_class = span_class,
                                       .page_count = 1, .cell_bytes = 4096, .cell_count = 3};
    (void)m, (void)cell_bytes;
    (void)!go->host->pages_acquire(go->host, 1, &request.base, &request.needs_zero);
    return go->host->span_register(go->host, &request, &grant->span);
}

static stw_status releases_others(void *self, struct stw_mutator *m, uint32_t span_class,
                                  uint64_t cell_bytes, struct stw_grant *grant)
{
    struct go *go = self;
    go->host->pages_release(go->host, 4096 * 8192, 1);
    return refill(self, m, span_class, cell_bytes, grant);
}

static stw_status sweeps_twice(void *self, struct stw_mutator *m, uint32_t span_class,
                               uint64_t cell_bytes, struct stw_grant *grant)
{
    struct go *go = self;
    stw_status status = refill(self, m, span_class, cell_bytes, grant);
    if (status == STW_OK)
        go->host->span_sweep(go->host, grant->span);
    return status;
}

static stw_status small_large(void *self, struct stw_mutator *m, uint64_t bytes, uint32_t scan,
                              struct stw_span **span)
{
    return large(self, m, bytes / 2, scan, span);
}

static volatile uint64_t *volatile nowhere = (volatile uint64_t *)8;

static void falls_in_cycle_end(void *self)
{
    *nowhere = 1;
    cycle_end(self);
}

#define OPS(name, slot_refill, slot_large, slot_cycle_end)                                         \
    static const struct stw_allocator_ops ops_##name = {                                           \
        .struct_size = sizeof ops_##name, .create = create, .destroy = destroy,                    \
        .size_table = size_table, .attach = attach, .detach = detach, .refill = slot_refill,       \
        .large = slot_large, .usable_bytes = usable_bytes, .cycle_end = slot_cycle_end,            \
        .flush = flush, .sweep = sweep, .stats = stats, .audit = check}
OPS(grants_twice, grants_twice, large, cycle_end);
OPS(grants_unswept, grants_unswept, large, cycle_end);
OPS(grants_beyond, grants_beyond, large, cycle_end);
OPS(grants_another_class, grants_another_class, large, cycle_end);
OPS(grants_lost, grants_lost, large, cycle_end);
OPS(registers_twice, registers_twice, large, cycle_end);
OPS(registers_too_much, registers_too_much, large, cycle_end);
OPS(releases_others, releases_others, large, cycle_end);
OPS(sweeps_twice, sweeps_twice, large, cycle_end);
OPS(small_large, refill, small_large, cycle_end);
OPS(cycle_end_falls, refill, large, falls_in_cycle_end);

STW_MANIFEST(STW_PLUGIN("allocator", "faultless", "Is go")
             STW_PLUGIN("allocator", "grants-twice", "Breaks a rule")
             STW_PLUGIN("allocator", "grants-unswept", "Breaks a rule")
             STW_PLUGIN("allocator", "grants-beyond", "Breaks a rule")
             STW_PLUGIN("allocator", "grants-another-class", "Breaks a rule")
             STW_PLUGIN("allocator", "grants-lost", "Breaks a rule")
             STW_PLUGIN("allocator", "registers-twice", "Breaks a rule")
             STW_PLUGIN("allocator", "registers-too-much", "Breaks a rule")
             STW_PLUGIN("allocator", "releases-others", "Breaks a rule")
             STW_PLUGIN("allocator", "sweeps-twice", "Breaks a rule")
             STW_PLUGIN("allocator", "small-large", "Breaks a rule")
             STW_PLUGIN("allocator", "cycle-end-falls", "Breaks down in a slot"));
STW_EXPORT(STW_OFFER(STW_KIND_ALLOCATOR, "faultless", &ops),
           STW_OFFER(STW_KIND_ALLOCATOR, "grants-twice", &ops_grants_twice),
           STW_OFFER(STW_KIND_ALLOCATOR, "grants-unswept", &ops_grants_unswept),
           STW_OFFER(STW_KIND_ALLOCATOR, "grants-beyond", &ops_grants_beyond),
           STW_OFFER(STW_KIND_ALLOCATOR, "grants-another-class", &ops_grants_another_class),
           STW_OFFER(STW_KIND_ALLOCATOR, "grants-lost", &ops_grants_lost),
           STW_OFFER(STW_KIND_ALLOCATOR, "registers-twice", &ops_registers_twice),
           STW_OFFER(STW_KIND_ALLOCATOR, "registers-too-much", &ops_registers_too_much),
           STW_OFFER(STW_KIND_ALLOCATOR, "releases-others", &ops_releases_others),
           STW_OFFER(STW_KIND_ALLOCATOR, "sweeps-twice", &ops_sweeps_twice),
           STW_OFFER(STW_KIND_ALLOCATOR, "small-large", &ops_small_large),
           STW_OFFER(STW_KIND_ALLOCATOR, "cycle-end-falls", &ops_cycle_end_falls));

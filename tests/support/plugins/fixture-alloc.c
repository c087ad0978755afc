/* support/plugins/fixture-alloc.c: an allocator that never has memory; its manifest is what tests
 * read. */
#include <stwlab/plugin.h>

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    (void)host, (void)config, (void)error;
    *self = 0;
    return STW_OK;
}

static void destroy(void *self)
{
    (void)self;
}

static const struct stw_size_table *size_table(void *self)
{
    static const struct stw_fit with_pointers[] = {{16, 0, STW_LAYOUT_BITMAP, 0},
                                                   {16, 0, STW_LAYOUT_BITMAP, 0},
                                                   {16, 0, STW_LAYOUT_BITMAP, 0}};
    static const struct stw_fit without_pointers[] = {{16, 1, STW_LAYOUT_NOSCAN, 0},
                                                      {16, 1, STW_LAYOUT_NOSCAN, 0},
                                                      {16, 1, STW_LAYOUT_NOSCAN, 0}};
    static const struct stw_size_table sizes = {.struct_size = sizeof sizes,
                                                .small_bytes_max = 16,
                                                .with_pointers = with_pointers,
                                                .without_pointers = without_pointers};
    (void)self;
    return &sizes;
}

static stw_status attach(void *self, struct stw_mutator *m)
{
    (void)self, (void)m;
    return STW_OK;
}

static void detach(void *self, struct stw_mutator *m)
{
    (void)self, (void)m;
}

static stw_status refill(void *self, struct stw_mutator *m, uint32_t span_class,
                         uint64_t cell_bytes, struct stw_grant *grant)
{
    (void)self, (void)m, (void)span_class, (void)cell_bytes, (void)grant;
    return STW_E_NOMEM;
}

static stw_status large(void *self, struct stw_mutator *m, uint64_t bytes, uint32_t scan,
                        struct stw_span **span)
{
    (void)self, (void)m, (void)bytes, (void)scan, (void)span;
    return STW_E_NOMEM;
}

static uint64_t usable_bytes(void *self, uint64_t bytes, uint32_t scan)
{
    (void)self, (void)scan;
    return bytes;
}

static void cycle_end(void *self)
{
    (void)self;
}

static void flush(void *self, struct stw_mutator *m)
{
    (void)self, (void)m;
}

static uint32_t sweep(void *self, uint32_t span_max)
{
    (void)self, (void)span_max;
    return 0;
}

static const struct stw_allocator_ops ops = {.struct_size = sizeof ops,
                                             .create = create,
                                             .destroy = destroy,
                                             .size_table = size_table,
                                             .attach = attach,
                                             .detach = detach,
                                             .refill = refill,
                                             .large = large,
                                             .usable_bytes = usable_bytes,
                                             .cycle_end = cycle_end,
                                             .flush = flush,
                                             .sweep = sweep};

STW_MANIFEST(STW_PLUGIN("allocator", "fixture-alloc", "Never has memory"));
STW_EXPORT(STW_OFFER(STW_KIND_ALLOCATOR, "fixture-alloc", &ops));

/* fault/plugins/hog.c: a strategy that fills the managed heap and keeps all of it alive. */
#include <stwlab/plugin.h>

#include <stdlib.h>

#define CELL_BYTES 4096u

struct hog {
    void *newest; /* a registered root; each cell points to the one before it */
};

static const uint64_t first_word[CELL_BYTES / 512] = {1};
static const struct stw_type cell_type = {
    .struct_size = sizeof cell_type,
    .element_bytes = CELL_BYTES,
    .pointer_bytes = 8,
    .pointer_mask = first_word,
    .name = "hog.cell",
};

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    struct hog *hog = calloc(1, sizeof *hog);
    (void)config;
    if (!hog)
        return host->set_error(host, error, STW_E_NOMEM, "create", "no memory");
    *self = hog;
    return host->root_add(host, &hog->newest, 1);
}

static void destroy(void *self)
{
    free(self);
}

static void merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                  const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    struct hog *hog = self;
    (void)next, (void)map, (void)entries, (void)first, (void)count;
    for (;;) {
        void **cell = stw_alloc(m, CELL_BYTES, &cell_type);
        stw_store(m, cell, hog->newest);
        stw_store(m, &hog->newest, cell);
    }
}

static const struct stw_strategy_ops ops = {
    .struct_size = sizeof ops, .create = create, .destroy = destroy, .merge = merge};

STW_MANIFEST(STW_PLUGIN("strategy", "hog", "Fills the managed heap and keeps it"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "hog", &ops));

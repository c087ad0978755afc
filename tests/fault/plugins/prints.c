/* fault/plugins/prints.c: a strategy that prints in a merge, and then lets things go on or not. */
#include <stwlab/plugin.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct prints {
    uint64_t lines;
    const char *then;
};

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    (void)host, (void)error;
    struct prints *prints = malloc(sizeof *prints);
    prints->lines = stw_config_u64(config, "lines");
    prints->then = stw_config_text(config, "then");
    *self = prints;
    return STW_OK;
}

static void destroy(void *self)
{
    free(self);
}

static void merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                  const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    const struct prints *prints = self;
    for (uint64_t i = 0; i < prints->lines; i++)
        printf("line %06llu\n", (unsigned long long)i);
    fprintf(stderr, "\033[31mto stderr\n");
    printf("no end of line"); /* in stdio's buffer, if it has one */
    if (strcmp(prints->then, "crash") == 0)
        raise(SIGSEGV);
    if (strcmp(prints->then, "kill") == 0)
        raise(SIGKILL);
    stw_next_merge(next, m, map, entries, first, count);
}

static const struct stw_strategy_ops ops = {
    .struct_size = sizeof ops, .create = create, .destroy = destroy, .merge = merge};

STW_MANIFEST(STW_PLUGIN("strategy", "prints", "Prints in a merge")
             STW_PARAM_U64("lines", "lines", 1, 0, 1000000, "of stdout")
             STW_PARAM_CHOICE("then", "go-on,crash,kill", "go-on", "what it does then"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "prints", &ops));

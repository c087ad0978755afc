/* guess.c: asks for a map of a guessed size, a percentage of the entries that will come. */
#include <stdlib.h>
#include <stwlab/plugin.h>

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    uint64_t *percent = malloc(sizeof *percent);
    if (!percent)
        return host->set_error(host, error, STW_E_NOMEM, "", "no memory for the guess");
    *percent = stw_config_u64(config, "percent");
    *self = percent;
    return STW_OK;
}

static void *need_map(void *self, const struct stw_link *next, struct stw_mutator *m,
                      const struct stw_map_need *need)
{
    struct stw_map_need guess = *need;
    guess.struct_size = sizeof guess;
    guess.hint_entries = need->expected_entries * *(const uint64_t *)self / 100;
    return stw_next_need_map(next, m, &guess);
}

static const struct stw_strategy_ops ops = {
    .struct_size = sizeof ops, .create = create, .destroy = free, .need_map = need_map};
STW_MANIFEST(STW_PLUGIN("strategy", "guess", "Sizes maps by a guess of their entries")
             STW_PARAM_U64("percent", "percent", 50, 1, 1000, "of the entries that will come"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "guess", &ops));

/* draws_test.c: the workload alone, over a simple map and the strategy "probe". */
#include <criterion/criterion.h>
#include <stwlab/testing.h>

const struct stw_descriptor *stw_plugin_entry_draws(void);

static const struct stw_workload_ops *draws;
static struct stw_mutator *m;
static void *self, *state;

static void set_up(void)
{
    struct stw_config *config = fake_config();
    struct stw_error error = {.struct_size = sizeof error};
    const struct rig_part probe = {"probe", rig_probe(), NULL};
    fake_set_u64(config, "draws", 500);
    fake_set_u64(config, "distinct", 40);
    fake_set_u64(config, "operations", 3);
    const struct stw_link *chain = rig_new(1, &probe, 1, NULL);
    const struct stw_trial trial = {sizeof trial, 1, 7, chain};
    m = fake_mutator(0);
    draws = fake_admit(STW_KIND_WORKLOAD, "draws", stw_plugin_entry_draws(), config, NULL);
    cr_assert_eq(draws->create(m->host, config, &error, &self), STW_OK);
    cr_assert_eq(m->host->root_add(m->host, &state, 1), STW_OK);
    cr_assert_eq(draws->setup(self, m, &trial, &error, &state), STW_OK);
}

static void end(void)
{
    draws->destroy(self);
    rig_free();
}

Test(draws, counts_what_an_array_counts)
{
    uint64_t wanted = 0;
    set_up();
    for (uint64_t i = 0; i < draws->operations(self); i++)
        draws->operate(self, m, state, i);
    cr_assert_eq(draws->expected(self, m, state, &wanted), 1);
    cr_assert_eq(draws->checksum(self, m, state), wanted);
    end();
}

Test(draws, states_its_intents_in_order)
{
    set_up();
    draws->operate(self, m, state, 0);
    draws->operate(self, m, state, 1);
    cr_assert_str_eq(rig_log()->order, "rnRrdnR");
    cr_assert_eq(rig_log()->need.expected_entries, 40);
    end();
}

Test(draws, keeps_one_map_and_drops_it)
{
    set_up();
    for (uint64_t i = 0; i < 3; i++)
        draws->operate(self, m, state, i);
    fake_mark_roots();
    cr_assert(fake_is_marked(rig_log()->maps[2]));
    cr_assert_not(fake_is_marked(rig_log()->maps[1]));
    end();
}

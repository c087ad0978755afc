/* guess_test.c: the strategy alone, over a simple map; the strategy "probe" sees what it asks for. */
#include <criterion/criterion.h>
#include <stwlab/testing.h>

const struct stw_descriptor *stw_plugin_entry_guess(void);

static const struct stw_map_type numbers = {sizeof numbers, STW_KEY_U64, 8, 0, 0, NULL};

static const struct stw_link *chain_with(uint64_t percent)
{
    const struct rig_part parts[] = {
        {"guess", stw_plugin_entry_guess(), fake_set_u64(fake_config(), "percent", percent)},
        {"probe", rig_probe(), NULL}};
    return rig_new(1, parts, 2, NULL);
}

Test(guess, asks_for_its_share_of_what_will_come)
{
    const uint64_t percents[] = {10, 50, 200};
    for (uint32_t i = 0; i < 3; i++) {
        const struct stw_link *chain = chain_with(percents[i]);
        const struct stw_map_need need = {sizeof need, 0, &numbers, 0, 1000};
        stw_next_need_map(chain, fake_mutator(0), &need);
        cr_assert_eq(rig_log()->need.hint_entries, 10 * percents[i]);
        cr_assert_eq(rig_log()->need.expected_entries, 1000);
        rig_free();
    }
}

Test(guess, passes_all_else_on)
{
    const struct stw_link *chain = chain_with(50);
    struct stw_mutator *m = fake_mutator(0);
    const struct stw_map_need need = {sizeof need, 0, &numbers, 0, 1000};
    stw_next_begin(chain, m);
    stw_next_request_begin(chain, m);
    stw_next_done_map(chain, m, &numbers, stw_next_need_map(chain, m, &need));
    stw_next_request_end(chain, m);
    stw_next_end(chain, m);
    cr_assert_str_eq(rig_log()->order, "brndRe");
    rig_free();
}

/* sorted_test.c: the map alone: no lab, no collector, every cell a block of its own. */
#include <criterion/criterion.h>
#include <stwlab/kit.h>
#include <stwlab/testing.h>

const struct stw_descriptor *stw_plugin_entry_sorted(void);

static const struct stw_map_type numbers = {sizeof numbers, STW_KEY_U64, 8, 0, 0, NULL};
static const struct stw_map_type strings = {sizeof strings, STW_KEY_STRING, 8, 0, 0, NULL};
static const struct stw_map_ops *map;
static struct stw_mutator *m;
static void *self;

static void *new_map(uint64_t hint)
{
    struct stw_error error = {.struct_size = sizeof error};
    const struct stw_host *host = fake_host_new(1);
    m = fake_mutator(0);
    map = fake_admit(STW_KIND_MAP, "sorted", stw_plugin_entry_sorted(), NULL, NULL);
    cr_assert_eq(map->create(host, fake_config(), &error, &self), STW_OK);
    return map->make(self, m, &numbers, hint);
}

static void end(void)
{
    map->destroy(self);
    fake_host_free();
}

Test(sorted, holds_what_was_assigned_last)
{
    void *object = new_map(0);
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t key = stw_mix(i % 300);
        map->assign(self, m, object, &key, &i);
    }
    cr_assert_eq(map->count(self, m, object), 300);
    for (uint64_t i = 700; i < 1000; i++) {
        uint64_t key = stw_mix(i % 300), value = 0;
        cr_assert_eq(map->find(self, m, object, &key, &value), 1);
        cr_assert_eq(value, i);
        cr_assert_eq(map->erase(self, m, object, &key), 1);
        cr_assert_eq(map->find(self, m, object, &key, &value), 0);
    }
    end();
}

Test(sorted, does_not_grow_below_its_hint)
{
    void *object = new_map(500);
    for (uint64_t key = 0; key < 500; key++)
        map->assign(self, m, object, &key, &key);
    cr_assert_eq(fake_counts()->growths[STW_GROWTH_GROW], 0);
    uint64_t one_more = 500;
    map->assign(self, m, object, &one_more, &one_more);
    cr_assert_eq(fake_counts()->growths[STW_GROWTH_GROW], 1);
    end();
}

Test(sorted, keeps_its_arrays_alive_and_obeys_the_barrier)
{
    void *object = new_map(0);
    fake_marking_begin();
    for (uint64_t key = 0; key < 100; key++)
        map->assign(self, m, object, &key, &key);
    cr_assert_eq(fake_marking_check(), 0, "a pointer was stored without stw_store");
    fake_marking_end();
    fake_mark(object);
    cr_assert(fake_is_marked(((void **)object)[0]) && fake_is_marked(((void **)object)[1]));
    end();
}

Test(sorted, refuses_strings)
{
    struct stw_error error = {.struct_size = sizeof error};
    new_map(0);
    cr_assert_eq(map->accept(self, &numbers, &error), STW_OK);
    cr_assert_eq(map->accept(self, &strings, &error), STW_E_UNSUPPORTED);
    end();
}

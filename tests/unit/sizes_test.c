/* unit/sizes_test.c: goal: no size table that would corrupt memory is believed (Z1 to Z3 of
 * stwlab/mutator.h), and who made it is told which row is wrong. */
/* Method: the table of allocator `go`, which is right, is copied; each test breaks one thing. */
/* sources: plugins/allocators/go.c */
#include "host/sizes.h"

#include "base/error.h"
#include <stwlab/testing.h>

#include <criterion/criterion.h>
#include <string.h>

#define ROWS (32760 / 8 + 1)

const struct stw_descriptor *stw_plugin_entry_go(void);

static struct stw_size_table sizes;
static struct stw_fit with_pointers[ROWS], without_pointers[ROWS];
static struct stw_error error;

static void begin(void)
{
    const struct stw_config config = {.struct_size = sizeof config};
    const struct stw_allocator_ops *ops = stw_plugin_entry_go()->offers[0].ops;
    void *go;
    error = (struct stw_error)STW_ERROR_INIT;
    cr_assert_eq(ops->create(fake_heap_begin(16), &config, &error, &go), STW_OK);
    sizes = *ops->size_table(go);
    memcpy(with_pointers, sizes.with_pointers, sizeof with_pointers);
    memcpy(without_pointers, sizes.without_pointers, sizeof without_pointers);
    sizes.with_pointers = with_pointers;
    sizes.without_pointers = without_pointers;
    ops->destroy(go);
    fake_heap_end();
}

TestSuite(sizes, .init = begin);

static void expect_refused(const char *field, const char *part)
{
    cr_assert_eq(stw__sizes_check(&sizes, "allocator/x", &error), STW_E_REFUSED, "%s", part);
    cr_assert_str_eq(error.field, field);
    cr_assert(strstr(error.message, part), "'%s' lacks '%s'", error.message, part);
    cr_assert_eq(strncmp(error.message, "allocator/x: ", 13), 0, "%s", error.message);
}

Test(sizes, of_go_are_right)
{
    cr_assert_eq(stw__sizes_check(&sizes, "allocator/go", &error), STW_OK, "%s", error.message);
}

Test(sizes, head_has_a_table)
{
    cr_assert_eq(stw__sizes_check(NULL, "allocator/x", &error), STW_E_REFUSED);
    sizes.with_pointers = NULL, expect_refused("with_pointers", "null");
    sizes.with_pointers = with_pointers;
    sizes.without_pointers = NULL, expect_refused("without_pointers", "null");
    sizes.without_pointers = without_pointers;
    sizes.struct_size = 8, expect_refused("struct_size", "size of 8");
}

Test(sizes, limits_are_kept)
{
    static const uint64_t small[] = {0, 8, 12, 65544, UINT64_MAX};
    for (uint32_t i = 0; i < sizeof small / sizeof *small; i++)
        sizes.small_bytes_max = small[i], expect_refused("small_bytes_max", "a multiple of 8");
    sizes.small_bytes_max = 32760;
    sizes.tiny_bytes_max = 128, expect_refused("tiny_bytes_max", "is 128");
    sizes.tiny_bytes_max = 0;
    cr_assert_eq(stw__sizes_check(&sizes, "allocator/x", &error), STW_OK, "none are needed");
}

Test(sizes, cells_hold_their_requests)
{
    without_pointers[10].cell_bytes = 72, expect_refused("without_pointers", "[10]");
    without_pointers[10].cell_bytes = 0, expect_refused("without_pointers", "at least 80 (Z1)");
    without_pointers[10].cell_bytes = 84, expect_refused("without_pointers", "a multiple of 8");
    begin();
    with_pointers[70].cell_bytes = 560; /* the request, without the header */
    expect_refused("with_pointers", "at least 568 (Z1)");
    begin();
    with_pointers[0].cell_bytes = 0, expect_refused("with_pointers", "[0]");
}

Test(sizes, layouts_serve_their_requests)
{
    with_pointers[65].layout = STW_LAYOUT_BITMAP; /* 520 bytes: 576 have no bitmap */
    expect_refused("with_pointers", "[65] has layout 1, cells of 576 bytes");
    begin();
    with_pointers[4].layout = STW_LAYOUT_NOSCAN, expect_refused("with_pointers", "layout 0");
    with_pointers[4].layout = STW_LAYOUT_LARGE, expect_refused("with_pointers", "layout 3");
    with_pointers[4].layout = 9, expect_refused("with_pointers", "layout 9");
    begin();
    without_pointers[4].layout = STW_LAYOUT_BITMAP;
    expect_refused("without_pointers", "layout 1");
    begin();
    without_pointers[4] = (struct stw_fit){80, 200, STW_LAYOUT_MIXED, 2};
    expect_refused("without_pointers", "and 2 granules");
    without_pointers[4].granules = 5; /* and then larger requests get less */
    expect_refused("without_pointers", "Z3");
}

Test(sizes, a_run_has_one_cell)
{
    with_pointers[20].run = with_pointers[10].run, expect_refused("with_pointers", "(Z2)");
    begin();
    without_pointers[20].run = with_pointers[20].run, expect_refused("without_pointers", "(Z2)");
}

Test(sizes, cells_ascend)
{
    for (uint32_t i = 0; i < 20; i++)
        without_pointers[i].cell_bytes = 4096, without_pointers[i].run = 220;
    expect_refused("without_pointers", "[20] has cells of 160 bytes, less than the 4096");
}

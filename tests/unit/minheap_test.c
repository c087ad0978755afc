/* unit/minheap_test.c: the search for the least heap comes to the least step that is kept, whatever
 * that is (plan.MH1), and a matrix of some of its cells is one.
 * Method: cells that keep every limit from some bytes on, of all sizes. */
#include "fixture_registry.h"
#include "plan/minheap.h"

#include <criterion/criterion.h>
#include <string.h>

/* The search for a cell that needs so many bytes, and takes `peak` without a limit. */
static struct stw_minheap search_for(uint64_t needs, uint64_t peak)
{
    struct stw_minheap search;
    uint64_t limit;
    stw_minheap_begin(&search, peak);
    while ((limit = stw_minheap_next(&search)) != 0) {
        cr_assert_lt(limit, stw_minheap_least(&search));
        stw_minheap_note(&search, limit >= needs);
        cr_assert_lt(search.probes, 12);
    }
    return search;
}

/* plan.MH1 */
Test(minheap, is_at_most_a_step_above_what_is_needed)
{
    for (uint64_t needs = 65536; needs < 1ull << 40; needs += needs / 5 + 1) {
        for (uint64_t factor = 1; factor < 2000; factor *= 7) {
            struct stw_minheap search = search_for(needs, needs * factor);
            uint64_t least = stw_minheap_least(&search);
            cr_assert(least >= needs && (double)least <= 1.1 * (double)needs,
                      "%llu for %llu", (unsigned long long)least, (unsigned long long)needs);
            cr_assert_eq(least % 1024, 0);
        }
    }
}

Test(minheap, what_a_cell_takes_without_a_limit_is_kept)
{
    struct stw_minheap search = search_for(UINT64_MAX, 5 << 20);
    cr_assert_geq(stw_minheap_least(&search), 5 << 20);
    cr_assert_leq(stw_minheap_least(&search), (uint64_t)(5.5 * (1 << 20)));
}

Test(minheap, the_least_step_of_all_is_the_end)
{
    struct stw_minheap search = search_for(0, 5 << 20);
    cr_assert_eq(stw_minheap_least(&search), 65536);
    search = search_for(0, 0);
    cr_assert_eq(stw_minheap_least(&search), 65536);
}

Test(minheap, a_matrix_of_some_cells_is_numbered_anew)
{
    static const uint8_t is_kept[] = {0, 1, 0, 1};
    struct stw_experiment experiment = fixture_experiment(
        FIXTURE_HEAD "[axes]\nn = 1, 2\nmutators = 3, 4\n" FIXTURE_FIXED, NULL);
    struct stw_matrix matrix, whole;
    struct stw_error error = STW_ERROR_INIT;
    struct stw_text settings = {0};
    uint32_t count;
    cr_assert_eq(stw_matrix_build(&experiment, NULL, &whole, &error), STW_OK, "%s", error.message);
    cr_assert_eq(stw_matrix_build(&experiment, NULL, &matrix, &error), STW_OK);
    stw_matrix_keep(&matrix, is_kept);
    cr_assert_eq(matrix.cell_count, 2);
    for (uint32_t i = 0; i < 2; i++) {
        cr_assert_eq(matrix.cells[i].index, i);
        cr_assert_str_eq(matrix.cells[i].hash, whole.cells[2 * i + 1].hash);
        cr_assert_str_eq(matrix.cells[i].id, whole.cells[2 * i + 1].id);
        cr_assert_str_eq(stw_cell_value(&experiment, &matrix.cells[i], "mutators"), "4");
    }
    stw_cell_settings(&matrix, &matrix.cells[1], &settings);
    cr_assert_not_null(strstr(settings.bytes, "\nn\t2\nmutators\t4\n"), "%s", settings.bytes);
    struct stw_slot *slots = stw_matrix_schedule(&matrix, &count);
    cr_assert_eq(count, 40);
    for (uint32_t i = 0; i < count; i++)
        cr_assert_lt(slots[i].cell, 2);
    free(slots);
    stw_text_free(&settings);
    stw_matrix_free(&matrix);
    stw_matrix_free(&whole);
    stw_experiment_free(&experiment);
}

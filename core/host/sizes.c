/* host/sizes.c: checks an allocator's size table before the first allocation reads it.
 *
 * The fast path believes every row: a cell that is too small, a pointer bitmap for more than 512
 * bytes or a run of two sizes would overwrite neighbours, and no test of the plugin alone may show
 * it. Rules Z1 to Z3 are in mutator.h. */
#include "host/sizes.h"

#include "base/error.h"

#define BITMAP_BYTES_MAX 512u /* of a cell: its pointer bits lie in one or two words */
#define HEADER_BYTES 8u

struct check {
    const char *name; /* of the plugin */
    struct stw_error *error;
    const struct stw_fit *first_of[STW_SPAN_CLASSES]; /* the first row of each run */
};

#define REFUSE(check, field, ...)                                                                  \
    stw_error_set((check)->error, STW_E_REFUSED, field, "%s: " __VA_ARGS__)

static stw_status check_head(const struct check *check, const struct stw_size_table *sizes)
{
    uint64_t small = sizes->small_bytes_max, tiny = sizes->tiny_bytes_max;
    if (sizes->struct_size < sizeof *sizes)
        return REFUSE(check, "struct_size", "its size table has a struct_size of %u; it is at "
                      "least %zu", check->name, sizes->struct_size, sizeof *sizes);
    if (small < STW_TINY_BLOCK_BYTES || small > STW_SMALL_BYTES_MAX || small % 8)
        return REFUSE(check, "small_bytes_max", "small_bytes_max is %llu; it is a multiple of 8 "
                      "from %u to %u", check->name, (unsigned long long)small,
                      STW_TINY_BLOCK_BYTES, STW_SMALL_BYTES_MAX);
    if (tiny > STW_TINY_BLOCK_BYTES)
        return REFUSE(check, "tiny_bytes_max", "tiny_bytes_max is %llu; a block has %u bytes, and "
                      "0 means that there are none", check->name, (unsigned long long)tiny,
                      STW_TINY_BLOCK_BYTES);
    if (!sizes->with_pointers)
        return REFUSE(check, "with_pointers", "with_pointers is null", check->name);
    if (!sizes->without_pointers)
        return REFUSE(check, "without_pointers", "without_pointers is null", check->name);
    return STW_OK;
}

static int fits_layout(const struct stw_fit *fit, int scan)
{
    if (fit->layout == STW_LAYOUT_MIXED)
        return fit->granules > 0 && fit->cell_bytes == fit->granules * STW_GRANULE_BYTES;
    if (fit->granules)
        return 0;
    if (!scan)
        return fit->layout == STW_LAYOUT_NOSCAN;
    return fit->layout == STW_LAYOUT_HEADER
           || (fit->layout == STW_LAYOUT_BITMAP && fit->cell_bytes <= BITMAP_BYTES_MAX);
}

static stw_status check_row(struct check *check, const char *field, const struct stw_fit *fits,
                            uint32_t word, int scan)
{
    const struct stw_fit *fit = &fits[word], *first = check->first_of[fit->run];
    uint32_t header = fit->layout >= STW_LAYOUT_HEADER ? HEADER_BYTES : 0, bytes = word * 8;
    uint32_t least = (bytes ? bytes : 8) + header;
    if (!fits_layout(fit, scan))
        return REFUSE(check, field, "%s[%u] has layout %u, cells of %u bytes and %u granules, "
                      "which do not go together", check->name, field, word, fit->layout,
                      fit->cell_bytes, fit->granules);
    if (fit->cell_bytes < least || fit->cell_bytes % 8)
        return REFUSE(check, field, "%s[%u] has cells of %u bytes for requests of %u; they are a "
                      "multiple of 8 and at least %u (Z1)", check->name, field, word,
                      fit->cell_bytes, bytes, least);
    if (first && (first->layout != fit->layout
                  || (!fit->granules && first->cell_bytes != fit->cell_bytes)))
        return REFUSE(check, field, "%s[%u] has cells of %u bytes, layout %u, in run %u, which has "
                      "cells of %u, layout %u, too (Z2)", check->name, field, word,
                      fit->cell_bytes, fit->layout, fit->run, first->cell_bytes, first->layout);
    if (word > 0 && fit->cell_bytes < fits[word - 1].cell_bytes)
        return REFUSE(check, field, "%s[%u] has cells of %u bytes, less than the %u of smaller "
                      "requests (Z3)", check->name, field, word, fit->cell_bytes,
                      fits[word - 1].cell_bytes);
    if (!first)
        check->first_of[fit->run] = fit;
    return STW_OK;
}

stw_status stw__sizes_check(const struct stw_size_table *sizes, const char *name,
                            struct stw_error *error)
{
    struct check check = {.name = name, .error = error};
    if (!sizes)
        return REFUSE(&check, "size_table", "its size table is null", name);
    STW_TRY(check_head(&check, sizes));
    uint32_t rows = (uint32_t)(sizes->small_bytes_max / 8) + 1;
    for (uint32_t i = 0; i < rows; i++)
        STW_TRY(check_row(&check, "with_pointers", sizes->with_pointers, i, 1));
    for (uint32_t i = 0; i < rows; i++)
        STW_TRY(check_row(&check, "without_pointers", sizes->without_pointers, i, 0));
    return STW_OK;
}

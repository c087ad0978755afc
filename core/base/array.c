/* base/array.c: room for one element more. */
#include "base/array.h"

#include "base/check.h"
#include "base/text.h"

#include <stdint.h>

void *stw_array_room(void *items, size_t count, size_t bytes)
{
    STW_REQUIRE(count < (size_t)1 << 31 && (items || count == 0));
    int is_full = (count & (count - 1)) == 0; /* A1 */
    return is_full ? stw_grow(items, count ? 2 * count : 1, bytes) : items;
}

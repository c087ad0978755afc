/* go-buckets/types.c: where the cells of a map have pointers. Integer buckets have none. */
#include "buckets.h"

#define TYPE(object, pointers, mask, name)                                                         \
    {                                                                                              \
        sizeof(struct stw_type), 0, object, pointers, mask, name                                   \
    }

static const uint64_t header_mask[] = {0x2c}; /* buckets, old_buckets, extra */
static const uint64_t extra_mask[] = {7};
static const uint64_t first_mask[] = {1};
/* Word 0 is the tops, then eight strings of which the first word points, eight values, the link. */
static const uint64_t string_mask[] = {0xaaaa | 1ull << 25};
static const uint64_t string_body_mask[] = {0x5555 | 1ull << 24};

const struct stw_type stw__buckets_header_type = TYPE(48, 48, header_mask, "map");
const struct stw_type stw__buckets_extra_type = TYPE(24, 24, extra_mask, "map.extra");
const struct stw_type stw__buckets_list_type = TYPE(24, 8, first_mask, "map.list");
const struct stw_type stw__buckets_items_type = TYPE(8, 8, first_mask, "map.list.items");
const struct stw_type stw__buckets_string_type = TYPE(208, 208, string_mask, "map.bucket");
const struct stw_type stw__buckets_string_body_type =
    TYPE(200, 200, string_body_mask, "map.bucket.body");

/* host/edges.c: the rules that a plugin can break in what it hands to the host.
 *
 * ED1  what comes in is read only as far as its struct_size says.
 * Named is who hands it on, which the chain knows: its frame is not on the stack when it ended in a
 * call of the next. */
#include "host/edges.h"

#include "base/breach.h"
#include "host/runtime.h"

#include <inttypes.h>
#include <stddef.h>

void stw_edge_running(const char *what)
{
    struct stw_block block;
    if (stw_mutator_is_blocked(&block))
        stw_breach_end("blocked", stw_host_holder(block.host), block.code,
                       "called block_begin, and no block_end before %s", what);
}

static void expect_size(uint32_t by, const char *what, uint32_t bytes, size_t bytes_min)
{
    if (bytes < bytes_min)
        STW_BREACH("A2", by, "passed a %s whose struct_size is %u, not %zu", what,
                   bytes, bytes_min);
}

static void expect_map_type(uint32_t by, const struct stw_map_type *type, const char *where)
{
    if (!type)
        STW_BREACH("A2", by, "passed a %s without a type", where);
    expect_size(by, "stw_map_type", type->struct_size, sizeof *type);
}

void stw_edge_need(uint32_t by, const struct stw_map_need *need)
{
    expect_size(by, "stw_map_need", need->struct_size, sizeof *need);
    expect_map_type(by, need->type, "stw_map_need");
}

void stw_edge_scratch(uint32_t by, const struct stw_scratch_need *need)
{
    expect_size(by, "stw_scratch_need", need->struct_size, sizeof *need);
}

void stw_edge_entries(uint32_t by, const struct stw_entries *entries, uint64_t first,
                      uint64_t count)
{
    expect_size(by, "stw_entries", entries->struct_size, sizeof *entries);
    expect_map_type(by, entries->type, "stw_entries");
    if (first > entries->count || count > entries->count - first)
        STW_BREACH("merge-range", by,
                   "merges %" PRIu64 " entries from %" PRIu64 " on where there are %" PRIu64, count,
                   first, entries->count);
}

/* abi/sources/counts.cc: a workload in C++: each operation inserts a key into a map that it asks for
 * and allocates a cell with a pointer. Compiled by abi/other_headers.sh, against headers of several
 * minors. */
#include <stwlab/plugin.h>

#include <new>

#ifndef NAME
#define NAME "counts"
#endif

namespace {

const uint64_t mask = 1;
const struct stw_type node_type = {sizeof node_type, 0, 16, 8, &mask, "node"};

struct plan {
    const stw_host *host;
    uint64_t operations;
    uint32_t mutators;
};

stw_status create(const stw_host *host, const stw_config *config, stw_error *error, void **self)
{
    plan *made = new (std::nothrow) plan;
    if (!made)
        return host->set_error(host, error, STW_E_NOMEM, "create", NAME ": out of memory");
    *made = {host, stw_config_u64(config, "operations"), host->mutator_count(host)};
    *self = made;
    return STW_OK;
}

void destroy(void *self)
{
    delete static_cast<plan *>(self);
}

uint64_t operations(void *self)
{
    return static_cast<plan *>(self)->operations;
}

stw_status setup(void *, stw_mutator *m, const stw_trial *, stw_error *, void **state)
{
    *state = stw_alloc(m, 16, &node_type);
    return STW_OK;
}

void operate(void *, stw_mutator *m, void *state, uint64_t number)
{
    uint64_t *next = static_cast<uint64_t *>(stw_alloc(m, 16, &node_type));
    next[1] = static_cast<uint64_t *>(state)[1] + number;
    stw_store(m, state, next);
    static_cast<uint64_t *>(state)[1] = next[1];
    stw_poll(m);
}

uint64_t checksum(void *, stw_mutator *, void *state)
{
    return static_cast<uint64_t *>(state)[1];
}

stw_workload_ops make_ops()
{
    stw_workload_ops ops = {};
    ops.struct_size = sizeof ops;
    ops.create = create;
    ops.destroy = destroy;
    ops.operations = operations;
    ops.setup = setup;
    ops.operate = operate;
    ops.checksum = checksum;
#ifdef USE_NEWER
    ops.newer = destroy;
#endif
    return ops;
}

const stw_workload_ops ops = make_ops();

}

STW_MANIFEST(STW_PLUGIN("workload", NAME, "Counts, in C++")
             STW_PARAM_U64("operations", "operations", 10, 1, 1000000, "operations a mutator"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, NAME, &ops));

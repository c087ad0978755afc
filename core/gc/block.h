/* gc/block.h: who let a mutator leave managed code. */
#ifndef STW_GC_BLOCK_H
#define STW_GC_BLOCK_H

struct stw_host;

struct stw_block {
    const struct stw_host *host; /* the handle by which block_begin was called last */
    const void *code;            /* and from where */
};

#endif

/* report/blocks.h: which trials ran in turn with which. */
#ifndef STW_REPORT_BLOCKS_H
#define STW_REPORT_BLOCKS_H

#include "report/reader.h"
#include "report/sample.h"

/* Gives the trials of a cell's sample, whose blocks are their numbers, the blocks that they ran in:
 * trials of one number, but of two starts of the run, did not run in turn. */
stw_status stw_blocks_settle(struct stw_reader *reader, const char *cell,
                             struct stw_sample *sample);

#endif

/* testing/simple_map.h: a small, plain hash map for tests of what stands above maps.
 *
 * Open addressing with linear probing, doubled at three quarters full. It fills every slot of its
 * table, so that it can be called without the host's stubs. Growths are counted like any map's. */
#ifndef STW_TESTING_SIMPLE_MAP_H
#define STW_TESTING_SIMPLE_MAP_H

#include <stwlab/plugin.h>

extern const struct stw_map_ops stw_simple_map_ops; /* self is not used */

/* Offers it as the map plugin "simple". */
const struct stw_descriptor *stw_simple_map_descriptor(void);

#endif

/* testing/rig.h: beside stwlab/testing.h, what only tests that know struct stw_loaded can use. */
#ifndef STW_TESTING_RIG_H
#define STW_TESTING_RIG_H

#include "host/load.h"
#include "testing/simple_map.h"

#include <stwlab/testing.h>

/* Loads a plugin from its descriptor. Aborts when it is refused. */
void rig_adopt(uint32_t kind, const char *id, const struct stw_descriptor *descriptor,
               struct stw_loaded *loaded);

#endif

/* host/map_type.h: types of maps: whether they are sound, and whether the map takes them.
 *
 * host.HT1  no map is asked to make a map of a type that is unsound, or that it did not accept.
 * Threads: known types are added to by any mutator; forgotten by the main thread. */
#ifndef STW_HOST_MAP_TYPE_H
#define STW_HOST_MAP_TYPE_H

#include "host/load.h"

/* STW_E_INVALID, with the field. */
stw_status stw__map_type_check(const struct stw_map_type *type, struct stw_error *error);
/* Asks the accept slot of a map's table; a refusal names the plugin. */
stw_status stw__map_type_ask(const struct stw_loaded *plugin, const struct stw_map_ops *ops,
                             const struct stw_map_type *type, struct stw_error *error);
/* Before the map makes one: ends the trial if it must not. Types are known by their addresses. */
void stw__map_type_admit(const struct stw_loaded *map, struct stw_mutator *m,
                         const struct stw_map_type *type);
void stw__map_types_forget(void);

#endif

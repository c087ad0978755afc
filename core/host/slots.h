/* host/slots.h: fills a vtable's empty slots; private to core/host. */
#ifndef STW_HOST_SLOTS_H
#define STW_HOST_SLOTS_H

#include "host/load.h"

/* Replaces the null slots of `loaded->ops`, a zero-extended copy of what the plugin of that kind
 * offers, by stubs. STW_E_REFUSED, with the slot's name as field, when a mandatory one is null.
 * Main thread. */
stw_status stw__slots_fill(uint32_t kind, struct stw_loaded *loaded, struct stw_error *error);
/* Binds the stub of a slot that a parameter stands for. STW_E_REFUSED when there is none such. */
stw_status stw__slots_configure(const struct stw_loaded *loaded, const struct stw_config *config,
                                struct stw_error *error);
/* The size of this host's vtable of the kind; 0 for an unknown kind. */
uint32_t stw__slots_bytes(uint32_t kind);

#endif

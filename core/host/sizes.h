/* host/sizes.h: checks an allocator's size table (sizes.c); private to core/host. */
#ifndef STW_HOST_SIZES_H
#define STW_HOST_SIZES_H

#include <stwlab/plugin.h>

/* STW_E_REFUSED, with the field's name and a message that begins with `name`, when the table breaks
 * a rule of mutator.h (Z1-Z3). */
stw_status stw__sizes_check(const struct stw_size_table *sizes, const char *name,
                            struct stw_error *error);

#endif

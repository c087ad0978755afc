/* gc/type.h: whether a plugin's type is what it says. */
#ifndef STW_GC_TYPE_H
#define STW_GC_TYPE_H

#include "gc/mutator.h"

/* Looks at a type once, at the first slow allocation with it: a breach of M6. `bytes` are those of
 * this allocation. On the mutator's own thread. */
void stw__type_admit(const struct stw_mutator_record *m, const struct stw_type *type,
                    uint64_t bytes);

#endif

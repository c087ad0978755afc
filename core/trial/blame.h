/* trial/blame.h: which plugin did something, told by its code or by the flight recorder. */
#ifndef STW_TRIAL_BLAME_H
#define STW_TRIAL_BLAME_H

#include "base/breach.h"
#include "trial/verdict.h"

/* The plugin whose object holds the code at `from`; of several in one object the one whose call m's
 * flight recorder has last. Null: code of no plugin. m may be null. */
const struct stw_loaded *stw_blame_code(const struct stw_watch_cast *cast,
                                        const struct stw_mutator *m, const void *from);
/* Whoever was called last on m, but for the allocator, which every allocation calls; or null. */
const struct stw_loaded *stw_blame_last(const struct stw_watch_cast *cast,
                                        const struct stw_mutator *m);
/* Fills `error` with the rule of a breach and "KIND/ID did this". On the thread that broke it,
 * which is m's or, if m is null, no mutator's. */
void stw_blame_breach(const struct stw_watch_cast *cast, const struct stw_mutator *m,
                      const struct stw_breach *breach, struct stw_error *error);

#endif

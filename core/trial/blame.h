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
/* Whose slot a frame of m's stack is: `function` is where its function begins, `outer` where its
 * caller's does, or null. `slot` may become null: it is the plugin's code, of no known slot. Of
 * plugins that share the function it is the one that m's flight recorder has last. Null: no slot.
 * Safe in a signal handler. */
const struct stw_loaded *stw_blame_frame(const struct stw_watch_cast *cast,
                                         const struct stw_mutator *m, const void *function,
                                         const void *outer, const char **slot);
/* Fills `error` with the rule of a breach and "KIND/ID did this". On the thread that broke it,
 * which is m's or, if m is null, no mutator's. */
void stw_blame_breach(const struct stw_watch_cast *cast, const struct stw_mutator *m,
                      const struct stw_breach *breach, struct stw_error *error);

#endif

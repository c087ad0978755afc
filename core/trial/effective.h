/* trial/effective.h: whether a trial ran with the settings that it was configured with. */
#ifndef STW_TRIAL_EFFECTIVE_H
#define STW_TRIAL_EFFECTIVE_H

#include "trial/verdict.h"

/* Which plugin's code, at the address `from`, sets GOGC on m, its own thread. */
void stw_effective_setter(const struct stw_watch_cast *cast, const struct stw_mutator *m,
                          const void *from, struct stw_percent_setter *setter);
/* STW_E_INVALID with the setting as field (rule E1) unless all are as they should be when the
 * operations `when` ("began", "ended"). No mutator is inside a plugin. */
stw_status stw_effective_check(const struct stw_watch_cast *cast, const struct stw_gc *gc,
                               const char *when, struct stw_error *error);

#endif

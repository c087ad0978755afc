/* prim/guard.h: a process beside this one that outlives it, to end what it leaves behind.
 *
 * A process that is killed cannot clean up after itself: its children die with it (they ask the
 * system for that), but not theirs. All that is started between begin and end inherits a mark in
 * its environment; when this process is gone without having called end, the guard kills whatever
 * has the mark.
 * GU1  once this process is dead, however it died, nothing that carries the mark is alive for long;
 *      the guard holds no descriptor, folder or terminal of this process meanwhile.
 * What replaces its environment, or kills the guard first, is not found: a process that nobody may
 * fool takes rights that a user does not have.
 * One guard a process; main thread. */
#ifndef STW_PRIM_GUARD_H
#define STW_PRIM_GUARD_H

/* The variable that is the mark; it must be kept where environments are cleaned. */
#define STW_GUARD_MARK "STWLAB_GUARD"

/* Without a guard, because there is no memory for one, the process is on its own. */
void stw_guard_begin(void);
void stw_guard_end(void);

#endif

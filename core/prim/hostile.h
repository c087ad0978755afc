/* prim/hostile.h: what a build with delays does to a program: delays at edges, calls that fail.
 *
 * STW_EDGE("name") marks a place where the order of threads matters: between two steps of a
 * handshake, at a phase edge, before a lock. With STW_DELAYS (hostile builds have it too) the
 * thread spins, yields or sleeps there for up to 200 us, or does not; what it does follows from
 * the seed (environment: STW_SEED; none: no delays), the name and the order in which threads came
 * to their first edge. In all other builds an edge is nothing.
 *
 * Calls for memory and threads fail by number (environment: STW_FAIL_NTH=N, that call alone;
 * STW_FAIL_FROM=N, that and all later ones), in processes that said which they are. */
#ifndef STW_PRIM_HOSTILE_H
#define STW_PRIM_HOSTILE_H

#ifdef STW_DELAYS

#define STW_EDGE(name) stw_hostile_edge(name)
void stw_hostile_edge(const char *name);
/* Calls are counted from here, if STW_FAIL_IN (default: worker) names this process. */
void stw_hostile_begin(const char *process);
/* Counts a call for memory or a thread; 1: it is to fail. */
int stw_hostile_fails(void);

#else

#define STW_EDGE(name) ((void)0)
static inline void stw_hostile_begin(const char *process)
{
    (void)process;
}
static inline int stw_hostile_fails(void)
{
    return 0;
}

#endif
#endif

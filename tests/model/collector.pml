/* model/collector.pml: a concurrent cycle keeps every cell that can be reached.
 *
 * Processes, and the code that each stands for:
 *   mutator      application code between safepoints: load, stw_store (core/abi/stwlab/mutator.h),
 *                allocation (gc/alloc.c: refill), and what it serves at one: its stack scan and its
 *                barrier flush (gc/world.c: stw__mutator_serve; gc/barrier.c: stw_barrier_flush).
 *   marker       all threads inside a drain (gc/mark.c: stw__mark_drain; gc/work.c; gc/roots.c).
 *   coordinator  window 1, flush rounds, the look for idleness and window 2 (gc/cycle.c: window_1,
 *                begin_flush_round, stw__cycle_flush_done, window_2, terminate). Whoever does these
 *                does them alone: cycle_lock and flush_round see to that.
 *
 * Properties: at the end of every mark phase no cell that a root, a stack or another such cell
 * leads to is unmarked (assertion `lost == 0`: gc.G1, gc.G2, gc.G5, gc.C2), no mutator uses a swept
 * cell (assertion IS_USABLE),
 * and no process is stuck (invalid end states). Cycles go on for ever from an empty heap, so every
 * heap that mutators can build is the start of some cycle.
 *
 * Abstractions, and why what holds here holds there:
 *   A1  A stop is one step, possible when every mutator is at a safepoint and no marker is inside;
 *       handshake.pml shows that stw__world_stop brings that about. A mutator that parks early does
 *       less than one that waits here, so nothing is left out.
 *   A2  A mutator's stack and registers are the set of cells that it holds; a cell has one pointer;
 *       there is one root word. A large cell that is scanned in part is here two cells, of which
 *       one is scanned.
 *   A3  Memory is that of x86: a store waits in the mutator's store buffer (BUFFERED mutators have
 *       one, of one store; the others' are empty at once) until it is committed, at any later time,
 *       but before any locked instruction, so before a scan, a served flush or a stop. That also
 *       gives two mutators that race for one word.
 *   A4  Grey cells are one set. In the code some are hidden in the buffers of markers, so while a
 *       marker is inside, the set may look empty (LOOKS_DONE). One process is enough for any number
 *       of markers: all that others see of them is whether one is inside.
 *   A5  Marking by mutators, at a safepoint or as an assist, is marking by the marker while that
 *       mutator does nothing else. A blocked mutator does nothing for a while and is scanned or
 *       flushed meanwhile, which is as if it did that itself.
 *   A6  A scan of a stack, and a flush, are one step. In the code they mark one cell after another;
 *       marks are only ever added, and others see of it only that somebody is inside: `begun`.
 *   A7  Recording a cell that is marked already, or one that will be marked before the flush, has
 *       no effect: such entries are not kept.
 *   A8  What is garbage when window 1 ends can be reached by nobody any more: it is swept at once.
 *       So is everything that is unmarked at window 2: concurrent sweeping only does it later.
 *   A9  A round may begin at any time: the look before it (stw__cycle_try_finish) saves rounds only,
 *       and a thread may come to it late. A round that found something has failed and ends at once:
 *       who still owes an answer may flush at any time without being asked.
 *   A10 stw__mark_is_idle is one step. Its four reads are modelled with STEPS, where an assertion
 *       says that what they find together is true at the last of them.
 *   A11 Marks of a granted run are set before its first cell is handed out: allocation is one step.
 *   A12 Cells are alike, so the lowest free one is allocated.
 * Not modelled: attach and detach while marking, root ranges added or removed while marking, large
 * and tiny cells, sweeping as such, the pacer.
 *
 * Variants (-D): CELLS (up to 3), MUTATORS, BUFFERED, STEPS; RESCAN is mode rescan. Each of these
 * removes one part and must lose a cell:
 *   NO_DELETION, NO_INSERTION   a half of the barrier
 *   NO_ALLOCATE_BLACK           marks of cells allocated while marking
 *   NO_LAST_FLUSH, NO_RECHECK   window 2's own flush; its look for grey cells, and the restart
 *   NO_MARKER_WAIT              window 2's wait until no marker is inside (gc.W5)
 *   NO_ROUND NO_RECHECK         both guards of the end
 *   RESCAN NO_RESCAN            the second scan
 *   RESCAN NO_INSERTION         the only half that mode rescan has
 * With IDLE_FIRST a round begins only when nothing is left (A9 is stricter than the code then), and
 * NO_RECHECK still loses a cell, of three. STEPS NO_BEGINS (mark.begins is not read again) must
 * break IS_IDLE. These show what is not needed, and must lose none:
 *   NO_ROUND                    the flush round spares restarts; window 2 alone is enough
 *   STACKS_FIRST NO_INSERTION   when no mutator runs before all stacks are scanned, the deletion
 *                               half is enough: the insertion half is for stacks not yet scanned */
#ifndef CELLS
#define CELLS 2
#endif
#ifndef MUTATORS
#define MUTATORS 2
#endif
#ifndef BUFFERED
#define BUFFERED 0
#endif

#define ROOT 0
#define NOWHERE (CELLS + 1)
#define BIT(cell) ((1 << (cell)) >> 1) /* 0 for the null pointer, which is 0 */
#define ALL_CELLS ((1 << CELLS) - 1)

#if defined(NO_DELETION) || defined(RESCAN)
#define SHADED_OLD(cell) 0
#else
#define SHADED_OLD(cell) BIT(cell)
#endif
#ifdef NO_INSERTION
#define SHADED_NEW(cell) 0
#else
#define SHADED_NEW(cell) BIT(cell)
#endif
#ifdef STACKS_FIRST
#define MAY_RUN (scanned == MUTATORS)
#else
#define MAY_RUN true
#endif

byte word[CELLS + 1];              /* the root word, and the pointer of each cell */
byte allocated;                    /* set of cells, bit BIT(c) for cell c; so are the next */
byte marked, grey;                 /* grey: marked, not scanned */
byte stack[MUTATORS];
byte recorded[MUTATORS];           /* barrier buffers, without marked cells (A7) */
byte slot[MUTATORS] = NOWHERE;     /* store buffers: where to, and what */
byte value[MUTATORS];
byte uncommitted;                  /* stores in store buffers */
bool marking;
bool root_scanned = true;          /* roots.next_job */
byte scanned = MUTATORS;           /* stacks; also whose turn it is (mark.next_stack) */
byte owing;                        /* set of mutators with STW_POLL_FLUSH, bit 1 << m */
bool round, found;                 /* mark.flush_round, mark.flush_found */
bool inside;                       /* mark.active > 0 */
bool begun = true;                 /* mark.begins was raised since STEPS read it */
byte reach, lost, at;              /* scratch of single steps, else 0 */

#ifdef NO_MARKER_WAIT
#define IS_STILL (uncommitted == 0)
#else
#define IS_STILL (!inside && uncommitted == 0)
#endif
#define IS_IDLE (!inside && !IS_LEFT)
#define IS_LEFT (grey || scanned < MUTATORS || !root_scanned)
#define LOOKS_DONE ((inside || !grey) && scanned == MUTATORS && root_scanned) /* A4 */

#define HOLDS(cell) ((cell) == 0 || (stack[me] & BIT(cell))) /* for a word: can be addressed */
#define SEEN(m, from) (slot[m] == (from) -> value[m] : word[from])
#define IS_USABLE(at) ((at) == ROOT || (allocated & BIT(at))) /* else a swept cell is used */

inline close_over(set) /* adds all that it leads to */
{
    for (at : 0 .. CELLS * CELLS - 1) {
        if
        :: set & BIT(at % CELLS + 1) -> set = set | BIT(word[at % CELLS + 1])
        :: else
        fi
    }
    at = 0
}

inline find_reachable()
{
    reach = BIT(word[ROOT]);
    for (at : 0 .. MUTATORS - 1) {
        reach = reach | stack[at]
    }
    close_over(reach)
}

inline turn_grey(set)
{
    grey = grey | ((set) & ~marked);
    marked = marked | (set);
    for (at : 0 .. MUTATORS - 1) {
        recorded[at] = recorded[at] & ~marked
    }
    at = 0
}

inline sweep(kept)
{
    for (at : 1 .. CELLS) {
        if
        :: (kept) & BIT(at)
        :: else -> word[at] = 0
        fi
    }
    at = 0;
    allocated = allocated & (kept)
}

inline load(me, from)
{
    printf("mutator %d loads %d from word %d\n", me, SEEN(me, from), from);
    assert(IS_USABLE(from));
    stack[me] = stack[me] | BIT(SEEN(me, from))
}

inline store(me, into, what)
{
    printf("mutator %d stores %d into word %d over %d\n", me, what, into, word[into]);
    assert(IS_USABLE(into));
    if
    :: marking -> recorded[me] = recorded[me] | ((SHADED_OLD(word[into]) | SHADED_NEW(what))
                                                 & ~marked)
    :: else
    fi;
    if
    :: me < BUFFERED -> slot[me] = into; value[me] = what; uncommitted++
    :: else -> word[into] = what
    fi
}

inline commit(me)
{
    printf("mutator %d's store into word %d is seen\n", me, slot[me]);
    word[slot[me]] = value[me];
    slot[me] = NOWHERE; value[me] = 0; uncommitted--
}

inline allocate(me)
{
    at = 1;
    do
    :: allocated & BIT(at) -> at++
    :: else -> break
    od;
    printf("mutator %d allocates %d\n", me, at);
    allocated = allocated | BIT(at);
    stack[me] = stack[me] | BIT(at);
#ifndef NO_ALLOCATE_BLACK
    if
    :: marking -> marked = marked | BIT(at)
    :: else
    fi;
#endif
    at = 0
}

/* The last copy of a pointer leaves a mutator's stack and registers. */
inline forget(me, cell)
{
    printf("mutator %d forgets %d\n", me, cell);
    stack[me] = stack[me] & ~BIT(cell)
}

inline flush(me)
{
    if
    :: recorded[me] ->
       begun = true;
       if
       :: round -> found = true; owing = 0 /* A9 */
       :: else
       fi
    :: else
    fi;
    turn_grey(recorded[me])
}

#define LOAD(c) \
    :: d_step { MAY_RUN && HOLDS(c) && !HOLDS(SEEN(me, c)) -> load(me, c) }
#define STORE(c, p) \
    :: d_step { MAY_RUN && HOLDS(c) && HOLDS(p) && slot[me] == NOWHERE -> store(me, c, p) }
#define FORGET(p) \
    :: d_step { MAY_RUN && HOLDS(p) -> forget(me, p) }

proctype mutator(byte me)
{
    do
    LOAD(ROOT) LOAD(1)
    STORE(ROOT, 0) STORE(ROOT, 1) STORE(1, 0) STORE(1, 1)
    FORGET(1)
#if CELLS > 1
    LOAD(2)
    STORE(ROOT, 2) STORE(1, 2) STORE(2, 0) STORE(2, 1) STORE(2, 2)
    FORGET(2)
#endif
#if CELLS > 2
    LOAD(3)
    STORE(ROOT, 3) STORE(1, 3) STORE(2, 3) STORE(3, 0) STORE(3, 1) STORE(3, 2) STORE(3, 3)
    FORGET(3)
#endif
    :: d_step { MAY_RUN && allocated != ALL_CELLS -> allocate(me) }
#if BUFFERED
    :: d_step { slot[me] != NOWHERE -> commit(me) }
#endif
    :: d_step { scanned == me && slot[me] == NOWHERE ->
           printf("mutator %d's stack is scanned\n", me);
           begun = true;
           turn_grey(stack[me]);
           scanned++ }
    :: d_step { recorded[me] -> /* the barrier buffer is full: before the store at hand */
           printf("mutator %d flushes its buffer\n", me);
           flush(me) }
    :: d_step { ((owing >> me) & 1) && slot[me] == NOWHERE ->
           printf("mutator %d answers the round\n", me);
           flush(me);
           owing = owing & ~(1 << me) }
    od
}

#define SCAN(c) \
    :: d_step { inside && (grey & BIT(c)) -> scan(c) }

inline scan(c)
{
    printf("a marker scans %d, which leads to %d\n", c, word[c]);
    grey = grey & ~BIT(c);
    turn_grey(BIT(word[c]))
}

proctype marker()
{
    do
    :: d_step { !inside && marking && IS_LEFT -> inside = true; begun = true }
    SCAN(1)
#if CELLS > 1
    SCAN(2)
#endif
#if CELLS > 2
    SCAN(3)
#endif
    :: d_step { inside && !root_scanned ->
           printf("a marker scans the root, which leads to %d\n", word[ROOT]);
           turn_grey(BIT(word[ROOT]));
           root_scanned = true }
    :: inside -> inside = false /* no work, its share is done, or a stop is wanted */
    od
}

inline window_1()
{
    printf("window 1\n");
    find_reachable();
    sweep(reach); /* A8 */
    reach = 0;
    scanned = 0;
    root_scanned = false;
    marking = true
}

inline look_again()
{
    printf("window 2\n");
#ifndef NO_LAST_FLUSH
    d_step {
        for (reach : 0 .. MUTATORS - 1) { /* as a counter */
            turn_grey(recorded[reach])
        }
        reach = 0
    }
#endif
}

/* Scans what the stacks hide, and what that leads to; not what is black already. */
inline rescan_stacks()
{
    for (reach : 0 .. MUTATORS - 1) { /* as a counter */
        turn_grey(stack[reach])
    }
    for (reach : 0 .. CELLS * CELLS - 1) {
        if
        :: grey & BIT(reach % CELLS + 1) ->
           grey = grey & ~BIT(reach % CELLS + 1);
           turn_grey(BIT(word[reach % CELLS + 1]))
        :: else
        fi
    }
    assert(grey == 0);
    reach = 0
}

inline end_marking()
{
#if defined(RESCAN) && !defined(NO_RESCAN)
    rescan_stacks();
#endif
    find_reachable();
    lost = reach & ~marked;
    if
    :: lost -> printf("set of lost cells: %d\n", lost)
    :: else
    fi;
    assert(lost == 0);
    reach = 0;
    sweep(marked);
    marked = 0;
    grey = 0;
    for (at : 0 .. MUTATORS - 1) {
        recorded[at] = 0
    }
    at = 0;
    marking = false
}

proctype coordinator()
{
    do
    :: d_step { IS_STILL -> window_1() };
again:
#ifdef IDLE_FIRST
       IS_IDLE;
#endif
#ifndef NO_ROUND
       atomic { round = true; owing = (1 << MUTATORS) - 1 };
       if
       :: d_step { owing == 0 && found -> found = false }; goto again
       :: d_step { owing == 0 && !found -> round = false }
       fi;
#endif
#ifdef STEPS
       begun = false;
       if
       :: d_step { inside -> begun = true }; goto again
       :: else
       fi;
       if
       :: d_step { IS_LEFT -> begun = true }; goto again
       :: LOOKS_DONE
       fi;
#ifndef NO_BEGINS
       if
       :: begun -> goto again
       :: d_step { else -> assert(IS_IDLE); begun = true }
       fi;
#else
       d_step { assert(IS_IDLE); begun = true };
#endif
#else
       if
       :: !IS_IDLE -> goto again
       :: else
       fi;
#endif
       atomic { IS_STILL ->
           look_again();
#ifndef NO_RECHECK
           if
           :: IS_LEFT -> printf("restart\n"); goto again
           :: LOOKS_DONE
           fi;
#endif
           d_step { end_marking() } }
    od
}

init
{
    byte m;
    atomic {
        for (m : 0 .. MUTATORS - 1) {
            run mutator(m)
        }
        m = 0;
        run marker();
        run coordinator()
    }
}

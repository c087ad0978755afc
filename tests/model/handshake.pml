/* model/handshake.pml: stopping and starting the world, and handshakes with single mutators.
 *
 * Processes, and the code in gc/world.c that each runs:
 *   mutator    application code (`managed`), a safepoint (stw_safepoint: park, stw__mutator_serve),
 *              a blocking call (leave, stw__managed_enter) from which it may never come back, or a
 *              stop of its own (stw__world_stop and stw__world_start with `self`).
 *   collector  flush rounds (gc/cycle.c: begin_flush_round) and stops, as a thread that is no
 *              mutator. Inside a stop it looks at stacks (stw__mutator_pin).
 *   worker     a marker that is no mutator (gc/mark.c: stw__marker_begin_outside), and whoever asks
 *              for stacks (gc/roots.c: stw__stacks_ask): the second thread that holds mutators.
 *
 * Properties:
 *   H1  while the world is stopped no mutator but the stopper runs application code, and no marker
 *       from outside is inside: assertions `!managed`, `!marking`.
 *   H2  a mutator that is pinned or held stands still: assertions `!moves`, `owner`.
 *   H3  a request to one mutator is served once, also when it blocks at that moment for ever.
 *   H4  a stop finds the last one's record complete (gc.W3): assertion `complete`.
 *   H5  nothing is stuck, with a mutator blocked for ever or without: no invalid end state.
 *   H6  live, if every thread that can run does run (weak fairness): a stop that was asked for is
 *       reached (claim `stops`); a mutator that a stop counted leaves its park (`leaves`); a round
 *       ends (`answers`). The last holds where no mutator makes stops of its own: else one that
 *       does nothing but stop the world can keep another from answering. In the code no cycle ends,
 *       and so no other stop is asked for by one, while a round is under way.
 *
 * Abstractions:
 *   A1  All atomics of the handshake are sequentially consistent in the code, so this model is; on
 *       x86 they are locked instructions. A missing fence is modelled by what it allows: the later
 *       read is done first (NO_FENCE...).
 *   A2  Spinning is waiting. A futex with a time limit (`arrivals`, a held state) is waiting too: a
 *       wake that was missed costs a millisecond. The one without a limit, `epoch`, is modelled
 *       with its queue: the kernel compares and queues in one step.
 *   A3  The epoch counts to 4. Between a mutator's read of it and its park at most one start can
 *       pass, because a stop that is not over yet needs it parked or blocked; two while it sleeps,
 *       because the second stop has counted it and gc.W3 holds the third.
 *   A4  Requests CACHES, SCAN and FLUSH differ only in who asks: one bit for each of the two
 *       askers. What happens inside (marking) is in collector.pml.
 *   A5  A mutator that ends a round and so makes a stop inside its safepoint is one that makes a
 *       stop from application code right after it.
 *   A6  Stacks are looked at in a stop (PINS) only when no request is owed: a mutator that blocks
 *       and finds itself held relies on its holder to serve what it was asked, and a pin serves
 *       nothing. In the code both users of pins keep to that: mode stw asks for nothing, mode
 *       rescan scans again when all stacks are scanned and the round is over.
 *   A7  Processors (gc/processors.c) are left out: one is waited for in state blocked.
 *
 * What runs (-D): the collector's ROUNDS, STOPS and PINS, stops by STOPPERS mutators, the worker
 * that ASKS, the worker that MARKS. All at once are too many states; they meet in pairs.
 * Variants (-D). Each removes one part and must fail:
 *   NO_FENCE        enter: the poll word is read before the state is stored (gc.W1)        H1
 *   NO_FENCE_PARK   park: the same at its end                                              H2
 *   NO_FENCE_LEAVE  leave: the poll word is read before `blocked` is stored (gc.W1)        H5
 *   NO_FENCE_MARKER the marker looks at `stopped` before it raises `active` (gc.W5)        H1
 *   NO_EPOCH_FIRST  park: the epoch is read after STOP was seen (gc.W2)                    H5
 *   NO_SLEEP_FIRST  the starter looks for sleepers before it raises the epoch              H5
 *   NO_HOLD_WAIT    whoever asks does not wait for another that holds the mutator (gc.W4)  H5
 *   ASKS with PINS  a mutator is pinned while it is asked for something (A6)               H5
 *   NO_COMPLETE     a stop does not wait for the last one's record (gc.W3)                 H4 */
#ifndef MUTATORS
#define MUTATORS 2
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef STOPS
#define STOPS 1
#endif
#ifndef PINS
#define PINS 1
#endif
#ifndef ASKS
#define ASKS 0
#endif
#ifndef MARKS
#define MARKS 0
#endif
#ifndef STOPPERS
#define STOPPERS 1
#endif
#define COLLECTOR MUTATORS /* as the owner of a stop or a held mutator */
#define NOBODY 255

#define RUNNING 0
#define PARKED 1
#define BLOCKED 2
#define HELD 3

byte state[MUTATORS] = BLOCKED; /* attach leaves them so */
bool stop_bit[MUTATORS];        /* poll: STOP */
byte asked[MUTATORS];           /* poll: the other bits, one for each asker */
byte owed[2];                   /* by asker: requests not served yet (flush_left) */
bool counted[MUTATORS];
bool lock;
bool stopping, stopped;
byte epoch, sleepers;
bool asleep[MUTATORS];          /* in the queue of the futex `epoch` */
byte resuming;
bool complete = true;
byte inside;                    /* mark.active: markers that are no mutators */

/* Ghosts: what the properties are about; no process acts on them. */
byte stopper = NOBODY;          /* the world is stopped by this one */
bool managed[MUTATORS];         /* runs application code */
bool moves[MUTATORS];           /* changes its stack or its saved registers */
byte owner[MUTATORS] = NOBODY;  /* serves its requests */
bool marking;                   /* the worker, between begin and end */

#define POLL(m) (stop_bit[m] || asked[m])

inline depart(me)
{
    if
    :: counted[me] ->
       counted[me] = false;
       if
       :: d_step { resuming == 2 -> resuming = 1 };
          complete = true;
          resuming = 0
       :: d_step { else -> resuming-- }
       fi
    :: else
    fi
}

inline wait_for_start(me)
{
    do
    :: d_step { epoch != seen -> seen = 0 }; break
    :: epoch == seen ->
       sleepers++;
       d_step {
           if
           :: epoch == seen -> asleep[me] = true
           :: else
           fi
       };
       !asleep[me];
       sleepers--
    od
}

inline park(me)
{
#ifdef NO_FENCE_PARK
    atomic { seen = epoch; poll = stop_bit[me] };
#endif
    do
    :: true ->
#ifdef NO_FENCE_PARK
       if
       :: d_step { !poll -> seen = 0; moves[me] = true }; break
       :: poll
       fi;
#else
#ifdef NO_EPOCH_FIRST
       if
       :: d_step { !stop_bit[me] -> moves[me] = true }; break
       :: stop_bit[me]
       fi;
       seen = epoch;
#else
       seen = epoch;
       if
       :: d_step { !stop_bit[me] -> seen = 0; moves[me] = true }; break
       :: stop_bit[me]
       fi;
#endif
#endif
       d_step { state[me] = PARKED; moves[me] = false };
       wait_for_start(me);
#ifdef NO_FENCE_PARK
       atomic { seen = epoch; poll = stop_bit[me] };
#endif
       state[me] = RUNNING
    od;
    depart(me)
}

/* Requests of `m`, by itself or by `who` that holds it. */
inline serve(m, who)
{
    d_step {
        assert(owner[m] == NOBODY);
        owner[m] = who;
        bits = asked[m]
    };
    d_step {
        assert(owner[m] == who && (who == m || state[m] == HELD) && (who == m || !managed[m]));
        asked[m] = asked[m] & ~bits;
        owner[m] = NOBODY
    };
    d_step {
        if
        :: bits & 1 -> assert(owed[0] > 0); owed[0]--
        :: else
        fi;
        if
        :: bits & 2 -> assert(owed[1] > 0); owed[1]--
        :: else
        fi;
        bits = 0
    }
}

inline safepoint(me)
{
    do
    :: stop_bit[me] -> park(me)
    :: !stop_bit[me] && asked[me] -> serve(me, me)
    :: !POLL(me) -> break
    od
}

inline leave(me)
{
    managed[me] = false;
    do
    :: true ->
#ifdef NO_FENCE_LEAVE
       poll = asked[me];
#endif
       d_step { state[me] = BLOCKED; moves[me] = false };
#ifndef NO_FENCE_LEAVE
       poll = asked[me];
#endif
       if
       :: poll == 0 -> break
       :: d_step { poll && state[me] == BLOCKED -> poll = 0; state[me] = RUNNING }
       :: d_step { poll && state[me] == HELD -> poll = 0 }; break
       fi;
       park(me);
       serve(me, me)
    od
}

inline enter(me)
{
#ifdef NO_FENCE
    poll = POLL(me);
#endif
    d_step { state[me] == BLOCKED -> state[me] = RUNNING; moves[me] = true };
#ifdef NO_FENCE
    if
    :: poll -> safepoint(me)
    :: else
    fi;
    poll = 0
#else
    safepoint(me)
#endif
}

/* Up to the moment when everything is still. `self` has no bit and no state to look at. */
inline stop(self)
{
#ifndef NO_COMPLETE
    resuming == 0;
#endif
    d_step { assert(complete); complete = false };
    stopping = true;
    i = 0;
    do
    :: d_step { i < MUTATORS -> stop_bit[i] = (i != self); i++ }
    :: d_step { i == MUTATORS -> i = 0 }; break
    od;
    do
    :: d_step { i < MUTATORS && (i == self || state[i] != RUNNING) -> i++ }
    :: d_step { i == MUTATORS -> i = 0 }; break
    od;
    stopped = true;
    inside == 0;
    parked = 0;
    do
    :: d_step { i < MUTATORS ->
           if
           :: i != self && state[i] == PARKED -> counted[i] = true; parked++
           :: else
           fi;
           i++ }
    :: d_step { i == MUTATORS -> i = 0; stopper = self; check_still() }; break
    od
}

inline check_still()
{
    for (i : 0 .. MUTATORS - 1) {
        assert(i == stopper || !managed[i])
    }
    i = 0;
    assert(!marking)
}

inline start()
{
    d_step { check_still(); stopper = NOBODY };
    resuming = (parked -> parked + 1 : 0);
    if
    :: parked == 0 -> complete = true
    :: else -> parked = 0
    fi;
    stopped = false;
    stopping = false;
    do
    :: d_step { i < MUTATORS -> stop_bit[i] = false; i++ }
    :: d_step { i == MUTATORS -> i = 0 }; break
    od;
#ifdef NO_SLEEP_FIRST
    any = sleepers;
    epoch = (epoch + 1) % 4;
#else
    epoch = (epoch + 1) % 4;
    any = sleepers;
#endif
    d_step {
        if
        :: any ->
           for (i : 0 .. MUTATORS - 1) {
               asleep[i] = false
           }
           i = 0
        :: else
        fi;
        any = 0
    };
    lock = false
}

/* Asks mutator m, and serves it if it is blocked (stw__mutator_serve_blocked). */
inline ask(m, asker, who)
{
    owed[asker]++;
    asked[m] = asked[m] | (1 << asker);
    do
    :: state[m] < BLOCKED -> break
    :: d_step { state[m] == BLOCKED -> state[m] = HELD };
       serve(m, who);
       state[m] = BLOCKED;
       break
#ifdef NO_HOLD_WAIT
    :: state[m] == HELD -> break
#endif
    od
}

proctype mutator(byte me)
{
    byte seen, poll, bits, i, parked, any;
    enter(me);
    do
    :: d_step { assert(stopper == NOBODY); assert(owner[me] == NOBODY); managed[me] = true };
       managed[me] = false;
       safepoint(me)
    :: leave(me);
       if
       :: enter(me)
       :: goto end_gone
       fi
    :: me < STOPPERS -> /* stw__world_lock */
       do
       :: d_step { !lock -> lock = true }; break
       :: lock && POLL(me) -> safepoint(me)
       od;
       stop(me);
       start();
       safepoint(me)
    od;
end_gone:
    false
}

proctype collector()
{
    byte bits, i, parked, any;
    bool held;
    do
    :: ROUNDS ->
       do /* a flush round */
       :: i < MUTATORS -> ask(i, 0, COLLECTOR); i++
       :: d_step { i == MUTATORS -> i = 0 }; break
       od;
       owed[0] == 0
    :: d_step { STOPS && !lock -> lock = true };
       stop(COLLECTOR);
#if PINS
       do /* the second scan of mode rescan */
       :: i < MUTATORS ->
          if
          :: state[i] == PARKED
          :: d_step { state[i] == BLOCKED -> state[i] = HELD; held = true }
          fi;
          assert(!moves[i] && (!held || state[i] == HELD));
          if
          :: d_step { held -> state[i] = BLOCKED; held = false }
          :: else
          fi;
          i++
       :: d_step { i == MUTATORS -> i = 0 }; break
       od;
#endif
       start()
    :: break
    od
}

proctype worker()
{
    byte bits;
    do
    :: ASKS ->
       ask(0, 1, COLLECTOR + 1); /* mutators are alike: one is enough */
       owed[1] == 0
#ifdef NO_FENCE_MARKER
    :: MARKS && !stopped ->
       inside++;
#else
    :: MARKS ->
       inside++;
       do
       :: !stopped -> break
       :: stopped ->
          inside--;
          !stopped;
          inside++
       od;
#endif
       atomic { assert(stopper == NOBODY); marking = true };
       d_step { assert(stopper == NOBODY); marking = false };
       inside--
    :: break
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
        run collector();
        if
        :: ASKS || MARKS -> run worker()
        :: else
        fi
    }
}

ltl stops { [] (stopping -> <> (stopper != NOBODY || !stopping)) }
ltl leaves { [] (counted[0] -> <> !counted[0]) }
ltl answers { [] (owed[0] -> <> (owed[0] == 0)) }

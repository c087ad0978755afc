/* model/spans.pml: grey spans: a span is queued, visited and looked at again (gc/work.c, gc/scan.c).
 *
 * One span of three cells. Processes:
 *   marker   marks cells from elsewhere, as gc/mark.c's `grey` does, and queues the span
 *            (stw__work_push_span). The two mark cells 0 and 1, and 1 and 0.
 *   visitor  takes the span out of a queue and visits it (stw__scan_span). Cell 0 holds a pointer to
 *            cell 1, and, once it is there, one to cell 2: the visitor marks what it finds so in
 *            bitmaps of its own, and publishes them at the end. It may leave early.
 *   birth    hands cell 2 out as a black one (stw_heap_blacken), then stores its address in cell 0.
 *
 * Properties:
 *   V1  when the markers are done, nothing is queued and nobody visits, every cell that is marked
 *       was scanned, or was born black (gc.K4): assertion `lost==0`.
 *   V2  one visitor at a time (gc.K4): assertion `visitors==1`.
 *   V3  a cell that was born black is not scanned before its address was stored, when all that is in
 *       it is there too (gc.K5, heap.H5): assertion `pointer`.
 *
 * Abstractions: an atomic operation on a word of a bitmap is one on the bit; all queues are one
 * counter, since a span lies in one queue at most and every queue is emptied; all is sequentially
 * consistent, as the code is there.
 *
 * Variants (-D). Each removes one part and must fail:
 *   NO_AGAIN       who marks a cell of a span under visit says nothing                         V1
 *   NO_LOOK        the visitor does not look whether it should look again                      V1
 *   NO_VISIT_FIRST the visitor reads the marks before it says that it visits                   V1
 *   MARK_FIRST     a black cell gets its mark bit before its scan bit                          V3 */
#define CELLS 3
#define IDLE 0
#define QUEUED 1
#define VISITED 2
#define AGAIN 3

byte state = IDLE;
bool marked[CELLS], scanned[CELLS], pointer;
byte queued, visitors, markers = 2, lost;

inline push()
{
    do
    :: s = state;
       if
       :: s == QUEUED || s == AGAIN -> break
#ifdef NO_AGAIN
       :: s == VISITED -> break
#else
       :: s == VISITED ->
          atomic { if :: state == VISITED -> state = AGAIN; s = AGAIN :: else fi };
          if :: s == AGAIN -> break :: else fi
#endif
       :: s == IDLE ->
          atomic { if :: state == IDLE -> state = QUEUED; queued++; s = QUEUED :: else fi };
          if :: s == QUEUED -> break :: else fi
       fi
    od
}

inline mark(c)
{
    atomic { was = marked[c]; marked[c] = true };
    if :: !was -> push() :: else fi
}

proctype marker(byte first)
{
    byte s;
    bool was;
    mark(first);
    mark(1 - first);
    markers--
}

active proctype birth()
{
#ifdef MARK_FIRST
    marked[2] = true;
    scanned[2] = true;
#else
    scanned[2] = true;
    marked[2] = true;
#endif
    pointer = true
}

inline read_marks()
{
    c = 0;
    do
    :: c < CELLS -> seen[c] = marked[c]; todo[c] = seen[c] && !scanned[c];
       fresh[c] = false; done[c] = false; c++
    :: else -> break
    od
}

/* The visitor has found a pointer to cell c. */
inline find(c)
{
    if
    :: !seen[c] -> d_step { seen[c] = true; fresh[c] = true; todo[c] = true }
    :: else
    fi
}

inline scan_cells()
{
    do
    :: todo[0] -> todo[0] = false; done[0] = true;
       find(1);
       if :: pointer -> find(2) :: !pointer fi
    :: !todo[0] && todo[1] -> todo[1] = false; done[1] = true
    :: !todo[0] && !todo[1] && todo[2] ->
       assert(pointer);
       todo[2] = false; done[2] = true
    :: !todo[0] && !todo[1] && !todo[2] -> break
    :: (todo[0] || todo[1]) && !early -> early = true; break /* wanted elsewhere, once */
    od
}

inline publish()
{
    c = 0;
    do
    :: c < CELLS ->
       if :: done[c] -> scanned[c] = true :: else fi;
       if :: fresh[c] -> marked[c] = true :: else fi;
       c++
    :: else -> break
    od
}

proctype visitor()
{
    bool seen[CELLS], todo[CELLS], fresh[CELLS], done[CELLS], early, again;
    byte c;
end:
    do
    :: atomic { queued > 0 -> queued--; visitors++; assert(visitors == 1) };
#ifdef NO_VISIT_FIRST
       read_marks();
       state = VISITED;
       goto look;
#else
       state = VISITED;
#endif
again_:
       read_marks();
look:
       again = early;
       scan_cells();
       publish();
       if
       :: early && !again -> atomic { visitors--; state = QUEUED; queued++ }
       :: else ->
#ifdef NO_LOOK
          atomic { visitors--; state = IDLE }
#else
          atomic {
              if
              :: state == VISITED -> visitors--; state = IDLE; again = false
              :: else -> state = VISITED; again = true
              fi
          };
          if :: again -> goto again_ :: else fi
#endif
       fi
    od
}

active proctype judge()
{
    atomic {
        markers == 0 && queued == 0 && visitors == 0 ->
        if :: marked[0] && !scanned[0] -> lost++ :: else fi;
        if :: marked[1] && !scanned[1] -> lost++ :: else fi;
        assert(lost == 0)
    }
}

init
{
    atomic { run marker(0); run marker(1); run visitor(); run visitor() }
}

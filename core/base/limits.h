/* base/limits.h: sizes on which nothing depends but speed, each with its value in hostile builds.
 *
 * In a hostile build (STW_HOSTILE) every buffer overflows at once, every list runs empty, and every
 * piece of work is cut after a few words: the code for what seldom happens runs all the time. No
 * result of a program may depend on a value of this file. docs/design/proofs.md says how such
 * builds are used; core/prim/hostile.h what else they do.
 *
 * Values that are the same everywhere, or that say how long a turn lasts, stay where they are
 * used. */
#ifndef STW_BASE_LIMITS_H
#define STW_BASE_LIMITS_H

#ifdef STW_HOSTILE
#define STW_LIMIT(plain, hostile) (hostile)
#else
#define STW_LIMIT(plain, hostile) (plain)
#endif

/* Heap. Arenas: Go's heapArenaBytes (64 MiB); 4 MiB make a map's second level one page, and every
 * larger cell crosses arenas. Pages become usable in chunks: Go's pallocChunkPages; the least that
 * the search allows is one word of the bitmap. */
#define STW_LIMIT_ARENA_BITS STW_LIMIT(26u, 22u)
#define STW_LIMIT_CHUNK_PAGES STW_LIMIT(512u, 64u)
/* Span records grow in such steps: one system call for about 1,000 spans; the least, two pages. */
#define STW_LIMIT_RECORD_AREA_BYTES STW_LIMIT(256u * 1024u, 8u * 1024u)

/* Barrier buffer: Go's wbBufEntries (runtime/mwbbuf.go); a record is a pair of words. */
#define STW_LIMIT_BARRIER_WORDS STW_LIMIT(512u, 2u)

/* Marking. 253 addresses and a header make 2048 bytes (Go: runtime/mgcwork.go, workbuf). */
#define STW_LIMIT_BUFFER_CELLS STW_LIMIT(253u, 4u)
#define STW_LIMIT_BUFFER_AREA_BYTES STW_LIMIT(64u * 1024u, 4u * 1024u)
/* Half a buffer is offered to others when it has this many (Go: handoff, of more than 4). */
#define STW_LIMIT_SHARE_CELLS STW_LIMIT(4u, 2u)
/* Spans that are offered at once: the queue is walked to cut them off. */
#define STW_LIMIT_SHARE_SPANS STW_LIMIT(32u, 1u)
/* Cells between looks at the clock and at starving threads. */
#define STW_LIMIT_CHECK_CELLS STW_LIMIT(32u, 1u)
/* Cells of a span between looks whether the visitor is wanted elsewhere. */
#define STW_LIMIT_LOOK_CELLS STW_LIMIT(8u, 1u)
/* Pointers of an array that are read before the first of them is marked: half of them before its
 * span's record is looked at, and half before its mark. An even number. */
#define STW_LIMIT_AHEAD_CELLS STW_LIMIT(16u, 2u)
/* Pieces of a large cell (Go: maxObletBytes), and of a root range (Go: rootBlockBytes). */
#define STW_LIMIT_OBLET_BYTES STW_LIMIT(128u * 1024u, 256u)
#define STW_LIMIT_ROOT_WORDS STW_LIMIT(32768u, 4u)
/* An assist scans at least so much (Go: gcOverAssistWork). */
#define STW_LIMIT_ASSIST_BYTES STW_LIMIT(65536u, 1u)
/* Bytes that one step of schedule `stepped` scans: twice a span, so that at GOGC 100 half the
 * runway marks everything; bytes that the stopper of mode `stw` marks before it calls the
 * workers. */
#define STW_LIMIT_STEP_BYTES STW_LIMIT(16384u, 64u)
#define STW_LIMIT_ALONE_BYTES STW_LIMIT(1u << 20, 64u)
/* With less than so much that may have to be scanned, some 50 us of marking, whoever marks does so
 * alone: waking a worker takes as long. */
#define STW_LIMIT_WORTH_BYTES STW_LIMIT(65536u, 64u)
/* Slow allocations between looks at the fractional share of marking. */
#define STW_LIMIT_WORK_LOOKS STW_LIMIT(8u, 1u)

/* Sweeping: spans at a time, in the background (Go: bgsweep's batch). */
#define STW_LIMIT_SWEEP_SPANS STW_LIMIT(10u, 1u)
/* Pages that are worth a wake: some 20 us of sweeping. */
#define STW_LIMIT_WORTH_PAGES STW_LIMIT(64u, 1u)

/* Bytes of a large cell that are cleared between two polls, or backed with memory by one call: 5 to
 * 10 us (Go clears 256 KiB); the least is a page of the system. */
#define STW_LIMIT_CLEAR_BYTES STW_LIMIT(32u * 1024u, 4u * 1024u)

/* Turns of a spin before a thread sleeps: about 40 us, since most stops end sooner and a futex wake
 * costs 5 to 50 us. Hostile builds sleep at once. */
#define STW_LIMIT_SPINS STW_LIMIT(4000u, 1u)

#endif

/* stwlab/base.h: what every other public header stands on: ABI version, status codes, annotations.
 *
 * Rules of this ABI (docs/reference/abi.md gives the reasons):
 * A1  fixed-width integers only; no enum, size_t, bool, bit-field or varargs crosses the boundary.
 * A2  every struct starts with its own size in bytes; a reader touches only what both sides know.
 * A3  structs grow at their end, never in the middle.
 * A4  the side that allocates frees; strings are borrowed, with a stated lifetime.
 * A5  a slot's first argument is the plugin's own `self`; plugins keep no globals.
 * Thread rules are not prose: every slot carries the annotations defined below. */
#ifndef STWLAB_BASE_H
#define STWLAB_BASE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The ABI's version. Equal majors are compatible; a minor only adds. A plugin of an older minor is
 * loaded, one of a newer minor when it uses nothing that the host lacks. */
#define STW_ABI_MAJOR 0u
#define STW_ABI_MINOR 2u

/* What plugins compile in: offsets of fields, order of arguments. Counted up when one of them
 * changes, which only major 0 may; what is appended to a struct or a table changes nothing. */
#define STW_ABI_LAYOUT 4u

/* "STWP", little-endian: opens a descriptor and a manifest note. */
#define STW_MAGIC 0x50575453u

/* Status codes. Negative values never occur; new codes are added at the end. */
typedef int32_t stw_status;
#define STW_OK 0            /* done */
#define STW_E_INVALID 1     /* an argument or a configured value is wrong */
#define STW_E_NOMEM 2       /* memory of the C library or of the system ran out */
#define STW_E_IO 3          /* a file or the system refused */
#define STW_E_UNSUPPORTED 4 /* this plugin does not offer that */
#define STW_E_REFUSED 5     /* an admission rule was broken */
#define STW_E_AUDIT 6       /* an invariant does not hold */
#define STW_E_STATE 7       /* legal call, wrong moment */

#ifdef __cplusplus
#define STW_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define STW_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif
/* Plugins compile the offset in: it never changes. */
#define STW_FROZEN(type, field, at)                                                                \
    STW_STATIC_ASSERT(__builtin_offsetof(type, field) == at, "the offset of " #field " is ABI")

#define STW_LIKELY(x) __builtin_expect(!!(x), 1)
#define STW_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Annotations of slots, hooks and host functions: one of each of the first three groups, then what
 * the callee may do; their order is this one. The checking proxy is generated from them (abi.md,
 * A39). Clang keeps them in the syntax tree, where tools read them; others ignore them. */
#ifdef __clang__
#define STW_NOTE(text) __attribute__((annotate("stwlab:" text)))
#else
#define STW_NOTE(text)
#endif
/* Who calls. */
#define STW_ON_MUTATOR STW_NOTE("on-mutator")     /* the own thread of the mutator that is passed */
#define STW_ON_COLLECTOR STW_NOTE("on-collector") /* any thread that does collector work */
#define STW_ON_MAIN STW_NOTE("on-main")           /* the trial's main thread */
#define STW_ON_ANY STW_NOTE("on-any")             /* any thread, registered or not */
/* Who may be inside at the same time. */
#define STW_CONCURRENT STW_NOTE("concurrent") /* others, in this and in other concurrent slots */
#define STW_EXCLUSIVE STW_NOTE("exclusive")   /* nobody, in any slot of the same self */
/* When in the life of the plugin (plugin.h). */
#define STW_WHEN_LOADED STW_NOTE("when-loaded")     /* before it is created: create itself */
#define STW_WHEN_CREATED STW_NOTE("when-created")   /* at any time from create to destroy */
#define STW_WHEN_RUNNING STW_NOTE("when-running")   /* likewise, for a mutator that is attached */
#define STW_WHEN_FINISHED STW_NOTE("when-finished") /* after all else: destroy itself */
/* What the callee may do. Without MAY_* it does none of it, and calls nobody who may: it takes
 * short leaf locks at most (allocator.h). */
#define STW_MAY_BLOCK STW_NOTE("may-block") /* wait: sleep, take any lock, do I/O */
#define STW_MAY_POLL STW_NOTE("may-poll")   /* come to a safepoint if it is a mutator that calls: be
                                             * stopped, collect. Includes waiting in the host */
#define STW_MAY_ALLOC STW_NOTE("may-alloc") /* allocate cells. Includes STW_MAY_POLL */
#define STW_WORLD_STOPPED STW_NOTE("world-stopped") /* called inside a pause: be quick */

/* Where a failing call leaves its reason. The host owns it; fields are written by
 * stw_host.set_error and stay valid until the next call that takes the same error. */
struct stw_error {
    uint32_t struct_size;
    stw_status status;
    char field[64];    /* the parameter, slot or step that is at fault; may be empty */
    char message[256]; /* one line, no trailing newline */
};

struct stw_mutator; /* stwlab/mutator.h */
struct stw_host;    /* stwlab/host.h */
struct stw_span;    /* stwlab/allocator.h */
struct stw_config;  /* stwlab/manifest.h */

#ifdef __cplusplus
}
#endif
#endif

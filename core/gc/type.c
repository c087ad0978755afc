/* gc/type.c: the rule M6: types are read as they are, without looking, on the fast path and by
 * markers.
 *
 * TY1  a type is looked at before the slow path makes a first cell with it.
 * Types that passed are remembered by their address, which is theirs until the trial ends. The
 * table is small: what does not fit is looked at again. Threads: entries are atomic words. */
#include "gc/type.h"

#include "base/breach.h"

#include <inttypes.h>
#include <stdio.h>

#define KNOWN 256u /* a power of two */
#define PROBES 8u
#define HASH_FACTOR 0x9e3779b97f4a7c15ull

static const struct stw_type *known[KNOWN];

static uint32_t first_place(const struct stw_type *type)
{
    return (uint32_t)((uint64_t)(uintptr_t)type / 8 * HASH_FACTOR >> 32) & (KNOWN - 1);
}

/* The place of a known type, or a free one, or null. */
static const struct stw_type **place_of(const struct stw_type *type, int *is_known)
{
    uint32_t first = first_place(type);
    *is_known = 0;
    for (uint32_t i = 0; i < PROBES; i++) {
        const struct stw_type **place = &known[(first + i) & (KNOWN - 1)];
        const struct stw_type *there = __atomic_load_n(place, __ATOMIC_RELAXED);
        *is_known = there == type;
        if (!there || *is_known)
            return place;
    }
    return NULL;
}

static const char *name_of(const struct stw_type *type)
{
    return type->name ? type->name : "?";
}

static const char *breaks(const struct stw_type *type, const char *what, uint64_t value,
                          char text[STW_BREACH_TEXT_BYTES])
{
    snprintf(text, STW_BREACH_TEXT_BYTES, "type \"%.40s\", whose %s (%" PRIu64 ")", name_of(type),
             what, value);
    return "M6";
}

/* Words of an element up to its last pointer, as its mask has it. */
static uint64_t words_in_mask(const struct stw_type *type)
{
    uint64_t words = type->element_bytes / 8, last = 0;
    for (uint64_t i = 0; i < words; i++)
        if (type->pointer_mask[i / 64] >> (i % 64) & 1)
            last = i + 1;
    return last;
}

const char *stw_type_breach(const struct stw_type *type, char text[STW_BREACH_TEXT_BYTES])
{
    if (type->struct_size < sizeof *type) {
        snprintf(text, STW_BREACH_TEXT_BYTES, "a stw_type whose struct_size is %u, not %zu",
                 type->struct_size, sizeof *type);
        return "A2";
    }
    if (type->element_bytes == 0 || type->element_bytes % 8)
        return breaks(type, "element_bytes are no multiple of 8", type->element_bytes, text);
    if (!type->pointer_mask)
        return breaks(type, "pointer_mask is null", 0, text);
    if (type->pointer_bytes == 0 || type->pointer_bytes > type->element_bytes)
        return breaks(type, "pointer_bytes are not within an element", type->pointer_bytes, text);
    uint64_t bytes = 8 * words_in_mask(type);
    if (type->pointer_bytes == bytes)
        return NULL;
    snprintf(text, STW_BREACH_TEXT_BYTES,
             "type \"%.40s\", whose pointer_bytes are %" PRIu64
             ", but the last pointer of its mask ends at byte %" PRIu64,
             name_of(type), type->pointer_bytes, bytes);
    return "M6";
}

static void check(const struct stw_mutator_record *m, const struct stw_type *type)
{
    char text[STW_BREACH_TEXT_BYTES];
    uintptr_t at = (uintptr_t)type, here = (uintptr_t)__builtin_frame_address(0);
    if (at >= here && at < m->stack_top)
        STW_BREACH("M6", STW_BREACH_CALLER,
                   "allocated with a type on its stack; it must live until destroy returns");
    const char *rule = stw_type_breach(type, text);
    if (rule)
        STW_BREACH(rule, STW_BREACH_CALLER, "allocated with %s", text);
}

void stw__type_admit(const struct stw_mutator_record *m, const struct stw_type *type,
                     uint64_t bytes)
{
    int is_known;
    const struct stw_type **place = place_of(type, &is_known);
    if (!is_known) {
        check(m, type);
        if (place)
            __atomic_store_n(place, type, __ATOMIC_RELAXED);
    }
    if (bytes % type->element_bytes)
        STW_BREACH("M6", STW_BREACH_CALLER, "allocated %" PRIu64 " bytes of type \"%.40s\", whose "
                   "elements have %" PRIu64, bytes, name_of(type), type->element_bytes);
}

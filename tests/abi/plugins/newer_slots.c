/* abi/plugins/newer_slots.c: strategies of a newer minor, which has one slot more. One leaves it
 * empty and keeps to the rules; the other breaks: what the host does not know is not used. */
#include <stwlab/plugin.h>

#undef STW_ABI_MINOR
#define STW_ABI_MINOR 7u

struct newer_ops {
    struct stw_strategy_ops known;
    void (*newer)(void *self);
};

static void newer(void *self)
{
    (void)self;
}

static const struct newer_ops empty = {.known = {.struct_size = sizeof empty}};
static const struct newer_ops used = {.known = {.struct_size = sizeof used}, .newer = newer};

STW_MANIFEST(STW_PLUGIN("strategy", "newer-empty", "Leaves a newer slot empty")
             STW_PLUGIN("strategy", "newer-used", "Uses a newer slot"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "newer-empty", &empty),
           STW_OFFER(STW_KIND_STRATEGY, "newer-used", &used));

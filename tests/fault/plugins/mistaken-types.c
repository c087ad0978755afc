/* fault/plugins/mistaken-types.c: one strategy for each mistake that an author makes in a type.
 * fault/mistakes.sh says what becomes of each. */
#include <stwlab/plugin.h>

#include <stddef.h>

/* Types. Each cell is larger than a page, so that each allocation takes the slow path. */

#define LARGE_ELEMENTS 8192u

static const uint64_t first_word = 1, second_word = 2;
#define TYPE(name, size, bytes, last, mask)                                                        \
    static const struct stw_type type_##name = {size, 0, bytes, last, mask, #name};                \
    static void name(void *self, const struct stw_link *next, struct stw_mutator *m)               \
    {                                                                                              \
        (void)self;                                                                                \
        stw_alloc(m, LARGE_ELEMENTS * (bytes ? bytes : 8), &type_##name);                          \
        stw_next_begin(next, m);                                                                   \
    }
TYPE(type_size, 0, 8, 8, &first_word)
TYPE(type_empty, sizeof(struct stw_type), 0, 8, &first_word)
TYPE(type_28, sizeof(struct stw_type), 28, 8, &first_word)
TYPE(type_mask, sizeof(struct stw_type), 16, 8, &second_word)
TYPE(type_no_mask, sizeof(struct stw_type), 16, 8, NULL)
TYPE(type_beyond, sizeof(struct stw_type), 16, 24, &first_word)

static void type_on_stack(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    const struct stw_type type = {sizeof type, 0, 8, 8, &first_word, "on the stack"};
    stw_alloc(m, 8 * LARGE_ELEMENTS, &type);
    stw_next_begin(next, m);
}

static const struct stw_type pair_type = {sizeof pair_type, 0, 16, 8, &first_word, "pair"};
static void type_odd_bytes(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    stw_alloc(m, 16 * LARGE_ELEMENTS + 8, &pair_type);
    stw_next_begin(next, m);
}

#define OPS(name, slot)                                                                            \
    static const struct stw_strategy_ops ops_##name = {.struct_size = sizeof ops_##name,           \
                                                       .slot = name}
OPS(type_size, begin);
OPS(type_empty, begin);
OPS(type_28, begin);
OPS(type_mask, begin);
OPS(type_no_mask, begin);
OPS(type_beyond, begin);
OPS(type_on_stack, begin);
OPS(type_odd_bytes, begin);

STW_MANIFEST(STW_PLUGIN("strategy", "type-size", "Breaks a rule")
             STW_PLUGIN("strategy", "type-empty", "Breaks a rule")
             STW_PLUGIN("strategy", "type-28", "Breaks a rule")
             STW_PLUGIN("strategy", "type-mask", "Breaks a rule")
             STW_PLUGIN("strategy", "type-no-mask", "Breaks a rule")
             STW_PLUGIN("strategy", "type-beyond", "Breaks a rule")
             STW_PLUGIN("strategy", "type-on-stack", "Breaks a rule")
             STW_PLUGIN("strategy", "type-odd-bytes", "Breaks a rule"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "type-size", &ops_type_size),
           STW_OFFER(STW_KIND_STRATEGY, "type-empty", &ops_type_empty),
           STW_OFFER(STW_KIND_STRATEGY, "type-28", &ops_type_28),
           STW_OFFER(STW_KIND_STRATEGY, "type-mask", &ops_type_mask),
           STW_OFFER(STW_KIND_STRATEGY, "type-no-mask", &ops_type_no_mask),
           STW_OFFER(STW_KIND_STRATEGY, "type-beyond", &ops_type_beyond),
           STW_OFFER(STW_KIND_STRATEGY, "type-on-stack", &ops_type_on_stack),
           STW_OFFER(STW_KIND_STRATEGY, "type-odd-bytes", &ops_type_odd_bytes));

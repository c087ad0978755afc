/* lab/agreement.c: which checksum is right when trials that compute the same disagree. */
#include "lab/agreement.h"

#include "base/error.h"
#include "base/text.h"
#include "plan/peers.h"
#include "store/checksums.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CELLS_NAMED 3u /* of a side, in a detail */
#define SIDES_NAMED 4u

/* Trials of a group with the same checksum. */
struct side {
    struct side *next; /* came later */
    uint64_t checksum;
    uint64_t trials;
    uint64_t expected; /* those whose workload worked out the same */
    uint64_t baseline; /* those whose strategy is none */
    uint32_t cell_count;
    uint32_t cells[CELLS_NAMED]; /* the first of them */
};

/* A cell has a part in a side. */
struct part {
    struct part *next;
    struct side *side;
};

struct cell {
    uint32_t group;
    int is_baseline;
    struct part *parts;
};

struct group {
    struct side *sides;
    int is_open; /* stored outcomes may be wrong: there are several sides, or invalid trials */
};

struct stw_agreement {
    const struct stw_matrix *matrix;
    struct cell *cells;
    struct group *groups; /* as many as cells, at most */
};

/* Which side is right, and why; no side: null. */
struct verdict {
    const struct side *right;
    const char *why;
};

/* Groups. */

static int is_of_workload(const struct stw_axis *axis)
{
    return axis->owner == STW_KIND_WORKLOAD || strcmp(axis->key, "mutators") == 0;
}

static uint32_t position_of(const struct stw_axis *axis, const char *value)
{
    uint32_t i = 0;
    while (i + 1 < axis->value_count && strcmp(axis->values[i], value) != 0)
        i++;
    return i;
}

/* A cell's values on the axes of the workload, read as the digits of a number: at most cell_count
 * groups. Fixed settings are the same everywhere. */
static uint32_t group_of(const struct stw_matrix *matrix, const struct stw_cell *cell)
{
    const struct stw_experiment *experiment = matrix->experiment;
    uint32_t group = 0;
    for (uint32_t i = 0; i < experiment->axis_count; i++) {
        const struct stw_axis *axis = &experiment->axes[i];
        if (is_of_workload(axis))
            group = group * axis->value_count + position_of(axis, cell->values[i]);
    }
    return group;
}

struct stw_agreement *stw_agreement_new(const struct stw_matrix *matrix)
{
    struct stw_agreement *agreement = stw_new(1, sizeof *agreement);
    agreement->matrix = matrix;
    agreement->cells = stw_new(matrix->cell_count, sizeof *agreement->cells);
    agreement->groups = stw_new(matrix->cell_count, sizeof *agreement->groups);
    for (uint32_t i = 0; i < matrix->cell_count; i++) {
        const struct stw_cell *cell = &matrix->cells[i];
        agreement->cells[i].group = group_of(matrix, cell);
        agreement->cells[i].is_baseline =
            strcmp(stw_cell_strategy(matrix->experiment, cell), "none") == 0;
    }
    return agreement;
}

static void forget(struct stw_agreement *agreement)
{
    for (uint32_t i = 0; i < agreement->matrix->cell_count; i++) {
        for (struct part *part = agreement->cells[i].parts, *next; part; part = next) {
            next = part->next;
            free(part);
        }
        for (struct side *side = agreement->groups[i].sides, *next; side; side = next) {
            next = side->next;
            free(side);
        }
        agreement->cells[i].parts = NULL;
        agreement->groups[i] = (struct group){0};
    }
}

void stw_agreement_free(struct stw_agreement *agreement)
{
    if (!agreement)
        return;
    forget(agreement);
    free(agreement->cells);
    free(agreement->groups);
    free(agreement);
}

/* Counting. */

static struct side *side_of(struct group *group, uint64_t checksum)
{
    struct side **at = &group->sides;
    while (*at && (*at)->checksum != checksum)
        at = &(*at)->next;
    if (!*at) {
        *at = stw_new(1, sizeof **at);
        (*at)->checksum = checksum;
    }
    return *at;
}

static void take_part(struct stw_agreement *agreement, uint32_t index, struct side *side)
{
    struct cell *cell = &agreement->cells[index];
    for (const struct part *part = cell->parts; part; part = part->next)
        if (part->side == side)
            return;
    struct part *part = stw_new(1, sizeof *part);
    *part = (struct part){cell->parts, side};
    cell->parts = part;
    if (side->cell_count < CELLS_NAMED)
        side->cells[side->cell_count] = index;
    side->cell_count++;
}

static struct side *count(struct stw_agreement *agreement, const struct stw_stored_checksum *trials)
{
    struct cell *cell = &agreement->cells[trials->cell];
    struct group *group = &agreement->groups[cell->group];
    struct side *side = side_of(group, trials->checksum);
    take_part(agreement, trials->cell, side);
    side->trials += trials->trials;
    side->expected += trials->expected;
    side->baseline += cell->is_baseline ? trials->trials : 0;
    group->is_open |= trials->not_ok > 0 || group->sides->next;
    return side;
}

/* Judging. */

/* The sides that may be right: all, or those that the workload backs. */
static int is_eligible(const struct side *side, int some_are_expected)
{
    return !some_are_expected || side->expected > 0;
}

/* The one with more than half of the trials, of all mutators or of the baseline's; else null. */
static const struct side *most_of(const struct side *sides, int some_are_expected, int of_baseline)
{
    const struct side *most = NULL;
    uint64_t all = 0, most_trials = 0;
    for (const struct side *side = sides; side; side = side->next) {
        uint64_t trials = of_baseline ? side->baseline : side->trials;
        if (!is_eligible(side, some_are_expected))
            continue;
        all += trials;
        if (trials > most_trials) {
            most = side;
            most_trials = trials;
        }
    }
    return most_trials > all - most_trials ? most : NULL;
}

/* G1. */
static struct verdict decide(const struct side *sides)
{
    uint32_t expected = 0;
    const struct side *only = NULL;
    for (const struct side *side = sides; side; side = side->next)
        if (side->expected > 0) {
            expected++;
            only = side;
        }
    if (expected == 1)
        return (struct verdict){only, "which the workload expects"};
    const struct side *most = most_of(sides, expected > 0, 0);
    if (most)
        return (struct verdict){most, "which most trials have"};
    most = most_of(sides, expected > 0, 1);
    return (struct verdict){most, most ? "which the baseline has" : NULL};
}

/* Naming. */

/* "00..a1 by 12 trials of 5 cells (n=8 strategy=none, n=8 strategy=pool, n=8 strategy=x, ...)" */
static void add_side(const struct stw_agreement *agreement, const struct side *side,
                     struct stw_text *text)
{
    stw_text_add(text, "%016" PRIx64 " by %" PRIu64 " trial%s of %u cell%s (", side->checksum,
                 side->trials, stw_plural(side->trials), side->cell_count,
                 stw_plural(side->cell_count));
    for (uint32_t i = 0; i < side->cell_count && i < CELLS_NAMED; i++)
        stw_text_add(text, "%s%s", i ? ", " : "", agreement->matrix->cells[side->cells[i]].id);
    stw_text_add(text, "%s)", side->cell_count > CELLS_NAMED ? ", ..." : "");
}

/* The right side first, then that of `own`, then others. */
static void add_sides(const struct stw_agreement *agreement, const struct side *sides,
                      const struct side *own, const struct verdict *verdict, struct stw_text *text)
{
    uint32_t named = 0, left = 0;
    if (verdict->right) {
        add_side(agreement, verdict->right, text);
        stw_text_add(text, ", %s; ", verdict->why);
        named++;
    }
    add_side(agreement, own, text);
    named++;
    for (const struct side *side = sides; side; side = side->next) {
        if (side == own || side == verdict->right)
            continue;
        if (named++ < SIDES_NAMED) {
            stw_text_add(text, "; ");
            add_side(agreement, side, text);
        } else {
            left++;
        }
    }
    if (left)
        stw_text_add(text, "; and %u more", left);
}

/* Sets kind and detail of a trial that was ok by itself, of this side. */
static void set_outcome(const struct stw_agreement *agreement, const struct side *sides,
                        const struct side *own, struct stw_outcome *outcome)
{
    struct verdict verdict = decide(sides);
    outcome->kind = own == verdict.right ? STW_OUTCOME_OK : STW_OUTCOME_INVALID;
    outcome->detail[0] = '\0';
    if (own == verdict.right)
        return;
    struct stw_text text = {0};
    stw_text_add(&text, "checksum %016" PRIx64 " differs%s: ", own->checksum,
                 verdict.right ? "" : ", and nobody knows which is right");
    add_sides(agreement, sides, own, &verdict, &text);
    stw_outcome_tell(outcome, text.bytes);
    stw_text_free(&text);
}

void stw_agreement_judge(struct stw_agreement *agreement, uint32_t cell, uint64_t checksum,
                         struct stw_outcome *outcome)
{
    const struct stw_stored_checksum trial = {
        cell, checksum, 1, outcome->checksum == STW_CHECKSUM_EXPECTED, 0};
    const struct side *own = count(agreement, &trial);
    set_outcome(agreement, agreement->groups[agreement->cells[cell].group].sides, own, outcome);
}

/* The store. */

static void count_stored(void *context, const struct stw_stored_checksum *trials)
{
    struct stw_agreement *agreement = context;
    if (trials->cell < agreement->matrix->cell_count)
        count(agreement, trials);
}

/* Judges anew what each cell has stored of each side. */
static stw_status judge_stored(const struct stw_agreement *agreement, struct stw_store *store,
                               uint64_t *changed)
{
    stw_status status = STW_OK;
    for (uint32_t i = 0; status == STW_OK && i < agreement->matrix->cell_count; i++) {
        const struct cell *cell = &agreement->cells[i];
        const struct group *group = &agreement->groups[cell->group];
        for (const struct part *part = cell->parts; part && status == STW_OK; part = part->next) {
            struct stw_outcome outcome;
            if (!group->is_open)
                break;
            set_outcome(agreement, group->sides, part->side, &outcome);
            status = stw_store_judge(store, i, part->side->checksum, &outcome, changed);
        }
    }
    return status;
}

stw_status stw_agreement_settle(struct stw_agreement *agreement, struct stw_store *store,
                                uint64_t *changed, struct stw_error *error)
{
    int is_open = 0;
    *changed = 0;
    forget(agreement);
    stw_status status = stw_store_checksums(store, count_stored, agreement, error);
    for (uint32_t i = 0; i < agreement->matrix->cell_count; i++)
        is_open |= agreement->groups[i].is_open;
    if (status != STW_OK || !is_open)
        return status;
    STW_TRY(stw_store_begin(store, error));
    return stw_store_end(store, judge_stored(agreement, store, changed), error);
}

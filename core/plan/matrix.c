/* plan/matrix.c: the cells of an experiment, their names and their identity.
 *
 * X1  a cell's hash depends on the workload and on each effective setting, in sorted order: those
 *     of the runtime and the parameters of the plugins that the cell uses, the defaults of what
 *     nobody mentions included. So a default that changes makes other cells, and to write one down
 *     does not. It does not depend on the order of axes, nor on which keys are axes, with one
 *     exception: an axis tells cells apart even where it is a parameter of a plugin that they do
 *     not use.
 * X2  the canary has the settings of the cell that it repeats, and neither its number nor its hash,
 *     nor any other cell's: so its trials are of no cell. */
#include "plan/experiment.h"

#include "base/error.h"
#include "base/hash.h"
#include "plan/condition.h"
#include "plan/heaps.h"
#include "plan/keys.h"
#include "plan/refusal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIALS_MAX 100000000u /* of a whole matrix; a schedule of that many takes 800 MB */

/* A setting, with where its value is. */
struct part {
    const char *key;
    const char *value; /* of one that is no axis, else null */
    uint32_t axis;
    uint32_t kind;        /* of another plugin than the workload, whose parameter it is; 0: none */
    char id[STW_ID_BYTES]; /* of it */
    int counts_always;    /* whether the cell uses that plugin or not */
};

static int by_key(const void *a, const void *b)
{
    const struct part *p = a, *q = b;
    return strcmp(p->key, q->key);
}

static struct part part_of(const struct stw_axis *axis)
{
    struct part part = {.key = axis->key, .counts_always = axis->value_count > 1};
    if (axis->owner == 0 || axis->owner == STW_KIND_WORKLOAD)
        return part;
    const char *id = strchr(axis->key, '.') + 1;
    part.kind = axis->owner;
    snprintf(part.id, sizeof part.id, "%.*s", (int)strcspn(id, "."), id);
    return part;
}

static struct part *sorted_parts(const struct stw_experiment *e, uint32_t *count)
{
    struct part *parts = stw_new(e->axis_count + e->fixed_count + e->default_count, sizeof *parts);
    *count = 0;
    for (uint32_t i = 0; i < e->axis_count; i++) {
        parts[*count] = part_of(&e->axes[i]);
        parts[(*count)++].axis = i;
    }
    for (uint32_t i = 0; i < e->fixed_count + e->default_count; i++) {
        const struct stw_axis *axis = i < e->fixed_count ? &e->fixed[i]
                                                         : &e->defaults[i - e->fixed_count];
        parts[*count] = part_of(axis);
        parts[(*count)++].value = axis->values[0];
    }
    qsort(parts, *count, sizeof *parts, by_key);
    return parts;
}

const struct stw_axis *stw_axis_find(const struct stw_axis *axes, uint32_t count, const char *key)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(axes[i].key, key) == 0)
            return &axes[i];
    return NULL;
}

const char *stw_cell_value(const struct stw_experiment *e, const struct stw_cell *cell,
                           const char *key)
{
    const struct stw_axis *axis = stw_axis_find(e->axes, e->axis_count, key);
    const struct stw_axis *fixed = stw_axis_find(e->fixed, e->fixed_count, key);
    return axis ? cell->values[axis - e->axes] : fixed ? fixed->values[0] : NULL;
}

static int counts(const struct stw_experiment *e, const struct part *part,
                  const struct stw_cell *cell)
{
    if (!part->kind || part->counts_always)
        return 1;
    const char *chain = stw_cell_value(e, cell, stw_kind_name(part->kind));
    return chain && stw_chain_has(chain, part->id);
}

/* `heap` is no part of it, the limit that it makes is (plan.HE1). */
static void set_hash(const struct stw_experiment *e, const struct part *parts, uint32_t count,
                     struct stw_cell *cell)
{
    uint64_t hash = stw_hash_text(STW_HASH_START, e->workload);
    char limit[32] = "";
    if (cell->limit_bytes)
        stw_heap_format(cell->limit_bytes, limit, sizeof limit);
    for (uint32_t i = 0; i < count; i++) {
        const char *value = parts[i].value ? parts[i].value : cell->values[parts[i].axis];
        if (!counts(e, &parts[i], cell) || strcmp(parts[i].key, STW_HEAP) == 0)
            continue;
        hash = stw_hash_text(hash, parts[i].key);
        hash = stw_hash_text(hash, *limit && strcmp(parts[i].key, STW_HEAP_LIMIT) == 0 ? limit
                                                                                       : value);
    }
    snprintf(cell->hash, sizeof cell->hash, "%016" PRIx64, hash);
}

/* Of a cell whose limit is not known: its multiples are cells of their own all the same. */
static void set_multiple_hash(const struct stw_experiment *e, struct stw_cell *cell)
{
    uint64_t hash = stw_hash_text(stw_hash_text(STW_HASH_START, cell->hash),
                                  stw_cell_value(e, cell, STW_HEAP));
    snprintf(cell->hash, sizeof cell->hash, "%016" PRIx64, hash);
}

/* A multiple becomes a limit; without one that is known the cell cannot run (plan.HE2). */
static void set_limit(const struct stw_experiment *e, const struct part *parts, uint32_t count,
                      struct stw_cell *cell)
{
    struct stw_text why = {0};
    cell->limit_bytes = stw_heap_limit(e, cell, cell->hash);
    if (cell->limit_bytes) {
        set_hash(e, parts, count, cell);
    } else if (stw_heap_has(e, cell) && !cell->excluded) {
        stw_text_add(&why, "%s does not know its least heap; stwlab minheap finds it",
                     e->minheap ? e->minheap : "nobody");
        cell->reason = why.bytes;
        cell->excluded = STW_HEAP;
    }
    if (stw_heap_has(e, cell) && !cell->limit_bytes)
        set_multiple_hash(e, cell);
}

static void set_id(const struct stw_experiment *e, struct stw_cell *cell)
{
    struct stw_text id = {0};
    int some_vary = 0;
    for (uint32_t i = 0; i < e->axis_count; i++)
        some_vary |= e->axes[i].value_count > 1;
    for (uint32_t i = 0; i < e->axis_count; i++)
        if (!some_vary || e->axes[i].value_count > 1)
            stw_text_add(&id, "%s%s=%s", id.length ? " " : "", e->axes[i].key, cell->values[i]);
    cell->id = stw_strdup(id.length ? id.bytes : e->name); /* without the room behind it */
    stw_text_free(&id);
}

static const char *find_exclusion(const struct stw_experiment *e, const uint32_t *picks)
{
    for (uint32_t i = 0; i < e->exclusion_count; i++)
        if (stw_condition_holds(e->exclusions[i].condition, picks))
            return e->exclusions[i].name;
    return NULL;
}

/* Cell `index` in axis order, the last axis fastest. */
static void set_picks(const struct stw_experiment *e, uint32_t index, uint32_t *picks)
{
    for (uint32_t i = e->axis_count; i-- > 0; index /= e->axes[i].value_count)
        picks[i] = index % e->axes[i].value_count;
}

/* Why the cell cannot run, though nobody excludes it. */
static void find_misfit(const struct stw_experiment *e, const struct stw_peers *peers,
                        const uint32_t *picks, struct stw_cell *cell)
{
    const struct stw_refusal *refusal = stw_refusal_find(e, cell, picks);
    if (refusal) {
        cell->excluded = refusal->plugin;
        cell->reason = stw_strdup(refusal->reason);
        return;
    }
    cell->reason = stw_peer_misfit(peers, e, cell);
    if (cell->reason)
        cell->excluded = "runtime";
}

static void build_cells(struct stw_matrix *matrix, const struct stw_peers *peers)
{
    const struct stw_experiment *e = matrix->experiment;
    uint32_t part_count;
    struct part *parts = sorted_parts(e, &part_count);
    uint32_t *picks = stw_new(e->axis_count, sizeof *picks);
    /* One block for all cells; cell 0 owns it. */
    const char **values = stw_new((size_t)matrix->cell_count * e->axis_count, sizeof *values);
    for (uint32_t c = 0; c < matrix->cell_count; c++) {
        struct stw_cell *cell = &matrix->cells[c];
        set_picks(e, c, picks);
        cell->index = c;
        cell->values = values + (size_t)c * e->axis_count;
        for (uint32_t i = 0; i < e->axis_count; i++)
            cell->values[i] = e->axes[i].values[picks[i]];
        cell->excluded = find_exclusion(e, picks);
        if (!cell->excluded)
            find_misfit(e, peers, picks, cell);
        set_hash(e, parts, part_count, cell);
        set_limit(e, parts, part_count, cell);
        set_id(e, cell);
    }
    free(picks);
    free(parts);
}

static uint64_t count_runnable(const struct stw_matrix *matrix)
{
    uint64_t runnable = 0;
    for (uint32_t c = 0; c < matrix->cell_count; c++)
        runnable += !matrix->cells[c].excluded;
    return runnable;
}

/* X2. */
static void add_canary(struct stw_matrix *matrix)
{
    const struct stw_experiment *e = matrix->experiment;
    struct stw_cell *canary = &matrix->cells[matrix->cell_count];
    int is_usual = count_runnable(matrix) >= STW_CANARY_CELLS && e->trials >= STW_CANARY_TRIALS;
    if (e->canary == STW_CANARY_OFF || (e->canary == STW_CANARY_USUAL && !is_usual))
        return;
    while (matrix->cells[matrix->canary_of].excluded)
        matrix->canary_of++;
    const struct stw_cell *of = &matrix->cells[matrix->canary_of];
    struct stw_text id = {0};
    stw_text_add(&id, "canary of %s", of->id);
    *canary = (struct stw_cell){.index = STW_CANARY_NUMBER, .id = id.bytes, .values = of->values};
    snprintf(canary->hash, sizeof canary->hash, "%016" PRIx64,
             stw_hash_text(stw_hash_text(STW_HASH_START, of->hash), "canary"));
    matrix->has_canary = 1;
}

/* The exclusion that holds for an excluded cell; null: no runtime can run it, or a plugin refuses
 * it. */
static const struct stw_exclusion *rule_of(const struct stw_experiment *e,
                                           const struct stw_cell *cell)
{
    for (uint32_t i = 0; !cell->reason && i < e->exclusion_count; i++)
        if (e->exclusions[i].name == cell->excluded)
            return &e->exclusions[i];
    return NULL;
}

/* Says why no cell is left to run: the exclusion with its line, the runtime that is missing, or the
 * plugin that refuses. */
static stw_status refuse_empty(const struct stw_matrix *matrix, struct stw_error *error)
{
    const struct stw_experiment *e = matrix->experiment;
    const struct stw_exclusion *rule = NULL;
    const char *reason = NULL, *refuser = NULL;
    int rules = 0;
    for (uint32_t c = 0; c < matrix->cell_count; c++) {
        const struct stw_exclusion *other = rule_of(e, &matrix->cells[c]);
        if (!other) {
            reason = matrix->cells[c].reason;
            refuser = matrix->cells[c].excluded;
        }
        rules += other && other != rule;
        rule = other ? other : rule;
    }
    char line[16] = "";
    if (rule && rule->line)
        snprintf(line, sizeof line, "%d:", rule->line);
    if (!rule)
        return stw_error_set(error, STW_E_INVALID, refuser, "%s: no cell can run: %s%s%s", e->path,
                             strchr(refuser, '/') ? refuser : "",
                             strchr(refuser, '/') ? " refuses: " : "", reason);
    return stw_error_set(error, STW_E_INVALID, "exclude",
                         "%s:%s [exclude] %s: \"%s\" leaves no cell to run%s%s%s", e->path, line,
                         rule->name, rule->text,
                         rules > 1 ? ", with the other exclusions" : "",
                         reason ? ", and for the rest " : "", reason ? reason : "");
}

/* Refuses a matrix with nothing to run, and one whose schedule would not fit in memory. */
static stw_status check_runnable(const struct stw_matrix *matrix, struct stw_error *error)
{
    const struct stw_experiment *e = matrix->experiment;
    uint64_t runnable = count_runnable(matrix);
    if (!runnable)
        return refuse_empty(matrix, error);
    if (runnable * e->trials > TRIALS_MAX)
        return stw_error_set(error, STW_E_INVALID, "trials",
                             "%s: [experiment] trials: %" PRIu64 " cell%s with %" PRIu64
                             " trials each are too many; at most %u trials in all",
                             e->path, runnable, stw_plural(runnable), e->trials, TRIALS_MAX);
    return STW_OK;
}

stw_status stw_matrix_build(const struct stw_experiment *experiment, const struct stw_peers *peers,
                            struct stw_matrix *matrix, struct stw_error *error)
{
    uint32_t count = 1;
    for (uint32_t i = 0; i < experiment->axis_count; i++)
        count *= experiment->axes[i].value_count;
    *matrix = (struct stw_matrix){.experiment = experiment, .cell_count = count};
    matrix->cells = stw_new((size_t)count + 1, sizeof *matrix->cells);
    build_cells(matrix, peers);
    stw_status status = check_runnable(matrix, error);
    if (status)
        stw_matrix_free(matrix);
    else
        add_canary(matrix);
    return status;
}

void stw_matrix_keep(struct stw_matrix *matrix, const uint8_t *is_kept)
{
    const uint32_t axis_count = matrix->experiment->axis_count;
    const char **all = matrix->cells[0].values; /* cell 0 owns them */
    const char **values = stw_new((size_t)matrix->cell_count * axis_count, sizeof *values);
    uint32_t kept = 0;
    for (uint32_t c = 0; c < matrix->cell_count; c++) {
        struct stw_cell cell = matrix->cells[c];
        if (!is_kept[c]) {
            free(cell.id);
            free(cell.reason);
            continue;
        }
        cell.index = kept;
        cell.values = memcpy(values + (size_t)kept * axis_count, cell.values,
                             axis_count * sizeof *values);
        matrix->cells[kept++] = cell;
    }
    matrix->cell_count = kept;
    free(all);
}

void stw_matrix_free(struct stw_matrix *matrix)
{
    for (uint32_t c = 0; c < matrix->cell_count; c++) {
        free(matrix->cells[c].id);
        free(matrix->cells[c].reason);
    }
    if (matrix->has_canary)
        free(matrix->cells[matrix->cell_count].id);
    if (matrix->cell_count)
        free(matrix->cells[0].values);
    free(matrix->cells);
    *matrix = (struct stw_matrix){0};
}

const char *stw_cell_reason(const struct stw_experiment *experiment, const struct stw_cell *cell)
{
    if (cell->reason)
        return cell->reason;
    for (uint32_t i = 0; i < experiment->exclusion_count; i++)
        if (strcmp(experiment->exclusions[i].name, cell->excluded) == 0)
            return experiment->exclusions[i].text;
    return "";
}

/* What a worker is told: of a file the path. */
static const char *told_value(const struct stw_axis *axis, const char *value)
{
    for (uint32_t i = 0; axis->files && i < axis->value_count; i++)
        if (axis->values[i] == value && axis->files[i])
            return axis->files[i];
    return value;
}

void stw_cell_settings(const struct stw_matrix *matrix, const struct stw_cell *cell,
                       struct stw_text *settings)
{
    const struct stw_experiment *e = matrix->experiment;
    stw_text_add(settings, "workload\t%s\n", e->workload);
    stw_text_add(settings, "seed\t%" PRIu64 "\n", e->seed);
    stw_text_add(settings, "experiment\t%s\n", e->name);
    for (uint32_t i = 0; i < e->axis_count; i++)
        if (strcmp(e->axes[i].key, STW_HEAP) != 0)
            stw_text_add(settings, "%s\t%s\n", e->axes[i].key,
                         told_value(&e->axes[i], cell->values[i]));
    for (uint32_t i = 0; i < e->fixed_count; i++)
        if (strcmp(e->fixed[i].key, STW_HEAP) != 0)
            stw_text_add(settings, "%s\t%s\n", e->fixed[i].key,
                         told_value(&e->fixed[i], e->fixed[i].values[0]));
    if (cell->limit_bytes)
        stw_text_add(settings, STW_HEAP_LIMIT "\t%" PRIu64 "\n", cell->limit_bytes);
}

static int is_used_by(const struct stw_axis *axes, uint32_t count,
                      const struct stw_plugin_info *info)
{
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t v = 0; v < axes[i].value_count; v++)
            if (strcmp(axes[i].key, stw_kind_name(info->kind)) == 0
                && stw_chain_has(axes[i].values[v], info->id))
                return 1;
    return 0;
}

int stw_experiment_uses(const struct stw_experiment *e, const struct stw_plugin_info *info)
{
    if (info->kind == STW_KIND_WORKLOAD)
        return strcmp(e->workload, info->id) == 0;
    return is_used_by(e->axes, e->axis_count, info) || is_used_by(e->fixed, e->fixed_count, info);
}

int stw_matrix_uses(const struct stw_matrix *matrix, const struct stw_plugin_info *info)
{
    return stw_experiment_uses(matrix->experiment, info);
}

int stw_cell_uses(const struct stw_matrix *matrix, const struct stw_cell *cell,
                  const struct stw_plugin_info *info)
{
    const struct stw_experiment *e = matrix->experiment;
    if (info->kind == STW_KIND_WORKLOAD)
        return strcmp(e->workload, info->id) == 0;
    const char *chain = stw_cell_value(e, cell, stw_kind_name(info->kind));
    return chain && stw_chain_has(chain, info->id);
}

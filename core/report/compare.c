/* report/compare.c: reads the trials of two cells, and judges what they show.
 *
 * CM1  no verdict without an interval, nor on a percentile that is an accident of a few events, nor
 *      where what was lost belongs to the value.
 * CM2  so few blocks that no difference could be shown, with all that is asked at once, have no
 *      verdict: "no difference shown" would say something of the cells.
 */
#include "report/compare.h"

#include "base/array.h"
#include "base/error.h"
#include "plan/settings.h"
#include "report/distributions.h"
#include "report/measure.h"
#include "report/significance.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FOUND_AT 0.84 /* standard errors: in 4 of 5 runs */

static const char too_few[] = "too few trials for so many comparisons at once";

static stw_status nothing_there(const struct stw_result_cell *cell,
                                const struct stw_metric *metric, const struct stw_measured *of,
                                struct stw_error *error)
{
    int64_t outside = cell->dists[STW_DIST_SETUP].count + cell->dists[STW_DIST_AFTER].count;
    const struct stw_metric_name *name = &metric->parsed;
    int has_stops = of->trials && cell->dists[STW_DIST_PAUSE].count > 0;
    if (has_stops && metric->fact->place == STW_IN_PAUSES && !name->kind && !name->site)
        return stw_error_set(error, STW_E_STATE, NULL, "cell '%s' has no %s: its stops do not tell "
                             "it", cell->id, metric->fact->name);
    if (has_stops && (metric->fact->place == STW_IN_PAUSES || metric->fact->place == STW_IN_STEPS))
        return stw_error_set(error, STW_E_STATE, NULL, "cell '%s' has stops, but none that %s is "
                             "of", cell->id, metric->name);
    if (of->trials && strcmp(metric->events, "stops") == 0 && outside)
        return stw_error_set(error, STW_E_STATE, NULL, "cell '%s' has no stops of the timed phase, "
                             "but %" PRId64 " before and after it", cell->id, outside);
    if (of->trials)
        return stw_error_set(error, STW_E_STATE, NULL, "cell '%s' has no %s", cell->id,
                             strcmp(metric->events, "trials") == 0 ? metric->name
                                                                   : metric->events);
    const struct stw_failure *first = cell->failure_count ? &cell->failures[0] : NULL;
    return stw_error_set(error, STW_E_STATE, NULL, "cell '%s' has no ok trial; %s: %s", cell->id,
                         first ? stw_outcome_name(first->outcome) : "nothing is stored",
                         first ? first->detail : "it was not run yet");
}

static stw_status measure(const struct stw_compare_side *side, const struct stw_metric *metric,
                          int as_lower_edges, struct stw_measured *of, struct stw_error *error)
{
    const char *runtime = stw_pairs_get(&side->cell->axes, "runtime");
    int is_go = runtime && stw_runtime_matches(runtime, "go");
    STW_TRY(stw_metric_read(side->reader, metric, side->cell->cell, as_lower_edges && is_go, of));
    return of->sample.value_count ? STW_OK : nothing_there(side->cell, metric, of, error);
}

static int is_percentile(const struct stw_metric *metric)
{
    return metric->percent > 0 && strcmp(metric->events, "trials") != 0;
}

/* What was lost of what the metric is of. */
static uint64_t lost_of(const struct stw_result_cell *cell, const struct stw_metric *metric)
{
    uint32_t place = metric->fact->place;
    int64_t lost = place == STW_IN_PAUSES || place == STW_IN_STEPS ? cell->stops_lost
                   : place == STW_IN_MMU                           ? cell->intervals_lost
                                                                   : 0;
    return (uint64_t)lost;
}

static struct stw_compared summary_of(const struct stw_result_cell *cell,
                                      const struct stw_metric *metric, struct stw_measured *of)
{
    return (struct stw_compared){.cell = cell, .trials = of->trials, .events = of->events,
                                 .lost = lost_of(cell, metric),
                                 .beyond = stw_metric_beyond(metric, of->trials, of->events),
                                 .value = stw_sample_statistic(&of->sample, metric->statistic)};
}

/* Whether all of its values are one and the same. Sorted. */
static int is_constant(const struct stw_sample *sample)
{
    return sample->values[sample->value_count - 1].value == sample->values[0].value;
}

/* So that what is asked of the values is `factor` times as much. */
static void scale(struct stw_sample *sample, struct stw_statistic statistic, double factor)
{
    double times = statistic.numerator != 0 ? 1 / factor : factor;
    for (uint32_t i = 0; i < sample->value_count; i++)
        sample->values[i].value *= times;
    for (uint32_t i = 0; i < sample->trial_count; i++)
        sample->trials[i].sum *= times;
}

static struct stw_interval times(struct stw_interval ratio, double factor)
{
    ratio.estimate *= factor;
    ratio.low *= factor;
    ratio.high *= factor;
    return ratio;
}

static void contrast(struct stw_cells_compared *compared, struct stw_measured *a,
                     struct stw_measured *b, const struct stw_compare_options *options)
{
    const struct stw_statistic statistic = compared->metric.statistic;
    compared->factor = options->factor > 0 ? options->factor : 1;
    if (compared->factor != 1)
        scale(&b->sample, statistic, compared->factor);
    compared->contrast =
        stw_bootstrap_contrast(&a->sample, &b->sample, statistic, &options->bootstrap);
    compared->contrast.ratio = times(compared->contrast.ratio, compared->factor);
    stw_sample_sort(&a->sample);
    stw_sample_sort(&b->sample);
    compared->is_constant = is_constant(&a->sample) && is_constant(&b->sample);
    compared->without = compared->contrast.ratio.without;
    struct stw_significance found = stw_signed_ranks(&a->sample, &b->sample, statistic);
    compared->p = found.p;
    compared->direction = found.direction;
    compared->blocks = found.blocks;
    if (!compared->without && found.blocks < STW_SIGNIFICANCE_BLOCKS)
        compared->without = "fewer than 6 blocks have trials of both";
    if (compared->without)
        return;
    if (compared->is_constant && a->sample.values[0].value == b->sample.values[0].value)
        compared->shown = STW_SHOWN_EQUAL;
}

/* Blocks of two runs have nothing in common, and the runs themselves are one draw each. */
static void contrast_runs(struct stw_cells_compared *compared)
{
    double a = compared->a.value, b = compared->b.value;
    compared->without = "two runs of one build differ too";
    compared->contrast.ratio = (struct stw_interval){
        .estimate = b > 0 ? a / b : INFINITY, .without = compared->without};
    compared->contrast.difference =
        (struct stw_interval){.estimate = a - b, .without = compared->without};
}

static void judge_alone(struct stw_cells_compared *compared, struct stw_measured *a,
                        const struct stw_compare_options *options)
{
    compared->value =
        stw_bootstrap_value(&a->sample, compared->metric.statistic, &options->bootstrap);
    compared->without = compared->value.without;
}

/* CM1 */
static void check_events(struct stw_cells_compared *compared)
{
    if (!compared->without && compared->a.lost + compared->b.lost > 0) {
        compared->shown = STW_SHOWN_NOTHING;
        compared->without = compared->metric.fact->place == STW_IN_MMU
                                ? "taken time was lost: utilisations are too high"
                                : "stops were not recorded";
    }
    int are_few = compared->a.beyond < STW_EVENTS_BEYOND
               || (compared->b.cell && compared->b.beyond < STW_EVENTS_BEYOND);
    if (!compared->without && is_percentile(&compared->metric) && are_few)
        compared->without = "fewer than 10 events lie beyond this percentile";
}

stw_status stw_compare_cells(const char *metric, const struct stw_compare_side *a,
                             const struct stw_compare_side *b,
                             const struct stw_compare_options *options,
                             struct stw_comparisons *comparisons, struct stw_error *error)
{
    struct stw_cells_compared compared = {0};
    struct stw_measured of_a = {0}, of_b = {0};
    STW_TRY(stw_metric_parse(&a->results->facts, metric, &compared.metric, error));
    stw_status status = measure(a, &compared.metric, options->as_lower_edges, &of_a, error);
    if (status == STW_OK && b)
        status = measure(b, &compared.metric, options->as_lower_edges, &of_b, error);
    if (status == STW_OK) {
        compared.a = summary_of(a->cell, &compared.metric, &of_a);
        if (b)
            compared.b = summary_of(b->cell, &compared.metric, &of_b);
        if (!b)
            judge_alone(&compared, &of_a, options);
        else if (a->results == b->results)
            contrast(&compared, &of_a, &of_b, options);
        else
            contrast_runs(&compared);
        check_events(&compared);
    } else if (status == STW_E_STATE && options->are_many) {
        compared.a.cell = a->cell;
        compared.b.cell = b->cell;
        compared.without = of_a.sample.value_count ? "the baseline has none" : "it has none";
        compared.contrast.ratio.without = compared.without;
        status = STW_OK;
    }
    if (status == STW_OK)
        *STW_APPEND(comparisons->items, comparisons->count) = compared;
    stw_sample_free(&of_a.sample);
    stw_sample_free(&of_b.sample);
    return status;
}

static int has_verdict(const struct stw_cells_compared *compared)
{
    return compared->b.cell && !compared->without && compared->shown != STW_SHOWN_EQUAL;
}

/* Where the interval and the blocks agree that a lies. */
static enum stw_verdict side_of(const struct stw_cells_compared *compared)
{
    const struct stw_interval *difference = &compared->contrast.difference;
    return difference->high < 0 && compared->direction < 0  ? STW_SHOWN_LESS
           : difference->low > 0 && compared->direction > 0 ? STW_SHOWN_MORE
                                                            : STW_SHOWN_NO_DIFFERENCE;
}

/* CM2: the least p that so many blocks can have, times the questions, is not below the level. */
static uint32_t leave_out_the_few(struct stw_comparisons *comparisons, double level)
{
    uint32_t asked = 0, most = 0;
    for (uint32_t i = 0; i < comparisons->count; i++)
        asked += has_verdict(&comparisons->items[i]) != 0;
    for (uint32_t i = 0; i < comparisons->count; i++) {
        struct stw_cells_compared *compared = &comparisons->items[i];
        if (!has_verdict(compared) || 2 * exp(-log(2) * compared->blocks) * asked <= level)
            continue;
        compared->without = too_few;
        most = asked;
    }
    return most ? (uint32_t)ceil(log(2 * most / level) / log(2)) : 0;
}

/* The least ratio that is found in 4 of 5 runs when so much is asked at once. */
static double shows(const struct stw_cells_compared *compared, double level, uint32_t asked)
{
    double error = compared->contrast.ratio.error, freedom = compared->blocks - 1.0;
    if (!(error > 0))
        return 0;
    return exp((stw_t_quantile(1 - level / 2 / asked, freedom) + FOUND_AT) * error);
}

void stw_compare_judge(struct stw_comparisons *comparisons,
                       const struct stw_compare_options *options)
{
    double *p = stw_new(comparisons->count + 1, sizeof *p);
    double level = (100 - options->bootstrap.confidence) / 100.0;
    uint32_t asked = 0, at = 0;
    comparisons->trials_needed = leave_out_the_few(comparisons, level);
    for (uint32_t i = 0; i < comparisons->count; i++)
        if (has_verdict(&comparisons->items[i]))
            p[asked++] = comparisons->items[i].p;
    stw_holm(p, asked);
    for (uint32_t i = 0; i < comparisons->count; i++) {
        struct stw_cells_compared *compared = &comparisons->items[i];
        compared->p_of_all = compared->p;
        if (!has_verdict(compared))
            continue;
        compared->p_of_all = p[at++];
        compared->would_show = shows(compared, level, asked);
        compared->shown = compared->p_of_all <= level ? side_of(compared)
                                                      : STW_SHOWN_NO_DIFFERENCE;
    }
    free(p);
}

void stw_comparisons_free(struct stw_comparisons *comparisons)
{
    free(comparisons->items);
    *comparisons = (struct stw_comparisons){0};
}

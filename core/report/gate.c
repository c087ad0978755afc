/* report/gate.c: reads the conditions of --fail-if, and decides them.
 *
 * GT1  a gate fails only when its condition is shown to hold, and passes only when it is shown not
 *      to. What would have no verdict as a comparison is undecided.
 * GT2  counts that are one and the same in all trials of a cell decide without a test, from the
 *      first trial on.
 * GT3  on a busy machine nothing timed is decided: the first line after the table says not to read
 *      it. */
#include "report/gate.h"

#include "base/array.h"
#include "base/error.h"
#include "report/distributions.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FOUND_AT 0.84   /* standard errors: in 4 of 5 runs */
#define TRIALS_MOST 1e4 /* more trials than that are no advice */

/* Reading. */

static stw_status refuse(const char *text, const char *what, struct stw_error *error)
{
    return stw_error_set(error, STW_E_INVALID, NULL,
                         "--fail-if '%s': %s; as in 'stop.p50 > 1.1x'", text, what);
}

stw_status stw_gates_add(struct stw_gates *gates, const char *text, struct stw_error *error)
{
    const char *sign = text + strcspn(text, "<>="), *begin = text + strspn(text, " \t");
    const char *end = sign;
    while (end > begin && isspace((unsigned char)end[-1]))
        end--;
    if (end <= begin)
        return refuse(text, "a metric comes first", error);
    if (*sign != '<' && *sign != '>')
        return refuse(text, "behind the metric comes >, >=, < or <=", error);
    const char *limit = sign + 1 + (sign[1] == '=');
    char *rest;
    double factor = strtod(limit, &rest);
    if (rest == limit || !isfinite(factor) || factor <= 0)
        return refuse(text, "the limit is so many times the baseline's value", error);
    if (*rest != 'x' || rest[1 + strspn(rest + 1, " \t")])
        return refuse(text, "the limit is a number with an x, so many times the baseline's value",
                      error);
    struct stw_gate gate = {.text = text, .metric = strndup(begin, (size_t)(end - begin)),
                            .is_more = *sign == '>', .holds_equal = sign[1] == '=',
                            .factor = factor};
    *STW_APPEND(gates->items, gates->count) = gate;
    return STW_OK;
}

stw_status stw_gates_ask(struct stw_gates *gates, const struct stw_compare_side *a,
                         const struct stw_compare_side *b,
                         const struct stw_compare_options *options, struct stw_error *error)
{
    for (uint32_t i = 0; i < gates->count; i++) {
        struct stw_compare_options times = *options;
        times.factor = gates->items[i].factor;
        STW_TRY(stw_compare_cells(gates->items[i].metric, a, b, &times, &gates->asked, error));
    }
    return STW_OK;
}

/* Judging. */

#define ROUNDING 1e-9 /* of a value: 10 counts 1.1 times are not quite 11 */

/* `difference`: of a, and b as many times as the gate says. */
static enum stw_gate_verdict decide(const struct stw_gate *gate, double difference)
{
    int holds = difference == 0 ? gate->holds_equal : (difference > 0) == gate->is_more;
    return holds ? STW_GATE_FAILS : STW_GATE_PASSES;
}

/* How many trials would show the distance from the limit that was found, if it is the true one: the
 * error falls with the square root of their number. `tail` is the chance on either side that the
 * level and the number of questions leave. */
static double trials_needed(const struct stw_cells_compared *compared, double tail)
{
    const struct stw_interval *ratio = &compared->contrast.ratio;
    double distance = fabs(log(ratio->estimate / compared->factor));
    double trials = (double)(compared->a.trials < compared->b.trials ? compared->a.trials
                                                                     : compared->b.trials);
    if (!isfinite(distance) || distance == 0 || !(ratio->error > 0))
        return 0;
    double root = (stw_t_quantile(1 - tail, trials - 1) + FOUND_AT) * ratio->error / distance;
    double needed = ceil(trials * root * root);
    return needed > TRIALS_MOST ? 0 : fmax(needed, trials + 1);
}

static double exact_difference(const struct stw_cells_compared *compared, double factor)
{
    double difference = compared->a.value - factor * compared->b.value;
    return fabs(difference) <= ROUNDING * fabs(compared->a.value) ? 0 : difference;
}

static struct stw_gated judge(const struct stw_gate *gate,
                              const struct stw_cells_compared *compared, int is_busy, double tail)
{
    struct stw_gated gated = {.gate = gate, .compared = compared, .verdict = STW_GATE_UNDECIDED};
    int is_exact = compared->metric.fact && compared->metric.fact->when == STW_WHEN_EXACT;
    if (is_exact && compared->is_constant) /* GT2 */
        gated.verdict = decide(gate, exact_difference(compared, gate->factor));
    else if (compared->without)
        gated.without = compared->without;
    else if (is_busy && !is_exact) /* GT3 */
        gated.without = "the machine was busy";
    else if (compared->shown == STW_SHOWN_EQUAL)
        gated.verdict = decide(gate, 0);
    else if (compared->shown != STW_SHOWN_NO_DIFFERENCE)
        gated.verdict = decide(gate, compared->shown == STW_SHOWN_MORE ? 1 : -1);
    else
        gated.trials = trials_needed(compared, tail);
    return gated;
}

void stw_gates_judge(struct stw_gates *gates, const struct stw_compare_options *options)
{
    const struct stw_comparisons *asked = &gates->asked;
    double level = (100 - options->bootstrap.confidence) / 100.0;
    int is_busy = options->noise && stw_noise_is_busy(options->noise);
    stw_compare_judge(&gates->asked, options);
    gates->gated = stw_new(asked->count + 1, sizeof *gates->gated);
    double tail = level / 2 / (asked->count ? asked->count : 1);
    for (uint32_t i = 0; i < asked->count; i++)
        gates->gated[i] = judge(&gates->items[i % gates->count], &asked->items[i], is_busy, tail);
}

uint32_t stw_gates_count(const struct stw_gates *gates, enum stw_gate_verdict verdict)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < gates->asked.count; i++)
        count += gates->gated[i].verdict == verdict;
    return count;
}

void stw_gates_free(struct stw_gates *gates)
{
    for (uint32_t i = 0; i < gates->count; i++)
        free(gates->items[i].metric);
    free(gates->items);
    free(gates->gated);
    stw_comparisons_free(&gates->asked);
    *gates = (struct stw_gates){0};
}

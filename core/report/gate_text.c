/* report/gate_text.c: what gates decided: for people, and as JSON and JUnit. */
#include "base/utf8.h"
#include "report/gate.h"
#include "report/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define INDENT 4u /* of what goes on in another line */

static const char *const verdicts[] = {"passes", "fails", "undecided"};

void stw_gated_words(const struct stw_gated *gated, struct stw_text *text)
{
    const struct stw_cells_compared *compared = gated->compared;
    const struct stw_interval *ratio = &compared->contrast.ratio;
    if (compared->a.trials && isfinite(ratio->estimate))
        stw_text_add(text, "%.3g times %s", ratio->estimate, compared->b.cell->id);
    else
        stw_text_add(text, "against %s", compared->b.cell->id);
    if (!ratio->without && isfinite(ratio->estimate))
        stw_text_add(text, " (%.3g to %.3g)", ratio->low, ratio->high);
    if (gated->without)
        stw_text_add(text, ": %s", gated->without);
    else if (gated->trials > 0)
        stw_text_add(text, ": about %.0f trials would decide, if that is so", gated->trials);
    else if (gated->verdict == STW_GATE_UNDECIDED)
        stw_text_add(text, ": too near to the limit for any number of trials");
    else if (!ratio->without && !compared->is_constant)
        stw_text_add(text, ", p = %.2g", compared->p_of_all);
}

static void add_line(const struct stw_gated *gated, uint32_t width, struct stw_text *text)
{
    struct stw_text line = {0}, clean = {0};
    stw_text_add(&line, "  %-9s  %s: ", verdicts[gated->verdict], gated->compared->a.cell->id);
    stw_gated_words(gated, &line);
    stw_utf8_add_line(&clean, line.bytes);
    stw_utf8_add_wrapped(text, clean.bytes, width, INDENT);
    stw_text_add(text, "\n");
    stw_text_free(&line);
    stw_text_free(&clean);
}

static uint32_t count_of(const struct stw_gates *gates, uint32_t gate,
                         enum stw_gate_verdict verdict)
{
    uint32_t count = 0;
    for (uint32_t i = gate; i < gates->asked.count; i += gates->count)
        count += gates->gated[i].verdict == verdict;
    return count;
}

void stw_gates_text(const struct stw_gates *gates, uint32_t width, struct stw_text *text)
{
    for (uint32_t gate = 0; gate < gates->count; gate++) {
        uint32_t fail = count_of(gates, gate, STW_GATE_FAILS);
        uint32_t undecided = count_of(gates, gate, STW_GATE_UNDECIDED);
        uint32_t pass = count_of(gates, gate, STW_GATE_PASSES);
        stw_text_add(text, "\nfail if %s: %u fail%s, %u undecided, %u pass%s\n",
                     gates->items[gate].text, fail, fail == 1 ? "s" : "", undecided, pass,
                     pass == 1 ? "es" : "");
        for (uint32_t i = gate; i < gates->asked.count; i += gates->count)
            if (gates->gated[i].verdict != STW_GATE_PASSES)
                add_line(&gates->gated[i], width, text);
    }
}

void stw_gates_json(const struct stw_gates *gates, const struct stw_cells_compared *compared,
                    struct stw_json *json)
{
    stw_json_key(json, "fail_if");
    stw_json_array_begin(json);
    for (uint32_t i = 0; i < gates->asked.count; i++) {
        const struct stw_gated *gated = &gates->gated[i];
        if (gated->compared->a.cell != compared->a.cell
            || gated->compared->b.cell != compared->b.cell
            || strcmp(gated->gate->metric, compared->metric.name) != 0)
            continue;
        stw_json_object_begin(json);
        stw_json_key(json, "condition");
        stw_json_string(json, gated->gate->text);
        stw_json_key(json, "verdict");
        stw_json_string(json, verdicts[gated->verdict]);
        stw_json_key(json, "p_of_all");
        if (gated->compared->contrast.ratio.without)
            stw_json_null(json);
        else
            stw_json_f64(json, gated->compared->p_of_all);
        stw_json_key(json, "trials_needed");
        if (gated->trials > 0)
            stw_json_f64(json, gated->trials);
        else
            stw_json_null(json);
        stw_json_key(json, "without");
        if (gated->without)
            stw_json_string(json, gated->without);
        else
            stw_json_null(json);
        stw_json_object_end(json);
    }
    stw_json_array_end(json);
}

/* JUnit. */

/* Fit for an attribute of XML 1.0, which cannot hold control characters at all. */
static void write_xml(FILE *file, const char *text)
{
    struct stw_text line = {0};
    stw_utf8_add_line(&line, text);
    for (const char *at = stw_text_get(&line); *at; at++) {
        const char *entity = *at == '&'   ? "&amp;"
                           : *at == '<'   ? "&lt;"
                           : *at == '>'   ? "&gt;"
                           : *at == '"'   ? "&quot;" : NULL;
        if (entity)
            fputs(entity, file);
        else
            fputc(*at, file);
    }
    stw_text_free(&line);
}

static void write_attribute(FILE *file, const char *name, const char *text)
{
    fprintf(file, " %s=\"", name);
    write_xml(file, text);
    fputc('"', file);
}

static void write_test(const struct stw_gated *gated, int is_strict, FILE *file)
{
    struct stw_text name = {0}, words = {0};
    int is_undecided = gated->verdict == STW_GATE_UNDECIDED;
    stw_text_add(&name, "%s against %s", gated->compared->a.cell->id, gated->compared->b.cell->id);
    stw_gated_words(gated, &words);
    fputs("    <testcase", file);
    write_attribute(file, "classname", gated->gate->text);
    write_attribute(file, "name", name.bytes);
    fputs(">\n", file);
    if (gated->verdict == STW_GATE_PASSES) {
        fputs("      <system-out>", file);
        write_xml(file, words.bytes);
        fputs("</system-out>\n", file);
    } else {
        int is_failure = !is_undecided || is_strict;
        fprintf(file, "      <%s", is_failure ? "failure" : "skipped");
        write_attribute(file, "message", words.bytes);
        if (is_failure)
            write_attribute(file, "type", verdicts[gated->verdict]);
        fputs("/>\n", file);
    }
    fputs("    </testcase>\n", file);
    stw_text_free(&name);
    stw_text_free(&words);
}

void stw_gates_junit(const struct stw_gates *gates, const char *suite,
                     const struct stw_compare_options *options, int is_strict, FILE *file)
{
    uint32_t failures = stw_gates_count(gates, STW_GATE_FAILS);
    uint32_t undecided = stw_gates_count(gates, STW_GATE_UNDECIDED);
    struct stw_text noise = {0};
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite", file);
    write_attribute(file, "name", suite);
    fprintf(file, " tests=\"%u\" failures=\"%u\" skipped=\"%u\">\n", gates->asked.count,
            failures + (is_strict ? undecided : 0), is_strict ? 0 : undecided);
    for (uint32_t i = 0; i < gates->asked.count; i++)
        write_test(&gates->gated[i], is_strict, file);
    if (options->noise)
        stw_noise_text(options->noise, 0, &noise);
    if (noise.length) {
        fputs("    <system-out>\n", file);
        for (char *rest = noise.bytes, *line; (line = strsep(&rest, "\n")) && rest;) {
            write_xml(file, line);
            fputc('\n', file);
        }
        fputs("    </system-out>\n", file);
    }
    fputs("  </testsuite>\n</testsuites>\n", file);
    stw_text_free(&noise);
}

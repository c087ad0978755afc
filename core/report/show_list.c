/* report/show_list.c: the cells of a run: numbers, ids, hashes, trials. */
#include "report/show.h"

#include "base/utf8.h"
#include "report/json.h"

#include <inttypes.h>

#define JSON_DEPTH_LINES 2u /* the document, its cells */

static void write_json(const struct stw_results *results, FILE *file)
{
    struct stw_json json = stw_json_to_file(file, JSON_DEPTH_LINES);
    stw_json_object_begin(&json);
    stw_json_key(&json, "cells");
    stw_json_array_begin(&json);
    for (uint32_t i = 0; i < results->cell_count; i++) {
        const struct stw_result_cell *cell = &results->cells[i];
        stw_json_object_begin(&json);
        stw_json_key(&json, "cell");
        stw_json_i64(&json, cell->cell);
        stw_json_key(&json, "id");
        stw_json_string(&json, cell->id);
        stw_json_key(&json, "hash");
        stw_json_string(&json, cell->hash);
        stw_json_key(&json, "ok");
        stw_json_i64(&json, cell->outcomes[STW_OUTCOME_OK]);
        stw_json_key(&json, "trials");
        stw_json_i64(&json, cell->trial_count);
        stw_json_key(&json, "skipped");
        stw_json_bool(&json, cell->outcomes[STW_OUTCOME_SKIPPED] > 0);
        stw_json_object_end(&json);
    }
    stw_json_array_end(&json);
    stw_json_object_end(&json);
    stw_json_finish(&json);
}

/* Ids come last and may be of any length: they go on below themselves. */
static void print_row(const char *id, uint32_t width, struct stw_text *text, FILE *file)
{
    struct stw_text wrapped = {0};
    uint32_t indent = (uint32_t)text->length;
    stw_utf8_add_line(text, id);
    stw_utf8_add_wrapped(&wrapped, text->bytes, width, indent);
    fprintf(file, "%s\n", stw_text_get(&wrapped));
    stw_text_free(&wrapped);
    stw_text_free(text);
}

static void write_text(const struct stw_results *results, uint32_t width, FILE *file)
{
    struct stw_text text = {0};
    stw_text_add(&text, "%7s  %-16s  %9s  ", "cell", "hash", "ok/trials");
    print_row("id", width, &text, file);
    for (uint32_t i = 0; i < results->cell_count; i++) {
        const struct stw_result_cell *cell = &results->cells[i];
        char trials[64] = "skipped";
        if (cell->outcomes[STW_OUTCOME_SKIPPED] == 0)
            snprintf(trials, sizeof trials, "%" PRId64 "/%" PRId64, cell->outcomes[STW_OUTCOME_OK],
                     cell->trial_count);
        stw_text_add(&text, "%7" PRId64 "  %-16s  %9s  ", cell->cell, cell->hash, trials);
        print_row(cell->id, width, &text, file);
    }
}

void stw_show_cells(const struct stw_results *results, const struct stw_look *look, int as_json,
                    FILE *file)
{
    if (as_json)
        write_json(results, file);
    else
        write_text(results, look->width, file);
}

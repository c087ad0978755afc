/* report/difference.c: compares what two runs know of what ran, and where. */
#include "report/difference.h"

#include "report/table.h"
#include "store/environment.h"

#include <stdlib.h>
#include <string.h>

#define SHORT_HASH 12 /* tells contents apart, and leaves room */

static const struct stw_start_fact *find(const struct stw_history *history, const char *key)
{
    for (uint32_t i = 0; i < history->fact_count; i++)
        if (strcmp(history->facts[i].key, key) == 0)
            return &history->facts[i];
    return NULL;
}

/* The content of a file is a long hash. */
static void shorten(const char *key, char *value)
{
    int is_hash = stw_environment_is_file(key) && value && strlen(value) == 32
               && strspn(value, "0123456789abcdef") == 32;
    if (is_hash)
        value[SHORT_HASH] = '\0';
}

/* Nothing for a file that one of the two did not run, and for what changes all the time. */
static void add_key(struct stw_table *table, const char *key, const struct stw_start_fact *a,
                    const struct stw_start_fact *b)
{
    char *of_a = a ? stw_history_value(a) : NULL, *of_b = b ? stw_history_value(b) : NULL;
    int is_alike = of_a && of_b && strcmp(of_a, of_b) == 0;
    int is_told = !stw_environment_is_passing(key)
               && !(stw_environment_is_file(key) && (!of_a || !of_b));
    if (!is_alike && is_told) {
        shorten(key, of_a);
        shorten(key, of_b);
        stw_table_row(table);
        stw_table_set(table, 0, key);
        stw_table_set(table, 1, of_a ? of_a : "not there");
        stw_table_set(table, 2, of_b ? of_b : "not there");
    }
    free(of_a);
    free(of_b);
}

/* Files that ran and toolchains, or the rest. */
static void add_keys(struct stw_table *table, const struct stw_history *a,
                     const struct stw_history *b, int are_files)
{
    for (uint32_t i = 0; i < a->fact_count; i++)
        if (stw_environment_is_file(a->facts[i].key) == are_files)
            add_key(table, a->facts[i].key, &a->facts[i], find(b, a->facts[i].key));
    for (uint32_t i = 0; i < b->fact_count; i++)
        if (stw_environment_is_file(b->facts[i].key) == are_files
            && !find(a, b->facts[i].key))
            add_key(table, b->facts[i].key, NULL, &b->facts[i]);
}

static void add_table(const struct stw_results *a, const struct stw_results *b, int are_files,
                      struct stw_text *text)
{
    struct stw_table table = {0};
    stw_table_column(&table, are_files ? "what ran" : "environment", STW_TABLE_LEFT);
    stw_table_column(&table, "first run", STW_TABLE_LEFT);
    stw_table_column(&table, "second run", STW_TABLE_LEFT);
    add_keys(&table, &a->history, &b->history, are_files);
    if (table.row_count)
        stw_table_print(&table, 0, text);
    else
        stw_text_add(text, are_files ? "The two runs are of the same programs and plugins.\n"
                                     : "The environments of the two runs are alike.\n");
    stw_text_add(text, "\n");
    stw_table_free(&table);
}

void stw_difference_text(const struct stw_results *a, const struct stw_results *b,
                         struct stw_text *text)
{
    add_table(a, b, 1, text);
    add_table(a, b, 0, text);
    stw_text_add(text, "Two runs of one build differ too: from one run a side nothing is shown.\n"
                       "To compare builds or plugins, put them into one run as cells.\n\n");
}

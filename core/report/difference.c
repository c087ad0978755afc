/* report/difference.c: compares what two runs know of where they ran. */
#include "report/difference.h"

#include "report/table.h"

#include <string.h>

static void add_key(struct stw_table *table, const char *key, const char *a, const char *b)
{
    if (a && b && strcmp(a, b) == 0)
        return;
    stw_table_row(table);
    stw_table_set(table, 0, key);
    stw_table_set(table, 1, a ? a : "not known");
    stw_table_set(table, 2, b ? b : "not known");
}

void stw_difference_text(const struct stw_results *a, const struct stw_results *b,
                         struct stw_text *text)
{
    const struct stw_pairs *of_a = &a->environment, *of_b = &b->environment;
    struct stw_table table = {0};
    stw_table_column(&table, "environment", STW_TABLE_LEFT);
    stw_table_column(&table, "first run", STW_TABLE_LEFT);
    stw_table_column(&table, "second run", STW_TABLE_LEFT);
    for (uint32_t i = 0; i < of_a->count; i++)
        add_key(&table, of_a->items[i].key, of_a->items[i].value,
                stw_pairs_get(of_b, of_a->items[i].key));
    for (uint32_t i = 0; i < of_b->count; i++)
        if (!stw_pairs_get(of_a, of_b->items[i].key))
            add_key(&table, of_b->items[i].key, NULL, of_b->items[i].value);
    if (table.row_count)
        stw_table_print(&table, 0, text);
    else
        stw_text_add(text, "The environments of the two runs are alike.\n");
    stw_text_add(text, "\nTwo runs of one build differ too: from one run a side nothing is shown.\n"
                       "To compare builds or plugins, put them into one run as cells.\n\n");
    stw_table_free(&table);
}

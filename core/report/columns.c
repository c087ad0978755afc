/* report/columns.c: names of columns, and those that a table has without being asked.
 *
 * CO1  what a column is called is what `compare --metric` takes, and it is the same number. */
#include "report/columns.h"

#include "base/array.h"
#include "base/error.h"
#include "report/units.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_ENDING ".count"

/* In the order of the table, with ranks. First what the stops and operations took, then what that
 * cost, then of which parts, then the work that was counted. */
static const struct wanted {
    const char *name, *header; /* null: made of the name */
    uint32_t rank;
} usual[] = {
    {"pause.count", "pauses", 4},
    {"pause.p50", NULL, 0},
    {"pause.p99", NULL, 1},
    {"pause.max", NULL, 2},
    {"stopping.p50", NULL, 9},
    {"working.p50", NULL, 10},
    {"restarting.p50", NULL, 11},
    {"op.p50", NULL, 3},
    {"op.p99", NULL, 5},
    {"cpu", NULL, 6},
    {"rss", NULL, 7},
    {"timed.cycles", NULL, 8},
    {"map.grow_events", NULL, 13},
    {"map.buckets", NULL, 14},
    {"map.bucket_bytes", NULL, 15},
    {"scan.stw_bytes", NULL, 12},
};

/* "map.grow_events" becomes "map.grow_" above "events", "pause.p50" "pause" above "p50". */
static char *header_of(const struct stw_column *column)
{
    const char *name = column->name, *end = strrchr(name, '_');
    int is_made = column->is_count || column->metric.parsed.made != STW_MADE_VALUE;
    struct stw_text header = {0};
    if (is_made)
        end = column->is_count ? name + strlen(name) - strlen(COUNT_ENDING)
                               : name + column->metric.parsed.fact_bytes;
    else if (!end)
        end = strrchr(name, '.');
    if (!end || !end[0] || !end[1])
        stw_text_add(&header, "%s", name);
    else if (is_made && *end == '.')
        stw_text_add(&header, "%.*s\n%s", (int)(end - name), name, end + 1);
    else
        stw_text_add(&header, "%.*s\n%s", (int)(end + 1 - name), name, end + 1);
    return header.bytes;
}

/* "pause.count" counts what "pause.p50" is over. */
static int cut_count(const char *name, struct stw_text *metric)
{
    size_t length = strlen(name), ending = strlen(COUNT_ENDING);
    int is_count = length > ending && strcmp(name + length - ending, COUNT_ENDING) == 0;
    stw_text_add(metric, "%.*s%s", (int)(is_count ? length - ending : length), name,
                 is_count ? ".p50" : "");
    return is_count;
}

/* A fact may be called "x.count" itself: that comes first. */
static stw_status parse(const struct stw_fact_list *facts, struct stw_column *column,
                        struct stw_error *error)
{
    struct stw_text metric = {0};
    struct stw_error unused = STW_ERROR_INIT;
    column->is_count = !stw_facts_get(facts, column->name) && cut_count(column->name, &metric);
    if (column->is_count
        && stw_metric_parse(facts, metric.bytes, &column->metric, &unused) == STW_OK) {
        column->metric_name = metric.bytes;
        return STW_OK;
    }
    stw_text_free(&metric);
    column->is_count = 0;
    column->metric_name = stw_strdup(column->name);
    return stw_metric_parse(facts, column->metric_name, &column->metric, error);
}

static stw_status add_column(const struct stw_fact_list *facts, const struct wanted *wanted,
                             struct stw_columns *columns, struct stw_error *error)
{
    struct stw_column column = {.name = stw_strdup(wanted->name), .rank = wanted->rank};
    stw_status status = parse(facts, &column, error);
    if (status == STW_OK)
        column.header = wanted->header ? stw_strdup(wanted->header) : header_of(&column);
    *STW_APPEND(columns->items, columns->count) = column;
    return status;
}

static stw_status add_named(const struct stw_fact_list *facts, const char *names,
                            struct stw_columns *columns, struct stw_error *error)
{
    char *copy = stw_strdup(names), *rest = copy, *name;
    stw_status status = STW_OK;
    while (status == STW_OK && (name = strsep(&rest, ","))) {
        name += strspn(name, " ");
        name[strcspn(name, " ")] = '\0';
        const struct wanted wanted = {name, NULL, columns->count};
        if (*name)
            status = add_column(facts, &wanted, columns, error);
        else
            status = stw_error_set(error, STW_E_INVALID, NULL, "'%s': a name is missing", names);
    }
    free(copy);
    columns->are_chosen = 1;
    return status;
}

stw_status stw_columns_read(const struct stw_fact_list *facts, const char *names,
                            struct stw_columns *columns, struct stw_error *error)
{
    if (names)
        return add_named(facts, names, columns, error);
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        STW_TRY(add_column(facts, &usual[i], columns, error));
    return STW_OK;
}

void stw_columns_free(struct stw_columns *columns)
{
    for (uint32_t i = 0; i < columns->count; i++) {
        free(columns->items[i].name);
        free(columns->items[i].header);
        free(columns->items[i].metric_name);
    }
    free(columns->items);
    *columns = (struct stw_columns){0};
}

int stw_column_value(const struct stw_column *column, const struct stw_estimate *estimate,
                     double *value)
{
    *value = column->is_count ? (double)estimate->events : estimate->value;
    return column->is_count || estimate->is_known;
}

void stw_column_format(const struct stw_column *column, const struct stw_estimate *estimate,
                       struct stw_text *text)
{
    double value;
    if (!stw_column_value(column, estimate, &value))
        return;
    int is_marked = estimate->is_thin && !column->is_count;
    stw_text_add_bytes(text, "~", (size_t)is_marked);
    struct stw_short_text number =
        stw_format_value(value, column->is_count ? "" : column->metric.unit);
    stw_text_add_bytes(text, number.text, strlen(number.text));
}

/* report/facts.c: lists facts, finds them in a run, and asks for their values.
 *
 * RF1  how a fact is asked for follows from where it is kept (base/facts.h), and from nothing else:
 *      so any fact can be compared, and a new one needs no line here. Of stops and their steps, the
 *      timed ones are asked for.
 * What is asked of a cell is asked of its rows alone, before they are joined: a view that is itself
 * a join is built whole for a left join with it, for each question anew. */
#include "report/facts.h"

#include "base/array.h"
#include "base/check.h"
#include "report/json.h"
#include "report/least.h"
#include "report/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define JSON_DEPTH_LINES 2u

/* Where facts are kept: the view, and the column of one that does not say. */
static const struct { const char *view, *column; } places[] = {
    [STW_IN_COUNTERS] = {"counters", "value"},     [STW_IN_TRIALS] = {"trials", NULL},
    [STW_IN_PAUSES] = {"pauses", NULL},            [STW_IN_STEPS] = {"steps", "ns"},
    [STW_IN_CYCLES] = {"cycles", NULL},            [STW_IN_OPS] = {"ops", "high_ns"},
    [STW_IN_MMU] = {"mmu", "utilisation"},         [STW_IN_HICCUPS] = {"hiccups", NULL},
    [STW_IN_OTHERS] = {"trials", NULL},
};

void stw_facts_of_lab(struct stw_fact_list *list)
{
    for (uint32_t i = 0; i < STW_FACTS; i++)
        *STW_APPEND(list->items, list->count) = stw_facts[i];
    list->own_count = STW_FACTS;
}

/* The word's number in a table of words; `otherwise` when it is none of them. */
static uint32_t number_of(const char *word, const char *(*word_of)(uint32_t), uint32_t count,
                          uint32_t otherwise)
{
    for (uint32_t i = 0; word && i < count; i++)
        if (strcmp(word_of(i), word) == 0)
            return i;
    return otherwise;
}

static void take_fact(sqlite3_stmt *row, void *context)
{
    struct stw_fact_list *list = context;
    char *name = stw_reader_text(row, 0), *words[4];
    if (stw_facts_get(list, name)) {
        free(name);
        return;
    }
    for (int i = 0; i < 4; i++)
        words[i] = stw_reader_text(row, 2 + i);
    *STW_APPEND(list->items, list->count) = (struct stw_fact){
        .name = name,
        .unit = stw_reader_text(row, 1),
        .place = STW_IN_COUNTERS,
        .adds = number_of(words[0], stw_fact_adds, STW_ADDS, STW_ADDS_NONE),
        .when = number_of(words[1], stw_fact_when, STW_WHENS, STW_WHEN_TIMED),
        .better = number_of(words[2], stw_fact_better, STW_BETTERS, STW_BETTER_NEITHER),
        .runtimes = number_of(words[3], stw_fact_runtimes, STW_RUNTIMES, STW_RUNTIMES_LAB),
        .help = stw_reader_text(row, 6),
    };
    for (int i = 0; i < 4; i++)
        free(words[i]);
}

stw_status stw_facts_read(struct stw_reader *reader, struct stw_fact_list *list)
{
    stw_facts_of_lab(list);
    return stw_reader_query(reader, "SELECT name, unit, adds, exact, better, runtimes, help"
                            " FROM facts ORDER BY rowid", NULL, take_fact, list);
}

static void free_fact(const struct stw_fact *fact)
{
    free((void *)(uintptr_t)fact->name);
    free((void *)(uintptr_t)fact->unit);
    free((void *)(uintptr_t)fact->help);
}

void stw_facts_free(struct stw_fact_list *list)
{
    for (uint32_t i = list->own_count; i < list->count; i++)
        free_fact(&list->items[i]);
    free(list->items);
    *list = (struct stw_fact_list){0};
}

/* Asking. */

/* Operations have a view of their own, their further times another. */
static const char *view_of(const struct stw_fact *fact, const char *name)
{
    int is_further = fact->place == STW_IN_OPS && strcmp(name, stw_facts[STW_FACT_OP].name) != 0;
    return is_further ? "op_times" : places[fact->place].view;
}

/* " AND v.name = 'gc.cycles'": which rows of the view are the fact's. */
static void add_choice(const struct stw_fact *fact, const char *name, struct stw_text *sql)
{
    int is_further = view_of(fact, name) != places[fact->place].view;
    if (fact->place == STW_IN_COUNTERS || fact->place == STW_IN_STEPS || is_further) {
        stw_text_add(sql, fact->place == STW_IN_STEPS ? " AND step = " : " AND name = ");
        stw_reader_add_quoted(sql, fact->place == STW_IN_STEPS ? fact->where : name);
    }
    if (fact->place == STW_IN_PAUSES || fact->place == STW_IN_STEPS)
        stw_text_add(sql, " AND phase = 'timed'");
    if (fact->place == STW_IN_MMU)
        stw_text_add(sql, " AND window_ns = %" PRIu64, fact->window_ns);
}

const char *stw_fact_column(const struct stw_fact *fact)
{
    return fact->where && fact->place != STW_IN_STEPS ? fact->where : places[fact->place].column;
}

/* The ok trials as t: of cell ?1, or of all. */
static void add_trials(int is_of_cell, struct stw_text *sql)
{
    stw_text_add(sql, " FROM (SELECT * FROM trials WHERE outcome = 'ok'%s) t",
                 is_of_cell ? " AND cell = CAST(?1 AS INTEGER)" : "");
}

void stw_fact_join(const struct stw_fact *fact, const char *name, const char *also,
                   struct stw_text *sql)
{
    add_trials(1, sql);
    stw_text_add(sql, " LEFT JOIN (SELECT * FROM %s WHERE cell = CAST(?1 AS INTEGER)",
                 view_of(fact, name));
    add_choice(fact, name, sql);
    stw_text_add(sql, "%s) v ON v.trial = t.trial", also);
}

/* What is worked out of others. */

/* The next "{name}" of an expression, or null; *is_least: it is "{least name}". */
static const struct stw_fact *next_part(const char **at, int *is_least)
{
    static const char least[] = "least ";
    const char *open = strchr(*at, '{'), *close = open ? strchr(open, '}') : NULL;
    if (!close)
        return NULL;
    *is_least = strncmp(open + 1, least, sizeof least - 1) == 0;
    const char *from = open + 1 + (*is_least ? sizeof least - 1 : 0);
    char *name = stw_strdup(from);
    name[close - from] = '\0';
    const struct stw_fact *fact = stw_fact_find(name);
    free(name);
    STW_REQUIRE(fact && (fact->place == STW_IN_COUNTERS || fact->place == STW_IN_TRIALS));
    *at = close + 1;
    return fact;
}

/* The expression with each part as what add_parts joins: k0.value, or columns of t. */
static void add_expression(const char *expression, struct stw_text *sql)
{
    const char *at = expression;
    for (uint32_t number = 0;; number++) {
        const char *from = at;
        int is_least;
        const struct stw_fact *part = next_part(&at, &is_least);
        stw_text_add(sql, "%.*s", (int)strcspn(from, "{"), from);
        if (!part)
            return;
        if (part->place == STW_IN_TRIALS)
            stw_text_add(sql, "(%s)", part->where);
        else
            stw_text_add(sql, "k%u.value", number);
    }
}

/* Joins the parts to trials t, whatever their cells are. */
static void add_parts(const char *expression, int is_of_cell, struct stw_text *sql)
{
    const char *at = expression, *cell = is_of_cell ? " AND cell = CAST(?1 AS INTEGER)" : "";
    const struct stw_fact *part;
    int is_least;
    add_trials(is_of_cell, sql);
    for (uint32_t number = 0; (part = next_part(&at, &is_least)); number++) {
        if (part->place == STW_IN_TRIALS)
            continue;
        if (is_least)
            stw_text_add(sql, " LEFT JOIN temp." STW_LEAST_TABLE " k%u ON k%u.cell = t.cell"
                         " AND k%u.name = '%s'", number, number, number, part->name);
        else
            stw_text_add(sql, " LEFT JOIN (SELECT cell, trial, value FROM counters"
                         " WHERE name = '%s'%s) k%u ON k%u.cell = t.cell AND k%u.trial = t.trial",
                         part->name, cell, number, number, number);
    }
}

stw_status stw_fact_prepare(struct stw_reader *reader, const struct stw_fact *fact)
{
    const char *at = fact->place == STW_IN_OTHERS ? fact->where : "";
    const struct stw_fact *part;
    stw_status status = STW_OK;
    int is_least;
    while (status == STW_OK && (part = next_part(&at, &is_least)))
        if (is_least)
            status = stw_least_find(reader, part);
    return status;
}

void stw_fact_query(const struct stw_fact *fact, const char *name, const char *also,
                    struct stw_text *sql)
{
    if (fact->place == STW_IN_TRIALS) {
        stw_text_add(sql, "SELECT trial, %s AS value", fact->where);
        add_trials(1, sql);
    } else if (fact->place == STW_IN_OTHERS) {
        stw_text_add(sql, "SELECT t.trial AS trial, ");
        add_expression(fact->where, sql);
        stw_text_add(sql, " AS value");
        add_parts(fact->where, 1, sql);
    } else {
        stw_text_add(sql, "SELECT t.trial AS trial, v.%s AS value", stw_fact_column(fact));
        stw_fact_join(fact, name, also, sql);
    }
}

/* Finding. */

static void take_int(sqlite3_stmt *row, void *context)
{
    *(int64_t *)context = sqlite3_column_int64(row, 0);
}

static void is_there_sql(const struct stw_fact *fact, struct stw_text *sql)
{
    stw_text_add(sql, "SELECT EXISTS(SELECT 1");
    if (fact->place == STW_IN_OTHERS) {
        add_parts(fact->where, 0, sql);
        stw_text_add(sql, " WHERE (");
        add_expression(fact->where, sql);
        stw_text_add(sql, ") IS NOT NULL)");
        return;
    }
    stw_text_add(sql, " FROM %s WHERE (%s) IS NOT NULL", view_of(fact, fact->name),
                 stw_fact_column(fact));
    add_choice(fact, fact->name, sql);
    stw_text_add(sql, fact->place == STW_IN_TRIALS ? " AND outcome = 'ok')" : ")");
}

static stw_status is_there(struct stw_reader *reader, const struct stw_fact *fact, int64_t *is)
{
    struct stw_text sql = {0};
    is_there_sql(fact, &sql);
    stw_status status = stw_fact_prepare(reader, fact);
    if (status == STW_OK)
        status = stw_reader_query(reader, sql.bytes, NULL, take_int, is);
    stw_text_free(&sql);
    return status;
}

/* Drops what no ok trial has. */
static stw_status keep_found(struct stw_reader *reader, struct stw_fact_list *list)
{
    uint32_t kept = 0, own = 0;
    stw_status status = STW_OK;
    for (uint32_t i = 0; i < list->count; i++) {
        int64_t is = 1;
        if (status == STW_OK)
            status = is_there(reader, &list->items[i], &is);
        if (is) {
            own += i < list->own_count;
            list->items[kept++] = list->items[i];
        } else if (i >= list->own_count) {
            free_fact(&list->items[i]);
        }
    }
    list->count = kept;
    list->own_count = own;
    return status;
}

stw_status stw_facts_of_run(const char *run, struct stw_fact_list *list, struct stw_error *error)
{
    struct stw_reader reader;
    stw_status status = stw_reader_open(run, &reader, error);
    if (status == STW_OK)
        status = stw_facts_read(&reader, list);
    if (status == STW_OK)
        status = keep_found(&reader, list);
    stw_reader_close(&reader);
    return status;
}

/* Writing. */

static const char *const headers[] = {"fact", "unit", "scope", "adds", "exact", "better",
                                      "runtimes", "help"};
#define HEADERS (sizeof headers / sizeof *headers)

static void words_of(const struct stw_fact *fact, const char *words[HEADERS])
{
    words[0] = fact->name;
    words[1] = fact->unit;
    words[2] = stw_fact_scope(fact);
    words[3] = stw_fact_adds(fact->adds);
    words[4] = stw_fact_when(fact->when);
    words[5] = stw_fact_better(fact->better);
    words[6] = stw_fact_runtimes(fact->runtimes);
    words[7] = fact->help;
}

void stw_facts_text(const struct stw_fact_list *list, struct stw_text *out)
{
    struct stw_table table = {0};
    for (uint32_t i = 0; i < HEADERS; i++)
        stw_table_column(&table, headers[i], STW_TABLE_LEFT);
    for (uint32_t i = 0; i < list->count; i++) {
        const char *words[HEADERS];
        words_of(&list->items[i], words);
        stw_table_row(&table);
        for (uint32_t column = 0; column < HEADERS; column++)
            stw_table_set(&table, column, words[column]);
    }
    stw_table_print(&table, 0, out);
    stw_table_free(&table);
}

void stw_facts_markdown(const struct stw_fact_list *list, struct stw_text *out)
{
    for (uint32_t i = 0; i < HEADERS; i++)
        stw_text_add(out, "| %s ", headers[i]);
    stw_text_add(out, "|\n");
    for (uint32_t i = 0; i < HEADERS; i++)
        stw_text_add(out, "|---");
    stw_text_add(out, "|\n");
    for (uint32_t i = 0; i < list->count; i++) {
        const char *words[HEADERS];
        words_of(&list->items[i], words);
        stw_text_add(out, "| `%s` ", words[0]);
        for (uint32_t column = 1; column < HEADERS; column++)
            stw_text_add(out, "| %s%s", words[column], words[column][0] ? " " : "");
        stw_text_add(out, "|\n");
    }
}

void stw_facts_json(const struct stw_fact_list *list, FILE *file)
{
    struct stw_json json = stw_json_to_file(file, JSON_DEPTH_LINES);
    stw_json_object_begin(&json);
    stw_json_key(&json, "facts");
    stw_json_array_begin(&json);
    for (uint32_t i = 0; i < list->count; i++) {
        const char *words[HEADERS];
        words_of(&list->items[i], words);
        stw_json_object_begin(&json);
        for (uint32_t column = 0; column < HEADERS; column++) {
            stw_json_key(&json, column ? headers[column] : "name");
            stw_json_string(&json, words[column]);
        }
        stw_json_object_end(&json);
    }
    stw_json_array_end(&json);
    stw_json_object_end(&json);
    stw_json_finish(&json);
}

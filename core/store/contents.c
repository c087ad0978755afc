/* store/contents.c: what results.sqlite says of a run before its first trial: experiment, cells,
 * plugins, environment; and whether a run that goes on is still the same. */
#include "store/contents.h"

#include "base/error.h"
#include "base/facts.h"
#include "base/hash.h"
#include "host/counters.h"
#include "plan/heaps.h"
#include "plan/policy.h"
#include "store/difference.h"
#include "store/environment.h"
#include "store/schema.h"
#include "store/start.h"
#include "trial/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static stw_status put(const struct stw_sql *sql, const char *key, const char *value)
{
    const char *const both[] = {key, value};
    return stw_sql_insert(sql, "INSERT OR REPLACE INTO run VALUES(?1,?2)", both, 2);
}

static stw_status put_number(const struct stw_sql *sql, const char *key, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, value);
    return put(sql, key, text);
}

/* Identity of a matrix: seed, cells, and which of them are excluded. Not the number of trials. */
static void matrix_hash(const struct stw_matrix *matrix, char text[17])
{
    char seed[32];
    snprintf(seed, sizeof seed, "%" PRIu64, matrix->experiment->seed);
    uint64_t hash = stw_hash_text(STW_HASH_START, seed);
    for (uint32_t i = 0; i < matrix->cell_count; i++) {
        hash = stw_hash_text(hash, matrix->cells[i].hash);
        hash = stw_hash_text(hash, matrix->cells[i].excluded ? "excluded" : "");
    }
    snprintf(text, 17, "%016" PRIx64, hash);
}

static stw_status insert_claims(const struct stw_sql *sql,
                                const struct stw_experiment *experiment)
{
    stw_status status = stw_sql_insert(sql, "DELETE FROM claim", NULL, 0);
    for (uint32_t i = 0; status == STW_OK && i < experiment->claim_count; i++) {
        const struct stw_claim *claim = &experiment->claims[i];
        const char *const values[] = {claim->id, claim->says, claim->expect};
        status = stw_sql_insert(sql, "INSERT INTO claim VALUES(?1,?2,?3)", values, 3);
    }
    return status;
}

static stw_status insert_constants(const struct stw_sql *sql, const char *prefix,
                                   const struct stw_axis *constants, uint32_t count,
                                   const char *except)
{
    struct stw_text key = {0};
    stw_status status = STW_OK;
    for (uint32_t i = 0; status == STW_OK && i < count; i++) {
        if (strcmp(constants[i].key, except) == 0)
            continue;
        key.length = 0;
        stw_text_add(&key, "%s.%s", prefix, constants[i].key);
        status = put(sql, stw_text_get(&key), constants[i].values[0]);
    }
    stw_text_free(&key);
    return status;
}

/* What --set made of them counts, so the INI text alone would not do. A key may have been an axis
 * of one value before, or be one now. */
static stw_status insert_fixed(const struct stw_sql *sql, const struct stw_experiment *experiment)
{
    STW_TRY(stw_sql_insert(sql, "DELETE FROM run WHERE key LIKE 'fixed.%'"
                           " OR key LIKE 'default.%'", NULL, 0));
    const char *except = stw_heap_is_used(experiment) ? STW_HEAP_LIMIT : "";
    STW_TRY(insert_constants(sql, "fixed", experiment->fixed, experiment->fixed_count, except));
    return insert_constants(sql, "default", experiment->defaults, experiment->default_count,
                            except);
}

/* As many as the file asks for, and never fewer than there are. */
static stw_status insert_trials(const struct stw_sql *sql, uint64_t asked)
{
    int failed = 0;
    int64_t stored = stw_sql_number(sql, "SELECT max(trial) + 1 FROM trial"
                                    " WHERE outcome <> 'skipped'", &failed);
    if (failed)
        return STW_E_IO;
    return put_number(sql, "trials", (uint64_t)stored > asked ? (uint64_t)stored : asked);
}

/* What an INI file may say differently when its run goes on: all of it is replaced. */
static stw_status insert_plan(const struct stw_sql *sql,
                              const struct stw_experiment *experiment)
{
    STW_TRY(put(sql, "question", experiment->question));
    STW_TRY(put(sql, "name", experiment->name));
    STW_TRY(insert_trials(sql, experiment->trials));
    STW_TRY(put(sql, "ini", experiment->ini_text));
    STW_TRY(put(sql, "ini_path", experiment->path));
    if (experiment->minheap)
        STW_TRY(put(sql, "minheap", experiment->minheap));
    STW_TRY(insert_fixed(sql, experiment));
    return insert_claims(sql, experiment);
}

static stw_status insert_identity(const struct stw_sql *sql, const struct stw_matrix *matrix)
{
    char started[32], hash[17];
    stw_environment_utc(started);
    matrix_hash(matrix, hash);
    STW_TRY(put(sql, "workload", matrix->experiment->workload));
    STW_TRY(put_number(sql, "seed", matrix->experiment->seed));
    STW_TRY(put(sql, "started_utc", started));
    STW_TRY(put(sql, "stwlab_version", STW_VERSION));
    if (matrix->has_canary)
        STW_TRY(put_number(sql, "canary", matrix->cells[matrix->canary_of].index));
    return put(sql, "matrix_hash", hash);
}

/* What `heap` has made of gc.limit stands beside the axes, though it is none. */
static stw_status insert_limit(sqlite3_stmt *axis, const struct stw_matrix *matrix,
                               const struct stw_cell *cell, const char *index)
{
    char position[16], limit[32];
    snprintf(position, sizeof position, "%u", matrix->experiment->axis_count);
    stw_heap_format(cell->limit_bytes, limit, sizeof limit);
    const char *const values[] = {index, position, STW_HEAP_LIMIT, limit};
    return stw_sql_insert_by(axis, values, 4);
}

static stw_status insert_axes(sqlite3_stmt *axis, const struct stw_matrix *matrix,
                              const struct stw_cell *cell, const char *index)
{
    stw_status status = STW_OK;
    for (uint32_t i = 0; status == STW_OK && i < matrix->experiment->axis_count; i++) {
        char position[16];
        snprintf(position, sizeof position, "%u", i);
        const char *const values[] = {index, position, matrix->experiment->axes[i].key,
                                      cell->values[i]};
        status = stw_sql_insert_by(axis, values, 4);
    }
    return status == STW_OK && stw_heap_is_used(matrix->experiment)
        ? insert_limit(axis, matrix, cell, index) : status;
}

static stw_status insert_cells(const struct stw_sql *sql, const struct stw_matrix *matrix)
{
    sqlite3_stmt *row = NULL, *axis = NULL;
    stw_status status = STW_OK;
    if (sqlite3_prepare_v2(sql->db, "INSERT INTO cell VALUES(?1,?2,?3,?4)", -1, &row, NULL)
        || sqlite3_prepare_v2(sql->db, "INSERT INTO cell_axis VALUES(?1,?2,?3,?4)", -1, &axis,
                              NULL))
        status = STW_E_IO;
    for (uint32_t i = 0; status == STW_OK && i < matrix->cell_count; i++) {
        const struct stw_cell *cell = &matrix->cells[i];
        char index[16];
        snprintf(index, sizeof index, "%u", cell->index);
        const char *const values[] = {index, cell->hash, cell->id, cell->excluded};
        status = stw_sql_insert_by(row, values, 4);
        if (status == STW_OK)
            status = insert_axes(axis, matrix, cell, index);
    }
    sqlite3_finalize(axis);
    sqlite3_finalize(row);
    return status;
}

static void manifest_text(const struct stw_plugin_info *info, struct stw_text *text)
{
    stw_text_add(text, "plugin|%s|%s|%s\n", stw_kind_name(info->kind), info->id, info->summary);
    for (uint32_t i = 0; i < info->param_count; i++) {
        const struct stw_param *param = &info->params[i];
        static const char *const types[] = {"?", "u64", "f64", "bool", "text", "choice"};
        stw_text_add(text, "param|%s|%s|%s|%s|", param->name,
                     types[param->type <= STW_TYPE_CHOICE ? param->type : 0], param->unit,
                     param->default_text);
        if (param->type == STW_TYPE_U64)
            stw_text_add(text, "%" PRIu64 "|%" PRIu64, param->min_u64, param->max_u64);
        else if (param->type == STW_TYPE_F64)
            stw_text_add(text, "%g|%g", param->min_f64, param->max_f64);
        else
            stw_text_add(text, "|");
        stw_text_add(text, "|%s\n", param->help);
    }
    for (uint32_t i = 0; i < info->class_count; i++)
        stw_text_add(text, "class|%s|%s\n", info->classes[i].name, info->classes[i].help);
    for (uint32_t i = 0; i < info->counter_count; i++) {
        const struct stw_counter_info *counter = &info->counters[i];
        if (counter->adds == STW_ADDS_LAST)
            stw_text_add(text, "gauge|%s|%s|%s\n", counter->name, counter->unit, counter->help);
        else
            stw_text_add(text, "counter|%s|%s|%s|%s\n", counter->name, counter->unit,
                         stw_fact_adds(counter->adds), counter->help);
    }
}

static stw_status insert_fact(const struct stw_sql *sql, const struct stw_fact *fact)
{
    const char *const values[] = {fact->name, fact->unit, stw_fact_scope(fact),
                                  stw_fact_adds(fact->adds), stw_fact_when(fact->when),
                                  stw_fact_better(fact->better), stw_fact_runtimes(fact->runtimes),
                                  fact->help};
    return stw_sql_insert(sql, "INSERT OR IGNORE INTO fact VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
                          values, 8);
}

static stw_status insert_counters(const struct stw_sql *sql, const struct stw_plugin_info *info)
{
    stw_status status = STW_OK;
    for (uint32_t i = 0; status == STW_OK && i < info->counter_count; i++) {
        const struct stw_counter_info *counter = &info->counters[i];
        char name[STW_RECORD_NAME_BYTES];
        stw_counter_name(info, counter, name, sizeof name);
        status = insert_fact(sql, &(struct stw_fact){
            .name = name, .unit = counter->unit, .place = STW_IN_COUNTERS, .adds = counter->adds,
            .when = STW_WHEN_EXACT, .runtimes = STW_RUNTIMES_SOME, .help = counter->help});
    }
    return status;
}

/* All that the run's trials may have: the lab's own facts, and what plugins and peers declare. */
static stw_status insert_facts(const struct stw_sql *sql, const struct stw_plan *plan)
{
    stw_status status = STW_OK;
    for (uint32_t i = 0; status == STW_OK && i < STW_FACTS; i++)
        status = insert_fact(sql, &stw_facts[i]);
    for (uint32_t i = 0; status == STW_OK && i < stw_registry_count(plan->registry); i++)
        if (stw_matrix_uses(plan->matrix, stw_registry_at(plan->registry, i)))
            status = insert_counters(sql, stw_registry_at(plan->registry, i));
    const struct stw_peers *peers = plan->identities ? plan->identities->peers : NULL;
    for (uint32_t i = 0; peers && i < peers->count; i++)
        for (uint32_t f = 0; status == STW_OK && f < peers->items[i].description.own_count; f++)
            status = insert_fact(sql, &peers->items[i].description.own[f]);
    return status;
}

/* Of those that a cell uses. */
static stw_status insert_plugins(const struct stw_sql *sql, const struct stw_plan *plan)
{
    stw_status status = STW_OK;
    for (uint32_t i = 0; status == STW_OK && i < stw_registry_count(plan->registry); i++) {
        const struct stw_plugin_info *info = stw_registry_at(plan->registry, i);
        if (!stw_matrix_uses(plan->matrix, info))
            continue;
        struct stw_text manifest = {0};
        char abi[16];
        snprintf(abi, sizeof abi, "%u.%u", info->abi_major, info->abi_minor);
        manifest_text(info, &manifest);
        const char *const values[] = {stw_kind_name(info->kind), info->id, info->path,
                                      info->build_id, info->compiler, abi,
                                      stw_text_get(&manifest),
                                      plan->identities ? plan->identities->plugins[i].content : ""};
        status = stw_sql_insert(sql, "INSERT OR IGNORE INTO plugin"
                                " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)", values, 8);
        stw_text_free(&manifest);
    }
    return status;
}

/* plan.PO3. */
static stw_status check_policy(const struct stw_sql *sql, const struct stw_experiment *experiment,
                               const char *run, struct stw_error *error)
{
    static const char query[] = "SELECT value FROM environment WHERE key='sandbox'";
    sqlite3_stmt *row = NULL;
    struct stw_text policy = {0};
    stw_status status = STW_OK;
    stw_policy_describe(experiment, &policy);
    int code = sqlite3_prepare_v2(sql->db, query, -1, &row, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(row);
    const char *was = code == SQLITE_ROW ? (const char *)sqlite3_column_text(row, 0) : NULL;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = stw_sql_failed(sql, "read", error);
    else if (was && strcmp(was, policy.bytes) != 0)
        status = stw_error_set(error, STW_E_STATE, NULL, "%s holds trials with another sandbox: "
                               "\"%s\", now it is \"%s\"; use another -o", run, was,
                               policy.bytes);
    sqlite3_finalize(row);
    stw_text_free(&policy);
    return status;
}

static stw_status create_rows(const struct stw_sql *sql, const struct stw_plan *plan,
                              int64_t *start)
{
    const struct stw_matrix *matrix = plan->matrix;
    for (uint32_t i = 0; stw_schema[i]; i++)
        if (sqlite3_exec(sql->db, stw_schema[i], NULL, NULL, NULL) != SQLITE_OK)
            return STW_E_IO;
    STW_TRY(insert_identity(sql, matrix));
    STW_TRY(insert_plan(sql, matrix->experiment));
    STW_TRY(insert_cells(sql, matrix));
    STW_TRY(insert_plugins(sql, plan));
    STW_TRY(insert_facts(sql, plan));
    return stw_start_insert(sql, plan, NULL, start);
}

stw_status stw_plan_create(const struct stw_sql *sql, const struct stw_plan *plan, int64_t *start,
                           struct stw_error *error)
{
    char begin[128];
    snprintf(begin, sizeof begin, "BEGIN IMMEDIATE; PRAGMA application_id=%d;"
             " PRAGMA user_version=%d;", STW_STORE_APPLICATION, STW_STORE_VERSION);
    stw_status status = stw_sql_run(sql, begin, "create", error);
    if (status != STW_OK)
        return stw_sql_end(sql, status, "create", error);
    return stw_sql_end(sql, create_rows(sql, plan, start), "create", error);
}

/* Whether the run is of this very matrix: 1 or 0. */
static int is_same(const struct stw_sql *sql, const struct stw_matrix *matrix, int *failed)
{
    char hash[17], query[128];
    matrix_hash(matrix, hash);
    snprintf(query, sizeof query, "SELECT value='%s' FROM run WHERE key='matrix_hash'", hash);
    return stw_sql_number(sql, query, failed) != 0;
}

static stw_status check_identity(const struct stw_sql *sql, const struct stw_plan *plan,
                                 const char *run, struct stw_error *error)
{
    int failed = 0, is_good = is_same(sql, plan->matrix, &failed);
    if (!is_good && !failed)
        is_good = stw_plan_is_larger(sql, plan->matrix, &failed);
    if (failed)
        return stw_sql_failed(sql, "read", error);
    if (is_good)
        return STW_OK;
    struct stw_text difference = {0};
    stw_status status = stw_plan_difference(sql, plan, &difference);
    if (status == STW_OK)
        status = stw_error_set(error, STW_E_STATE, NULL, "%s holds another experiment: %s", run,
                               stw_text_get(&difference));
    else
        status = stw_sql_failed(sql, "read", error);
    stw_text_free(&difference);
    return status;
}

/* Only what the file says itself is refused: a canary beside later blocks alone would not be run
 * beside the trials that it is to be compared with. */
static stw_status check_canary(const struct stw_sql *sql, const struct stw_plan *plan,
                               const char *run, struct stw_error *error)
{
    int failed = 0;
    int64_t has = stw_sql_number(sql, "SELECT count(*) FROM run WHERE key='canary'", &failed);
    if (failed)
        return stw_sql_failed(sql, "read", error);
    if (has || plan->matrix->experiment->canary != STW_CANARY_ON)
        return STW_OK;
    return stw_error_set(error, STW_E_STATE, NULL, "%s was begun without a canary: was canary = "
                         "off, is on; use another -o", run);
}

stw_status stw_plan_check(const struct stw_sql *sql, const struct stw_plan *plan, const char *run,
                          struct stw_error *error)
{
    STW_TRY(check_identity(sql, plan, run, error));
    STW_TRY(check_canary(sql, plan, run, error));
    STW_TRY(check_policy(sql, plan->matrix->experiment, run, error));
    return stw_start_check(sql, plan, run, error);
}

/* Cells get the numbers that they have in the matrix; their trials follow them by the hash. The
 * canary keeps its own, and to the cell that it repeats. */
static stw_status replace_cells(const struct stw_sql *sql, const struct stw_matrix *matrix)
{
    static const char canary_hash[] =
        "UPDATE run SET value = (SELECT c.hash FROM cell c WHERE c.cell = CAST(value AS INTEGER))"
        " WHERE key = 'canary'";
#define RENUMBER(table)                                                                           \
    "UPDATE " table " SET cell = (SELECT c.cell FROM cell c WHERE c.hash = cell_hash)"             \
    " WHERE cell <> " STW_STORE_CANARY
    static const char *const numbers[] = {
        RENUMBER("trial"), RENUMBER("attempt"), RENUMBER("earlier"),
        ("UPDATE run SET value = (SELECT c.cell FROM cell c WHERE c.hash = value)"
         " WHERE key = 'canary'"),
    };
    char hash[17];
    matrix_hash(matrix, hash);
    STW_TRY(stw_sql_insert(sql, canary_hash, NULL, 0));
    STW_TRY(stw_sql_insert(sql, "DELETE FROM cell", NULL, 0));
    STW_TRY(stw_sql_insert(sql, "DELETE FROM cell_axis", NULL, 0));
    STW_TRY(insert_cells(sql, matrix));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        STW_TRY(stw_sql_insert(sql, numbers[i], NULL, 0));
    return put(sql, "matrix_hash", hash);
}

/* store.S4 */
static stw_status grow(const struct stw_sql *sql, const struct stw_plan *plan,
                       struct stw_text *added)
{
    int failed = 0;
    if (is_same(sql, plan->matrix, &failed) || failed)
        return failed ? STW_E_IO : STW_OK;
    STW_TRY(stw_plan_difference(sql, plan, added));
    STW_TRY(replace_cells(sql, plan->matrix));
    STW_TRY(insert_plugins(sql, plan));
    return insert_facts(sql, plan);
}

static stw_status resume_rows(const struct stw_sql *sql, const struct stw_plan *plan,
                              int64_t *start)
{
    struct stw_text added = {0};
    stw_status status = grow(sql, plan, &added);
    if (status == STW_OK)
        status = insert_plan(sql, plan->matrix->experiment);
    if (status == STW_OK)
        status = stw_start_insert(sql, plan, added.length ? added.bytes : NULL, start);
    stw_text_free(&added);
    return status;
}

stw_status stw_plan_resume(const struct stw_sql *sql, const struct stw_plan *plan, int64_t *start,
                           struct stw_error *error)
{
    STW_TRY(stw_sql_run(sql, "BEGIN IMMEDIATE", "write", error));
    STW_TRY(stw_sql_end(sql, resume_rows(sql, plan, start), "write", error));
    return stw_start_tell(sql, *start, error);
}

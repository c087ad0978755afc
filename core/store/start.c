/* store/start.c: each start of a run: what ran, and where.
 *
 * ST1  all trials of a run are of the same stwlab, plugins and programs, by their content: numbers
 *      of two programs are never mixed in one cell. Where they ran may differ from start to start;
 *      it is told and stored with each, and each trial refers to its start.
 * The table `environment` holds what the first start found. */
#include "store/start.h"

#include "base/error.h"
#include "base/text.h"
#include "plan/policy.h"
#include "store/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STWLAB "stwlab"
#define WORKER "worker"

/* Facts of a start on their way into the table. */
struct facts {
    sqlite3_stmt *insert;
    char number[24];
    stw_status status;
};

static void insert_fact(void *context, const char *key, const char *value)
{
    struct facts *facts = context;
    const char *const values[] = {facts->number, key, value};
    if (facts->status == STW_OK)
        facts->status = stw_sql_insert_by(facts->insert, values, 3);
}

static stw_status insert_facts(const struct stw_sql *sql, const char *number,
                               const struct stw_plan *plan)
{
    const struct stw_identities *identities = plan->identities;
    struct facts facts = {.status = STW_OK};
    struct stw_text policy = {0};
    snprintf(facts.number, sizeof facts.number, "%s", number);
    if (sqlite3_prepare_v2(sql->db, "INSERT OR REPLACE INTO start_fact VALUES(?1,?2,?3)", -1,
                           &facts.insert, NULL) != SQLITE_OK)
        return STW_E_IO;
    stw_environment_capture("", insert_fact, &facts);
    stw_policy_describe(plan->matrix->experiment, &policy);
    insert_fact(&facts, "sandbox", stw_text_get(&policy));
    stw_text_free(&policy);
    insert_fact(&facts, "version", STW_VERSION);
    if (identities)
        insert_fact(&facts, STWLAB, identities->self.content);
    if (identities && identities->worker.content[0])
        insert_fact(&facts, WORKER, identities->worker.content);
    sqlite3_finalize(facts.insert);
    return facts.status;
}

/* Those that have been provided. */
static stw_status insert_runtimes(const struct stw_sql *sql, const struct stw_peers *peers)
{
    stw_status status = STW_OK;
    for (uint32_t i = 0; status == STW_OK && peers && i < peers->count; i++) {
        const struct stw_peer *peer = &peers->items[i];
        const char *const values[] = {peer->label, peer->path, peer->version, peer->settings,
                                      peer->identity.content};
        if (peer->program)
            status = stw_sql_insert(sql, "INSERT OR REPLACE INTO runtime VALUES(?1,?2,?3,?4,?5)",
                                    values, 5);
    }
    return status;
}

stw_status stw_start_insert(const struct stw_sql *sql, const struct stw_plan *plan,
                            int64_t *number)
{
    int failed = 0;
    char now[32], text[24];
    *number = 1 + stw_sql_number(sql, "SELECT max(start) FROM start", &failed);
    snprintf(text, sizeof text, "%lld", (long long)*number);
    stw_environment_utc(now);
    const char *const values[] = {text, now};
    STW_TRY(failed ? STW_E_IO : stw_sql_insert(sql, "INSERT INTO start VALUES(?1,?2)", values, 2));
    STW_TRY(insert_facts(sql, text, plan));
    if (*number == 1)
        STW_TRY(stw_sql_insert(sql, "INSERT INTO environment SELECT key, value FROM start_fact",
                               NULL, 0));
    return plan->identities ? insert_runtimes(sql, plan->identities->peers) : STW_OK;
}

/* What changes all the time is stored, and not told. */
#define TOLD                                                                                       \
    " AND f.key NOT IN ('load', 'running', 'steal_ns', 'throttled_ns', 'environment_bytes')"

stw_status stw_start_tell(const struct stw_sql *sql, int64_t number, struct stw_error *error)
{
    static const char changes[] =
        "SELECT f.key, w.value, f.value FROM start_fact f LEFT JOIN start_fact w"
        "  ON w.start = ?1 - 1 AND w.key = f.key"
        " WHERE f.start = ?1 AND f.value IS NOT w.value" TOLD
        " UNION ALL SELECT f.key, f.value, NULL FROM start_fact f WHERE f.start = ?1 - 1"
        "  AND f.key NOT IN (SELECT key FROM start_fact WHERE start = ?1)" TOLD " ORDER BY 1";
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(sql->db, changes, -1, &row, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(row, 1, number);
    while (code == SQLITE_OK && (code = sqlite3_step(row)) == SQLITE_ROW) {
        const char *was = (const char *)sqlite3_column_text(row, 1);
        const char *is = (const char *)sqlite3_column_text(row, 2);
        fprintf(stderr, "stwlab: not as at the last start: %s: was %s, is %s\n",
                (const char *)sqlite3_column_text(row, 0), was ? was : "not there",
                is ? is : "not there");
        code = SQLITE_OK;
    }
    stw_status status = code == SQLITE_DONE ? STW_OK : stw_sql_failed(sql, "read", error);
    sqlite3_finalize(row);
    return status;
}

/* Checks. */

struct check {
    const struct stw_sql *sql;
    const char *run;
    struct stw_error *error;
};

/* A text that a query with one or two arguments finds, or null; allocated. Adds to `*status`. */
static char *find_text(const struct check *check, const char *query, const char *first,
                       const char *second, stw_status *status)
{
    sqlite3_stmt *row = NULL;
    char *found = NULL;
    int code = sqlite3_prepare_v2(check->sql->db, query, -1, &row, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(row, 1, first, -1, SQLITE_STATIC);
    if (code == SQLITE_OK && second)
        code = sqlite3_bind_text(row, 2, second, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(row);
    const char *text = code == SQLITE_ROW ? (const char *)sqlite3_column_text(row, 0) : NULL;
    if (text)
        found = stw_strdup(text);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        *status = stw_sql_failed(check->sql, "read", check->error);
    sqlite3_finalize(row);
    return found;
}

/* Takes `was`; empty and null are not known. */
static stw_status compare(const struct check *check, const char *what, char *was, const char *now)
{
    stw_status status = STW_OK;
    if (was && was[0] && now && now[0] && strcmp(was, now) != 0)
        status = stw_error_set(check->error, STW_E_STATE, NULL,
                               "%s holds trials of another build of %s: was %s, is %s; use another "
                               "-o", check->run, what, was, now);
    free(was);
    return status;
}

/* `none`: what stands for no such program; null: then nothing is known. */
static stw_status check_program(const struct check *check, const char *key, const char *now,
                                const char *none)
{
    stw_status status = STW_OK;
    char *was = find_text(check, "SELECT value FROM start_fact WHERE key = ?1 AND start ="
                          " (SELECT max(start) FROM start)", key, NULL, &status);
    if (!was && none)
        was = stw_strdup(none);
    if (status == STW_OK)
        return compare(check, key, was, now[0] ? now : none);
    free(was);
    return status;
}

static stw_status check_plugins(const struct check *check, const struct stw_plan *plan)
{
    stw_status status = STW_OK;
    for (uint32_t i = 0; status == STW_OK && i < plan->identities->plugin_count; i++) {
        const struct stw_plugin_info *info = stw_registry_at(plan->registry, i);
        const char *kind = stw_kind_name(info->kind), *now = plan->identities->plugins[i].content;
        struct stw_text name = {0};
        if (!now[0])
            continue;
        char *was = find_text(check, "SELECT content FROM plugin WHERE kind = ?1 AND id = ?2",
                              kind, info->id, &status);
        stw_text_add(&name, "%s/%s", kind, info->id);
        if (status == STW_OK)
            status = compare(check, name.bytes, was, now);
        stw_text_free(&name);
    }
    return status;
}

static stw_status check_runtime(const struct check *check, const struct stw_peer *peer)
{
    stw_status status = STW_OK;
    struct stw_text now = {0};
    stw_text_add(&now, "%s %s", peer->version, peer->settings);
    char *was = find_text(check, "SELECT version || ' ' || settings FROM runtime WHERE label = ?1",
                          peer->label, NULL, &status);
    if (status == STW_OK)
        status = compare(check, peer->label, was, now.bytes);
    stw_text_free(&now);
    if (status != STW_OK || !peer->program)
        return status;
    was = find_text(check, "SELECT content FROM runtime WHERE label = ?1", peer->label, NULL,
                    &status);
    return status == STW_OK ? compare(check, peer->label, was, peer->identity.content) : status;
}

stw_status stw_start_check(const struct stw_sql *sql, const struct stw_plan *plan, const char *run,
                           struct stw_error *error)
{
    const struct check check = {sql, run, error};
    const struct stw_identities *now = plan->identities;
    if (!now)
        return STW_OK;
    STW_TRY(check_program(&check, STWLAB, now->self.content, NULL));
    STW_TRY(check_program(&check, WORKER, now->worker.content, "none"));
    STW_TRY(check_plugins(&check, plan));
    for (uint32_t i = 0; now->peers && i < now->peers->count; i++)
        STW_TRY(check_runtime(&check, &now->peers->items[i]));
    return STW_OK;
}

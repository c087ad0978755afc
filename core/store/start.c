/* store/start.c: each start of a run: what ran, and where.
 *
 * ST1  all trials of a run are of the same stwlab, plugins and programs, by their content, and of
 *      the same environment: unless somebody asks for it (--mixed), numbers of two programs or of
 *      two machines are never in one cell. Each start keeps what it found, each trial refers to
 *      its start, and so who reads a mixed run can tell (report/history.h).
 * ST2  what a start did not run, or could not tell, is no difference: a file is compared when both
 *      starts know it. Of the environment, what is not there is a value, too.
 * The table `environment` holds what the first start found. */
#include "store/start.h"

#include "base/array.h"
#include "base/error.h"
#include "base/text.h"
#include "plan/policy.h"
#include "store/environment.h"
#include "store/plans.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STWLAB "stwlab"
#define WORKER "worker"
#define NO_WORKER "none" /* of another program than stwlab */

/* What a start found. */
struct fact {
    char *key, *value;
};
struct facts {
    struct fact *items;
    uint32_t count;
};

static void add_fact(void *context, const char *key, const char *value)
{
    struct facts *facts = context;
    *STW_APPEND(facts->items, facts->count) = (struct fact){stw_strdup(key), stw_strdup(value)};
}

static void free_facts(struct facts *facts)
{
    for (uint32_t i = 0; i < facts->count; i++) {
        free(facts->items[i].key);
        free(facts->items[i].value);
    }
    free(facts->items);
}

static const char *value_of(const struct facts *facts, const char *key)
{
    for (uint32_t i = 0; i < facts->count; i++)
        if (strcmp(facts->items[i].key, key) == 0)
            return facts->items[i].value;
    return NULL;
}

/* A file that ran, or a toolchain: "KIND/ID". */
static void add_file(struct facts *facts, const char *kind, const char *id, const char *value)
{
    struct stw_text key = {0};
    if (!*value)
        return;
    stw_text_add(&key, "%s" STW_ENVIRONMENT_FILE "%s", kind, id);
    add_fact(facts, key.bytes, value);
    stw_text_free(&key);
}

static void take_files(const struct stw_plan *plan, struct facts *facts)
{
    const struct stw_identities *identities = plan->identities;
    const struct stw_peers *peers = identities->peers;
    add_fact(facts, STWLAB, identities->self.content);
    if (identities->worker.content[0])
        add_fact(facts, WORKER, identities->worker.content);
    for (uint32_t i = 0; i < identities->plugin_count; i++) {
        const struct stw_plugin_info *info = stw_registry_at(plan->registry, i);
        add_file(facts, stw_kind_name(info->kind), info->id, identities->plugins[i].content);
    }
    for (uint32_t i = 0; peers && i < peers->count; i++) {
        const struct stw_peer *peer = &peers->items[i];
        struct stw_text toolchain = {0};
        stw_text_add(&toolchain, "%s %s", peer->version, peer->settings);
        add_file(facts, "toolchain", peer->label, toolchain.bytes);
        if (peer->program) /* else nobody has looked yet */
            add_file(facts, "runtime", peer->label, peer->identity.content);
        stw_text_free(&toolchain);
    }
}

static void take_facts(const struct stw_plan *plan, struct facts *facts)
{
    struct stw_text policy = {0};
    stw_environment_capture("", add_fact, facts);
    stw_policy_describe(plan->matrix->experiment, &policy);
    add_fact(facts, "sandbox", stw_text_get(&policy));
    stw_text_free(&policy);
    add_fact(facts, "version", STW_VERSION);
    if (plan->identities)
        take_files(plan, facts);
}

static stw_status insert_facts(const struct stw_sql *sql, const char *number,
                               const struct facts *facts)
{
    sqlite3_stmt *insert = NULL;
    stw_status status = STW_OK;
    if (sqlite3_prepare_v2(sql->db, "INSERT OR REPLACE INTO start_fact VALUES(?1,?2,?3)", -1,
                           &insert, NULL) != SQLITE_OK)
        return STW_E_IO;
    for (uint32_t i = 0; status == STW_OK && i < facts->count; i++) {
        const char *const values[] = {number, facts->items[i].key, facts->items[i].value};
        status = stw_sql_insert_by(insert, values, 3);
    }
    sqlite3_finalize(insert);
    return status;
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
                            const char *added, int64_t *number)
{
    struct facts facts = {0};
    int failed = 0;
    char now[32], text[24];
    *number = 1 + stw_sql_number(sql, "SELECT max(start) FROM start", &failed);
    snprintf(text, sizeof text, "%" PRId64, *number);
    stw_environment_utc(now);
    const char *const values[] = {text, now};
    STW_TRY(failed ? STW_E_IO : stw_sql_insert(sql, "INSERT INTO start VALUES(?1,?2)", values, 2));
    take_facts(plan, &facts);
    stw_status status = insert_facts(sql, text, &facts);
    free_facts(&facts);
    STW_TRY(status);
    if (*number == 1)
        STW_TRY(stw_sql_insert(sql, "INSERT INTO environment SELECT key, value FROM start_fact"
                               " WHERE instr(key, '" STW_ENVIRONMENT_FILE "') = 0", NULL, 0));
    STW_TRY(stw_plans_insert(sql, *number, plan->matrix, added));
    return plan->identities ? insert_runtimes(sql, plan->identities->peers) : STW_OK;
}

/* Differences. */

static stw_status read_facts(const struct stw_sql *sql, int64_t start, struct facts *facts,
                             struct stw_error *error)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(sql->db, "SELECT key, value FROM start_fact WHERE start = ?1"
                                  " ORDER BY key", -1, &row, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(row, 1, start);
    while (code == SQLITE_OK && (code = sqlite3_step(row)) == SQLITE_ROW) {
        add_fact(facts, (const char *)sqlite3_column_text(row, 0),
                 (const char *)sqlite3_column_text(row, 1));
        code = SQLITE_OK;
    }
    stw_status status = code == SQLITE_DONE ? STW_OK : stw_sql_failed(sql, "read", error);
    sqlite3_finalize(row);
    return status;
}

struct difference {
    const char *key, *was, *is; /* borrowed; null: not there */
};
struct differences {
    struct difference *items; /* files before the rest */
    uint32_t count, file_count;
};

static void compare_key(struct differences *found, const char *key, const char *was, const char *is)
{
    int is_worker = strcmp(key, WORKER) == 0, is_file = is_worker || stw_environment_is_file(key);
    was = !was && is_worker ? NO_WORKER : was;
    is = !is && is_worker ? NO_WORKER : is;
    if (stw_environment_is_passing(key) || (is_file && (!was || !is)) /* ST2 */
        || (was && is && strcmp(was, is) == 0))
        return;
    *STW_APPEND(found->items, found->count) = (struct difference){key, was, is};
    if (!is_file)
        return;
    struct difference last = found->items[found->count - 1]; /* to its kind */
    found->items[found->count - 1] = found->items[found->file_count];
    found->items[found->file_count++] = last;
}

static struct differences compare(const struct facts *before, const struct facts *now)
{
    struct differences found = {0};
    for (uint32_t i = 0; i < now->count; i++)
        compare_key(&found, now->items[i].key, value_of(before, now->items[i].key),
                    now->items[i].value);
    for (uint32_t i = 0; i < before->count; i++)
        if (!value_of(now, before->items[i].key))
            compare_key(&found, before->items[i].key, before->items[i].value, NULL);
    return found;
}

static const char *or_none(const char *value)
{
    return value ? value : "not there";
}

static void tell(const struct differences *found)
{
    for (uint32_t i = 0; i < found->count; i++)
        fprintf(stderr, "stwlab: not as at the last start: %s: was %s, is %s\n",
                found->items[i].key, or_none(found->items[i].was), or_none(found->items[i].is));
}

stw_status stw_start_tell(const struct stw_sql *sql, int64_t number, struct stw_error *error)
{
    struct facts before = {0}, now = {0};
    struct differences found = {0};
    stw_status status = read_facts(sql, number - 1, &before, error);
    if (status == STW_OK)
        status = read_facts(sql, number, &now, error);
    if (status == STW_OK)
        found = compare(&before, &now);
    tell(&found);
    free(found.items);
    free_facts(&before);
    free_facts(&now);
    return status;
}

/* The first difference in the message, and if there are more all of them on stderr. */
static stw_status refuse(const struct differences *found, const char *run, struct stw_error *error)
{
    const struct difference *first = &found->items[0];
    if (found->count > 1)
        tell(found);
    return stw_error_set(error, STW_E_STATE, NULL, "%s holds trials of another %s%s: was %s, is %s;"
                         " use another -o, or --mixed", run,
                         found->file_count ? "build of " : "environment, ",
                         stw_environment_file_name(first->key), or_none(first->was),
                         or_none(first->is));
}

stw_status stw_start_check(const struct stw_sql *sql, const struct stw_plan *plan, const char *run,
                           struct stw_error *error)
{
    struct facts before = {0}, now = {0};
    struct differences found = {0};
    int failed = 0;
    int64_t last = stw_sql_number(sql, "SELECT max(start) FROM start", &failed);
    stw_status status = failed ? stw_sql_failed(sql, "read", error)
                               : read_facts(sql, last, &before, error);
    take_facts(plan, &now);
    if (status == STW_OK)
        found = compare(&before, &now);
    if (found.count && !plan->is_mixed)
        status = refuse(&found, run, error);
    free(found.items);
    free_facts(&before);
    free_facts(&now);
    return status;
}

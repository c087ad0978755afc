/* experiments/workloads/map-merge.c: merges a slice of keys and values into a new map, again and
 * again: the program of which it is said that 65,536 entries stop the world.
 *
 * One operation is one merge of n entries into one map that the strategy chain provides. With
 * live > 0 the map takes the place of the oldest one in a ring of that many; with live = 0 it is
 * done with at once. Only the last map of the trial is kept beside that, for the checksum.
 *
 * M1  keys and values derive from the trial's seed and the index alone (or from the file), so all
 *     mutators and all cells merge the same entries.
 * M2  generated keys are distinct: each generator is a bijection of the index. Keys from a file may
 *     repeat; the entry that comes last wins, in every map.
 * M3  the checksum does not depend on the order in which a map is walked, and `expected` knows it
 *     from the seed or the key file alone, without any map and without the entries that were
 *     merged: a strategy that loses an entry, or changes it in place, is found out.
 *
 * Threads: a key file is read once, by create, before there are mutators. From then on the plan is
 * constant; each mutator has a state of its own, a managed cell. */
#define _GNU_SOURCE /* qsort_r */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stwlab/kit.h>

#define KEYS_FILE 2u /* beside STW_KEYS_SEQUENTIAL and STW_KEYS_RANDOM */

#define KEY_BYTES_MAX 4096     /* of a line in a key file; a bound for files that have no lines */
#define SHOWN_PATH_BYTES 120u /* of a path in a message: its end, which tells files apart */

/* The keys of a file, in C memory. */
struct key_file {
    uint64_t *words; /* [count]; the numbers, or where each text ends in `bytes` */
    char *bytes;
    uint64_t byte_count, byte_capacity;
    uint64_t count;
    unsigned char *repeated; /* [count]: 1: the same key comes again later */
    uint64_t distinct;
};

struct plan {
    const struct stw_host *host;
    uint64_t entries;
    uint64_t merges;
    uint64_t live;
    uint64_t hint_entries;
    uint32_t key;     /* STW_KEY_* */
    uint32_t source;  /* STW_KEYS_*, or KEYS_FILE */
    const char *keys; /* a word, or the path of the file */
    struct key_file file;
};

static const struct stw_binding bindings[] = {
    STW_BIND_HOST(struct plan, host),
    STW_BIND_U64(struct plan, entries, "n"),
    STW_BIND_CHOICE(struct plan, key, "key"), /* STW_KEY_U64 and STW_KEY_STRING are 0 and 1 */
    STW_BIND_TEXT(struct plan, keys, "keys"),
    STW_BIND_U64(struct plan, merges, "merges"),
    STW_BIND_U64(struct plan, live, "live"),
    STW_BIND_U64(struct plan, hint_entries, "hint"),
};

/* What one mutator merges and keeps; managed. */
struct state {
    void *keys;
    uint64_t *values;
    void **ring; /* [live]; null when live = 0 */
    void *last;
    const struct stw_link *strategy; /* the host's */
    uint64_t operations;
    uint64_t counts; /* folded entry counts of all maps */
    uint64_t salt;   /* of the keys and values */
};

STW_TYPE_OF(state_type, struct state, "map-merge state", keys, values, ring, last);
STW_TYPE_OF_POINTERS(ring_type, "map-merge ring");
STW_TYPE_OF(strings_type, struct stw_string, "map-merge string keys", bytes);
static const struct stw_map_type map_types[] = {
    [STW_KEY_U64] = {.struct_size = sizeof(struct stw_map_type), .key = STW_KEY_U64,
                     .value_bytes = 8},
    [STW_KEY_STRING] = {.struct_size = sizeof(struct stw_map_type), .key = STW_KEY_STRING,
                        .value_bytes = 8},
};

/* Keys. `salt` is the mixed seed. */

static uint64_t number_at(const struct plan *plan, uint64_t index, uint64_t salt)
{
    if (plan->source == KEYS_FILE)
        return plan->file.words[index];
    return stw_key_number(plan->source, index, salt);
}

/* The text of a key: in `text`, or in the file. Never empty. */
static const char *text_at(const struct plan *plan, uint64_t index, uint64_t salt,
                           char text[STW_KEY_TEXT_BYTES], uint64_t *length)
{
    if (plan->source == KEYS_FILE) {
        uint64_t start = index ? plan->file.words[index - 1] : 0;
        *length = plan->file.words[index] - start;
        return plan->file.bytes + start;
    }
    *length = stw_key_text(plan->source, index, salt, text);
    return text;
}

/* Key files. */

static const char *shown_path(const char *path)
{
    size_t bytes = strlen(path);
    return bytes > SHOWN_PATH_BYTES ? path + bytes - SHOWN_PATH_BYTES : path;
}

/* Reads a line without its end. 1, or 0 at the end of the file, or -1: too long, or the file could
 * not be read (ferror tells which). */
static int read_line(FILE *file, char line[KEY_BYTES_MAX], uint32_t *length)
{
    uint32_t bytes = 0;
    int c = getc(file);
    for (; c != EOF && c != '\n'; c = getc(file)) {
        if (bytes == KEY_BYTES_MAX)
            return -1;
        line[bytes++] = (char)c;
    }
    if (c == EOF && ferror(file))
        return -1;
    *length = bytes && line[bytes - 1] == '\r' ? bytes - 1 : bytes;
    return c != EOF || bytes > 0;
}

/* 1 if the line is nothing but a decimal number of 64 bits. */
static int parse_number(const char *line, uint32_t length, uint64_t *number)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < length; i++) {
        uint64_t digit = (uint64_t)(unsigned char)line[i] - '0';
        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return 0;
        value = 10 * value + digit;
    }
    *number = value;
    return length > 0;
}

static stw_status keep_text(struct key_file *keys, const char *line, uint32_t length)
{
    if (keys->byte_capacity - keys->byte_count < length) {
        uint64_t capacity = 2 * keys->byte_capacity + KEY_BYTES_MAX;
        char *bytes = realloc(keys->bytes, capacity);
        if (!bytes)
            return STW_E_NOMEM;
        keys->bytes = bytes;
        keys->byte_capacity = capacity;
    }
    memcpy(keys->bytes + keys->byte_count, line, length);
    keys->byte_count += length;
    keys->words[keys->count++] = keys->byte_count;
    return STW_OK;
}

static stw_status bad_line(const struct plan *plan, struct stw_error *error, const char *path,
                           const char *what)
{
    char message[sizeof error->message];
    snprintf(message, sizeof message, "%s:%llu: %s", shown_path(path),
             (unsigned long long)plan->file.count + 1, what);
    return plan->host->set_error(plan->host, error, STW_E_INVALID, "keys", message);
}

static stw_status bad_file(const struct plan *plan, struct stw_error *error, const char *path,
                           const char *what)
{
    char message[sizeof error->message];
    snprintf(message, sizeof message, "%s: %s", shown_path(path), what);
    return plan->host->set_error(plan->host, error, STW_E_INVALID, "keys", message);
}

static stw_status keep_line(struct plan *plan, const char *path, const char *line, uint32_t length,
                            struct stw_error *error)
{
    if (length == 0)
        return bad_line(plan, error, path, "the line is empty, where a key was expected");
    if (plan->key == STW_KEY_STRING) {
        if (keep_text(&plan->file, line, length) != STW_OK)
            return plan->host->set_error(plan->host, error, STW_E_NOMEM, "keys",
                                         "out of memory for the keys");
        return STW_OK;
    }
    if (!parse_number(line, length, &plan->file.words[plan->file.count]))
        return bad_line(plan, error, path,
                        "key=int needs a decimal number from 0 to 18446744073709551615");
    plan->file.count++;
    return STW_OK;
}

/* Reads the first n lines (at least one, so that an empty file is never taken). */
static stw_status read_keys(struct plan *plan, FILE *file, const char *path,
                            struct stw_error *error)
{
    char line[KEY_BYTES_MAX], what[128];
    uint64_t wanted = plan->entries ? plan->entries : 1;
    while (plan->file.count < wanted) {
        uint32_t length = 0;
        int read = read_line(file, line, &length);
        if (read < 0 && !ferror(file))
            return bad_line(plan, error, path,
                            "the line is longer than " STW_STRINGIFY(KEY_BYTES_MAX) " bytes");
        if (read < 0) {
            snprintf(what, sizeof what, "cannot be read: %s", strerror(errno));
            return bad_file(plan, error, path, what);
        }
        if (read == 0 && plan->file.count == 0)
            return bad_file(plan, error, path, "the file has no lines, where keys were expected");
        if (read == 0) {
            snprintf(what, sizeof what, "the file ends after line %llu, but n = %llu",
                     (unsigned long long)plan->file.count, (unsigned long long)wanted);
            return bad_file(plan, error, path, what);
        }
        stw_status status = keep_line(plan, path, line, length, error);
        if (status != STW_OK)
            return status;
    }
    return STW_OK;
}

/* Order of the keys of two entries of a key file. */
static int compare_keys(const struct plan *plan, uint32_t a, uint32_t b)
{
    if (plan->key == STW_KEY_U64)
        return (plan->file.words[a] > plan->file.words[b])
               - (plan->file.words[a] < plan->file.words[b]);
    char unused[STW_KEY_TEXT_BYTES];
    uint64_t a_length = 0, b_length = 0;
    const char *a_text = text_at(plan, a, 0, unused, &a_length);
    const char *b_text = text_at(plan, b, 0, unused, &b_length);
    int order = memcmp(a_text, b_text, a_length < b_length ? a_length : b_length);
    return order ? order : (a_length > b_length) - (a_length < b_length);
}

/* By key, then by place. */
static int compare_entries(const void *left, const void *right, void *plan)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    int order = compare_keys(plan, a, b);
    return order ? order : (a > b) - (a < b);
}

/* Marks the entries of a key file that a later one replaces. */
static stw_status find_repeated(struct plan *plan, struct stw_error *error)
{
    uint64_t count = plan->file.count;
    uint32_t *order = calloc(count, sizeof *order);
    plan->file.repeated = calloc(count, 1);
    if (!order || !plan->file.repeated) {
        free(order);
        return plan->host->set_error(plan->host, error, STW_E_NOMEM, "keys",
                                     "out of memory for the keys");
    }
    for (uint64_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    qsort_r(order, count, sizeof *order, compare_entries, plan);
    plan->file.distinct = count;
    for (uint64_t i = 0; i + 1 < count; i++) {
        int same = compare_keys(plan, order[i], order[i + 1]) == 0;
        plan->file.repeated[order[i]] = (unsigned char)same;
        plan->file.distinct -= (uint64_t)same;
    }
    free(order);
    return STW_OK;
}

static stw_status load_keys(struct plan *plan, const char *path, struct stw_error *error)
{
    if (path[0] == '\0')
        return plan->host->set_error(plan->host, error, STW_E_INVALID, "keys",
                                     "keys must be sequential, random or the path of a text file");
    FILE *file = fopen(path, "re");
    if (!file) {
        char what[128];
        snprintf(what, sizeof what, "cannot be opened: %s (keys: sequential, random or a path)",
                 strerror(errno));
        return bad_file(plan, error, path, what);
    }
    stw_status status;
    plan->file.words = calloc(plan->entries ? plan->entries : 1, sizeof *plan->file.words);
    if (plan->file.words)
        status = read_keys(plan, file, path, error);
    else
        status = plan->host->set_error(plan->host, error, STW_E_NOMEM, "keys",
                                       "out of memory for the keys");
    fclose(file);
    return status == STW_OK ? find_repeated(plan, error) : status;
}

/* Lifecycle. */

static void destroy(void *self)
{
    struct plan *plan = self;
    free(plan->file.words);
    free(plan->file.bytes);
    free(plan->file.repeated);
    free(plan);
}

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    struct plan *plan = STW_PLAN_NEW(host, config, error, struct plan, bindings);
    if (!plan)
        return STW_E_NOMEM;
    plan->source = strcmp(plan->keys, "sequential") == 0 ? STW_KEYS_SEQUENTIAL
                   : strcmp(plan->keys, "random") == 0   ? STW_KEYS_RANDOM
                                                         : KEYS_FILE;
    if (plan->source == KEYS_FILE) {
        stw_status status = load_keys(plan, plan->keys, error);
        if (status != STW_OK) {
            destroy(plan);
            return status;
        }
    }
    *self = plan;
    return STW_OK;
}

static const struct stw_map_type *map_type(void *self, uint32_t index)
{
    return index == 0 ? &map_types[((const struct plan *)self)->key] : NULL;
}

static void *build_numbers(const struct plan *plan, struct stw_mutator *m, uint64_t salt)
{
    uint64_t *keys = stw_alloc(m, (plan->entries ? plan->entries : 1) * sizeof *keys, NULL);
    for (uint64_t i = 0; i < plan->entries; i++) {
        keys[i] = number_at(plan, i, salt);
        stw_poll(m);
    }
    return keys;
}

static void *build_strings(const struct plan *plan, struct stw_mutator *m, uint64_t salt)
{
    uint64_t bytes = (plan->entries ? plan->entries : 1) * sizeof(struct stw_string);
    struct stw_string *keys = stw_alloc(m, bytes, &strings_type);
    for (uint64_t i = 0; i < plan->entries; i++) {
        char scratch[STW_KEY_TEXT_BYTES];
        uint64_t length = 0;
        const char *text = text_at(plan, i, salt, scratch, &length);
        stw_string_set(m, &keys[i], text, length);
    }
    return keys;
}

static uint64_t value_at(uint64_t index, uint64_t salt)
{
    return stw_mix(stw_mix(salt) + index);
}

static uint64_t *build_values(const struct plan *plan, struct stw_mutator *m, uint64_t salt)
{
    uint64_t *values = stw_alloc(m, (plan->entries ? plan->entries : 1) * sizeof *values, NULL);
    for (uint64_t i = 0; i < plan->entries; i++) {
        values[i] = value_at(i, salt);
        stw_poll(m);
    }
    return values;
}

static stw_status setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
{
    (void)error;
    const struct plan *plan = self;
    const char *site = stw_site(m, "map-merge setup");
    uint64_t salt = stw_mix(trial->seed);
    struct state *s = stw_alloc(m, sizeof *s, &state_type);
    s->strategy = trial->strategy;
    s->salt = salt;
    stw_store(m, &s->keys, plan->key == STW_KEY_STRING ? build_strings(plan, m, salt)
                                                       : build_numbers(plan, m, salt));
    stw_store(m, &s->values, build_values(plan, m, salt));
    if (plan->live)
        stw_store(m, &s->ring, stw_alloc(m, plan->live * sizeof(void *), &ring_type));
    *state = s;
    stw_site(m, site);
    return STW_OK;
}

/* Keeps the map as long as the program does, and says which map is done with. */
static void keep(const struct plan *plan, struct stw_mutator *m, struct state *s, void *map,
                 uint64_t number)
{
    const struct stw_map_type *type = &map_types[plan->key];
    int is_last = number + 1 == plan->merges;
    if (is_last)
        stw_store(m, &s->last, map);
    void *done = is_last ? NULL : map;
    if (plan->live) {
        void **slot = &s->ring[number % plan->live];
        done = *slot;
        stw_store(m, slot, map);
    }
    if (done)
        stw_next_done_map(s->strategy, m, type, done);
}

static void operate(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    const struct plan *plan = self;
    struct state *s = state;
    const struct stw_link *link = s->strategy;
    const char *site = stw_site(m, "map-merge");
    stw_next_request_begin(link, m);
    const struct stw_map_need need = {
        .struct_size = sizeof need,
        .type = &map_types[plan->key],
        .hint_entries = plan->hint_entries,
        .expected_entries = plan->entries,
    };
    void *map = stw_next_need_map(link, m, &need);
    const struct stw_entries entries = {
        .struct_size = sizeof entries,
        .type = need.type,
        .keys = s->keys,
        .values = s->values,
        .count = plan->entries,
    };
    stw_next_merge(link, m, map, &entries, 0, plan->entries);
    s->counts = stw_mix(s->counts ^ stw_map_count(link, m, map));
    s->operations++;
    keep(plan, m, s, map, number);
    stw_next_request_end(link, m);
    stw_next_batch_boundary(link, m);
    stw_site(m, site);
}

/* The checksum. */

static uint64_t checksum(void *self, struct stw_mutator *m, void *state)
{
    const struct plan *plan = self;
    const struct state *s = state;
    uint64_t sum = stw_mix(s->counts) + s->operations;
    if (s->last)
        sum += stw_tally_map(s->strategy, m, &map_types[plan->key], s->last);
    return sum;
}

static uint64_t fold_key_at(const struct plan *plan, uint64_t index, uint64_t salt)
{
    char text[STW_KEY_TEXT_BYTES];
    struct stw_string string = {NULL, 0};
    uint64_t number = 0;
    if (plan->key == STW_KEY_STRING)
        string.bytes = text_at(plan, index, salt, text, &string.length);
    else
        number = number_at(plan, index, salt);
    return stw_fold_key(&map_types[plan->key],
                        plan->key == STW_KEY_STRING ? (const void *)&string : &number);
}

/* What every mutator must come to, from what its entries were made of (M3). */
static uint32_t expected(void *self, struct stw_mutator *m, void *state, uint64_t *sum)
{
    const struct plan *plan = self;
    uint64_t salt = ((const struct state *)state)->salt;
    uint64_t counts = 0, distinct = plan->file.repeated ? plan->file.distinct : plan->entries;
    for (uint64_t i = 0; i < plan->merges; i++)
        counts = stw_mix(counts ^ distinct);
    *sum = stw_mix(counts) + plan->merges;
    for (uint64_t i = 0; i < plan->entries; i++) {
        if (!plan->file.repeated || !plan->file.repeated[i])
            *sum += stw_fold_entry(fold_key_at(plan, i, salt), stw_mix(value_at(i, salt)));
        stw_poll(m);
    }
    return 1;
}

static void last_map(void *self, struct stw_mutator *m, void *state, struct stw_map_stats *stats)
{
    (void)self;
    const struct state *s = state;
    if (s->last)
        stw_map_get_stats(s->strategy, m, s->last, stats);
}

static const struct stw_workload_ops ops = {
    .struct_size = sizeof ops,
    .create = create,
    .destroy = destroy,
    .setup = setup,
    .operate = operate,
    .checksum = checksum,
    .last_map = last_map,
    .expected = expected,
    .map_type = map_type,
};

STW_MANIFEST(
    STW_PLUGIN("workload", "map-merge", "Merges a slice of entries into a new map, repeatedly")
    STW_PARAM_U64("n", "entries", 65536, 0, 16777216, "entries in one merge")
    STW_PARAM_CHOICE("key", "int,string", "int", "what the keys are")
    STW_PARAM_FILE("keys", "sequential,random", "sequential",
                   "sequential, random or the path of a file, one key a line")
    STW_PARAM_U64("merges", "merges", 20, 1, 1000000, "merges by each mutator")
    STW_OPERATIONS("merges")
    STW_PARAM_U64("live", "maps", 0, 0, 100000, "maps that each mutator keeps alive")
    STW_PARAM_U64("hint", "entries", 0, 0, 16777216, "size that the program asks for; 0: none"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "map-merge", &ops));

/* lab/peers.c: finds Go toolchains, builds the peer program, and says which cells it can run. */
#include "lab/peers.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "lab/experiment.h"
#include "lab/settings.h"
#include "prim/program.h"
#include "prim/self.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define LINE_BYTES 1024
#define SOURCE_FOLDER "peers/go" /* beside the executable */

/* What the Go program has; experiments/peers/go/main.go and strategy.go. */
static const char *const workloads[] = {"map-merge", "alloc-small", "tree", "map-churn",
                                        "alloc-sizes", "slice-grow", "steady-heap"};
static const char *const strategies[] = {"none", "presize", "pool", "chunked-merge", "gc-off"};
/* Runtime settings that are Go's too. */
static const char *const settings[] = {"runtime", "strategy", "mutators", "gogc", "gc.processors",
                                       "gc.limit", "gc.trace"};

#define HAS(list, word) has(list, sizeof list / sizeof *list, word)

static int has(const char *const *words, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], word) == 0)
            return 1;
    return 0;
}

/* Finding. */

/* "go version go1.23.8 linux/amd64" -> "go1.23.8", in `label`; "" if the line is another. */
static void parse_version(const char *line, char label[LINE_BYTES])
{
    if (sscanf(line, "go version %63[a-z0-9.]", label) != 1 || strncmp(label, "go1", 3) != 0)
        label[0] = '\0';
}

static stw_status ask_version(const char *path, char label[LINE_BYTES], struct stw_error *error)
{
    char word[] = "version", line[LINE_BYTES];
    char *arguments[] = {(char *)(uintptr_t)path, word, NULL};
    static const char *const environment[] = {"GOTOOLCHAIN=local", NULL};
    struct stw_program program;
    stw_status status = stw_program_start(arguments, environment, NULL, &program, error);
    if (status != STW_OK)
        return status;
    label[0] = '\0';
    while (fgets(line, sizeof line, program.output))
        if (!label[0])
            parse_version(line, label);
    if (stw_program_end(&program) == 0 && label[0])
        return STW_OK;
    return stw_error_set(error, STW_E_IO, NULL, "%s: does not say which Go it is", path);
}

static stw_status add(struct stw_peers *peers, const char *path, struct stw_error *error)
{
    char label[LINE_BYTES];
    stw_status status = ask_version(path, label, error);
    if (status != STW_OK || stw_peers_get(peers, label))
        return status;
    peers->items = stw_grow(peers->items, peers->count + 1, sizeof *peers->items);
    peers->items[peers->count++] =
        (struct stw_peer){.label = stw_strdup(label), .path = stw_strdup(path)};
    return STW_OK;
}

static stw_status add_list(struct stw_peers *peers, const char *list, struct stw_error *error)
{
    char *copy = stw_strdup(list), *rest = copy, *path;
    stw_status status = STW_OK;
    while (status == STW_OK && (path = strsep(&rest, ":")))
        if (*path)
            status = add(peers, path, error);
    free(copy);
    return status;
}

stw_status stw_peers_search(struct stw_peers *peers, struct stw_error *error)
{
    const char *list = getenv("STWLAB_GO");
    stw_status status = STW_OK;
    if (peers->is_searched)
        return STW_OK;
    peers->is_searched = 1;
    for (uint32_t i = 0; status == STW_OK && i < peers->path_count; i++)
        status = add(peers, peers->paths[i], error);
    if (peers->path_count > 0)
        return status;
    if (list && *list)
        return add_list(peers, list, error);
    add(peers, "go", NULL); /* nobody asked for this one */
    return STW_OK;
}

void stw_peers_free(struct stw_peers *peers)
{
    for (uint32_t i = 0; i < peers->count; i++) {
        free(peers->items[i].label);
        free(peers->items[i].path);
        free(peers->items[i].program);
    }
    free(peers->items);
    *peers = (struct stw_peers){0};
}

struct stw_peer *stw_peers_get(const struct stw_peers *peers, const char *label)
{
    for (uint32_t i = 0; i < peers->count; i++)
        if (strcmp(peers->items[i].label, label) == 0)
            return &peers->items[i];
    return NULL;
}

/* Building. */

static stw_status find_source(char folder[PATH_BYTES], struct stw_error *error)
{
    struct stat about;
    stw_status status = stw_self_path(folder, PATH_BYTES - sizeof SOURCE_FOLDER, error);
    if (status != STW_OK)
        return status;
    strcpy(strrchr(folder, '/') + 1, SOURCE_FOLDER);
    if (stat(folder, &about) != 0)
        snprintf(folder, PATH_BYTES, "%s", STW_INSTALLED_PEERS "/go");
    if (stat(folder, &about) == 0)
        return STW_OK;
    return stw_error_set(error, STW_E_IO, NULL, "the Go program's source is missing: %s", folder);
}

static stw_status hash_file(const char *folder, const char *name, uint64_t *hash,
                            struct stw_error *error)
{
    char path[2 * PATH_BYTES], line[LINE_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return stw_error_set(error, STW_E_IO, NULL, "%s: %s", path, strerror(errno));
    *hash = stw_hash_text(*hash, name);
    while (fgets(line, sizeof line, file))
        *hash = stw_hash_text(*hash, line);
    fclose(file);
    return STW_OK;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Of all that the program is built from. */
static stw_status hash_source(const struct stw_peer *peer, const char *folder, uint64_t *hash,
                              struct stw_error *error)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_visible, alphasort);
    if (count < 0)
        return stw_error_set(error, STW_E_IO, NULL, "%s: %s", folder, strerror(errno));
    stw_status status = STW_OK;
    *hash = stw_hash_text(stw_hash_text(STW_HASH_START, peer->label), peer->path);
    for (int i = 0; i < count; i++) {
        if (status == STW_OK)
            status = hash_file(folder, entries[i]->d_name, hash, error);
        free(entries[i]);
    }
    free(entries);
    return status;
}

/* Makes the folder; its path, or null with an error. */
static char *make_cache(struct stw_error *error)
{
    struct stw_text path = {0};
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache && *cache == '/')
        stw_text_add(&path, "%s", cache);
    else
        stw_text_add(&path, "%s/.cache", home && *home == '/' ? home : "/tmp");
    mkdir(path.bytes, 0700);
    stw_text_add(&path, "/stwlab");
    if (mkdir(path.bytes, 0700) == 0 || errno == EEXIST)
        return path.bytes;
    stw_error_set(error, STW_E_IO, NULL, "%s: cannot be made: %s", path.bytes, strerror(errno));
    stw_text_free(&path);
    return NULL;
}

/* Runs `go build` in the folder. */
static stw_status build(const struct stw_peer *peer, const char *folder, const char *output,
                        struct stw_error *error)
{
    static const char *const environment[] = {"GOTOOLCHAIN=local", "GO111MODULE=on", "GOFLAGS=",
                                              "GOWORK=off", "GOPROXY=off", "CGO_ENABLED=0", NULL};
    char build_word[] = "build", trim[] = "-trimpath", out[] = "-o", here[] = ".";
    char *arguments[] = {peer->path, build_word, trim, out, (char *)(uintptr_t)output, here, NULL};
    struct stw_program program;
    struct stw_text said = {0};
    char line[LINE_BYTES];
    stw_status status = stw_program_start(arguments, environment, folder, &program, error);
    if (status != STW_OK)
        return status;
    while (fgets(line, sizeof line, program.output))
        stw_text_add(&said, "%s", line);
    if (stw_program_end(&program) != 0)
        status = stw_error_set(error, STW_E_IO, "runtime", "%s cannot build %s: %s", peer->label,
                               folder, said.length ? said.bytes : "it says nothing");
    stw_text_free(&said);
    return status;
}

/* Built beside its place and moved there, so that nobody runs half a program. */
static stw_status build_at(const struct stw_peer *peer, const char *folder, const char *place,
                           struct stw_error *error)
{
    struct stw_text fresh = {0};
    stw_text_add(&fresh, "%s.%d", place, (int)getpid());
    fprintf(stderr, "stwlab: building the Go program with %s, once\n", peer->label);
    stw_status status = build(peer, folder, fresh.bytes, error);
    if (status == STW_OK && rename(fresh.bytes, place) != 0)
        status = stw_error_set(error, STW_E_IO, NULL, "%s: %s", place, strerror(errno));
    stw_text_free(&fresh);
    return status;
}

stw_status stw_peer_build(struct stw_peer *peer, struct stw_error *error)
{
    char folder[PATH_BYTES];
    uint64_t hash = 0;
    if (peer->program)
        return STW_OK;
    stw_status status = find_source(folder, error);
    if (status == STW_OK)
        status = hash_source(peer, folder, &hash, error);
    char *cache = status == STW_OK ? make_cache(error) : NULL;
    if (!cache)
        return status == STW_OK ? STW_E_IO : status;
    struct stw_text place = {0};
    stw_text_add(&place, "%s/peer-%s-%016" PRIx64, cache, peer->label, hash);
    free(cache);
    if (access(place.bytes, X_OK) != 0)
        status = build_at(peer, folder, place.bytes, error);
    if (status == STW_OK)
        peer->program = place.bytes;
    else
        stw_text_free(&place);
    return status;
}

/* Fitting. */

static const char *value_of(const struct stw_experiment *e, const struct stw_cell *cell,
                            const char *key)
{
    for (uint32_t i = 0; i < e->axis_count; i++)
        if (strcmp(e->axes[i].key, key) == 0)
            return cell->values[i];
    for (uint32_t i = 0; i < e->fixed_count; i++)
        if (strcmp(e->fixed[i].key, key) == 0)
            return e->fixed[i].values[0];
    return stw_runtime_param(key)->default_text;
}

const char *stw_cell_runtime(const struct stw_experiment *experiment, const struct stw_cell *cell)
{
    return value_of(experiment, cell, "runtime");
}

/* Whether a value of the key makes a difference to a peer. */
static int is_for_peers(const char *key)
{
    if (stw_runtime_param(key))
        return HAS(settings, key);
    const char *dot = strchr(key, '.');
    return !dot || strncmp(key, "strategy.", (size_t)(dot - key) + 1) == 0;
}

static const struct stw_axis *second_of_own(const struct stw_experiment *e,
                                            const struct stw_cell *cell)
{
    for (uint32_t i = 0; i < e->axis_count; i++)
        if (!is_for_peers(e->axes[i].key) && strcmp(cell->values[i], e->axes[i].values[0]) != 0)
            return &e->axes[i];
    return NULL;
}

/* The first strategy of the chain that Go programs have no counterpart of, or "". */
static void find_foreign(const char *chain, char name[STW_ID_BYTES])
{
    char *copy = stw_strdup(chain), *rest = copy, *link;
    name[0] = '\0';
    while (!name[0] && (link = strsep(&rest, "+ ")))
        if (*link && !HAS(strategies, link))
            snprintf(name, STW_ID_BYTES, "%s", link);
    free(copy);
}

char *stw_peer_misfit(const struct stw_peers *peers, const struct stw_experiment *e,
                      const struct stw_cell *cell)
{
    struct stw_text why = {0};
    char strategy[STW_ID_BYTES];
    const char *runtime = stw_cell_runtime(e, cell);
    const struct stw_axis *own = second_of_own(e, cell);
    if (strcmp(runtime, "stwlab") == 0)
        return NULL;
    find_foreign(value_of(e, cell, "strategy"), strategy);
    if (!peers || !stw_peers_get(peers, runtime))
        stw_text_add(&why, "there is no %s: name one by --go or STWLAB_GO, or put it on PATH",
                     runtime);
    else if (!HAS(workloads, e->workload))
        stw_text_add(&why, "the Go program has no workload %s", e->workload);
    else if (strategy[0])
        stw_text_add(&why, "the Go program has no strategy %s", strategy);
    else if (own)
        stw_text_add(&why, "Go has no %s to set: it runs once, beside %s = %s", own->key, own->key,
                     own->values[0]);
    return why.bytes;
}

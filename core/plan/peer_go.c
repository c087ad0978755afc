/* plan/peer_go.c: Go as a peer: finds toolchains and builds the program with each.
 *
 * A toolchain is a runtime of its own, labelled by its version, and by its experiments if it has
 * any: "go1.27.3-X:nogreenteagc". The program is built when a run first needs it, and kept in the
 * user's cache (plan/cache.h) under a name that its sources, the toolchain and its settings decide:
 * so runs that start at the same time may build it twice, and never half. Of the user's settings
 * those that change the program are asked for (`go env`) and count; the others are left out, so
 * that the same sources give the same program: no flags, no cgo, no workspace, no question to a
 * version control system. */
#include "plan/peers.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "plan/cache.h"
#include "prim/program.h"
#include "prim/variables.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUILD_NS 600000000000ull /* a first build compiles the standard library */
#define LINE_BYTES 1024

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
    STW_TRY(stw_program_start(arguments, environment, NULL, STW_PEER_ASK_NS, &program, error));
    label[0] = '\0';
    while (stw_program_line(&program, line, sizeof line))
        if (!label[0])
            parse_version(line, label);
    if (stw_program_end(&program) == 0 && label[0])
        return STW_OK;
    return stw_error_set(error, STW_E_IO, NULL, "%s: does not say which Go it is%s", path,
                         program.is_late ? " within a minute" : "");
}

/* What changes the program, whether by the environment or by `go env -w`. */
#if defined(__aarch64__)
#define LEVEL "GOARM64"
#else
#define LEVEL "GOAMD64"
#endif
static const char *const variables[] = {"GOEXPERIMENT", LEVEL};
#define VARIABLES (sizeof variables / sizeof *variables)

/* "GOEXPERIMENT=x GOAMD64=v1"; what is empty is left out. `experiments`: the first one's value. */
static stw_status ask_settings(const char *path, struct stw_text *settings,
                               char experiments[LINE_BYTES], struct stw_error *error)
{
    char word[] = "env", line[LINE_BYTES], first[LINE_BYTES] = "";
    char *arguments[] = {(char *)(uintptr_t)path, word, (char *)(uintptr_t)variables[0],
                         (char *)(uintptr_t)variables[1], NULL};
    static const char *const environment[] = {"GOTOOLCHAIN=local", NULL};
    struct stw_program program;
    STW_TRY(stw_program_start(arguments, environment, NULL, STW_PEER_ASK_NS, &program, error));
    experiments[0] = '\0';
    for (size_t i = 0; stw_program_line(&program, line, sizeof line); i++) {
        line[strcspn(line, "\n")] = '\0';
        if (i == 0)
            snprintf(first, sizeof first, "%s", line);
        if (i == 0 && !strchr(line, ' '))
            snprintf(experiments, LINE_BYTES, "%s", line);
        if (i < VARIABLES && line[0] && !strchr(line, ' '))
            stw_text_add(settings, "%s%s=%s", settings->length ? " " : "", variables[i], line);
    }
    if (stw_program_end(&program) == 0)
        return STW_OK;
    return stw_error_set(error, STW_E_IO, NULL, "%s: %s", path,
                         first[0] ? first : "does not say its settings");
}

static stw_status add(struct stw_peers *peers, const char *path, struct stw_error *error)
{
    char version[LINE_BYTES], experiments[LINE_BYTES];
    struct stw_text settings = {0}, label = {0};
    stw_status status = ask_version(path, version, error);
    if (status == STW_OK)
        status = ask_settings(path, &settings, experiments, error);
    if (status == STW_OK) {
        /* A comma would end the value in a list. */
        for (char *at = experiments; (at = strchr(at, ','));)
            *at = '+';
        stw_text_add(&label, experiments[0] ? "%s" STW_PEER_VARIANT "%s" : "%s", version,
                     experiments);
        stw_peers_add(peers, &stw_peer_go, label.bytes, path, version, stw_text_get(&settings));
    }
    stw_text_free(&label);
    stw_text_free(&settings);
    return status;
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

/* Of --go, else of STWLAB_GO, else on PATH. */
static stw_status search(struct stw_peers *peers, struct stw_error *error)
{
    const char *list = getenv("STWLAB_GO");
    stw_status status = STW_OK;
    for (uint32_t i = 0; status == STW_OK && i < peers->path_count; i++)
        status = add(peers, peers->paths[i], error);
    if (peers->path_count > 0)
        return status;
    if (list && *list)
        return add_list(peers, list, error);
    add(peers, "go", NULL); /* nobody asked for this one */
    return STW_OK;
}

/* Building. */

static stw_status hash_file(const char *folder, const char *name, uint64_t *hash,
                            struct stw_error *error)
{
    char path[2 * STW_PEER_PATH_BYTES], line[LINE_BYTES];
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
    *hash = stw_hash_text(*hash, peer->settings);
    for (int i = 0; i < count; i++) {
        if (status == STW_OK)
            status = hash_file(folder, entries[i]->d_name, hash, error);
        free(entries[i]);
    }
    free(entries);
    return status;
}

/* What a build's environment says. GOENV=off: of what `go env -w` wrote the settings alone count.
 * Without a home Go has no places of its own; it gets some in ours. */
static void set_variables(struct stw_variables *environment, const struct stw_peer *peer,
                          const char *cache)
{
    static const char *const fixed[] = {
        "GOTOOLCHAIN=local", "GO111MODULE=on", "GOFLAGS=-buildvcs=false", "GOENV=off",
        "GOWORK=off", "GOPROXY=off", "CGO_ENABLED=0", "GOEXPERIMENT=", NULL};
    const char *home = getenv("HOME"), *place = getenv("XDG_CACHE_HOME");
    char *settings = stw_strdup(peer->settings), *rest = settings, *each;
    stw_variables_set_all(environment, fixed);
    while ((each = strsep(&rest, " ")))
        if (*each)
            stw_variables_set(environment, each);
    free(settings);
    if (getenv("GOCACHE") || (home && *home) || (place && *place))
        return;
    struct stw_text text = {0};
    stw_text_add(&text, "%s/go-build", cache);
    stw_variables_set_value(environment, "GOCACHE", text.bytes);
    stw_text_free(&text);
    stw_text_add(&text, "%s/go", cache);
    stw_variables_set_value(environment, "GOPATH", text.bytes);
    stw_text_free(&text);
}

/* Runs `go build` in the folder. */
static stw_status build(const struct stw_peer *peer, const char *folder, const char *cache,
                        const char *output, struct stw_error *error)
{
    struct stw_variables environment = {0};
    set_variables(&environment, peer, cache);
    char build_word[] = "build", trim[] = "-trimpath", out[] = "-o", here[] = ".";
    char *arguments[] = {peer->path, build_word, trim, out, (char *)(uintptr_t)output, here, NULL};
    struct stw_program program;
    struct stw_text said = {0};
    char line[LINE_BYTES];
    stw_status status =
        stw_program_start(arguments, (const char *const *)stw_variables_list(&environment), folder,
                          BUILD_NS, &program, error);
    stw_variables_free(&environment);
    if (status != STW_OK)
        return status;
    while (stw_program_line(&program, line, sizeof line))
        stw_text_add(&said, "%s", line);
    int32_t ended = stw_program_end(&program);
    if (program.is_late)
        stw_text_add(&said, "%sit took longer than %llu s", said.length ? "; " : "",
                     BUILD_NS / 1000000000u);
    if (ended != 0)
        status = stw_error_set(error, STW_E_IO, "runtime", "%s cannot build %s: %s", peer->label,
                               folder, said.length ? said.bytes : "it says nothing");
    stw_text_free(&said);
    return status;
}

/* Built beside its place and moved there, so that nobody runs half a program. */
static stw_status build_at(const struct stw_peer *peer, const char *folder, const char *cache,
                           const char *place, struct stw_error *error)
{
    struct stw_text fresh = {0};
    stw_text_add(&fresh, "%s.%d", place, (int)getpid());
    fprintf(stderr, "stwlab: building the Go program with %s, once\n", peer->label);
    stw_status status = build(peer, folder, cache, fresh.bytes, error);
    chmod(fresh.bytes, 0755); /* whatever the user's mask is */
    if (status == STW_OK && rename(fresh.bytes, place) != 0)
        status = stw_error_set(error, STW_E_IO, NULL, "%s: %s", place, strerror(errno));
    stw_text_free(&fresh);
    return status;
}

static stw_status provide(struct stw_peer *peer, struct stw_error *error)
{
    char folder[STW_PEER_PATH_BYTES];
    uint64_t hash = 0;
    const char *cache = NULL;
    STW_TRY(stw_peer_find("go", folder, error));
    STW_TRY(hash_source(peer, folder, &hash, error));
    STW_TRY(stw_cache_folder(&cache, error));
    struct stw_text place = {0};
    stw_text_add(&place, "%s/peer-%s-%016" PRIx64, cache, peer->label, hash);
    stw_status status = STW_OK;
    if (!stw_cache_has_program(place.bytes))
        status = build_at(peer, folder, cache, place.bytes, error);
    if (status == STW_OK)
        peer->program = place.bytes;
    else
        stw_text_free(&place);
    return status;
}

const struct stw_peer_family stw_peer_go = {
    .name = "go",
    .title = "Go",
    .advice = "name one by --go or STWLAB_GO, or put it on PATH",
    .search = search,
    .provide = provide,
};

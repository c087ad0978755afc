/* plan/peer_bdwgc.c: the Boehm-Demers-Weiser collector as a peer: a program that is built with the
 * laboratory where the library is installed, and labelled by the library's version. */
#include "plan/peers.h"

#include "base/error.h"
#include "base/text.h"
#include "prim/program.h"

#include <stdio.h>
#include <string.h>

#define LINE_BYTES 256

/* "bdwgc 8.2.2" -> "bdwgc8.2.2" */
static stw_status ask_version(const char *path, char label[LINE_BYTES], struct stw_error *error)
{
    char word[] = "version", line[LINE_BYTES], version[64] = "";
    char *arguments[] = {(char *)(uintptr_t)path, word, NULL};
    static const char *const environment[] = {NULL};
    struct stw_program program;
    STW_TRY(stw_program_start(arguments, environment, NULL, STW_PEER_ASK_NS, &program, error));
    while (stw_program_line(&program, line, sizeof line))
        sscanf(line, "bdwgc %63[0-9.]", version);
    if (stw_program_end(&program) != 0 || !version[0])
        return stw_error_set(error, STW_E_IO, NULL, "%s: does not say which bdwgc it has%s",
                             path, program.is_late ? " within a minute" : "");
    snprintf(label, LINE_BYTES, "bdwgc%s", version);
    return STW_OK;
}

static stw_status search(struct stw_peers *peers, struct stw_error *error)
{
    char path[STW_PEER_PATH_BYTES], label[LINE_BYTES];
    if (stw_peer_find("bdwgc", path, NULL) != STW_OK)
        return STW_OK; /* built without the library */
    STW_TRY(ask_version(path, label, error));
    stw_peers_add(peers, &stw_peer_bdwgc, label, path, label, "");
    return STW_OK;
}

static stw_status provide(struct stw_peer *peer, struct stw_error *error)
{
    (void)error;
    peer->program = stw_strdup(peer->path);
    return STW_OK;
}

const struct stw_peer_family stw_peer_bdwgc = {
    .name = "bdwgc",
    .title = "bdwgc",
    .advice = "install libgc-dev and build again",
    .search = search,
    .provide = provide,
};

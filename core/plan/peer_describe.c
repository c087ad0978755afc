/* plan/peer_describe.c: asks a peer's program what it can do.
 *
 * PROGRAM describe prints a line each:
 *     workload NAME | strategy NAME | setting NAME      what it has; settings are the lab runtime's
 *     mutators_max N                                    without it, as many as the lab
 *     fact NAME                                         of the lab or a plugin: it tells that, too
 *     fact NAME|UNIT|ADDS|BETTER|HELP                   one of its own, FAMILY.WORD
 *     end
 * PE2  what a peer can do is asked of its program, and nowhere else written down. The answer is as
 *      constant as the program, which is built once for all runs: so asking takes milliseconds. */
#include "plan/peers.h"

#include "base/array.h"
#include "base/error.h"
#include "base/text.h"
#include "host/runtime_params.h"
#include "prim/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 512
#define NAME_BYTES 96u /* of a counter in a record */

/* Whether `line` is "KEY REST"; `rest` begins behind the blank. */
static int is_line(char *line, const char *key, char **rest)
{
    size_t length = strlen(key);
    if (strncmp(line, key, length) != 0 || line[length] != ' ')
        return 0;
    *rest = line + length + 1;
    return 1;
}

int stw_words_have(const struct stw_words *words, const char *word)
{
    for (uint32_t i = 0; i < words->count; i++)
        if (strcmp(words->items[i], word) == 0)
            return 1;
    return 0;
}

static const char *add_word(struct stw_words *words, const char *word)
{
    if (!*word || strpbrk(word, " \t|"))
        return "is no word";
    if (stw_words_have(words, word))
        return "is there twice";
    *STW_APPEND(words->items, words->count) = stw_strdup(word);
    return NULL;
}

/* The number of a word among `count`; `count` when it is none of them. */
static uint32_t number_of(const char *word, const char *(*word_of)(uint32_t), uint32_t count)
{
    uint32_t i = 0;
    while (i < count && strcmp(word_of(i), word) != 0)
        i++;
    return i;
}

/* Its own: "UNIT|ADDS|BETTER|HELP". */
static const char *add_own(struct stw_peer *peer, const char *name, char *rest)
{
    struct stw_peer_description *about = &peer->description;
    char *unit = strsep(&rest, "|"), *adds = strsep(&rest, "|"), *better = strsep(&rest, "|");
    size_t family = strlen(peer->family->name);
    if (!better || !rest || strchr(rest, '|'))
        return "is not NAME|UNIT|ADDS|BETTER|HELP";
    if (strncmp(name, peer->family->name, family) != 0 || name[family] != '.')
        return "is neither one of the lab's facts nor begins with its own name and a point";
    struct stw_fact fact = {.name = name, .place = STW_IN_COUNTERS, .when = STW_WHEN_TIMED,
                            .runtimes = STW_RUNTIMES_PEER};
    fact.adds = number_of(adds, stw_fact_adds, STW_ADDS);
    fact.better = number_of(better, stw_fact_better, STW_BETTERS);
    if (fact.adds == STW_ADDS || fact.better == STW_BETTERS)
        return "adds up or is better in no way that there is";
    fact.name = stw_strdup(name);
    fact.unit = stw_strdup(unit);
    fact.help = stw_strdup(rest);
    *STW_APPEND(about->own, about->own_count) = fact;
    return NULL;
}

static const char *add_fact(struct stw_peer *peer, char *text)
{
    char *rest = text, *name = strsep(&rest, "|");
    const struct stw_fact *known = stw_fact_find(name);
    if (strlen(name) >= NAME_BYTES)
        return "has a name that is too long";
    const char *wrong = add_word(&peer->description.facts, name);
    if (wrong || rest)
        return wrong ? wrong : add_own(peer, name, rest);
    if (known ? known->place == STW_IN_COUNTERS && known->runtimes != STW_RUNTIMES_LAB
              : strchr(name, '/') != NULL)
        return NULL;
    return known ? "is one that only the lab's runtime has" : "is no fact of the lab's";
}

static const char *add_setting(struct stw_peer *peer, const char *name)
{
    return stw_runtime_param(name) ? add_word(&peer->description.settings, name)
                                   : "is no setting of the runtime";
}

/* Null, or what is wrong with the line. */
static const char *take_line(struct stw_peer *peer, char *line, int *has_end)
{
    struct stw_peer_description *about = &peer->description;
    char *rest, end;
    if (strcmp(line, "end") == 0)
        *has_end = 1;
    else if (is_line(line, "workload", &rest))
        return add_word(&about->workloads, rest);
    else if (is_line(line, "strategy", &rest))
        return add_word(&about->strategies, rest);
    else if (is_line(line, "setting", &rest))
        return add_setting(peer, rest);
    else if (is_line(line, "fact", &rest))
        return add_fact(peer, rest);
    else if (sscanf(line, "mutators_max %u%c", &about->mutators_max, &end) != 1)
        return "is nothing that a description says";
    return NULL;
}

static stw_status read_answer(struct stw_peer *peer, struct stw_program *program,
                              struct stw_error *error)
{
    char line[LINE_BYTES];
    struct stw_text wrong = {0};
    int has_end = 0;
    while (stw_program_line(program, line, sizeof line)) {
        line[strcspn(line, "\n")] = '\0';
        char *copy = stw_strdup(line);
        const char *what = take_line(peer, line, &has_end);
        if (what && !wrong.length)
            stw_text_add(&wrong, "\"%s\" %s", copy, what);
        free(copy);
    }
    int32_t ended = stw_program_end(program);
    if (program->is_late)
        stw_text_add(&wrong, "%sit takes longer than a minute", wrong.length ? "; " : "");
    else if (ended != 0 || (!has_end && !wrong.length))
        stw_text_add(&wrong, ended ? "%sit ended with status %d" : "%sit says no end",
                     wrong.length ? "; " : "", ended);
    stw_status status = STW_OK;
    if (wrong.length)
        status = stw_error_set(error, STW_E_IO, "runtime",
                               "%s: does not say what it can do: %s describe: %s", peer->label,
                               peer->program, wrong.bytes);
    stw_text_free(&wrong);
    return status;
}

stw_status stw_peer_ask(struct stw_peer *peer, struct stw_error *error)
{
    char word[] = "describe";
    static const char *const environment[] = {NULL};
    struct stw_program program;
    if (peer->is_described)
        return STW_OK;
    STW_TRY(stw_peer_provide(peer, error));
    char *arguments[] = {peer->program, word, NULL};
    STW_TRY(stw_program_start(arguments, environment, NULL, STW_PEER_ASK_NS, &program, error));
    STW_TRY(read_answer(peer, &program, error));
    peer->is_described = 1;
    return STW_OK;
}

static void free_words(struct stw_words *words)
{
    for (uint32_t i = 0; i < words->count; i++)
        free(words->items[i]);
    free(words->items);
}

void stw_peer_forget(struct stw_peer *peer)
{
    struct stw_peer_description *about = &peer->description;
    for (uint32_t i = 0; i < about->own_count; i++) {
        free((void *)(uintptr_t)about->own[i].name);
        free((void *)(uintptr_t)about->own[i].unit);
        free((void *)(uintptr_t)about->own[i].help);
    }
    free(about->own);
    free_words(&about->workloads);
    free_words(&about->strategies);
    free_words(&about->settings);
    free_words(&about->facts);
    *about = (struct stw_peer_description){0};
}

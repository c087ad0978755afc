/* base/facts.c: the table of facts, made of base/facts.def. */
#include "base/facts.h"

#include "base/check.h"

#include <stddef.h>
#include <string.h>

#define LINE(place_, where_, window_, name_, unit_, adds_, when_, better_, runtimes_, help_)       \
    {.name = name_, .unit = unit_, .place = place_, .adds = STW_ADDS_##adds_,                      \
     .when = STW_WHEN_##when_, .better = STW_BETTER_##better_,                                     \
     .runtimes = STW_RUNTIMES_##runtimes_, .where = where_, .window_ns = window_, .help = help_},

const struct stw_fact stw_facts[STW_FACTS] = {
#define COLLECTOR(id, field, ...) LINE(STW_IN_COUNTERS, NULL, 0, __VA_ARGS__)
#define COUNTER(id, ...) LINE(STW_IN_COUNTERS, NULL, 0, __VA_ARGS__)
#define TRIAL(id, column, ...) LINE(STW_IN_TRIALS, column, 0, __VA_ARGS__)
#define STOP(id, column, ...) LINE(STW_IN_PAUSES, column, 0, __VA_ARGS__)
#define STEP(id, step, ...) LINE(STW_IN_STEPS, step, 0, __VA_ARGS__)
#define CYCLE(id, column, ...) LINE(STW_IN_CYCLES, column, 0, __VA_ARGS__)
#define OPERATION(id, ...) LINE(STW_IN_OPS, NULL, 0, __VA_ARGS__)
#define WINDOW(id, ns, ...) LINE(STW_IN_MMU, NULL, ns, __VA_ARGS__)
#define HICCUP(id, ...) LINE(STW_IN_HICCUPS, "late_ns", 0, __VA_ARGS__)
#define DERIVED(id, expression, ...) LINE(STW_IN_OTHERS, expression, 0, __VA_ARGS__)
#include "base/facts.def"
};

const struct stw_stop_kind stw_stop_kinds[] = {
#define KIND(word, rows, help) {word, rows, help},
#include "base/facts.def"
};
const uint32_t stw_stop_kind_count = sizeof stw_stop_kinds / sizeof *stw_stop_kinds;

const struct stw_fact_alias stw_fact_aliases[] = {
#define ALIAS(word, name) {word, name},
#include "base/facts.def"
};
const uint32_t stw_fact_alias_count = sizeof stw_fact_aliases / sizeof *stw_fact_aliases;

const struct stw_fact *stw_fact_find(const char *name)
{
    for (uint32_t i = 0; i < STW_FACTS; i++)
        if (strcmp(stw_facts[i].name, name) == 0)
            return &stw_facts[i];
    return NULL;
}

const char *stw_fact_scope(const struct stw_fact *fact)
{
    static const char *const scopes[] = {
        [STW_IN_COUNTERS] = "trial",  [STW_IN_TRIALS] = "trial", [STW_IN_PAUSES] = "stop",
        [STW_IN_STEPS] = "stop",      [STW_IN_CYCLES] = "cycle", [STW_IN_OPS] = "operation",
        [STW_IN_MMU] = "trial",       [STW_IN_HICCUPS] = "trial", [STW_IN_OTHERS] = "trial",
    };
    int is_mutators = fact->adds != STW_ADDS_NONE && fact->when == STW_WHEN_THREADS;
    return is_mutators ? "mutator" : scopes[fact->place];
}

const char *stw_fact_adds(uint32_t adds)
{
    static const char *const words[STW_ADDS] = {"none", "sum", "max", "least", "last"};
    STW_REQUIRE(adds < STW_ADDS);
    return words[adds];
}

const char *stw_fact_when(uint32_t when)
{
    static const char *const words[STW_WHENS] = {"exact", "timed", "threads"};
    STW_REQUIRE(when < STW_WHENS);
    return words[when];
}

const char *stw_fact_better(uint32_t better)
{
    static const char *const words[STW_BETTERS] = {"neither", "less", "more"};
    STW_REQUIRE(better < STW_BETTERS);
    return words[better];
}

const char *stw_fact_runtimes(uint32_t runtimes)
{
    static const char *const words[STW_RUNTIMES] = {"stwlab", "some", "all", "other"};
    STW_REQUIRE(runtimes < STW_RUNTIMES);
    return words[runtimes];
}

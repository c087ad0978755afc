/* host/counters.c: places for plugins' counters: for each mutator a row of its own, lines of the
 * processors' caches apart from the next, and a shared row for what no mutator counts. */
#include "host/counters.h"

#include "base/check.h"
#include "base/error.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

#define LINE_WORDS 8u /* of 64 bytes */

struct place {
    const struct stw_plugin_info *info;
    const struct stw_counter_info *counter;
};

struct stw_counters {
    uint32_t capacity, count, mutators;
    uint32_t reserved, reserved_max; /* places behind those of plugins */
    struct place *places;
    struct stw_named_counter *named; /* the same order */
    uint64_t *rows; /* [mutators + 1][row_words]; the last is shared */
    uint64_t row_words;
};

struct stw_counters *stw_counters_new(uint32_t plugins, uint32_t mutators)
{
    struct stw_counters *counters = stw_new(1, sizeof *counters);
    counters->capacity = plugins * STW_COUNTERS_DECLARED;
    counters->mutators = mutators;
    counters->places = stw_new(counters->capacity, sizeof *counters->places);
    counters->named = stw_new(counters->capacity, sizeof *counters->named);
    counters->reserved_max = plugins;
    counters->row_words = counters->capacity + plugins + LINE_WORDS;
    counters->rows = stw_new((mutators + 1) * counters->row_words, sizeof *counters->rows);
    return counters;
}

void stw_counters_free(struct stw_counters *counters)
{
    free(counters->places);
    free(counters->named);
    free(counters->rows);
    free(counters);
}

uint64_t *stw_counters_of(const struct stw_counters *counters, uint32_t mutator)
{
    STW_REQUIRE(mutator <= counters->mutators);
    return counters->rows + mutator * counters->row_words;
}

void stw_counters_add(struct stw_counters *counters, const struct stw_plugin_info *info,
                      struct stw_config *config)
{
    uint64_t *shared = stw_counters_of(counters, counters->mutators);
    STW_REQUIRE(counters->count + info->counter_count <= counters->capacity);
    config->counters = counters->named + counters->count;
    config->counter_count = info->counter_count;
    for (uint32_t i = 0; i < info->counter_count; i++) {
        uint32_t at = counters->count++;
        counters->places[at] = (struct place){info, &info->counters[i]};
        counters->named[at] = (struct stw_named_counter){info->counters[i].name,
                                                         {shared + at, at}};
    }
}

struct stw_counter stw_counters_reserve(struct stw_counters *counters)
{
    STW_REQUIRE(counters->reserved < counters->reserved_max);
    uint64_t at = counters->capacity + counters->reserved++;
    return (struct stw_counter){stw_counters_of(counters, counters->mutators) + at, at};
}

uint64_t stw_counters_sum(const struct stw_counters *counters, struct stw_counter reserved)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i <= counters->mutators; i++)
        sum += stw_counters_of(counters, i)[reserved.index];
    return sum;
}

uint32_t stw_counters_count(const struct stw_counters *counters)
{
    return counters->count;
}

void stw_counter_name(const struct stw_plugin_info *info, const struct stw_counter_info *counter,
                      char *name, uint32_t name_bytes)
{
    snprintf(name, name_bytes, "%s/%s.%s", stw_kind_name(info->kind), info->id, counter->name);
}

stw_status stw_counters_read(const struct stw_counters *counters, uint32_t at, char *name,
                             uint32_t name_bytes, uint64_t *value, struct stw_error *error)
{
    const struct place *place = &counters->places[at];
    uint32_t adds = place->counter->adds;
    uint64_t total = __atomic_load_n(counters->named[at].counter.shared, __ATOMIC_RELAXED);
    stw_counter_name(place->info, place->counter, name, name_bytes);
    for (uint32_t i = 0; i < counters->mutators; i++) {
        uint64_t own = stw_counters_of(counters, i)[at];
        if (adds == STW_ADDS_LAST && own)
            return stw_error_set(error, STW_E_INVALID, name,
                                 "it is declared as a gauge, and was counted: stw_gauge sets it");
        total = adds == STW_ADDS_SUM ? total + own : own > total ? own : total;
    }
    *value = total;
    return STW_OK;
}

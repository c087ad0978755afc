/* testing/config.c: configurations made by hand; see stwlab/testing.h. */
#include "base/check.h"
#include "base/text.h"

#include <string.h>
#include <stwlab/testing.h>

struct fake_config {
    struct stw_config config; /* first: tests have its address */
    struct stw_value values[FAKE_VALUES];
    struct stw_named_counter counters[FAKE_VALUES];
    struct fake_config *next; /* so that none is lost */
};

static struct fake_config *configs;
static uint64_t shared[FAKE_COUNTERS];
static uint64_t counters_used;

static struct fake_config *made_of(struct stw_config *config)
{
    return (struct fake_config *)(void *)config;
}

struct stw_config *fake_config(void)
{
    struct fake_config *made = stw_new(1, sizeof *made);
    made->config = (struct stw_config){
        .struct_size = sizeof made->config, .values = made->values, .counters = made->counters};
    made->next = configs;
    configs = made;
    return &made->config;
}

static struct stw_value *add(struct stw_config *config, const char *name, uint32_t type)
{
    STW_REQUIRE(config->value_count < FAKE_VALUES);
    struct stw_value *value = &made_of(config)->values[config->value_count++];
    *value = (struct stw_value){.name = name, .type = type};
    return value;
}

struct stw_config *fake_set_u64(struct stw_config *config, const char *name, uint64_t value)
{
    add(config, name, STW_TYPE_U64)->as_u64 = value;
    return config;
}

struct stw_config *fake_set_f64(struct stw_config *config, const char *name, double value)
{
    add(config, name, STW_TYPE_F64)->as_f64 = value;
    return config;
}

struct stw_config *fake_set_bool(struct stw_config *config, const char *name, uint32_t value)
{
    add(config, name, STW_TYPE_BOOL)->as_u64 = value != 0;
    return config;
}

struct stw_config *fake_set_text(struct stw_config *config, const char *name, const char *value)
{
    add(config, name, STW_TYPE_TEXT)->as_text = value;
    return config;
}

struct stw_config *fake_set_choice(struct stw_config *config, const char *name, uint32_t choice,
                                   const char *word)
{
    struct stw_value *value = add(config, name, STW_TYPE_CHOICE);
    value->choice = choice;
    value->as_text = word;
    return config;
}

struct stw_config *fake_set_counter(struct stw_config *config, const char *name)
{
    STW_REQUIRE(config->counter_count < FAKE_VALUES && counters_used < FAKE_COUNTERS);
    made_of(config)->counters[config->counter_count++] =
        (struct stw_named_counter){name, {&shared[counters_used], counters_used}};
    shared[counters_used++] = 0;
    return config;
}

uint64_t fake_counted(const struct stw_config *config, const char *name)
{
    struct stw_counter counter = stw_config_counter(config, name);
    uint64_t sum = __atomic_load_n(counter.shared, __ATOMIC_RELAXED);
    for (uint32_t i = 0; fake_mutator(i); i++)
        sum += fake_mutator(i)->counts[counter.index];
    return sum;
}

/* trial/record.c: what writers and readers of a record share. */
#include "trial/record.h"

#include "base/check.h"

#include <stdio.h>

const uint64_t stw_record_windows_ns[STW_RECORD_WINDOWS] = {
#define WINDOW(id, window_ns, ...) window_ns,
#include "base/facts.def"
};

void stw_record_op_name(const struct stw_record *record, uint32_t at, char *name,
                        uint32_t name_bytes)
{
    int is_intended = at == STW_OP_INTENDED || at % 2 == STW_OP_CLASS_INTENDED(0) % 2;
    const char *fact = stw_facts[is_intended ? STW_FACT_OP_INTENDED : STW_FACT_OP].name;
    if (at == STW_OP_INTENDED)
        snprintf(name, name_bytes, "%s", fact);
    else
        snprintf(name, name_bytes, "%s:%s", fact, record->op_classes[(at - 1) / 2]);
}

int stw_record_count_as(struct stw_record *record, const char *name, uint64_t value)
{
    for (uint32_t i = 0; i < STW_RECORD_COUNTERS; i++) {
        struct stw_record_counter *counter = &record->counters[i];
        if (counter->name[0])
            continue;
        snprintf(counter->name, sizeof counter->name, "%s", name);
        counter->value = value;
        return 1;
    }
    return 0;
}

void stw_record_count(struct stw_record *record, enum stw_fact_id fact, uint64_t value)
{
    STW_ASSERT(stw_facts[fact].place == STW_IN_COUNTERS);
    STW_REQUIRE(stw_record_count_as(record, stw_facts[fact].name, value));
}

/* trial/record.c: what writers and readers of a record share. */
#include "trial/record.h"

#include <stdio.h>

const uint64_t stw_record_windows_ns[STW_RECORD_WINDOWS] = {
    100000,   200000,   500000,    1000000,   2000000,   5000000,    10000000,
    20000000, 50000000, 100000000, 200000000, 500000000, 1000000000,
};

void stw_record_count(struct stw_record *record, const char *name, uint64_t value)
{
    for (uint32_t i = 0; i < STW_RECORD_COUNTERS; i++) {
        struct stw_record_counter *counter = &record->counters[i];
        if (counter->name[0])
            continue;
        snprintf(counter->name, sizeof counter->name, "%s", name);
        counter->value = value;
        return;
    }
}

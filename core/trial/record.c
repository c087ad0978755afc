/* trial/record.c: what writers and readers of a record share. */
#include "trial/record.h"

#include "base/check.h"
#include "base/error.h"
#include "prim/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const uint64_t stw_record_windows_ns[STW_RECORD_WINDOWS] = {
#define WINDOW(id, window_ns, ...) window_ns,
#include "base/facts.def"
};

void stw__record_check(const struct stw_record *record)
{
    STW_REQUIRE(record->magic == STW_RECORD_MAGIC && record->bytes == STW_RECORD_BYTES);
    STW_REQUIRE(record->pause_capacity == STW_RECORD_PAUSES);
    STW_REQUIRE(memchr(record->settings, '\0', sizeof record->settings));
    STW_REQUIRE(record->state == STW_RECORD_EMPTY && record->verdict == STW_VERDICT_NONE);
    STW_REQUIRE(!record->pause_count && !record->cycle_count && !record->counters[0].name[0]);
}

struct stw_record *stw_record_new(const char *settings, int *descriptor, struct stw_error *error)
{
    size_t length = strlen(settings);
    struct stw_record *record = NULL;
    *descriptor = stw_memory_share("stwlab-record", STW_RECORD_BYTES);
    if (*descriptor >= 0)
        record = stw_memory_map_shared(*descriptor, STW_RECORD_BYTES);
    if (!record)
        stw_error_set(error, STW_E_NOMEM, NULL,
                      "cannot make the record of a trial (%zu MiB of address space): %s",
                      STW_RECORD_BYTES >> 20, strerror(errno));
    if (record && length >= sizeof record->settings) {
        stw_error_set(error, STW_E_INVALID, NULL, "the settings of a cell exceed %zu bytes",
                      sizeof record->settings);
        stw_memory_unmap(record, STW_RECORD_BYTES);
        record = NULL;
    }
    if (!record) {
        if (*descriptor >= 0)
            close(*descriptor);
        *descriptor = -1;
        return NULL;
    }
    memcpy(record->settings, settings, length + 1);
    record->magic = STW_RECORD_MAGIC;
    record->bytes = STW_RECORD_BYTES;
    record->pause_capacity = STW_RECORD_PAUSES;
    STW_CHECK(stw__record_check(record));
    return record;
}

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

int stw_record_judge(struct stw_record *record, uint32_t verdict, const char *field,
                     const char *message)
{
    uint32_t none = STW_VERDICT_NONE;
    if (!__atomic_compare_exchange_n(&record->verdict, &none, verdict, 0, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST))
        return 0;
    snprintf(record->message, sizeof record->message, "%s", message);
    snprintf(record->field, sizeof record->field, "%s", field ? field : "");
    return 1;
}

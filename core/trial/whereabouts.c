/* trial/whereabouts.c: where the threads of a trial are when it crashes or its time is up.
 *
 * WH1  what the worker tells, it tells in signal handlers of a process that may be broken: nothing
 *      is read that may not be there. A site is told if an object holds it, as static strings are.
 * WH2  the coordinator waits for answers for a bounded time. Who is not prepared for the question,
 *      and dies of it, was late all the same.
 * WH3  slots are told last, from the unwind tables: on a broken stack that may end the process.
 * Rejected: looking at the worker through /proc or ptrace, which not every system permits. */
#include "trial/whereabouts.h"

#include "base/utf8.h"
#include "host/runtime.h"
#include "host/symbol.h"
#include "prim/identity.h"
#include "prim/module.h"
#include "prim/process.h"
#include "prim/thread.h"
#include "trial/trial.h"

#include <inttypes.h>
#include <string.h>

#define ANSWER_NS 100000000u
#define LOOK_NS 1000000u
#define TOLD_PLACE 1u
#define TOLD_ALL 2u
#define FRAMES 64u
#define SHOWN 3u /* mutators, where no stop waits for one */
#define MS_NS 1000000u
#define FOR_NS_MAX (1ull << 50) /* 13 days: more is nonsense */

static struct stw_record *record_of_worker;

static void copy_site(char site[STW_SITE_BYTES])
{
    const struct stw_mutator *m = stw_mutator_self();
    const char *from = m ? __atomic_load_n(&m->site, __ATOMIC_RELAXED) : NULL;
    if (from && stw_object_holds(from) && stw_object_holds(from + STW_SITE_BYTES - 1))
        strncpy(site, from, STW_SITE_BYTES - 1);
}

static void append(char to[STW_CALLS_BYTES], const char *words)
{
    size_t length = strlen(to);
    strncat(to, words, STW_CALLS_BYTES - 1 - length);
}

/* The slots that the thread is in, innermost first. */
static void copy_calls(char calls[STW_CALLS_BYTES])
{
    const void *begins[FRAMES];
    uint32_t count = stw_module_functions(begins, FRAMES);
    for (uint32_t i = 0; i < count; i++) {
        const void *outer = i + 1 < count ? begins[i + 1] : NULL;
        const char *slot = NULL, *plugin = stw_trial_frame(begins[i], outer, &slot);
        if (!plugin)
            continue;
        append(calls, *calls ? " < " : "");
        append(calls, plugin);
        append(calls, slot ? "." : "");
        append(calls, slot ? slot : "");
    }
}

static void tell(const struct stw_code_place *place, int crashed)
{
    struct stw_record *record = record_of_worker;
    uint32_t mutator = stw_trial_mutator();
    if (!crashed && mutator >= STW_RECORD_WHERES)
        return;
    struct stw_record_where *where = crashed ? &record->crash_where : &record->wheres[mutator];
    where->mutator = mutator;
    where->place = *place;
    copy_site(where->site);
    where->world = stw_gc_hold(stw_runtime_gc());
    __atomic_store_n(&where->is_told, TOLD_PLACE, __ATOMIC_RELEASE);
    copy_calls(where->calls);
    __atomic_store_n(&where->is_told, TOLD_ALL, __ATOMIC_RELEASE);
}

void stw_whereabouts_install(struct stw_record *record)
{
    record_of_worker = record;
    stw_crash_tell_install(tell);
}

static int is_told(const struct stw_record_where *where)
{
    uint32_t told = __atomic_load_n(&where->is_told, __ATOMIC_ACQUIRE);
    return told == TOLD_PLACE || told == TOLD_ALL;
}

static int has_answered(const struct stw_record_where *where)
{
    return __atomic_load_n(&where->is_told, __ATOMIC_ACQUIRE) == TOLD_ALL;
}

void stw_whereabouts_ask(const struct stw_process *process, const struct stw_record *record)
{
    uint32_t never = 0, asked[STW_RECORD_WHERES] = {0};
    uint64_t until_ns = stw_clock_ns() + ANSWER_NS;
    if (__atomic_load_n(&record->state, __ATOMIC_ACQUIRE) == STW_RECORD_EMPTY)
        return;
    for (uint32_t i = 0; i < STW_RECORD_WHERES; i++) {
        int32_t thread = i ? record->threads[i - 1] : process->pid;
        asked[i] = thread > 0;
        stw_process_ask(process, thread);
    }
    for (uint32_t i = 0; i < STW_RECORD_WHERES; i++)
        while (asked[i] && !has_answered(&record->wheres[i]) && stw_clock_ns() < until_ns)
            stw_futex_wait(&never, 0, LOOK_NS);
}

/* Text. */

static void add_place(const struct stw_code_place *place, struct stw_text *text)
{
    char symbol[STW_SYMBOL_BYTES], path[sizeof place->object + 1] = "";
    memcpy(path, place->object, sizeof place->object);
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    stw_text_add(text, " in ");
    if (!*name) {
        stw_text_add(text, "no code, at 0x%" PRIx64, place->offset);
        return;
    }
    stw_utf8_add_words(text, name, strlen(name));
    stw_text_add(text, "+0x%" PRIx64, place->offset);
    const char *file = strcmp(path, STW_OBJECT_SELF) == 0 ? STW_SELF_FILE : path;
    if (stw_symbol_find(file, place->offset, symbol))
        stw_text_add(text, " (%s)", symbol);
}

static void add_site(const struct stw_record_where *where, struct stw_text *text)
{
    size_t length = strnlen(where->site, sizeof where->site);
    if (length == 0)
        return;
    stw_text_add(text, ", at site \"");
    stw_utf8_add_words(text, where->site, length);
    stw_text_add(text, "\"");
}

static void add_calls(const struct stw_record_where *where, struct stw_text *text)
{
    size_t length = strnlen(where->calls, sizeof where->calls);
    if (length == 0)
        return;
    stw_text_add(text, ", during ");
    stw_utf8_add_words(text, where->calls, length);
}

static void add_world(const struct stw_gc_hold *world, struct stw_text *text)
{
    uint64_t ms = world->for_ns < FOR_NS_MAX ? world->for_ns / MS_NS : 0;
    if (world->is_stopped)
        stw_text_add(text, "; the world had been stopped for %" PRIu64 " ms", ms);
    else if (world->is_stopping && world->mutator && world->mutator <= STW_RECORD_MUTATORS)
        stw_text_add(text, "; a stop had waited for mutator %u for %" PRIu64 " ms",
                     world->mutator - 1, ms);
}

void stw_whereabouts_of_crash(const struct stw_record *record, struct stw_text *text)
{
    const struct stw_record_where *where = &record->crash_where;
    if (!is_told(where))
        return;
    add_place(&where->place, text);
    add_site(where, text);
    if (where->mutator && where->mutator <= STW_RECORD_MUTATORS)
        stw_text_add(text, " of mutator %u", where->mutator - 1);
    add_calls(where, text);
    add_world(&where->world, text);
}

static void add_where(const struct stw_record_where *where, uint32_t at, struct stw_text *text)
{
    if (at)
        stw_text_add(text, "; mutator %u was", at - 1);
    else
        stw_text_add(text, "; the main thread was");
    add_place(&where->place, text);
    add_site(where, text);
    add_calls(where, text);
}

void stw_whereabouts_of_late(const struct stw_record *record, struct stw_text *text)
{
    const struct stw_record_where *wheres = record->wheres;
    uint32_t holder = is_told(&wheres[0]) ? wheres[0].world.mutator : 0, shown = 0;
    if (is_told(&wheres[0]))
        add_world(&wheres[0].world, text);
    int is_known = holder && holder < STW_RECORD_WHERES && is_told(&wheres[holder]);
    for (uint32_t i = 1; i < STW_RECORD_WHERES && shown < SHOWN; i++)
        if (is_told(&wheres[i]) && (!is_known || i == holder)) {
            add_where(&wheres[i], i, text);
            shown++;
        }
    if (!shown && is_told(&wheres[0]))
        add_where(&wheres[0], 0, text);
}

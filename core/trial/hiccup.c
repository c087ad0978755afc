/* trial/hiccup.c: the idle thread. */
#include "trial/hiccup.h"

#include "prim/thread.h"

#define WAITING 0u
#define OPEN 1u
#define CLOSED 2u
#define STACK_BYTES 65536u
/* The shortest sleep is no longer than this beyond the time asked for, though the first ones may be
 * late: Linux lets a timer be 50 us late (PR_SET_TIMERSLACK), and a wake takes some 10. */
#define SLACK_NS 100000u

static void note_longest(struct stw_hiccup_meter *meter, uint64_t at_ns, uint64_t late_ns)
{
    uint32_t i = STW_RECORD_HICCUPS;
    for (; i > 0 && meter->longest[i - 1].late_ns < late_ns; i--)
        if (i < STW_RECORD_HICCUPS)
            meter->longest[i] = meter->longest[i - 1];
    if (i < STW_RECORD_HICCUPS)
        meter->longest[i] = (struct stw_hiccup){at_ns, late_ns};
}

static void note(struct stw_hiccup_meter *meter, uint64_t at_ns, uint64_t late_ns)
{
    note_longest(meter, at_ns, late_ns);
    for (; late_ns > STW_HICCUP_NS; late_ns -= STW_HICCUP_NS)
        stw_histogram_record(&meter->late_ns, late_ns);
    stw_histogram_record(&meter->late_ns, late_ns);
}

static uint32_t state_of(struct stw_hiccup_meter *meter)
{
    return __atomic_load_n(&meter->state, __ATOMIC_ACQUIRE);
}

/* Measures from the opening to the first wake, and from one wake to the next: no time lies between
 * two sleeps, so no hiccup falls there unseen. */
static void measure(struct stw_hiccup_meter *meter)
{
    uint64_t least_ns = STW_HICCUP_NS + SLACK_NS, woke_ns = meter->opened_ns;
    do {
        stw_futex_wait(&meter->state, OPEN, STW_HICCUP_NS);
        uint64_t before_ns = woke_ns;
        woke_ns = stw_clock_ns();
        uint64_t slept_ns = woke_ns - before_ns;
        if (slept_ns < STW_HICCUP_NS)
            continue; /* woken to end, or by chance */
        least_ns = slept_ns < least_ns ? slept_ns : least_ns;
        note(meter, before_ns + STW_HICCUP_NS, slept_ns - least_ns);
    } while (state_of(meter) == OPEN);
}

static void *run(void *context)
{
    struct stw_hiccup_meter *meter = context;
    while (state_of(meter) == WAITING)
        stw_futex_wait(&meter->state, WAITING, 0);
    if (meter->opened_ns)
        measure(meter);
    return NULL;
}

static void change(struct stw_hiccup_meter *meter, uint32_t state)
{
    __atomic_store_n(&meter->state, state, __ATOMIC_RELEASE);
    stw_futex_wake(&meter->state, STW_FUTEX_ALL);
}

stw_status stw_hiccup_start(struct stw_hiccup_meter *meter)
{
    stw_status status = stw_thread_start(&meter->thread, STACK_BYTES, run, meter);
    meter->is_started = status == STW_OK;
    return status;
}

void stw_hiccup_open(struct stw_hiccup_meter *meter)
{
    meter->opened_ns = stw_clock_ns();
    change(meter, OPEN);
}

void stw_hiccup_close(struct stw_hiccup_meter *meter)
{
    change(meter, CLOSED);
}

void stw_hiccup_end(struct stw_hiccup_meter *meter)
{
    if (!meter->is_started)
        return;
    change(meter, CLOSED);
    pthread_join(meter->thread, NULL);
    meter->is_started = 0;
}

/* trial/losses.c: sums what the mutators' own clocks, their timelines and the pause log say.
 *
 * L1  cpu.total_ns is the sum of mutator, assist, mark, sweep, runtime and stopped, and what the
 *     process used is in one of them: it is not larger but for threads that come and go. A stop is
 *     charged min(processors, mutators) times its wall time, whoever slept or spun meanwhile:
 *     nobody else could use those processors for the program; or what its threads used, if that
 *     is more. What of that nobody used is cpu.held_ns.
 * L2  a mutator's time is its own + taken + machine; nothing counts twice. */
#include "trial/losses.h"

#include "prim/thread.h"
#include "trial/phase.h"

#define LONG_HICCUP_NS 1000000u

/* Of all mutators. */
struct sums {
    uint64_t wall_ns, blocked_ns, machine_ns, unexplained_ns;
    uint64_t taken_ns[STW_TAKEN_KINDS];
    uint64_t intervals, lost;
    uint64_t own_cpu_ns, assist_cpu_ns, mark_cpu_ns, sweep_cpu_ns, runtime_cpu_ns, stop_cpu_ns;
    int is_scheduler_known;
    struct stw_lap longest;
};

static struct stw_cpu_sample sample(const struct stw_losses *losses)
{
    return (struct stw_cpu_sample){.process_ns = stw_clock_process_cpu_ns(),
                                   .gc = stw_gc_cpu(losses->gc),
                                   .meter_ns = stw_clock_cpu_of_ns(losses->hiccups.thread)};
}

stw_status stw_losses_start(struct stw_losses *losses, struct stw_gc *gc, uint32_t mutators,
                            uint32_t processors)
{
    losses->gc = gc;
    losses->mutators = mutators;
    losses->processors = processors;
    return stw_hiccup_start(&losses->hiccups);
}

void stw_losses_enter(struct stw_losses *losses, struct stw_mutator *m, uint64_t now_ns)
{
    if (__atomic_fetch_add(&losses->entered, 1, __ATOMIC_ACQ_REL) == 0) {
        losses->before = sample(losses);
        stw_hiccup_open(&losses->hiccups);
    }
    stw_laps_begin(&losses->laps[m->index], stw_mutator_timeline(m), now_ns);
}

void stw_losses_leave(struct stw_losses *losses, struct stw_mutator *m)
{
    stw_laps_end(&losses->laps[m->index], stw_clock_ns());
    if (__atomic_add_fetch(&losses->left, 1, __ATOMIC_ACQ_REL) < losses->mutators)
        return;
    losses->after = sample(losses);
    stw_hiccup_close(&losses->hiccups);
}

static uint64_t less(uint64_t from, uint64_t part)
{
    return from > part ? from - part : 0;
}

static void add_mutator(struct sums *sums, const struct stw_laps *laps)
{
    const struct stw_timeline *timeline = laps->timeline;
    struct stw_lap whole = stw_laps_whole(laps);
    for (uint32_t kind = 0; kind < STW_TAKEN_KINDS; kind++)
        sums->taken_ns[kind] += whole.taken_ns[kind];
    sums->wall_ns += whole.wall_ns;
    sums->blocked_ns += whole.blocked_ns;
    sums->machine_ns += laps->machine_ns;
    sums->unexplained_ns += laps->unexplained_ns;
    sums->is_scheduler_known &= laps->delay_ns != STW_DELAY_UNKNOWN;
    sums->intervals += timeline->count;
    sums->lost += timeline->lost;
    const uint64_t *cpu_ns = timeline->cpu_ns, *taken_ns = whole.taken_ns;
    uint64_t assist_ns = cpu_ns[STW_TAKEN_ASSIST];
    uint64_t mark_ns = cpu_ns[STW_TAKEN_MARK] + taken_ns[STW_TAKEN_HANDSHAKE];
    uint64_t sweep_ns = taken_ns[STW_TAKEN_SWEEP];
    uint64_t stop_ns = cpu_ns[STW_TAKEN_STOP]; /* work of its own stops, and spinning */
    uint64_t runtime_ns = cpu_ns[STW_TAKEN_CYCLE] + cpu_ns[STW_TAKEN_TURN];
    sums->assist_cpu_ns += assist_ns;
    sums->mark_cpu_ns += mark_ns;
    sums->sweep_cpu_ns += sweep_ns;
    sums->runtime_cpu_ns += runtime_ns;
    sums->stop_cpu_ns += stop_ns;
    sums->own_cpu_ns += less(whole.cpu_ns, assist_ns + mark_ns + sweep_ns + stop_ns + runtime_ns);
    if (laps->longest.gap_ns >= sums->longest.gap_ns)
        sums->longest = laps->longest;
}

static uint64_t stopped_ns(const struct stw_losses *losses, const struct stw_record *record)
{
    const struct stw_pause *pauses = (const struct stw_pause *)(record + 1);
    uint64_t count = stw_gc_snapshot(losses->gc).totals.pauses, sum_ns = 0;
    uint32_t processors = losses->processors;
    for (uint64_t i = 0; i < count && i < record->pause_capacity; i++)
        if (stw_phase_of_stop(record, &pauses[i]) == STW_TRIAL_TIMED)
            sum_ns += pauses[i].stopping_ns + pauses[i].working_ns + pauses[i].restarting_ns;
    return sum_ns * (losses->mutators < processors ? losses->mutators : processors);
}

static void fill_cpu(const struct stw_losses *losses, const struct sums *sums,
                     struct stw_record *record)
{
    const struct stw_gc_cpu *before = &losses->before.gc, *after = &losses->after.gc;
    uint64_t process_ns = losses->after.process_ns - losses->before.process_ns;
    uint64_t meter_ns = losses->after.meter_ns - losses->before.meter_ns;
    uint64_t marking_ns = after->marking_ns - before->marking_ns;
    uint64_t helping_ns = after->helping_ns - before->helping_ns;
    uint64_t workers_ns = after->workers_ns - before->workers_ns;
    uint64_t mark_ns = sums->mark_cpu_ns + marking_ns;
    uint64_t sweep_ns = sums->sweep_cpu_ns + after->background_ns - before->background_ns;
    uint64_t runtime_ns = sums->runtime_cpu_ns + less(workers_ns, marking_ns + helping_ns)
                          + meter_ns;
    uint64_t used_ns = sums->stop_cpu_ns + helping_ns + after->stopping_ns - before->stopping_ns;
    uint64_t charged_ns = stopped_ns(losses, record);
    charged_ns = charged_ns < used_ns ? used_ns : charged_ns;
    uint64_t own_ns = sums->own_cpu_ns, assist_ns = sums->assist_cpu_ns;
    stw_record_count(record, STW_FACT_CPU_PROCESS, process_ns);
    stw_record_count(record, STW_FACT_CPU_TOTAL,
                     own_ns + assist_ns + mark_ns + sweep_ns + runtime_ns + charged_ns);
    stw_record_count(record, STW_FACT_CPU_MUTATOR, own_ns);
    stw_record_count(record, STW_FACT_CPU_ASSIST, assist_ns);
    stw_record_count(record, STW_FACT_CPU_MARK, mark_ns);
    stw_record_count(record, STW_FACT_CPU_SWEEP, sweep_ns);
    stw_record_count(record, STW_FACT_CPU_RUNTIME, runtime_ns);
    stw_record_count(record, STW_FACT_CPU_STOPPED, charged_ns);
    stw_record_count(record, STW_FACT_CPU_HELD, charged_ns - used_ns);
}

/* The facts of the kinds follow upon each other, in their order. */
#define SPAN(last, first) (STW_FACT_##last - STW_FACT_##first + 1)
_Static_assert(SPAN(TAKEN_CYCLE, TAKEN_STOP) == STW_TAKEN_KINDS, "one fact a kind");
_Static_assert(SPAN(GAP_CYCLE, GAP_STOP) == STW_TAKEN_KINDS, "one fact a kind");

static void fill_kinds(struct stw_record *record, enum stw_fact_id first, const uint64_t *taken_ns)
{
    for (uint32_t kind = 0; kind < STW_TAKEN_KINDS; kind++)
        stw_record_count(record, first + kind, taken_ns[kind]);
}

static void fill_gaps(const struct stw_losses *losses, const struct sums *sums,
                      struct stw_record *record)
{
    stw_record_count(record, STW_FACT_TAKEN_WALL, sums->wall_ns);
    stw_record_count(record, STW_FACT_BLOCKED, sums->blocked_ns);
    fill_kinds(record, STW_FACT_TAKEN_STOP, sums->taken_ns);
    stw_record_count(record, STW_FACT_TAKEN_INTERVALS, sums->intervals);
    stw_record_count(record, STW_FACT_TAKEN_LOST, sums->lost);
    stw_record_count(record, STW_FACT_GAP_MAX, sums->longest.gap_ns);
    stw_record_count(record, STW_FACT_GAP_WALL, sums->longest.wall_ns);
    fill_kinds(record, STW_FACT_GAP_STOP, sums->longest.taken_ns);
    stw_record_count(record, STW_FACT_GAP_MACHINE, sums->longest.machine_ns);
    stw_record_count(record, STW_FACT_GAP_DISAGREEMENTS, stw_witnesses_hear(losses->gc).disputed);
    stw_record_count(record, STW_FACT_MACHINE_TAKEN, sums->machine_ns);
    if (sums->is_scheduler_known)
        stw_record_count(record, STW_FACT_GAP_UNEXPLAINED, sums->unexplained_ns);
}

static void fill_hiccups(const struct stw_losses *losses, struct stw_record *record)
{
    const struct stw_histogram *late_ns = &losses->hiccups.late_ns;
    stw_record_count(record, STW_FACT_MACHINE_HICCUPS, late_ns->count);
    stw_record_count(record, STW_FACT_MACHINE_HICCUP_P99, stw_histogram_quantile(late_ns, 99, 100));
    stw_record_count(record, STW_FACT_MACHINE_HICCUP_MAX, late_ns->max);
    stw_record_count(record, STW_FACT_MACHINE_HICCUPS_LONG,
                     stw_histogram_count_from(late_ns, LONG_HICCUP_NS));
    for (uint32_t i = 0; i < STW_RECORD_HICCUPS; i++) {
        struct stw_hiccup hiccup = losses->hiccups.longest[i];
        if (hiccup.late_ns == 0)
            break;
        hiccup.at_ns -= record->main_ns;
        record->hiccups[i] = hiccup;
    }
}

/* The least utilisation over the mutators. A mutator that was done sooner than a window lasts says
 * nothing about it. */
static void fill_windows(const struct stw_losses *losses, struct stw_record *record)
{
    for (uint32_t window = 0; window < STW_RECORD_WINDOWS; window++)
        record->worst_ns[window] = STW_TIMELINE_NONE;
    for (uint32_t i = 0; i < losses->mutators; i++) {
        struct stw_timeline *timeline = losses->laps[i].timeline;
        stw_timeline_unite(timeline);
        for (uint32_t window = 0; window < STW_RECORD_WINDOWS; window++) {
            uint64_t length_ns = stw_record_windows_ns[window], *worst = &record->worst_ns[window];
            uint64_t taken_ns = stw_timeline_worst_ns(timeline, length_ns);
            if (taken_ns != STW_TIMELINE_NONE && (*worst == STW_TIMELINE_NONE || taken_ns > *worst))
                *worst = taken_ns;
        }
    }
    record->are_windows_known = 1;
}

void stw_losses_fill(struct stw_losses *losses, struct stw_record *record)
{
    struct sums sums = {.is_scheduler_known = 1};
    stw_hiccup_end(&losses->hiccups);
    for (uint32_t i = 0; i < losses->mutators; i++)
        add_mutator(&sums, &losses->laps[i]);
    fill_cpu(losses, &sums, record);
    fill_gaps(losses, &sums, record);
    fill_hiccups(losses, record);
    fill_windows(losses, record); /* last: it unites the timelines */
}

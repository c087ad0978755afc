/* gc/share.c: a mutator's share of marking: a fraction of its time, assists, fixed steps.
 *
 * Go gives a quarter of the processors to marking: whole ones to dedicated workers
 * (mark_workers.c), and what is left as a fraction of every processor. Here a mutator's thread is
 * its processor: at a safepoint it becomes a worker for a while, at which time it is as stoppable
 * as at any safepoint. No thread switch, and no thread more than there are processors (gc.G4).
 *
 * Whoever allocates faster than the workers mark pays by assists; scanned bytes that nobody paid
 * for are a credit that assists take first (Go: bgScanCredit).
 *
 * Stepped: no clock and no workers. Each slow allocation, about one a span, marks one quantum, and
 * assists do the rest.
 * A debtor that finds nothing grey waits for credit: the work is in the hands of another, who may
 * be off its core, and a mutator that ran on would let the heap grow without bound (64 MiB live: to
 * 800 MiB on a busy machine; Go: gcParkAssist). */
#include "gc/share.h"

#include "gc/collector.h"
#include "gc/cycle.h"

#define FRACTION_STOP 1.2       /* Go: fractional workers stop at 1.2 times their share */
#define TURN_NS_MIN 10000u      /* shorter turns cost more in clock reads than they mark */
#define TURN_NS_MAX 1000000u    /* a mutator is away from its work no longer than this */
#define ASSIST_BYTES_MIN STW_LIMIT_ASSIST_BYTES
#define ALLOWED_BYTES_MAX 1e15  /* what one payment buys at most, when there is no goal */
#define CREDIT_WAIT_NS 1000000u /* between looks for something to mark after all */
#define STEP_BYTES STW_LIMIT_STEP_BYTES

struct stint {
    int64_t work; /* bytes scanned */
    uint64_t spent_ns;
    int idle;     /* nothing was left */
};

/* Marks within the limit on behalf of m; `kind` is STW_TAKEN_*. */
static struct stint mark(struct stw_mutator_record *m, uint32_t kind,
                         const struct stw_drain_limit *limit)
{
    struct stint stint = {0};
    struct stw_taken taken = stw__taken_begin(&m->timeline);
    const char *site = stw_site(&m->mutator, kind == STW_TAKEN_ASSIST ? "gc.assist" : "gc.mark");
    stw__marker_begin(&m->marker, m->gc);
    stint.idle = stw__mark_drain(&m->marker, limit);
    stint.work = (int64_t)(m->marker.scan_bytes + m->marker.root_words * 8);
    stw__marker_end(&m->marker);
    stw_site(&m->mutator, site);
    stint.spent_ns = stw__taken_end(&m->timeline, kind, taken);
    return stint;
}

void stw__share_fraction(struct stw_mutator_record *m)
{
    struct stw_gc *gc = m->gc;
    double fraction = gc->workers.fraction;
    if (stw__phase(gc) != STW_PHASE_MARK || fraction <= 0)
        return;
    uint64_t began = stw_clock_ns();
    double due = (double)(began - gc->pacer.mark_start_ns) * fraction;
    if ((double)m->mark_work_ns > due)
        return;
    double turn = due * FRACTION_STOP - (double)m->mark_work_ns;
    uint64_t turn_ns = turn < TURN_NS_MIN ? TURN_NS_MIN : turn > TURN_NS_MAX ? TURN_NS_MAX
                                                                              : (uint64_t)turn;
    struct stw_drain_limit limit = {.scan_bytes_max = UINT64_MAX, .deadline_ns = began + turn_ns,
                                    .mutator = m};
    struct stint stint = mark(m, STW_TAKEN_MARK, &limit);
    stw__share_credit(gc, stint.work);
    m->mark_work_ns += stint.spent_ns;
    STW_ADD(gc->totals.fractional_ns, stint.spent_ns);
    stw__limiter_note(gc, stint.spent_ns, 0);
    if (stint.idle)
        stw__cycle_try_finish(gc, m);
}

void stw__share_step(struct stw_mutator_record *m)
{
    if (stw__phase(m->gc) != STW_PHASE_MARK)
        return;
    struct stw_drain_limit limit = {.scan_bytes_max = STEP_BYTES, .mutator = m};
    struct stint stint = mark(m, STW_TAKEN_MARK, &limit);
    stw__share_credit(m->gc, stint.work);
    if (stint.idle)
        stw__cycle_try_finish(m->gc, m);
}

/* Wakes one debtor if there is credit for it (gc.N4): it wakes the next if it leaves some. */
static void tell_debtor(struct stw_gc *gc)
{
    if (__atomic_load_n(&gc->pacer.debtors, __ATOMIC_SEQ_CST) == 0
        || STW_LOAD(gc->pacer.credit) <= 0)
        return;
    __atomic_fetch_add(&gc->pacer.credit_grew, 1, __ATOMIC_SEQ_CST);
    stw_futex_wake(&gc->pacer.credit_grew, 1);
}

/* Takes up to `work` from the credit. */
static int64_t take_credit(struct stw_gc *gc, int64_t work)
{
    int64_t credit = STW_LOAD(gc->pacer.credit);
    if (credit <= 0)
        return 0;
    int64_t taken = credit < work ? credit : work;
    STW_ADD(gc->pacer.credit, -taken);
    return taken;
}

/* Pays what m owes from the credit, and by marking. 1: there was not enough to mark. */
static int pay(struct stw_mutator_record *m)
{
    struct stw_gc *gc = m->gc;
    double ratio = stw__pacer_assist_ratio(gc);
    int64_t owed = (int64_t)((double)-m->assist_balance * ratio) + 1;
    if (owed < (int64_t)ASSIST_BYTES_MIN)
        owed = ASSIST_BYTES_MIN;
    int64_t paid = take_credit(gc, owed);
    if (paid > 0)
        tell_debtor(gc);
    int idle = 0;
    if (paid < owed) {
        struct stw_drain_limit limit = {.scan_bytes_max = (uint64_t)(owed - paid), .mutator = m};
        if (!gc->options.stepped) /* a large debt is paid in parts, so that the limiter sees them */
            limit.deadline_ns = stw_clock_ns() + TURN_NS_MAX;
        struct stint stint = mark(m, STW_TAKEN_ASSIST, &limit);
        paid += stint.work;
        idle = stint.idle;
        STW_ADD(gc->pacer.assist_ns, stint.spent_ns);
        STW_ADD(gc->totals.assist_ns, stint.spent_ns);
        stw__limiter_note(gc, stint.spent_ns, 0);
    }
    double allowed = (double)paid / ratio;
    m->assist_balance += allowed > ALLOWED_BYTES_MAX ? (int64_t)ALLOWED_BYTES_MAX
                                                     : (int64_t)allowed;
    int64_t ahead_max = stw__pacer_ahead_max(gc);
    if (m->assist_balance > ahead_max)
        m->assist_balance = ahead_max;
    return idle;
}

/* What there is to mark is in others' hands: waits for what they earn, or for marking to end. 1: it
 * was woken. */
static int await_credit(struct stw_mutator_record *m)
{
    int woken = 0;
    struct stw_pacer *pacer = &m->gc->pacer;
    struct stw_taken taken = stw__taken_begin(&m->timeline);
    uint32_t seen = __atomic_load_n(&pacer->credit_grew, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&pacer->debtors, 1, __ATOMIC_SEQ_CST);
    if (STW_LOAD(pacer->credit) <= 0 && !stw__work_is_found(m->gc)) {
        stw_block_begin(&m->mutator);
        if (stw__phase(m->gc) == STW_PHASE_MARK)
            woken = stw__mutator_sleep(m, &pacer->credit_grew, seen, CREDIT_WAIT_NS);
        stw_block_end(&m->mutator);
    }
    __atomic_fetch_sub(&pacer->debtors, 1, __ATOMIC_SEQ_CST);
    stw__taken_end(&m->timeline, STW_TAKEN_ASSIST, taken);
    return woken;
}

void stw__share_credit(struct stw_gc *gc, int64_t work)
{
    if (work == 0) /* who found nothing has nothing to tell */
        return;
    STW_ADD(gc->pacer.credit, work);
    tell_debtor(gc);
}

void stw__share_release(struct stw_gc *gc)
{
    if (__atomic_load_n(&gc->pacer.debtors, __ATOMIC_SEQ_CST) == 0)
        return;
    __atomic_fetch_add(&gc->pacer.credit_grew, 1, __ATOMIC_SEQ_CST);
    stw_futex_wake(&gc->pacer.credit_grew, STW_FUTEX_ALL);
}

void stw__share_assist(struct stw_mutator_record *m)
{
    struct stw_gc *gc = m->gc;
    int woken = 0;
    while (m->assist_balance < 0 && stw__phase(gc) == STW_PHASE_MARK
           && !stw__limiter_stops_assists(gc)) {
        int64_t balance = m->assist_balance;
        int idle = pay(m);
        if (woken && m->assist_balance == balance)
            stw__futile_wake(gc);
        woken = 0;
        if (m->assist_balance >= 0)
            return;
        if (idle)
            stw__cycle_try_finish(gc, m);
        stw_poll(&m->mutator); /* marking ends early when a stop is asked for */
        if (idle && m->assist_balance < 0 && stw__phase(gc) == STW_PHASE_MARK) {
            if (gc->options.stepped)
                stw__processor_yield(m);
            else
                woken = await_credit(m);
        }
    }
}

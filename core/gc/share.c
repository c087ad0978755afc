/* gc/share.c: a mutator's share of marking: a fraction of its time, assists, fixed steps.
 *
 * Go gives a quarter of the processors to marking: whole ones to dedicated workers (worker.c), and
 * what is left as a fraction of every processor. Here a mutator's thread is its processor: at a
 * safepoint it becomes a worker for a while, at which time it is as stoppable as at any safepoint.
 * No thread switch, and no thread more than there are processors (G4).
 *
 * Whoever allocates faster than the workers mark pays by assists; scanned bytes that nobody paid
 * for are a credit that assists take first (Go: bgScanCredit).
 *
 * Stepped: no clock and no workers. Each slow allocation, about one a span, marks one quantum, and
 * assists do the rest.
 * Differs from Go: a debtor that finds nothing grey runs on, it does not wait for credit. */
#include "gc/gc.h"

#define FRACTION_STOP 1.2       /* Go: fractional workers stop at 1.2 times their share */
#define TURN_NS_MIN 10000u      /* shorter turns cost more in clock reads than they mark */
#define TURN_NS_MAX 1000000u    /* a mutator is away from its work no longer than this */
#define ASSIST_BYTES_MIN STW_LIMIT_ASSIST_BYTES
#define ALLOWED_BYTES_MAX 1e15  /* what one payment buys at most, when there is no goal */
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
    struct stw_taken taken = stw_taken_begin(m);
    const char *site = stw_site(&m->mutator, kind == STW_TAKEN_ASSIST ? "gc.assist" : "gc.mark");
    stw_marker_begin(&m->marker, m->gc);
    stint.idle = stw_mark_drain(&m->marker, limit);
    stint.work = (int64_t)(m->marker.scan_bytes + m->marker.root_words * 8);
    stw_marker_end(&m->marker);
    stw_site(&m->mutator, site);
    stint.spent_ns = stw_taken_end(m, kind, taken);
    return stint;
}

void stw_share_fraction(struct stw_mutator_record *m)
{
    struct stw_gc *gc = m->gc;
    double fraction = gc->workers.fraction;
    if (stw_phase(gc) != STW_PHASE_MARK || fraction <= 0)
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
    STW_ADD(gc->pacer.credit, stint.work);
    m->mark_work_ns += stint.spent_ns;
    STW_ADD(gc->totals.fractional_ns, stint.spent_ns);
    stw_limiter_note(gc, stint.spent_ns, 0);
    if (stint.idle)
        stw_cycle_try_finish(gc, m);
}

void stw_share_step(struct stw_mutator_record *m)
{
    if (stw_phase(m->gc) != STW_PHASE_MARK)
        return;
    struct stw_drain_limit limit = {.scan_bytes_max = STEP_BYTES, .mutator = m};
    struct stint stint = mark(m, STW_TAKEN_MARK, &limit);
    STW_ADD(m->gc->pacer.credit, stint.work);
    if (stint.idle)
        stw_cycle_try_finish(m->gc, m);
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

void stw_share_assist(struct stw_mutator_record *m)
{
    struct stw_gc *gc = m->gc;
    if (stw_phase(gc) != STW_PHASE_MARK || stw_limiter_stops_assists(gc))
        return;
    double ratio = stw_pacer_assist_ratio(gc);
    int64_t owed = (int64_t)((double)-m->assist_balance * ratio) + 1;
    if (owed < (int64_t)ASSIST_BYTES_MIN)
        owed = ASSIST_BYTES_MIN;
    int64_t paid = take_credit(gc, owed);
    int idle = 0;
    if (paid < owed) {
        struct stw_drain_limit limit = {.scan_bytes_max = (uint64_t)(owed - paid), .mutator = m};
        struct stint stint = mark(m, STW_TAKEN_ASSIST, &limit);
        paid += stint.work;
        idle = stint.idle;
        STW_ADD(gc->pacer.assist_ns, stint.spent_ns);
        STW_ADD(gc->totals.assist_ns, stint.spent_ns);
        stw_limiter_note(gc, stint.spent_ns, 0);
    }
    double allowed = (double)paid / ratio;
    m->assist_balance += allowed > ALLOWED_BYTES_MAX ? (int64_t)ALLOWED_BYTES_MAX
                                                     : (int64_t)allowed;
    if (idle) {
        m->assist_balance = 0; /* nothing is left to pay with */
        stw_cycle_try_finish(gc, m);
    }
}

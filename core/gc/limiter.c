/* gc/limiter.c: keeps the collector from taking more than half of all processors' time for long.
 *
 * A memory limit near or below the live heap would make one cycle follow the other, and assists
 * would let mutators allocate only as fast as marking goes. While the bucket is full there are no
 * assists, and memory is not given back at every refill: the heap grows beyond the limit instead,
 * and the program goes on (Go: SetMemoryLimit). In mode stw there are no assists to turn
 * off; what is counted there only shows in gc.limited_cycles.
 * Sweeping is not counted, as in Go. Unlike Go's, it stays on for a period: near a memory limit the
 * next cycle begins microseconds after the last, its stop looks into the bucket, and the room of
 * those microseconds let assists take 95 % of a mutator's time. Rejected: to stay on until there is
 * room for a period, which gives mutators their half exactly, but lets a heap with no limit grow to
 * twice its goal on a busy machine. Invariants B1, B2: limiter.h. */
#include "gc/limiter.h"

#include "gc/collector.h"

#define BUCKET_NS 1000000000 /* a processor's; Go: capacityPerProc */
/* Between two looks at what was spent; Go: gcCPULimiterUpdatePeriod. A look at every assist would
 * see room after each microsecond of a mutator, and hold nothing back. */
#define PERIOD_NS 10000000u

void stw__limiter_init(struct stw_limiter *limiter, uint32_t processors, uint64_t now_ns)
{
    *limiter = (struct stw_limiter){.capacity_ns = (int64_t)processors * BUCKET_NS,
                                    .processors = processors, .seen_ns = now_ns};
    pthread_mutex_init(&limiter->lock, NULL);
}

void stw__limiter_spend(struct stw_limiter *limiter, uint64_t ns, int idle)
{
    STW_ADD(*(idle ? &limiter->idle_ns : &limiter->spent_ns), ns);
}

void stw__limiter_check(const struct stw_limiter *limiter)
{
    STW_REQUIRE(0 <= limiter->fill_ns && limiter->fill_ns <= limiter->capacity_ns); /* gc.B1 */
    STW_REQUIRE(limiter->fill_ns < limiter->capacity_ns || limiter->on);            /* gc.B2 */
}

/* Positive: into the bucket. What does not fit is forgotten. The lock is held. */
static void pour(struct stw_limiter *limiter, int64_t change_ns, uint64_t now_ns)
{
    int64_t fill = limiter->fill_ns + change_ns;
    int full = fill >= limiter->capacity_ns;
    limiter->fill_ns = full ? limiter->capacity_ns : fill < 0 ? 0 : fill;
    if (full)
        limiter->full_ns = now_ns;
    int on = full || (limiter->on && now_ns < limiter->full_ns + PERIOD_NS);
    __atomic_store_n(&limiter->on, (uint32_t)on, __ATOMIC_RELAXED);
    if (on)
        __atomic_store_n(&limiter->was_on, 1, __ATOMIC_RELAXED);
    STW_CHECK(stw__limiter_check(limiter));
}

/* Of `running` processors' time, marking goes in and the rest comes out; processors that marked
 * only because they were idle do neither. The lock is held. */
static void count_until(struct stw_limiter *limiter, uint32_t running, uint64_t now_ns)
{
    if (now_ns <= limiter->seen_ns)
        return;
    int64_t spent = (int64_t)__atomic_exchange_n(&limiter->spent_ns, 0, __ATOMIC_RELAXED);
    int64_t idle = (int64_t)__atomic_exchange_n(&limiter->idle_ns, 0, __ATOMIC_RELAXED);
    int64_t total = (int64_t)(now_ns - limiter->seen_ns) * running;
    __atomic_store_n(&limiter->seen_ns, now_ns, __ATOMIC_RELAXED);
    pour(limiter, spent - (total - spent - idle), now_ns);
}

void stw__limiter_update(struct stw_limiter *limiter, uint32_t running, uint64_t now_ns)
{
    if (!limiter->capacity_ns || pthread_mutex_trylock(&limiter->lock) != 0)
        return; /* another thread does it */
    count_until(limiter, running, now_ns);
    pthread_mutex_unlock(&limiter->lock);
}

void stw__limiter_stopped(struct stw_limiter *limiter, uint32_t running, uint64_t from_ns,
                          uint64_t now_ns)
{
    if (!limiter->capacity_ns)
        return;
    pthread_mutex_lock(&limiter->lock);
    count_until(limiter, running, from_ns);
    if (now_ns > limiter->seen_ns) {
        pour(limiter, (int64_t)(now_ns - limiter->seen_ns) * limiter->processors, now_ns);
        __atomic_store_n(&limiter->seen_ns, now_ns, __ATOMIC_RELAXED);
    }
    pthread_mutex_unlock(&limiter->lock);
}

int stw__limiter_end_cycle(struct stw_limiter *limiter)
{
    return (int)__atomic_exchange_n(&limiter->was_on, STW_LOAD(limiter->on), __ATOMIC_RELAXED);
}

static uint32_t running(const struct stw_gc *gc)
{
    return gc->processors.total - STW_LOAD(gc->processors.free);
}

static void update_if_due(struct stw_gc *gc)
{
    uint64_t now_ns = stw_clock_ns();
    if (now_ns > STW_LOAD(gc->limiter.seen_ns) + PERIOD_NS)
        stw__limiter_update(&gc->limiter, running(gc), now_ns);
}

void stw__limiter_note(struct stw_gc *gc, uint64_t spent_ns, int idle)
{
    if (!gc->limiter.capacity_ns)
        return;
    stw__limiter_spend(&gc->limiter, spent_ns, idle);
    update_if_due(gc);
}

void stw__limiter_note_stop(struct stw_gc *gc, uint64_t from_ns)
{
    if (gc->limiter.capacity_ns)
        stw__limiter_stopped(&gc->limiter, running(gc), from_ns, stw_clock_ns());
}

int stw__limiter_stops_assists(struct stw_gc *gc)
{
    if (!stw__limiter_is_on(&gc->limiter))
        return 0;
    update_if_due(gc);
    return stw__limiter_is_on(&gc->limiter);
}

/* tests/unit/limiter_test.c: goal: assists are off from a full bucket to one with room (gc.B1,
 * gc.B2). */
/* Method: the bucket alone, two processors, time from a counter. Oracles by hand from Go's rule: in
 * goes what the collector took, out comes what mutators had, and it holds 1 s of each processor. */
#include "gc/limiter.h"

#include <criterion/criterion.h>

#define MS 1000000ll
#define SECOND (1000 * MS)

static struct stw_limiter limiter;
static uint64_t now_ns;

static void start(void)
{
    now_ns = 77 * (uint64_t)SECOND;
    stw__limiter_init(&limiter, 2, now_ns);
}

/* Two processors run for `ms`; the collector took `spent_ms` of their 2 * ms. */
static void run(uint64_t ms, uint64_t spent_ms)
{
    now_ns += ms * MS;
    stw__limiter_spend(&limiter, spent_ms * MS, 0);
    stw__limiter_update(&limiter, 2, now_ns);
}

Test(limiter, is_on_when_the_bucket_is_full_and_not_before)
{
    start();
    run(999, 1998);
    cr_assert_eq(limiter.fill_ns, 1998 * MS);
    cr_assert_not(stw__limiter_is_on(&limiter));
    run(1, 2);
    cr_assert_eq(limiter.fill_ns, 2 * SECOND);
    cr_assert(stw__limiter_is_on(&limiter));
}

Test(limiter, half_of_the_time_is_free_for_ever)
{
    start();
    run(500, 800);
    int64_t fill = limiter.fill_ns;
    cr_assert_eq(fill, 600 * MS, "800 in, 200 out");
    for (uint32_t i = 0; i < 1000; i++)
        run(100, 100);
    cr_assert_eq(limiter.fill_ns, fill);
    cr_assert_not(stw__limiter_is_on(&limiter));
}

Test(limiter, sixty_percent_lasts_as_long_as_the_bucket)
{
    start();
    uint64_t turns = 0;
    while (!stw__limiter_is_on(&limiter) && turns < 1000) {
        run(10, 12); /* 12 in, 8 out of 20 */
        turns++;
    }
    cr_assert_eq(turns, 500, "2 s at 4 ms a turn");
}

Test(limiter, goes_off_when_there_is_room_but_not_at_once)
{
    start();
    run(5000, 10000);
    cr_assert(stw__limiter_is_on(&limiter));
    cr_assert_eq(limiter.fill_ns, 2 * SECOND, "what overflows is forgotten");
    run(10, 10);
    cr_assert(stw__limiter_is_on(&limiter), "half and half makes no room");
    run(9, 0);
    cr_assert(stw__limiter_is_on(&limiter), "9 ms after it was full");
    run(1, 0);
    cr_assert_not(stw__limiter_is_on(&limiter));
    cr_assert_eq(limiter.fill_ns, 2 * SECOND - 20 * MS);
}

Test(limiter, a_stop_right_after_does_not_turn_it_off)
{
    start();
    run(5000, 10000);
    now_ns += 5000; /* of mutators */
    stw__limiter_stopped(&limiter, 2, now_ns, now_ns + 1000);
    cr_assert(stw__limiter_is_on(&limiter));
}

/* Assists take all there is while they may, and a quarter goes to marking while they may not. */
Test(limiter, leaves_mutators_a_third_of_the_time_at_least)
{
    start();
    run(1000, 2000);
    uint64_t spent_ms = 0;
    for (uint32_t turn = 0; turn < 1000; turn++) {
        uint64_t spend_ms = stw__limiter_is_on(&limiter) ? 5 : 20;
        run(10, spend_ms);
        spent_ms += spend_ms;
    }
    cr_assert(spent_ms >= 12400 && spent_ms <= 12600, "%llu of 20000, (20 + 5) / 40",
              (unsigned long long)spent_ms);
}

Test(limiter, never_holds_less_than_nothing)
{
    start();
    run(100000, 0);
    cr_assert_eq(limiter.fill_ns, 0);
    run(100, 200);
    cr_assert_eq(limiter.fill_ns, 200 * MS);
}

Test(limiter, idle_processors_count_for_nobody)
{
    start();
    run(1000, 2000 - 1);
    limiter.fill_ns = SECOND;
    now_ns += 100 * MS;
    stw__limiter_spend(&limiter, 100 * MS, 1);
    stw__limiter_update(&limiter, 2, now_ns);
    cr_assert_eq(limiter.fill_ns, SECOND - 100 * MS, "one processor ran a mutator, one was idle");
}

Test(limiter, processors_that_are_free_do_not_drain_it)
{
    start();
    limiter.fill_ns = SECOND;
    now_ns += 100 * MS;
    stw__limiter_update(&limiter, 1, now_ns);
    cr_assert_eq(limiter.fill_ns, SECOND - 100 * MS);
}

Test(limiter, a_stop_fills_it_with_every_processor)
{
    start();
    limiter.fill_ns = SECOND;
    uint64_t from_ns = now_ns + 100 * MS;
    now_ns = from_ns + 300 * MS;
    stw__limiter_stopped(&limiter, 2, from_ns, now_ns);
    cr_assert_eq(limiter.fill_ns, SECOND - 200 * MS + 600 * MS);
    stw__limiter_update(&limiter, 2, now_ns);
    cr_assert_eq(limiter.fill_ns, SECOND + 400 * MS, "the stop is counted once");
}

Test(limiter, time_that_goes_back_is_ignored)
{
    start();
    run(100, 200);
    stw__limiter_update(&limiter, 2, now_ns - 50);
    stw__limiter_stopped(&limiter, 2, now_ns - 50, now_ns - 20);
    cr_assert_eq(limiter.fill_ns, 200 * MS);
    cr_assert_eq(limiter.seen_ns, now_ns);
}

Test(limiter, tells_in_which_cycles_it_was_on)
{
    start();
    cr_assert_not(stw__limiter_end_cycle(&limiter));
    run(1000, 2000);
    run(1000, 0);
    cr_assert_not(stw__limiter_is_on(&limiter));
    cr_assert(stw__limiter_end_cycle(&limiter), "it was, for a while");
    cr_assert_not(stw__limiter_end_cycle(&limiter));
    run(1000, 2000);
    cr_assert(stw__limiter_end_cycle(&limiter));
    run(10, 10);
    cr_assert(stw__limiter_end_cycle(&limiter), "it still is");
}

Test(limiter, without_a_bucket_is_never_on)
{
    static struct stw_limiter none;
    stw__limiter_spend(&none, 1u << 30, 0);
    stw__limiter_update(&none, 2, 1u << 30);
    stw__limiter_stopped(&none, 2, 0, 1u << 30);
    cr_assert_not(stw__limiter_is_on(&none));
}

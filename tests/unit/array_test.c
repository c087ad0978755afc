/* unit/array_test.c: goal: an array that grows by one element keeps all of them, asks for memory
 * seldom, and has the room that base.A1 says.
 * Method: elements are added and taken away in turns, and each is written: a sanitizer sees what
 * lies behind the room. */
#include "base/array.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>

static uint32_t *items;
static uint32_t count;

static void add_up_to(uint32_t end)
{
    while (count < end) {
        uint32_t value = 3 * count;
        *STW_APPEND(items, count) = value;
    }
    for (uint32_t i = 0; i < end; i++)
        cr_assert_eq(items[i], 3 * i, "element %u of %u is %u", i, end, items[i]);
}

static void free_items(void)
{
    free(items);
}

Test(array, keeps_what_is_in_it, .fini = free_items)
{
    for (uint32_t end = 0; end <= 70; end++)
        add_up_to(end);
    add_up_to(5000);
}

Test(array, goes_on_after_elements_left_at_the_end, .fini = free_items)
{
    for (uint32_t left = 0; left <= 40; left++) {
        add_up_to(40);
        count = left;
        add_up_to(left < 39 ? left + 2 : left);
    }
}

Test(array, needs_memory_behind_powers_of_two_alone, .fini = free_items)
{
    add_up_to(33);
    for (uint32_t n = 33; n < 64; n++)
        cr_assert_eq(stw_array_room(items, n, sizeof *items), items);
}

Test(array, has_fewer_elements_than_indices, .signal = SIGABRT)
{
    char byte;
    stw_array_room(&byte, (size_t)1 << 31, 1);
}

/* As after a count that was raised by hand. */
Test(array, does_not_begin_in_the_middle, .signal = SIGABRT)
{
    stw_array_room(NULL, 3, sizeof *items);
}

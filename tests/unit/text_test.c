/* unit/text_test.c: which word is nearest to a mistyped one.
 *
 * Method: words with known edit distances to the right ones, below the limit and above it. */
#include "base/text.h"

#include <criterion/criterion.h>

static const char *const words[] = {"axes", "fixed", "experiment"};

static const char *nearest(const char *word)
{
    return stw_nearest(word, words, sizeof words / sizeof *words);
}

Test(text, counts_have_their_nouns)
{
    cr_assert_str_eq(stw_plural(1), "");
    cr_assert_str_eq(stw_plural(0), "s");
    cr_assert_str_eq(stw_plural(2), "s");
}

Test(text, finds_the_nearest_word)
{
    cr_assert_str_eq(nearest("axis"), "axes");
    cr_assert_str_eq(nearest("fxed"), "fixed");
    cr_assert_str_eq(nearest("experimant"), "experiment");
}

Test(text, ignores_case_when_it_looks_for_the_nearest_word)
{
    cr_assert_str_eq(nearest("FIXED"), "fixed");
    cr_assert_str_eq(nearest("FXED"), "fixed");
    cr_assert_str_eq(nearest("Experimant"), "experiment");
    static const char *const upper[] = {"KiB", "MiB"};
    cr_assert_str_eq(stw_nearest("mib", upper, 2), "MiB");
}

Test(text, finds_nothing_when_no_word_is_near)
{
    cr_assert_null(nearest("zebra"));
    cr_assert_null(stw_nearest("axes", words, 0));
}

/* '[' and '{' are as far apart as 'A' and 'a', and are two characters all the same. */
Test(text, tells_signs_apart)
{
    static const char *const signs[] = {"{{{{{{"};
    cr_assert_null(stw_nearest("[[[[[[", signs, 1));
}

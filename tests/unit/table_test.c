/* tests/unit/table_test.c: tables are aligned by what a terminal shows, and numbers read well.
 * Method: small tables and edge values of the units, compared with literals. */
#include "base/utf8.h"
#include "report/table.h"
#include "report/units.h"

#include <criterion/criterion.h>
#include <string.h>

static void expect(struct stw_table *table, int styled, const char *text)
{
    struct stw_text out = {0};
    stw_table_print(table, styled, &out);
    cr_expect_str_eq(stw_text_get(&out), text, "got:\n%s", stw_text_get(&out));
    stw_text_free(&out);
    stw_table_free(table);
}

Test(table, aligns_numbers_right_and_words_left)
{
    struct stw_table table = {0};
    stw_table_column(&table, "strategy", STW_TABLE_LEFT);
    stw_table_column(&table, "n", STW_TABLE_RIGHT);
    stw_table_row(&table);
    stw_table_set(&table, 0, "none");
    stw_table_set(&table, 1, "65536");
    stw_table_row(&table);
    stw_table_set(&table, 0, "gc-off + presize");
    stw_table_set(&table, 1, "8");
    expect(&table, 0, "strategy              n\n"
                      "none              65536\n"
                      "gc-off + presize      8\n");
}

Test(table, sets_header_lines_at_the_bottom)
{
    struct stw_table table = {0};
    stw_table_column(&table, "n", STW_TABLE_RIGHT);
    stw_table_column(&table, "pause\np50", STW_TABLE_RIGHT);
    stw_table_row(&table);
    stw_table_set(&table, 0, "1");
    stw_table_set(&table, 1, "7 us");
    expect(&table, 0, "   pause\nn    p50\n1   7 us\n");
}

Test(table, leaves_empty_columns_out_and_no_trailing_spaces)
{
    struct stw_table table = {0};
    stw_table_column(&table, "a", STW_TABLE_LEFT);
    stw_table_column(&table, "never", STW_TABLE_LEFT);
    stw_table_column(&table, "note", STW_TABLE_ALARM);
    stw_table_row(&table);
    stw_table_set(&table, 0, "x");
    stw_table_row(&table);
    stw_table_set(&table, 0, "y");
    stw_table_set(&table, 2, "bad");
    expect(&table, 0, "a  note\nx\ny  bad\n");
}

Test(table, measures_columns_not_bytes)
{
    struct stw_table table = {0};
    stw_table_column(&table, "w", STW_TABLE_LEFT);
    stw_table_column(&table, "n", STW_TABLE_RIGHT);
    static const char *const words[] = {"na\xc3\xafve", "e\xcc\x81", "\xe6\xbc\xa2\xe5\xad\x97"};
    for (size_t i = 0; i < 3; i++) {
        stw_table_row(&table);
        stw_table_set(&table, 0, words[i]);
        stw_table_set(&table, 1, "1");
    }
    expect(&table, 0, "w      n\nna\xc3\xafve  1\ne\xcc\x81      1\n"
                      "\xe6\xbc\xa2\xe5\xad\x97   1\n");
}

Test(table, passes_no_control_characters_on)
{
    struct stw_table table = {0};
    stw_table_column(&table, "w", STW_TABLE_LEFT);
    stw_table_row(&table);
    stw_table_set(&table, 0, "a\033[2Jb\nc\x7f" "d\xc2\x9b" "e\xff");
    expect(&table, 0, "w\na [2Jb c d e\xef\xbf\xbd\n");
}

Test(table, colours_only_when_asked)
{
    struct stw_table table = {0};
    stw_table_column(&table, "a", STW_TABLE_LEFT);
    stw_table_column(&table, "note", STW_TABLE_ALARM);
    stw_table_row(&table);
    stw_table_set(&table, 0, "x");
    stw_table_set(&table, 1, "bad");
    expect(&table, 1, "\033[1ma\033[0m  \033[1mnote\033[0m\nx  \033[31mbad\033[0m\n");
}

Test(table, keeps_the_last_text_of_a_cell)
{
    struct stw_table table = {0};
    stw_table_column(&table, "a", STW_TABLE_LEFT);
    stw_table_row(&table);
    stw_table_set(&table, 0, "first");
    stw_table_set(&table, 0, "last");
    expect(&table, 0, "a\nlast\n");
}

Test(table, leaves_columns_out_and_cuts)
{
    struct stw_table table = {0};
    stw_table_column(&table, "a", STW_TABLE_LEFT);
    stw_table_column(&table, "two\nlines", STW_TABLE_RIGHT);
    stw_table_column(&table, "c", STW_TABLE_RIGHT);
    for (int row = 0; row < 2; row++) {
        stw_table_row(&table);
        stw_table_set(&table, 0, row ? "short"
                                     : "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97");
        stw_table_set(&table, 1, "1");
    }
    stw_table_put(&table, 1, 2, "22");
    cr_expect_eq(stw_table_total(&table), 8 + 2 + 5 + 2 + 2);
    cr_expect_str_eq(stw_table_get(&table, 0, 2), "");
    cr_expect_str_eq(stw_table_get(&table, 1, 0), "short");
    table.columns[1].is_left_out = 1;
    cr_expect_eq(stw_table_total(&table), 8 + 2 + 2);
    stw_table_cut(&table, 0, 6);
    expect(&table, 0, "a       c\n\xe6\xbc\xa2...\nshort  22\n");
}

Test(table, is_markdown_that_shows_what_is_there)
{
    struct stw_table table = {0};
    struct stw_text out = {0};
    stw_table_column(&table, "x|y", STW_TABLE_LEFT);
    stw_table_column(&table, "map.grow_\nevents", STW_TABLE_RIGHT);
    stw_table_column(&table, "pause\np50", STW_TABLE_RIGHT);
    stw_table_row(&table);
    stw_table_set(&table, 0, "*a*\n");
    stw_table_set(&table, 1, "1");
    stw_table_set(&table, 2, "~2 ns");
    stw_table_markdown(&table, &out);
    cr_expect_str_eq(out.bytes, "| x\\|y | map.grow\\_events | pause p50 |\n|---|---:|---:|\n"
                                "| \\*a\\*  | 1 | \\~2 ns |\n", "got:\n%s", out.bytes);
    stw_text_free(&out);
    stw_table_free(&table);
}

static void expect_wrapped(const char *line, uint32_t columns, uint32_t indent, const char *text)
{
    struct stw_text out = {0};
    stw_utf8_add_wrapped(&out, line, columns, indent);
    cr_expect_str_eq(stw_text_get(&out), text, "got:\n%s", stw_text_get(&out));
    stw_text_free(&out);
}

Test(utf8, breaks_lines_at_blanks)
{
    expect_wrapped("one two three", 13, 2, "one two three");
    expect_wrapped("one two three", 12, 2, "one two\n  three");
    expect_wrapped("one two three", 0, 2, "one two three");
    expect_wrapped("a:   one two", 9, 3, "a:   one\n   two");
    expect_wrapped("  ab cd", 5, 1, "  ab\n cd");
    expect_wrapped("abcdefgh ij", 4, 1, "abcd\nefgh\n ij");
    expect_wrapped("\xe6\xbc\xa2\xe5\xad\x97", 3, 0, "\xe6\xbc\xa2\n\xe5\xad\x97");
    expect_wrapped("", 4, 0, "");
}

Test(utf8, keeps_what_fits)
{
    cr_expect_eq(stw_utf8_fitting("abc", 2), 2);
    cr_expect_eq(stw_utf8_fitting("abc", 9), 3);
    cr_expect_eq(stw_utf8_fitting("\xe6\xbc\xa2" "b", 1), 0);
    cr_expect_eq(stw_utf8_fitting("\xe6\xbc\xa2" "b", 2), 3);
}

Test(utf8, encodes_what_it_decodes)
{
    static const uint32_t characters[] = {'a',    0x80,   0x7ff,   0x800,
                                           0xd7ff, 0xffff, 0x10000, 0x10ffff};
    for (size_t i = 0; i < sizeof characters / sizeof *characters; i++) {
        struct stw_text text = {0};
        stw_utf8_add(&text, characters[i]);
        const char *rest = text.bytes;
        cr_expect_eq(stw_utf8_next(&rest), characters[i]);
        cr_expect_eq(rest, text.bytes + text.length, "U+%x is not used up", characters[i]);
        stw_text_free(&text);
    }
}

Test(utf8, shows_what_is_hidden)
{
    struct stw_text text = {0};
    stw_utf8_add_line(&text, "pool \xe2\x80\xae" "fast\xc2\xad\xef\xbb\xbf\xf3\xa0\x81\x81");
    cr_expect_str_eq(text.bytes, "pool <U+202E>fast<U+00AD><U+FEFF><U+E0041>");
    stw_text_free(&text);
}

Test(utf8, cuts_between_characters)
{
    static const char text[] = "a\xc3\xbc\xe6\xbc\xa2\xf0\x9f\x98\x80";
    static const size_t whole[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    for (size_t bytes = 0; bytes < sizeof whole / sizeof *whole; bytes++)
        cr_expect_eq(stw_utf8_whole(text, bytes), whole[bytes], "%zu", bytes);
    cr_expect_eq(stw_utf8_whole("\x80\x80\x80\x80", 4), 4, "malformed: nothing to keep together");
}

Test(units, durations_have_three_digits_and_a_fitting_unit)
{
    static const struct {
        uint64_t ns;
        const char *text;
    } cases[] = {
        {0, "0 ns"},           {812, "812 ns"},          {999, "999 ns"},
        {1000, "1.00 us"},     {9994, "9.99 us"},        {9995, "10.0 us"},
        {12345, "12.3 us"},    {99949, "99.9 us"},       {99950, "100 us"},
        {999499, "999 us"},    {999500, "1.00 ms"},      {1270000, "1.27 ms"},
        {127000000, "127 ms"}, {999600000, "1.00 s"},    {61000000000, "61.0 s"},
        {UINT64_MAX, "18446744074 s"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_str_eq(stw_format_ns(cases[i].ns).text, cases[i].text, "%s for %s",
                         stw_format_ns(cases[i].ns).text, cases[i].text);
}

Test(units, sizes_use_binary_units)
{
    cr_expect_str_eq(stw_format_bytes(0).text, "0 B");
    cr_expect_str_eq(stw_format_bytes(1023).text, "1023 B");
    cr_expect_str_eq(stw_format_bytes(1024).text, "1.00 KiB");
    cr_expect_str_eq(stw_format_bytes(2506096).text, "2.39 MiB");
    cr_expect_str_eq(stw_format_bytes(1048575).text, "1.00 MiB");
    cr_expect_str_eq(stw_format_bytes(64ull << 30).text, "64.0 GiB");
}

Test(units, values_have_the_unit_of_their_fact)
{
    static const struct { double value; const char *unit, *text; } cases[] = {
        {12345, "ns", "12.3 us"},      {-12345, "ns", "-12.3 us"}, {0.6, "ns", "1 ns"},
        {2506096, "bytes", "2.39 MiB"}, {0.125, "share", "12.50 %"}, {5.06, "1/s", "5.1 1/s"},
        {2506096, "", "2506096"},      {2.5, "", "2.5"},           {12, "words", "12 words"},
        {1024, "bytes/s", "1.00 KiB/s"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_str_eq(stw_format_value(cases[i].value, cases[i].unit).text, cases[i].text,
                         "%s", stw_format_value(cases[i].value, cases[i].unit).text);
    cr_expect_str_eq(stw_format_percentile(812, 999, 99).text, "~812 ns");
    cr_expect_str_eq(stw_format_percentile(812, 1000, 99).text, "812 ns");
    cr_expect_str_eq(stw_format_percentile(812, 19, 50).text, "~812 ns");
    cr_expect_str_eq(stw_format_percentile(812, 20, 50).text, "812 ns");
    cr_expect_str_eq(stw_format_percentile(812, 1, 0).text, "812 ns");
}

Test(units, waits_are_rounded_up)
{
    cr_expect_str_eq(stw_format_wait(0.2).text, "1 s");
    cr_expect_str_eq(stw_format_wait(1.2).text, "2 s");
    cr_expect_str_eq(stw_format_wait(119.5).text, "2 min");
    cr_expect_str_eq(stw_format_wait(121).text, "3 min");
    cr_expect_str_eq(stw_format_wait(7200).text, "2 h 0 min");
    cr_expect_str_eq(stw_format_wait(-1).text, "1 s");
    cr_expect_str_eq(stw_format_wait(1e300).text, "1000000 h 0 min");
}

/* Rows that are flushed stand in line with those before, under one header. */
Test(table, goes_on_below_what_was_flushed)
{
    struct stw_table table = {0};
    struct stw_text out = {0};
    stw_table_column(&table, "n", STW_TABLE_RIGHT);
    stw_table_column(&table, "word", STW_TABLE_LEFT);
    table.columns[0].least = 3;
    for (int i = 0; i < 2; i++) {
        stw_table_row(&table);
        stw_table_set(&table, 0, i ? "100" : "1");
        stw_table_set(&table, 1, "x");
        stw_table_flush(&table, &out);
        cr_expect_eq(table.row_count, 0);
    }
    cr_expect_str_eq(out.bytes, "  n  word\n  1  x\n100  x\n");
    stw_text_free(&out);
    stw_table_free(&table);
}

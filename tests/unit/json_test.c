/* tests/unit/json_test.c: the JSON writer's output is what RFC 8259 says, byte by byte.
 * Method: documents are written into a text and compared with literals. */
#include "report/json.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static struct stw_text out;
static struct stw_json json;

static void begin(uint32_t depth_lines)
{
    out = (struct stw_text){0};
    json = stw_json_to_text(&out, depth_lines);
}

static void expect(const char *text)
{
    cr_expect_str_eq(stw_text_get(&out), text);
    stw_text_free(&out);
}

Test(json, separates_members_and_elements)
{
    begin(0);
    stw_json_object_begin(&json);
    stw_json_key(&json, "a");
    stw_json_u64(&json, 1);
    stw_json_key(&json, "b");
    stw_json_array_begin(&json);
    stw_json_bool(&json, 1);
    stw_json_bool(&json, 0);
    stw_json_null(&json);
    stw_json_array_end(&json);
    stw_json_key(&json, "c");
    stw_json_object_begin(&json);
    stw_json_object_end(&json);
    stw_json_object_end(&json);
    stw_json_finish(&json);
    expect("{\"a\": 1, \"b\": [true, false, null], \"c\": {}}\n");
}

Test(json, puts_the_outer_levels_on_lines)
{
    begin(2);
    stw_json_array_begin(&json);
    stw_json_array_begin(&json);
    stw_json_array_begin(&json);
    stw_json_i64(&json, -1);
    stw_json_i64(&json, 2);
    stw_json_array_end(&json);
    stw_json_array_end(&json);
    stw_json_array_begin(&json);
    stw_json_array_end(&json);
    stw_json_array_end(&json);
    expect("[\n  [\n    [-1, 2]\n  ],\n  []\n]");
}

Test(json, escapes_what_must_be_escaped)
{
    begin(0);
    stw_json_string(&json, "q\" b\\ \b\f\n\r\t \x01 \x1f \x7f / \xc3\xa9 \xf0\x9f\x98\x80");
    expect("\"q\\\" b\\\\ \\b\\f\\n\\r\\t \\u0001 \\u001f \\u007f / \xc3\xa9 \xf0\x9f\x98\x80\"");
}

Test(json, escapes_keys_too)
{
    begin(0);
    stw_json_object_begin(&json);
    stw_json_key(&json, "a\"\n");
    stw_json_null(&json);
    stw_json_object_end(&json);
    expect("{\"a\\\"\\n\": null}");
}

#define BAD "\xef\xbf\xbd"

Test(json, escapes_what_is_hidden)
{
    begin(0);
    stw_json_string(&json, "a\xe2\x80\xae" "b\xf3\xa0\x81\x81\xc2\x9b\xc3\xbc");
    expect("\"a\\u202eb\\udb40\\udc41\\u009b\xc3\xbc\"");
}

Test(json, replaces_malformed_utf8)
{
    static const char *const cases[][2] = {
        {"\xff", BAD},                         /* no such byte */
        {"\xc3", BAD},                         /* cut off by the end */
        {"\xe2\x82", BAD BAD},                 /* cut off, two bytes */
        {"\xc0\xaf", BAD BAD},                 /* overlong, two bytes */
        {"\xe0\x80\xaf", BAD BAD BAD},         /* overlong, three */
        {"\xed\xa0\x80", BAD BAD BAD},         /* a surrogate */
        {"\xf4\x90\x80\x80", BAD BAD BAD BAD}, /* beyond the last character */
        {"\xc3(", BAD "("},                    /* what follows is kept */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[64];
        snprintf(expected, sizeof expected, "\"%s\"", cases[i][1]);
        begin(0);
        stw_json_string(&json, cases[i][0]);
        cr_expect_str_eq(stw_text_get(&out), expected, "case %zu gave %s", i, stw_text_get(&out));
        stw_text_free(&out);
    }
}

Test(json, writes_extreme_integers)
{
    begin(0);
    stw_json_array_begin(&json);
    stw_json_u64(&json, UINT64_MAX);
    stw_json_i64(&json, INT64_MIN);
    stw_json_array_end(&json);
    expect("[18446744073709551615, -9223372036854775808]");
}

Test(json, writes_the_shortest_double_that_reads_back)
{
    begin(0);
    stw_json_array_begin(&json);
    stw_json_f64(&json, 0.1);
    stw_json_f64(&json, 1.0 / 3);
    stw_json_f64(&json, 100);
    stw_json_f64(&json, 1e300);
    stw_json_f64(&json, -0.5);
    stw_json_array_end(&json);
    expect("[0.1, 0.3333333333333333, 100, 1e+300, -0.5]");
}

Test(json, has_no_numbers_that_are_not_finite)
{
    begin(0);
    stw_json_array_begin(&json);
    stw_json_f64(&json, NAN);
    stw_json_f64(&json, INFINITY);
    stw_json_f64(&json, -INFINITY);
    stw_json_array_end(&json);
    expect("[null, null, null]");
}

Test(json, tells_numbers_from_strings)
{
    static const char *const numbers[] = {"0",   "65536", "-1",    "0.5",
                                          "1e9", "1E+3",  "2.5e-1", "18446744073709551615"};
    static const char *const strings[] = {"",     "-",    "007",  "1.",  ".5",     "+1",  "1e",
                                          "1e+",  "64MiB", "0x10", "nan", "1e999", " 1", "1 ",
                                          "none", "1,5"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        begin(0);
        stw_json_number_or_string(&json, numbers[i]);
        expect(numbers[i]);
    }
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        char expected[32];
        snprintf(expected, sizeof expected, "\"%s\"", strings[i]);
        begin(0);
        stw_json_number_or_string(&json, strings[i]);
        expect(expected);
    }
}

Test(json, writes_to_a_file_what_it_writes_to_a_text)
{
    char *bytes = NULL;
    size_t length;
    FILE *file = open_memstream(&bytes, &length);
    cr_assert(file);
    struct stw_json writer = stw_json_to_file(file, 1);
    stw_json_array_begin(&writer);
    stw_json_string(&writer, "x");
    stw_json_array_end(&writer);
    stw_json_finish(&writer);
    fclose(file);
    cr_expect_str_eq(bytes, "[\n  \"x\"\n]\n");
    free(bytes);
}

#ifdef STW_GUARD
#include <signal.h>

/* report.J1, in this and the next. */
Test(json, aborts_on_a_member_without_a_key, .signal = SIGABRT)
{
    begin(0);
    stw_json_object_begin(&json);
    stw_json_null(&json);
}

Test(json, aborts_on_crossed_nesting, .signal = SIGABRT)
{
    begin(0);
    stw_json_object_begin(&json);
    stw_json_array_end(&json);
}
#endif

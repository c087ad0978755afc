/* Parameter values: texts are read by the rules of the parameter's type and unit, refused with a
 * reason, and written in one way that reads back as the same value. Method: tables of texts; round
 * trips over random numbers with a fixed seed. */
#include "base/error.h"
#include "base/random.h"
#include "host/manifest.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct stw_param entries = {.name = "n", .type = STW_TYPE_U64, .unit = "entries",
                                         .max_u64 = UINT64_MAX};
static const struct stw_param room = {.name = "room", .type = STW_TYPE_U64, .unit = "bytes",
                                      .min_u64 = 4096, .max_u64 = UINT64_MAX};
static const struct stw_param rest = {.name = "rest", .type = STW_TYPE_U64, .unit = "ns",
                                      .max_u64 = UINT64_MAX};
static const struct stw_param ratio = {.name = "ratio", .type = STW_TYPE_F64, .min_f64 = -1e300,
                                       .max_f64 = 1e300};
static const struct stw_param deep = {.name = "deep", .type = STW_TYPE_BOOL};
static const struct stw_param label = {.name = "label", .type = STW_TYPE_TEXT};
static const struct stw_param shape = {.name = "shape", .type = STW_TYPE_CHOICE, .choice_count = 3,
                                       .choices = {"int", "string", "float"}};

static struct stw_value parse(const struct stw_param *param, const char *text)
{
    struct stw_value value = {0};
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(stw_param_parse(param, text, &value, &error), STW_OK, "\"%s\": %s", text,
                 error.message);
    cr_assert_str_eq(value.name, param->name);
    cr_assert_eq(value.type, param->type);
    return value;
}

static void expect_refusal(const struct stw_param *param, const char *text, const char *message)
{
    struct stw_value value = {.as_u64 = 77, .as_f64 = 77};
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(stw_param_parse(param, text, &value, &error), STW_E_INVALID, "\"%s\"", text);
    cr_assert_str_eq(error.message, message);
    cr_assert_str_eq(error.field, param->name);
    cr_assert(value.as_u64 == 77 && value.as_f64 == 77, "a refused text changed the value");
}

static void expect_text(const struct stw_param *param, const struct stw_value *value,
                        const char *text)
{
    char written[64];
    stw_param_format(param, value, written, sizeof written);
    cr_assert_str_eq(written, text);
}

/* Reading. */

Test(param, reads_whole_numbers)
{
    cr_assert_eq(parse(&entries, "0").as_u64, 0);
    cr_assert_eq(parse(&entries, "007").as_u64, 7);
    cr_assert_eq(parse(&entries, "65_536").as_u64, 65536);
    cr_assert_eq(parse(&entries, "1_0_0").as_u64, 100);
    cr_assert_eq(parse(&entries, "18446744073709551615").as_u64, UINT64_MAX);
    cr_assert_eq(parse(&entries, "2k").as_u64, 2000);
    cr_assert_eq(parse(&entries, "3M").as_u64, 3000000);
    cr_assert_eq(parse(&entries, "4G").as_u64, 4000000000);
    cr_assert_eq(parse(&entries, "2^0").as_u64, 1);
    cr_assert_eq(parse(&entries, "2^16").as_u64, 65536);
    cr_assert_eq(parse(&entries, "2^63").as_u64, 1ull << 63);
}

Test(param, reads_suffixes_of_the_unit)
{
    cr_assert_eq(parse(&room, "8192B").as_u64, 8192);
    cr_assert_eq(parse(&room, "64KiB").as_u64, 65536);
    cr_assert_eq(parse(&room, "64MiB").as_u64, 64ull << 20);
    cr_assert_eq(parse(&room, "3GiB").as_u64, 3ull << 30);
    cr_assert_eq(parse(&room, "2TiB").as_u64, 2ull << 40);
    cr_assert_eq(parse(&room, "64M").as_u64, 64000000);
    cr_assert_eq(parse(&rest, "5ns").as_u64, 5);
    cr_assert_eq(parse(&rest, "5us").as_u64, 5000);
    cr_assert_eq(parse(&rest, "10ms").as_u64, 10000000);
    cr_assert_eq(parse(&rest, "1s").as_u64, 1000000000);
    const struct stw_param wait = {.name = "wait", .type = STW_TYPE_U64, .unit = "ns",
                                   .max_u64 = UINT64_MAX};
    cr_assert_eq(parse(&wait, "5min").as_u64, 300000000000);
    cr_assert_eq(parse(&wait, "2h").as_u64, 7200000000000);
}

Test(param, refuses_what_is_no_whole_number)
{
    expect_refusal(&entries, "", "\"\" is not a number");
    expect_refusal(&entries, " 1", "\" 1\" is not a number");
    expect_refusal(&entries, "x", "\"x\" is not a number");
    expect_refusal(&entries, "_1", "\"_1\" is not a number");
    expect_refusal(&entries, "+1", "\"+1\" is not a number");
    expect_refusal(&entries, "-1", "\"-1\" is negative");
    expect_refusal(&entries, "1.5", "\"1.5\" is not a whole number");
    expect_refusal(&entries, "1_",
                   "\"1_\" is not a number; after its digits there may be k, M, G");
    expect_refusal(&entries, "1__0",
                   "\"1__0\" is not a number; after its digits there may be k, M, G");
    expect_refusal(&entries, "0x10",
                   "\"0x10\" is not a number; after its digits there may be k, M, G");
    expect_refusal(&entries, "64KiB",
                   "\"64KiB\" is not a number; after its digits there may be k, M, G");
    expect_refusal(&room, "64MB", "\"64MB\" is not a number; after its digits there may be B, KiB, "
                                  "MiB, GiB, TiB, k, M, G");
    expect_refusal(&rest, "5 ms", "\"5 ms\" is not a number; directly after its digits there may "
                                  "be ns, us, ms, s, min, h");
    expect_refusal(&entries, "2^64", "\"2^64\" is not a power of two from 2^0 to 2^63");
    expect_refusal(&entries, "2^", "\"2^\" is not a power of two from 2^0 to 2^63");
    expect_refusal(&entries, "2^1x", "\"2^1x\" is not a power of two from 2^0 to 2^63");
    expect_refusal(&entries, "2^100", "\"2^100\" is not a power of two from 2^0 to 2^63");
}

Test(param, refuses_numbers_that_overflow)
{
    char digits[201];
    struct stw_error error = STW_ERROR_INIT;
    struct stw_value value;
    expect_refusal(&entries, "18446744073709551616",
                   "\"18446744073709551616\" does not fit into 64 bits");
    expect_refusal(&entries, "18446744073709551615k",
                   "\"18446744073709551615k\" does not fit into 64 bits");
    expect_refusal(&room, "16777216TiB", "\"16777216TiB\" does not fit into 64 bits");
    memset(digits, '9', sizeof digits - 1);
    digits[sizeof digits - 1] = '\0';
    cr_assert_eq(stw_param_parse(&entries, digits, &value, &error), STW_E_INVALID);
    cr_assert_eq(stw_param_parse(&ratio, digits, &value, &error), STW_E_INVALID);
}

Test(param, refuses_what_is_out_of_range)
{
    const struct stw_param chunk = {.name = "chunk", .type = STW_TYPE_U64, .unit = "entries",
                                    .min_u64 = 1, .max_u64 = 100};
    const struct stw_param pause = {.name = "pause", .type = STW_TYPE_U64, .unit = "ns",
                                    .min_u64 = 1000, .max_u64 = 10000000};
    const struct stw_param fill = {.name = "fill", .type = STW_TYPE_F64, .min_f64 = 0.125,
                                   .max_f64 = 1};
    cr_assert_eq(parse(&chunk, "1").as_u64, 1);
    cr_assert_eq(parse(&chunk, "100").as_u64, 100);
    expect_refusal(&chunk, "0", "\"0\" is out of range: 1 to 100 entries");
    expect_refusal(&chunk, "101", "\"101\" is out of range: 1 to 100 entries");
    expect_refusal(&pause, "60", "\"60\" is out of range: 1us to 10ms; without a unit it is ns: "
                                 "seconds are written 60s");
    expect_refusal(&pause, "1s", "\"1s\" is out of range: 1us to 10ms");
    expect_refusal(&room, "1", "\"1\" is out of range: at least 4KiB");
    cr_assert_eq(parse(&fill, "0.125").as_f64, 0.125);
    expect_refusal(&fill, "0.1249", "\"0.1249\" is out of range: 0.125 to 1");
    expect_refusal(&fill, "1.5", "\"1.5\" is out of range: 0.125 to 1");
    const struct stw_param odd = {.name = "odd", .type = STW_TYPE_U64, .unit = "bytes",
                                  .min_u64 = 4096, .max_u64 = 4097};
    expect_refusal(&odd, "1", "\"1\" is out of range: 4KiB to 4097 bytes");
}

Test(param, reads_fractions)
{
    cr_assert_eq(parse(&ratio, "0.5").as_f64, 0.5);
    cr_assert_eq(parse(&ratio, "-2.25").as_f64, -2.25);
    cr_assert_eq(parse(&ratio, "1_000.5").as_f64, 1000.5);
    cr_assert_eq(parse(&ratio, "1e3").as_f64, 1000);
    cr_assert_eq(parse(&ratio, "25e-2").as_f64, 0.25);
    cr_assert_eq(parse(&ratio, "1E+2").as_f64, 100);
    cr_assert_eq(parse(&ratio, "1.5k").as_f64, 1500);
    cr_assert_eq(parse(&ratio, "2^10").as_f64, 1024);
}

Test(param, refuses_what_is_no_fraction)
{
    expect_refusal(&ratio, "", "\"\" is not a number");
    expect_refusal(&ratio, "nan", "\"nan\" is not a number");
    expect_refusal(&ratio, "inf", "\"inf\" is not a number");
    expect_refusal(&ratio, "-", "\"-\" is not a number");
    expect_refusal(&ratio, ".5", "\".5\" is not a number");
    expect_refusal(&ratio, "1.", "\"1.\" is not a number; after its digits there may be k, M, G");
    expect_refusal(&ratio, "1e", "\"1e\" is not a number; after its digits there may be k, M, G");
    expect_refusal(&ratio, "1e+", "\"1e+\" is not a number; after its digits there may be k, M, G");
    expect_refusal(&ratio, "0x1p3",
                   "\"0x1p3\" is not a number; after its digits there may be k, M, G");
    expect_refusal(&ratio, "1e999", "\"1e999\" is too large");
}

Test(param, reads_truth)
{
    static const char *const yes[] = {"true", "yes", "on", "1"};
    static const char *const no[] = {"false", "no", "off", "0"};
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(parse(&deep, yes[i]).as_u64, 1);
        cr_assert_eq(parse(&deep, no[i]).as_u64, 0);
    }
    expect_refusal(&deep, "True",
                   "\"True\" is neither true (yes, on, 1) nor false (no, off, 0)");
    expect_refusal(&deep, "", "\"\" is neither true (yes, on, 1) nor false (no, off, 0)");
}

Test(param, reads_choices_and_texts)
{
    struct stw_value value = parse(&shape, "string");
    cr_assert_eq(value.choice, 1);
    cr_assert_eq(value.as_text, shape.choices[1]);
    expect_refusal(&shape, "strin", "\"strin\" is not one of int, string, float; did you mean "
                                    "\"string\"?");
    expect_refusal(&shape, "INT", "\"INT\" is not one of int, string, float; did you mean "
                                  "\"int\"?");
    expect_refusal(&shape, "zebra", "\"zebra\" is not one of int, string, float");
    static const char text[] = "any | text, \xc3\xa4";
    value = parse(&label, text);
    cr_assert_str_eq(value.as_text, text);
    cr_assert_neq(value.as_text, text, "the value owns its text");
    free((char *)(uintptr_t)value.as_text);
}

Test(param, needs_no_error_to_fill)
{
    struct stw_value value;
    cr_assert_eq(stw_param_parse(&shape, "x", &value, NULL), STW_E_INVALID);
    cr_assert_eq(stw_param_parse(&entries, "x", &value, NULL), STW_E_INVALID);
}

/* Writing. */

/* host.V2 */
Test(param, writes_values_in_one_way)
{
    static const struct {
        const struct stw_param *param;
        const char *text, *written;
    } cases[] = {
        {&entries, "65_536", "65536"}, {&entries, "1M", "1000000"},  {&entries, "0", "0"},
        {&room, "65536", "64KiB"},     {&room, "1024KiB", "1MiB"},   {&room, "5000", "5000"},
        {&room, "2^40", "1TiB"},       {&room, "2048GiB", "2TiB"},   {&rest, "10000us", "10ms"},
        {&rest, "1500", "1500"},       {&rest, "60s", "60s"},        {&rest, "0", "0"},
        /* Cells are known by their texts: minutes came later and are not written. */
        {&rest, "2min", "120s"},       {&rest, "1h", "3600s"},
        {&ratio, "0.50", "0.5"},       {&ratio, "1.0", "1"},         {&ratio, "-0", "0"},
        {&ratio, "0.1", "0.1"},        {&ratio, "1k", "1000"},       {&ratio, "1e20", "1e+20"},
        {&ratio, "1e-7", "1e-07"},     {&ratio, "-2.5", "-2.5"},     {&deep, "on", "true"},
        {&deep, "0", "false"},         {&shape, "float", "float"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stw_value value = parse(cases[i].param, cases[i].text);
        expect_text(cases[i].param, &value, cases[i].written);
    }
    const struct stw_value text = {.type = STW_TYPE_TEXT, .as_text = "plain"};
    expect_text(&label, &text, "plain");
}

Test(param, cuts_what_does_not_fit)
{
    char written[4];
    const struct stw_value value = {.type = STW_TYPE_U64, .as_u64 = 123456};
    stw_param_format(&entries, &value, written, sizeof written);
    cr_assert_str_eq(written, "123");
}

static uint64_t draw(struct stw_random *random)
{
    uint64_t bits = (uint64_t)stw_random_u32(random) << 32 | stw_random_u32(random);
    return bits >> stw_random_below(random, 64);
}

/* host.V1: what is written reads back, and is written alike again. */
Test(param, reads_what_it_writes)
{
    static const struct stw_param *const params[] = {&entries, &room, &rest};
    struct stw_random random = stw_random_seed(1, 3);
    for (int i = 0; i < 20000; i++) {
        const struct stw_param *param = params[i % 3];
        static const uint64_t factors[] = {1, 1000, 1024, 1000000, 1048576, 1000000000};
        uint64_t number = draw(&random) * factors[stw_random_below(&random, 6)];
        char text[64];
        if (number < param->min_u64)
            continue;
        const struct stw_value value = {.type = STW_TYPE_U64, .as_u64 = number};
        stw_param_format(param, &value, text, sizeof text);
        cr_assert_eq(parse(param, text).as_u64, number, "%s", text);
    }
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = draw(&random);
        struct stw_value value = {.type = STW_TYPE_F64};
        char text[64];
        memcpy(&value.as_f64, &bits, sizeof bits);
        if (!(value.as_f64 >= ratio.min_f64 && value.as_f64 <= ratio.max_f64) || bits == 1ull << 63)
            continue;
        stw_param_format(&ratio, &value, text, sizeof text);
        cr_assert_eq(parse(&ratio, text).as_f64, value.as_f64, "%s", text);
    }
}

/* No text makes it read beyond its end (AddressSanitizer would tell). */
Test(param, survives_random_texts)
{
    static const struct stw_param *const params[] = {&entries, &room, &rest, &ratio, &deep, &shape};
    static const char letters[] = "0123456789_.^-+eEkMGKiBnus2 ";
    struct stw_random random = stw_random_seed(2, 3);
    for (int i = 0; i < 50000; i++) {
        size_t length = stw_random_below(&random, 80);
        char *text = malloc(length + 1), written[256];
        for (size_t j = 0; j < length; j++)
            text[j] = letters[stw_random_below(&random, sizeof letters - 1)];
        text[length] = '\0';
        const struct stw_param *param = params[i % 6];
        struct stw_value value, again;
        struct stw_error error = STW_ERROR_INIT;
        if (stw_param_parse(param, text, &value, &error) == STW_OK) {
            stw_param_format(param, &value, written, sizeof written);
            cr_assert_eq(stw_param_parse(param, written, &again, &error), STW_OK, "%s: %s", text,
                         error.message);
            cr_assert(again.as_u64 == value.as_u64 && again.as_f64 == value.as_f64, "%s", text);
        } else {
            cr_assert_gt(strlen(error.message), 0);
        }
        free(text);
    }
}

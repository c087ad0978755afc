/* host/param.c: values of parameters, from text and back.
 *
 * V1  what stw_param_format writes, stw_param_parse reads as the same value.
 * V2  two texts with one value are written alike, so texts can be compared.
 * Numbers are read by an own grammar, stricter than strtod's: no hexadecimal, no "inf", no blanks.
 * The C library's locale is "C" (nobody calls setlocale), so decimal points are points. */
#include "host/manifest_parts.h"

#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_BYTES 64u
#define QUOTED_BYTES_MAX 60 /* of a value in a message */
#define WHOLE_F64_MAX 1e15 /* below, whole numbers are exact and written without an exponent */
#define F64_DIGITS_MAX 17  /* enough to tell any two doubles apart */

struct suffix {
    const char *unit; /* null: any unit */
    const char *text;
    uint64_t factor;
    int is_for_reading; /* never written: a value has one text, and cells are known by it (V2) */
};

/* Per unit from small to large, which is the order of messages. */
static const struct suffix suffixes[] = {
    {"bytes", "B", 1, 0},
    {"bytes", "KiB", 1ull << 10, 0},
    {"bytes", "MiB", 1ull << 20, 0},
    {"bytes", "GiB", 1ull << 30, 0},
    {"bytes", "TiB", 1ull << 40, 0},
    {"ns", "ns", 1, 0},
    {"ns", "us", 1000, 0},
    {"ns", "ms", 1000000, 0},
    {"ns", "s", 1000000000, 0},
    {"ns", "min", 60000000000, 1},
    {"ns", "h", 3600000000000, 1},
    {NULL, "k", 1000, 0},
    {NULL, "M", 1000000, 0},
    {NULL, "G", 1000000000, 0},
};
#define SUFFIXES (sizeof suffixes / sizeof *suffixes)

/* For "%.*s" of a value. */
static int quoted(const char *text)
{
    return (int)stw_utf8_whole(text, QUOTED_BYTES_MAX);
}

static int applies(const struct suffix *suffix, const struct stw_param *param)
{
    return !suffix->unit || strcmp(suffix->unit, param->unit) == 0;
}

static int is_time(const struct stw_param *param)
{
    return strcmp(param->unit, "ns") == 0;
}

static stw_status find_factor(const struct stw_param *param, const char *text, const char *suffix,
                              uint64_t *factor, struct stw_error *error)
{
    struct stw_text known = {0};
    *factor = 1;
    for (size_t i = 0; *suffix && i < SUFFIXES; i++) {
        if (!applies(&suffixes[i], param))
            continue;
        *factor = suffixes[i].factor;
        if (strcmp(suffix, suffixes[i].text) == 0) {
            stw_text_free(&known);
            return STW_OK;
        }
        if (suffixes[i].unit || !is_time(param)) /* nobody's unit of time is the M */
            stw_text_add(&known, "%s%s", known.length ? ", " : "", suffixes[i].text);
    }
    if (!*suffix)
        return STW_OK;
    stw_error_set(error, STW_E_INVALID, param->name,
                  "\"%.*s\" is not a number; %safter its digits there may be %s", quoted(text),
                  text, *suffix == ' ' ? "directly " : "", stw_text_get(&known));
    stw_text_free(&known);
    return STW_E_INVALID;
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Copies digits without the underscores between them, and leaves *text after them. */
static void take_digits(const char **text, char *into, size_t *used)
{
    const char *at = *text;
    while (is_digit(*at) || (*at == '_' && at > *text && at[-1] != '_' && is_digit(at[1]))) {
        if (*at != '_' && *used < NUMBER_BYTES - 1)
            into[(*used)++] = *at;
        at++;
    }
    into[*used] = '\0';
    *text = at;
}

static stw_status refuse_number(const struct stw_param *param, const char *text, const char *what,
                                struct stw_error *error)
{
    return stw_error_set(error, STW_E_INVALID, param->name, "\"%.*s\" %s", quoted(text), text,
                         what);
}

/* Whether `text` is 2^N with N up to 63. */
static int parse_power(const char *text, uint64_t *number)
{
    if (strncmp(text, "2^", 2) != 0 || !is_digit(text[2]) || strlen(text) > 4)
        return 0;
    unsigned power = (unsigned)(text[2] - '0');
    if (text[3]) {
        if (!is_digit(text[3]))
            return 0;
        power = 10 * power + (unsigned)(text[3] - '0');
    }
    if (power > 63)
        return 0;
    *number = 1ull << power;
    return 1;
}

stw_status stw__param_parse_u64(const struct stw_param *param, const char *text, uint64_t *number,
                                struct stw_error *error)
{
    char digits[NUMBER_BYTES];
    size_t used = 0;
    const char *rest = text;
    if (parse_power(text, number))
        return STW_OK;
    if (strncmp(text, "2^", 2) == 0)
        return refuse_number(param, text, "is not a power of two from 2^0 to 2^63", error);
    take_digits(&rest, digits, &used);
    if (rest == text)
        return refuse_number(param, text, *text == '-' ? "is negative" : "is not a number", error);
    if (*rest == '.')
        return refuse_number(param, text, "is not a whole number", error);
    uint64_t value = 0, factor;
    STW_TRY(find_factor(param, text, rest, &factor, error));
    int too_large = used == NUMBER_BYTES - 1;
    for (size_t i = 0; i < used && !too_large; i++)
        too_large = __builtin_mul_overflow(value, 10u, &value)
                    || __builtin_add_overflow(value, (uint64_t)(digits[i] - '0'), &value);
    if (too_large || __builtin_mul_overflow(value, factor, &value))
        return refuse_number(param, text, "does not fit into 64 bits", error);
    *number = value;
    return STW_OK;
}

/* Cuts [-]D[.D][e[+-]D] off *text; 0 when that is not there. */
static int take_decimal(const char **text, char *into)
{
    const char *at = *text, *digits;
    size_t used = 0;
    if (*at == '-')
        into[used++] = *at++;
    digits = at;
    take_digits(&at, into, &used);
    if (at == digits)
        return 0;
    if (*at == '.' && is_digit(at[1])) {
        into[used] = *at++;
        used += used < NUMBER_BYTES - 1;
        take_digits(&at, into, &used);
    }
    if ((*at == 'e' || *at == 'E') && (is_digit(at[1]) || (at[1] && strchr("+-", at[1])
                                                           && is_digit(at[2])))) {
        for (int i = 0; i < 2 && used < NUMBER_BYTES - 1 && !is_digit(*at); i++)
            into[used++] = *at++;
        take_digits(&at, into, &used);
    }
    *text = at;
    return used < NUMBER_BYTES - 1;
}

stw_status stw__param_parse_f64(const struct stw_param *param, const char *text, double *number,
                                struct stw_error *error)
{
    char decimal[NUMBER_BYTES];
    const char *rest = text;
    uint64_t factor;
    if (parse_power(text, &factor)) {
        *number = (double)factor;
        return STW_OK;
    }
    if (!take_decimal(&rest, decimal))
        return refuse_number(param, text, "is not a number", error);
    STW_TRY(find_factor(param, text, rest, &factor, error));
    double value = strtod(decimal, NULL) * (double)factor;
    if (__builtin_isinf(value))
        return refuse_number(param, text, "is too large", error);
    *number = value + 0.0; /* -0 becomes 0, so that one value has one text */
    return STW_OK;
}

static void format_u64(const struct stw_param *param, uint64_t number, char *text, size_t bytes)
{
    const struct suffix *best = NULL;
    for (size_t i = 0; number && i < SUFFIXES; i++)
        if (suffixes[i].unit && applies(&suffixes[i], param) && suffixes[i].factor > 1
            && !suffixes[i].is_for_reading && number % suffixes[i].factor == 0)
            best = &suffixes[i];
    snprintf(text, bytes, "%" PRIu64 "%s", best ? number / best->factor : number,
             best ? best->text : "");
}

static void format_f64(double number, char *text, size_t bytes)
{
    char shortest[NUMBER_BYTES];
    if (number > -WHOLE_F64_MAX && number < WHOLE_F64_MAX && number == (double)(int64_t)number) {
        snprintf(text, bytes, "%" PRId64, (int64_t)number);
        return;
    }
    for (int digits = 1; digits <= F64_DIGITS_MAX; digits++) {
        snprintf(shortest, sizeof shortest, "%.*g", digits, number);
        double back = strtod(shortest, NULL);
        if (memcmp(&back, &number, sizeof back) == 0)
            break;
    }
    snprintf(text, bytes, "%s", shortest);
}

void stw_param_format(const struct stw_param *param, const struct stw_value *value, char *text,
                      uint32_t text_bytes)
{
    switch (value->type) {
    case STW_TYPE_U64:
        format_u64(param, value->as_u64, text, text_bytes);
        break;
    case STW_TYPE_F64:
        format_f64(value->as_f64, text, text_bytes);
        break;
    case STW_TYPE_BOOL:
        snprintf(text, text_bytes, "%s", value->as_u64 ? "true" : "false");
        break;
    default:
        snprintf(text, text_bytes, "%s", value->as_text ? value->as_text : "");
    }
}

/* `"0" is out of range: 1 to 4096 entries`, or `at least 1 entries` when there is no maximum. A
 * suffix says the unit already: `1us to 10ms`. */
static stw_status refuse_range(const struct stw_param *param, const char *text,
                               struct stw_error *error)
{
    const struct stw_value low = {.type = param->type, .as_u64 = param->min_u64,
                                  .as_f64 = param->min_f64};
    const struct stw_value high = {.type = param->type, .as_u64 = param->max_u64,
                                   .as_f64 = param->max_f64};
    char min[NUMBER_BYTES], max[NUMBER_BYTES];
    stw_param_format(param, &low, min, sizeof min);
    stw_param_format(param, &high, max, sizeof max);
    int is_open = param->type == STW_TYPE_U64 && param->max_u64 == UINT64_MAX;
    const char *last = is_open ? min : max;
    int needs_unit = *param->unit && is_digit(last[strlen(last) - 1]);
    int lacks_unit = is_time(param) && !text[strspn(text, "0123456789_")];
    return stw_error_set(error, STW_E_INVALID, param->name,
                         "\"%.*s\" is out of range: %s%s%s%s%s%s%s%s", quoted(text), text,
                         is_open ? "at least " : min, is_open ? "" : " to ", last,
                         needs_unit ? " " : "", needs_unit ? param->unit : "",
                         lacks_unit ? "; without a unit it is ns: seconds are written " : "",
                         lacks_unit ? text : "", lacks_unit ? "s" : "");
}

static stw_status parse_bool(const struct stw_param *param, const char *text, uint64_t *number,
                             struct stw_error *error)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i]) == 0) {
            *number = i % 2;
            return STW_OK;
        }
    return refuse_number(param, text, "is neither true (yes, on, 1) nor false (no, off, 0)", error);
}

static stw_status parse_choice(const struct stw_param *param, const char *text,
                               struct stw_value *value, struct stw_error *error)
{
    const char *words[STW_CHOICES];
    struct stw_text all = {0};
    for (uint32_t i = 0; i < param->choice_count; i++) {
        if (strcmp(text, param->choices[i]) == 0) {
            value->choice = i;
            value->as_text = param->choices[i];
            stw_text_free(&all);
            return STW_OK;
        }
        words[i] = param->choices[i];
        stw_text_add(&all, "%s%s", i ? ", " : "", words[i]);
    }
    const char *near = stw_nearest(text, words, param->choice_count);
    stw_error_set(error, STW_E_INVALID, param->name, "\"%.*s\" is not one of %s%s%s%s",
                  quoted(text), text, stw_text_get(&all), near ? "; did you mean \"" : "",
                  near ? near : "", near ? "\"?" : "");
    stw_text_free(&all);
    return STW_E_INVALID;
}

stw_status stw_param_parse(const struct stw_param *param, const char *text, struct stw_value *value,
                           struct stw_error *error)
{
    struct stw_value read = {.name = param->name, .type = param->type};
    stw_status status;
    switch (param->type) {
    case STW_TYPE_U64:
        status = stw__param_parse_u64(param, text, &read.as_u64, error);
        if (status == STW_OK && (read.as_u64 < param->min_u64 || read.as_u64 > param->max_u64))
            status = refuse_range(param, text, error);
        break;
    case STW_TYPE_F64:
        status = stw__param_parse_f64(param, text, &read.as_f64, error);
        if (status == STW_OK && (read.as_f64 < param->min_f64 || read.as_f64 > param->max_f64))
            status = refuse_range(param, text, error);
        break;
    case STW_TYPE_BOOL:
        status = parse_bool(param, text, &read.as_u64, error);
        break;
    case STW_TYPE_CHOICE:
        status = parse_choice(param, text, &read, error);
        break;
    default:
        read.as_text = stw_strdup(text);
        status = STW_OK;
    }
    if (status == STW_OK)
        *value = read;
    return status;
}

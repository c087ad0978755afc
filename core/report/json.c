/* report/json.c: the streaming JSON writer.
 * J1  a frame is OBJECT or array; FILLED once it has a member; KEYED between a key and its value.
 * The C library's locale is "C" (nobody calls setlocale), so decimal points are points. */
#include "report/json.h"

#include "base/check.h"
#include "base/utf8.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OBJECT 1u
#define FILLED 2u
#define KEYED 4u

static void put(struct stw_json *json, const char *bytes, size_t length)
{
    if (json->file)
        fwrite(bytes, 1, length, json->file);
    else
        stw_text_add_bytes(json->text, bytes, length);
}

static void put_text(struct stw_json *json, const char *text)
{
    put(json, text, strlen(text));
}

struct stw_json stw_json_to_file(FILE *file, uint32_t depth_lines)
{
    return (struct stw_json){.file = file, .depth_lines = depth_lines};
}

struct stw_json stw_json_to_text(struct stw_text *text, uint32_t depth_lines)
{
    return (struct stw_json){.text = text, .depth_lines = depth_lines};
}

void stw_json_finish(struct stw_json *json)
{
    STW_ASSERT(json->depth == 0);
    put_text(json, "\n");
}

static uint8_t *top(struct stw_json *json)
{
    return json->depth ? &json->frames[json->depth - 1] : NULL;
}

static void put_line(struct stw_json *json)
{
    if (json->depth > json->depth_lines)
        return;
    put_text(json, "\n");
    for (uint32_t i = 0; i < json->depth; i++)
        put_text(json, "  ");
}

/* The comma and the line before a member. */
static void separate(struct stw_json *json, uint8_t *frame)
{
    if (*frame & FILLED)
        put_text(json, json->depth > json->depth_lines ? ", " : ",");
    *frame |= FILLED;
    put_line(json);
}

/* Before every value. */
static void enter_value(struct stw_json *json)
{
    uint8_t *frame = top(json);
    if (!frame)
        return;
    STW_ASSERT(!(*frame & OBJECT) || (*frame & KEYED));
    if (!(*frame & OBJECT))
        separate(json, frame);
    *frame &= (uint8_t)~KEYED;
}

static void begin(struct stw_json *json, uint8_t frame)
{
    enter_value(json);
    STW_REQUIRE(json->depth < STW_JSON_DEPTH);
    put_text(json, frame & OBJECT ? "{" : "[");
    json->frames[json->depth++] = frame;
}

static void end(struct stw_json *json, uint8_t kind)
{
    STW_REQUIRE(json->depth > 0);
    uint8_t frame = *top(json);
    STW_ASSERT((frame & OBJECT) == kind && !(frame & KEYED));
    int broken = json->depth <= json->depth_lines;
    json->depth--;
    if ((frame & FILLED) && broken)
        put_line(json);
    put_text(json, kind ? "}" : "]");
}

void stw_json_object_begin(struct stw_json *json)
{
    begin(json, OBJECT);
}

void stw_json_object_end(struct stw_json *json)
{
    end(json, OBJECT);
}

void stw_json_array_begin(struct stw_json *json)
{
    begin(json, 0);
}

void stw_json_array_end(struct stw_json *json)
{
    end(json, 0);
}

static void escape(struct stw_text *out, uint32_t character)
{
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    const char *found = character && character < 0x80 ? strchr(from, (int)character) : NULL;
    if (found)
        stw_text_add(out, "\\%c", to[found - from]);
    else if (stw_utf8_is_hidden(character) && character >= 0x10000)
        stw_text_add(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd7c0 + (character >> 10),
                     0xdc00 + (character & 0x3ff));
    else if (stw_utf8_is_control(character) || stw_utf8_is_hidden(character))
        stw_text_add(out, "\\u%04" PRIx32, character);
    else
        stw_utf8_add(out, character);
}

static void put_quoted(struct stw_json *json, const char *text)
{
    struct stw_text quoted = {0};
    stw_text_add(&quoted, "\"");
    while (*text)
        escape(&quoted, stw_utf8_next(&text));
    stw_text_add(&quoted, "\"");
    put(json, quoted.bytes, quoted.length);
    stw_text_free(&quoted);
}

void stw_json_key(struct stw_json *json, const char *key)
{
    uint8_t *frame = top(json);
    STW_REQUIRE(frame);
    STW_ASSERT((*frame & OBJECT) && !(*frame & KEYED));
    separate(json, frame);
    put_quoted(json, key);
    put_text(json, ": ");
    *frame |= KEYED;
}

void stw_json_string(struct stw_json *json, const char *text)
{
    enter_value(json);
    put_quoted(json, text);
}

static void put_value(struct stw_json *json, const char *text)
{
    enter_value(json);
    put_text(json, text);
}

void stw_json_i64(struct stw_json *json, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    put_value(json, text);
}

void stw_json_u64(struct stw_json *json, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    put_value(json, text);
}

void stw_json_f64(struct stw_json *json, double value)
{
    char text[40] = "null";
    for (int digits = DBL_DIG; isfinite(value) && digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    put_value(json, text);
}

void stw_json_bool(struct stw_json *json, int value)
{
    put_value(json, value ? "true" : "false");
}

void stw_json_null(struct stw_json *json)
{
    put_value(json, "null");
}

static const char *skip_digits(const char *text)
{
    return text + strspn(text, "0123456789");
}

/* -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)? */
static int is_number(const char *text)
{
    text += *text == '-';
    const char *rest = *text == '0' ? text + 1 : skip_digits(text);
    if (rest == text)
        return 0;
    if (*rest == '.') {
        const char *fraction = rest + 1;
        rest = skip_digits(fraction);
        if (rest == fraction)
            return 0;
    }
    if (*rest == 'e' || *rest == 'E') {
        const char *exponent = rest + 1;
        exponent += *exponent == '+' || *exponent == '-';
        rest = skip_digits(exponent);
        if (rest == exponent)
            return 0;
    }
    return *rest == '\0';
}

void stw_json_number_or_string(struct stw_json *json, const char *text)
{
    if (is_number(text) && isfinite(strtod(text, NULL)))
        put_value(json, text);
    else
        stw_json_string(json, text);
}

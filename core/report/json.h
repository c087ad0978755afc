/* report/json.h: a streaming JSON writer (RFC 8259) onto a file or a growing text.
 *
 * Commas, quotes and indentation are the writer's; that begin and end match and that every member
 * of an object has a key is the caller's, checked in guard builds. Malformed UTF-8 comes out as
 * U+FFFD, so the output is always valid. Write errors of a file are left in its error flag. */
#ifndef STW_REPORT_JSON_H
#define STW_REPORT_JSON_H

#include "base/text.h"

#include <stdint.h>
#include <stdio.h>

#define STW_JSON_DEPTH 32u

struct stw_json {
    FILE *file;            /* or null */
    struct stw_text *text; /* or null */
    uint32_t depth;
    uint32_t depth_lines; /* containers nested deeper are written on one line */
    uint8_t frames[STW_JSON_DEPTH];
};

/* Containers down to `depth_lines` put each member on its own line. */
struct stw_json stw_json_to_file(FILE *file, uint32_t depth_lines);
struct stw_json stw_json_to_text(struct stw_text *text, uint32_t depth_lines);
/* Ends the document with a newline. */
void stw_json_finish(struct stw_json *json);

void stw_json_object_begin(struct stw_json *json);
void stw_json_object_end(struct stw_json *json);
void stw_json_array_begin(struct stw_json *json);
void stw_json_array_end(struct stw_json *json);
void stw_json_key(struct stw_json *json, const char *key);

void stw_json_string(struct stw_json *json, const char *text);
void stw_json_i64(struct stw_json *json, int64_t value);
void stw_json_u64(struct stw_json *json, uint64_t value);
/* The shortest decimal that reads back as the same double; null when it is not finite. */
void stw_json_f64(struct stw_json *json, double value);
void stw_json_bool(struct stw_json *json, int value);
void stw_json_null(struct stw_json *json);
/* As a number when `text` is one in JSON's own grammar and finite, else as a string. */
void stw_json_number_or_string(struct stw_json *json, const char *text);

#endif

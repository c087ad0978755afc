/* host/manifest_text.c: parses the text of a manifest; the grammar is in stwlab/manifest.h.
 *
 * The text is hostile: lengths are checked before bytes are copied, and control and hidden
 * characters are refused before anything else, so that messages may quote the rest. Every refusal
 * names the line and the field. */
#include "host/manifest_parts.h"

#include "base/error.h"
#include "base/utf8.h"
#include "host/runtime_params.h"
#include "prim/sandbox.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIELDS_MAX 9u /* one more than a record has, to see that there are too many */
#define QUOTED_BYTES_MAX 60

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* Bytes of the text; not terminated. */
struct piece {
    const char *at;
    size_t bytes;
};

struct parser {
    struct stw_manifest *manifest;
    struct stw_error *error;
    uint32_t line;
    struct piece whole; /* the line */
    uint32_t field_count;
    struct piece fields[FIELDS_MAX];
};

static stw_status refuse_at(const struct parser *p, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static stw_status refuse_at(const struct parser *p, const char *field, const char *format, ...)
{
    char what[sizeof p->error->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return stw_error_set(p->error, STW_E_REFUSED, field, "manifest line %u, %s: %s", p->line, field,
                         what);
}

/* For "%.*s" of a piece. */
static int columns(const struct piece *piece)
{
    return piece->bytes < QUOTED_BYTES_MAX ? (int)piece->bytes
                                           : (int)stw_utf8_whole(piece->at, QUOTED_BYTES_MAX);
}

static int is(const struct piece *piece, const char *word)
{
    return piece->bytes == strlen(word) && memcmp(piece->at, word, piece->bytes) == 0;
}

static stw_status copy(const struct parser *p, const struct piece *piece, const char *field,
                       char *into, size_t into_bytes)
{
    if (piece->bytes >= into_bytes)
        return refuse_at(p, field, "\"%.*s...\" has %zu characters, at most %zu", columns(piece),
                         piece->at, piece->bytes, into_bytes - 1);
    memcpy(into, piece->at, piece->bytes);
    into[piece->bytes] = '\0';
    return STW_OK;
}

/* Copies a word of `all` that begins with one of `first`. */
static stw_status copy_word(const struct parser *p, const struct piece *piece, const char *field,
                            char *into, size_t into_bytes)
{
    int is_name = strcmp(field, "name") == 0, is_id = strcmp(field, "id") == 0;
    const char *first = is_id || is_name ? LOWER : LOWER UPPER DIGITS;
    const char *all = is_id     ? LOWER DIGITS "-"
                      : is_name ? LOWER DIGITS "_.-"
                                : LOWER UPPER DIGITS "_.+/%-";
    STW_TRY(copy(p, piece, field, into, into_bytes));
    if (*into && strchr(first, *into) && !into[strspn(into, all)])
        return STW_OK;
    return refuse_at(p, field, "\"%s\" is not %s", into,
                     is_id     ? "a lower-case letter followed by letters, digits and -"
                     : is_name ? "a lower-case letter followed by letters, digits, _ . and -"
                               : "a plain word");
}

/* A line of `record` has so many fields as its form has. */
static stw_status check_fields(const struct parser *p, const char *record, const char *form,
                               uint32_t count)
{
    if (p->field_count == count)
        return STW_OK;
    return refuse_at(p, record, "has %u%s fields; %s has %u", p->field_count,
                     p->field_count == FIELDS_MAX ? " or more" : "", form, count);
}

/* The plugin that a line of `record` belongs to, or null with an error. */
static struct stw_plugin_info *find_owner(const struct parser *p, const char *record)
{
    if (p->manifest->count > 0)
        return &p->manifest->plugins[p->manifest->count - 1];
    refuse_at(p, record, "stands before the first plugin line");
    return NULL;
}

static struct stw_plugin_info *find_workload(const struct parser *p, const char *record,
                                             const char *lacks)
{
    struct stw_plugin_info *info = find_owner(p, record);
    if (!info || info->kind == STW_KIND_WORKLOAD)
        return info;
    refuse_at(p, record, "%s \"%s\" has %s: it is no workload", stw_kind_name(info->kind), info->id,
              lacks);
    return NULL;
}

/* Plugins. */

static stw_status parse_plugin(struct parser *p)
{
    struct stw_manifest *manifest = p->manifest;
    const struct piece *fields = p->fields;
    char kind[STW_WORD_BYTES];
    STW_TRY(check_fields(p, "plugin", "plugin|KIND|ID|SUMMARY", 4));
    if (manifest->count == STW_OFFERS)
        return refuse_at(p, "plugin", "one shared object offers at most %u plugins", STW_OFFERS);
    struct stw_plugin_info *info = &manifest->plugins[manifest->count];
    memset(info, 0, offsetof(struct stw_plugin_info, counters)); /* the rest when it comes */
    STW_TRY(copy(p, &fields[1], "kind", kind, sizeof kind));
    info->kind = stw_kind_of_name(kind);
    if (!info->kind)
        return refuse_at(p, "kind", "\"%s\" is not allocator, map, strategy or workload", kind);
    STW_TRY(copy_word(p, &fields[2], "id", info->id, sizeof info->id));
    STW_TRY(copy(p, &fields[3], "summary", info->summary, sizeof info->summary));
    for (uint32_t i = 0; i < manifest->count; i++)
        if (manifest->plugins[i].kind == info->kind && !strcmp(manifest->plugins[i].id, info->id))
            return refuse_at(p, "id", "%s \"%s\" is declared twice", kind, info->id);
    manifest->count++;
    return STW_OK;
}

/* Parameters. */

static stw_status add_choice(const struct parser *p, const struct piece *word,
                             struct stw_param *param)
{
    if (param->choice_count == STW_CHOICES)
        return refuse_at(p, "type", "more than %u words to choose from", STW_CHOICES);
    char *into = param->choices[param->choice_count];
    STW_TRY(copy_word(p, word, "type", into, sizeof param->choices[0]));
    for (uint32_t i = 0; i < param->choice_count; i++)
        if (strcmp(param->choices[i], into) == 0)
            return refuse_at(p, "type", "the choice \"%s\" is there twice", into);
    param->choice_count++;
    return STW_OK;
}

/* The words of choice(a,b,c) and file(a,b), from the opening parenthesis on. */
static stw_status parse_words(const struct parser *p, const struct piece *type, size_t opening,
                              struct stw_param *param)
{
    const char *at = type->at + opening + 1, *end = type->at + type->bytes - 1;
    while (at <= end) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        struct piece word = {at, (size_t)((comma ? comma : end) - at)};
        STW_TRY(add_choice(p, &word, param));
        at += word.bytes + 1;
    }
    return STW_OK;
}

/* Whether `type` is NAME(...), with something within. */
static int is_list(const struct piece *type, const char *name)
{
    size_t opening = strlen(name);
    return type->bytes > opening + 2 && memcmp(type->at, name, opening) == 0
           && type->at[opening] == '(' && type->at[type->bytes - 1] == ')';
}

static stw_status parse_type(const struct parser *p, struct stw_param *param)
{
    static const char *const names[] = {"u64", "f64", "bool", "text", "file"};
    static const uint32_t types[] = {STW_TYPE_U64, STW_TYPE_F64, STW_TYPE_BOOL, STW_TYPE_TEXT,
                                     STW_TYPE_TEXT};
    const struct piece *type = &p->fields[2];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is(type, names[i]))
            param->type = types[i];
    param->is_file = is(type, "file") || is_list(type, "file");
    if (param->type)
        return STW_OK;
    if (!param->is_file && !is_list(type, "choice"))
        return refuse_at(p, "type",
                         "\"%.*s\" is not u64, f64, bool, text, file, file(a,b) or choice(a,b)",
                         columns(type), type->at);
    param->type = param->is_file ? STW_TYPE_TEXT : STW_TYPE_CHOICE;
    return parse_words(p, type, strlen(param->is_file ? "file" : "choice"), param);
}

/* A minimum or maximum, by the type of the parameter. */
static stw_status parse_bound(const struct parser *p, const struct stw_param *param,
                              const struct piece *piece, const char *field, struct stw_value *bound)
{
    char text[STW_WORD_BYTES];
    struct stw_error why = STW_ERROR_INIT;
    if (param->type != STW_TYPE_U64 && param->type != STW_TYPE_F64)
        return piece->bytes == 0 ? STW_OK : refuse_at(p, field, "this type has no range");
    STW_TRY(copy(p, piece, field, text, sizeof text));
    stw_status status = param->type == STW_TYPE_U64
                            ? stw__param_parse_u64(param, text, &bound->as_u64, &why)
                            : stw__param_parse_f64(param, text, &bound->as_f64, &why);
    return status == STW_OK ? STW_OK : refuse_at(p, field, "%s", why.message);
}

static stw_status parse_range(const struct parser *p, struct stw_param *param)
{
    struct stw_value min = {0}, max = {0};
    STW_TRY(parse_bound(p, param, &p->fields[5], "min", &min));
    STW_TRY(parse_bound(p, param, &p->fields[6], "max", &max));
    if (min.as_u64 > max.as_u64 || min.as_f64 > max.as_f64)
        return refuse_at(p, "min", "\"%.*s\" is greater than the maximum \"%.*s\"",
                         columns(&p->fields[5]), p->fields[5].at, columns(&p->fields[6]),
                         p->fields[6].at);
    param->min_u64 = min.as_u64;
    param->max_u64 = max.as_u64;
    param->min_f64 = min.as_f64;
    param->max_f64 = max.as_f64;
    return STW_OK;
}

/* The default keeps to the parameter's own rules. */
static stw_status parse_default(const struct parser *p, struct stw_param *param)
{
    struct stw_value value = {0};
    struct stw_error why = STW_ERROR_INIT;
    STW_TRY(copy(p, &p->fields[4], "default", param->default_text, sizeof param->default_text));
    if (param->type == STW_TYPE_TEXT
        || stw_param_parse(param, param->default_text, &value, &why) == STW_OK)
        return STW_OK;
    return refuse_at(p, "default", "%s", why.message);
}

/* A workload's parameters are keys by their plain names (host.KO1, runtime_params.h). */
static stw_status check_free(const struct parser *p, const struct stw_plugin_info *info,
                             const char *name)
{
    const char *whose = stw_runtime_param(name)        ? "a setting of the runtime"
                        : stw_is_experiment_name(name) ? "a key of [experiment]"
                                                       : "of the form KIND.PLUGIN.PARAMETER";
    if (info->kind != STW_KIND_WORKLOAD
        || !(stw_runtime_param(name) || stw_is_experiment_name(name) || stw_is_plugin_name(name)))
        return STW_OK;
    return refuse_at(p, "name", "\"%s\" is %s: a parameter of a workload needs another name", name,
                     whose);
}

static stw_status parse_param(struct parser *p)
{
    STW_TRY(check_fields(p, "param", "param|NAME|TYPE|UNIT|DEFAULT|MIN|MAX|HELP", 8));
    struct stw_plugin_info *info = find_owner(p, "param");
    if (!info)
        return STW_E_REFUSED;
    if (info->param_count == STW_PARAMS)
        return refuse_at(p, "param", "a plugin has at most %u parameters", STW_PARAMS);
    struct stw_param *param = &info->params[info->param_count];
    memset(param, 0, sizeof *param);
    STW_TRY(copy_word(p, &p->fields[1], "name", param->name, sizeof param->name));
    for (uint32_t i = 0; i < info->param_count; i++)
        if (strcmp(info->params[i].name, param->name) == 0)
            return refuse_at(p, "name", "parameter \"%s\" is declared twice", param->name);
    STW_TRY(check_free(p, info, param->name));
    if (p->fields[3].bytes)
        STW_TRY(copy_word(p, &p->fields[3], "unit", param->unit, sizeof param->unit));
    STW_TRY(copy(p, &p->fields[7], "help", param->help, sizeof param->help));
    STW_TRY(parse_type(p, param));
    STW_TRY(parse_range(p, param));
    STW_TRY(parse_default(p, param));
    info->param_count++;
    return STW_OK;
}

/* What a plugin needs of the sandbox: needs|PERMISSION and env|NAME. */

static stw_status parse_needs(struct parser *p)
{
    char word[STW_WORD_BYTES];
    STW_TRY(check_fields(p, "needs", "needs|PERMISSION", 2));
    struct stw_plugin_info *info = find_owner(p, "needs");
    if (!info)
        return STW_E_REFUSED;
    STW_TRY(copy(p, &p->fields[1], "needs", word, sizeof word));
    for (uint32_t i = 0; i < STW_PERMITS; i++)
        if (strcmp(word, stw_permit_name(i)) == 0) {
            info->needs |= 1u << i;
            return STW_OK;
        }
    return refuse_at(p, "needs", "\"%s\" is not files, network, processes or scheduling", word);
}

static stw_status parse_variable(struct parser *p)
{
    STW_TRY(check_fields(p, "env", "env|NAME", 2));
    struct stw_plugin_info *info = find_owner(p, "env");
    if (!info)
        return STW_E_REFUSED;
    if (info->variable_count == STW_VARIABLES)
        return refuse_at(p, "env", "a plugin reads at most %u variables", STW_VARIABLES);
    char *name = info->variables[info->variable_count];
    STW_TRY(copy(p, &p->fields[1], "env", name, sizeof info->variables[0]));
    if (!*name || name[strspn(name, LOWER UPPER DIGITS "_")])
        return refuse_at(p, "env", "\"%s\" is no name of a variable", name);
    info->variable_count++;
    return STW_OK;
}

/* What it counts: counter|NAME|UNIT|sum or max|HELP and gauge|NAME|UNIT|HELP. */

static stw_status parse_adds(const struct parser *p, const struct piece *piece, uint32_t *adds)
{
    *adds = is(piece, "sum") ? STW_ADDS_SUM : is(piece, "max") ? STW_ADDS_MAX : STW_ADDS_NONE;
    if (*adds != STW_ADDS_NONE)
        return STW_OK;
    return refuse_at(p, "adds", "\"%.*s\" is neither sum nor max", columns(piece), piece->at);
}

static stw_status check_new(const struct parser *p, const struct stw_plugin_info *info,
                            const char *name)
{
    for (uint32_t i = 0; i < info->counter_count; i++)
        if (strcmp(info->counters[i].name, name) == 0)
            return refuse_at(p, "name", "counter or gauge \"%s\" is declared twice", name);
    return STW_OK;
}

static stw_status parse_counter(struct parser *p, int is_gauge)
{
    const char *record = is_gauge ? "gauge" : "counter";
    const char *form = is_gauge ? "gauge|NAME|UNIT|HELP" : "counter|NAME|UNIT|sum or max|HELP";
    uint32_t fields = is_gauge ? 4 : 5;
    STW_TRY(check_fields(p, record, form, fields));
    struct stw_plugin_info *info = find_owner(p, record);
    if (!info)
        return STW_E_REFUSED;
    if (info->counter_count == STW_COUNTERS_DECLARED)
        return refuse_at(p, record, "a plugin has at most %u counters and gauges",
                         STW_COUNTERS_DECLARED);
    struct stw_counter_info *counter = &info->counters[info->counter_count];
    *counter = (struct stw_counter_info){.adds = STW_ADDS_LAST};
    STW_TRY(copy_word(p, &p->fields[1], "name", counter->name, sizeof counter->name));
    STW_TRY(check_new(p, info, counter->name));
    if (p->fields[2].bytes)
        STW_TRY(copy_word(p, &p->fields[2], "unit", counter->unit, sizeof counter->unit));
    if (!is_gauge)
        STW_TRY(parse_adds(p, &p->fields[3], &counter->adds));
    STW_TRY(copy(p, &p->fields[fields - 1], "help", counter->help, sizeof counter->help));
    info->counter_count++;
    return STW_OK;
}

/* The parameter that stands for a workload's slot: operations|NAME. */
static stw_status parse_operations(struct parser *p)
{
    STW_TRY(check_fields(p, "operations", "operations|NAME", 2));
    struct stw_plugin_info *info = find_workload(p, "operations", "none");
    if (!info)
        return STW_E_REFUSED;
    if (*info->operations)
        return refuse_at(p, "operations", "is declared twice");
    return copy_word(p, &p->fields[1], "name", info->operations, sizeof info->operations);
}

/* What it refuses: refuses|CONDITION|REASON. A condition may hold bars ("||"), a reason may not: so
 * the condition goes to the last bar of the line. It is judged when all parameters are known. */

#define REFUSES "refuses|"

static stw_status parse_refuses(struct parser *p)
{
    struct piece condition = {p->whole.at + strlen(REFUSES), 0};
    const char *end = p->whole.at + p->whole.bytes, *reason = end;
    if (p->field_count < 3)
        STW_TRY(check_fields(p, "refuses", REFUSES "CONDITION|REASON", 3));
    struct stw_plugin_info *info = find_owner(p, "refuses");
    if (!info)
        return STW_E_REFUSED;
    if (info->refusal_count == STW_REFUSALS)
        return refuse_at(p, "refuses", "a plugin has at most %u of them", STW_REFUSALS);
    struct stw_refusal_info *refusal = &info->refusals[info->refusal_count];
    while (reason[-1] != '|')
        reason--;
    condition.bytes = (size_t)(reason - 1 - condition.at);
    refusal->line = p->line;
    STW_TRY(copy(p, &condition, "refuses", refusal->condition, sizeof refusal->condition));
    if (reason == end)
        return refuse_at(p, "refuses", "the reason is missing behind the last |");
    STW_TRY(copy(p, &(struct piece){reason, (size_t)(end - reason)}, "refuses", refusal->reason,
                 sizeof refusal->reason));
    info->refusal_count++;
    return STW_OK;
}

static stw_status check_refusals(struct parser *p, const struct stw_plugin_info *info)
{
    for (uint32_t i = 0; i < info->refusal_count; i++) {
        const struct stw_refusal_info *refusal = &info->refusals[i];
        struct stw_error why = STW_ERROR_INIT;
        uint32_t at = 0, column = sizeof REFUSES;
        if (stw__refusal_check(info, refusal->condition, &at, &why) == STW_OK)
            continue;
        for (uint32_t b = 0; b < at; b++)
            column += ((unsigned char)refusal->condition[b] & 0xc0) != 0x80;
        p->line = refusal->line;
        return refuse_at(p, "refuses", "column %u: %s", column, why.message);
    }
    return STW_OK;
}

static stw_status parse_class(struct parser *p)
{
    STW_TRY(check_fields(p, "class", "class|NAME|HELP", 3));
    struct stw_plugin_info *info = find_workload(p, "class", "no operations");
    if (!info)
        return STW_E_REFUSED;
    if (info->class_count == STW_CLASSES_MAX)
        return refuse_at(p, "class", "a workload has at most %u classes of operations",
                         STW_CLASSES_MAX);
    struct stw_class_info *class = &info->classes[info->class_count];
    STW_TRY(copy_word(p, &p->fields[1], "name", class->name, sizeof class->name));
    for (uint32_t i = 0; i < info->class_count; i++)
        if (strcmp(info->classes[i].name, class->name) == 0)
            return refuse_at(p, "name", "class \"%s\" is declared twice", class->name);
    STW_TRY(copy(p, &p->fields[2], "help", class->help, sizeof class->help));
    info->class_count++;
    return STW_OK;
}

/* Lines. */

static void split(struct parser *p, const char *line, size_t bytes)
{
    const char *end = line + bytes, *bar;
    p->field_count = 0;
    p->whole = (struct piece){line, bytes};
    do {
        bar = memchr(line, '|', (size_t)(end - line));
        p->fields[p->field_count++] = (struct piece){line, (size_t)((bar ? bar : end) - line)};
        line = bar ? bar + 1 : end;
    } while (bar && p->field_count < FIELDS_MAX);
}

static stw_status parse_line(struct parser *p, const char *line, size_t bytes)
{
    p->line++;
    split(p, line, bytes);
    if (is(&p->fields[0], "plugin"))
        return parse_plugin(p);
    if (is(&p->fields[0], "param"))
        return parse_param(p);
    if (is(&p->fields[0], "needs"))
        return parse_needs(p);
    if (is(&p->fields[0], "env"))
        return parse_variable(p);
    if (is(&p->fields[0], "counter") || is(&p->fields[0], "gauge"))
        return parse_counter(p, is(&p->fields[0], "gauge"));
    if (is(&p->fields[0], "operations"))
        return parse_operations(p);
    if (is(&p->fields[0], "class"))
        return parse_class(p);
    if (is(&p->fields[0], "refuses"))
        return parse_refuses(p);
    return refuse_at(p, "record",
                     "\"%.*s\" is neither plugin, param, needs, env, counter, gauge, operations, "
                     "class nor refuses",
                     columns(&p->fields[0]), p->fields[0].at);
}

/* Refuses what is no text, and what would make a reader see another one: control characters other
 * than line ends, marks of direction, characters without width. */
static stw_status check_characters(struct parser *p, const char *text, size_t bytes)
{
    const char *end = text + bytes;
    p->line = 1;
    while (text < end) {
        uint32_t c = 0;
        size_t length = stw_utf8_decode(text, (size_t)(end - text), &c);
        if (!length)
            return refuse_at(p, "text", "the byte 0x%02x, which is not UTF-8",
                             (unsigned char)*text);
        if (c == '\0')
            return refuse_at(p, "text", "a NUL byte before the end");
        if (c != '\n' && stw_utf8_is_control(c))
            return refuse_at(p, "text", "the control character 0x%02x", c);
        if (stw_utf8_is_hidden(c))
            return refuse_at(p, "text", "the invisible character U+%04X", c);
        p->line += c == '\n';
        text += length;
    }
    p->line = 0;
    return STW_OK;
}

stw_status stw__manifest_parse(const char *text, size_t bytes, struct stw_manifest *manifest,
                               struct stw_error *error)
{
    struct parser p = {.manifest = manifest, .error = error};
    manifest->count = 0;
    if (bytes && text[bytes - 1] == '\0')
        bytes--;
    STW_TRY(check_characters(&p, text, bytes));
    while (bytes) {
        const char *end = memchr(text, '\n', bytes);
        size_t line_bytes = end ? (size_t)(end - text) : bytes;
        STW_TRY(parse_line(&p, text, line_bytes));
        size_t used = line_bytes + (end != NULL);
        text += used;
        bytes -= used;
    }
    for (uint32_t i = 0; i < manifest->count; i++)
        STW_TRY(check_refusals(&p, &manifest->plugins[i]));
    if (manifest->count == 0)
        return stw_error_set(error, STW_E_REFUSED, "manifest", "its manifest names no plugin");
    return STW_OK;
}

/* cli/cmd_plugins.c: stwlab plugins: what can be loaded, told by manifests alone. */
#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/params.h"
#include "host/registry.h"
#include "prim/sandbox.h"
#include "report/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define JSON_DEPTH_LINES 4u /* the document, its plugins, a plugin's members, its parameters */

static const struct option options[] = {
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static const char *type_name(const struct stw_param *param)
{
    static const char *const names[] = {"?", "u64", "f64", "bool", "text", "choice"};
    if (param->is_file)
        return "file";
    return names[param->type <= STW_TYPE_CHOICE ? param->type : 0];
}

/* "    chunk = 4096 [entries, 1 to 2^30]: help" */
static void add_param(const struct stw_param *param, struct stw_text *out)
{
    struct stw_text line = {0};
    stw_text_add(&line, "%s = %s [%s%s", param->name, param->default_text, param->unit,
                 param->unit[0] ? ", " : "");
    stw_cli_param_range(param, &line);
    stw_text_add(&line, "]: %s", param->help);
    stw_text_add(out, "      ");
    stw_utf8_add_line(out, line.bytes);
    stw_text_add(out, "\n");
    stw_text_free(&line);
}

/* "      needs files, network; reads TOKEN", of one that declares either. */
static void add_needs(const struct stw_plugin_info *info, struct stw_text *out)
{
    const char *before = "      needs ";
    for (uint32_t i = 0; i < STW_PERMITS; i++)
        if (info->needs & 1u << i) {
            stw_text_add(out, "%s%s", before, stw_permit_name(i));
            before = ", ";
        }
    before = info->needs ? "; reads " : "      reads ";
    for (uint32_t i = 0; i < info->variable_count; i++) {
        stw_text_add(out, "%s%s", before, info->variables[i]);
        before = ", ";
    }
    if (info->needs || info->variable_count)
        stw_text_add(out, "\n");
}

/* "      counts hits [maps, sum]: help" */
static void add_counter(const struct stw_counter_info *counter, struct stw_text *out)
{
    struct stw_text line = {0};
    stw_text_add(&line, "counts %s [%s%s%s]: %s", counter->name, counter->unit,
                 counter->unit[0] ? ", " : "", stw_fact_adds(counter->adds), counter->help);
    stw_text_add(out, "      ");
    stw_utf8_add_line(out, line.bytes);
    stw_text_add(out, "\n");
    stw_text_free(&line);
}

/* "      refuses mutators % 2 == 1: reason" */
static void add_refusal(const struct stw_refusal_info *refusal, struct stw_text *out)
{
    struct stw_text line = {0};
    stw_text_add(&line, "refuses %s: %s", refusal->condition, refusal->reason);
    stw_text_add(out, "      ");
    stw_utf8_add_line(out, line.bytes);
    stw_text_add(out, "\n");
    stw_text_free(&line);
}

/* "      class read: a lookup" */
static void add_class(const struct stw_class_info *class, struct stw_text *out)
{
    stw_text_add(out, "      class %s: ", class->name);
    stw_utf8_add_line(out, class->help);
    stw_text_add(out, "\n");
}

static void add_plugin(const struct stw_plugin_info *info, struct stw_text *out)
{
    stw_text_add(out, "  %s: ", info->id);
    stw_utf8_add_line(out, info->summary);
    stw_text_add(out, "\n");
    for (uint32_t i = 0; i < info->param_count; i++)
        add_param(&info->params[i], out);
    for (uint32_t i = 0; i < info->counter_count; i++)
        add_counter(&info->counters[i], out);
    for (uint32_t i = 0; i < info->refusal_count; i++)
        add_refusal(&info->refusals[i], out);
    for (uint32_t i = 0; i < info->class_count; i++)
        add_class(&info->classes[i], out);
    add_needs(info, out);
    stw_text_add(out, "      from ");
    stw_utf8_add_line(out, info->path);
    stw_text_add(out, " (ABI %u.%u, built by ", info->abi_major, info->abi_minor);
    stw_utf8_add_line(out, info->compiler);
    stw_text_add(out, ")\n");
}

static void print_text(const struct stw_registry *registry)
{
    struct stw_text out = {0};
    uint32_t kind = 0, rejected = stw_registry_rejected_count(registry);
    for (uint32_t i = 0; i < stw_registry_count(registry); i++) {
        const struct stw_plugin_info *info = stw_registry_at(registry, i);
        if (info->kind != kind)
            stw_text_add(&out, "%s%s plugins\n", kind ? "\n" : "", stw_kind_name(info->kind));
        kind = info->kind;
        add_plugin(info, &out);
    }
    if (stw_registry_count(registry) == 0)
        stw_text_add(&out, "no plugins found\n");
    for (uint32_t i = 0; i < rejected; i++) {
        struct stw_rejected file = stw_registry_rejected_at(registry, i);
        stw_text_add(&out, "%s", i ? "" : "\nrejected files\n");
        stw_text_add(&out, "  ");
        stw_utf8_add_line(&out, file.path);
        stw_text_add(&out, ": ");
        stw_utf8_add_line(&out, file.reason);
        stw_text_add(&out, "\n");
    }
    fputs(out.bytes, stdout);
    stw_text_free(&out);
}

static void member(struct stw_json *json, const char *key, const char *value)
{
    stw_json_key(json, key);
    stw_json_string(json, value);
}

static void json_range(struct stw_json *json, const struct stw_param *param)
{
    if (param->type == STW_TYPE_U64) {
        stw_json_key(json, "min");
        stw_json_u64(json, param->min_u64);
        stw_json_key(json, "max");
        stw_json_u64(json, param->max_u64);
    } else if (param->type == STW_TYPE_F64) {
        stw_json_key(json, "min");
        stw_json_f64(json, param->min_f64);
        stw_json_key(json, "max");
        stw_json_f64(json, param->max_f64);
    } else if (param->type == STW_TYPE_CHOICE || param->choice_count) {
        stw_json_key(json, "choices");
        stw_json_array_begin(json);
        for (uint32_t i = 0; i < param->choice_count; i++)
            stw_json_string(json, param->choices[i]);
        stw_json_array_end(json);
    }
}

static void json_needs(struct stw_json *json, const struct stw_plugin_info *info)
{
    stw_json_key(json, "needs");
    stw_json_array_begin(json);
    for (uint32_t i = 0; i < STW_PERMITS; i++)
        if (info->needs & 1u << i)
            stw_json_string(json, stw_permit_name(i));
    stw_json_array_end(json);
    stw_json_key(json, "variables");
    stw_json_array_begin(json);
    for (uint32_t i = 0; i < info->variable_count; i++)
        stw_json_string(json, info->variables[i]);
    stw_json_array_end(json);
}

static void json_counters(struct stw_json *json, const struct stw_plugin_info *info)
{
    stw_json_key(json, "counters");
    stw_json_array_begin(json);
    for (uint32_t i = 0; i < info->counter_count; i++) {
        stw_json_object_begin(json);
        member(json, "name", info->counters[i].name);
        member(json, "unit", info->counters[i].unit);
        member(json, "adds", stw_fact_adds(info->counters[i].adds));
        member(json, "help", info->counters[i].help);
        stw_json_object_end(json);
    }
    stw_json_array_end(json);
}

static void json_refusals(struct stw_json *json, const struct stw_plugin_info *info)
{
    stw_json_key(json, "refuses");
    stw_json_array_begin(json);
    for (uint32_t i = 0; i < info->refusal_count; i++) {
        stw_json_object_begin(json);
        member(json, "condition", info->refusals[i].condition);
        member(json, "reason", info->refusals[i].reason);
        stw_json_object_end(json);
    }
    stw_json_array_end(json);
}

static void json_classes(struct stw_json *json, const struct stw_plugin_info *info)
{
    stw_json_key(json, "classes");
    stw_json_array_begin(json);
    for (uint32_t i = 0; i < info->class_count; i++) {
        stw_json_object_begin(json);
        member(json, "name", info->classes[i].name);
        member(json, "help", info->classes[i].help);
        stw_json_object_end(json);
    }
    stw_json_array_end(json);
}

static void json_plugin(struct stw_json *json, const struct stw_plugin_info *info)
{
    char abi[16];
    snprintf(abi, sizeof abi, "%u.%u", info->abi_major, info->abi_minor);
    stw_json_object_begin(json);
    member(json, "kind", stw_kind_name(info->kind));
    member(json, "id", info->id);
    member(json, "summary", info->summary);
    member(json, "abi", abi);
    member(json, "build_id", info->build_id);
    member(json, "compiler", info->compiler);
    member(json, "path", info->path);
    stw_json_key(json, "parameters");
    stw_json_array_begin(json);
    for (uint32_t i = 0; i < info->param_count; i++) {
        const struct stw_param *param = &info->params[i];
        stw_json_object_begin(json);
        member(json, "name", param->name);
        member(json, "type", type_name(param));
        member(json, "unit", param->unit);
        member(json, "default", param->default_text);
        json_range(json, param);
        member(json, "help", param->help);
        stw_json_object_end(json);
    }
    stw_json_array_end(json);
    json_counters(json, info);
    json_refusals(json, info);
    json_classes(json, info);
    json_needs(json, info);
    stw_json_object_end(json);
}

static void print_json(const struct stw_registry *registry)
{
    struct stw_json json = stw_json_to_file(stdout, JSON_DEPTH_LINES);
    stw_json_object_begin(&json);
    stw_json_key(&json, "plugins");
    stw_json_array_begin(&json);
    for (uint32_t i = 0; i < stw_registry_count(registry); i++)
        json_plugin(&json, stw_registry_at(registry, i));
    stw_json_array_end(&json);
    stw_json_key(&json, "rejected");
    stw_json_array_begin(&json);
    for (uint32_t i = 0; i < stw_registry_rejected_count(registry); i++) {
        struct stw_rejected file = stw_registry_rejected_at(registry, i);
        stw_json_object_begin(&json);
        member(&json, "path", file.path);
        member(&json, "reason", file.reason);
        stw_json_object_end(&json);
    }
    stw_json_array_end(&json);
    stw_json_object_end(&json);
    stw_json_finish(&json);
}

/* Paths that the user named must be plugins or folders; the default places may hold anything. */
static int search(const struct stw_command *command, struct stw_registry *registry,
                  int path_count, char **paths)
{
    struct stw_error error = STW_ERROR_INIT;
    int status = STW_EXIT_DONE;
    for (int i = 0; i < path_count; i++)
        if (stw_registry_add(registry, paths[i], &error) != STW_OK) {
            stw_cli_failure(command, &error);
            status = STW_EXIT_BAD_INPUT;
        }
    if (path_count == 0 && stw_registry_add_defaults(registry, &error) != STW_OK)
        return stw_cli_failure(command, &error);
    return status;
}

static int run_plugins(const struct stw_command *command, int argument_count, char **arguments)
{
    int option, as_json = 0;
    while ((option = stw_cli_next(command, argument_count, arguments)) != STW_CLI_END) {
        if (option == STW_CLI_WRONG)
            return STW_EXIT_BAD_INPUT;
        if (option == 'h')
            return stw_cli_help(command);
        as_json = 1;
    }
    struct stw_registry *registry = stw_registry_new();
    int status = search(command, registry, argument_count - optind, arguments + optind);
    if (as_json)
        print_json(registry);
    else if (status == STW_EXIT_DONE || stw_registry_count(registry) > 0)
        print_text(registry);
    stw_registry_free(registry);
    return status;
}

const struct stw_command stw_command_plugins = {
    .name = "plugins",
    .summary = "what can be loaded: allocators, maps, strategies, workloads",
    .help = "usage: stwlab plugins [--json] [PATH]...\n\n"
            "Lists plugins with their parameters, and files that were rejected with the reason.\n"
            "PATH is a plugin or a folder of them; without one, the default places: those of\n"
            "STWLAB_PLUGIN_PATH, plugins/ beside the program, and the installed folder.\n"
            "No plugin code is executed.\n\n"
            "  --json      one JSON object\n"
            "  -h, --help  this text\n",
    .short_options = ":h",
    .options = options,
    .run = run_plugins,
};

/* cli/params.c: what values a parameter can have, in words. */
#include "cli/params.h"

/* A number as one writes it in an INI file: 64MiB, 10ms, 65536. */
static void add_number(const struct stw_param *param, uint64_t number, struct stw_text *out)
{
    char text[64] = "";
    struct stw_value value = {.name = param->name, .type = STW_TYPE_U64, .as_u64 = number};
    if (number == UINT64_MAX) {
        stw_text_add(out, "2^64-1");
        return;
    }
    stw_param_format(param, &value, text, sizeof text);
    stw_text_add(out, "%s", text);
}

void stw_cli_param_range(const struct stw_param *param, struct stw_text *out)
{
    if (param->type == STW_TYPE_U64) {
        add_number(param, param->min_u64, out);
        stw_text_add(out, " to ");
        add_number(param, param->max_u64, out);
    } else if (param->type == STW_TYPE_F64) {
        stw_text_add(out, "%g to %g", param->min_f64, param->max_f64);
    } else if (param->type == STW_TYPE_BOOL) {
        stw_text_add(out, "true or false");
    }
    for (uint32_t i = 0; i < param->choice_count; i++)
        stw_text_add(out, "%s%s", i ? " | " : "", param->choices[i]);
    if (param->type == STW_TYPE_TEXT)
        stw_text_add(out, "%s%s", param->choice_count ? " | " : "",
                     param->is_file ? "path of a file" : "text");
}

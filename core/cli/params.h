/* cli/params.h: parameters and settings for people. */
#ifndef STW_CLI_PARAMS_H
#define STW_CLI_PARAMS_H

#include "base/text.h"
#include "host/manifest.h"

/* "1 to 256", "true or false", "threads | stepped", "text": what its values can be. */
void stw_cli_param_range(const struct stw_param *param, struct stw_text *out);

#endif

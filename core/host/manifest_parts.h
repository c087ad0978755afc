/* host/manifest_parts.h: what the files that read manifests share; private to core/host. */
#ifndef STW_HOST_MANIFEST_PARTS_H
#define STW_HOST_MANIFEST_PARTS_H

#include "host/manifest.h"

#include <stddef.h>

#define STW_PATH_SHOWN_BYTES 96u

/* stw_manifest_read with a reason that does not name the file. */
stw_status stw__manifest_examine(const char *path, struct stw_manifest *manifest,
                                 struct stw_error *reason);

/* Adds the plugins that `text` declares to an empty manifest: kinds, ids, summaries and parameters.
 * `bytes` counts the terminator, which need not be there. STW_E_REFUSED with the line. */
stw_status stw__manifest_parse(const char *text, size_t bytes, struct stw_manifest *manifest,
                               struct stw_error *error);

/* Whether a plugin's condition can be judged: STW_E_INVALID, and in *at where in it what is wrong
 * begins. All parameters are read by then. */
stw_status stw__refusal_check(const struct stw_plugin_info *info, const char *condition,
                              uint32_t *at, struct stw_error *error);

/* A bound as it is written: a number with its suffix, not held against any range. */
stw_status stw__param_parse_u64(const struct stw_param *param, const char *text, uint64_t *number,
                                struct stw_error *error);
stw_status stw__param_parse_f64(const struct stw_param *param, const char *text, double *number,
                                struct stw_error *error);

/* Fills `error` with "PATH: reason"; what is too long of the path is cut at its front. */
stw_status stw__refuse_file(struct stw_error *error, const char *path,
                            const struct stw_error *reason);
/* The path, or "..." and its end; `bytes` is 8 at least. */
void stw__path_show(const char *path, char *shown, size_t bytes);

#endif

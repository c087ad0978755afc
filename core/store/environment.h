/* store/environment.h: what a result may depend on besides the experiment: machine, build. */
#ifndef STW_STORE_ENVIRONMENT_H
#define STW_STORE_ENVIRONMENT_H

#include "base/text.h"

/* Calls `add` once per fact; both texts are valid during the call. Facts that the system does not
 * tell are left out. `root`: a folder in front of /proc and /sys, "" for the machine itself. */
void stw_environment_capture(const char *root,
                             void (*add)(void *context, const char *key, const char *value),
                             void *context);
/* Facts of a start: the content of each file that ran, and other runtimes' toolchains, are told as
 * "KIND/ID", and "stwlab". A start that did not run a file says nothing of it. */
#define STW_ENVIRONMENT_FILE "/"
int stw_environment_is_file(const char *key);
/* What people call it: a runtime, or its toolchain, by its label alone. */
const char *stw_environment_file_name(const char *key);
/* Whether a fact changes all the time, so that it tells no two starts apart. */
int stw_environment_is_passing(const char *key);

/* Load averages, "0.52 0.58 0.59", or "" when unknown. */
void stw_environment_load(char *text, size_t bytes);

/* The time of day, "2026-01-31T23:59:59Z". */
void stw_environment_utc(char text[32]);

#endif

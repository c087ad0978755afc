/* support/fixture_registry.h: a registry of the plugins in support/plugins, and experiments read
 * against it. */
#ifndef STW_TESTS_FIXTURE_REGISTRY_H
#define STW_TESTS_FIXTURE_REGISTRY_H

#include "base/error.h"
#include "plan/experiment.h"

#include "ini_file.h"

static inline struct stw_registry *fixture_registry(void)
{
    static const char *const names[] = {"fixture-work", "fixture-strategies", "fixture-map",
                                        "fixture-alloc", "fixture-needy", "fixture-picky"};
    struct stw_registry *registry = stw_registry_new();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct stw_error error = STW_ERROR_INIT;
        char path[512];
        snprintf(path, sizeof path, "%s/%s.so", STW_FIXTURE_PLUGINS, names[i]);
        cr_assert_eq(stw_registry_add(registry, path, &error), STW_OK, "%s", error.message);
    }
    return registry;
}

/* What reading `text` gives. Free `experiment` and `problems`. */
struct reading_result {
    stw_status status;
    struct stw_experiment experiment;
    char *problems; /* the file is called FILE in it */
};

/* `overrides` may be null, or end with a null. A file that asks nothing is given a question, so
 * that its lines can be counted from FIXTURE_HEAD. */
static inline struct reading_result fixture_read(const char *text, const char *const *overrides)
{
    const char *all[16] = {"experiment.question=what?"};
    struct reading_result result = {0};
    struct stw_registry *registry = fixture_registry();
    struct ini_file file = ini_file_make(text, strlen(text));
    struct stw_text problems = {0};
    uint32_t count = strstr(text, "question") == NULL;
    for (; overrides && *overrides; overrides++)
        all[count++] = *overrides;
    result.status = stw_experiment_read(file.path, all, count, registry, NULL,
                                        &result.experiment, &problems);
    result.problems = ini_file_generalise(&file, stw_text_get(&problems));
    stw_text_free(&problems);
    unlink(file.path);
    stw_registry_free(registry);
    return result;
}

/* Reads an experiment that must be good. */
static inline struct stw_experiment fixture_experiment(const char *text,
                                                       const char *const *overrides)
{
    struct reading_result result = fixture_read(text, overrides);
    cr_assert_eq(result.status, STW_OK, "%s", result.problems);
    cr_assert_str_empty(result.problems);
    free(result.problems);
    return result.experiment;
}

#define FIXTURE_HEAD "[experiment]\nname = trial-run\nworkload = fixture-work\n"
#define FIXTURE_FIXED                                                                              \
    "[fixed]\nallocator = fixture-alloc\nmap = fixture-map\nstrategy = fixture-a\n"

#endif

/* prim/variables.c: environments: each name once, null at the end.
 *
 * V1  no two variables have the same name: which of two a program takes differs from one to the
 *     other. */
#include "prim/variables.h"

#include "base/array.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* The place of the variable of this name, which ends at = or with its string; or null. */
static char **find(const struct stw_variables *variables, const char *name)
{
    size_t length = strcspn(name, "=");
    for (uint32_t i = 0; i < variables->count; i++)
        if (strncmp(variables->items[i], name, length) == 0
            && variables->items[i][length] == '=')
            return &variables->items[i];
    return NULL;
}

static void take(struct stw_variables *variables, char *assignment)
{
    char **there = find(variables, assignment);
    if (there) {
        free(*there);
        *there = assignment;
        return;
    }
    *STW_APPEND(variables->items, variables->count) = assignment;
    variables->items =
        stw_array_room(variables->items, variables->count, sizeof *variables->items);
    variables->items[variables->count] = NULL;
}

void stw_variables_set(struct stw_variables *variables, const char *assignment)
{
    take(variables, stw_strdup(assignment));
}

void stw_variables_set_value(struct stw_variables *variables, const char *name, const char *value)
{
    struct stw_text text = {0};
    stw_text_add(&text, "%s=%s", name, value);
    take(variables, text.bytes);
}

void stw_variables_set_all(struct stw_variables *variables, const char *const *assignments)
{
    for (; assignments && *assignments; assignments++)
        stw_variables_set(variables, *assignments);
}

const char *stw_variables_get(const struct stw_variables *variables, const char *name)
{
    char **there = find(variables, name);
    return there ? *there + strlen(name) + 1 : NULL;
}

char *const *stw_variables_list(const struct stw_variables *variables)
{
    static char *const none[] = {NULL};
    return variables->count ? variables->items : none;
}

void stw_variables_free(struct stw_variables *variables)
{
    for (uint32_t i = 0; i < variables->count; i++)
        free(variables->items[i]);
    free(variables->items);
    *variables = (struct stw_variables){0};
}

/* prim/variables.h: the environment of a program that is to be started. */
#ifndef STW_PRIM_VARIABLES_H
#define STW_PRIM_VARIABLES_H

#include <stdint.h>

/* Zero-initialise; free. */
struct stw_variables {
    char **items; /* "NAME=VALUE" each, allocated; a null behind them */
    uint32_t count;
};

/* Adds a copy of "NAME=VALUE", in the place of the one of that name if there is one. */
void stw_variables_set(struct stw_variables *variables, const char *assignment);
void stw_variables_set_value(struct stw_variables *variables, const char *name, const char *value);
/* Sets all of a list that ends with null, or is null. */
void stw_variables_set_all(struct stw_variables *variables, const char *const *assignments);
/* The value, or null; valid until the next change. */
const char *stw_variables_get(const struct stw_variables *variables, const char *name);
/* All of them, null at the end; valid until the next change. */
char *const *stw_variables_list(const struct stw_variables *variables);
void stw_variables_free(struct stw_variables *variables);

#endif

/* plan/naming.h: naming cells, in one way everywhere: those of an experiment, and those of a run.
 *
 *   3                          its number, which `stwlab cells` and --dry-run print
 *   n=65536,strategy=pool      its id, or some KEY=VALUE of it: those that have them all
 *   n > 64k && strategy != none   a condition, as in [exclude] (base/formula.h)
 *
 * Keys are axes, and what all cells have alike, fixed or by default. Values may be spelt as in an
 * INI: 2^16 is 65536, a+b is "a + b", and runtime=go1.23 fits go1.23.5. */
#ifndef STW_PLAN_NAMING_H
#define STW_PLAN_NAMING_H

#include "plan/experiment.h"

/* Cells that may be named. */
struct stw_naming {
    const void *of;
    uint32_t count;
    const char *title;  /* what they are cells of, for messages: a file */
    const char *lister; /* "stwlab cells": what lists them */
    const char *(*id)(const void *of, uint32_t cell);
    int64_t (*number)(const void *of, uint32_t cell);
    /* Null when the cell has no such key; either all cells have it or none. */
    const char *(*value)(const void *of, uint32_t cell, const char *key);
    const char *(*key)(const void *of, uint32_t at); /* null: there are no more */
};

/* The cells that `words` name, by their indices, in ascending order; free the array. STW_E_INVALID:
 * there are none, or there is no such key; the message has the nearest one. */
stw_status stw_name_cells(const struct stw_naming *naming, const char *words, uint32_t **cells,
                          uint32_t *count, struct stw_error *error);
/* Likewise; STW_E_INVALID also when there are several. */
stw_status stw_name_cell(const struct stw_naming *naming, const char *words, uint32_t *cell,
                         struct stw_error *error);

/* Those of an experiment; valid as long as the matrix. */
struct stw_naming stw_matrix_naming(const struct stw_matrix *matrix);

/* Whether two spellings of a value mean the same. */
int stw_value_is(const char *key, const char *value, const char *wanted);

#endif

/* prim/module.h: shared objects: loading one, looking a function up in it, and the way back. Any
 * thread. */
#ifndef STW_PRIM_MODULE_H
#define STW_PRIM_MODULE_H

#include <stwlab/base.h>

/* Cast it to its real type before calling it. */
typedef void (*stw_module_function)(void);

/* Maps the object at `path`, which is absolute, binds all its symbols and runs its constructors.
 * Its symbols stay its own; it is never unloaded. STW_E_REFUSED with the loader's reason. */
stw_status stw_module_open(const char *path, void **module, struct stw_error *error);
/* The same for a library of the system's, by its name: the loader searches for it. It is one that
 * the program is built for. STW_E_IO with the loader's
 * reason. */
stw_status stw_library_open(const char *name, void **library, struct stw_error *error);
/* Null when the object itself does not export `name`. */
stw_module_function stw_module_find(void *module, const char *name);
/* The path of the object that holds the code, as it was opened; never null, valid for ever. */
const char *stw_module_path(stw_module_function code);
/* Where in its object code is. Safe in a signal handler. */
#define STW_OBJECT_BYTES 192u
#define STW_OBJECT_SELF "stwlab" /* in place of the path of the running program */
struct stw_code_place {
    uint64_t offset;  /* in the object, as its symbols have it; the address, if it is in none */
    char object[STW_OBJECT_BYTES]; /* its path, or as much as fits of its end; empty: in none */
};
void stw_code_place(const void *code, struct stw_code_place *place);
/* Whether an object, this program or one that it loaded, holds the address. Likewise safe. */
int stw_object_holds(const void *address);

/* Addresses in the functions that the calling thread is in, innermost first; returns how many.
 * Loads a library at its first call. */
uint32_t stw_module_frames(void **frames, uint32_t frames_max);

/* Where the functions begin that the calling thread is in, innermost first, as their unwind tables
 * have it; one moved out of line, or called last of all, hides its caller's. Returns how many. In a
 * signal handler it tells of what was interrupted, and may fail on a broken stack. */
uint32_t stw_module_functions(const void **begins, uint32_t begins_max);

#endif

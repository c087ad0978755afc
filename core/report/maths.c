/* report/maths.c: the mathematics library, mapped when the first of its functions is called.
 *
 * As with SQLite (store/sqlite.c): a worker runs the same executable, and one more library to map
 * costs each of its trials 0.3 ms. Whoever reports has it already, because SQLite wants it. So the
 * functions that reports use are defined here, and call the library's. Rejected: libm.a, which is
 * made for programs that are linked statically as a whole. */
#include "base/check.h"
#include "prim/module.h"

#include <math.h>
#include <stddef.h>

#define LIBRARY "libm.so.6"

static stw_module_function find(const char *name)
{
    static void *library; /* any thread: all find the same one */
    void *opened = __atomic_load_n(&library, __ATOMIC_ACQUIRE);
    if (!opened) {
        STW_REQUIRE(stw_library_open(LIBRARY, &opened, NULL) == STW_OK);
        __atomic_store_n(&library, opened, __ATOMIC_RELEASE);
    }
    stw_module_function function = stw_module_find(opened, name);
    STW_REQUIRE(function);
    return function;
}

/* Defines NAME: looks the library's up the first time. */
#define FORWARD(name, parameters, arguments)                                                       \
    double name parameters                                                                         \
    {                                                                                              \
        static double(*function) parameters;                                                       \
        double(*found) parameters = __atomic_load_n(&function, __ATOMIC_ACQUIRE);                  \
        if (!found) {                                                                              \
            found = (double(*) parameters)find(#name);                                             \
            __atomic_store_n(&function, found, __ATOMIC_RELEASE);                                  \
        }                                                                                          \
        return found arguments;                                                                    \
    }

FORWARD(ceil, (double x), (x))
FORWARD(erfc, (double x), (x))
FORWARD(exp, (double x), (x))
FORWARD(fmax, (double x, double y), (x, y))
FORWARD(fmin, (double x, double y), (x, y))
FORWARD(lgamma, (double x), (x))
FORWARD(log, (double x), (x))
FORWARD(log1p, (double x), (x))
FORWARD(sqrt, (double x), (x))

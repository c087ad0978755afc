/* lab/sqlite.h: SQLite, which is mapped when it is needed: workers do without (lab/sqlite.c). */
#ifndef STW_LAB_SQLITE_H
#define STW_LAB_SQLITE_H

#include <stwlab/base.h>

/* Before any other call of SQLite. STW_E_IO: the machine has none, or one that is too old. */
stw_status stw_sqlite_load(struct stw_error *error);

#endif

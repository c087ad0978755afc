/* store/sqlite.h: SQLite, mapped when it is needed: workers do without (store/sqlite.c). */
#ifndef STW_STORE_SQLITE_H
#define STW_STORE_SQLITE_H

#include <stwlab/base.h>

/* Before any other call of SQLite. STW_E_IO: the machine has none, or one that is too old. */
stw_status stw_sqlite_load(struct stw_error *error);

#endif

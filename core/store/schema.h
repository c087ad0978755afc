/* store/schema.h: the tables and views of results.sqlite (docs/reference/results.md). */
#ifndef STW_STORE_SCHEMA_H
#define STW_STORE_SCHEMA_H

#define STW_STORE_APPLICATION 0x53545731 /* "STW1" */
/* STW_CANARY_NUMBER (plan/experiment.h), for SQL. */
#define STW_STORE_CANARY "2147483647"
#define STW_STORE_VERSION 6

/* Statements in order, null at the end; to be run in one transaction. */
extern const char *const stw_schema[];

#endif

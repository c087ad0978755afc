/* report/facts.h: the facts that there are: the lab's own, and what a run's plugins and other
 * runtimes declare. */
#ifndef STW_REPORT_FACTS_H
#define STW_REPORT_FACTS_H

#include "base/metric.h"
#include "base/text.h"
#include "report/reader.h"

#include <stdio.h>

/* The lab's own. Texts are owned by the list, or static. */
void stw_facts_of_lab(struct stw_fact_list *list);
/* These, and those others that the run declares. */
stw_status stw_facts_read(struct stw_reader *reader, struct stw_fact_list *list);
/* Of these, what the run's ok trials have. STW_E_INVALID, STW_E_IO: it cannot be read. Free the
 * list in any case. */
stw_status stw_facts_of_run(const char *run, struct stw_fact_list *list, struct stw_error *error);
void stw_facts_free(struct stw_fact_list *list);

/* A query for each ok trial of cell ?1 and its values of the fact, one a row: "trial, value", with
 * null where it has none. `name` is the fact's, or with a part behind a colon. `also`: what else
 * rows of its view must be, " AND ...", or "". */
void stw_fact_query(const struct stw_fact *fact, const char *name, const char *also,
                    struct stw_text *sql);
/* Before a query of a fact that is worked out of others is run. */
stw_status stw_fact_prepare(struct stw_reader *reader, const struct stw_fact *fact);

/* The end of such a query, from FROM on: the trials are t, the rows of the fact's view v, and in
 * these the fact is the column. Not of facts of trials, nor of those worked out of others. */
void stw_fact_join(const struct stw_fact *fact, const char *name, const char *also,
                   struct stw_text *sql);
const char *stw_fact_column(const struct stw_fact *fact);

void stw_facts_text(const struct stw_fact_list *list, struct stw_text *out);
void stw_facts_markdown(const struct stw_fact_list *list, struct stw_text *out);
void stw_facts_json(const struct stw_fact_list *list, FILE *file);

#endif

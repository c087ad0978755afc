/* tidy/tidy.h: what the two halves of the checker share. */
#ifndef STW_TIDY_H
#define STW_TIDY_H

/* The file being read. */
struct stw_source {
    const char *path;   /* relative to the root */
    unsigned line;      /* from 1 */
    unsigned body_line; /* where the current function's body opened, or 0 */
};

void stw_tidy_report(const struct stw_source *source, const char *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int stw_tidy_is_under(const struct stw_source *source, const char *folder);

/* Rules about what a file may include and call (tidy_use.c). `text` is the line as it stands,
 * `code` the same without comments and strings. */
void stw_tidy_check_include(const struct stw_source *source, const char *text, const char *code);
void stw_tidy_check_calls(const struct stw_source *source, const char *code);

#endif

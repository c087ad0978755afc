/* report/wrap.c: breaks lines at blanks. */
#include "report/wrap.h"

#include <string.h>

void stw_wrap_line(const char *line, uint32_t width, struct stw_text *out)
{
    size_t indent = strspn(line, " "), column = indent;
    int is_first = 1; /* word of its line */
    width = width ? width : STW_WRAP_WIDTH;
    stw_text_add(out, "%.*s", (int)indent, line);
    for (const char *at = line + indent; *at;) {
        size_t word = strcspn(at, " ");
        if (!is_first && column + 1 + word > width) {
            column = indent + 2;
            stw_text_add(out, "\n%*s", (int)column, "");
        } else if (!is_first) {
            stw_text_add(out, " ");
            column++;
        }
        stw_text_add_bytes(out, at, word);
        is_first = 0;
        column += word;
        at += word + (at[word] == ' ');
    }
    stw_text_add(out, "\n");
}

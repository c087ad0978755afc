/* report/table.c: aligned columns, measured in terminal columns rather than bytes.
 *
 * A table may have millions of cells (200,000 rows): their texts stand one behind the other in one
 * buffer, and each is measured once, when it is set. */
#include "report/table.h"

#include "base/array.h"
#include "base/check.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define STYLE_HEADER "\033[1m"
#define STYLE_ALARM "\033[31m"
#define STYLE_END "\033[0m"

void stw_table_column(struct stw_table *table, const char *header, uint32_t look)
{
    STW_ASSERT(table->row_count == 0 && !table->is_begun);
    *STW_APPEND(table->columns, table->column_count) =
        (struct stw_table_column){.header = stw_strdup(header), .look = look};
}

void stw_table_row(struct stw_table *table)
{
    size_t used = (size_t)table->row_count * table->column_count;
    for (uint32_t i = 0; i < table->column_count; i++)
        *STW_APPEND(table->cells, used) = (struct stw_table_cell){0};
    table->row_count++;
}

static struct stw_table_cell *cell_at(const struct stw_table *table, uint32_t row, uint32_t column)
{
    return &table->cells[(size_t)row * table->column_count + column];
}

void stw_table_put(struct stw_table *table, uint32_t row, uint32_t column, const char *text)
{
    STW_REQUIRE(row < table->row_count && column < table->column_count);
    struct stw_table_cell *cell = cell_at(table, row, column);
    size_t from = table->texts.length;
    *cell = (struct stw_table_cell){0};
    if (!*text)
        return;
    stw_utf8_add_line(&table->texts, text);
    cell->width = stw_utf8_width(table->texts.bytes + from);
    stw_text_add_bytes(&table->texts, "", 1);
    STW_REQUIRE(table->texts.length < UINT32_MAX);
    cell->end = (uint32_t)table->texts.length - 1;
}

void stw_table_set(struct stw_table *table, uint32_t column, const char *text)
{
    STW_REQUIRE(table->row_count > 0);
    stw_table_put(table, table->row_count - 1, column, text);
}

const char *stw_table_get(const struct stw_table *table, uint32_t row, uint32_t column)
{
    size_t at = cell_at(table, row, column)->end;
    if (at == 0)
        return "";
    while (at > 0 && table->texts.bytes[at - 1])
        at--;
    return table->texts.bytes + at;
}

static uint32_t line_count(const char *text)
{
    uint32_t lines = 1;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

/* Line `line` of a header that is set at the bottom of `height` lines; clean, allocated. */
static char *header_line(const char *header, uint32_t line, uint32_t height)
{
    struct stw_text out = {0};
    stw_text_add_bytes(&out, "", 0);
    uint32_t above = height - line_count(header);
    if (line < above)
        return out.bytes;
    for (; line > above; line--)
        header = strchr(header, '\n') + 1;
    char *copy = stw_strdup(header);
    copy[strcspn(copy, "\n")] = '\0';
    stw_utf8_add_line(&out, copy);
    free(copy);
    return out.bytes;
}

uint32_t stw_table_width(const struct stw_table *table, uint32_t column)
{
    const char *header = table->columns[column].header;
    uint32_t width = table->columns[column].least, height = line_count(header);
    if (table->columns[column].is_left_out)
        return 0;
    for (uint32_t row = 0; row < table->row_count; row++) {
        uint32_t cell_width = cell_at(table, row, column)->width;
        width = cell_width > width ? cell_width : width;
    }
    for (uint32_t line = 0; width > 0 && line < height; line++) {
        char *text = header_line(header, line, height);
        uint32_t line_width = stw_utf8_width(text);
        width = line_width > width ? line_width : width;
        free(text);
    }
    return width;
}

uint32_t stw_table_total(const struct stw_table *table)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < table->column_count; i++) {
        uint32_t width = stw_table_width(table, i);
        total += width ? width + (total ? STW_TABLE_GAP : 0) : 0;
    }
    return total;
}

void stw_table_cut(struct stw_table *table, uint32_t column, uint32_t width)
{
    static const char dots[] = "...";
    for (uint32_t row = 0; row < table->row_count; row++) {
        struct stw_text cut = {0};
        if (cell_at(table, row, column)->width <= width)
            continue;
        const char *text = stw_table_get(table, row, column);
        uint32_t room = width > sizeof dots - 1 ? width - (uint32_t)(sizeof dots - 1) : 0;
        stw_text_add_bytes(&cut, text, stw_utf8_fitting(text, room));
        stw_text_add(&cut, "%.*s", (int)width, dots);
        stw_table_put(table, row, column, cut.bytes);
        stw_text_free(&cut);
    }
}

static void add_spaces(struct stw_text *out, uint32_t count)
{
    static const char spaces[] = "                                ";
    for (uint32_t some; count > 0; count -= some) {
        some = count < sizeof spaces - 1 ? count : (uint32_t)sizeof spaces - 1;
        stw_text_add_bytes(out, spaces, some);
    }
}

static void print_padded(struct stw_text *out, const char *text, uint32_t width, int is_right,
                         const char *style)
{
    int is_styled = style && *text;
    uint32_t space = width - stw_utf8_width(text);
    add_spaces(out, is_right ? space : 0);
    stw_text_add_bytes(out, style, is_styled ? strlen(style) : 0);
    stw_text_add_bytes(out, text, strlen(text));
    stw_text_add_bytes(out, STYLE_END, is_styled ? strlen(STYLE_END) : 0);
    add_spaces(out, is_right ? 0 : space);
}

static void end_line(struct stw_text *out)
{
    while (out->length > 0 && out->bytes[out->length - 1] == ' ')
        out->length--;
    stw_text_add_bytes(out, "\n", 1);
}

static uint32_t height_of(const struct stw_table *table, const uint32_t *widths)
{
    uint32_t height = 1;
    for (uint32_t i = 0; i < table->column_count; i++) {
        uint32_t lines = widths[i] ? line_count(table->columns[i].header) : 1;
        height = lines > height ? lines : height;
    }
    return height;
}

static void print_header(const struct stw_table *table, const uint32_t *widths, int styled,
                         struct stw_text *out)
{
    uint32_t height = height_of(table, widths);
    for (uint32_t line = 0; line < height; line++) {
        uint32_t gap = 0;
        for (uint32_t i = 0; i < table->column_count; i++) {
            if (widths[i] == 0)
                continue;
            char *text = header_line(table->columns[i].header, line, height);
            add_spaces(out, gap);
            print_padded(out, text, widths[i], table->columns[i].look == STW_TABLE_RIGHT,
                         styled ? STYLE_HEADER : NULL);
            free(text);
            gap = STW_TABLE_GAP;
        }
        end_line(out);
    }
}

static void print_row(const struct stw_table *table, const uint32_t *widths, uint32_t row,
                      int styled, struct stw_text *out)
{
    uint32_t gap = 0;
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (widths[i] == 0)
            continue;
        uint32_t look = table->columns[i].look;
        int alarm = styled && look == STW_TABLE_ALARM;
        add_spaces(out, gap);
        print_padded(out, stw_table_get(table, row, i), widths[i], look == STW_TABLE_RIGHT,
                     alarm ? STYLE_ALARM : NULL);
        gap = STW_TABLE_GAP;
    }
    end_line(out);
}

static uint32_t *widths_of(const struct stw_table *table)
{
    uint32_t *widths = stw_new(table->column_count, sizeof *widths);
    for (uint32_t i = 0; i < table->column_count; i++)
        widths[i] = stw_table_width(table, i);
    return widths;
}

void stw_table_print(const struct stw_table *table, int styled, struct stw_text *out)
{
    uint32_t *widths = widths_of(table);
    print_header(table, widths, styled, out);
    for (uint32_t row = 0; row < table->row_count; row++)
        print_row(table, widths, row, styled, out);
    free(widths);
}

void stw_table_flush(struct stw_table *table, struct stw_text *out)
{
    uint32_t *widths = widths_of(table);
    if (!table->is_begun)
        print_header(table, widths, 0, out);
    for (uint32_t row = 0; row < table->row_count; row++)
        print_row(table, widths, row, 0, out);
    free(widths);
    table->is_begun = 1;
    table->row_count = 0;
    table->texts.length = 0;
}

void stw_markdown_add(struct stw_text *out, const char *line)
{
    struct stw_text clean = {0};
    stw_utf8_add_line(&clean, line);
    for (const char *at = stw_text_get(&clean); *at; at++) {
        if (strchr("\\`*_[]<>|#~", *at))
            stw_text_add_bytes(out, "\\", 1);
        stw_text_add_bytes(out, at, 1);
    }
    stw_text_free(&clean);
}

static void markdown_header(const struct stw_table *table, const uint32_t *widths,
                            struct stw_text *out)
{
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (widths[i] == 0)
            continue;
        char *header = stw_strdup(table->columns[i].header);
        /* "map.grow_" above "events" is one word, "pause" above "p50" are two. */
        for (char *end = header; (end = strchr(end, '\n'));) {
            int is_word = end > header && strchr("._", end[-1]);
            if (is_word)
                memmove(end, end + 1, strlen(end + 1) + 1);
            else
                *end = ' ';
        }
        stw_text_add(out, "| ");
        stw_markdown_add(out, header);
        stw_text_add(out, " ");
        free(header);
    }
    stw_text_add(out, "|\n");
    for (uint32_t i = 0; i < table->column_count; i++)
        if (widths[i])
            stw_text_add(out, "|%s", table->columns[i].look == STW_TABLE_RIGHT ? "---:" : "---");
    stw_text_add(out, "|\n");
}

void stw_table_markdown(const struct stw_table *table, struct stw_text *out)
{
    uint32_t *widths = widths_of(table);
    markdown_header(table, widths, out);
    for (uint32_t row = 0; row < table->row_count; row++) {
        for (uint32_t i = 0; i < table->column_count; i++) {
            if (widths[i] == 0)
                continue;
            stw_text_add(out, "| ");
            stw_markdown_add(out, stw_table_get(table, row, i));
            stw_text_add(out, " ");
        }
        stw_text_add(out, "|\n");
    }
    free(widths);
}

void stw_table_free(struct stw_table *table)
{
    for (uint32_t i = 0; i < table->column_count; i++)
        free(table->columns[i].header);
    free(table->columns);
    free(table->cells);
    stw_text_free(&table->texts);
    *table = (struct stw_table){0};
}

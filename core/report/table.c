/* report/table.c: aligned columns, measured in terminal columns rather than bytes. */
#include "report/table.h"

#include "base/array.h"
#include "base/check.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define GAP "  "
#define STYLE_HEADER "\033[1m"
#define STYLE_ALARM "\033[31m"
#define STYLE_END "\033[0m"

void stw_table_column(struct stw_table *table, const char *header, uint32_t look)
{
    STW_ASSERT(table->row_count == 0);
    *STW_APPEND(table->columns, table->column_count) =
        (struct stw_table_column){stw_strdup(header), look};
}

void stw_table_row(struct stw_table *table)
{
    size_t used = (size_t)table->row_count * table->column_count;
    for (uint32_t i = 0; i < table->column_count; i++)
        *STW_APPEND(table->cells, used) = NULL;
    table->row_count++;
}

static char **cell_at(const struct stw_table *table, uint32_t row, uint32_t column)
{
    return &table->cells[(size_t)row * table->column_count + column];
}

void stw_table_set(struct stw_table *table, uint32_t column, const char *text)
{
    STW_REQUIRE(table->row_count > 0 && column < table->column_count);
    char **cell = cell_at(table, table->row_count - 1, column);
    struct stw_text clean = {0};
    stw_utf8_add_line(&clean, text);
    free(*cell);
    *cell = clean.bytes;
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

/* 0: the column is left out. */
static uint32_t column_width(const struct stw_table *table, uint32_t column, uint32_t height)
{
    uint32_t width = 0;
    for (uint32_t row = 0; row < table->row_count; row++) {
        const char *cell = *cell_at(table, row, column);
        uint32_t cell_width = cell ? stw_utf8_width(cell) : 0;
        width = cell_width > width ? cell_width : width;
    }
    for (uint32_t line = 0; width > 0 && line < height; line++) {
        char *text = header_line(table->columns[column].header, line, height);
        uint32_t line_width = stw_utf8_width(text);
        width = line_width > width ? line_width : width;
        free(text);
    }
    return width;
}

static void print_padded(struct stw_text *out, const char *text, uint32_t width, uint32_t look,
                         const char *style)
{
    int space = (int)(width - stw_utf8_width(text));
    int right = look == STW_TABLE_RIGHT;
    int styled = style && *text;
    stw_text_add(out, "%*s%s%s%s%*s", right ? space : 0, "", styled ? style : "", text,
                 styled ? STYLE_END : "", right ? 0 : space, "");
}

static void end_line(struct stw_text *out)
{
    while (out->length > 0 && out->bytes[out->length - 1] == ' ')
        out->length--;
    stw_text_add(out, "\n");
}

static void print_header(const struct stw_table *table, const uint32_t *widths, uint32_t height,
                         int styled, struct stw_text *out)
{
    for (uint32_t line = 0; line < height; line++) {
        const char *gap = "";
        for (uint32_t i = 0; i < table->column_count; i++) {
            if (widths[i] == 0)
                continue;
            char *text = header_line(table->columns[i].header, line, height);
            stw_text_add(out, "%s", gap);
            print_padded(out, text, widths[i], table->columns[i].look,
                         styled ? STYLE_HEADER : NULL);
            free(text);
            gap = GAP;
        }
        end_line(out);
    }
}

static void print_row(const struct stw_table *table, const uint32_t *widths, uint32_t row,
                      int styled, struct stw_text *out)
{
    const char *gap = "";
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (widths[i] == 0)
            continue;
        const char *text = *cell_at(table, row, i);
        uint32_t look = table->columns[i].look;
        int alarm = styled && look == STW_TABLE_ALARM;
        stw_text_add(out, "%s", gap);
        print_padded(out, text ? text : "", widths[i], look, alarm ? STYLE_ALARM : NULL);
        gap = GAP;
    }
    end_line(out);
}

void stw_table_print(const struct stw_table *table, int styled, struct stw_text *out)
{
    uint32_t height = 1;
    for (uint32_t i = 0; i < table->column_count; i++) {
        uint32_t lines = line_count(table->columns[i].header);
        height = lines > height ? lines : height;
    }
    uint32_t *widths = stw_new(table->column_count, sizeof *widths);
    for (uint32_t i = 0; i < table->column_count; i++)
        widths[i] = column_width(table, i, height);
    print_header(table, widths, height, styled, out);
    for (uint32_t row = 0; row < table->row_count; row++)
        print_row(table, widths, row, styled, out);
    free(widths);
}

void stw_table_free(struct stw_table *table)
{
    for (size_t i = 0; i < (size_t)table->row_count * table->column_count; i++)
        free(table->cells[i]);
    for (uint32_t i = 0; i < table->column_count; i++)
        free(table->columns[i].header);
    free(table->cells);
    free(table->columns);
    *table = (struct stw_table){0};
}

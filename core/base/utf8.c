/* base/utf8.c: decoding, cleaning and measuring UTF-8.
 * The widths are the ranges that terminals agree on; wcwidth() is not used because it depends on
 * the locale, and the same table should come out everywhere. */
#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

#define CHARACTER_BYTES_MAX 4

struct range {
    uint32_t first, last;
};

static const struct range zero_width[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f},
    {0x202a, 0x202e}, {0x2060, 0x2064}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
    {0xfeff, 0xfeff},
};

static const struct range double_width[] = {
    {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xac00, 0xd7a3},
    {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
    {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};

/* What is not seen and changes what is: soft hyphens, marks of direction, characters without width,
 * separators of lines, fillers, tags. */
static const struct range hidden[] = {
    {0x00ad, 0x00ad}, {0x061c, 0x061c}, {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180e},
    {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164}, {0xfeff, 0xfeff},
    {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int within(uint32_t character, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (character >= ranges[i].first && character <= ranges[i].last)
            return 1;
    return 0;
}

/* A byte that is not a character's first. */
static int is_inside(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Bytes that a character with this first byte has, 0 when none starts so. */
static uint32_t sequence_bytes(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return 2;
    if (first >= 0xe0 && first < 0xf0)
        return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

size_t stw_utf8_decode(const char *text, size_t bytes, uint32_t *character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = (const unsigned char *)text;
    uint32_t length = bytes ? sequence_bytes(at[0]) : 0;
    if (length == 0 || length > bytes)
        return 0;
    uint32_t decoded = length == 1 ? at[0] : at[0] & (0x7fu >> length);
    for (uint32_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        decoded = decoded << 6 | (at[i] & 0x3fu);
    }
    int surrogate = decoded >= 0xd800 && decoded <= 0xdfff;
    if (decoded < least[length] || decoded > 0x10ffff || surrogate)
        return 0;
    *character = decoded;
    return length;
}

uint32_t stw_utf8_next(const char **text)
{
    uint32_t character = STW_UTF8_REPLACEMENT;
    size_t length = stw_utf8_decode(*text, strnlen(*text, CHARACTER_BYTES_MAX), &character);
    *text += length ? length : 1;
    return character;
}

/* `bytes` without those of a character that is cut at the end. */
static size_t whole(const char *text, size_t bytes)
{
    for (size_t back = 1; back < CHARACTER_BYTES_MAX && back <= bytes; back++) {
        unsigned char byte = (unsigned char)text[bytes - back];
        if (!is_inside(byte))
            return sequence_bytes(byte) > back ? bytes - back : bytes;
    }
    return bytes;
}

size_t stw_utf8_whole(const char *text, size_t bytes)
{
    return whole(text, strnlen(text, bytes));
}

int stw_utf8_is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

int stw_utf8_is_hidden(uint32_t character)
{
    return within(character, hidden, COUNT(hidden));
}

void stw_utf8_add(struct stw_text *out, uint32_t character)
{
    char bytes[4];
    size_t length = 1;
    if (character < 0x80) {
        bytes[0] = (char)character;
    } else {
        length = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
        for (size_t i = length - 1; i > 0; i--) {
            bytes[i] = (char)(0x80 | (character & 0x3f));
            character >>= 6;
        }
        bytes[0] = (char)((0xf00u >> length) | character);
    }
    stw_text_add_bytes(out, bytes, length);
}

static void add_shown(struct stw_text *out, uint32_t character)
{
    if (stw_utf8_is_hidden(character))
        stw_text_add(out, "<U+%04" PRIX32 ">", character);
    else
        stw_utf8_add(out, character);
}

/* How many bytes of `text` are printable ASCII, which is shown as it is: most texts are nothing
 * else. */
static size_t plain_bytes(const char *text)
{
    size_t bytes = 0;
    while (text[bytes] >= ' ' && text[bytes] <= '~')
        bytes++;
    return bytes;
}

void stw_utf8_add_line(struct stw_text *out, const char *text)
{
    while (*text) {
        size_t plain = plain_bytes(text);
        stw_text_add_bytes(out, text, plain);
        text += plain;
        if (!*text)
            return;
        uint32_t character = stw_utf8_next(&text);
        add_shown(out, stw_utf8_is_control(character) ? ' ' : character);
    }
}

void stw_utf8_add_words(struct stw_text *out, const char *text, size_t bytes)
{
    const char *at = text, *end = text + whole(text, bytes);
    int gap = 0, begun = 0;
    while (at < end && at - text < CHARACTER_BYTES_MAX - 1 && is_inside((unsigned char)*at))
        at++;
    while (at < end) {
        uint32_t character = STW_UTF8_REPLACEMENT;
        size_t length = stw_utf8_decode(at, (size_t)(end - at), &character);
        at += length ? length : 1;
        if (character == ' ' || stw_utf8_is_control(character)) {
            gap = begun;
            continue;
        }
        stw_text_add(out, gap ? " " : "");
        add_shown(out, character);
        begun = 1;
        gap = 0;
    }
}

static uint32_t width_of(uint32_t character)
{
    if (within(character, double_width, COUNT(double_width)))
        return 2;
    return !within(character, zero_width, COUNT(zero_width));
}

uint32_t stw_utf8_width(const char *text)
{
    size_t plain = plain_bytes(text);
    uint32_t width = (uint32_t)plain;
    for (text += plain; *text;)
        width += width_of(stw_utf8_next(&text));
    return width;
}

size_t stw_utf8_fitting(const char *text, uint32_t columns)
{
    const char *at = text;
    for (uint32_t width = 0; *at;) {
        const char *next = at;
        width += width_of(stw_utf8_next(&next));
        if (width > columns)
            break;
        at = next;
    }
    return (size_t)(at - text);
}

/* Appends the characters of `text` up to `end`, a new line where the next one does not fit; the
 * column after the last. */
static uint32_t add_broken(struct stw_text *out, const char *text, const char *end,
                           uint32_t columns, uint32_t column)
{
    while (text < end) {
        const char *from = text;
        uint32_t width = width_of(stw_utf8_next(&text));
        if (column + width > columns && column > 0) {
            stw_text_add(out, "\n");
            column = 0;
        }
        stw_text_add_bytes(out, from, (size_t)(text - from));
        column += width;
    }
    return column;
}

static uint32_t width_until(const char *text, const char *end)
{
    uint32_t width = 0;
    while (text < end)
        width += width_of(stw_utf8_next(&text));
    return width;
}

void stw_utf8_add_wrapped(struct stw_text *out, const char *line, uint32_t columns,
                          uint32_t indent)
{
    uint32_t column = 0;
    if (columns == 0 || stw_utf8_width(line) <= columns) {
        stw_text_add(out, "%s", line);
        return;
    }
    indent = indent < columns / 2 ? indent : 0;
    while (*line) {
        uint32_t blanks = (uint32_t)strspn(line, " ");
        const char *word = line + blanks, *end = word + strcspn(word, " ");
        uint32_t width = width_until(word, end);
        line = end;
        if (column > 0 && column + blanks + width > columns) {
            stw_text_add(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (word < end) {
            stw_text_add(out, "%*s", (int)blanks, "");
            column += blanks;
        }
        column = add_broken(out, word, end, columns, column);
    }
}

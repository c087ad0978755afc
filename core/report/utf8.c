/* report/utf8.c: decoding, cleaning and measuring UTF-8.
 * The widths are the ranges that terminals agree on; wcwidth() is not used because it depends on
 * the locale, and the same table should come out everywhere. */
#include "report/utf8.h"

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

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int within(uint32_t character, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (character >= ranges[i].first && character <= ranges[i].last)
            return 1;
    return 0;
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

uint32_t stw_utf8_next(const char **text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)(*text)++;
    uint32_t length = sequence_bytes(bytes[0]);
    if (length == 1)
        return bytes[0];
    uint32_t character = length ? bytes[0] & (0x7fu >> length) : 0;
    for (uint32_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return STW_UTF8_REPLACEMENT;
        character = character << 6 | (bytes[i] & 0x3fu);
    }
    int surrogate = character >= 0xd800 && character <= 0xdfff;
    if (length == 0 || character < least[length] || character > 0x10ffff || surrogate)
        return STW_UTF8_REPLACEMENT;
    *text += length - 1;
    return character;
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

void stw_utf8_add_line(struct stw_text *out, const char *text)
{
    while (*text) {
        uint32_t character = stw_utf8_next(&text);
        int control = character < 0x20 || (character >= 0x7f && character < 0xa0);
        stw_utf8_add(out, control ? ' ' : character);
    }
}

uint32_t stw_utf8_width(const char *text)
{
    uint32_t width = 0;
    while (*text) {
        uint32_t character = stw_utf8_next(&text);
        if (within(character, double_width, COUNT(double_width)))
            width += 2;
        else
            width += !within(character, zero_width, COUNT(zero_width));
    }
    return width;
}

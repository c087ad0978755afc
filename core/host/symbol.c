/* host/symbol.c: looks a function up in the symbol tables of a file, for messages alone.
 *
 * SY1  nothing is read from beyond the file, and no more than a bounded number of symbols, whatever
 *      the file says. A file that changed since it was loaded gives a wrong name at worst. */
#include "host/symbol.h"

#include "base/error.h"
#include "host/notes.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYMBOLS_MAX (1u << 20)
#define SYMBOLS_READ 128u /* at once */

/* The symbol of a table that holds the place; 0: none. `left`: that may still be looked at. */
static int find_in(const struct stw_file *file, const Elf64_Shdr *table, uint64_t offset,
                   Elf64_Sym *found, uint64_t *left)
{
    Elf64_Sym symbols[SYMBOLS_READ];
    uint64_t count = table->sh_size / sizeof *symbols;
    count = count < *left ? count : *left;
    *left -= count;
    for (uint64_t at = 0; at < count; at += SYMBOLS_READ) {
        size_t some = count - at < SYMBOLS_READ ? (size_t)(count - at) : SYMBOLS_READ;
        if (stw__file_read(file, table->sh_offset + at * sizeof *symbols, symbols,
                           some * sizeof *symbols) != STW_OK)
            return 0;
        for (size_t i = 0; i < some; i++)
            if (ELF64_ST_TYPE(symbols[i].st_info) == STT_FUNC && symbols[i].st_value <= offset
                && offset - symbols[i].st_value < symbols[i].st_size) {
                *found = symbols[i];
                return 1;
            }
    }
    return 0;
}

static int read_section(const struct stw_file *file, const Elf64_Ehdr *elf, uint32_t index,
                        Elf64_Shdr *section)
{
    return index < elf->e_shnum
           && stw__file_read(file, elf->e_shoff + (uint64_t)index * sizeof *section, section,
                             sizeof *section) == STW_OK;
}

/* Printable, or nothing. */
static int read_name(const struct stw_file *file, uint64_t at, char symbol[STW_SYMBOL_BYTES])
{
    size_t length = 0;
    while (length < STW_SYMBOL_BYTES - 1
           && stw__file_read(file, at + length, symbol + length, 1) == STW_OK
           && symbol[length] > ' ' && symbol[length] <= '~')
        length++;
    symbol[length] = '\0';
    return length > 0;
}

static int find(const struct stw_file *file, uint64_t offset, char symbol[STW_SYMBOL_BYTES])
{
    Elf64_Ehdr elf;
    uint64_t left = SYMBOLS_MAX;
    if (stw__file_read(file, 0, &elf, sizeof elf) != STW_OK
        || memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_ident[EI_CLASS] != ELFCLASS64
        || elf.e_shentsize != sizeof(Elf64_Shdr))
        return 0;
    for (uint32_t i = 0; i < elf.e_shnum; i++) {
        Elf64_Shdr table, names;
        Elf64_Sym found;
        if (!read_section(file, &elf, i, &table))
            return 0;
        if ((table.sh_type == SHT_SYMTAB || table.sh_type == SHT_DYNSYM)
            && find_in(file, &table, offset, &found, &left)
            && read_section(file, &elf, table.sh_link, &names) && found.st_name < names.sh_size)
            return read_name(file, names.sh_offset + found.st_name, symbol);
    }
    return 0;
}

int stw_symbol_find(const char *path, uint64_t offset, char symbol[STW_SYMBOL_BYTES])
{
    struct stat about;
    struct stw_error error = STW_ERROR_INIT;
    struct stw_file file = {.error = &error};
    file.descriptor = *path == '/' ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    if (file.descriptor < 0)
        return 0;
    int is_found = 0;
    if (fstat(file.descriptor, &about) == 0 && S_ISREG(about.st_mode)) {
        file.bytes = (uint64_t)about.st_size;
        is_found = find(&file, offset, symbol);
    }
    close(file.descriptor);
    return is_found;
}

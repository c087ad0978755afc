/* host/notes.c: finds the notes of a shared object in its file.
 *
 * N1  nothing is read before its offset and length are checked against the file's length.
 * N2  work is bounded by constants, not by what the file says: at most 65,535 headers of each table
 *     and NOTES_MAX notes are looked at.
 * N3  what the loader will map lies within the file: mapping what is cut short would end in SIGBUS.
 * Segments are searched first, as the loader uses them; sections only when no segment holds a
 * manifest, which is how an unusual linker script may leave it. */
#include "host/notes.h"

#include "base/error.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NOTES_MAX 16384u
#define OWNER_BYTES_MAX 8u /* of the owners that matter, terminator included */
#define BUILD_ID_BYTES_MAX ((STW_BUILD_ID_BYTES - 1) / 2)

#if defined(__x86_64__)
#define HOST_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define HOST_MACHINE EM_AARCH64
#else
#error "notes: the ELF machine number of this processor is missing"
#endif
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "ELF structures are read as they are");

struct reader {
    const struct stw_file *file;
    struct stw_notes *notes;
    uint32_t notes_left;
};

static stw_status check_range(const struct stw_file *file, uint64_t at, uint64_t bytes)
{
    if (at <= file->bytes && bytes <= file->bytes - at)
        return STW_OK;
    return stw_error_set(file->error, STW_E_REFUSED, "file",
                         "cut short or damaged: %" PRIu64 " bytes at %" PRIu64
                         " are needed, the file has %" PRIu64, bytes, at, file->bytes);
}

stw_status stw__file_read(const struct stw_file *file, uint64_t at, void *into, size_t bytes)
{
    STW_TRY(check_range(file, at, bytes));
    if (at < file->head_bytes && bytes <= file->head_bytes - at) {
        memcpy(into, file->head + at, bytes);
        return STW_OK;
    }
    for (size_t done = 0; done < bytes;) {
        ssize_t got = pread(file->descriptor, (char *)into + done, bytes - done,
                            (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return stw_error_set(file->error, STW_E_IO, "file", "cannot be read: %s",
                                 strerror(errno));
        if (got == 0)
            return stw_error_set(file->error, STW_E_IO, "file", "shrank while it was read");
        done += (size_t)got;
    }
    return STW_OK;
}

/* A stretch of the file, and the note in it that is looked at. */
struct walk {
    uint64_t at;
    uint64_t end;   /* within the file */
    uint64_t align; /* 4 or 8 */
};

static stw_status read_build_id(struct reader *reader, uint64_t at, uint64_t bytes)
{
    unsigned char id[BUILD_ID_BYTES_MAX];
    size_t used = bytes < sizeof id ? (size_t)bytes : sizeof id;
    STW_TRY(stw__file_read(reader->file, at, id, used));
    for (size_t i = 0; i < used; i++)
        snprintf(reader->notes->build_id + 2 * i, 3, "%02x", id[i]);
    return STW_OK;
}

static stw_status take_note(struct reader *reader, const Elf64_Nhdr *head, uint64_t owner_at,
                            uint64_t text_at)
{
    char owner[OWNER_BYTES_MAX] = "";
    if (head->n_namesz == 0 || head->n_namesz > sizeof owner)
        return STW_OK;
    STW_TRY(stw__file_read(reader->file, owner_at, owner, head->n_namesz));
    if (owner[head->n_namesz - 1] != '\0')
        return STW_OK;
    struct stw_notes *notes = reader->notes;
    if (strcmp(owner, ELF_NOTE_GNU) == 0 && head->n_type == NT_GNU_BUILD_ID && !*notes->build_id)
        return read_build_id(reader, text_at, head->n_descsz);
    if (strcmp(owner, STW_NOTE_OWNER) != 0 || head->n_type != STW_NOTE_TYPE)
        return STW_OK;
    if (notes->manifests++ == 0) {
        notes->manifest_at = text_at;
        notes->manifest_bytes = head->n_descsz;
    }
    return STW_OK;
}

static uint64_t round_up(uint64_t value, uint64_t align)
{
    return (value + align - 1) & ~(align - 1);
}

/* Lengths have 32 bits and the walk's end is within the file, so nothing here can overflow. */
static stw_status step(struct reader *reader, struct walk *walk)
{
    Elf64_Nhdr head;
    if (reader->notes_left-- == 0)
        return stw_error_set(reader->file->error, STW_E_REFUSED, "file", "has more than %u notes",
                             NOTES_MAX);
    STW_TRY(stw__file_read(reader->file, walk->at, &head, sizeof head));
    uint64_t owner_at = walk->at + sizeof head;
    uint64_t text_at = owner_at + round_up(head.n_namesz, walk->align);
    uint64_t next = text_at + round_up(head.n_descsz, walk->align);
    if (text_at > walk->end || head.n_descsz > walk->end - text_at)
        return stw_error_set(reader->file->error, STW_E_REFUSED, "file",
                             "damaged: the note at byte %" PRIu64 " is longer than the space it "
                             "is in", walk->at);
    walk->at = next;
    return take_note(reader, &head, owner_at, text_at);
}

/* Looks at the notes in [at, at + bytes). Notes are padded to 4 bytes, or to 8 in space that is
 * aligned to 8 bytes, as the GNU tools do it. */
static stw_status search(struct reader *reader, uint64_t at, uint64_t bytes, uint64_t align)
{
    STW_TRY(check_range(reader->file, at, bytes));
    struct walk walk = {at, at + bytes, align == 8 ? 8 : 4};
    while (walk.at < walk.end && walk.end - walk.at >= sizeof(Elf64_Nhdr))
        STW_TRY(step(reader, &walk));
    return STW_OK;
}

/* A table that begins within the file has headers of 16-bit number and size, so offsets in it
 * cannot overflow; one that begins outside ends with the first header. */
static stw_status search_segments(struct reader *reader, const Elf64_Ehdr *elf)
{
    for (uint32_t i = 0; i < elf->e_phnum; i++) {
        Elf64_Phdr segment;
        uint64_t at = (uint64_t)i * sizeof segment;
        STW_TRY(stw__file_read(reader->file, elf->e_phoff + at, &segment, sizeof segment));
        if (segment.p_type == PT_LOAD)
            STW_TRY(check_range(reader->file, segment.p_offset, segment.p_filesz));
        if (segment.p_type == PT_NOTE)
            STW_TRY(search(reader, segment.p_offset, segment.p_filesz, segment.p_align));
    }
    return STW_OK;
}

static stw_status search_sections(struct reader *reader, const Elf64_Ehdr *elf)
{
    for (uint32_t i = 0; elf->e_shoff && i < elf->e_shnum; i++) {
        Elf64_Shdr section;
        uint64_t at = (uint64_t)i * sizeof section;
        STW_TRY(stw__file_read(reader->file, elf->e_shoff + at, &section, sizeof section));
        if (section.sh_type == SHT_NOTE)
            STW_TRY(search(reader, section.sh_offset, section.sh_size, section.sh_addralign));
    }
    return STW_OK;
}

static stw_status refuse_elf(const struct stw_file *file, const char *field, const char *message)
{
    return stw_error_set(file->error, STW_E_REFUSED, field, "%s", message);
}

static stw_status check_elf(const struct stw_file *file, const Elf64_Ehdr *elf)
{
    if (elf->e_ident[EI_CLASS] != ELFCLASS64)
        return refuse_elf(file, "class", "an ELF file, but not one of 64 bits");
    if (elf->e_ident[EI_DATA] != ELFDATA2LSB)
        return refuse_elf(file, "byte_order", "an ELF file, but not a little-endian one");
    if (elf->e_ident[EI_VERSION] != EV_CURRENT || elf->e_version != EV_CURRENT)
        return refuse_elf(file, "version", "an ELF file of an unknown version");
    if (elf->e_type != ET_DYN)
        return refuse_elf(file, "type", elf->e_type == ET_REL
                                            ? "an object file that was not linked with -shared"
                                            : "an ELF file, but not a shared object");
    if (elf->e_machine != HOST_MACHINE)
        return stw_error_set(file->error, STW_E_REFUSED, "machine",
                             "built for another processor: ELF machine %u, this host is %u",
                             elf->e_machine, HOST_MACHINE);
    if (elf->e_phnum == PN_XNUM)
        return refuse_elf(file, "segments", "has more segments than a plugin can have");
    if (elf->e_phnum && elf->e_phentsize != sizeof(Elf64_Phdr))
        return refuse_elf(file, "segments", "damaged: its segment headers have a wrong size");
    return STW_OK;
}

stw_status stw__notes_find(const struct stw_file *file, struct stw_notes *notes)
{
    Elf64_Ehdr elf;
    struct reader reader = {file, notes, NOTES_MAX};
    char magic[SELFMAG] = "";
    *notes = (struct stw_notes){0};
    if (file->bytes == 0)
        return refuse_elf(file, "file", "the file is empty");
    if (file->bytes >= SELFMAG)
        STW_TRY(stw__file_read(file, 0, magic, sizeof magic));
    if (memcmp(magic, ELFMAG, SELFMAG) != 0)
        return refuse_elf(file, "file", "not an ELF file");
    STW_TRY(stw__file_read(file, 0, &elf, sizeof elf));
    STW_TRY(check_elf(file, &elf));
    STW_TRY(search_segments(&reader, &elf));
    if (notes->manifests || elf.e_shentsize != sizeof(Elf64_Shdr))
        return STW_OK;
    return search_sections(&reader, &elf);
}

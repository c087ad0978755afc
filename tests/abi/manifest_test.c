/* Manifest reader: a good file is read in full; everything else is refused with a message that says
 * what is wrong with it, and nothing crashes it. Method: plugins built from tests/abi/plugins;
 * copies of a good one with bytes changed, cut at every length, and damaged at random with a fixed
 * seed; texts given to the parser directly. */
#include "base/error.h"
#include "base/random.h"
#include "base/text.h"
#include "host/manifest_parts.h"
#include "prim/sandbox.h"

#include "refused_text.h"
#include "scratch.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>

#define GOOD STW_TEST_PLUGINS "/good.so"
#define DAMAGES 20000u

static struct stw_manifest manifest;

static stw_status read_manifest(const char *path, struct stw_error *error)
{
    *error = (struct stw_error)STW_ERROR_INIT;
    memset(&manifest, 0xa5, sizeof manifest);
    return stw_manifest_read(path, &manifest, error);
}

/* Where the description of the manifest note begins: after its owner. */
static size_t find_head(const struct image *image)
{
    static const unsigned char owner[8] = STW_NOTE_OWNER;
    const unsigned char *at = memmem(image->bytes, image->count, owner, sizeof owner);
    cr_assert_not_null(at);
    return (size_t)(at - image->bytes) + sizeof owner;
}

static void expect_refusal(const char *path, stw_status status, const char *field, const char *part)
{
    struct stw_error error;
    cr_assert_eq(read_manifest(path, &error), status, "%s: %s", path, error.message);
    cr_assert_eq(error.status, status);
    cr_assert_str_eq(error.field, field, "%s", error.message);
    cr_assert_not_null(strstr(error.message, part), "\"%s\" lacks \"%s\"", error.message, part);
    const char *name = strrchr(path, '/');
    cr_assert_not_null(strstr(error.message, name), "\"%s\" lacks the path", error.message);
    cr_assert_eq(manifest.count, 0);
}

/* What a good file says. */

Test(manifest, reads_what_a_good_file_declares)
{
    struct stw_error error;
    cr_assert_eq(read_manifest(GOOD, &error), STW_OK, "%s", error.message);
    cr_assert_eq(manifest.count, 2);
    const struct stw_plugin_info *info = &manifest.plugins[0];
    cr_assert_eq(info->kind, STW_KIND_STRATEGY);
    cr_assert_str_eq(info->id, "good");
    cr_assert_str_eq(info->summary, "Does nothing, well");
    cr_assert_eq(info->abi_major, STW_ABI_MAJOR);
    cr_assert_eq(info->abi_minor, STW_ABI_MINOR);
    cr_assert_eq(info->path[0], '/');
    cr_assert_not_null(strstr(info->path, "/good.so"));
    cr_assert_gt(strlen(info->compiler), 0);
    cr_assert_eq(info->param_count, 6);
    cr_assert_eq(manifest.plugins[1].kind, STW_KIND_MAP);
    cr_assert_eq(manifest.plugins[1].param_count, 0);
    cr_assert_str_eq(manifest.plugins[1].path, info->path);
}

Test(manifest, reads_parameters_of_every_type)
{
    struct stw_error error;
    cr_assert_eq(read_manifest(GOOD, &error), STW_OK, "%s", error.message);
    const struct stw_param *params = manifest.plugins[0].params;
    cr_assert_eq(params[0].type, STW_TYPE_U64);
    cr_assert_str_eq(params[0].unit, "entries");
    cr_assert_str_eq(params[0].help, "entries in a piece");
    cr_assert_eq(params[0].max_u64, 1073741824);
    cr_assert_str_eq(params[1].default_text, "64KiB");
    cr_assert_eq(params[1].max_u64, 1u << 30);
    cr_assert_eq(params[2].type, STW_TYPE_F64);
    cr_assert_eq(params[2].min_f64, 0.125);
    cr_assert_eq(params[3].type, STW_TYPE_BOOL);
    cr_assert_eq(params[4].type, STW_TYPE_TEXT);
    cr_assert_eq(params[5].type, STW_TYPE_CHOICE);
    cr_assert_eq(params[5].choice_count, 2);
    cr_assert_str_eq(params[5].choices[1], "square");
}

/* The build id, against what the note holds. */
Test(manifest, reads_the_build_id)
{
    struct stw_error error;
    struct image image = read_image(GOOD);
    const unsigned char head[] = {4, 0, 0, 0, 20, 0, 0, 0, NT_GNU_BUILD_ID, 0, 0, 0, 'G', 'N', 'U',
                                  0};
    const unsigned char *note = memmem(image.bytes, image.count, head, sizeof head);
    char expected[STW_BUILD_ID_BYTES] = "";
    for (size_t i = 0; note && i < 20; i++)
        snprintf(expected + 2 * i, 3, "%02x", note[sizeof head + i]);
    cr_assert_eq(read_manifest(GOOD, &error), STW_OK, "%s", error.message);
    cr_assert_str_eq(manifest.plugins[0].build_id, expected);
    cr_assert_str_eq(manifest.plugins[1].build_id, expected);
    free(image.bytes);
}

Test(manifest, resolves_the_path)
{
    struct stw_error error;
    struct scratch scratch = scratch_new();
    const char *link = scratch_path(&scratch, "link.so");
    cr_assert_eq(symlink(GOOD, link), 0);
    cr_assert_eq(read_manifest(link, &error), STW_OK, "%s", error.message);
    cr_assert_not_null(strstr(manifest.plugins[0].path, "/good.so"));
    scratch_free(&scratch);
}

/* A linker script may leave the note in a section that no segment holds. */
Test(manifest, finds_the_note_by_its_section)
{
    struct stw_error error;
    struct scratch scratch = scratch_new();
    const char *path = scratch_path(&scratch, "sections.so");
    struct image image = read_image(GOOD);
    Elf64_Ehdr elf;
    memcpy(&elf, image.bytes, sizeof elf);
    for (size_t i = 0; i < elf.e_phnum; i++) {
        Elf64_Word type, none = PT_NULL;
        unsigned char *at = image.bytes + elf.e_phoff + i * sizeof(Elf64_Phdr);
        memcpy(&type, at, sizeof type);
        if (type == PT_NOTE)
            memcpy(at, &none, sizeof none);
    }
    write_file(path, image.bytes, image.count);
    cr_assert_eq(read_manifest(path, &error), STW_OK, "%s", error.message);
    cr_assert_eq(manifest.count, 2);
    free(image.bytes);
    scratch_free(&scratch);
}

Test(manifest, names_kinds)
{
    cr_assert_str_eq(stw_kind_name(STW_KIND_ALLOCATOR), "allocator");
    cr_assert_str_eq(stw_kind_name(STW_KIND_WORKLOAD), "workload");
    cr_assert_str_eq(stw_kind_name(0), "unknown");
    cr_assert_str_eq(stw_kind_name(UINT32_MAX), "unknown");
    for (uint32_t kind = STW_KIND_ALLOCATOR; kind <= STW_KIND_WORKLOAD; kind++)
        cr_assert_eq(stw_kind_of_name(stw_kind_name(kind)), kind);
    cr_assert_eq(stw_kind_of_name("unknown"), 0);
    cr_assert_eq(stw_kind_of_name("maps"), 0);
}

/* What is no plugin. */

Test(manifest, refuses_what_is_no_file)
{
    struct scratch scratch = scratch_new();
    const char *pipe = scratch_path(&scratch, "pipe.so");
    const char *loop = scratch_path(&scratch, "loop.so");
    cr_assert_eq(mkfifo(pipe, 0600), 0);
    cr_assert_eq(symlink("loop.so", loop), 0);
    expect_refusal(scratch.folder, STW_E_REFUSED, "file", "a folder, not a plugin");
    expect_refusal(pipe, STW_E_REFUSED, "file", "not a regular file");
    expect_refusal("/dev/null", STW_E_REFUSED, "file", "not a regular file");
    expect_refusal(loop, STW_E_IO, "file", "symbolic links");
    expect_refusal("/nowhere/x.so", STW_E_IO, "file", "No such file");
    scratch_free(&scratch);
}

Test(manifest, refuses_a_file_that_may_not_be_read)
{
    struct scratch scratch = scratch_new();
    const char *path = scratch_path(&scratch, "secret.so");
    write_file(path, "x", 1);
    cr_assert_eq(chmod(path, 0), 0);
    if (access(path, R_OK) == 0) /* root may read it all the same */
        expect_refusal(path, STW_E_REFUSED, "file", "not an ELF file");
    else
        expect_refusal(path, STW_E_IO, "file", "Permission denied");
    scratch_free(&scratch);
}

Test(manifest, refuses_what_is_no_elf_file)
{
    static const char text[] = "int main(void) { return 0; }\n";
    struct scratch scratch = scratch_new();
    const char *path = scratch_path(&scratch, "x.so");
    write_file(path, "", 0);
    expect_refusal(path, STW_E_REFUSED, "file", "the file is empty");
    write_file(path, text, sizeof text - 1);
    expect_refusal(path, STW_E_REFUSED, "file", "not an ELF file");
    write_file(path, "\x7f" "E", 2);
    expect_refusal(path, STW_E_REFUSED, "file", "not an ELF file");
    write_file(path, ELFMAG, SELFMAG);
    expect_refusal(path, STW_E_REFUSED, "file", "cut short");
    scratch_free(&scratch);
}

/* A file of 1 TiB, sparse, is not read as a whole. */
Test(manifest, reads_little_of_a_large_file, .timeout = 10)
{
    struct stw_error error;
    struct scratch scratch = scratch_new();
    const char *path = scratch_path(&scratch, "large.so");
    struct image image = read_image(GOOD);
    write_file(path, image.bytes, image.count);
    if (truncate(path, 1ll << 40) == 0)
        cr_assert_eq(read_manifest(path, &error), STW_OK, "%s", error.message);
    write_file(path, "", 0);
    if (truncate(path, 1ll << 40) == 0)
        expect_refusal(path, STW_E_REFUSED, "file", "not an ELF file");
    free(image.bytes);
    scratch_free(&scratch);
}

Test(manifest, refuses_objects_of_other_kinds)
{
    expect_refusal(STW_TEST_PLUGINS "/no_manifest.so", STW_E_REFUSED, "manifest",
                   "not a plugin: it has no note of owner \"stwlab\"");
    expect_refusal(STW_TEST_PLUGINS "/two_manifests.so", STW_E_REFUSED, "manifest",
                   "has 2 manifests");
    expect_refusal(STW_TEST_PLUGINS "/newer_layout.so", STW_E_REFUSED, "layout",
                   "built for another ABI: its layout is 7 (0x7), this host has 4");
    expect_refusal(STW_TEST_PLUGINS "/duplicate_ids.so", STW_E_REFUSED, "id",
                   "manifest line 2, id: strategy \"duplicate-ids\" is declared twice");
    expect_refusal(STW_TEST_PLUGINS "/bad_default.so", STW_E_REFUSED, "default",
                   "manifest line 2, default: \"0\" is out of range: 1 to 8 entries");
}

/* A copy of a good file with `count` bytes at `at` replaced. */
static void expect_patch_refused(size_t at, const void *bytes, size_t count, const char *field,
                                 const char *part)
{
    struct scratch scratch = scratch_new();
    const char *path = scratch_path(&scratch, "patched.so");
    struct image image = read_image(GOOD);
    cr_assert_leq(at + count, image.count);
    memcpy(image.bytes + at, bytes, count);
    write_file(path, image.bytes, image.count);
    expect_refusal(path, STW_E_REFUSED, field, part);
    free(image.bytes);
    scratch_free(&scratch);
}

Test(manifest, refuses_other_elf_files)
{
    const Elf64_Half executable = ET_EXEC, object = ET_REL, riscv = EM_RISCV, many = PN_XNUM,
                     odd = 57;
    const unsigned char class32 = ELFCLASS32, big = ELFDATA2MSB, version = 9;
    expect_patch_refused(EI_CLASS, &class32, 1, "class", "not one of 64 bits");
    expect_patch_refused(EI_DATA, &big, 1, "byte_order", "not a little-endian one");
    expect_patch_refused(EI_VERSION, &version, 1, "version", "unknown version");
    expect_patch_refused(offsetof(Elf64_Ehdr, e_type), &executable, sizeof executable, "type",
                         "not a shared object");
    expect_patch_refused(offsetof(Elf64_Ehdr, e_type), &object, sizeof object, "type",
                         "not linked with -shared");
    expect_patch_refused(offsetof(Elf64_Ehdr, e_machine), &riscv, sizeof riscv, "machine",
                         "ELF machine 243, this host is ");
    expect_patch_refused(offsetof(Elf64_Ehdr, e_phnum), &many, sizeof many, "segments",
                         "more segments");
    expect_patch_refused(offsetof(Elf64_Ehdr, e_phentsize), &odd, sizeof odd, "segments",
                         "wrong size");
}

/* The head. */

static void expect_head_refused(size_t at, const void *bytes, size_t count, const char *part)
{
    static const char *const names[] = {
        [offsetof(struct stw_manifest_head, struct_size)] = "struct_size",
        [offsetof(struct stw_manifest_head, magic)] = "magic",
        [offsetof(struct stw_manifest_head, abi_major)] = "abi_major",
        [offsetof(struct stw_manifest_head, pointer_bits)] = "pointer_bits",
        [offsetof(struct stw_manifest_head, byte_order)] = "byte_order",
        [offsetof(struct stw_manifest_head, layout)] = "layout",
        [offsetof(struct stw_manifest_head, mutator_size)] = "mutator_size",
        [offsetof(struct stw_manifest_head, span_size)] = "span_size",
    };
    struct image image = read_image(GOOD);
    size_t head = find_head(&image);
    free(image.bytes);
    expect_patch_refused(head + at, bytes, count, names[at], part);
}

#define HEAD(field) offsetof(struct stw_manifest_head, field)

Test(manifest, names_the_field_of_the_head_that_differs)
{
    const uint32_t magic = 0x12345678, larger = 8000, small = 8, large = 1u << 30;
    const uint16_t major = 3, bits = 32, order = 0x0201;
    char mutator[96], span[96];
    const uint32_t larger_mutator = sizeof(struct stw_mutator) + 8;
    snprintf(mutator, sizeof mutator,
             "newer than this host: its mutator_size is %u, this host has %zu", larger_mutator,
             sizeof(struct stw_mutator));
    snprintf(span, sizeof span, "newer than this host: its span_size is 8000, this host has %zu",
             sizeof(struct stw_span));
    expect_head_refused(HEAD(magic), &magic, sizeof magic,
                        "its magic is 305419896 (0x12345678), this host has 1347900499 "
                        "(0x50575453)");
    expect_head_refused(HEAD(abi_major), &major, sizeof major,
                        "its abi_major is 3 (0x3), this host has 0");
    expect_head_refused(HEAD(pointer_bits), &bits, sizeof bits,
                        "its pointer_bits is 32 (0x20), this host has 64");
    expect_head_refused(HEAD(byte_order), &order, sizeof order,
                        "its byte_order is 513 (0x201), this host has 258 (0x102)");
    expect_head_refused(HEAD(mutator_size), &larger_mutator, sizeof larger, mutator);
    expect_head_refused(HEAD(span_size), &larger, sizeof larger, span);
    expect_head_refused(HEAD(layout), &larger, sizeof larger, "its layout is 8000");
    expect_head_refused(HEAD(struct_size), &small, sizeof small, "of which a head of 8");
    expect_head_refused(HEAD(struct_size), &large, sizeof large, "of which a head of 1073741824");
}

Test(manifest, accepts_another_minor_and_smaller_prefixes)
{
    struct stw_error error;
    struct scratch scratch = scratch_new();
    const char *path = scratch_path(&scratch, "older.so");
    struct image image = read_image(GOOD);
    const uint32_t smaller = 64;
    unsigned char *head = (unsigned char *)image.bytes + find_head(&image);
    memcpy(head + HEAD(mutator_size), &smaller, sizeof smaller);
    memcpy(head + HEAD(span_size), &smaller, sizeof smaller);
    for (uint16_t minor = 0; minor <= STW_ABI_MINOR + 1; minor++) {
        memcpy(head + HEAD(abi_minor), &minor, sizeof minor);
        write_file(path, image.bytes, image.count);
        cr_assert_eq(read_manifest(path, &error), STW_OK, "%s", error.message);
        cr_assert_eq(manifest.plugins[0].abi_minor, minor);
    }
    free(image.bytes);
    scratch_free(&scratch);
}

/* Lengths in the note's own header. */
Test(manifest, refuses_notes_of_hostile_length)
{
    struct image image = read_image(GOOD);
    size_t head = find_head(&image), note = head - 8 - sizeof(Elf64_Nhdr);
    free(image.bytes);
    const uint32_t hostile[] = {1u << 20, 0x7fffffff, 0xfffffffd, 0xffffffff};
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        expect_patch_refused(note + offsetof(Elf64_Nhdr, n_descsz), &hostile[i], 4, "file",
                             "longer than the space it is in");
        expect_patch_refused(note + offsetof(Elf64_Nhdr, n_namesz), &hostile[i], 4, "file",
                             "longer than the space it is in");
    }
}

/* A file of one note, whose description has `bytes` bytes: the head of a good file and zeros. */
static void write_note(const char *path, size_t bytes)
{
    struct image good = read_image(GOOD);
    struct {
        Elf64_Ehdr elf;
        Elf64_Phdr segment;
        Elf64_Nhdr note;
        char owner[8];
        struct stw_manifest_head head;
    } file = {.segment = {.p_type = PT_NOTE, .p_offset = sizeof file.elf + sizeof file.segment,
                          .p_align = 4},
              .note = {sizeof STW_NOTE_OWNER, (Elf64_Word)bytes, STW_NOTE_TYPE},
              .owner = STW_NOTE_OWNER};
    memcpy(&file.elf, good.bytes, sizeof file.elf);
    file.elf.e_phoff = sizeof file.elf;
    file.elf.e_phnum = 1;
    file.elf.e_shnum = 0;
    size_t before = sizeof file - sizeof file.head;
    file.segment.p_filesz = before + bytes - file.segment.p_offset;
    memcpy(&file.head, good.bytes + find_head(&good), sizeof file.head);
    write_file(path, &file, sizeof file);
    cr_assert_eq(truncate(path, (off_t)(before + bytes)), 0);
    free(good.bytes);
}

/* host.N2: a segment of 1 TiB of empty notes, which the file has as a hole. */
Test(manifest, refuses_more_notes_than_anybody_needs, .timeout = 10)
{
    struct scratch scratch = scratch_new();
    const char *path = scratch_path(&scratch, "notes.so");
    struct image image = read_image(GOOD);
    const Elf64_Phdr segment = {.p_type = PT_NOTE, .p_offset = sizeof(Elf64_Ehdr) + sizeof segment,
                                .p_filesz = 1ull << 40, .p_align = 4};
    const Elf64_Off at = sizeof(Elf64_Ehdr);
    const Elf64_Half one = 1;
    memcpy(image.bytes + offsetof(Elf64_Ehdr, e_phoff), &at, sizeof at);
    memcpy(image.bytes + offsetof(Elf64_Ehdr, e_phnum), &one, sizeof one);
    memcpy(image.bytes + at, &segment, sizeof segment);
    write_file(path, image.bytes, at + sizeof segment);
    if (truncate(path, 1ll << 41) == 0)
        expect_refusal(path, STW_E_REFUSED, "file", "has more than 16384 notes");
    free(image.bytes);
    scratch_free(&scratch);
}

Test(manifest, refuses_a_manifest_too_short_or_too_long)
{
    const size_t head_bytes = sizeof(struct stw_manifest_head);
    struct scratch scratch = scratch_new();
    const char *path = scratch_path(&scratch, "note.so");
    for (size_t bytes = 0; bytes < head_bytes; bytes++) {
        write_note(path, bytes);
        expect_refusal(path, STW_E_REFUSED, "struct_size", "less than a head of 64");
    }
    write_note(path, head_bytes);
    expect_refusal(path, STW_E_REFUSED, "manifest", "names no plugin");
    write_note(path, head_bytes + 65536);
    expect_refusal(path, STW_E_REFUSED, "text", "a NUL byte before the end");
    write_note(path, head_bytes + 65537);
    expect_refusal(path, STW_E_REFUSED, "manifest", "65537 bytes of text, at most 65536");
    scratch_free(&scratch);
}

/* Damage. */

/* Whatever was read keeps to the bounds of its struct. */
static void check_sane(const struct stw_manifest *read)
{
    cr_assert(read->count >= 1 && read->count <= STW_OFFERS);
    for (uint32_t i = 0; i < read->count; i++) {
        const struct stw_plugin_info *info = &read->plugins[i];
        cr_assert(info->kind >= STW_KIND_ALLOCATOR && info->kind <= STW_KIND_WORKLOAD);
        cr_assert_leq(info->param_count, STW_PARAMS);
        cr_assert_lt(strnlen(info->id, sizeof info->id), sizeof info->id);
        cr_assert_lt(strnlen(info->summary, sizeof info->summary), sizeof info->summary);
        cr_assert_lt(strnlen(info->path, sizeof info->path), sizeof info->path);
        cr_assert_lt(strnlen(info->compiler, sizeof info->compiler), sizeof info->compiler);
        cr_assert_lt(strnlen(info->build_id, sizeof info->build_id), sizeof info->build_id);
        for (uint32_t j = 0; j < info->param_count; j++) {
            const struct stw_param *param = &info->params[j];
            cr_assert(param->type >= STW_TYPE_U64 && param->type <= STW_TYPE_CHOICE);
            cr_assert_leq(param->choice_count, STW_CHOICES);
            cr_assert_lt(strnlen(param->name, sizeof param->name), sizeof param->name);
            cr_assert_lt(strnlen(param->help, sizeof param->help), sizeof param->help);
        }
    }
}

/* End of what the loader maps, beyond which only section headers follow. */
static size_t loaded_end(const struct image *image)
{
    Elf64_Ehdr elf;
    size_t end = 0;
    memcpy(&elf, image->bytes, sizeof elf);
    for (size_t i = 0; i < elf.e_phnum; i++) {
        Elf64_Phdr segment;
        memcpy(&segment, image->bytes + elf.e_phoff + i * sizeof segment, sizeof segment);
        if (segment.p_type == PT_LOAD && segment.p_offset + segment.p_filesz > end)
            end = segment.p_offset + segment.p_filesz;
    }
    return end;
}

/* host.N3 */
Test(manifest, refuses_a_file_cut_at_any_length, .timeout = 120)
{
    struct stw_error error;
    struct scratch scratch = scratch_new();
    const char *path = scratch_path(&scratch, "cut.so");
    struct image image = read_image(GOOD);
    size_t end = loaded_end(&image);
    cr_assert_gt(end, find_head(&image));
    write_file(path, image.bytes, image.count);
    for (size_t bytes = image.count; bytes-- > 0;) {
        cr_assert_eq(truncate(path, (off_t)bytes), 0);
        stw_status status = read_manifest(path, &error);
        cr_assert_eq(status, bytes < end ? STW_E_REFUSED : STW_OK, "%zu bytes of %zu: %s", bytes,
                     image.count, error.message);
    }
    free(image.bytes);
    scratch_free(&scratch);
}

/* The note alone, cut at every length inside a file that is otherwise whole. */
Test(manifest, refuses_a_note_region_of_any_other_length)
{
    struct scratch scratch = scratch_new();
    const char *path = scratch_path(&scratch, "region.so");
    struct image image = read_image(GOOD);
    Elf64_Ehdr elf;
    memcpy(&elf, image.bytes, sizeof elf);
    elf.e_shnum = 0; /* or the sections would have it */
    memcpy(image.bytes, &elf, sizeof elf);
    size_t note = find_head(&image) - 8 - sizeof(Elf64_Nhdr), at = 0;
    Elf64_Phdr segment = {0};
    for (size_t i = 0; i < elf.e_phnum && (segment.p_type != PT_NOTE || note < segment.p_offset
                                           || note >= segment.p_offset + segment.p_filesz); i++) {
        at = elf.e_phoff + i * sizeof segment;
        memcpy(&segment, image.bytes + at, sizeof segment);
    }
    cr_assert_eq(segment.p_type, PT_NOTE);
    Elf64_Nhdr head;
    memcpy(&head, image.bytes + note, sizeof head);
    uint64_t whole = note + sizeof head + 8 + head.n_descsz - segment.p_offset;
    for (uint64_t bytes = 0; bytes < whole; bytes++) {
        struct stw_error error;
        segment.p_filesz = bytes;
        memcpy(image.bytes + at, &segment, sizeof segment);
        write_file(path, image.bytes, image.count);
        cr_assert_eq(read_manifest(path, &error), STW_E_REFUSED, "%" PRIu64 " bytes", bytes);
    }
    free(image.bytes);
    scratch_free(&scratch);
}

/* Overwrites bytes of the file, reads it, and puts them back. */
static void try_damage(int file, const char *path, const struct image *image,
                       const struct image *damage, size_t at)
{
    struct stw_error error;
    cr_assert_eq(pwrite(file, damage->bytes, damage->count, (off_t)at), (ssize_t)damage->count);
    stw_status status = read_manifest(path, &error);
    if (status == STW_OK)
        check_sane(&manifest);
    else
        cr_assert(error.status == status && *error.message && manifest.count == 0);
    cr_assert_eq(pwrite(file, image->bytes + at, damage->count, (off_t)at),
                 (ssize_t)damage->count);
}

/* host.N1, in this and the next. */
Test(manifest, survives_random_damage, .timeout = 120)
{
    struct stw_random random = stw_random_seed(1, 7);
    struct scratch scratch = scratch_new();
    const char *path = scratch_path(&scratch, "damaged.so");
    struct image image = read_image(GOOD);
    size_t head = find_head(&image), refused = 0;
    /* Where damage matters: ELF header and segments, the note, anywhere. */
    const size_t regions[] = {1024, head + 512, image.count};
    write_file(path, image.bytes, image.count);
    int file = open(path, O_RDWR | O_CLOEXEC);
    for (uint32_t i = 0; i < DAMAGES; i++) {
        unsigned char bytes[8];
        struct image damage = {bytes, 1 + stw_random_below(&random, sizeof bytes)};
        for (size_t j = 0; j < damage.count; j++)
            bytes[j] = (unsigned char)stw_random_u32(&random);
        size_t space = regions[stw_random_below(&random, 3)] - damage.count;
        try_damage(file, path, &image, &damage, stw_random_below(&random, (uint32_t)space));
        refused += manifest.count == 0;
    }
    cr_assert(refused > DAMAGES / 20 && refused < DAMAGES);
    close(file);
    free(image.bytes);
    scratch_free(&scratch);
}

/* Every word of the headers and of the note, replaced by what breaks sums and comparisons. */
Test(manifest, survives_extreme_words, .timeout = 120)
{
    static const uint64_t extremes[] = {0, 1, 0x7fffffff, 0xffffffff, INT64_MAX, UINT64_MAX,
                                        UINT64_MAX - 7, 1ull << 63, 0x1000, 65536};
    struct scratch scratch = scratch_new();
    const char *path = scratch_path(&scratch, "extreme.so");
    struct image image = read_image(GOOD);
    size_t end = find_head(&image) + sizeof(struct stw_manifest_head);
    write_file(path, image.bytes, image.count);
    int file = open(path, O_RDWR | O_CLOEXEC);
    for (size_t at = EI_NIDENT; at < end; at += 2)
        for (size_t i = 0; i < sizeof extremes / sizeof *extremes; i++)
            for (size_t bytes = 2; bytes <= 8; bytes *= 2) {
                uint64_t extreme = extremes[i];
                struct image damage = {(unsigned char *)&extreme, bytes};
                try_damage(file, path, &image, &damage, at);
            }
    close(file);
    free(image.bytes);
    scratch_free(&scratch);
}

/* The text. */

#define HEAD_LINE "plugin|map|m|A map\n"

Test(manifest, refuses_records_that_are_none)
{
    expect_text_refused("", "manifest", "its manifest names no plugin");
    expect_text_refused("\n", "record",
                        "manifest line 1, record: \"\" is neither plugin, param, needs, env, "
                        "counter, gauge, operations, class nor refuses");
    expect_text_refused(HEAD_LINE "Param|n|u64||1|1|1|h\n", "record",
                        "manifest line 2, record: \"Param\" is neither plugin, param, needs, "
                        "env, counter, gauge, operations, class nor refuses");
    expect_text_refused("plugin|map|m\n", "plugin",
                        "manifest line 1, plugin: has 3 fields; plugin|KIND|ID|SUMMARY has 4");
    expect_text_refused("plugin|map|m|s|t\n", "plugin",
                        "manifest line 1, plugin: has 5 fields; plugin|KIND|ID|SUMMARY has 4");
    expect_text_refused("param|n|u64||1|1|1|h\n", "param",
                        "manifest line 1, param: stands before the first plugin line");
    expect_text_refused(HEAD_LINE "param|n|u64\n", "param",
                        "manifest line 2, param: has 3 fields; "
                        "param|NAME|TYPE|UNIT|DEFAULT|MIN|MAX|HELP has 8");
    expect_text_refused(HEAD_LINE "param|n|u64||1|1|1|h|i|j|k\n", "param",
                        "manifest line 2, param: has 9 or more fields; "
                        "param|NAME|TYPE|UNIT|DEFAULT|MIN|MAX|HELP has 8");
}

Test(manifest, refuses_bad_plugin_lines)
{
    char line[512];
    expect_text_refused("plugin|maps|m|s\n", "kind",
                        "manifest line 1, kind: \"maps\" is not allocator, map, strategy or "
                        "workload");
    expect_text_refused("plugin|map||s\n", "id",
                        "manifest line 1, id: \"\" is not a lower-case letter followed by letters, "
                        "digits and -");
    expect_text_refused("plugin|map|4m|s\n", "id",
                        "manifest line 1, id: \"4m\" is not a lower-case letter followed by "
                        "letters, digits and -");
    expect_text_refused("plugin|map|a_b|s\n", "id",
                        "manifest line 1, id: \"a_b\" is not a lower-case letter followed by "
                        "letters, digits and -");
    expect_text_refused("plugin|map|aaaaaaaaaabbbbbbbbbbccccccccccddddddddddx|s\n", "id",
                        "manifest line 1, id: \"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddx...\" has "
                        "41 characters, at most 40");
    snprintf(line, sizeof line, "plugin|map|m|%0160d\n", 7);
    expect_text_refused(line, "summary",
                        "manifest line 1, summary: \"0000000000000000000000000000000000000000000000"
                        "00000000000000...\" has 160 characters, at most 159");
    expect_text_refused(HEAD_LINE "plugin|strategy|m|s\nplugin|map|m|s\n", "id",
                        "manifest line 3, id: map \"m\" is declared twice");
}

Test(manifest, refuses_bad_parameter_lines)
{
    expect_text_refused(HEAD_LINE "param|N|u64||1|1|1|h\n", "name",
                        "manifest line 2, name: \"N\" is not a lower-case letter followed by "
                        "letters, digits, _ . and -");
    expect_text_refused(HEAD_LINE "param|n|i64||1|1|1|h\n", "type",
                        "manifest line 2, type: \"i64\" is not u64, f64, bool, text, file, "
                        "file(a,b) or choice(a,b)");
    expect_text_refused(HEAD_LINE "param|n|u64|a b|1|1|1|h\n", "unit",
                        "manifest line 2, unit: \"a b\" is not a plain word");
    expect_text_refused(HEAD_LINE "param|n|u64|abcdefghijklmnop|1|1|1|h\n", "unit",
                        "manifest line 2, unit: \"abcdefghijklmnop...\" has 16 characters, at most "
                        "15");
    expect_text_refused(HEAD_LINE "param|n|u64||1|1|1|h\nparam|n|bool||true|||h\n", "name",
                        "manifest line 3, name: parameter \"n\" is declared twice");
}

/* What a plugin needs of the sandbox. */
Test(manifest, reads_what_is_needed)
{
    static const char text[] = "plugin|map|m|s\nneeds|files\nneeds|scheduling\nenv|TOKEN_1\n"
                               "param|n|bool||true|||h\nenv|b\nplugin|map|other|s\n";
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(stw__manifest_parse(text, sizeof text, &manifest, &error), STW_OK, "%s",
                 error.message);
    cr_assert_eq(manifest.plugins[0].needs, STW_PERMIT_FILES | STW_PERMIT_SCHEDULING);
    cr_assert_eq(manifest.plugins[0].variable_count, 2);
    cr_assert_str_eq(manifest.plugins[0].variables[0], "TOKEN_1");
    cr_assert_str_eq(manifest.plugins[0].variables[1], "b");
    cr_assert_eq(manifest.plugins[1].needs, 0);
    cr_assert_eq(manifest.plugins[1].variable_count, 0);
}

Test(manifest, refuses_needs_that_there_are_not)
{
    struct stw_text text = {0};
    expect_text_refused(HEAD_LINE "needs|root\n", "needs",
                        "manifest line 2, needs: \"root\" is not files, network, processes or "
                        "scheduling");
    expect_text_refused(HEAD_LINE "needs|files|network\n", "needs",
                        "manifest line 2, needs: has 3 fields; needs|PERMISSION has 2");
    expect_text_refused("needs|files\n", "needs",
                        "manifest line 1, needs: stands before the first plugin line");
    expect_text_refused(HEAD_LINE "env|A=B\n", "env",
                        "manifest line 2, env: \"A=B\" is no name of a variable");
    expect_text_refused(HEAD_LINE "env|\n", "env",
                        "manifest line 2, env: \"\" is no name of a variable");
    expect_text_refused("env|A\n", "env",
                        "manifest line 1, env: stands before the first plugin line");
    stw_text_add(&text, HEAD_LINE);
    for (uint32_t i = 0; i <= STW_VARIABLES; i++)
        stw_text_add(&text, "env|V%u\n", i);
    char expected[128];
    snprintf(expected, sizeof expected,
             "manifest line %u, env: a plugin reads at most %u variables", STW_VARIABLES + 2,
             STW_VARIABLES);
    expect_text_refused(text.bytes, "env", expected);
    stw_text_free(&text);
}

/* What a plugin counts. */
Test(manifest, reads_counters_and_gauges)
{
    static const char text[] = "plugin|map|m|s\ncounter|hits|maps|sum|h 1\n"
                               "counter|longest|ns|max|\ngauge|kept.now||h\n"
                               "plugin|map|other|s\ncounter|hits||sum|h\n";
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(stw__manifest_parse(text, sizeof text, &manifest, &error), STW_OK, "%s",
                 error.message);
    const struct stw_counter_info *counters = manifest.plugins[0].counters;
    cr_assert_eq(manifest.plugins[0].counter_count, 3);
    cr_assert_str_eq(counters[0].name, "hits");
    cr_assert_str_eq(counters[0].unit, "maps");
    cr_assert_str_eq(counters[0].help, "h 1");
    cr_assert_eq(counters[0].adds, STW_ADDS_SUM);
    cr_assert_eq(counters[1].adds, STW_ADDS_MAX);
    cr_assert_eq(counters[2].adds, STW_ADDS_LAST);
    cr_assert_str_eq(counters[2].unit, "");
    cr_assert_eq(manifest.plugins[1].counter_count, 1, "another plugin's name is no duplicate");
}

Test(manifest, refuses_bad_counters)
{
    struct stw_text text = {0};
    expect_text_refused(HEAD_LINE "counter|Hits||sum|h\n", "name",
                        "manifest line 2, name: \"Hits\" is not a lower-case letter followed by "
                        "letters, digits, _ . and -");
    expect_text_refused(HEAD_LINE "counter|hits||sum|h\ngauge|hits||h\n", "name",
                        "manifest line 3, name: counter or gauge \"hits\" is declared twice");
    expect_text_refused(HEAD_LINE "counter|hits|a b|sum|h\n", "unit",
                        "manifest line 2, unit: \"a b\" is not a plain word");
    expect_text_refused(HEAD_LINE "counter|hits||last|h\n", "adds",
                        "manifest line 2, adds: \"last\" is neither sum nor max");
    expect_text_refused(HEAD_LINE "counter|hits||sum\n", "counter",
                        "manifest line 2, counter: has 4 fields; "
                        "counter|NAME|UNIT|sum or max|HELP has 5");
    expect_text_refused(HEAD_LINE "gauge|hits||sum|h\n", "gauge",
                        "manifest line 2, gauge: has 5 fields; gauge|NAME|UNIT|HELP has 4");
    expect_text_refused("gauge|kept||h\n", "gauge",
                        "manifest line 1, gauge: stands before the first plugin line");
    stw_text_add(&text, HEAD_LINE);
    for (uint32_t i = 0; i <= STW_COUNTERS_DECLARED; i++)
        stw_text_add(&text, "counter|c%u||sum|h\n", i);
    char expected[128];
    snprintf(expected, sizeof expected,
             "manifest line %u, counter: a plugin has at most %u counters and gauges",
             STW_COUNTERS_DECLARED + 2, STW_COUNTERS_DECLARED);
    expect_text_refused(text.bytes, "counter", expected);
    stw_text_free(&text);
}

/* host.KO1: a key of an experiment has one owner. */
Test(manifest, names_the_parameter_that_counts_operations)
{
    static const char good[] = "plugin|workload|w|s\noperations|rounds\n"
                               "param|rounds|u64||1|1|9|h\nplugin|workload|v|s\n";
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(stw__manifest_parse(good, sizeof good, &manifest, &error), STW_OK);
    cr_assert_str_eq(manifest.plugins[0].operations, "rounds");
    cr_assert_str_empty(manifest.plugins[1].operations);
    expect_text_refused("operations|n\n", "operations",
                        "manifest line 1, operations: stands before the first plugin line");
    expect_text_refused(HEAD_LINE "operations|n\n", "operations",
                        "manifest line 2, operations: map \"m\" has none: it is no workload");
    expect_text_refused("plugin|workload|w|s\noperations|n|m\n", "operations",
                        "manifest line 2, operations: has 3 fields; operations|NAME has 2");
    expect_text_refused("plugin|workload|w|s\noperations|n\noperations|n\n", "operations",
                        "manifest line 3, operations: is declared twice");
    expect_text_refused("plugin|workload|w|s\noperations|N\n", "name",
                        "manifest line 2, name: \"N\" is not a lower-case letter followed by "
                        "letters, digits, _ . and -");
}

Test(manifest, names_classes_of_operations)
{
    static const char good[] = "plugin|workload|w|s\nclass|read|a lookup\nclass|write|h\n"
                               "plugin|workload|v|s\n";
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(stw__manifest_parse(good, sizeof good, &manifest, &error), STW_OK);
    cr_assert_eq(manifest.plugins[0].class_count, 2);
    cr_assert_str_eq(manifest.plugins[0].classes[0].name, "read");
    cr_assert_str_eq(manifest.plugins[0].classes[0].help, "a lookup");
    cr_assert_str_eq(manifest.plugins[0].classes[1].name, "write");
    cr_assert_eq(manifest.plugins[1].class_count, 0);
    expect_text_refused("class|n|h\n", "class",
                        "manifest line 1, class: stands before the first plugin line");
    expect_text_refused(HEAD_LINE "class|n|h\n", "class",
                        "manifest line 2, class: map \"m\" has no operations: it is no workload");
    expect_text_refused("plugin|workload|w|s\nclass|n\n", "class",
                        "manifest line 2, class: has 2 fields; class|NAME|HELP has 3");
    expect_text_refused("plugin|workload|w|s\nclass|n|h\nclass|n|i\n", "name",
                        "manifest line 3, name: class \"n\" is declared twice");
    expect_text_refused("plugin|workload|w|s\nclass|a|h\nclass|b|h\nclass|c|h\nclass|d|h\n"
                        "class|e|h\n", "class",
                        "manifest line 6, class: a workload has at most 4 classes of operations");
}

Test(manifest, refuses_a_workloads_parameter_whose_name_is_taken)
{
    expect_text_refused("plugin|workload|w|s\nparam|mutators|u64||1|0|10|h\n", "name",
                        "manifest line 2, name: \"mutators\" is a setting of the runtime: a "
                        "parameter of a workload needs another name");
    expect_text_refused("plugin|workload|w|s\nparam|gc.limit|u64||1|0|10|h\n", "name",
                        "manifest line 2, name: \"gc.limit\" is a setting of the runtime: a "
                        "parameter of a workload needs another name");
    expect_text_refused("plugin|workload|w|s\nparam|seed|u64||1|0|10|h\n", "name",
                        "manifest line 2, name: \"seed\" is a key of [experiment]: a parameter "
                        "of a workload needs another name");
    expect_text_refused("plugin|workload|w|s\nparam|strategy.pool.room|u64||1|0|10|h\n", "name",
                        "manifest line 2, name: \"strategy.pool.room\" is of the form "
                        "KIND.PLUGIN.PARAMETER: a parameter of a workload needs another name");
    struct stw_error error = STW_ERROR_INIT;
    static const char free_names[] = "plugin|workload|w|s\nparam|gc.depth|u64||1|0|10|h\n"
                                     "plugin|map|m|s\nparam|seed|u64||1|0|10|h\n";
    cr_assert_eq(stw__manifest_parse(free_names, sizeof free_names, &manifest, &error), STW_OK,
                 "%s", error.message);
}

Test(manifest, refuses_bad_numbers)
{
    expect_text_refused(HEAD_LINE "param|n|u64||1|LOW|1|h\n", "min",
                        "manifest line 2, min: \"LOW\" is not a number");
    expect_text_refused(HEAD_LINE "param|n|u64||1|0|18446744073709551616|h\n", "max",
                        "manifest line 2, max: \"18446744073709551616\" does not fit into 64 bits");
    expect_text_refused(HEAD_LINE "param|n|u64||1|-1|2|h\n", "min",
                        "manifest line 2, min: \"-1\" is negative");
    expect_text_refused(HEAD_LINE "param|n|u64||1|3|2|h\n", "min",
                        "manifest line 2, min: \"3\" is greater than the maximum \"2\"");
    expect_text_refused(HEAD_LINE "param|n|f64||1|0.5|0.25|h\n", "min",
                        "manifest line 2, min: \"0.5\" is greater than the maximum \"0.25\"");
    expect_text_refused(HEAD_LINE "param|n|f64||nan|0|1|h\n", "default",
                        "manifest line 2, default: \"nan\" is not a number");
    expect_text_refused(HEAD_LINE "param|n|u64||9|1|8|h\n", "default",
                        "manifest line 2, default: \"9\" is out of range: 1 to 8");
    expect_text_refused(HEAD_LINE "param|n|u64|bytes|1B|4KiB|1MiB|h\n", "default",
                        "manifest line 2, default: \"1B\" is out of range: 4KiB to 1MiB");
    expect_text_refused(HEAD_LINE "param|n|bool||maybe|||h\n", "default",
                        "manifest line 2, default: \"maybe\" is neither true (yes, on, 1) nor "
                        "false (no, off, 0)");
    expect_text_refused(HEAD_LINE "param|n|bool||true|0||h\n", "min",
                        "manifest line 2, min: this type has no range");
    expect_text_refused(HEAD_LINE "param|n|text||x||9|h\n", "max",
                        "manifest line 2, max: this type has no range");
}

Test(manifest, refuses_bad_choices)
{
    expect_text_refused(HEAD_LINE "param|n|choice()||a|||h\n", "type",
                        "manifest line 2, type: \"choice()\" is not u64, f64, bool, text, file, "
                        "file(a,b) or choice(a,b)");
    expect_text_refused(HEAD_LINE "param|n|choice(a|a|||h|\n", "type",
                        "manifest line 2, type: \"choice(a\" is not u64, f64, bool, text, file, "
                        "file(a,b) or choice(a,b)");
    expect_text_refused(HEAD_LINE "param|n|choice(a,)||a|||h\n", "type",
                        "manifest line 2, type: \"\" is not a plain word");
    expect_text_refused(HEAD_LINE "param|n|choice(a,b,a)||a|||h\n", "type",
                        "manifest line 2, type: the choice \"a\" is there twice");
    expect_text_refused(HEAD_LINE "param|n|choice(a,b)||c|||h\n", "default",
                        "manifest line 2, default: \"c\" is not one of a, b; did you mean \"a\"?");
    expect_text_refused(HEAD_LINE "param|n|choice(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q)||a|||h\n",
                        "type", "manifest line 2, type: more than 16 words to choose from");
}

/* A summary that a terminal would show in another order is not what the author signs for. */
Test(manifest, refuses_hidden_characters)
{
    expect_text_refused("plugin|map|m|safe \xe2\x80\xae" "x\n", "text",
                        "manifest line 1, text: the invisible character U+202E");
    expect_text_refused(HEAD_LINE "param|n|bool||true|||a\xe2\x81\xa9\n", "text",
                        "manifest line 2, text: the invisible character U+2069");
    expect_text_refused("plugin|map|m|zero\xe2\x80\x8bwidth\n", "text",
                        "manifest line 1, text: the invisible character U+200B");
    expect_text_refused("plugin|map|m|a\xc2\x9b" "b\n", "text",
                        "manifest line 1, text: the control character 0x9b");
    expect_text_refused("plugin|map|m|latin \xfc\n", "text",
                        "manifest line 1, text: the byte 0xfc, which is not UTF-8");
    static const char good[] = "plugin|map|m|gr\xc3\xb6\xc3\x9f" "er\n";
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(stw__manifest_parse(good, sizeof good, &manifest, &error), STW_OK, "%s",
                 error.message);
}

Test(manifest, refuses_control_characters)
{
    static const char nul[] = HEAD_LINE "plugin|map|n|a\0b\n";
    struct stw_error error = STW_ERROR_INIT;
    expect_text_refused(HEAD_LINE "plugin|map|n|\x1b[2J\n", "text",
                        "manifest line 2, text: the control character 0x1b");
    expect_text_refused("plugin|map|m|s\r\n", "text",
                        "manifest line 1, text: the control character 0x0d");
    cr_assert_eq(stw__manifest_parse(nul, sizeof nul, &manifest, &error), STW_E_REFUSED);
    cr_assert_str_eq(error.message, "manifest line 2, text: a NUL byte before the end");
}

Test(manifest, refuses_more_than_it_can_hold)
{
    struct stw_text text = {0};
    for (uint32_t i = 0; i < STW_OFFERS; i++)
        stw_text_add(&text, "plugin|map|m%u|s\n", i);
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(stw__manifest_parse(text.bytes, text.length, &manifest, &error), STW_OK);
    stw_text_add(&text, "plugin|map|x|s\n");
    expect_text_refused(text.bytes, "plugin",
                        "manifest line 17, plugin: one shared object offers at most 16 plugins");
    stw_text_free(&text);
    stw_text_add(&text, HEAD_LINE);
    for (uint32_t i = 0; i < STW_PARAMS; i++)
        stw_text_add(&text, "param|n%u|bool||true|||h\n", i);
    cr_assert_eq(stw__manifest_parse(text.bytes, text.length, &manifest, &error), STW_OK);
    cr_assert_eq(manifest.plugins[0].param_count, STW_PARAMS);
    stw_text_add(&text, "param|x|bool||true|||h\n");
    expect_text_refused(text.bytes, "param",
                        "manifest line 34, param: a plugin has at most 32 parameters");
    stw_text_free(&text);
}

Test(manifest, shows_the_end_of_a_long_path)
{
    struct stw_error error = STW_ERROR_INIT, reason = STW_ERROR_INIT;
    struct stw_text path = {0};
    for (int i = 0; i < 100; i++)
        stw_text_add(&path, "/folder%d", i);
    stw_text_add(&path, "/x.so");
    stw_error_set(&reason, STW_E_REFUSED, "file", "%s", "not an ELF file");
    cr_assert_eq(stw__refuse_file(&error, path.bytes, &reason), STW_E_REFUSED);
    cr_assert_eq(strncmp(error.message, "...", 3), 0);
    cr_assert_not_null(strstr(error.message, "/folder99/x.so: not an ELF file"));
    cr_assert_str_eq(strrchr(error.message, ':'), ": not an ELF file");
    stw_text_free(&path);
}

Test(manifest, needs_no_error_to_fill)
{
    cr_assert_eq(stw_manifest_read("/nowhere", &manifest, NULL), STW_E_IO);
}

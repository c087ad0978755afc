/* host/manifest.c: reads what a shared object offers, from its file.
 *
 * In the order of the checks: a regular file; ELF, for this machine; one manifest note; a head that
 * equals this build's in every field that matters; a text that keeps to the grammar. The note is
 * copied out of the file before it is looked at, so a file that changes meanwhile does no harm. */
#include "host/manifest_parts.h"

#include "base/error.h"
#include "base/text.h"
#include "host/notes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_BYTES_MAX 65536u
#define BYTE_ORDER_MARK 0x0102u
#define PATH_LEAST_BYTES 60u /* of a path in a message that has to be cut */

static const char *const kind_names[] = {"unknown", "allocator", "map", "strategy", "workload"};
#define KIND_NAMES (sizeof kind_names / sizeof *kind_names)

const char *stw_kind_name(uint32_t kind)
{
    return kind_names[kind < KIND_NAMES ? kind : 0];
}

uint32_t stw_kind_of_name(const char *name)
{
    for (uint32_t kind = STW_KIND_ALLOCATOR; kind < KIND_NAMES; kind++)
        if (strcmp(name, kind_names[kind]) == 0)
            return kind;
    return 0;
}

void stw__path_show(const char *path, char *shown, size_t bytes)
{
    size_t length = strlen(path);
    if (length < bytes) {
        memcpy(shown, path, length + 1);
        return;
    }
    const char *end = path + length - (bytes - sizeof "...");
    while (((unsigned char)*end & 0xc0) == 0x80) /* not into the middle of a UTF-8 character */
        end++;
    snprintf(shown, bytes, "...%s", end);
}

stw_status stw__refuse_file(struct stw_error *error, const char *path,
                            const struct stw_error *reason)
{
    char shown[sizeof reason->message];
    size_t room = sizeof shown - sizeof ": ", length = strlen(reason->message);
    room = length < room - PATH_LEAST_BYTES ? room - length : PATH_LEAST_BYTES;
    stw__path_show(path, shown, room);
    return stw_error_set(error, reason->status, reason->field, "%s: %s", shown, reason->message);
}

/* A field of the head that both sides must have alike, or ours at least as large. */
struct head_field {
    const char *name;
    uint32_t theirs, ours, is_at_most;
};

static stw_status check_head(const struct stw_manifest_head *head, struct stw_error *error)
{
    const struct head_field fields[] = {
        {"magic", head->magic, STW_MAGIC, 0},
        {"abi_major", head->abi_major, STW_ABI_MAJOR, 0},
        {"pointer_bits", head->pointer_bits, 8 * sizeof(void *), 0},
        {"byte_order", head->byte_order, BYTE_ORDER_MARK, 0},
        {"layout", head->layout, STW_ABI_LAYOUT, 0},
        {"mutator_size", head->mutator_size, sizeof(struct stw_mutator), 1},
        {"span_size", head->span_size, sizeof(struct stw_span), 1},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const struct head_field *field = &fields[i];
        if (field->is_at_most && field->theirs > field->ours)
            return stw_error_set(error, STW_E_REFUSED, field->name,
                                 "newer than this host: its %s is %u, this host has %u (it was "
                                 "built for ABI %u.%u, this host for %u.%u)", field->name,
                                 field->theirs, field->ours, head->abi_major, head->abi_minor,
                                 STW_ABI_MAJOR, STW_ABI_MINOR);
        if (!field->is_at_most && field->theirs != field->ours)
            return stw_error_set(error, STW_E_REFUSED, field->name,
                                 "built for another ABI: its %s is %u (0x%x), this host has %u "
                                 "(0x%x)", field->name, field->theirs, field->theirs, field->ours,
                                 field->ours);
    }
    return STW_OK;
}

/* Reads the head, whose own size may be larger in a file of another minor. */
static stw_status read_head(const struct stw_file *file, const struct stw_notes *notes,
                            struct stw_manifest_head *head)
{
    if (notes->manifests == 0)
        return stw_error_set(file->error, STW_E_REFUSED, "manifest",
                             "a shared object, but not a plugin: it has no note of owner \"%s\" "
                             "(STW_MANIFEST makes it)", STW_NOTE_OWNER);
    if (notes->manifests > 1)
        return stw_error_set(file->error, STW_E_REFUSED, "manifest",
                             "has %u manifests; a shared object has one", notes->manifests);
    if (notes->manifest_bytes < sizeof *head)
        return stw_error_set(file->error, STW_E_REFUSED, "struct_size",
                             "its manifest has %" PRIu64 " bytes, less than a head of %zu",
                             notes->manifest_bytes, sizeof *head);
    STW_TRY(stw__file_read(file, notes->manifest_at, head, sizeof *head));
    STW_TRY(check_head(head, file->error));
    if (head->struct_size < sizeof *head || head->struct_size > notes->manifest_bytes)
        return stw_error_set(file->error, STW_E_REFUSED, "struct_size",
                             "damaged: its manifest has %" PRIu64 " bytes, of which a head of %u",
                             notes->manifest_bytes, head->struct_size);
    if (notes->manifest_bytes - head->struct_size > TEXT_BYTES_MAX)
        return stw_error_set(file->error, STW_E_REFUSED, "manifest",
                             "its manifest has %" PRIu64 " bytes of text, at most %u",
                             notes->manifest_bytes - head->struct_size, TEXT_BYTES_MAX);
    return STW_OK;
}

static stw_status read_text(const struct stw_file *file, const struct stw_notes *notes,
                            uint64_t head_bytes, struct stw_manifest *manifest)
{
    size_t bytes = (size_t)(notes->manifest_bytes - head_bytes);
    char *text = stw_new(bytes, 1);
    stw_status status = stw__file_read(file, notes->manifest_at + head_bytes, text, bytes);
    if (status == STW_OK)
        status = stw__manifest_parse(text, bytes, manifest, file->error);
    free(text);
    return status;
}

static stw_status read_file(const struct stw_file *file, const char *resolved,
                            struct stw_manifest *manifest)
{
    struct stw_notes notes;
    struct stw_manifest_head head;
    STW_TRY(stw__notes_find(file, &notes));
    STW_TRY(read_head(file, &notes, &head));
    STW_TRY(read_text(file, &notes, head.struct_size, manifest));
    for (size_t i = 0; i < sizeof head.compiler && head.compiler[i]; i++)
        if ((unsigned char)head.compiler[i] < ' ' || head.compiler[i] == 0x7f)
            head.compiler[i] = '?';
    for (uint32_t i = 0; i < manifest->count; i++) {
        struct stw_plugin_info *info = &manifest->plugins[i];
        snprintf(info->path, sizeof info->path, "%s", resolved);
        snprintf(info->compiler, sizeof info->compiler, "%.*s", (int)sizeof head.compiler,
                 head.compiler);
        snprintf(info->build_id, sizeof info->build_id, "%s", notes.build_id);
        info->abi_major = head.abi_major;
        info->abi_minor = head.abi_minor;
    }
    return STW_OK;
}

static stw_status check_kind_of_file(const struct stat *about, struct stw_error *error)
{
    if (S_ISREG(about->st_mode))
        return STW_OK;
    return stw_error_set(error, STW_E_REFUSED, "file", "%s, not a plugin",
                         S_ISDIR(about->st_mode) ? "a folder" : "not a regular file");
}

static void read_head_bytes(struct stw_file *file)
{
    ssize_t got = pread(file->descriptor, file->head, sizeof file->head, 0);
    file->head_bytes = got > 0 ? (size_t)got : 0; /* what is missing is read when it is needed */
    if (file->head_bytes > file->bytes)
        file->head_bytes = (size_t)file->bytes; /* it grew meanwhile */
}

/* Looks before it opens, because opening a device or a pipe can have effects; and again after,
 * because the name may mean another file by then. */
static stw_status open_file(const char *path, struct stw_file *file)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return stw_error_set(file->error, STW_E_IO, "file", "%s", strerror(errno));
    STW_TRY(check_kind_of_file(&about, file->error));
    stw_status status;
    do
        file->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    while (file->descriptor < 0 && errno == EINTR);
    if (file->descriptor < 0 || fstat(file->descriptor, &about) != 0)
        status = stw_error_set(file->error, STW_E_IO, "file", "%s", strerror(errno));
    else
        status = check_kind_of_file(&about, file->error);
    if (status != STW_OK && file->descriptor >= 0)
        close(file->descriptor);
    file->bytes = status == STW_OK ? (uint64_t)about.st_size : 0;
    if (status == STW_OK)
        read_head_bytes(file);
    return status;
}

/* The path of the open file without links, allocated. The system knows it: one call instead of one
 * for each folder. But not of a file without a name, and not where /proc is missing. */
static char *resolve(const char *path, const struct stw_file *file)
{
    static const char deleted[] = " (deleted)";
    char link[32], resolved[sizeof((struct stw_plugin_info *)0)->path + 1];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file->descriptor);
    ssize_t length = readlink(link, resolved, sizeof resolved - 1);
    resolved[length > 0 ? length : 0] = '\0';
    size_t end = strlen(resolved), tail = sizeof deleted - 1;
    int is_whole = *resolved == '/' && end < sizeof resolved - 1
                && (end < tail || strcmp(resolved + end - tail, deleted) != 0);
    return is_whole ? stw_strdup(resolved) : realpath(path, NULL);
}

stw_status stw__manifest_examine(const char *path, struct stw_manifest *manifest,
                                 struct stw_error *reason)
{
    struct stw_file file;
    file.error = reason;
    manifest->count = 0;
    STW_TRY(open_file(path, &file));
    stw_status status = STW_OK;
    char *resolved = resolve(path, &file);
    if (!resolved)
        status = stw_error_set(reason, STW_E_IO, "file", "%s", strerror(errno));
    else if (strlen(resolved) >= sizeof manifest->plugins->path)
        status = stw_error_set(reason, STW_E_IO, "file", "%s", strerror(ENAMETOOLONG));
    if (status == STW_OK)
        status = read_file(&file, resolved, manifest);
    close(file.descriptor);
    free(resolved);
    if (status != STW_OK)
        manifest->count = 0;
    return status;
}

stw_status stw_manifest_read(const char *path, struct stw_manifest *manifest,
                             struct stw_error *error)
{
    struct stw_error reason = STW_ERROR_INIT;
    stw_status status = stw__manifest_examine(path, manifest, &reason);
    return status == STW_OK ? STW_OK : stw__refuse_file(error, path, &reason);
}

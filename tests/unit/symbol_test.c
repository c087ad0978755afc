/* unit/symbol_test.c: the name of a function is found by its place in a file, and nothing is
 * believed of a file that is no such file. Rule: host.SY1. Method: this program, whole, cut short
 * at every length of its header, and with random bytes in that. */
#include "host/symbol.h"

#include "prim/identity.h"
#include "prim/module.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((noinline)) static int a_static_function(int value)
{
    static volatile int kept;
    kept += value;
    return kept;
}

static uint64_t offset_of(int (*function)(int))
{
    struct stw_code_place place;
    void *code;
    memcpy(&code, &function, sizeof code);
    stw_code_place(code, &place);
    cr_assert_str_eq(place.object, STW_OBJECT_SELF);
    return place.offset;
}

Test(symbol, a_static_function_is_found_by_any_place_in_it)
{
    char symbol[STW_SYMBOL_BYTES];
    uint64_t offset = offset_of(a_static_function);
    cr_assert(stw_symbol_find(STW_SELF_FILE, offset, symbol));
    cr_assert_str_eq(symbol, "a_static_function");
    cr_assert(stw_symbol_find(STW_SELF_FILE, offset + 1, symbol));
    cr_assert_str_eq(symbol, "a_static_function");
    cr_assert(!stw_symbol_find(STW_SELF_FILE, UINT64_MAX, symbol));
    cr_assert(!stw_symbol_find("/no/such/file", offset, symbol));
    cr_assert(!stw_symbol_find("/", offset, symbol));
    cr_assert(!stw_symbol_find("relative", offset, symbol));
}

Test(symbol, code_of_no_object_is_told_as_that)
{
    struct stw_code_place place;
    void *heap = calloc(1, 16);
    stw_code_place(heap, &place);
    cr_assert_str_empty(place.object);
    cr_assert_eq(place.offset, (uint64_t)(uintptr_t)heap);
    cr_assert(!stw_object_holds(heap));
    cr_assert(stw_object_holds("a string"));
    free(heap);
}

static void write_file(int file, const char *bytes, size_t count)
{
    cr_assert_eq(ftruncate(file, 0), 0);
    cr_assert_eq(pwrite(file, bytes, count, 0), (ssize_t)count);
}

Test(symbol, damaged_files_do_no_harm)
{
    char symbol[STW_SYMBOL_BYTES], path[] = "/tmp/symbol_test.XXXXXX";
    uint64_t offset = offset_of(a_static_function);
    int self = open(STW_SELF_FILE, O_RDONLY), file = mkstemp(path);
    size_t length = (size_t)lseek(self, 0, SEEK_END);
    char *bytes = malloc(length);
    cr_assert_eq(pread(self, bytes, length, 0), (ssize_t)length);
    for (size_t cut = 0; cut < length; cut += cut < 80 ? 1 : length / 16) {
        write_file(file, bytes, cut);
        cr_assert(!stw_symbol_find(path, offset, symbol), "cut at %zu", cut);
    }
    srand(1);
    write_file(file, bytes, length);
    for (int round = 0; round < 200; round++) {
        char header[64];
        memcpy(header, bytes, sizeof header);
        for (int i = 0; i < 4; i++)
            header[16 + rand() % 48] = (char)rand();
        cr_assert_eq(pwrite(file, header, sizeof header, 0), (ssize_t)sizeof header);
        if (stw_symbol_find(path, offset, symbol))
            cr_assert_lt(strlen(symbol), STW_SYMBOL_BYTES);
    }
    unlink(path);
    free(bytes);
    close(file);
    close(self);
}

#!/bin/sh
# fault/io_errors.sh: a device that cannot be read or written is called that, with exit status 3, and
# never a damaged file; a results file that is moved or deleted under a run is called that.
# Method: a preloaded library fails the Nth read or write of a results.sqlite with EIO, for each N to 40 or
# until a command gets by without.
. "$(dirname "$0")/common.sh"

command -v "${CC:-cc}" >/dev/null || skip "no C compiler"
[ -z "${STW_SANITIZE:-}" ] || skip "a sanitizer's library comes first"
cat >"$work/shim.c" <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether this call is the one that fails: STW_FAIL is "read 3" or "write 3". */
static int fails(const char *what, int file)
{
    static int calls;
    char name[64], path[4096];
    const char *order = getenv("STW_FAIL");
    if (!order || strncmp(order, what, strlen(what)) != 0)
        return 0;
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length < 15 || memcmp(path + length - 15, "/results.sqlite", 15) != 0)
        return 0;
    if (++calls != atoi(order + strlen(what) + 1))
        return 0;
    FILE *note = fopen(getenv("STW_FAILED"), "w");
    if (note)
        fclose(note);
    errno = EIO;
    return 1;
}

ssize_t pread64(int file, void *into, size_t bytes, off64_t at)
{
    ssize_t (*real)(int, void *, size_t, off64_t) =
        (ssize_t (*)(int, void *, size_t, off64_t))dlsym(RTLD_NEXT, "pread64");
    return fails("read", file) ? -1 : real(file, into, bytes, at);
}

ssize_t pwrite64(int file, const void *from, size_t bytes, off64_t at)
{
    ssize_t (*real)(int, const void *, size_t, off64_t) =
        (ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
    return fails("write", file) ? -1 : real(file, from, bytes, at);
}
END
"${CC:-cc}" -shared -fPIC -o "$work/shim.so" "$work/shim.c" -ldl 2>"$work/err" ||
    fail "the compiler: $(cat "$work/err")"
STW_FAILED=$work/failed
export STW_FAILED

# fail_each READ-OR-WRITE COMMAND...: $work/run is as $work/kept at each beginning.
fail_each()
{
    what=$1 n=0
    shift
    while [ "$n" -lt 40 ]; do
        n=$((n + 1))
        rm -rf "$work/failed" "$work/run"
        cp -a "$work/kept" "$work/run"
        LD_LIBRARY_PATH=$work LD_PRELOAD=shim.so STW_FAIL="$what $n" "$STWLAB" "$@" >"$work/out" 2>"$work/err"
        status=$?
        if ! [ -e "$work/failed" ]; then
            expect "exit status of $1 without a failure" "$status" 0
            return
        fi
        case $(cat "$work/err") in
        *'damaged'* | *'not of an stwlab run'* | *'check failed'*)
            fail "$1, $what $n: $(cat "$work/err")" ;;
        esac
        [ "$status" -eq 0 ] && continue # SQLite tried again, or did without
        expect "exit status of $1, $what $n" "$status" 3
        grep -q 'results.sqlite: .*Input/output error' "$work/err" ||
            fail "$1, $what $n: $(cat "$work/err")"
        failures=$((failures + 1))
    done
}

experiment 2 'none' "$work/x.ini"
run "$work/x.ini" "$work/kept" || fail "$(cat "$work/err")"
experiment 3 'none' "$work/x.ini"
failures=0
fail_each read show "$work/run"
fail_each read compare "$work/run" n=100 n=200
fail_each read run "$work/x.ini" -o "$work/run" --resume --mixed --dry-run
fail_each read run "$work/x.ini" -o "$work/run" --resume --mixed --quiet
fail_each write run "$work/x.ini" -o "$work/run" --resume --mixed --quiet
[ "$failures" -ge 20 ] || fail "only $failures commands failed"

# gone WORDS COMMAND...: the results are moved or deleted while a run stores.
experiment 2000 'none' "$work/x.ini"
words='cannot write .*results.sqlite: it was moved or deleted meanwhile'
gone()
{
    rm -rf "$work/run"
    "$STWLAB" run --quiet "$work/x.ini" -o "$work/run" >"$work/out" 2>"$work/err" &
    coordinator=$!
    await_trials "$work/run" 5
    "$@"
    wait $coordinator
    expect "exit status after $1" $? 3
    grep -q "$words" "$work/err" ||
        fail "after $1: $(cat "$work/err")"
}
gone mv "$work/run/results.sqlite" "$work/elsewhere.sqlite"
gone rm "$work/run/results.sqlite"
words='cannot write .*: it was moved or deleted meanwhile'
gone mv "$work/run" "$work/elsewhere"

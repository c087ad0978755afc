#!/bin/sh
# Goal: the public headers compile as C11 to C2x and as C++17 with gcc and clang; a workload in C++
# runs; and so does one built with the headers of a neighbouring minor, as long as it uses nothing
# that this host lacks (abi.A2, abi.A3).
# Method: one source, headers changed by sed: one slot less in the workload's table (an older minor),
# one slot more there, in stw_trial, stw_host and stw_error (a newer one), one field more in
# stw_mutator.
set -eu
[ -z "${STW_SANITIZE:-}" ] || {
    echo "skipped: the objects are built without the sanitizer"
    exit 77
}

headers=$STW_SOURCE_DIR/core/abi source=$STW_SOURCE_DIR/tests/abi/sources/counts.cc
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/plugins"

fail()
{
    echo "FAILED: $*" >&2
    exit 1
}

for header in "$headers"/stwlab/*.h; do
    echo "#include <stwlab/$(basename "$header")>"
done >"$work/all.h"
# -Wshadow: in C++ a function that is called like a struct hides it.
pedantic='-Wall -Wextra -Wpedantic -Wshadow -Werror -fsyntax-only'
compilers=
for pair in 'gcc g++' 'clang clang++'; do
    cc=${pair% *} cxx=${pair#* }
    command -v "$cc" >/dev/null 2>&1 && command -v "$cxx" >/dev/null 2>&1 || continue
    compilers="$compilers $cxx"
    for standard in c11 c17 c2x; do
        "$cc" $pedantic "-std=$standard" -I"$headers" -x c "$work/all.h" ||
            fail "$cc refuses the headers as $standard"
    done
    "$cxx" $pedantic -std=c++17 -I"$headers" -x c++ "$work/all.h" ||
        fail "$cxx refuses the headers as C++17"
done
[ -n "$compilers" ] || {
    echo "skipped: there is no C++ compiler"
    exit 77
}

# abi.A1: what the headers say without comments and macros, but for lists of arguments of macros.
wide()
{
    sed -e 's#/\*.*\*/##' -e '/^ *\/\*/,/\*\//d' -e '/^ *#/d' -e '/\\$/d' "$@" |
        grep -E '(^|[^a-z_])(size_t|bool|_Bool|enum|long|short|va_list)([^a-z_]|$)|\.\.\.|_t [a-z_]+ : [0-9]'
}
printf 'struct s {\n    uint32_t bits : 3;\n};\nenum kind {\n    NONE\n};\nvoid f(size_t n, ...);\n' \
    >"$work/wide.h"
[ "$(wide "$work/wide.h" | wc -l)" -eq 3 ] || fail "what is not of fixed width is not found"
! wide "$headers"/stwlab/*.h || fail "not of fixed width"

# variant NAME FILE SED: a copy of the headers, changed.
variant()
{
    [ -d "$work/$1" ] || cp -R "$headers" "$work/$1"
    sed "$3" "$work/$1/stwlab/$2" >"$work/changed"
    cmp -s "$work/changed" "$work/$1/stwlab/$2" && fail "$1: $2 is as it was: $3"
    cp "$work/changed" "$work/$1/stwlab/$2"
}
minor=$(sed -n 's/^#define STW_ABI_MINOR \([0-9]*\)u$/\1/p' "$headers/stwlab/base.h")
variant older base.h "s/^#define STW_ABI_MINOR .*/#define STW_ABI_MINOR $((minor - 1))u/"
variant older workload.h '/(\*expected)(/,/;$/d'
variant newer base.h "s/^#define STW_ABI_MINOR .*/#define STW_ABI_MINOR $((minor + 1))u/"
variant newer base.h 's/^    char message\[256\];/&\n    uint64_t newer;/'
variant newer workload.h '/^struct stw_workload_ops {/,/^};/s/^};/    void (*newer)(void *self);\n};/'
variant newer workload.h '/^struct stw_trial {/,/^};/s/^};/    uint64_t newer;\n};/'
variant newer host.h '/^struct stw_host {/,/^};/s/^};/    void (*newer)(const struct stw_host *host);\n};/'
variant larger mutator.h '/^struct stw_mutator {/,/^};/s/^};/    uint64_t newer;\n};/'

# build COMPILER HEADERS NAME [OPTION]...
build()
{
    compiler=$1 from=$2 name=$3
    shift 3
    "$compiler" -std=c++17 -O2 -fPIC -shared -fvisibility=hidden -fno-exceptions -fno-rtti \
        -I"$from" "-DNAME=\"$name\"" "$@" "$source" -o "$work/plugins/$name.so" ||
        fail "$compiler does not build $name"
}
names=
for cxx in $compilers; do
    short=$(echo "$cxx" | tr -d +)
    build "$cxx" "$headers" "$short-same"
    build "$cxx" "$work/older" "$short-older"
    build "$cxx" "$work/newer" "$short-newer"
    names="$names $short-same $short-older $short-newer"
done
build "${compilers##* }" "$work/newer" uses-newer -DUSE_NEWER
build "${compilers##* }" "$work/larger" larger

trial() # WORKLOAD: one trial; prints its outcome and detail
{
    printf '[experiment]\nname = x\nquestion = x\nworkload = %s\ntrials = 1\n' "$1" >"$work/x.ini"
    printf '[fixed]\nmutators = 2\n' >>"$work/x.ini"
    "$STWLAB" run "$work/x.ini" -o "$work/run-$1" --plugin-path "$work/plugins/$1.so" \
        >"$work/out" 2>"$work/err" || true
    "$STWLAB" show --json "$work/run-$1" 2>/dev/null | tr -d ' \n' || true
}
for name in $names; do
    case $(trial "$name") in
    *'"ok":1'*) ;;
    *) fail "$name: $(cat "$work/out" "$work/err")" ;;
    esac
done
trial uses-newer >/dev/null
grep -q 'its table of slots has .* bytes, this host knows' "$work/out" "$work/err" ||
    fail "uses-newer: $(cat "$work/out" "$work/err")"
trial larger >/dev/null
grep -q 'newer than this host: its mutator_size is' "$work/out" "$work/err" ||
    fail "larger: $(cat "$work/out" "$work/err")"

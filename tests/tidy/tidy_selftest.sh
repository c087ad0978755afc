#!/bin/sh
# Goal: the checker cannot pass silently: each rule finds a sample that breaks it, at the right line,
# and the same sample without the fault passes.
# Method: each case writes one file into an empty tree and compares what stw_tidy prints.
set -eu

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

fail() {
    printf 'FAILED: %s\n' "$1"
    failures=$((failures + 1))
}

# expect FINDING FILE < CONTENT: exactly this finding ("LINE: [rule]"), or "none"
expect() {
    rm -rf "${tree:?}"/*
    mkdir -p "$tree/$(dirname "$2")"
    cat >"$tree/$2"
    status=0
    output=$("$STW_TIDY" "$tree") || status=$?
    if [ "$1" = none ]; then
        [ $status -eq 0 ] && [ "$output" = "0 findings" ] || fail "$2 should pass: $output"
    else
        [ $status -eq 1 ] || fail "$1 in $2: exit status $status"
        case $output in
            "$2:$1"*"1 findings") ;;
            *) fail "$1 expected in $2, got: $output" ;;
        esac
    fi
}

# lines COUNT TEXT: the text that many times
lines() {
    awk -v n="$1" -v text="$2" 'BEGIN { for (i = 0; i < n; i++) print text }'
}

# source TITLE LINE...: a file with a title comment
source_of() {
    printf '/* %s: a sample */\n' "$1"
    shift
    [ $# -eq 0 ] || printf '%s\n' "$@"
}

# Dependencies.
source_of gc/a.c '#include "base/text.h"' '#include "gc/gc.h"' | expect none core/gc/a.c
source_of gc/a.c '#include "gc/world.h"' | expect none core/gc/a.c
for header in gc pause timeline watch; do
    source_of host/a.c "#include \"gc/$header.h\"" | expect none core/host/a.c
done
source_of trial/a.c '#include "gc/collector.h"' | expect '2: [private-header]' core/trial/a.c
source_of host/a.h '#include "gc/taken.h"' | expect '2: [private-header]' core/host/a.h
source_of a_test.c '#include "gc/collector.h"' | expect none tests/unit/a_test.c
source_of gc/a.c '#include "host/load.h"' | expect '2: [dependency]' core/gc/a.c
source_of base/a.c '  #  include "prim/thread.h"' | expect '2: [dependency]' core/base/a.c
source_of lab/a.c '#include "report/table.h"' | expect '2: [dependency]' core/lab/a.c
source_of cli/a.c '#include "table.h"' | expect '2: [dependency]' core/cli/a.c
source_of odd/a.c '#include "base/text.h"' | expect '2: [dependency]' core/odd/a.c
source_of gc/a.c '/*' '#include "host/load.h"' '*/' | expect none core/gc/a.c

# What plugins and public headers include.
source_of m.c '#include <stwlab/plugin.h>' '#include <string.h>' '#include "own.h"' |
    expect none plugins/maps/m.c
source_of m.c '#include "base/text.h"' | expect '2: [plugin-include]' plugins/maps/m.c
source_of s.c '#include "../core/base/text.h"' | expect '2: [plugin-include]' strategies/s.c
source_of w.c '#include <unistd.h>' | expect '2: [plugin-include]' experiments/workloads/w.c
source_of stwlab/a.h '#include <stdint.h>' '#include "base.h"' | expect none core/abi/stwlab/a.h
source_of stwlab/a.h '#include <stddef.h>' | expect '2: [plugin-include]' core/abi/stwlab/a.h
source_of stwlab/kit.h '#include <unistd.h>' | expect '2: [plugin-include]' core/abi/stwlab/kit.h
source_of stwlab/kit.h '#include <string.h>' | expect none core/abi/stwlab/kit.h
source_of stwlab/a.h '#include "base/text.h"' | expect '2: [plugin-include]' core/abi/stwlab/a.h

# The operating system.
for header in sys/mman.h sys/syscall.h sys/wait.h sys/resource.h sched.h dlfcn.h signal.h \
    linux/futex.h; do
    source_of a.c "#include <$header>" | expect '2: [system]' core/host/a.c
    source_of a.c "#include <$header>" | expect none core/prim/a.c
done
source_of a.c 'static void f(void)' '{' '    execv("x", 0);' '}' |
    expect '4: [system]' core/lab/a.c
source_of a.c 'static void f(void)' '{' '    if (fork())' '        return;' '}' |
    expect '4: [system]' core/lab/a.c
source_of a.c 'static void f(void)' '{' '    ops->kill(); /* fork() */' '    unfork();' '}' |
    expect none core/lab/a.c
source_of a.c 'static int pid(void)' '{' '    return fork();' '}' | expect none tests/unit/a.c

# Sizes.
{ source_of a.c 'static void f(void)' '{'; lines 68 '    ;'; echo '}'; } | expect none core/gc/a.c
{ source_of a.c 'static void f(void)' '{'; lines 69 '    ;'; echo '}'; } |
    expect '73: [function-length]' core/gc/a.c
{ source_of a.c 'static void f(void) {'; lines 70 '    ;'; echo '}'; } |
    expect '73: [function-length]' core/gc/a.c
{ source_of a.c 'static const int f[] = {'; lines 90 '    0,'; echo '};'; } |
    expect none core/gc/a.c
{ source_of a.c; lines 999 ''; } | expect none core/gc/a.c
{ source_of a.c; lines 1000 ''; } | expect '1001: [file-length]' core/gc/a.c
source_of a.c "/* $(lines 94 x | tr -d '\n') */" | expect none core/gc/a.c
source_of a.c "/* $(lines 95 x | tr -d '\n') */" | expect '2: [line-length]' core/gc/a.c
source_of a.c "/* $(lines 94 é | tr -d '\n') */" | expect none core/gc/a.c

# Titles, and what no line holds. Markers are put together here, so that this file passes too.
echo '/* gc/b.c: another file */' | expect '1: [title]' core/gc/a.c
echo 'int x;' | expect '1: [title]' core/gc/a.c
echo 'int x;' | expect '1: [title]' tests/unit/a_test.c
echo '/* Goal: something. */' | expect none tests/unit/a_test.c
for marker in "FIX""ME" "TO""DO" "XX""X"; do
    source_of a.c "/* $marker: later */" | expect '2: [marker]' core/gc/a.c
    source_of a.c "/* a${marker}b: a word */" | expect none core/gc/a.c
done
source_of a.c "$(printf '\tint x;')" | expect '2: [tab]' core/gc/a.c
source_of a.c 'int x; ' | expect '2: [blank]' core/gc/a.c
source_of a.c 'typedef struct s s;' | expect '2: [typedef-struct]' core/gc/a.c
source_of a.c 'typedef int s;' | expect none core/gc/a.c

# A tree that cannot be read is not a clean one.
status=0
"$STW_TIDY" "$tree/absent" >/dev/null 2>&1 || status=$?
[ $status -eq 2 ] || fail "an absent tree: exit status $status"

[ $failures -eq 0 ] && echo "every rule finds its sample"

#!/bin/sh
# Goal: the checkers cannot pass silently: each rule finds a sample that breaks it, at the right
# line, and the same sample without the fault passes.
# Method: each case writes one file into an empty tree and compares what stw_tidy prints; then small
# trees for rules.sh.
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

# The rules that sources state. rules WHAT EXPECTED: what rules.sh says of the tree.
here=$(dirname -- "$(readlink -f -- "$0")")
rules()
{
    status=0
    output=$(sh "$here/rules.sh" "$tree") || status=$?
    [ "$output" = "$2" ] || fail "$1: $output"
    case $2 in *' 0 faults') expected=0 ;; *) expected=1 ;; esac
    [ $status -eq $expected ] || fail "$1: exit status $status"
}
rm -rf "${tree:?}"/*
mkdir -p "$tree/core/gc" "$tree/core/heap" "$tree/strategies" "$tree/tests/unit" "$tree/docs"
printf '/* gc/a.h: a sample\n * K1  grey\n *     K7 goes on\n * K2  black */\n/* K1. */\n' \
    >"$tree/core/gc/a.h"
printf '/* gc/b.c: a sample\n * K3: gc.K1 for all */\nint x; /* K3 and heap.H1, "K1" */\n' \
    >"$tree/core/gc/b.c"
printf '/* heap/a.c: a sample (gc.K1)\n * H1  pages */\n' >"$tree/core/heap/a.c"
printf '/* s.c: a sample\n * P1  maps */\n' >"$tree/strategies/s.c"
printf '/* (gc.K1-K3, heap.H1) s.P1 */\n' >"$tree/tests/unit/a_test.c"
echo 'As gc.K2 says, file.A1 and U64.' >"$tree/docs/a.md"
rules "rules that are all cited" '5 rules, 0 faults'
printf '/* (gc.K1-K2, heap.H1) s.P1 */\n' >"$tree/tests/unit/a_test.c"
rules "a rule without a test" "core/gc/b.c: no test cites gc.K3
5 rules, 1 faults"
printf '/* (gc.K1-K4, heap.H1) s.P1 */\n' >"$tree/tests/unit/a_test.c"
rules "a test of no rule" "tests/unit/a_test.c: there is no rule gc.K4
5 rules, 1 faults"
printf '/* (gc.K1-K3, heap.H1) s.P1 */\n' >"$tree/tests/unit/a_test.c"
echo 'As gc.K9 says.' >"$tree/docs/a.md"
rules "a document that names no rule" "docs/a.md: there is no rule gc.K9
5 rules, 1 faults"
echo >"$tree/docs/a.md"
printf '/* gc/a.c: a sample */\nint y; /* K2 */\nint z; /* K3 */\n' >"$tree/core/gc/a.c"
rules "a rule of another file by its short name" "core/gc/a.c:3: K3 is of another file: gc.K3
5 rules, 1 faults"
printf '/* gc/a.c: a sample\n * K3  twice */\n' >"$tree/core/gc/a.c"
rules "a rule that is stated twice" "core/gc/b.c: gc.K3 is stated in core/gc/a.c, too
5 rules, 1 faults"

# A tree that cannot be read is not a clean one.
status=0
"$STW_TIDY" "$tree/absent" >/dev/null 2>&1 || status=$?
[ $status -eq 2 ] || fail "an absent tree: exit status $status"

[ $failures -eq 0 ] && echo "every rule finds its sample"

#!/bin/sh
# fault/foreground.sh: run --foreground CELL: one trial in the process itself, its output where the
# process's is, its verdict told even when that ends the process; nothing is stored.
. "$(dirname "$0")/common.sh"

experiment 2 'none, prints, crash' "$work/x.ini"
echo "strategy.prints.lines = 2" >>"$work/x.ini"
cd "$work" || exit 1

# foreground STATUS CELL [OPTION]...
foreground()
{
    want=$1 cell=$2
    shift 2
    "$STWLAB" run --foreground "$cell" "$work/x.ini" --plugin-path "$STW_FAULT_PLUGINS" "$@" \
        >"$work/out" 2>"$work/err" </dev/null
    got=$?
    [ "$got" = "$want" ] || fail "exit status $got, not $want, of $cell: $(cat "$work/err")"
}
tells()
{
    grep -q -- "$1" "$work/err" || fail "it does not tell '$1': $(cat "$work/err")"
}

foreground 0 'n=100 strategy=none'
tells '^stwlab run: n=100 strategy=none: ok: checksum [0-9a-f]* as expected, 2 operations, '
foreground 0 3 # prints at n = 200: the number that --dry-run prints
tells 'n=200 strategy=none: ok: '
foreground 0 n=200,strategy=none # named as for compare
tells 'n=200 strategy=none: ok: '
foreground 2 'n == 200'
tells "3 cells have n == 200, among them 'n=200 strategy=none'"
foreground 0 'n=100 strategy=prints'
expect "lines on stdout" "$(grep -o 'line 00000[01]' "$work/out" | wc -l)" 4
tells 'to stderr'

# A crash is the process's own, for a debugger to see.
if [ -z "${STW_SANITIZE:-}" ]; then
    (foreground 139 'n=100 strategy=crash') 2>/dev/null || fail "a crash in the foreground"
else
    skip_part "a crash: the sanitizer ends it with a status of its own"
fi

# A verdict in the middle of the trial, one before it, and cells that cannot run.
foreground 1 'n=1000000 strategy=none' --set fixed.heap.reserve=64MiB --set axes.n=100,1000000
tells 'n=1000000 strategy=none: out-of-memory: heap: '
foreground 2 'n=100 strategy=none' --set 'exclude.small=n == 100'
tells "cell 'n=100 strategy=none' is skipped: small: n == 100"
foreground 2 'n=100 strategy=non'
tells "no cell has n=100 strategy=non; did you mean 'n=100 strategy=none'?"
foreground 2 7
tells "no cell '7'; --dry-run lists them"
foreground 2 0 --resume
tells 'stores nothing'
[ ! -e "$work/runs" ] || fail "something was stored"

#!/bin/sh
# prove/stepped.sh: goal: with schedule = stepped every counter of a trial is the same on every run.
# Method: one matrix ten times: seven times alone, twice beside programs that take every processor,
# once with its workers under valgrind, which runs them some thirty times slower and lays memory
# out elsewhere. All counters of all trials are compared, byte by byte; only times (_ns) may differ.
. "$(dirname -- "$(readlink -f -- "$0")")/common.sh"

need sqlite3
build release product
stwlab=$root/build/release/stwlab

cat >"$work/matrix.ini" <<'END'
[experiment]
name     = stepped
question = Is every counter of a stepped trial the same on every run?
workload = map-merge
trials   = 1
seed     = 1
sandbox  = off ; valgrind does not know the calls that enter it
[axes]
gc.mode  = stw, concurrent, rescan
strategy = none, pool
[fixed]
schedule = stepped
n        = 20000
merges   = 10
live     = 4
key      = string
gogc     = 50
mutators = 3
END

# counters RUN: all of them, as text
counters()
{
    sql "$1" "SELECT id, trial, name, value FROM counters WHERE name NOT LIKE '%\_ns' ESCAPE '\'
        ORDER BY id, trial, name"
}

# once NUMBER WHAT [NAME=VALUE]...
once()
{
    number=$1 what=$2
    shift 2
    env "$@" "$stwlab" run "$work/matrix.ini" -o "$work/run$number" --quiet >"$work/log" 2>&1 || {
        cat "$work/log"
        fail "run $number, $what"
    }
    counters "$work/run$number" >"$work/counters$number"
    cmp -s "$work/counters1" "$work/counters$number" && return 0
    diff "$work/counters1" "$work/counters$number" || true
    keep "$work/run1" stepped-1
    keep "$work/run$number" "stepped-$number"
    fail "run $number, $what, differs from run 1"
}

for number in 1 2 3 4 5 6 7; do
    once $number alone STWLAB_WORKER=
done

hogs=
for hog in $(seq "$jobs"); do
    (while :; do :; done) &
    hogs="$hogs $!"
done
# shellcheck disable=SC2086 # word splitting wanted
trap 'kill $hogs 2>/dev/null || true; rm -rf "$work"' EXIT
for number in 8 9; do
    once $number 'beside busy programs' STWLAB_WORKER=
done
# shellcheck disable=SC2086
kill $hogs

runs=9 but=' (valgrind is not installed)'
if command -v valgrind >/dev/null; then
    printf '#!/bin/sh\nexec valgrind -q "%s" "$@"\n' "$stwlab" >"$work/worker"
    chmod +x "$work/worker"
    once 10 'under valgrind' STWLAB_WORKER="$work/worker"
    runs=10 but=
fi
lines=$(wc -l <"$work/counters1")
cycles=$(sql "$work/run1" "SELECT sum(value) FROM counters WHERE name = 'gc.cycles'")
[ "$lines" -ge 100 ] && [ "$cycles" -ge 20 ] || fail "$lines counters, $cycles cycles: too few"
[ -z "$but" ] || skip "$runs runs are identical$but"
echo "$runs runs, $lines counters and $cycles cycles each, all identical"

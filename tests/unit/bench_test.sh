#!/bin/sh
# tests/unit/bench_test.sh: experiments/bench: its matrices are right, and its driver tells what was
# met, missed, skipped and failed apart, in its table, its JSON and its exit status.
# Method: every matrix is dry-run. The row that needs no other runtime is run with a handful of
# trials; rows that need a Go are run without one. No time is judged.
set -eu
: "${STWLAB:?the path of the program under test}" "${STW_SOURCE_DIR:?the repository}"
: "${STW_BUILD_DIR:?the build}"

command -v sqlite3 >/dev/null || { echo "skipped: sqlite3 is not installed"; exit 77; }
bench=$STW_SOURCE_DIR/experiments/bench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s "$STW_BUILD_DIR/bench-plugins" "$work/with blanks"
STWLAB_BENCH_PLUGINS="$work/with blanks" STWLAB_GO=
export STWLAB_BENCH_PLUGINS STWLAB_GO
cd "$work"

fail()
{
    echo "$1"
    cat out err 2>/dev/null
    exit 1
}

# bench STATUS OPTION...
bench()
{
    expected=$1 status=0
    shift
    rm -rf runs
    PATH=/usr/bin:/bin sh "$bench/run.sh" -o runs --json found.json "$@" >out 2>err || status=$?
    [ $status -eq "$expected" ] || fail "exit status $status, not $expected, with $*"
}

# found EXPRESSION: over the rows of found.json
found()
{
    sqlite3 :memory: "SELECT $1 FROM (SELECT value ->> 'name' AS name, value ->> 'ratio' AS ratio,
        value ->> 'low' AS low, value ->> 'high' AS high, value ->> 'target' AS target,
        value ->> 'met' AS met FROM json_each(readfile('found.json')))"
}

for file in "$bench"/*.ini; do
    "$STWLAB" run --dry-run --plugin-path "$STWLAB_BENCH_PLUGINS" "$file" >out 2>&1 ||
        fail "$file is refused"
done

status=0
PATH=/usr/bin:/bin sh "$bench/run.sh" -o null --json found.json --only null-trials --trials 5 \
    >out 2>err || status=$?
[ $status -le 1 ] || fail "exit status $status"
[ "$(found "name = 'null-trials' AND low IS NULL AND high IS NULL AND target = 100
    AND met = (ratio >= 100)")" = 1 ] || fail "null-trials: $(cat found.json)"
[ "$(found 'met')" -eq $((1 - status)) ] || fail "status $status, but $(cat found.json)"
grep -q 'a null trial, process start to its end' out || fail "where the time goes is not said"

if ! PATH=/usr/bin:/bin command -v go >/dev/null; then
    bench 0 --only stop-median,merge-int-presized
    [ "$(found "count(*) = 2 AND sum(ratio IS NULL AND met IS NULL AND target > 0) = 2")" = 1 ] ||
        fail "skipped rows: $(cat found.json)"
    [ "$(grep -c 'skipped: there is no go1' out)" -eq 2 ] || fail "no reason is given"
else
    echo "skipped: rows without a Go: there is one in /usr/bin"
fi

# Trials are ok only with the checksum that `expected` knows: abi-tax.T1.
if [ -z "${STW_SANITIZE:-}" ]; then
    status=0
    sh "$bench/run.sh" -o tax --json found.json --only abi-tax --trials 2 --quick >out 2>err ||
        status=$?
    [ "$(found "ratio > 0 AND met = ($status = 0)")" = 1 ] || fail "abi-tax: $(cat found.json)"
else
    echo "skipped: abi-tax: a sanitizer is no part of it"
fi

mkdir full && : >full/file
status=0
sh "$bench/run.sh" -o full --only null-trials >out 2>err || status=$?
[ $status -eq 2 ] || fail "a folder that holds something is taken"

for wrong in --only '--only none' --fast '--trials x'; do
    # shellcheck disable=SC2086 # words
    bench 2 $wrong
done

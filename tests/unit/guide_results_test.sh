#!/bin/sh
# tests/unit/guide_results_test.sh: what docs/guide/read-results.md, compare.md and run-in-ci.md
# promise comes true. Method: their files and commands, taken from their text, in an empty folder.
# No time is judged: each has to be right on a busy machine, too.
set -eu
: "${STWLAB:?the path of the program under test}" "${STW_SOURCE_DIR:?the repository}"

command -v sqlite3 >/dev/null || { echo "skipped: sqlite3 is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=/dev/null
. "$STW_SOURCE_DIR/tests/support/guide.sh"
mkdir "$work/bin"
ln -s "$STWLAB" "$work/bin/stwlab"
PATH=$work/bin:$PATH
cd "$work"

# files GUIDE FILE...: as the guide has them
files()
{
    guide=$STW_SOURCE_DIR/docs/guide/$1
    shift
    for file; do
        block "file: $file" "$guide" >"$file"
        [ -s "$file" ] || fail "$guide has no $file"
    done
}

# follow STATUS NAME: the commands of that name; what they print is in out and err
follow()
{
    status=0
    block "run: $2" "$guide" >commands
    [ -s commands ] || fail "$guide has no commands '$2'"
    sh -eu commands >out 2>err || status=$?
    [ $status -eq "$1" ] || { cat commands out err; fail "$guide: $2: exit status $status, not $1"; }
}

# says TEXT: some line of what was printed
says()
{
    grep -q -e "$1" out || { cat out err; fail "$guide: no '$1'"; }
}

files read-results.md first.ini
follow 0 run
says '^ *n  strategy  pauses'
says '^all cells: 6/6 trials ok'
follow 0 exact
says 'map.grow_events\|events'
follow 0 closer
says 'stopping, by site of the last'
says '^time of all mutators'
says 'of its trials\|trial 2\|stops'
follow 0 programs
grep -q '"unsettled": \[' first.json || fail "$guide: first.json"
[ "$(wc -l <first.csv)" -eq 5 ] || fail "$guide: first.csv"
# Counts are exact: the same run again has the same.
stwlab run --quiet first.ini -o again
for run in first again; do
    stwlab show $run --csv --trials --columns map.buckets,map.grow_events >$run.csv
    sqlite3 $run/results.sqlite "SELECT cell, trial, name, value FROM counters WHERE name IN
        ('map.buckets', 'map.grow_events', 'alloc.bytes')" >$run.counts
done
[ -s first.counts ] && cmp -s first.counts again.counts || fail "$guide: exact numbers differ"

files compare.md cures.ini
follow 0 run
follow 0 two
says '^A / B = .*, from .* to .* (95 %)$'
says '^A against B: '
follow 0 many
says '^map.grow_events'
says 'p is that of . comparisons at once (Holm)'
follow 0 enough
follow 0 runs
says 'no verdict: two runs of one build differ too'

files run-in-ci.md gate.ini gate.sh
follow 0 gate
says '^fail if map.grow_events > 1x: 0 fail, 0 undecided, 1 passes$'
grep -q '<testsuite name="gate-run/results.sqlite" tests="2"' gate.xml || fail "$guide: gate.xml"
follow 0 gate # a second time, as of a job that was cancelled
follow 1 failed
says '^fail if map.buckets < 2x: 1 fails, 0 undecided, 0 pass$'
says '^  fails      strategy=presize: 1 times strategy=none (1 to 1)$'

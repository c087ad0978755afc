#!/bin/sh
# tests/unit/fail_if_test.sh: compare --fail-if, as a job of continuous integration would use it: exit
# statuses, --strict, --json, and a JUnit file that a reader of XML takes.
# Method: a run whose maps have twice the buckets in one cell, in every trial and on any machine.
set -eu
: "${STWLAB:?the path of the program under test}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >maps.ini <<'END'
[experiment]
name = maps
question = q
workload = map-merge
trials = 3
[axes]
n = 2000, 4000
strategy = none, presize
[fixed]
merges = 1
mutators = 1
END
"$STWLAB" run --quiet maps.ini -o maps

# gate STATUS OPTION...
gate()
{
    expected=$1 status=0
    shift
    "$STWLAB" compare maps "$@" >out 2>err || status=$?
    [ $status -eq "$expected" ] || { echo "status $status, not $expected: $*"; cat out err; exit 1; }
}
# says FILE TEXT
says()
{
    grep -q -F -e "$2" "$1" || { echo "$1 lacks: $2"; cat "$1"; exit 1; }
}

gate 1 --by n --fail-if 'map.buckets > 1.5x'
says out 'fail if map.buckets > 1.5x: 2 fail, 0 undecided, 0 pass'
gate 0 --by strategy --fail-if 'map.buckets > 1.5x'
says out 'fail if map.buckets > 1.5x: 0 fail, 0 undecided, 2 pass'
gate 0 --by n --fail-if 'cpu > 9x' # three trials decide nothing that is timed
says out 'fail if cpu > 9x: 0 fail, 2 undecided, 0 pass'
gate 4 --by n --fail-if 'cpu > 9x' --strict
gate 1 --by n --fail-if 'cpu > 9x' --fail-if 'map.buckets > 1.5x' --strict --junit found.xml
gate 1 n=4000,strategy=none n=2000,strategy=none --fail-if 'map.buckets>=2x' --json
says out '"fail_if": [{"condition": "map.buckets>=2x", "verdict": "fails"'
gate 2 --by n --fail-if 'map.bucket > 2x'
says err "did you mean 'map.buckets'?"
gate 2 0 --fail-if 'cpu > 2x'
gate 2 0 1 --strict
gate 3 0 1 --fail-if 'cpu > 2x' --junit none/found.xml
says err '--junit: none/found.xml: No such file or directory'

if command -v xmllint >/dev/null; then
    [ "$(xmllint --xpath 'count(//testcase)' found.xml)" = 4 ] &&
        [ "$(xmllint --xpath 'string(//testsuite/@failures)' found.xml)" = 4 ] &&
        [ "$(xmllint --xpath 'count(//failure[@type="fails"])' found.xml)" = 2 ] ||
        { echo "JUnit:"; cat found.xml; exit 1; }
else
    echo "skipped: a reader of XML for the JUnit file: xmllint is not installed"
fi

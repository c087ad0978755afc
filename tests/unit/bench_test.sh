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
        value ->> 'met' AS met, value ->> 'why' AS why FROM json_each(readfile('found.json')))"
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
    AND met IS NULL AND why = 'fewer than 6 trials'")" = 1 ] || fail "null-trials: $(cat found.json)"
[ $status -eq 0 ] || fail "status $status, but $(cat found.json)"
grep -q 'not decided: fewer than 6 trials' out || fail "it does not say what it does not know"
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
    [ "$(found "ratio > 0 AND met IS NULL AND $status = 0
        AND why = 'fewer than 6 trials have no interval'")" = 1 ] || fail "abi-tax: $(cat found.json)"
else
    echo "skipped: abi-tax: a sanitizer is no part of it"
fi

# What the laboratory says of a row is what the table, the JSON and the exit status say: a stand-in
# that finds what it is told to. row STATUS MET WORDS VERDICT LOW HIGH BUSY WITHOUT
mkdir fake
cat >fake/stwlab <<'END'
#!/bin/sh
case $1:$* in
run:*--dry-run*) exit 0 ;;
run:*) while [ "$1" != -o ]; do shift; done; mkdir -p "$2" ;;
compare:*) cat "$FOUND"; exit "$FOUND_STATUS" ;;
esac
END
chmod +x fake/stwlab
row()
{
    name=$1 expected=$2 met=$3 words=$4 gate= low=$6 high=$7
    [ "$5" = - ] || gate=", \"fail_if\": [{\"verdict\": \"$5\", \"trials_needed\": 45, \"without\": $9}]"
    echo "{\"a\": {\"value\": 2}, \"b\": {\"value\": 1}, \"ratio\": 2, \"low\": $low, \"high\": $high,
        \"noise\": {\"busy\": $8}$gate}" >found
    rm -rf faked
    status=0 gate_status=0
    [ "$5" != fails ] || gate_status=1
    FOUND=$work/found FOUND_STATUS=$gate_status STWLAB=$work/fake/stwlab \
        STWLAB_BENCH_PLUGINS=$work sh "$bench/run.sh" -o faked \
        --json found.json --only "$name" >out 2>err || status=$?
    [ $status -eq "$expected" ] || fail "$words: exit status $status"
    [ "$(found "coalesce(met, 'null')")" = "$met" ] || fail "$words: $(cat found.json)"
    grep -q -F "$words" out || fail "no '$words'"
}
row abi-tax 0 1 'met' passes 1 1.01 false null
row abi-tax 1 0 'missed' fails 2 3 false null
row abi-tax 0 null 'not decided: about 45 trials would' undecided 1 2 false null
row abi-tax 0 null 'not decided: the machine was busy' undecided 1 2 true '"the machine was busy"'
row null-trials 0 1 'met' - 101 103 false null
row null-trials 1 0 'missed' - 90 99 false null
row null-trials 0 null 'not decided: the interval holds the target' - 90 101 false null
row null-trials 0 null 'not decided: the machine was busy' - 101 103 true null

mkdir full && : >full/file
status=0
sh "$bench/run.sh" -o full --only null-trials >out 2>err || status=$?
[ $status -eq 2 ] || fail "a folder that holds something is taken"

for wrong in --only '--only none' --fast '--trials x'; do
    # shellcheck disable=SC2086 # words
    bench 2 $wrong
done

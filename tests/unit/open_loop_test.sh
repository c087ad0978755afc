#!/bin/sh
# tests/unit/open_loop_test.sh: goal: operations have a second time, from when they were due, and
# times by class, in every table that shows times; open-loop tells both and computes what its
# parameters say (open-loop.L1).
# Method: arrivals far apart, one every ns, and none to wait for. What must hold of the times holds
# however busy the machine is.
set -eu
: "${STWLAB:?the path of the program under test}"

command -v sqlite3 >/dev/null || { echo "skipped: sqlite3 is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail()
{
    echo "FAILED: $*" >&2
    exit 1
}

sql()
{
    sqlite3 -separator ' ' run/results.sqlite "$1"
}

cat >open.ini <<END
[experiment]
name = open
question = q
workload = open-loop
trials = 2
[axes]
rate = 0, 1000, 1000000000
arrivals = even, poisson
[fixed]
n = 1000
operations = 500
mutators = 2
writes = 30
END
"$STWLAB" run --quiet open.ini -o run || { "$STWLAB" show run; exit 1; }
[ "$(sql "SELECT count(*), sum(expected), count(DISTINCT checksum) FROM trials")" = '12 12 1' ] \
    || fail "trials do not agree"
# The classes share the operations as seed and number say, in all cells alike.
[ "$(sql "SELECT count(*) FROM (SELECT cell, trial, sum(count) AS n FROM op_times
    WHERE name IN ('op:read', 'op:write') GROUP BY cell, trial) WHERE n = 1000")" = 12 ] \
    || fail "reads and writes are not all operations"
shares=$(sql "SELECT DISTINCT sum(count) FROM op_times WHERE name = 'op:write' GROUP BY cell, trial")
{ [ "$shares" -gt 240 ] && [ "$shares" -lt 360 ]; } || fail "30 % of 1,000 are $shares"
# Who does not say when it was due has no such time.
[ "$(sql "SELECT count(*) FROM op_times WHERE name LIKE 'op.intended%' AND id LIKE '%rate=0 %'")" = 0 ] \
    || fail "operations were due without a rate"
[ "$(sql "SELECT count(DISTINCT cell), sum(count) FROM op_times WHERE name = 'op.intended'")" = '4 8000' ] \
    || fail "not every operation has the time from when it was due"
[ "$(sql "SELECT sum(count) FROM op_times WHERE name LIKE 'op.intended:%'")" = 8000 ] \
    || fail "nor its class"
# Waiting for the next arrival is no part of an operation; being late is. 500 arrivals at 1,000 a
# second take 0.5 s on each of two mutators, of which operations take little; at one a ns the last
# waits for all before it.
late=$(sql "SELECT min(waited) > 100 FROM (SELECT max(o.high_ns) / max(s.mean_ns) AS waited
    FROM op_times o JOIN (SELECT cell, trial, sum(high_ns * count) / sum(count) AS mean_ns FROM ops
        GROUP BY cell, trial) s ON s.cell = o.cell AND s.trial = o.trial
    WHERE o.name = 'op.intended' AND o.id LIKE '%rate=1000000000%' GROUP BY o.cell, o.trial)")
[ "$late" = 1 ] || fail "operations that are all due at once do not wait"
idle=$(sql "SELECT min(op_sum_ns < span_ns), min(span_ns) > 400000000 FROM trials
    WHERE id LIKE '%rate=1000 arrivals=even%'")
[ "$idle" = '1 1' ] || fail "waiting for arrivals counts as work: $idle"

cell=$(sql "SELECT id FROM cells WHERE id LIKE '%rate=1000 arrivals=even%'")
"$STWLAB" show run --cell "$cell" >cell.txt
for name in op op.intended op.intended:read op.intended:write op:read op:write; do
    grep -Eq "^$name +[0-9]+ " cell.txt || fail "show --cell does not have $name"
done
"$STWLAB" show run --json >run.json
grep -q '"op.intended:write": *{"count": *[1-9]' run.json || fail "nor does show --json"
for metric in op.intended.p99 op:read.p50 op.intended:write.p100; do
    "$STWLAB" compare run --metric "$metric" rate=1000,arrivals=even >compared.txt \
        || { cat compared.txt; fail "$metric cannot be compared"; }
done
"$STWLAB" facts run >facts.txt
grep -q '^op.intended ' facts.txt || fail "facts RUN does not list op.intended"
"$STWLAB" plugins >plugins.txt
grep -q '^ *class read: a lookup$' plugins.txt || fail "plugins does not list the classes"

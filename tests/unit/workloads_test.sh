#!/bin/sh
# tests/unit/workloads_test.sh: goal: alloc-small and tree compute what their parameters alone say,
# in every mode of the collector, and so do their namesakes in each Go that there is.
# Method: small matrices. A workload's `expected` knows the checksum without a heap, and a trial
# with another one is invalid (alloc-small.A1, map-churn.M1, map-churn.M2, steady-heap.S1); checksums
# of one cell's runtimes are compared by the run.
set -eu
: "${STWLAB:?the path of the program under test}"

command -v sqlite3 >/dev/null || { echo "skipped: sqlite3 is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# matrix WORKLOAD: axes and fixed settings come by standard input
matrix()
{
    printf '[experiment]\nname = %s\nquestion = q\nworkload = %s\ntrials = 1\nseed = 3\n' "$1" "$1"
    printf '[axes]\nruntime = stwlab, go\ngc.mode = concurrent, stw, rescan\n'
    cat
}

# expect_ok NAME CELLS: of the lab's runtime
expect_ok()
{
    "$STWLAB" run --quiet "$1.ini" -o "$1" || { "$STWLAB" show "$1"; exit 1; }
    ok=$(sqlite3 "$1/results.sqlite" "SELECT count(*) FROM trials WHERE outcome = 'ok'
        AND id LIKE '%runtime=stwlab%'")
    [ "$ok" -eq "$2" ] || { echo "$1: $ok trials are ok, not $2"; exit 1; }
}

matrix alloc-small >alloc-small.ini <<END
n = 1, 1000, 4096
bytes = 16, 32, 64, 128
chain = 1, 2, 7, 64
keep = 0, 10, 100
[fixed]
live = 50
operations = 3
mutators = 2
gc.stress = 40
[exclude]
few = n == 4096 && bytes != 16 || bytes == 64 && chain == 7
END
expect_ok alloc-small 306

# It needs no map, so a strategy for maps has nothing to do there, and `show` says so. That a
# strategy handles intents at all is its slots' business.
printf '[experiment]\nname = idle\nquestion = q\nworkload = alloc-small\ntrials = 1\n[axes]\n' >idle.ini
printf 'strategy = none, pool, gc-off + presize, gc-off\n[fixed]\nn = 10\noperations = 1\n' >>idle.ini
"$STWLAB" run --quiet idle.ini -o idle
idle=$("$STWLAB" show --wide idle | sed -n '/^No intent/,$s/^  .*: //p' | tr '\n' ' ')
[ "$idle" = 'strategy/pool strategy/presize ' ] || { echo "idle strategies: $idle"; exit 1; }
sed -i 's/alloc-small/map-merge/; /operations/d' idle.ini
"$STWLAB" run --quiet idle.ini -o busy
if "$STWLAB" show busy | grep '^No intent'; then exit 1; fi

matrix tree >tree.ini <<END
depth = 0, 1, 12
mutators = 1, 3
[fixed]
operations = 4
END
expect_ok tree 18
nodes=$(sqlite3 tree/results.sqlite "SELECT max(value) FROM counters WHERE name = 'mark.objects'
    AND id LIKE '%depth=12 mutators=1%' AND id LIKE '%mode=stw%' AND id LIKE '%=stwlab%'")
[ "$nodes" -ge $((4 * 8191)) ] || { echo "4 cycles mark $nodes of 4 x 8191 nodes"; exit 1; }

matrix map-churn >map-churn.ini <<END
n = 1, 5000
key = int, string
keep = 0, 20
[fixed]
updates = 30
deletes = 20
maps = 3
mutators = 2
gc.stress = 400
END
expect_ok map-churn 24
# 6 maps grow to more buckets as their entries demand: 5000 are inserted, of which some 4200 stay.
churn=$(sqlite3 map-churn/results.sqlite "SELECT min(value), max(value) FROM counters
    WHERE name = 'workload/map-churn.doublings' AND id LIKE '%n=5000%keep=0%' AND id LIKE '%=stwlab%'")
[ "$churn" = '60|60' ] || { echo "6 maps of 5000 grow $churn times, not 10 each"; exit 1; }

matrix alloc-sizes >alloc-sizes.ini <<END
first = 0, 7
[fixed]
count = 500
gogc = off
END
expect_ok alloc-sizes 6
# What is charged is what the allocator says that it allocated: beside tiny blocks, of which each
# batch opens at most one more to begin with, and the workload's state.
beside=$(sqlite3 alloc-sizes/results.sqlite "SELECT min(beside) >= 0 AND max(beside) < 16 * 100
    FROM (SELECT sum(CASE name WHEN 'alloc.bytes' THEN value WHEN 'workload/alloc-sizes.charged' THEN -value
                     WHEN 'workload/alloc-sizes.blocks' THEN -16 * value ELSE 0 END) AS beside
          FROM counters WHERE id LIKE '%=stwlab%' GROUP BY cell)")
[ "$beside" = 1 ] || { echo "charges are not what was allocated"; exit 1; }

matrix slice-grow >slice-grow.ini <<END
first = 0, 7
[fixed]
count = 100
gc.stress = 50
END
expect_ok slice-grow 6

[ -z "${STW_AUDITED:-}" ] || {
    echo "skipped: steady-heap: here every chance to collect would audit a megabyte"
    exit 0
}

matrix steady-heap >steady-heap.ini <<END
pointers = 0, 8, 63
[fixed]
live = 1MiB
pieces = 300
operations = 10
work = 3
END
expect_ok steady-heap 9
# The first cycle is forced, with the collector off, and finds what all others find.
cycles=$(sqlite3 steady-heap/results.sqlite "SELECT min(goal_bytes) IS NULL,
        min(marked_bytes) >= 1048576, max(triggered_bytes) < 1300000
    FROM cycles WHERE id LIKE '%=stwlab%' AND cycle = 1")
[ "$cycles" = '1|1|1' ] || { echo "the forced cycles are not so: $cycles"; exit 1; }
# That cycle is all that set-up has, in Go as well, which tells its stops phase by phase.
others=$(sqlite3 steady-heap/results.sqlite "SELECT count(*) FILTER (WHERE name = 'setup.cycles'
        AND value != 1), count(*) FILTER (WHERE name = 'setup.stops' AND id LIKE '%=go%' AND value != 2)
    FROM counters")
[ "$others" = '0|0' ] || { echo "set-up has other cycles, or stops: $others"; exit 1; }
unlike=$(sqlite3 steady-heap/results.sqlite "SELECT count(*) FROM counters c
    WHERE name = 'setup.stops' AND value != (SELECT count(*) FROM pauses p
        WHERE p.cell = c.cell AND p.trial = c.trial AND phase = 'setup')")
[ "$unlike" -eq 0 ] || { echo "in $unlike trials set-up has other stops than are counted"; exit 1; }
told=$(sqlite3 steady-heap/results.sqlite "SELECT count(*), (SELECT sum(value) FROM counters
        WHERE name = 'gc.cycles' AND id LIKE '%=stwlab%'),
        min(goal_bytes >= triggered_bytes) FROM cycles WHERE id LIKE '%=stwlab%'")
[ "$told" = "${told%%|*}|${told%%|*}|1" ] || { echo "cycles are told so: $told"; exit 1; }

# Its set-up turns the collector off, once for all mutators: in operations it is on
# (steady-heap.S2).
matrix steady-heap >together.ini <<END
mutators = 2, 4
[fixed]
live = 1MiB
pieces = 1024
operations = 10
END
expect_ok together 6
idle=$(sqlite3 together/results.sqlite "SELECT count(*) FROM counters AS c JOIN counters AS f
    ON f.cell = c.cell AND f.trial = c.trial AND f.name = 'gc.forced'
    WHERE c.name = 'gc.cycles' AND c.value <= f.value")
off=$(sqlite3 together/results.sqlite "SELECT count(*) FROM trials AS t WHERE outcome = 'ok'
    AND id LIKE '%runtime=stwlab%' AND NOT EXISTS
    (SELECT 1 FROM counters AS c WHERE c.cell = t.cell AND c.trial = t.trial
        AND name = 'heap.goal_bytes')")
[ "$idle|$off" = '0|0' ] || { echo "the collector is off: in $idle trials, $off"; exit 1; }

#!/bin/sh
# tests/unit/cpu_accounts_test.sh: goal: what a process used of its processors is in one of the
# accounts, what stops held beside it has a name, and the mutators' own has nothing of the
# collector's (trial.L1).
# Method: workloads that make the collector work for next to nothing, so that what it takes beside
# marking is most of what there is: cycles over seven cells, with more processors than the machine
# has, in each mode; and a collection at every tenth slow allocation. Only CPU times are compared,
# with each other: a busy machine makes all of them longer.
set -eu
: "${STWLAB:?the path of the program under test}"

command -v sqlite3 >/dev/null || { echo "skipped: sqlite3 is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# cells NAME WHERE: rows of the accounts
cells()
{
    sqlite3 "$1/results.sqlite" "
        WITH a AS (SELECT id, trial,
                max(value) FILTER (WHERE name = 'cpu.process_ns') AS process,
                max(value) FILTER (WHERE name = 'cpu.total_ns') AS total,
                max(value) FILTER (WHERE name = 'cpu.held_ns') AS held,
                max(value) FILTER (WHERE name = 'cpu.mutator_ns') AS mutator,
                max(value) FILTER (WHERE name = 'gc.cycles') AS cycles,
                sum(value) FILTER (WHERE name IN ('cpu.mutator_ns', 'cpu.assist_ns', 'cpu.mark_ns',
                    'cpu.sweep_ns', 'cpu.runtime_ns', 'cpu.stopped_ns')) AS parts
            FROM counters GROUP BY id, trial)
        SELECT * FROM a WHERE $2"
}

# expect_none WHAT NAME WHERE
expect_none()
{
    found=$(cells "$2" "$3")
    [ -z "$found" ] && return
    echo "$2: $1 (id|trial|process|total|held|mutator|cycles|parts):"
    echo "$found"
    exit 1
}

# What may be missing: threads that begin and end, and what runs beside the measured time. It is what
# no trial of a cell is without: the first touch of a page in such a moment may cost milliseconds.
residue='total / 50 + 2000000'
too_much="process > total - held + $residue AND id NOT IN
    (SELECT id FROM a WHERE process <= total - held + $residue)"

cat >tree.ini <<'END'
[experiment]
name = tree
question = q
workload = tree
trials = 3
[axes]
gc.mode = concurrent, stw, rescan
gc.processors = 1, 8
mutators = 1, 2
[fixed]
depth = 2
operations = 1000
END
"$STWLAB" run --quiet tree.ini -o tree
expect_none "the parts are not the whole" tree "parts <> total"
expect_none "more was used than is accounted for" tree "$too_much"
expect_none "more is held than stops were charged" tree "held > total - mutator OR held IS NULL"

[ -z "${STW_AUDITED:-}" ] || {
    echo "skipped: a collection at every tenth slow allocation: its audits are what takes the time"
    exit 0
}
cat >small.ini <<'END'
[experiment]
name = small
question = q
workload = alloc-small
trials = 3
[axes]
gc.stress = 0, 10
[fixed]
n = 50000
bytes = 16
operations = 1
END
"$STWLAB" run --quiet small.ini -o small
expect_none "more was used than is accounted for" small "$too_much"
if [ -n "${STW_SANITIZE:-}" ]; then
    echo "skipped: the mutators' own account: a sanitizer slows their code down"
else
    # With nothing of the collector's it is 1 % of the whole; with a forced cycle's work, 12 %.
    expect_none "the collector's work counts as the mutators' own" small \
        "cycles > 3000 AND mutator > total / 20"
fi
[ -n "$(cells small 'cycles > 3000')" ] ||
    { echo "small: there were too few cycles to show anything"; cells small 1; exit 1; }

#!/bin/sh
# unit/facts_command_test.sh: docs/reference/results.md holds the table of facts as it is printed,
# docs/reference/experiments.md that of settings, and of a run those facts are listed that it has.
# Method: both are compared; a run with one plugin that counts and a stepped one.
set -eu
: "${STWLAB:?the path of the program under test}"
here=$(dirname -- "$(readlink -f -- "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

"$STWLAB" facts --markdown >printed
sed -n '/^<!-- facts: begin -->$/,/^<!-- facts: end -->$/p' \
    "$here/../../docs/reference/results.md" | sed '1d; $d' >documented
cmp printed documented || {
    echo "docs/reference/results.md: put the output of stwlab facts --markdown between the marks"
    exit 1
}

# In builds for finding faults gc.watch and check have another default.
"$STWLAB" settings --markdown |
    sed 's/^\(| `gc.watch` | \)true/\1false/; s/^\(| `check` | \)true/\1false/' >printed
sed -n '/^<!-- settings: begin -->$/,/^<!-- settings: end -->$/p' \
    "$here/../../docs/reference/experiments.md" | sed '1d; $d' >documented
cmp printed documented || {
    echo "docs/reference/experiments.md: put the output of stwlab settings --markdown between the marks"
    exit 1
}
"$STWLAB" settings | grep -q '^gogc  *100  *how far' || { echo "stwlab settings"; exit 1; }

# facts_of RUN: the names, one a line
facts_of()
{
    "$STWLAB" facts --json "$1" | sed -n 's/.*"name": "\([^"]*\)".*/\1/p'
}

expect() # RUN FACT yes|no
{
    if facts_of "$1" | grep -qxF "$2"; then has=yes; else has=no; fi
    [ "$has" = "$3" ] || { echo "$1 has $2: $has"; exit 1; }
}

cat >x.ini <<'END'
[experiment]
name = facts
question = which facts are there?
workload = map-merge
trials = 3
[axes]
n = 500
[fixed]
strategy = pool
merges = 3
END
"$STWLAB" run x.ini -o timed --quiet --set fixed.gc.stress=20
"$STWLAB" run x.ini -o stepped --quiet --set fixed.schedule=stepped
for fact in wall op.mean gc.cycles strategy/pool.hits stop stop.stopping alloc.rate lbo; do
    expect timed $fact yes
done
for fact in taken.wall_ns machine.hiccups gc.assist_ns cpu.gc_share cpu.other_ns; do
    expect timed $fact yes
    expect stepped $fact no
done
expect stepped alloc.bytes yes
expect stepped timed.alloc_bytes yes
expect stepped lbo no
expect stepped strategy/pool.misses yes
expect timed go.pause_total_ns no
hits=$("$STWLAB" show --json timed | sed -n 's/.*"strategy\/pool.hits": \([0-9]*\).*/\1/p')
[ "$hits" = 2 ] || { echo "the pool has $hits hits, not 2"; exit 1; }

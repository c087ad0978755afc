#!/bin/sh
# fault/walks.sh: goal: a map may be written to while it is walked, in a heap that collects at every
# chance: what stays comes once, what is erased does not come, and the walk keeps what it needs alive.
# Method: plugins/walks.c, over each map of the tree, and over a strategy that walks two maps as one.
. "$(dirname "$0")/common.sh"

cat >"$work/x.ini" <<END
[experiment]
name = walks
question = q
workload = walks
trials = 1
[axes]
n = 1, 8, 60, 500
key = int, string
strategy = none, shards, pool
map = go-buckets, foreign
[fixed]
mutators = 2
operations = 12
gc.stress = 20
audit = true
[exclude]
ints = map == foreign && key == string
END
run "$work/x.ini" "$work/run"
expect "exit status" $? 0
expect "walks" "$(sql "$work/run" "SELECT count(*) FROM trials WHERE outcome = 'ok'")" 36

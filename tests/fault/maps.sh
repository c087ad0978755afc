#!/bin/sh
# fault/maps.sh: goal: a strategy may present maps of another kind than the map plugin's, alone and
# among others; a map may refuse types (host.HT1), keep its data outside of the heap, and say that it
# lacks something. Method: a strategy that makes two maps of each, a map in the C library's memory.
. "$(dirname "$0")/common.sh"

# Whoever wraps whom, the workload finds all its entries: the checksum is none's, and expected.
chains='none, shards, presize + shards, shards + presize, pool + shards, shards + pool'
cat >"$work/x.ini" <<END
[experiment]
name = maps
question = Are two maps as good as one?
workload = map-merge
trials = 1
seed = 7
[axes]
strategy = $chains
key = int, string
[fixed]
n = 3000
merges = 5
mutators = 2
END
run "$work/x.ini" "$work/merge"
expect "exit status" $? 0
expect "merges" "$(sql "$work/merge" 'SELECT count(*), sum(expected), count(DISTINCT checksum)
    FROM trials WHERE outcome = "ok"')" '12|12|2'
expect "two maps of 1,500 have 2 * 256 buckets" "$(sql "$work/merge" "SELECT DISTINCT value FROM
    counters WHERE name = 'map.buckets' AND id LIKE '%strategy=shards %'")" 512
sed -e 's/map-merge/map-churn/; s/merges = 5/maps = 4\ndeletes = 30\nupdates = 30/' "$work/x.ini" \
    >"$work/churn.ini"
run "$work/churn.ini" "$work/churn" --set axes.audit=true,false
expect "exit status" $? 0
expect "churn" "$(sql "$work/churn" 'SELECT count(*), sum(expected), count(DISTINCT checksum)
    FROM trials WHERE outcome = "ok"')" '24|24|1'

# A table without the slots that its objects need.
run "$work/x.ini" "$work/half" --set axes.strategy=shards-half --set axes.key=int
expect "exit status" $? 1
expect "half" "$(sql "$work/half" "SELECT outcome, detail LIKE '%needs the slots need_map and done_map%'
    FROM trials")" 'refused|1'

# Its maps are audited by their own slot, when they are done with and after some merges; and what was
# merged must be there.
run "$work/x.ini" "$work/unsound" --set axes.strategy=shards-unsound --set axes.audit=true,false
expect "exit status" $? 1
expect "unsound" "$(sql "$work/unsound" "SELECT DISTINCT outcome, substr(detail, 1, 23) FROM trials
    WHERE id LIKE '%audit=true%'")" 'invalid|halves: two are not one'
run "$work/churn.ini" "$work/done" --set axes.strategy=shards-unsound --set axes.audit=true
expect "exit status" $? 1
expect "unsound, without merges" "$(sql "$work/done" "SELECT DISTINCT outcome, substr(detail, 1, 23)
    FROM trials")" 'invalid|halves: two are not one'
run "$work/x.ini" "$work/lossy" --set axes.strategy="shards-lossy, presize + shards-lossy" \
    --set axes.audit=true --set axes.key=int
expect "exit status" $? 1
expect "lossy" "$(sql "$work/lossy" "SELECT DISTINCT outcome, detail LIKE
    'merge-alters: strategy/shards-lossy was handed an entry that its map does not have%' FROM trials")" \
    'invalid|1'

# Memory that is not the heap's begins cycles all the same.
sed -e 's/^strategy.*/strategy = none, pool/; s/n = 3000/n = 60000\nlive = 4/; s/merges = 5/merges = 12/' \
    "$work/x.ini" >"$work/foreign.ini"
run "$work/foreign.ini" "$work/foreign" --set fixed.map=foreign --set axes.key=int --set axes.audit=true,false
expect "exit status" $? 0
expect "foreign" "$(sql "$work/foreign" 'SELECT count(*), sum(expected), count(DISTINCT checksum)
    FROM trials WHERE outcome = "ok"')" '4|4|1'
expect "foreign memory is charged" "$(sql "$work/foreign" "SELECT min(value) >= 4 * 131072 * 24 FROM
    counters WHERE name = 'heap.external_peak_bytes'")" 1
expect "and collected for" "$(sql "$work/foreign" "SELECT min(value) >= 2 FROM counters
    WHERE name = 'gc.cycles' AND id LIKE '%strategy=none%'")" 1

# Maps that nobody is done with die: each is told once, or memory stays charged, or is freed twice
# (gc.DE1).
run "$work/foreign.ini" "$work/lost" --set fixed.map=foreign --set axes.key=int --set axes.audit=true,false \
    --set axes.strategy=loses --set fixed.merges=30
expect "exit status" $? 0
expect "lost maps" "$(sql "$work/lost" 'SELECT count(*), sum(expected), count(DISTINCT checksum)
    FROM trials WHERE outcome = "ok"')" '2|2|1'
expect "their memory came back meanwhile" "$(sql "$work/lost" "SELECT max(value) < 2 * 30 * 262136 * 24
    FROM counters WHERE name = 'heap.external_peak_bytes'")" 1 # of 60 maps that grew from 8 slots

# What it cannot do, it says.
run "$work/foreign.ini" "$work/types" --set fixed.map=foreign --set axes.key=string \
    --set axes.strategy=none,shards
expect "exit status" $? 1
expect "types" "$(sql "$work/types" 'SELECT DISTINCT outcome, detail FROM trials')" \
    "refused|map/foreign does not take the workload's maps: only integers to 8 bytes without pointers"
run "$work/foreign.ini" "$work/limit" --set fixed.map=foreign --set axes.key=int \
    --set fixed.map.foreign.limit=4096
expect "exit status" $? 1
expect "limit" "$(sql "$work/limit" "SELECT DISTINCT outcome, detail LIKE
    'map/foreign: no memory for a table%' FROM trials")" 'out-of-memory|1'
run "$work/foreign.ini" "$work/leak" --set fixed.map=foreign --set axes.key=int \
    --set fixed.map.foreign.forgets=true --set axes.audit=true --set axes.strategy=none
expect "exit status" $? 1
expect "leak" "$(sql "$work/leak" "SELECT outcome, detail LIKE
    'external-bytes: map/foreign was destroyed with % bytes still charged%' FROM trials")" 'invalid|1'

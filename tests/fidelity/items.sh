#!/bin/sh
# fidelity/items.sh: goal: random allocations are charged, and slices grow, exactly as Go's.
# Method: the workload carries out thousands of random items and digests what came of each; where
# the digests differ, halving finds the first item that does.
# usage: items.sh sizes|slices COUNT
. "$(dirname -- "$(readlink -f -- "$0")")/common.sh"

part=$1 items=$2

# both_items FIRST COUNT: values of both in $lab and $peer
both_items()
{
    both "$part" --set "experiment.seed=$seed" --set "fixed.first=$1" --set "fixed.count=$2"
    lab=$(own stwlab) peer=$(own go)
}

# own RUNTIME: what the workload counts, and its checksum
own()
{
    sql "SELECT coalesce((SELECT group_concat(name || '=' || value, ' ') || ' checksum=' ||
            (SELECT checksum FROM trials WHERE id LIKE 'runtime=$1%')
            FROM (SELECT substr(name, instr(name, '.') + 1) AS name, value FROM counters
                WHERE id LIKE 'runtime=$1%' AND name LIKE 'workload/%' AND value > 0 ORDER BY name)),
        (SELECT outcome || ': ' || detail FROM trials WHERE id LIKE 'runtime=$1%'), 'no trial')"
}

mismatch() # NUMBER
{
    echo "MISMATCH $part $1: stwlab $lab; go $peer"
    echo "  reproduce: $again --only $part --nth $1"
    exit 1
}

is_same()
{
    case $lab in *checksum=*) [ "$lab" = "$peer" ] ;; *) false ;; esac
}

if [ -n "$nth" ]; then
    both_items "$nth" 1
    printf 'stwlab: %s\ngo: %s\n' "$lab" "$peer"
    is_same || mismatch "$nth"
    echo "$part: item $nth, no mismatch"
    exit 0
fi

both_items 0 "$items"
if is_same; then
    echo "  stwlab and go: $lab"
    echo "$part: $items items exact, no mismatch"
    exit 0
fi
echo "  stwlab: $lab"
echo "  go: $peer"
first=0 left=$items
while [ "$left" -gt 1 ]; do
    half=$((left / 2))
    both_items "$first" $half
    if is_same; then
        first=$((first + half)) left=$((left - half))
    else
        left=$half
    fi
done
both_items "$first" 1
mismatch "$first"

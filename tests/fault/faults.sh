#!/bin/sh
# fault/faults.sh: goal: strategies make faults and tune the collector by the slots and hooks for
# that, no trial is the worse for it, and who writes m->host is told so (abi.M5).
# Method: merges with a small heap, so that there are cycles; the strategies count their calls.
. "$(dirname "$0")/common.sh"

experiment 2 'none, late, refuse, tuner, late + tuner, writes-host' "$work/x.ini" 'timeout = 60s'
run "$work/x.ini" "$work/run" --set axes.n=20000 --set fixed.merges=12 --set fixed.mutators=2
expect "exit status" $? 1

counter() # STRATEGY NAME: the least of its trials
{
    sql "$work/run" "SELECT min(value) FROM counters WHERE id LIKE '%strategy=$1' AND name = '$2'"
}
least() # WHAT ACTUAL LEAST
{
    [ "${2:-0}" -ge "$3" ] || fail "$1: ${2:-none}, less than $3"
}

for each in none late refuse tuner 'late + tuner'; do
    expect "$each" "$(sql "$work/run" "SELECT DISTINCT outcome FROM trials
        WHERE id LIKE '%strategy=$each'")" ok
done
expect checksums "$(sql "$work/run" 'SELECT count(DISTINCT checksum) FROM trials
    WHERE outcome = '\''ok'\')" 1
least 'cycles of none' "$(counter none gc.cycles)" 2
least 'late safepoints' "$(counter late strategy/late.calls)" 4
least 'the longest stop under late' "$(sql "$work/run" "SELECT max(pause_ns) FROM pauses
    WHERE id LIKE '%strategy=late'")" 1900000
least 'slow allocations' "$(counter refuse strategy/refuse.calls)" 20
least 'calls of the tuner' "$(counter tuner strategy/tuner.calls)" 1
expect writes-host "$(sql "$work/run" "SELECT DISTINCT outcome FROM trials
    WHERE id LIKE '%strategy=writes-host'")" invalid
detail=$(sql "$work/run" "SELECT detail FROM trials
    WHERE id LIKE '%strategy=writes-host' LIMIT 1")
case $detail in
"M5: strategy/writes-host has written m->host"*) ;;
*) fail "writes-host is told '$detail' instead of M5" ;;
esac

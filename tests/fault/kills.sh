#!/bin/sh
# fault/kills.sh: goal: whoever kills the coordinator or a worker, whenever, loses the trial in hand and
# nothing else. Method: a matrix of the lab's cells and of those peers that are there, killed at
# seeded random moments, every third time the worker instead of the coordinator; each time the run
# goes on. In the end every trial is there once, whole, and nothing of the run is running; a trial is
# crashed only if its worker was killed, or its coordinator in two attempts of it (lab.R6, store.SA2).
# usage: kills.sh [KILLS [SEED]]; default 8 kills, seed 20. STWLAB_GO names the Gos that take part.
. "$(dirname "$0")/common.sh"

kills=${1:-8} seed=${2:-20} runtimes=stwlab latest_ms=1500
[ ! -x "$(dirname "$STWLAB")/peers/bdwgc" ] || runtimes="$runtimes, bdwgc"
[ -z "${STWLAB_GO:-}" ] || runtimes="$runtimes, go"
[ -z "${STW_SANITIZE:-}" ] || latest_ms=4000
cat >"$work/x.ini" <<END
[experiment]
name = kills
question = What is lost when the lab is killed?
workload = tree
trials = 1000
seed = 7
[axes]
runtime = $runtimes
[fixed]
depth = 12
operations = 20
mutators = 1
END

# Of this script: processes that have its mark, but for itself, its subshells and tools.
left()
{
    for each in $(grep -ls "STW_FAULT_MARK=$work" /proc/[0-9]*/environ); do
        case $(cat "${each%environ}comm" 2>/dev/null) in
        stwlab | stwlab-guard | bdwgc | peer-*) echo "$each" | tr -dc 0-9; echo ;;
        esac
    done
}
expect_none_left()
{
    for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        [ -z "$(left)" ] && return
        sleep 0.2
    done
    fail "still running after kill $round: $(ps -o pid,args -p "$(left | tr '\n' ' ')")"
}

# Peers are compiled once, which takes longer than any kill waits.
"$STWLAB" run "$work/x.ini" -o "$work/compiled" --trials 1 --quiet >"$work/out" 2>&1 ||
    fail "without kills: $(cat "$work/out")"

round=0 of_workers=0
while [ $round -lt "$kills" ]; do
    round=$((round + 1))
    delay=$(awk -v s="$seed" -v r=$round -v l=$latest_ms \
        'BEGIN { srand(1000 * s + r); printf "%.3f", (0.1 + 0.9 * rand()) * l / 1000 }')
    "$STWLAB" run "$work/x.ini" -o "$work/run" --resume --quiet >"$work/out" 2>"$work/err" &
    coordinator=$!
    sleep "$delay"
    if [ $((round % 3)) -eq 0 ]; then
        for child in $(cat "/proc/$coordinator/task/$coordinator/children" 2>/dev/null); do
            [ "$(cat "/proc/$child/comm" 2>/dev/null)" = stwlab ] || continue
            kill -9 "$child" 2>/dev/null && of_workers=$((of_workers + 1))
        done
        sleep 0.1
    fi
    kill -9 $coordinator 2>/dev/null
    wait $coordinator 2>/dev/null
    expect_none_left
    [ ! -s "$work/run/results.sqlite" ] || expect "integrity after kill $round" \
        "$(sqlite3 "$work/run/results.sqlite" 'PRAGMA integrity_check')" ok
done

# The rest of a run that is no longer than what is stored: it may grow, but not shrink.
stored=$(sql "$work/run" 'SELECT max(trial) + 2 FROM trial')
sed -i "s/^trials = .*/trials = $stored/" "$work/x.ini"
"$STWLAB" run "$work/x.ini" -o "$work/run" --resume --quiet >"$work/out" 2>"$work/err"
[ $? -le 1 ] || fail "the last run: $(cat "$work/err")"
expect_none_left
cells=$(sql "$work/run" 'SELECT count(*) FROM cell')
expect_whole "$work/run" $((cells * stored))
expect "outcomes" "$(sql "$work/run" "SELECT DISTINCT outcome FROM trials
    WHERE outcome NOT IN ('ok', 'crashed')")" ''
# A trial that ran at two kills of the coordinator is held to be their cause: two attempts of it.
crashed=$(sql "$work/run" "SELECT count(*) FROM trials WHERE outcome = 'crashed'")
twice=$(sql "$work/run" "SELECT count(*) FROM trials t WHERE outcome = 'crashed' AND attempt = 2
    AND detail LIKE 'the coordinator ended while this trial ran, and so it did%'
    AND 2 = (SELECT count(*) FROM attempts a WHERE a.cell = t.cell AND a.trial = t.trial)")
[ "$crashed" -le $((of_workers + twice)) ] ||
    fail "$crashed crashed, $of_workers workers and $twice twice with the coordinator were killed:
$(sql "$work/run" "SELECT id, trial, attempt, detail FROM trials WHERE outcome = 'crashed'")"
expect "open attempts" "$(sql "$work/run" 'SELECT count(*) FROM attempt')" 0
echo "$kills kills ($of_workers of workers), $runtimes: $((cells * stored)) trials, $crashed crashed"

#!/bin/sh
# fault/boundary.sh: goal: whatever a trial does, the coordinator waits for it in bounded time, goes on
# after it, and leaves nothing of it behind, also when it is killed itself. Method: strategies that
# leave their group, have themselves traced, read the run that is being written (lab.R5), leave processes
# behind, and kill the coordinator; and interrupts before the first trial. Without the sandbox, which
# forbids most of that: what holds here holds whatever a plugin is permitted.
. "$(dirname "$0")/common.sh"

outcome() # RUN STRATEGY
{
    sql "$work/$1" "SELECT group_concat(DISTINCT outcome) FROM trials WHERE id LIKE '%=$2'"
}

# Bounded waits: three trials that would keep the coordinator for ever.
bad='joins-group, traced, reads-store'
if [ "${STW_SANITIZE:-}" = thread ]; then
    skip_part "a trial that is traced: not under ThreadSanitizer"
    bad='joins-group, reads-store'
fi
experiment 1 "none, $bad, presize" "$work/x.ini" 'sandbox = off' 'timeout = 2s'
timeout 100 "$STWLAB" run "$work/x.ini" -o "$work/run" --plugin-path "$STW_FAULT_PLUGINS" \
    --set axes.n=100 >"$work/out" 2>"$work/err"
expect "exit status" $? 1
expect joins-group "$(outcome run joins-group)" timed-out
[ "${STW_SANITIZE:-}" = thread ] || expect traced "$(outcome run traced)" crashed
expect reads-store "$(outcome run reads-store)" timed-out
expect none "$(outcome run none)" ok
expect presize "$(outcome run presize)" ok
expect_no_workers

# A trial that kills the coordinator is lost once, then crashed; all others are run.
experiment 3 'none, kills-coordinator' "$work/k.ini" 'sandbox = off' 'timeout = 5s'
rounds=0 status=137
while [ $status -gt 128 ]; do
    rounds=$((rounds + 1))
    [ $rounds -lt 10 ] || fail "the run does not come to its end: $(cat "$work/err")"
    run "$work/k.ini" "$work/kill" --resume --set axes.n=100
    status=$?
done
expect "exit status at last" $status 1
expect_whole "$work/kill" 6
expect "all others" "$(outcome kill none)" ok
expect "starts" $rounds 7
expect "those that kill" "$(outcome kill kills-coordinator)" crashed
expect "attempts" "$(sql "$work/kill" "SELECT group_concat(outcome) FROM (SELECT outcome
    FROM attempts WHERE id LIKE '%kills%' ORDER BY trial, attempt)")" \
    'lost,crashed,lost,crashed,lost,crashed'
expect "notes" "$(sql "$work/kill" 'SELECT count(*) FROM attempt')" 0

# --retry: failed trials once more; the earlier outcome stays. The detail of the last says which.
experiment 2 'none, exit' "$work/r.ini" 'sandbox = off'
run "$work/r.ini" "$work/again" --set axes.n=100
run "$work/r.ini" "$work/again" --set axes.n=100 --retry
expect "exit status of --retry alone" $? 2
run "$work/r.ini" "$work/again" --set axes.n=100 --resume --retry
expect "exit status" $? 1
grep -q '^2 trials run, 2 stored before' "$work/out" || fail "retried: $(tail -1 "$work/out")"
expect "attempts" "$(sql "$work/again" 'SELECT id, max(attempt), count(*) FROM attempts GROUP BY cell')" \
    'strategy=none|1|2
strategy=exit|2|4'
expect_whole "$work/again" 4

# What is left behind when the coordinator is killed: by the guard.
experiment 1 'leaves-and-spins' "$work/l.ini" 'sandbox = off'
"$STWLAB" run "$work/l.ini" -o "$work/left" --plugin-path "$STW_FAULT_PLUGINS" \
    >"$work/out" 2>"$work/err" &
coordinator=$!
for try in $(seq 200); do
    [ "$(workers | wc -l)" -ge 2 ] && break
    sleep 0.05
done
[ "$(workers | wc -l)" -ge 2 ] || fail "nothing was left behind"
kill -9 $coordinator
wait $coordinator 2>/dev/null
expect_no_workers
experiment 1 'none, leaves-child' "$work/c.ini" 'sandbox = off'
run "$work/c.ini" "$work/child" --set axes.n=100
expect "the mark of what was left" \
    "$(sql "$work/child" "SELECT group_concat(note, '') FROM trials")" \
    'left 1 process behind, killed'

# Before the first trial an interrupt ends the run at once, with a word: here the lab asks a Go for its
# version, which does not answer.
printf '#!/bin/sh\n: >"$0.asked"\nexec sleep 50\n' >"$work/go"
chmod +x "$work/go"
experiment 1 'none' "$work/g.ini" 'sandbox = off'
"$STWLAB" run "$work/g.ini" -o "$work/none" --go "$work/go" --set fixed.runtime=go \
    >"$work/out" 2>"$work/err" &
coordinator=$!
for try in $(seq 200); do
    [ -e "$work/go.asked" ] && break
    sleep 0.05
done
kill -INT $coordinator || fail "it did not wait: $(cat "$work/err")"
wait $coordinator
expect "exit status when interrupted early" $? 1
expect "what it says" "$(cat "$work/err")" 'stwlab run: interrupted'

#!/bin/sh
# fault/interrupt.sh: the first interrupt finishes the trial in hand and says how to go on, the
# second drops it; neither leaves a worker, and --resume runs exactly what is missing.
. "$(dirname "$0")/common.sh"

experiment 100 'none, presize' "$work/x.ini"
run="$work/the run's \$folder"
"$STWLAB" run "$work/x.ini" -o "$run" >"$work/out" 2>"$work/err" &
coordinator=$!
await_trials "$run" 5
kill -INT $coordinator
wait $coordinator
expect "exit status when interrupted" $? 1
rest=$(sed -n 's/.*to run what is missing: stwlab //p' "$work/err")
[ -n "$rest" ] || fail "it does not say how to go on: $(cat "$work/err")"
expect_no_workers
stored=$(sql "$run" 'SELECT count(*) FROM trial')
[ "$stored" -lt 400 ] || fail "the interrupt came too late to stop anything"
expect "outcomes" "$(sql "$run" 'SELECT DISTINCT outcome FROM trials')" ok
eval "\"$STWLAB\" $rest" >"$work/out" 2>"$work/err" # the line can be pasted
expect "exit status of the rest" $? 0
expect_whole "$run" 400
grep -q "$((400 - stored)) trials run, $stored stored before" "$work/out" ||
    fail "it ran more than was missing: $(tail -1 "$work/out")"

experiment 1 'none, hang' "$work/hang.ini" 'timeout = 60s'
"$STWLAB" run "$work/hang.ini" -o "$work/hang" --plugin-path "$STW_FAULT_PLUGINS" \
    >"$work/out" 2>"$work/err" &
coordinator=$!
for try in $(seq 1000); do # until a cell that hangs is under way
    [ "$(sql "$work/hang" "SELECT count(*) FROM attempt JOIN cell USING (cell)
        WHERE id LIKE '%hang'" 2>/dev/null)" = 1 ] && break
    sleep 0.05
done
[ "$try" -lt 1000 ] || fail "no cell that hangs has begun: $(cat "$work/err")"
kill -INT $coordinator
sleep 0.5
kill -0 $coordinator || fail "the first interrupt did not wait for the trial in hand"
kill -INT $coordinator
for try in $(seq 50); do
    kill -0 $coordinator 2>/dev/null || break
    sleep 0.1
done
kill -0 $coordinator 2>/dev/null && { kill -9 $coordinator; fail "two interrupts do not end it"; }
wait $coordinator
expect "exit status after two interrupts" $? 1
expect_no_workers
expect "the dropped trial" \
    "$(sql "$work/hang" "SELECT count(*) FROM trials WHERE id LIKE '%hang'")" 0

#!/bin/sh
# fault/reader.sh: whoever waits for a commit reads results.sqlite at any time. A reader who stays in a
# transaction keeps the run waiting, which is said once; it goes on when the reader is done, and two
# interrupts end the wait.
. "$(dirname "$0")/common.sh"

mkfifo "$work/orders"
start_reader() # RUN
{
    sqlite3 -readonly "$1/results.sqlite" <"$work/orders" >"$work/read" &
    reader=$!
    exec 9>"$work/orders"
    printf '.timeout 10000\nBEGIN;\nSELECT count(*) FROM trial;\n' >&9 # a commit may be under way
    for try in $(seq 100); do
        [ -s "$work/read" ] && return
        sleep 0.05
    done
    fail "the reader cannot read"
}
stop_reader()
{
    exec 9>&-
    wait $reader
}
await_notice()
{
    for try in $(seq 200); do
        grep -q "waiting for a reader of $1/results.sqlite" "$work/err" && return
        sleep 0.05
    done
    fail "the wait is not told: $(cat "$work/err")"
}

experiment 1 'none' "$work/x.ini"
run "$work/x.ini" "$work/run"
experiment 20 'none' "$work/x.ini"
start_reader "$work/run"
"$STWLAB" run "$work/x.ini" -o "$work/run" --resume >"$work/out" 2>"$work/err" 9>&- &
coordinator=$!
await_notice "$work/run"
sleep 10 # longer than it was ever willing to wait before
kill -0 $coordinator || fail "the run did not wait: $(cat "$work/err")"
expect "notices" "$(grep -c 'waiting for a reader' "$work/err")" 1
stop_reader
wait $coordinator
expect "exit status after the wait" $? 0
expect_whole "$work/run" 40

# Who waits reads at any time.
experiment 2000 'none' "$work/x.ini"
"$STWLAB" run --quiet "$work/x.ini" -o "$work/busy" >"$work/out" 2>"$work/err" &
coordinator=$!
await_trials "$work/busy" 5
for try in $(seq 60); do
    sqlite3 -readonly -cmd '.timeout 5000' "$work/busy/results.sqlite" \
        'SELECT count(*) FROM trials' >"$work/read" 2>&1 || fail "sqlite3: $(cat "$work/read")"
done
for try in $(seq 10); do
    "$STWLAB" show "$work/busy" >"$work/read" 2>&1 || fail "show: $(cat "$work/read")"
done
kill -0 $coordinator || fail "the run was over before it was read"
kill -INT $coordinator
wait $coordinator

experiment 2000 'none' "$work/x.ini"
"$STWLAB" run "$work/x.ini" -o "$work/run" --resume >"$work/out" 2>"$work/err" &
coordinator=$!
await_trials "$work/run" 60
start_reader "$work/run"
await_notice "$work/run"
kill -INT $coordinator
sleep 0.5
kill -0 $coordinator || fail "one interrupt ended the wait"
kill -INT $coordinator
wait $coordinator
expect "exit status after two interrupts" $? 1
grep -q -- --resume "$work/err" || fail "it does not say how to go on: $(cat "$work/err")"
expect_no_workers
stop_reader
expect "integrity" "$(sql "$work/run" 'PRAGMA integrity_check')" ok

#!/bin/sh
# fault/folder.sh: a run folder that cannot be used is one clear message and the right exit status.
. "$(dirname "$0")/common.sh"

experiment 1 'none' "$work/x.ini"

expect_message() # STATUS TEXT
{
    expect "lines of '$(cat "$work/err")'" "$(wc -l <"$work/err")" 1
    grep -q "$2" "$work/err" || fail "no '$2' in: $(cat "$work/err")"
}

run "$work/x.ini" /proc/stwlab-run
expect "exit status for a folder that cannot be made" $? 3
expect_message 3 'cannot create the run folder /proc/stwlab-run'

echo precious >"$work/file"
run "$work/x.ini" "$work/file"
expect "exit status for a file in its place" $? 3
expect_message 3 'Not a directory'
expect "the file" "$(cat "$work/file")" precious

if [ "$(id -u)" -ne 0 ]; then
    mkdir -m 555 "$work/locked"
    run "$work/x.ini" "$work/locked/run"
    expect "exit status for an unwritable folder" $? 3
    expect_message 3 'Permission denied'
fi

run "$work/x.ini" "$work/run"
expect "exit status of a good run" $? 0
run "$work/x.ini" "$work/run"
expect "exit status for a run that exists" $? 2
expect_message 2 'exists already; use --resume or another -o'

experiment 1 'none, presize' "$work/other.ini"
run "$work/other.ini" "$work/run" --resume
expect "exit status for another experiment" $? 2
expect_message 2 'holds another experiment'
expect_whole "$work/run" 2

experiment 400 'none' "$work/long.ini"
"$STWLAB" run "$work/long.ini" -o "$work/long" --quiet >/dev/null 2>&1 &
coordinator=$!
await_trials "$work/long" 1
run "$work/long.ini" "$work/long" --resume
expect "exit status for a run in use" $? 2
expect_message 2 'is in use by another stwlab run'
kill -TERM $coordinator
wait $coordinator
expect_no_workers

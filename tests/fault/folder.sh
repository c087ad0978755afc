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
else
    skip_part "an unwritable folder: root writes everywhere"
fi

run "$work/x.ini" "$work/run"
expect "exit status of a good run" $? 0
run "$work/x.ini" "$work/run"
expect "exit status for a run that exists" $? 2
expect_message 2 'exists already; use --resume or another -o'
run "$work/x.ini" "$work/run" --dry-run
expect "exit status for the dry run of a run that exists" $? 2
expect_message 2 'exists already; use --resume or another -o'
run "$work/x.ini" "$work/run" --dry-run --resume
expect "exit status for the dry run of a run that goes on" $? 0
run "$work/x.ini" "$work/none" --dry-run
expect "exit status for the dry run of a new run" $? 0
[ ! -e "$work/none" ] || fail "a dry run made its folder"

experiment 1 'presize' "$work/other.ini"
run "$work/other.ini" "$work/run" --resume
expect "exit status for another experiment" $? 2
expect_message 2 'holds another experiment'
expect_whole "$work/run" 2

cp -r "$work/run" "$work/rebuilt"
sqlite3 "$work/rebuilt/results.sqlite" "UPDATE start_fact SET value='beef'
    WHERE key='workload/map-merge'"
run "$work/x.ini" "$work/rebuilt" --resume
expect "exit status for another build of a plugin" $? 2
expect_message 2 'holds trials of another build of workload/map-merge: was beef, is '

# Damaged in several ways: run and show agree that it is bad input.
expect_bad_file() # WHAT
{
    run "$work/x.ini" "$work/bad" --resume
    expect "exit status of run for $1" $? 2
    expect_message 2 "$work/bad/results.sqlite"
    run "$work/x.ini" "$work/bad" --resume --dry-run
    expect "exit status of a dry run for $1" $? 2
    "$STWLAB" show "$work/bad" >/dev/null 2>"$work/err"
    expect "exit status of show for $1" $? 2
}
mkdir "$work/bad"
seq 2000 >"$work/bad/results.sqlite"
expect_bad_file "no database"
head -c 8192 "$work/run/results.sqlite" >"$work/bad/results.sqlite"
expect_bad_file "a database cut off"
rm "$work/bad/results.sqlite"
sqlite3 "$work/bad/results.sqlite" 'CREATE TABLE mine(x)'
expect_bad_file "a database of others"
cp "$work/run/results.sqlite" "$work/bad/results.sqlite"
sqlite3 "$work/bad/results.sqlite" 'DROP TABLE run'
expect_bad_file "a database without its tables"

# The limit of a file's size: too little for the database, then for a record.
expect_limited() # BLOCKS TEXT
{
    (ulimit -f "$1" && run "$work/x.ini" "$work/limited$1")
    expect "exit status with files of at most $1 blocks" $? 3
    expect_message 3 "$2"
}
if [ "${STW_SANITIZE:-}" = thread ]; then
    skip_part "files of 4 KiB: ThreadSanitizer's shadow of constants is a file, too"
else
    expect_limited 8 "cannot create $work/limited8/results.sqlite: .*: File too large"
fi
expect_limited 2000 'cannot make the record of a trial .*: File too large'

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

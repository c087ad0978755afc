#!/bin/sh
# fault/busy.sh: goal: what the machine did is stored beside the trials; where it was busy, run, show
# and compare say so after their tables and in their JSON, and exit with 4 if they are told to
# require a quiet one; where it was not, they say nothing.
# Method: a small run, whose stored numbers are then made those of a quiet machine, and of a busy one.
. "$(dirname -- "$(readlink -f -- "$0")")/common.sh"

experiment 6 none "$work/x.ini"
run "$work/x.ini" "$work/run" || fail "the run: $(cat "$work/err")"
expect "trials with a lap" \
    "$(sql "$work/run" "SELECT count(*) > 0 AND min(wall_ns) >= 20000000 AND min(processors) > 0
        AND count(busy_ns) = count(*) AND count(own_ns) = count(*) FROM machine_times")" 1
expect "keys of a start" "$(sql "$work/run" "SELECT group_concat(key, ' ') FROM
    (SELECT key FROM starts WHERE key IN ('load', 'running', 'steal_ns') ORDER BY key)")" \
    "load running steal_ns"

forge() # SQL
{
    sqlite3 "$work/run/results.sqlite" "UPDATE counter SET value = 0
        WHERE name = 'machine.hiccups_over_1ms'; DELETE FROM machine_time; $1"
}

# status COMMAND...: runs it, and sets $status
status()
{
    status=0
    "$STWLAB" "$@" >"$work/out" 2>"$work/err" || status=$?
}

# says NAME STATUS yes|no COMMAND...: whether it tells of a busy machine
says()
{
    name=$1 wanted=$2 tells=$3
    shift 3
    status "$@"
    expect "$name: exit status" $status "$wanted"
    if grep -q '^The machine was busy: do not read times' "$work/out"; then told=yes; else told=no; fi
    expect "$name: tells" $told "$tells"
}

forge "INSERT INTO machine_time SELECT trial_id, 1000000000, 2, 200000000, 150000000, 0, 0 FROM trial"
says "show of a quiet run" 0 no show "$work/run" --require-quiet
says "compare in a quiet run" 0 no compare --metric cpu "$work/run" n=100 n=200 --require-quiet
says "a quiet run" 0 no run "$work/x.ini" -o "$work/run" --resume --require-quiet
"$STWLAB" show "$work/run" --json | tr -d ' \n' | grep -q '"noise":{"busy":false,' ||
    fail "JSON of a quiet run"

forge "INSERT INTO machine_time SELECT trial_id, 1000000000, 2, 1900000000, 900000000, 0, 0 FROM trial"
says "show" 0 yes show "$work/run"
says "show --require-quiet" 4 yes show "$work/run" --require-quiet
grep -q 'was busy, and --require-quiet' "$work/err" || fail "no word of it: $(cat "$work/err")"
says "show --cell" 4 yes show "$work/run" --cell 'n=100' --require-quiet
says "compare" 0 yes compare --metric cpu "$work/run" n=100 n=200
says "compare --by" 4 yes compare --metric cpu "$work/run" --by n --require-quiet
says "compare of runs" 4 yes compare --metric cpu "$work/run" "$work/run" --require-quiet
grep -q 'second run: other programs took 50 %' "$work/out" || fail "runs: $(cat "$work/out")"
says "run" 0 yes run "$work/x.ini" -o "$work/run" --resume
says "run --require-quiet" 4 yes run "$work/x.ini" -o "$work/run" --resume --require-quiet
says "run --quiet --require-quiet" 4 no run "$work/x.ini" -o "$work/run" --resume --quiet \
    --require-quiet
is_in_json() # COMMAND...
{
    status "$@" --json --require-quiet
    expect "$1 --json: exit status" $status 4
    expect "$1 --json" "$(sqlite3 :memory: "SELECT json_extract(j, '\$.noise.busy') || ' '
        || json_extract(j, '\$.noise.findings[0].kind')
        FROM (SELECT CAST(readfile('$work/out') AS TEXT) AS j)")" "1 others"
}
is_in_json show "$work/run"
is_in_json show "$work/run" --cell n=100 --trial 1
is_in_json compare --metric cpu "$work/run" n=100

# A trial that failed outranks the machine.
sqlite3 "$work/run/results.sqlite" "UPDATE trial
    SET outcome = 'crashed', expected = NULL WHERE trial_id = 1"
says "a busy run that failed" 1 yes run "$work/x.ini" -o "$work/run" --resume --require-quiet

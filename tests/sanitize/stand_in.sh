#!/bin/sh
# sanitize/stand_in.sh: goal: the stand-in for Criterion passes and fails what it must.
# Method: `stand_in.sh PROGRAM` runs each test of stand_in.c alone and all of them together.
set -eu

program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
TSAN_OPTIONS=exitcode=66:log_path=stderr
export TSAN_OPTIONS

fail() {
    cat "$work/out"
    echo "FAILED: $*"
    exit 1
}

# expect STATUS TEST [TEXT]...: alone it ends the program with STATUS and says each TEXT
expect() {
    status=0
    "$program" --filter "suite/$2" >"$work/out" 2>&1 || status=$?
    [ "$status" -eq "$1" ] || fail "$2: exit status $status"
    name=$2
    shift 2
    for text; do
        grep -q "$text" "$work/out" || fail "$name does not say '$text'"
    done
}

expect 0 passes_when_every_check_holds '1 tests, 1 passed'
expect 0 passes_by_its_signal
expect 0 passes_by_its_exit_code
expect 0 passes_when_skipped 'stand_in.c:[0-9]*: skipped: on purpose'
expect 1 fails_at_an_assertion 'stand_in.c:[0-9]*: failed: lt(2, 1, .*): two is more' \
    'suite/fails_at_an_assertion: FAILED'
expect 1 fails_by_an_expectation_and_goes_on 'failed: str_eq("a", "b")' 'failed: gt(1, 2)'
expect 1 fails_in_a_process_that_it_forked 'stand_in.c:[0-9]*: failed'
expect 1 fails_without_its_signal 'ended by signal 0'
expect 1 fails_by_a_signal 'ended by signal 15'
expect 1 fails_by_leaving_early 'status 0, before its end'
expect 1 fails_when_its_time_is_up 'ended by signal 14'
expect 1 fails_by_a_race 'SUMMARY: ThreadSanitizer: data race' 'status 66'
expect 1 no_such_test '0 tests'
expect 1 '*' '12 tests, 4 passed'

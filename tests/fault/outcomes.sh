#!/bin/sh
# fault/outcomes.sh: one matrix with strategies that crash, hang, exit, take all memory and write
# over their record. All other cells complete, each failure is typed and explained, exit status 1.
. "$(dirname "$0")/common.sh"

bad='crash, hang, hog, hog-malloc, exit, scribble, overflow'
case ${STW_SANITIZE:-} in
address)
    skip_part "stacks that overflow and limits of memory: not under a sanitizer"
    bad='crash, hang, exit, scribble'
    ;;
thread)
    skip_part "as under AddressSanitizer, and where a hang was, and a record that is overwritten"
    bad='crash, hang, exit'
    ;;
esac
experiment 2 "none, $bad, presize" "$work/x.ini" 'timeout = 3s' 'memory = 256MiB'
# Two mutators: both misbehave at the same moment.
run "$work/x.ini" "$work/run" --set fixed.mutators=2
expect "exit status" $? 1

outcomes()
{
    sql "$work/run" "SELECT DISTINCT outcome FROM trials WHERE id LIKE '% strategy=$1'"
}
detail()
{
    sql "$work/run" "SELECT detail FROM trials WHERE id LIKE '% strategy=$1' LIMIT 1"
}
expect_detail()
{
    case $(detail "$1") in
    *"$2"*) ;;
    *) fail "the detail of $1 lacks '$2': $(detail "$1")" ;;
    esac
}

expect none "$(outcomes none)" ok
expect presize "$(outcomes presize)" ok
expect crash "$(outcomes crash)" crashed
expect_detail crash 'SIGSEGV at 0x0'
expect_detail crash 'strategy/crash.merge < '
expect_detail crash ' in crash.so+0x'
expect_detail crash ' (merge), at site "'
if [ -z "${STW_SANITIZE:-}" ]; then
    expect overflow "$(outcomes overflow)" crashed
    expect_detail overflow ', a stack overflow of mutator 1: its stack has 2048 KiB'
fi
expect hang "$(outcomes hang)" timed-out
expect_detail hang 'last calls: strategy/hang.merge < '
if [ "${STW_SANITIZE:-}" != thread ]; then # it keeps signals back until a system call
    expect_detail hang ' was in hang.so+0x'
    expect_detail hang ' (merge), at site "'
fi
expect exit "$(outcomes exit)" crashed
expect_detail exit 'exited with status 0 without a result'
case $(outcomes scribble) in
invalid | crashed) ;;
'') [ "${STW_SANITIZE:-}" = thread ] || fail "scribble did not run" ;;
*) fail "scribble: $(outcomes scribble): $(detail scribble)" ;;
esac
if [ -z "${STW_SANITIZE:-}" ]; then
    expect hog "$(outcomes hog)" out-of-memory
    expect hog-malloc "$(outcomes hog-malloc)" out-of-memory
fi
expect_no_workers
expect "integrity" "$(sql "$work/run" 'PRAGMA integrity_check')" ok
expect "a failed cell has no pauses" \
    "$(sql "$work/run" "SELECT sum(pause_count) FROM cells WHERE ok = 0")" 0

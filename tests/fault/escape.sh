#!/bin/sh
# fault/escape.sh: a worker's child that leaves its group and session does not outlive the trial;
# without the permission there is no such child.
. "$(dirname "$0")/common.sh"

experiment 2 'none, escape' "$work/x.ini"
run "$work/x.ini" "$work/run" --set 'permissions.strategy/escape=processes'
expect "exit status" $? 0
[ -z "$(workers)" ] || fail "workers were left behind: $(workers)"
expect_whole "$work/run" 8
expect "outcomes" "$(sql "$work/run" 'SELECT DISTINCT outcome FROM trials')" ok
expect "marked" "$(sql "$work/run" "SELECT DISTINCT note FROM trials WHERE id LIKE '%escape'")" \
    'left 2 processes behind, killed'
expect "not marked" "$(sql "$work/run" "SELECT DISTINCT note FROM trials WHERE id LIKE '%none'")" ''
[ -z "${STW_SANITIZE:-}" ] || { skip_part "the sandbox: sanitizers have none"; exit 0; }
expect "sandbox" "$(sql "$work/run" "SELECT value FROM environment WHERE key = 'sandbox'")" \
    'on; strategy/escape may: processes'
run "$work/x.ini" "$work/run2"
expect "exit status without permission" $? 1
expect "outcomes without permission" "$(sql "$work/run2" "SELECT DISTINCT outcome,
    substr(detail, 1, instr(detail, ';') - 1) FROM trials WHERE id LIKE '%escape'")" \
    'forbidden|strategy/escape called clone'
run "$work/x.ini" "$work/run" --resume
expect "exit status of a resume with another sandbox" $? 2

#!/bin/sh
# fault/escape.sh: a worker's child that leaves its group and session does not outlive the trial.
. "$(dirname "$0")/common.sh"

experiment 2 'none, escape' "$work/x.ini"
run "$work/x.ini" "$work/run"
expect "exit status" $? 0
[ -z "$(workers)" ] || fail "workers were left behind: $(workers)"
expect_whole "$work/run" 8
expect "outcomes" "$(sql "$work/run" 'SELECT DISTINCT outcome FROM trials')" ok
expect "marked" "$(sql "$work/run" "SELECT DISTINCT note FROM trials WHERE id LIKE '%escape'")" \
    'left 2 processes behind, killed'
expect "not marked" "$(sql "$work/run" "SELECT DISTINCT note FROM trials WHERE id LIKE '%none'")" ''

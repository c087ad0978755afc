#!/bin/sh
# fault/operations.sh: goal: what a workload says of its operations is held against its manifest, and
# is of the operation in which it is said. Method: plugins/operations.c.
. "$(dirname "$0")/common.sh"

printf '[experiment]\nname = x\nquestion = q\nworkload = operations\ntrials = 1\n[axes]\n' >"$work/x.ini"
printf 'says = nothing, undeclared, in-setup\n' >>"$work/x.ini"
run "$work/x.ini" "$work/run"
expect "exit status" $? 1
expect "a class that is not declared" "$(sql "$work/run" "SELECT outcome, detail LIKE
    'operation-class: an operation is of a class that the workload''s manifest does not declare%'
    FROM trials WHERE id LIKE '%undeclared%'")" 'invalid|1'
expect "what is said in setup" "$(sql "$work/run" "SELECT count(*), (SELECT count(*) FROM op_times)
    FROM trials WHERE outcome = 'ok' AND operations = 3")" '2|0'

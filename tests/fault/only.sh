#!/bin/sh
# fault/only.sh: run --only: the trials of some cells, named as everywhere; --resume runs the rest.
# Method: which cells have trials is held against which were named.
. "$(dirname "$0")/common.sh"

experiment 2 'none, presize' "$work/x.ini"

has() # WHAT: the cells of $work/run with their numbers of trials
{
    expect "trials $1" "$(sql "$work/run" "SELECT group_concat(cell || ':' || n) FROM
        (SELECT cell, count(*) AS n FROM trials GROUP BY cell ORDER BY cell)")" "$2"
}

tells() # FILE WORDS
{
    grep -q -- "$2" "$1" || fail "it does not tell '$2': $(cat "$1")"
}

# What would run, and what it would be refused for.
run "$work/x.ini" "$work/run" --dry-run --only n=200 || fail "$(cat "$work/err")"
tells "$work/out" '^trials: 4 to run$'
expect "cells told" "$(grep -c '^ *[0-9]*  *[12]00 ' "$work/out")" 2
run "$work/x.ini" "$work/run" --only n=300
expect "exit status without such cells" $? 2
tells "$work/err" 'no cell has n=300'
run "$work/x.ini" "$work/run" --only 'strategy=presiz'
expect "exit status of a misspelt value" $? 2
run "$work/x.ini" "$work/run" --only 'm=300'
expect "exit status of a misspelt key" $? 2
tells "$work/err" "no cell has a 'm'; did you mean 'n'?"
run "$work/x.ini" "$work/run" --only n=100 --set 'exclude.small=n == 100'
expect "exit status of skipped cells" $? 2
tells "$work/err" "nothing to run: 'n=100 strategy=none' is skipped: n == 100"
run "$work/x.ini" "$work/run" --only 0 --foreground 0
expect "exit status of --only with --foreground" $? 2
[ ! -e "$work/run" ] || fail "something was created"

# Some cells, other ones, those once more, and the rest.
run "$work/x.ini" "$work/run" --only 'n == 200 && strategy != none' || fail "$(cat "$work/err")"
has "of one cell" 3:2
tells "$work/out" '^not complete: 2 of 8 trials are stored$'
tells "$work/out" '^2 trials run, 0 stored before, 0 not ok;'
run "$work/x.ini" "$work/run" --only 0 --resume || fail "$(cat "$work/err")"
has "of two" 0:2,3:2
run "$work/x.ini" "$work/run" --only n=200 --resume --set experiment.trials=3 || fail "$(cat "$work/err")"
has "with more of them" 0:2,2:3,3:3
run "$work/x.ini" "$work/run" --resume || fail "$(cat "$work/err")"
has "of all" 0:2,1:2,2:3,3:3

# Skipped cells are recorded, whatever is asked for.
run "$work/x.ini" "$work/skips" --only n=200 --set 'exclude.small=n == 100' || fail "$(cat "$work/err")"
expect "skipped" "$(sql "$work/skips" "SELECT group_concat(DISTINCT id) FROM trials
    WHERE outcome = 'skipped'")" 'n=100 strategy=none,n=100 strategy=presize'

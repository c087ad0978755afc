#!/bin/sh
# fault/printed.sh: what a plugin prints is kept with its trial: the first and the last 4 KiB, whatever
# becomes of the process, and whatever it leaves in stdio's buffer; and `show --trial` tells it.
. "$(dirname "$0")/common.sh"

[ -z "${STW_SANITIZE:-}" ] || skip "sanitizers print too"

prints='strategy.prints'
{
    printf '[experiment]\nname = prints\nquestion = What does it print?\nworkload = map-merge\n'
    printf 'trials = 1\n[axes]\nthen = go-on, crash, kill\nlines = 1, 3000\n'
    printf '[fixed]\nn = 100\nmerges = 1\nstrategy = prints\n'
} | sed -e "s/^then/$prints.then/" -e "s/^lines/$prints.lines/" >"$work/x.ini"
run "$work/x.ini" "$work/run"
expect "exit status" $? 1

for then in go-on crash kill; do
    cell="$prints.then=$then $prints.lines=1"
    text=$("$STWLAB" show --cell "$cell" --trial 0 "$work/run") || fail "show --trial"
    expect "what $then shows" "$(echo "$text" | sed -n '/^it printed/,$p')" 'it printed 41 bytes:
  | line 000000
  |  [31mto stderr
  | no end of line'
    cell="$prints.then=$then $prints.lines=3000"
    "$STWLAB" show --cell "$cell" --trial 0 "$work/run" >"$work/text" || fail "show --trial"
    grep -q '^it printed 36029 bytes:$' "$work/text" || fail "$then: $(head -3 "$work/text")"
    grep -q '^  | line 000000$' "$work/text" || fail "$then: the first line is lost"
    grep -q '^  | line 002999$' "$work/text" || fail "$then: the last line is lost"
    grep -q '^  | no end of line$' "$work/text" || fail "$then: what has no end of line is lost"
    grep -q '^  \.\.\. 27837 bytes were not kept \.\.\.$' "$work/text" || fail "$then: $(cat "$work/text")"
    ! grep -q 'line 001500' "$work/text" || fail "$then: more is kept than it says"
done
"$STWLAB" show --json --cell "$prints.then=crash $prints.lines=1" --trial 0 "$work/run" >"$work/json"
json()
{
    sqlite3 :memory: "SELECT readfile('$work/json') ->> '\$.$1'"
}
expect "the outcome" "$(json outcome)" crashed
expect "the bytes" "$(json printed.bytes)" 41
expect "the text" "$(json printed.head | head -1)" 'line 000000'

# A trial that prints nothing has no row.
experiment 1 none "$work/y.ini"
run "$work/y.ini" "$work/quiet" || fail "a quiet run: $(cat "$work/err")"
expect "rows of a quiet run" "$(sql "$work/quiet" 'SELECT count(*) FROM output')" 0
"$STWLAB" show --cell 'n=100' --trial 0 "$work/quiet" | grep -qx 'it printed nothing' ||
    fail "a quiet trial"
"$STWLAB" show --cell 'n=100' --trial 1 "$work/quiet" 2>"$work/err"
expect "exit status for a trial that is not there" $? 2
grep -q "cell 'n=100' has no trial 1; the first is 0" "$work/err" || fail "$(cat "$work/err")"

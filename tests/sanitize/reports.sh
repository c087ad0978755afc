#!/bin/sh
# sanitize/reports.sh: goal: a trial in which a sanitizer complained is never ok, and what it said
# is there to be read. Method: strategies that are wrong in one way each, with reports into a folder
# and with reports into the worker's output; the trials of `none` beside them stay ok.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

case ${STW_SANITIZE:?address or thread} in
address) wrong='overflow undefined leak' ;;
thread) wrong='race' ;;
esac
cat >"$work/x.ini" <<END
[experiment]
name = wrong
question = What becomes of a trial that a sanitizer complains about?
workload = map-merge
trials = 1
seed = 7
[axes]
strategy = none, $(echo "$wrong" | sed 's/ /, /g')
[fixed]
n = 100
merges = 20
mutators = 2
END

# run NAME LOG_PATH: the outcomes as lines of "STRATEGY|OUTCOME|DETAIL"
run() {
    status=0
    common=exitcode=66:log_exe_name=1:log_path="'$2'"
    env ASAN_OPTIONS="$common" UBSAN_OPTIONS="$common" TSAN_OPTIONS="$common" \
        "$STWLAB" run "$work/x.ini" -o "$work/$1" --plugin-path "$STW_WRONG_PLUGINS" --quiet \
        >"$work/$1.out" 2>&1 || status=$?
    [ "$status" -eq 1 ] || fail "exit status $status: $(cat "$work/$1.out")"
    sqlite3 -readonly "$work/$1/results.sqlite" \
        "SELECT id || '|' || outcome || '|' || detail FROM trials" >"$work/$1.rows"
    grep -q 'strategy=none|ok|' "$work/$1.rows" || fail "none: $(cat "$work/$1.rows")"
}

mkdir "$work/reports"
run folder "$work/reports/report"
run output stderr
for each in $wrong; do
    for way in folder output; do
        grep -q "strategy=$each|crashed|exited with status 66" "$work/$way.rows" ||
            fail "$each: $(cat "$work/$way.rows")"
    done
    grep -Eq "strategy=$each\|.*(SUMMARY: [A-Za-z]*Sanitizer|runtime error): " \
        "$work/output.rows" || fail "$each is not explained: $(cat "$work/output.rows")"
    # gcc's UBSan keeps to the output when ASan is there, too: it sets ASan's folder, not its own.
    grep -qs "plugins/$each.c" "$work"/reports/* ||
        grep -q "strategy=$each|.*plugins/$each.c:[0-9:]* runtime error: " "$work/folder.rows" ||
        fail "the report on $each is lost: $(cat "$work/folder.rows")"
done

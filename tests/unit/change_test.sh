#!/bin/sh
# unit/change_test.sh: goal: docs/guide/change-the-lab.md is true. Method: each file that it names has
# what it says is beside the place of the change; and a counter, a key and a metric are made for real,
# by the two lines each that the guide promises, in a copy of the tree (the latter in release builds
# alone: once is enough).
set -eu
: "${STWLAB:?the path of the program under test}"
root=$(dirname -- "$(readlink -f -- "$0")")/../..
guide=$root/docs/guide/change-the-lab.md

rows=0
sed -n 's/^| `.*| `\([^`]*\)`: `\([^`]*\)` |$/\1\t\2/p' "$guide" >"${TMPDIR:-/tmp}/stw-change.$$"
trap 'rm -rf "${TMPDIR:-/tmp}/stw-change.$$" "${work:-}"' EXIT
while IFS="$(printf '\t')" read -r file anchor; do
    rows=$((rows + 1))
    grep -qF -- "$anchor" "$root/$file" || { echo "the guide: $file has no '$anchor'"; exit 1; }
done <"${TMPDIR:-/tmp}/stw-change.$$"
[ "$rows" -ge 14 ] || { echo "the guide has $rows rows, not 14"; exit 1; }

case $STWLAB in */release/*) ;; *) echo "skipped: the changes themselves are made in release builds"; exit 0 ;; esac
work=$(mktemp -d)
copy=$work/copy
mkdir "$copy"
for part in CMakeLists.txt cmake core plugins strategies experiments; do
    cp -r "$root/$part" "$copy/"
done

# add FILE ANCHOR LINE: before the first line that begins with the anchor
add()
{
    line=$3 awk -v anchor="$2" '
        !done && index($0, anchor) == 1 { print ENVIRON["line"]; done = 1 }
        { print }
        END { exit !done }' "$copy/$1" >"$work/changed"
    mv "$work/changed" "$copy/$1"
}
add core/base/facts.def '/* The collector. */' \
    'COLLECTOR(GC_VISITS, visits, "gc.visits", "", NONE, EXACT, NEITHER, LAB, "visits")'
add core/gc/cycle.c '    STW_ADD(gc->totals.cycles, 1);' \
    '    STW_ADD(gc->totals.visits, gc->options.visits_each);'
add core/base/settings.def 'SWITCH(audit' \
    'NUMBER(visits_each, "gc.visits_each", "", "3", 1, 100, "visits a cycle")'

{
    cmake -S "$copy" -B "$work/build" -DCMAKE_BUILD_TYPE=Debug -DSTW_TESTS=OFF -DSTW_WERROR=OFF
    cmake --build "$work/build" --parallel 2 \
        --target stwlab allocator_go map_go-buckets strategy_none workload_map-merge
} >"$work/log" 2>&1 || { tail -20 "$work/log"; exit 1; }

cat >"$work/x.ini" <<'END'
[experiment]
name = changed
question = does a line each do it?
workload = map-merge
trials = 2
[axes]
gc.visits_each = 3, 7
[fixed]
n = 300
schedule = stepped
gc.stress = 30
END
changed=$work/build/stwlab
"$changed" run "$work/x.ini" -o "$work/run" --quiet
"$changed" facts "$work/run" | grep -q '^gc.visits .*exact *neither *stwlab *visits$' ||
    { echo "stwlab facts does not have the counter"; exit 1; }
"$changed" compare "$work/run" --metric gc.visits gc.visits_each=7 gc.visits_each=3 |
    grep -q '^A / B = 2.333,' || { echo "it is no metric"; exit 1; }
right=$(sqlite3 "$work/run/results.sqlite" "SELECT count(*) FROM counters a JOIN counters b
    ON a.cell = b.cell AND a.trial = b.trial WHERE a.name = 'gc.cycles' AND b.name = 'gc.visits'
    AND a.value > 0 AND b.value = a.value * CASE a.cell WHEN 0 THEN 3 ELSE 7 END")
[ "$right" = 4 ] || { echo "the counter is right in $right of 4 trials"; exit 1; }

#!/bin/sh
# unit/change_test.sh: goal: docs/guide/change-the-lab.md is true. Method: each file that it names has
# what it says is beside the place of the change; and a plugin, a counter, a key, a metric, a column of
# `show` and a peer's workload are made for real, by the lines that the guide promises, in a copy of
# the tree (in release builds alone: once is enough; the peer's workload where there is a Go).
set -eu
: "${STWLAB:?the path of the program under test}"
root=$(dirname -- "$(readlink -f -- "$0")")/../..
guide=$root/docs/guide/change-the-lab.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail()
{
    echo "change_test: $*"
    exit 1
}

rows=0
sed -n 's/^| `.*| `\([^`]*\)`: `\([^`]*\)` |$/\1\t\2/p' "$guide" >"$work/rows"
while IFS="$(printf '\t')" read -r file anchor; do
    rows=$((rows + 1))
    grep -qF -- "$anchor" "$root/$file" || fail "the guide: $file has no '$anchor'"
done <"$work/rows"
[ "$rows" -ge 14 ] || fail "the guide has $rows rows, not 14"

case $STWLAB in */release/*) ;; *) echo "skipped: the changes themselves are made in release builds"; exit 0 ;; esac
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
        END { exit !done }' "$copy/$1" >"$work/changed" || fail "$1 has no line '$2'"
    mv "$work/changed" "$copy/$1"
}
# A plugin.
sed 's/"none"/"nothing"/' "$copy/strategies/none.c" >"$copy/strategies/nothing.c"
# A counter, and who counts.
add core/base/facts.def '/* The collector. */' \
    'COLLECTOR(GC_VISITS, visits, "gc.visits", "", NONE, EXACT, NEITHER, LAB, "visits")'
add core/gc/cycle.c '    STW_ADD(gc->totals.cycles, 1);' \
    '    STW_ADD(gc->totals.visits, gc->options.visits_each);'
# A key, which the same line obeys.
add core/base/settings.def 'SWITCH(audit' \
    'NUMBER(visits_each, "gc.visits_each", "", "3", 1, 100, "visits a cycle")'
# A metric that is worked out of another.
add core/base/facts.def 'TRIAL(OPERATIONS,' \
    'TRIAL(PAIRS, "operations / 2.0", "op.pairs", "", SUM, EXACT, NEITHER, ALL, "pairs")'
# A column of `show`.
add core/report/columns.c '    {"timed.cycles"' '    {"gc.visits", NULL, 8},'
# A peer's workload: its name is that of a fixture plugin.
cat >"$copy/experiments/peers/go/fixturework.go" <<'END'
package main

type fixtureWork struct{}

func newFixtureWork(p *params) workload           { return &fixtureWork{} }
func (w *fixtureWork) operations() uint64          { return 1 }
func (w *fixtureWork) setup() state                { return w }
func (w *fixtureWork) operate(number uint64)       {}
func (w *fixtureWork) checksum() uint64            { return 1 }
func (w *fixtureWork) counters() map[string]uint64 { return map[string]uint64{"go.visits": 7} }
END
add experiments/peers/go/main.go '	"map-merge":' '	"fixture-work": newFixtureWork,'
add experiments/peers/go/describe.go '	"gc.cycles",' '	"go.visits||sum|neither|visits",'

{
    cmake -S "$copy" -B "$work/build" -DCMAKE_BUILD_TYPE=Debug -DSTW_TESTS=OFF -DSTW_WERROR=OFF
    cmake --build "$work/build" --parallel 2 --target stwlab allocator_go map_go-buckets \
        strategy_none strategy_nothing workload_map-merge
} >"$work/log" 2>&1 || { tail -20 "$work/log"; exit 1; }

cat >"$work/x.ini" <<'END'
[experiment]
name = changed
question = does a line each do it?
workload = map-merge
trials = 2
[axes]
gc.visits_each = 3, 7
strategy = nothing
[fixed]
n = 300
merges = 5
schedule = stepped
gc.stress = 30
END
changed=$work/build/stwlab
"$changed" run "$work/x.ini" -o "$work/run" --quiet
"$changed" facts "$work/run" | grep -q '^gc.visits .*exact *neither *stwlab *visits$' ||
    fail "stwlab facts does not have the counter"
"$changed" compare "$work/run" --metric gc.visits gc.visits_each=7 gc.visits_each=3 |
    grep -q '^A / B = 2.333$' || fail "the counter is no metric"
"$changed" compare "$work/run" --metric op.pairs gc.visits_each=7 >"$work/pairs"
grep -qw '2\.5' "$work/pairs" || fail "the expression is no metric: $(cat "$work/pairs")"
"$changed" show --wide "$work/run" >"$work/shown"
grep -q ' visits' "$work/shown" || fail "show has no such column: $(cat "$work/shown")"
right=$(sqlite3 "$work/run/results.sqlite" "SELECT count(*) FROM counters a JOIN counters b
    ON a.cell = b.cell AND a.trial = b.trial WHERE a.name = 'gc.cycles' AND b.name = 'gc.visits'
    AND a.value > 0 AND b.value = a.value * CASE a.cell WHEN 0 THEN 3 ELSE 7 END")
[ "$right" = 4 ] || fail "the counter is right in $right of 4 trials"

go=${STWLAB_GO:-$(command -v go || true)}
[ -n "$go" ] || { echo "skipped: a peer's workload: there is no Go"; exit 0; }
printf '[experiment]\nname = p\nquestion = q\nworkload = fixture-work\ntrials = 1\n[axes]\nruntime = stwlab, go\n' \
    >"$work/p.ini"
XDG_CACHE_HOME=$work/cache "$changed" run "$work/p.ini" -o "$work/peer" --quiet --go "${go%%:*}" \
    --plugin-path "$STW_FIXTURE_PLUGINS/fixture-work.so" || { "$changed" show "$work/peer"; exit 1; }
counted=$(sqlite3 "$work/peer/results.sqlite" "SELECT value FROM counters WHERE name = 'go.visits'")
[ "$counted" = 7 ] || fail "the peer's workload counts '$counted', not 7"

#!/bin/sh
# tests/unit/stop_scaling_test.sh: experiments/stop-scaling: its files are right, and its table says
# what the results hold.
# Method: every file is dry-run. A small matrix runs, collected by force so that there are stops at
# any size; each line of the table is worked out once more from the stops, by sort and awk.
set -eu
: "${STWLAB:?the path of the program under test}" "${STW_SOURCE_DIR:?the repository}"

command -v sqlite3 >/dev/null || { echo "skipped: sqlite3 is not installed"; exit 77; }
experiment=$STW_SOURCE_DIR/experiments/stop-scaling
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail()
{
    echo "$1"
    exit 1
}

# rank PERCENT COLUMN KIND: the nearest rank of a column of stops.tsv; KIND is any, or end.
rank()
{
    awk -v kind="$3" -v column="$2" 'kind == "any" || $4 == 1 {print $column}' cell.tsv | sort -n \
        | awk -v percent="$1" '{value[NR] = $1}
               END {at = int((NR * percent + 99) / 100); print NR ? value[at] : "nan"}'
}

for file in "$experiment"/*.ini; do
    "$STWLAB" run --dry-run "$file" >out 2>&1 || fail "$file is refused: $(cat out)"
done

operations=200
[ "${STW_SANITIZE:-}" != thread ] || operations=20 # each takes ten times as long
"$STWLAB" run --quiet -o run --set experiment.trials=2 --set axes.live=64KiB,96KiB \
    --set axes.stack=2KiB,512 --set fixed.allocate=4KiB --set fixed.operations=$operations \
    --set fixed.gc.stress=50 "$experiment/modes.ini" || fail "the small matrix failed"
sh "$experiment/table.sh" run run/results.sqlite >table.tsv
[ "$(head -1 table.tsv | cut -f1-8)" = "$(printf 'mode\tlive_bytes\tstack_bytes\tmutators\tstops\t'
    printf 'median_stop_ns\tp99_stop_ns\tmedian_working_ns')" ] || fail "another header"
[ "$(wc -l <table.tsv)" -eq 25 ] || fail "not twice a line for each of 12 cells, and a header"
[ "$(awk -F '\t' 'NF != 10' table.tsv)" = "" ] || fail "not ten columns in every line"
[ "$(sed -n 2,13p table.tsv)" = "$(sed -n 14,25p table.tsv)" ] || fail "folder and file differ"

cell=0
for settings in stw/65536/2048 stw/65536/512 stw/98304/2048 stw/98304/512 rescan/65536/2048 \
    rescan/65536/512 rescan/98304/2048 rescan/98304/512 concurrent/65536/2048 \
    concurrent/65536/512 concurrent/98304/2048 concurrent/98304/512; do
    sqlite3 -tabs run/results.sqlite "SELECT p.pause_ns, p.working_ns, p.kind,
        p.kind != 'sweep-termination' FROM pauses p WHERE p.phase = 'timed'
        AND p.cell = $cell" >cell.tsv
    [ -s cell.tsv ] || fail "cell $cell has no stops to compare"
    want=$(printf '%s\t2\t%s' "$(echo "$settings" | tr / '\t')" "$(wc -l <cell.tsv | tr -d ' ')")
    for number in "50 1 any" "99 1 any" "50 2 any" "50 1 end" "50 2 end"; do
        # shellcheck disable=SC2086 # three words
        want=$(printf '%s\t%s' "$want" "$(rank $number)")
    done
    got=$(sed -n $((cell + 2))p table.tsv)
    [ "$want" = "$got" ] || fail "cell $cell: '$got', not '$want'"
    cell=$((cell + 1))
done

sh "$experiment/table.sh" nowhere >out 2>err && fail "a run that is not there is read"
grep -q '^table.sh: nowhere: neither a run nor its results.sqlite$' err || fail "$(cat err)"
sh "$experiment/table.sh" >out 2>err && fail "no run at all is read"
grep -q '^usage: table.sh RUN' err || fail "$(cat err)"

"$STWLAB" run --quiet -o fixed --set fixed.live=64KiB --set axes.stack=512 --set fixed.mutators=1 \
    --set fixed.operations=1 --set fixed.allocate=64 --set axes.gc.mode=stw \
    --set experiment.trials=1 "$experiment/modes.ini" || fail "the smallest matrix failed"
[ "$(sh "$experiment/table.sh" fixed | cut -f1-4 | tail -1)" = "$(printf 'stw\tnan\t512\tnan')" ] \
    || fail "what is no axis is not nan"

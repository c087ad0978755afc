#!/bin/sh
# bench/run.sh: goal: how fast the laboratory is beside other runtimes, each number with how sure it
# is. Method: every row is two cells of one matrix, whose trials alternate in shuffled blocks, run by
# the laboratory itself; `stwlab compare` makes the ratio and its interval, and decides by --fail-if
# whether the target is met, missed, or neither can be said yet. `./lab bench` calls it.
# docs/reference/benchmarks.md says what each row is.
# usage: run.sh [-o FOLDER] [--json FILE] [--only NAME,NAME...] [--trials N] [--quick] [--go PATH]...
#     -o        where the runs go; without it runs/bench-TIME
#     --json    also [{"name", "ratio", "low", "high", "target", "met", "why"}], null where not
#               measured or not decided
#     --trials  of each cell, in place of the matrix's own
#     --quick   a rehearsal of a few minutes: fewer trials and smaller workloads
# Exit status: 0 nothing that was measured misses its target, 1 something does or went wrong, 2 bad
# usage, 3 the machine lacks something.
set -eu

here=$(dirname -- "$(readlink -f -- "$0")")
root=$(dirname -- "$(dirname -- "$here")")
stwlab=${STWLAB:-$root/build/release/stwlab}
plugins=${STWLAB_BENCH_PLUGINS:-$root/build/release/bench-plugins}
work=$root/runs/bench-$(date -u +%Y%m%dT%H%M%SZ)-$$
json= only= trials= quick=
nodes=8388607    # of mark.ini's tree

# name|matrix|metric|A|B|direction|target|unit: the ratio is A's value divided by B's. The laboratory
# is A, but where speeds are compared: a ratio of speeds is the inverse one of times.
rows='
stop-median|stops|pause.p50|runtime=stwlab|runtime=go1.27|most|0.1|stop
stop-p99|stops|pause.p99|runtime=stwlab|runtime=go1.27|most|0.25|stop
merge-int-go123|merge-int|op.p50|runtime=stwlab,strategy=none|runtime=go1.23,strategy=none|most|0.8|entry
merge-int-presized|merge-int|op.p50|runtime=stwlab,strategy=presize|runtime=go1.23,strategy=presize|most|0.8|entry
merge-string|merge-string|op.p50|runtime=stwlab|runtime=go1.23|most|0.9|entry
alloc-16|alloc|op.p50|runtime=stwlab|runtime=go1.27|most|0.6|object
mark-tree-go|mark|op.mean|runtime=go1.27|runtime=stwlab|least|1.3|node
mark-tree-bdwgc|mark|op.mean|runtime=bdwgc|runtime=stwlab|least|2|node
cpu-total|merge-string|cpu|runtime=stwlab|runtime=go1.27|most|1.0|cpu
rss-peak|merge-string|rss|runtime=stwlab|runtime=go1.27|most|1.1|bytes
abi-tax|abi-tax|op.p50|linkage=loaded,calls=merge|linkage=linked,calls=merge|most|1.02|entry
null-trials|null|rate|n=1||least|100|rate'
matrices='null abi-tax merge-int alloc mark merge-string stops'
names=$(echo "$rows" | cut -d'|' -f1 | tr '\n' ' ')

# usage WHAT: what is wrong comes last, where one looks
usage()
{
    echo "usage: run.sh [-o FOLDER] [--json FILE] [--only NAME,...] [--trials N] [--quick]" \
        "[--go PATH]..." >&2
    echo "names:$names" >&2
    echo "bench: $1" >&2
    exit 2
}

gos= # one a line
check=
if [ "${1:-}" = --check ]; then # whether the options are right, before anything is built
    check=yes
    shift
fi
while [ $# -gt 0 ]; do
    case $1 in
    --quick)
        quick=yes
        shift
        continue
        ;;
    -o | --json | --only | --trials | --go) [ $# -ge 2 ] || usage "$1 needs a value" ;;
    *) usage "unknown option $1" ;;
    esac
    case $1 in
    -o) work=$2 ;;
    --json) json=$2 ;;
    --only) only=$2 ;;
    --trials) trials=$2 ;;
    --go)
        command -v -- "$2" >/dev/null || usage "--go: there is no command $2"
        gos="$gos${gos:+
}$2"
        ;;
    esac
    shift 2
done
case $trials in *[!0-9]*) usage "--trials: $trials is not a number" ;; esac
for name in $(echo "$only" | tr , ' '); do
    case "$names" in *" $name "*) ;; *) usage "--only: there is no row $name" ;; esac
done
[ -z "$check" ] || exit 0
for program in sqlite3 awk; do
    command -v $program >/dev/null || { echo "run.sh: $program is not installed" >&2; exit 3; }
done
[ -x "$stwlab" ] || { echo "run.sh: there is no $stwlab: ./lab build" >&2; exit 3; }
[ -z "$json" ] || : >"$json" || exit 3
mkdir -p -- "$work" || exit 3
work=$(readlink -f -- "$work")
[ -z "$(ls -A -- "$work")" ] || { echo "run.sh: $work holds something: another -o" >&2; exit 2; }
[ -z "$json" ] || json=$(readlink -f -- "$json")
trap 'echo "interrupted; what was run: $work" >&2; exit 130' INT TERM

# chosen: the rows that were asked for
chosen()
{
    echo "$rows" | while IFS='|' read -r name rest; do
        [ -n "$name" ] || continue
        case ,$only, in ,, | *",$name,"*) echo "$name|$rest" ;; esac
    done
}

# runtimes MATRIX: those that its chosen rows name, with commas
runtimes()
{
    chosen | awk -F'|' -v matrix="$1" '$2 == matrix {print $4 "," $5}' | tr , '\n' |
        sed -n 's/^runtime=//p' | awk '!seen[$0]++' | sort -r | paste -s -d, -
}

# smaller MATRIX: options that make it a rehearsal
smaller()
{
    case $1 in
    stops) echo '--set experiment.trials=2 --set fixed.merges=100' ;;
    merge-int) echo '--set experiment.trials=3 --set fixed.merges=20' ;;
    merge-string) echo '--set experiment.trials=2 --set fixed.merges=80' ;;
    alloc) echo '--set experiment.trials=3 --set fixed.operations=5' ;;
    mark) echo '--set experiment.trials=2 --set fixed.operations=3' ;;
    abi-tax) echo '--set experiment.trials=5 --set fixed.merges=20' ;;
    null) echo '--set experiment.trials=50' ;;
    esac
}

# has_peers PLAN COUNT: whether cells of more than one of the COUNT runtimes are to run
has_peers()
{
    awk -v runtimes="$2" '/: [0-9]+ cells?, [0-9]+ skipped,/ {for (i = 2; i <= NF; i++) if ($i ~ /^cells?,$/) all = $(i - 1)
                                   else if ($i == "skipped,") skipped = $(i - 1)
                                   exit (all - skipped) * runtimes <= all}' "$1"
}

# run MATRIX: into $work/MATRIX. Without a runtime to compare with nothing is run; $work/MATRIX.plan
# says why. $work/MATRIX.failed: what went wrong.
run()
{
    matrix=$1
    set --
    [ -z "$gos" ] || while IFS= read -r path; do set -- "$@" --go "$path"; done <<EOF
$gos
EOF
    # shellcheck disable=SC2046 # words
    [ -z "$quick" ] || set -- "$@" $(smaller "$matrix")
    [ -z "$trials" ] || set -- "$@" --set "experiment.trials=$trials"
    with=$(runtimes "$matrix")
    [ -z "$with" ] || set -- "$@" --set "axes.runtime=$with"
    [ "$matrix" != abi-tax ] || set -- "$@" --plugin-path "$plugins"
    set -- "$here/$matrix.ini" -o "$work/$matrix" "$@"
    if ! "$stwlab" run "$@" --dry-run >"$work/$matrix.plan" 2>&1; then
        cat "$work/$matrix.plan" >&2
        head -1 "$work/$matrix.plan" >"$work/$matrix.failed"
        return 0
    fi
    [ -z "$with" ] || has_peers "$work/$matrix.plan" "$(echo "$with" | tr , '\n' | wc -l)" ||
        return 0
    echo "==> $matrix: $(sed -n 's/^question *= *//p' "$here/$matrix.ini")" >&2
    from=$(date +%s)
    "$stwlab" run "$@" >"$work/$matrix.log" ||
        tail -1 "$work/$matrix.log" >"$work/$matrix.failed"
    echo "    $(($(date +%s) - from)) s" >&2
}

# compare NAME MATRIX METRIC A B DIRECTION TARGET: $work/NAME.json; if it cannot be, why in
# $work/NAME.why
compare()
{
    cd -- "$work"
    if [ ! -d "$2" ]; then
        peer=$(echo "$4,$5" | tr , '\n' | sed -n 's/^runtime=//p' | grep -vx stwlab || true)
        cat "$2.failed" >"$1.why" 2>/dev/null ||
            sed -n "s/^ *[0-9].* $peer .*skipped: runtime: //p" "$2.plan" >"$1.why"
        return 1
    fi
    wrong='>' status=0
    [ "$6" = most ] || wrong='<'
    # B may be missing, and is then no argument, and there is no ratio.
    "$stwlab" compare --json --lower-edges --metric "$3" "$2" "$4" ${5:+"$5"} \
        ${5:+--fail-if "$3 $wrong ${7}x"} >"$1.json" 2>"$1.why" || status=$?
    [ $status -eq 0 ] || [ -s "$1.json" ]
}

# shown FILE: what compare found, in one line of eight words and the reason; - for what is missing.
# The sixth and seventh: what --fail-if says, and whether the machine was busy.
shown()
{
    sqlite3 -separator '|' -nullvalue - :memory: "
        SELECT json_extract(j, '\$.a.value'), json_extract(j, '\$.b.value'),
            coalesce(json_extract(j, '\$.ratio'), json_extract(j, '\$.value')),
            json_extract(j, '\$.low'), json_extract(j, '\$.high'),
            json_extract(j, '\$.fail_if[0].verdict'), json_extract(j, '\$.noise.busy'),
            json_extract(j, '\$.fail_if[0].trials_needed'),
            json_extract(j, '\$.fail_if[0].without')
        FROM (SELECT readfile('$1') AS j)"
}

# verdict: reads shown's words; prints the row for people, and for programs in $work/bench.jsonl
verdict() # NAME DIRECTION TARGET UNIT
{
    awk -F'|' -v name="$1" -v direction="$2" -v target="$3" -v unit="$4" -v nodes="$nodes" '
    function digits(v) { return sprintf(v < 9.995 ? "%.2f" : v < 99.95 ? "%.1f" : "%.0f", v) }
    function text(v)
    {
        if (v == "-") return "-"
        if (unit == "stop") return v < 1e6 ? digits(v / 1e3) " us" : digits(v / 1e6) " ms"
        if (unit == "entry") return digits(v / 65536) " ns/entry"
        if (unit == "object") return digits(v / 1e6) " ns/object"
        if (unit == "node") return digits(nodes / v * 1e3) " M/s"
        if (unit == "cpu") return digits(v / 1e9) " s"
        if (unit == "bytes") return digits(v / 1048576) " MiB"
        return digits(v) " /s"
    }
    function reaches(v) { return direction == "most" ? v <= target : v >= target }
    # Of a value without a ratio there is the interval alone.
    function judge()
    {
        if ($6 != "-") return $6 == "passes" ? "met" : $6 == "fails" ? "missed" : "not decided"
        if ($4 == "-" || $7 == "1" || reaches($4) != reaches($5)) return "not decided"
        return reaches($4) ? "met" : "missed"
    }
    function reason()
    {
        if ($9 != "-") return $9
        if ($8 != "-") return "about " sprintf("%d", $8) " trials would"
        if ($6 != "-") return "too near to the target"
        return $4 == "-" ? "fewer than 6 trials" : $7 == "1" ? "the machine was busy" \
                                                             : "the interval holds the target"
    }
    {
        lab = unit == "node" ? $2 : $1; peer = unit == "node" ? $1 : $2
        judged = judge()
        sure = $4 != "-"
        open = judged == "not decided"
        met = open ? "null" : judged == "met" ? "true" : "false"
        why = open ? reason() : ""
        printf "%-18s %15s %15s  %-24s %-14s %s\n", name, text(lab), text(peer),
            digits3($3) (sure ? " [" digits3($4) ", " digits3($5) "]" : ""), "at " direction " " target, judged (open ? ": " why : "")
        printf "{\"name\": \"%s\", \"ratio\": %.6g, \"low\": %s, \"high\": %s, " \
            "\"target\": %s, \"met\": %s, \"why\": %s}\n", name, $3, number($4), number($5),
            target + 0, met, open ? "\"" why "\"" : "null" >>"bench.jsonl"
    }
    function digits3(v) { return sprintf("%.3g", v) }
    function number(v) { return v == "-" ? "null" : sprintf("%.6g", v) }'
}

missing() # NAME DIRECTION TARGET REASON
{
    printf '%-18s %15s %15s  %-24s %-14s %s\n' "$1" - - - "at $2 $3" "$4"
    printf '{"name": "%s", "ratio": null, "low": null, "high": null, "target": %s, "met": null, "why": "%s"}\n' \
        "$1" "$(echo "$3" | awk '{print $1 + 0}')" "$(echo "$4" | tr -d '"\\')" >>bench.jsonl
}

machine()
{
    echo "stwlab bench, $(date -u +'%Y-%m-%d %H:%M UTC')${quick:+, a rehearsal: the numbers mean nothing}"
    echo "processor  $(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -1), $(nproc) processors"
    echo "memory     $(($(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo) >> 20)) GiB"
    echo "system     $(uname -sr), load $(cut -d' ' -f1-3 /proc/loadavg) before"
    echo "sources    $(git -C "$root" describe --always --dirty 2>/dev/null || echo unknown)"
    echo
}

table()
{
    machine
    printf '%-18s %15s %15s  %-24s %-14s %s\n' name stwlab other 'ratio [95 %]' target ''
    chosen | while IFS='|' read -r name matrix metric a b direction target unit; do
        if compare "$name" "$matrix" "$metric" "$a" "$b" "$direction" "$target"; then
            shown "$name.json" | verdict "$name" "$direction" "$target" "$unit"
        elif [ -f "$matrix.failed" ] || ! grep -q 'there is no\|has no' "$name.why"; then
            missing "$name" "$direction" "$target" "failed: $(head -1 "$name.why")"
            echo "$name" >>failed
        else
            missing "$name" "$direction" "$target" \
                "skipped: $(sed 's/.*skipped: runtime: //; s/.*has no ok trial; //' "$name.why" | head -1)"
        fi
    done
    null_trial
    besides 'abi-tax with a call for each entry' abi-tax op.p50 linkage=loaded,calls=entry \
        linkage=linked,calls=entry
    [ ! -x "$plugins/limits" ] || "$plugins/limits"
    cat "$work"/*.failed 2>/dev/null | sed 's/^/not ok: /' || true
}

# Where the time of a null trial goes.
null_trial()
{
    [ -f null/results.sqlite ] || return 0
    echo
    sqlite3 -readonly null/results.sqlite "
        WITH long(what, ns) AS (
            SELECT 'process start to first operation', start_ns FROM trials WHERE outcome = 'ok'
            UNION ALL SELECT 'process start to its end', wall_ns FROM trials WHERE outcome = 'ok'
            UNION ALL SELECT 'the lab between two trials', coordinator_ns FROM trials
                WHERE outcome = 'ok'),
        ranked AS (SELECT what, ns, row_number() OVER (PARTITION BY what ORDER BY ns) AS i,
            count(*) OVER (PARTITION BY what) AS n FROM long)
        SELECT printf('a null trial, %-33s median %.3f ms, p99 %.3f ms', what || ':',
            max(CASE WHEN i = (n + 1) / 2 THEN ns END) / 1e6,
            max(CASE WHEN i = (99 * n + 99) / 100 THEN ns END) / 1e6)
        FROM ranked GROUP BY what ORDER BY what DESC"
}

# besides WHAT MATRIX METRIC A B: a ratio that no target is set for, if the matrix was run
besides()
{
    [ -f "$2/results.sqlite" ] || return 0
    "$stwlab" compare --json --lower-edges --metric "$3" "$2" "$4" "$5" >besides.json 2>/dev/null ||
        return 0
    sqlite3 :memory: "SELECT printf('%s: %.3g', '$1', json_extract(j, '\$.ratio')) || iif(
        json_extract(j, '\$.low') IS NULL, '', printf(' [%.3g, %.3g]', json_extract(j, '\$.low'),
        json_extract(j, '\$.high')))
        FROM (SELECT readfile('besides.json') AS j)"
}

for matrix in $matrices; do
    ! chosen | cut -d'|' -f2 | grep -qx "$matrix" || run "$matrix"
done
cd -- "$work"
table >bench.txt
cat bench.txt
[ -z "$json" ] || { echo '['; sed '$!s/$/,/; s/^/  /' bench.jsonl; echo ']'; } >"$json"
echo
echo "results: ${work#"$root"/}"
! ls "$work"/failed "$work"/*.failed >/dev/null 2>&1 && ! grep -q '"met": false' bench.jsonl

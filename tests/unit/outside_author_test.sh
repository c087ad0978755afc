#!/bin/sh
# Goal: what docs/guide/write-a-strategy.md promises to an author outside this tree comes true.
# Method: installs into a temporary prefix, takes the files and the commands from the guide's text,
# runs them in an empty folder, once with pkg-config and once with the CMake package, and judges
# what `show --json` says of the runs. Nothing but the installed tree is used.
set -eu

# The author's compiler knows nothing of ThreadSanitizer, which would miss half of all accesses.
[ "${STW_SANITIZE:-}" != thread ] || {
    echo "skipped: a plugin without ThreadSanitizer hides half of all accesses from it"
    exit 77
}

guide=$STW_SOURCE_DIR/docs/guide/write-a-strategy.md
readme=$STW_SOURCE_DIR/README.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck source=/dev/null
. "$STW_SOURCE_DIR/tests/support/guide.sh"

# follow WAY: a new author, an empty folder, the guide's steps for pkg-config or for CMake
follow() {
    mkdir "$work/$1"
    cd "$work/$1"
    for file in guess.c CMakeLists.txt matrix.ini; do
        block "file: $file" "$guide" >$file
        [ -s $file ] || fail "the guide holds no $file"
    done
    block "run: $1" "$guide" >build.sh
    block "run: both" "$guide" >measure.sh
    block "run: query" "$guide" >query.sh
    { [ -s build.sh ] && [ -s measure.sh ] && [ -s query.sh ]; } ||
        fail "the guide holds no commands for $1"
    sh -eu build.sh >build.log 2>&1 || {
        cat build.log
        fail "$1: the guide's build commands"
    }
    grep -q guess build.log || fail "$1: stwlab plugins does not list the strategy"
    [ -e guess.so ] || cp build/guess.so guess.so
    exported=$(nm -D --defined-only guess.so | awk '{ print $NF }')
    [ "$exported" = stw_plugin_entry_v0 ] || fail "$1: the plugin exports $exported"
    sh -eu measure.sh >measure.log 2>&1 || {
        cat measure.log
        fail "$1: the guide's commands to measure"
    }
    sh -eu query.sh >query.log 2>&1 || {
        cat query.log
        fail "$1: the guide's query"
    }
    stwlab show --json first >first.json
    block "run: foreground" "$guide" >foreground.sh
    sh -eu foreground.sh >foreground.log 2>&1 || {
        cat foreground.log
        fail "$1: the guide's trial in the foreground"
    }
    grep -q 'percent=50: ok: checksum [0-9a-f]* as expected, 20 operations' foreground.log || {
        cat foreground.log
        fail "$1: what the foreground tells"
    }
}

# judge_query WAY: five cells, all of their last two columns numbers, and none's maps grew
judge_query() {
    awk -F '│' '
        NF < 8 || $2 ~ /^ *id *$/ { next }
        { rows++ }
        $7 !~ /^ *[0-9]+ *$/ || $8 !~ /^ *[1-9][0-9]* *$/ { bad++ }
        $2 ~ /strategy=none/ && $7 > 0 { none++ }
        END { exit !(rows == 5 && !bad && none == 1) }
    ' query.log || {
        cat query.log
        fail "$1: what the guide's query prints"
    }
}

# cells EXPRESSION: evaluated over the cells of first.json, with their parts as columns
cells() {
    sqlite3 :memory: "
        WITH cell AS (SELECT value ->> '\$.axes.strategy' AS strategy,
            value -> '\$.axes' ->> '\$.\"strategy.guess.percent\"' AS percent,
            value ->> '\$.outcomes.ok' AS ok, value ->> '\$.outcomes.skipped' AS skipped,
            value -> '\$.counters' ->> '\$.\"map.grow_events\"' AS growths
            FROM json_each(readfile('first.json'), '\$.cells'))
        SELECT $1 FROM cell"
}

# judge WAY WHAT EXPRESSION
judge() {
    [ "$(cells "$3")" = 1 ] || {
        cat measure.log first.json
        fail "$1: $2"
    }
}

judge_run() {
    judge "$1" "nine cells, five measured, four skipped" \
        "count(*) = 9 AND sum(ok = 5 AND skipped = 0) = 5 AND sum(ok = 0 AND skipped = 1) = 4"
    judge "$1" "without a hint the maps grow" "sum(strategy = 'none' AND growths > 0) = 1"
    judge "$1" "a large enough guess prevents every growth" \
        "sum(strategy = 'guess' AND percent = 200 AND growths = 0) = 1"
    judge "$1" "a guess of half leaves one growth a merge" \
        "sum(strategy = 'guess' AND percent = 50 AND growths = 20) = 1"
    judge "$1" "a smaller guess leaves more growths" \
        "max(growths) FILTER (WHERE percent = 10 AND strategy = 'guess') >
         max(growths) FILTER (WHERE percent = 50)"
}

install_into "$work/prefix"

lines=$(block "file: guess.c" "$guide" | wc -l)
[ "$lines" -le 30 ] || fail "the guide's strategy has $lines lines"
follow pkg-config
judge_run pkg-config
judge_query pkg-config
follow cmake
judge_run cmake
judge_query cmake

# Under a debugger, where there is one, and it may trace.
cd "$work/pkg-config"
block "run: gdb" "$guide" >gdb.sh
[ -s gdb.sh ] || fail "the guide has no commands for gdb"
if command -v gdb >/dev/null && gdb -batch -ex run --args true 2>&1 | grep -q 'exited normally'; then
    # shellcheck disable=SC2046 # word splitting wanted
    gcc -std=c17 -g -O1 guess.c $(pkg-config --cflags --libs stwlab) -o guess.so
    # LeakSanitizer cannot look at a process that a debugger traces.
    ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 sh -eu gdb.sh >gdb.log 2>&1 || { cat gdb.log; fail "the guide's commands for gdb"; }
    grep -q 'need_map .*guess.c' gdb.log || { cat gdb.log; fail "gdb does not stop in the plugin"; }
    grep -q 'percent=50: ok: ' gdb.log || { cat gdb.log; fail "the trial does not end under gdb"; }
else
    echo "skipped: the guide's commands for gdb: it is not installed, or may not trace"
fi

# The README's strategy is shorter still.
cd "$work"
block "file: twice.c" "$readme" >twice.c
[ "$(wc -l <twice.c)" -le 30 ] || fail "the README's strategy is longer than it says"
# shellcheck disable=SC2046 # word splitting wanted
gcc -O2 -Wall -Wextra -Werror twice.c $(pkg-config --cflags --libs stwlab) -o twice.so
stwlab plugins twice.so | grep -q twice || fail "stwlab plugins does not list the README's strategy"
echo "the guide's strategy ($lines lines) was built twice, loaded and measured"

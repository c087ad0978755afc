#!/bin/sh
# Goal: what docs/guide/write-a-map.md, -a-workload.md and -an-allocator.md promise to an
# author outside this tree comes true, and the installed examples are those of the pages.
# Method: as outside_author_test.sh: installs into a temporary prefix, takes files and commands from
# each page, runs them in empty folders, with pkg-config and with the CMake package, and judges what
# `show --json` says. The workload is also built as C++; the strategy's test is built, too.
set -eu

# In a sanitizer build the archive's objects need its runtime, which these commands do not name.
[ -z "${STW_SANITIZE:-}" ] || {
    echo "skipped: the commands of the pages link no sanitizer"
    exit 77
}

guides=$STW_SOURCE_DIR/docs/guide
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck source=/dev/null
. "$STW_SOURCE_DIR/tests/support/guide.sh"

# step GUIDE NAME: runs the commands of a step
step() {
    block "run: $2" "$guides/$1.md" >"$2.sh"
    [ -s "$2.sh" ] || fail "$1 has no commands for $2"
    sh -eu "$2.sh" >"$2.log" 2>&1 || {
        cat "$2.log"
        fail "$1: its commands for $2"
    }
}

# outcomes RUN: "OK OTHERS", cells whose three trials are ok, and all others
outcomes() {
    stwlab show --json "$1" >cells.json
    sqlite3 :memory: "SELECT sum(ok = 3) || ' ' || sum(ok <> 3) FROM
        (SELECT value ->> '\$.outcomes.ok' AS ok
         FROM json_each(readfile('cells.json'), '\$.cells'))"
}

# follow GUIDE KIND ID CELLS: both ways, from the page's files
follow() {
    guide=$1 kind=$2 id=$3 cells=$4
    for way in pkg-config cmake; do
        mkdir "$work/$kind-$way"
        cd "$work/$kind-$way"
        for file in "$id.c" "${id}_test.c" CMakeLists.txt matrix.ini; do
            block "file: $file" "$guides/$guide.md" >"$file"
            cmp "$file" "$examples/$kind/$file" || fail "$guide: $file is not the installed example"
        done
        step "$guide" "$way"
        grep -q "$id" "$way.log" || fail "$guide: stwlab plugins does not list it"
        [ -e "$id.so" ] || cp "build/$id.so" "$id.so"
        exported=$(nm -D --defined-only "$id.so" | awk '{ print $NF }')
        [ "$exported" = stw_plugin_entry_v0 ] || fail "$guide: the plugin exports $exported"
        grep -q 'Failing: 0' "$way.log" || [ "$way" = pkg-config ] || fail "$guide: its test"
    done
    step "$guide" "test"
    grep -q 'Failing: 0 | Crashing: 0' test.log || fail "$guide: its test: $(cat test.log)"
    step "$guide" check
    step "$guide" both
    [ "$(outcomes first)" = "$cells 0" ] || fail "$guide: cells: $(outcomes first)"
    echo "$guide: built twice, tested alone, checked, measured"
}

install_into "$work/prefix"
examples=$(pkg-config --variable=examplesdir stwlab)

follow write-a-map map sorted 6
follow write-a-workload workload draws 3
follow write-an-allocator allocator powers 2

# The same source as C++, by both compilers if both are there.
cd "$work/workload-pkg-config"
for compiler in g++ clang++; do
    command -v $compiler >/dev/null || { echo "skipped: there is no $compiler"; continue; }
    # shellcheck disable=SC2046 # word splitting wanted
    $compiler -std=c++20 -O2 -x c++ draws.c -x none $(pkg-config --cflags --libs stwlab) -o cxx.so
    mkdir -p "$compiler"
    mv cxx.so "$compiler/draws.so"
    stwlab run matrix.ini -o "cxx-$compiler" --plugin-path "$compiler/draws.so" --quiet
    [ "$(outcomes "cxx-$compiler")" = "3 0" ] || fail "$compiler: $(outcomes "cxx-$compiler")"
done

# And through CMake, in a project that has no C.
mkdir "$work/cxx-cmake"
cp draws.c "$work/cxx-cmake/draws.cc"
sed -e 's/project(draws C)/project(draws CXX)/' -e 's/draws draws\.c)/draws draws.cc)/' \
    -e '/stwlab_add_plugin_test/d' CMakeLists.txt >"$work/cxx-cmake/CMakeLists.txt"
cp matrix.ini "$work/cxx-cmake"
cd "$work/cxx-cmake"
grep -q 'stwlab_add_plugin(draws draws.cc)' CMakeLists.txt || fail "C++: its CMakeLists.txt"
{ cmake -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build; } >cmake.log 2>&1 || {
    cat cmake.log
    fail "C++ through CMake"
}
exported=$(nm -D --defined-only build/draws.so | awk '{ print $NF }')
[ "$exported" = stw_plugin_entry_v0 ] || fail "C++ through CMake: it exports $exported"
stwlab run matrix.ini -o ran --plugin-path build/draws.so --quiet
[ "$(outcomes ran)" = "3 0" ] || fail "C++ through CMake: $(outcomes ran)"

# The strategy of write-a-strategy.md, alone.
mkdir "$work/strategy"
cd "$work/strategy"
block "file: guess.c" "$guides/write-a-strategy.md" >guess.c
cmp guess.c "$examples/strategy/guess.c" || fail "write-a-strategy: guess.c is not the example"
step write-a-strategy test
grep -q 'Failing: 0 | Crashing: 0' test.log || fail "the strategy's test: $(cat test.log)"

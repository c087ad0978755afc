#!/bin/sh
# tests/unit/guide_debug_test.sh: what docs/guide/debug-a-plugin.md promises comes true: each mistake of
# its plugin is told as the guide says. Method: the build, installed; the guide's files and commands,
# taken from its text, in an empty folder.
set -eu

[ -z "${STW_SANITIZE:-}" ] || { echo "skipped: the guide's plugin is built without sanitizers"; exit 77; }
guide=$STW_SOURCE_DIR/docs/guide/debug-a-plugin.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=/dev/null
. "$STW_SOURCE_DIR/tests/support/guide.sh"
install_into "$work/installed"
mkdir "$work/author"
cd "$work/author"
for file in buggy.c bugs.ini; do
    block "file: $file" "$guide" >$file
    [ -s $file ] || fail "the guide has no $file"
done

# follow NAME: the commands of that name; what they print is in NAME.out
follow()
{
    block "run: $1" "$guide" >"$1.sh"
    [ -s "$1.sh" ] || fail "the guide has no commands '$1'"
    sh -eu "$1.sh" >"$1.out" 2>&1 || { cat "$1.out"; fail "the guide's commands '$1'"; }
}

# says NAME TEXT...: each in what it printed, whose lines may be broken anywhere
says()
{
    name=$1
    shift
    tr -s '\n ' ' ' <"$name.out" >flat
    for text; do
        grep -q -F -e "$text" flat || { cat "$name.out"; fail "$name: no '$text'"; }
    done
}

follow bugs
says bugs 'exit status 1' 'bug=crashes, trial 0: crashed: SIGSEGV at 0x8 in buggy.so+' \
    '(need_map), at site "map-merge" of mutator 0, during strategy/buggy.need_map' \
    'bug=hangs, trial 0: timed-out: its time was up; mutator 0 was in buggy.so+' \
    'during strategy/buggy.merge <' 'bug=loses, trial 0: invalid: checksum: mutator 0 computed'
[ "$(sqlite3 bugs/results.sqlite "SELECT group_concat(id, ' ') FROM trials WHERE outcome = 'ok'")" = \
    'strategy.buggy.bug=none strategy.buggy.bug=waits strategy.buggy.bug=leaks' ] || fail "not those are ok"
follow trial
says trial 'SIGSEGV at 0x8 in buggy.so+' 'last calls:' 'it printed nothing'
follow check
says check 'invalid: may-block: strategy/buggy called strategy/none.batch_boundary in need_map, which may not wait' \
    'invalid: merge-alters: strategy/buggy was handed 1000 entries and passes on 500'
follow foreground
says foreground 'strategy.buggy.bug=loses: invalid: checksum' 'exit status 1'
# The settings that the guide's tables name exist.
stwlab run bugs.ini -o stepped --plugin-path buggy.so --quiet --only strategy.buggy.bug=none \
    --set fixed.gc.stress=1 --set fixed.schedule=stepped ||
    fail "the guide's settings"
# The address sanitizer, in the plugin alone, where it can look for leaks.
# Its report is wanted on the terminal, not where those of the lab's own builds go.
unset ASAN_OPTIONS LSAN_OPTIONS UBSAN_OPTIONS
printf 'int main(void) { return 0; }\n' >able.c
if [ -e "$(gcc -print-file-name=libasan.so)" ] && gcc -fsanitize=address able.c -o able && ./able 2>able.log; then
    follow asan
    says asan 'strategy.buggy.bug=leaks: ok: checksum' 'Direct leak of 5000 byte(s) in 5 object(s)' \
        'in need_map' 'buggy.c:' 'exit status'
else
    echo "skipped: the address sanitizer is not there, or may not look for leaks"
fi
if command -v valgrind >/dev/null; then
    valgrind --leak-check=full stwlab run --foreground strategy.buggy.bug=leaks bugs.ini --plugin-path buggy.so \
        >valgrind.out 2>&1 || { cat valgrind.out; fail "valgrind"; }
    says valgrind '5,000 bytes in 5 blocks are definitely lost'
else
    echo "skipped: valgrind is not installed"
fi
if command -v gdb >/dev/null; then
    follow gdb
    says gdb 'received signal SIGSEGV' 'need_map (self=' 'buggy.c:'
else
    echo "skipped: gdb is not installed"
fi

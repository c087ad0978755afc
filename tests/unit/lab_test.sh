#!/bin/sh
# tests/unit/lab_test.sh: every command of ./lab has help, says what was wrong, and does nothing
# before it knows that it can; what the demo offers next is what one can do next.
# Method: nothing is built. A tool that would install or build ends a command at once.
set -eu
: "${STWLAB:?the path of the program under test}" "${STW_SOURCE_DIR:?the repository}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
lab=$STW_SOURCE_DIR/lab
mkdir tools
for tool in apt-get sudo cmake; do
    printf '#!/bin/sh\necho "%s was called"\nexit 9\n' $tool >tools/$tool
    chmod +x tools/$tool
done
PATH=$work/tools:$PATH

fail()
{
    echo "$1"
    cat out err 2>/dev/null
    exit 1
}

for command in help demo build test prove bench fidelity; do
    sh "$lab" $command --help >out 2>err && grep -q "/lab $command" out && [ ! -s err ] ||
        fail "lab $command --help"
    sh "$lab" help $command >out 2>err && grep -q "/lab $command" out || fail "lab help $command"
done

# wrong LAST-LINE ARGUMENT...: what is wrong comes last, where one looks
wrong()
{
    last=$1 status=0
    shift
    sh "$lab" "$@" >out 2>err || status=$?
    [ $status -eq 2 ] && [ "$(tail -1 err)" = "$last" ] && [ ! -s out ] || fail "lab $*"
}
wrong 'bench: --go: there is no command /nope' bench --go /nope
wrong 'bench: --only: there is no row nope' bench --only nope
wrong "prove: --minutes: 'x' is not a number" prove --minutes x
wrong 'fidelity: there is no part nope' fidelity --only nope
wrong 'fidelity: there is no option --onyl' fidelity --onyl maps
wrong 'lab: no command "nope"; ./lab help lists them' nope
wrong 'lab: no command "tset"; did you mean "test"?; ./lab help lists them' tset
wrong 'lab: no command "fidelty"; did you mean "fidelity"?; ./lab help lists them' help fidelty
wrong 'lab: no preset "relase"; did you mean "release"?; there are: release guard audit delays hostile asan tsan' \
    build relase
wrong 'lab: demo takes -o RUN and --require-quiet: "x" is too much' demo x
wrong 'lab: test takes no arguments' test x

# The demo's next commands, with a run of its experiment.
"$STWLAB" run --quiet --trials 1 --set fixed.merges=1 -o demo \
    "$STW_SOURCE_DIR/experiments/merge-threshold/matrix.ini"
sed -n -e '/^word()/,/^}/p' -e '/^next_commands()/,/^}/p' "$lab" >next.sh
{
    echo 'root=$PWD'
    cat next.sh
    echo 'next_commands "$PWD/demo"'
} >script
sh script >offered
grep '^    build/release/stwlab ' offered | sed 's|^    build/release/stwlab ||' >commands
[ "$(wc -l <commands)" -eq 3 ] || fail "three commands: $(cat offered)"
sed 's|demo"$|of a day"|' script >script_of_blanks
sh script_of_blanks | grep -q "^    build/release/stwlab compare 'of a day' --by strategy$" ||
    fail "a run whose name has blanks: $(sh script_of_blanks)"
ln -s "$STW_SOURCE_DIR/experiments" experiments
while read -r command arguments; do
    [ "$command" != run ] || command='run --dry-run'
    # shellcheck disable=SC2086 # word splitting wanted
    "$STWLAB" $command $arguments >out 2>err </dev/null || fail "stwlab $command $arguments"
done <commands

#!/bin/sh
# tests/unit/cli_test.sh: the command line says what is wrong; the exit status tells kinds apart.
# Method: calls the program named by STWLAB with right and wrong arguments, and compares exit status
# and a part of what it prints; options that help tells of are in docs/reference/cli.md. Needs no
# plugins.
set -u
: "${STWLAB:?the path of the program under test}"

reference=$(dirname -- "$(readlink -f -- "$0")")/../../docs/reference/cli.md
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

# expect STATUS STREAM TEXT ARGUMENT...: STREAM is out or err and must contain TEXT.
expect()
{
    want=$1 stream=$2 text=$3
    shift 3
    "$STWLAB" "$@" >out 2>err </dev/null
    got=$?
    if [ "$got" -ne "$want" ]; then
        echo "stwlab $*: exit status $got, not $want"
        failures=$((failures + 1))
    fi
    if ! grep -qF -- "$text" "$stream"; then
        echo "stwlab $*: no '$text' in std$stream:"
        cat "$stream"
        failures=$((failures + 1))
    fi
}

# same WANT GOT WHAT
same()
{
    if [ "$1" != "$2" ]; then
        echo "$3: '$2', not '$1'"
        failures=$((failures + 1))
    fi
}

# Help and version.
expect 0 out 'usage: stwlab COMMAND' --help
expect 0 out 'usage: stwlab COMMAND' -h
expect 0 out 'usage: stwlab COMMAND' help
expect 0 out 'stwlab 0.' --version
expect 2 err 'usage: stwlab COMMAND'
for command in run minheap show cells compare plugins facts settings doctor; do
    expect 0 out "usage: stwlab $command" help $command
    expect 0 out "usage: stwlab $command" $command --help
    expect 0 out "usage: stwlab $command" $command -h
    "$STWLAB" --help | grep -q "^  $command " || {
        echo "--help does not list $command"
        failures=$((failures + 1))
    }
    # Its usage and its section, words apart.
    awk -v command=$command '
        /^## / { inside = $2 == command }
        inside || index($0, "    stwlab " command " ") == 1' "$reference" |
        tr -c 'a-z-' '\n' >documented
    for option in $("$STWLAB" $command --help | grep -o -- '--[a-z][a-z-]*' | sort -u); do
        [ $option = --help ] || grep -qx -- $option documented || {
            echo "cli.md does not tell of $command $option"
            failures=$((failures + 1))
        }
    done
done
"$STWLAB" --help | grep -q worker && {
    echo "--help tells of the worker"
    failures=$((failures + 1))
}

# Wrong commands and options, with the nearest right one.
expect 2 err "did you mean 'show'?" shwo
expect 2 err "did you mean 'run'?" help rnu
expect 2 err "unknown command 'quite-something-else'; see" quite-something-else
expect 2 err "unknown option '--versoin'" --versoin
expect 2 err 'unknown option --resum-me; did you mean --resume?' run --resum-me x.ini
expect 2 err 'unknown option --jsn; did you mean --json?' show --jsn x
expect 2 err 'unknown option --zzzzzzzz; see' plugins --zzzzzzzz
expect 2 err 'unknown option -x' show x -x
expect 2 err 'unknown option -j' show -j
expect 2 err 'unknown option --jobs' run --jobs 2 x.ini
expect 2 err 'option --json takes no value' show --json=1 x
expect 2 err 'unknown option -q' run --output=x -q
expect 2 err 'option -o needs a value' run x.ini -o
expect 2 err 'option --set needs a value' run x.ini --set
expect 2 err 'option --trials needs a value' run x.ini --trials
expect 2 err '--mixed goes with --resume' run --mixed x.ini
expect 2 err 'RUN is missing' show
expect 2 err "'b' is too much" show a b
expect 2 err 'exclude each other' show --json --csv a
expect 2 err 'exclude each other' show --json --cell x a
expect 2 err 'no such run' show --cell x absent
expect 2 err '--trial needs --cell' show --trial 0 a
expect 2 err 'as text or with --json' show --csv --cell x --trial 0 a
expect 2 err 'exclude each other' show --markdown --csv a
expect 2 err 'goes without --columns' show --cell x --columns cpu a
expect 2 err '--trials needs --json or --csv' show --trials a
expect 2 err 'goes without --stats' show --trials --csv --stats a
expect 2 err 'option --sort needs a value' show a --sort
expect 2 err 'no such run' show --sort -cpu absent
expect 2 err 'RUN is missing' cells
expect 2 err "'b' is too much" cells a b
expect 2 err 'no such run' cells absent
expect 2 err 'FILE.ini is missing' run
expect 2 err "'b.ini' is too much" run a.ini b.ini
expect 2 err '--output is empty' run -o '' a.ini
expect 2 err 'goes without --dry-run' run --require-quiet --dry-run a.ini
expect 2 err 'no number from 1' doctor --seconds 0
expect 2 err 'no number from 1' doctor --seconds 1s
expect 2 err "'x' is too much" doctor x

# The exit status of the doctor is what it says.
"$STWLAB" doctor --json --seconds 1 >out
got=$?
want=0
grep -q '"health": "bad"' out && want=4
same $want $got 'exit status of the doctor'
grep -q "\"fit\": $([ $want = 0 ] && echo true || echo false)" out || {
    echo "the doctor contradicts itself:"
    cat out
    failures=$((failures + 1))
}

# Bad input. Nothing is created.
expect 2 err 'absent.ini' run absent.ini
expect 2 err '/no/such/plugins' run --plugin-path /no/such/plugins absent.ini
printf '[experiment]\nname = x\nnonsense = 1\n' >broken.ini
expect 2 err 'broken.ini:3: [experiment] nonsense' run broken.ini
expect 2 err 'broken.ini:3: [experiment] nonsense' run --dry-run broken.ini
[ -e runs ] && {
    echo "a refused experiment left a folder"
    failures=$((failures + 1))
}
expect 2 err 'no such run' show absent
mkdir empty
expect 2 err 'no results.sqlite' show empty
echo 'This is a text.' >text.sqlite
expect 2 err 'not a database' show text.sqlite
expect 2 err 'not a database' show --json text.sqlite
same '' "$(cat out)" 'output of a refused show'
: >empty/results.sqlite
expect 2 err 'has not stored anything yet' show empty
echo 'not a plugin' >text.so
expect 2 err 'text.so' plugins text.so
expect 2 err 'absent.so' plugins absent.so

# Output that cannot be written is never silent.
"$STWLAB" --help >/dev/full 2>err
same 3 $? 'exit status with a full disk'
grep -qF 'cannot write the output: No space left' err || failures=$((failures + 1))
"$STWLAB" --help >&- 2>err
same 3 $? 'exit status without standard output'
mkfifo pipe
exec 3<>pipe 4>pipe 3<&- # nobody reads it
"$STWLAB" --help >&4 2>err
same 3 $? 'exit status with a closed pipe'
exec 4>&-
grep -qF 'cannot write the output' err || failures=$((failures + 1))

# The worker is for the coordinator alone.
expect 2 err 'stwlab run' worker

if [ "$failures" -ne 0 ]; then
    echo "$failures failures"
    exit 1
fi

#!/bin/sh
# model/check.sh: goal: the collector's algorithm keeps every reachable cell and its handshake stops
# and restarts every mutator, in all interleavings of a small instance; and each part that is there
# for that is needed.
# Method: spin searches all states of collector.pml, handshake.pml and spans.pml; variants with one part
# removed must fail, with the kind of error that the part prevents. A search that was cut short is a
# failure, and so is a statement of the complete models that no state reaches.
# Usage: check.sh [--full] | --trace VARIANT. Exit status 0: as expected, 1: not, 77: no spin or cc.
set -eu

here=$(cd "$(dirname "$0")" && pwd)

# name | model | expected | quick or full | claim, or - for safety | macros
# Expected: `holds`; `reached` also wants every statement reached; `stuck` is an invalid end state;
# anything else is the text of the assertion that fails.
variants() {
    cat <<'END'
hybrid|collector|reached|quick|-|
rescan|collector|reached|quick|-|-DRESCAN
no-deletion|collector|(lost==0)|quick|-|-DNO_DELETION
no-insertion|collector|(lost==0)|quick|-|-DNO_INSERTION
no-allocate-black|collector|(lost==0)|quick|-|-DNO_ALLOCATE_BLACK
no-last-flush|collector|(lost==0)|quick|-|-DNO_LAST_FLUSH
no-recheck|collector|(lost==0)|quick|-|-DMUTATORS=1 -DNO_RECHECK
no-marker-wait|collector|(lost==0)|quick|-|-DMUTATORS=1 -DNO_MARKER_WAIT
no-round-no-recheck|collector|(lost==0)|quick|-|-DNO_ROUND -DNO_RECHECK
rescan-no-rescan|collector|(lost==0)|quick|-|-DRESCAN -DNO_RESCAN
rescan-no-insertion|collector|(lost==0)|quick|-|-DRESCAN -DNO_INSERTION
no-begins|collector|!(inside)|quick|-|-DSTEPS -DNO_BEGINS
no-round|collector|holds|quick|-|-DNO_ROUND
stacks-first-no-insertion|collector|holds|quick|-|-DSTACKS_FIRST -DNO_INSERTION
store-buffers|collector|holds|quick|-|-DCELLS=1 -DBUFFERED=2
rescan-store-buffers|collector|holds|quick|-|-DCELLS=1 -DBUFFERED=2 -DRESCAN
three-mutators|collector|holds|quick|-|-DCELLS=1 -DMUTATORS=3
no-recheck-idle-first|collector|(lost==0)|full|-|-DCELLS=3 -DMUTATORS=1 -DIDLE_FIRST -DNO_RECHECK
idle-in-steps|collector|reached|full|-|-DSTEPS
three-cells|collector|holds|full|-|-DCELLS=3 -DMUTATORS=1
store-buffer-two-cells|collector|reached|full|-|-DBUFFERED=1
handshake|handshake|reached|quick|-|
asking|handshake|holds|quick|-|-DSTOPS=0 -DSTOPPERS=0 -DASKS=1
marking|handshake|holds|quick|-|-DMUTATORS=1 -DROUNDS=0 -DSTOPPERS=0 -DMARKS=1
stop-is-reached|handshake|holds|quick|stops|-DROUNDS=0 -DSTOPPERS=0
parked-leave|handshake|holds|quick|leaves|-DROUNDS=0 -DSTOPPERS=0
round-ends|handshake|holds|quick|answers|-DSTOPS=0 -DSTOPPERS=0 -DASKS=1
no-fence|handshake|!(managed[i])|quick|-|-DNO_FENCE
no-fence-park|handshake|!(moves[i])|quick|-|-DNO_FENCE_PARK
no-fence-leave|handshake|stuck|quick|-|-DNO_FENCE_LEAVE
no-fence-marker|handshake|!(marking)|quick|-|-DROUNDS=0 -DSTOPPERS=0 -DMARKS=1 -DNO_FENCE_MARKER
no-epoch-first|handshake|stuck|quick|-|-DNO_EPOCH_FIRST
no-sleep-first|handshake|stuck|quick|-|-DNO_SLEEP_FIRST
no-hold-wait|handshake|stuck|quick|-|-DSTOPS=0 -DSTOPPERS=0 -DASKS=1 -DNO_HOLD_WAIT
pinned-while-asked|handshake|stuck|quick|-|-DROUNDS=0 -DSTOPPERS=0 -DASKS=1
no-complete|handshake|complete|quick|-|-DNO_COMPLETE
grey-spans|spans|holds|quick|-|
no-again|spans|(lost==0)|quick|-|-DNO_AGAIN
no-second-look|spans|(lost==0)|quick|-|-DNO_LOOK
no-visit-first|spans|(lost==0)|quick|-|-DNO_VISIT_FIRST
black-mark-first|spans|pointer|quick|-|-DMARK_FIRST
marking-two-mutators|handshake|holds|full|-|-DROUNDS=0 -DMARKS=1
asking-in-stops|handshake|holds|full|-|-DROUNDS=0 -DSTOPPERS=0 -DASKS=1 -DPINS=0
stop-is-reached-all|handshake|holds|full|stops|
parked-leave-all|handshake|holds|full|leaves|
round-ends-all|handshake|holds|full|answers|-DSTOPPERS=0
END
}

for tool in spin "${CC:-cc}"; do
    command -v "$tool" >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
cp "$here"/*.pml "$work"
cd "$work"

# Limits: the hash table and the stack of the deepest search stay below 2 GiB with all states.
MEMORY_MIB=2000
DEPTH=1000000

# Errors are found at once, mostly, and compiling is what takes time; from the last alternative of
# each choice to the first they are found sooner.
search_kind() # EXPECTED
{
    case $1 in
    holds | reached) echo -O1 ;;
    *) echo -O0 -DT_REVERSE ;;
    esac
}

build() # MODEL CLAIM MACROS FLAGS
{
    rm -f pan pan.* -- *.trail
    flags="-DMEMLIM=$MEMORY_MIB $4"
    [ "$2" != - ] || flags="$flags -DSAFETY -DNOCLAIM"
    [ "$1" != collector ] || flags="$flags -DNOREDUCE" # all its steps are global: nothing to reduce
    # shellcheck disable=SC2086
    if ! { spin -a $3 "$1.pml" && "${CC:-cc}" -w $flags -o pan pan.c; } >spin.log 2>&1; then
        cat spin.log
        exit 1
    fi
}

# What pan looks for: of a variant that must fail, only the expected kind of error.
search_options() # EXPECTED CLAIM
{
    case $1 in
    holds | reached) options= ;;
    stuck) options=-A ;;
    *) options=-E ;;
    esac
    [ "$2" = - ] || options="$options -a -f -N $2"
    echo "$options"
}

# Statements that no state reached, but for the ends of processes that have none, and the worker,
# which the complete model leaves out.
unreached() {
    awk '/^unreached in proctype/ { section = $4 }
         /^unreached in (init|claim)/ { section = "" }
         section && section != "worker" && /, state [0-9]+, / && !/"-end-"/' search.log
}

verdict() # EXPECTED
{
    if grep -q 'max search depth too small\|out of memory\|Search not completed' search.log &&
        ! grep -q '^pan:1: \(assert\|invalid\|accept\)' search.log; then
        echo "search not complete"
    elif grep -q '^pan:1: assertion violated' search.log; then
        sed -n 's/^pan:1: assertion violated *\(.*\) (at depth.*/\1/p' search.log
    elif grep -q '^pan:1: invalid end state' search.log; then
        echo stuck
    elif grep -q '^pan:1: acceptance cycle' search.log; then
        echo "never happens"
    elif ! grep -q 'errors: 0$' search.log; then
        echo "no result"
    elif [ "$1" != reached ]; then
        echo holds
    elif [ -n "$(unreached)" ]; then
        echo "not reached: $(unreached | head -n 1)"
    else
        echo reached
    fi
}

check() # NAME MODEL EXPECTED CLAIM MACROS
{
    began=$(date +%s)
    build "$2" "$4" "$5" "$(search_kind "$3")"
    # shellcheck disable=SC2046
    ./pan "-m$DEPTH" $(search_options "$3" "$4") >search.log 2>&1 || true
    found=$(verdict "$3")
    states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' search.log)
    result=ok
    case $3,$found in
    holds,holds | reached,reached | stuck,stuck) ;;
    holds,* | reached,* | stuck,*) result=FAILED ;;
    *) case $found in *"$3"*) ;; *) result=FAILED ;; esac ;;
    esac
    printf '%-26s %10s states  expected %-16s found %-40.40s %4s s  %s\n' \
        "$1" "${states:--}" "$3" "$found" "$(($(date +%s) - began))" "$result"
    echo "$1" >>checked
    [ "$result" = ok ] || echo "$1" >>failed
}

# The shortest way to the error where a search in breadth can find it.
trace() # NAME MODEL EXPECTED CLAIM MACROS
{
    case $3 in
    holds | reached) echo "$1 is expected to hold: it has no trace"; exit 1 ;;
    esac
    build "$2" "$4" "$5" "-O1 -DBFS"
    # shellcheck disable=SC2046
    ./pan "-m$DEPTH" -n $(search_options "$3" "$4") >search.log 2>&1 || true
    if [ ! -f "$2.pml.trail" ]; then
        cat search.log
        exit 1
    fi
    # collector.pml tells its own steps; of handshake.pml the statements are the story.
    steps=-p
    [ "$2" != collector ] || steps=-T
    # shellcheck disable=SC2086
    spin -t $steps -g $5 "$2.pml" 2>&1 | grep -v '^ltl \|never claim\|one claim\|or use e.g.'
    grep '^pan:1' search.log
}

level=quick
wanted=
names=$(variants | cut -d '|' -f 1 | tr '\n' ' ')
case ${1-} in
'') ;;
--full) level=full ;;
--trace) wanted=${2?"--trace wants one of: $names"} ;;
*) echo "usage: check.sh [--full] | --trace VARIANT"; exit 1 ;;
esac

variants >list
if [ -n "$wanted" ]; then
    grep "^$wanted|" list >one || { echo "no variant $wanted in: $names"; exit 1; }
    mv one list
fi
while IFS='|' read -r name model expected when claim macros; do
    if [ -n "$wanted" ]; then
        trace "$name" "$model" "$expected" "$claim" "$macros"
    elif [ "$when" = quick ] || [ "$level" = full ]; then
        check "$name" "$model" "$expected" "$claim" "$macros"
    fi
done <list
[ ! -f failed ] || { echo "failed: $(tr '\n' ' ' <failed)"; exit 1; }
[ -n "$wanted" ] || echo "$(wc -l <checked) variants searched, all as expected"

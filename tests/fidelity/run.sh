#!/bin/sh
# fidelity/run.sh: goal: the lab's runtime is Go 1.23's in all that can be counted. Method: the same
# workloads in both; what Go decides is compared exactly, what chance or time decides within a
# stated spread. `./lab fidelity` calls it; docs/reference/fidelity.md explains every part.
# Exit status: 0 no mismatch, 1 a mismatch, 2 bad usage, 3 no Go 1.23.
set -eu

here=$(dirname -- "$(readlink -f -- "$0")")
root=$(dirname -- "$(dirname -- "$here")")
parts='sizes slices maps cycles'
STW_FIDELITY_SEED=1 STW_FIDELITY_COUNT=300 STW_FIDELITY_NTH='' STW_FIDELITY_GO=''
only=

usage()
{
    cat <<END_OF_USAGE
usage: ./lab fidelity [OPTION...]   is the lab's runtime Go 1.23's, in all that can be counted?

    --go PATH        the go command; default: the 1.23 in STWLAB_GO, else go on PATH
    --seed N         of all random choices (1)
    --count N        combinations of part maps (300)
    --only PART,...  of: $parts
    --nth N          one item of one part alone, with all its values

Exit status: 0 no mismatch, 1 a mismatch, 2 bad usage, 3 there is no Go 1.23.
END_OF_USAGE
}

wrong() # MESSAGE
{
    usage >&2
    echo "fidelity: $1" >&2
    exit 2
}

lack() # MESSAGE
{
    echo "fidelity: $1" >&2
    exit 3
}

check=
if [ "${1:-}" = --check ]; then # whether the options are right, before anything is built
    check=yes
    shift
fi
while [ $# -gt 0 ]; do
    case $1 in -h | --help) usage; exit 0 ;; esac
    [ $# -ge 2 ] || wrong "$1 needs a value, or is no option"
    case $1 in
    --go) STW_FIDELITY_GO=$2 ;;
    --seed) STW_FIDELITY_SEED=$2 ;;
    --count) STW_FIDELITY_COUNT=$2 ;;
    --nth) STW_FIDELITY_NTH=$2 ;;
    --only) only=$2 ;;
    *) wrong "there is no option $1" ;;
    esac
    shift 2
done
case $STW_FIDELITY_SEED$STW_FIDELITY_COUNT$STW_FIDELITY_NTH in
*[!0-9]*) wrong "--seed, --count and --nth take whole numbers" ;; esac
[ -n "$STW_FIDELITY_SEED" ] && [ -n "$STW_FIDELITY_COUNT" ] || wrong "a number is missing"
for part in $(echo "$only" | tr , ' '); do
    case " $parts " in *" $part "*) ;; *) wrong "there is no part $part" ;; esac
done
case $STW_FIDELITY_NTH:$only in :* | *:*[!,]*) ;; *) wrong "--nth needs --only PART" ;; esac
case $STW_FIDELITY_NTH:$only in ?*:*,*) wrong "--nth needs one part" ;; esac
[ -z "$check" ] || exit 0

# version COMMAND: go1.23.5, or nothing
version()
{
    GOTOOLCHAIN=local "$1" version 2>/dev/null | sed -n 's/^go version \(go1[.0-9a-z]*\) .*/\1/p'
}

# is_wanted COMMAND: the release that the lab's runtime is modelled on
is_wanted()
{
    case $(version "$1") in go1.23 | go1.23.* | go1.23rc*) true ;; *) false ;; esac
}

# find_go: $STW_FIDELITY_GO, or the end
find_go()
{
    model='maps, allocator and pacer are compared with 1.23, whose rules they follow'
    if [ -n "$STW_FIDELITY_GO" ]; then
        is_wanted "$STW_FIDELITY_GO" && return 0
        found=$(version "$STW_FIDELITY_GO")
        lack "$STW_FIDELITY_GO is ${found:-no go command}, not Go 1.23; $model"
    fi
    seen=
    old=$IFS IFS=:
    for candidate in ${STWLAB_GO:-go}; do
        IFS=$old
        if is_wanted "$candidate"; then
            STW_FIDELITY_GO=$candidate
            return 0
        fi
        found=$(version "$candidate")
        seen="$seen ${found:+$candidate ($found)}"
    done
    IFS=$old
    seen=$(echo $seen)
    lack "there is no Go 1.23 in STWLAB_GO or on PATH${seen:+, but $seen}; name one by --go; $model"
}

find_go
command -v sqlite3 >/dev/null || lack "sqlite3 is not installed"
[ -x "$root/build/release/stwlab" ] || lack "build/release/stwlab is missing: ./lab build"
export STW_FIDELITY_GO STW_FIDELITY_SEED STW_FIDELITY_COUNT STW_FIDELITY_NTH

echo "stwlab beside $(version "$STW_FIDELITY_GO"), $(date -u +'%Y-%m-%d %H:%M UTC')," \
    "seed $STW_FIDELITY_SEED"
echo "processor  $(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -1), $(nproc) processors"
echo "system     $(uname -sr)"
echo "sources    $(git -C "$root" describe --always --dirty 2>/dev/null || echo unknown)"

failed=0 summary=

# part NAME SCRIPT [ARGUMENT]...
part()
{
    name=$1 from=$(date +%s) status=0
    shift
    case ,$only, in ,, | *",$name,"*) ;; *) return 0 ;; esac
    echo
    echo "$name"
    part_script=$1; shift; sh "$here/$part_script" "$@" || status=$?
    [ $status -ne 130 ] || exit 130
    took=$(($(date +%s) - from))
    if [ $status -eq 0 ]; then
        verdict=ok
    else
        verdict=FAILED failed=$((failed + 1))
    fi
    summary=$(printf '%s\n%-8s %-7s %4s s' "$summary" "$name" $verdict $took)
}

part sizes items.sh sizes 8000
part slices items.sh slices 2000
part maps maps.sh
part cycles cycles.sh
echo "$summary"
[ $failed -eq 0 ]

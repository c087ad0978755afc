#!/bin/sh
# prove/run.sh: goal: all proofs of the collector with one command. Method: one after the other, a
# line each as it ends; what each of them said is kept in a folder. `./lab prove` calls it.
# usage: run.sh [--minutes N] [--only NAME,NAME...]
#     --minutes   about how long; default 4. Hostile rounds take what the others leave, but no less
#                 than 2 minutes. Kills, statistics, sanitizers and capacity need 10.
# Exit status: 0 when no proof failed, 1 when one did, 2 bad usage.
set -eu

here=$(dirname -- "$(readlink -f -- "$0")")
root=$(dirname -- "$(dirname -- "$here")")
minutes=4 only=

# usage WHAT: what is wrong comes last, where one looks
usage()
{
    echo "usage: run.sh [--minutes N] [--only NAME,NAME...]; names: $names" >&2
    echo "prove: $1" >&2
    exit 2
}

# In this order; hostile is last, because it fills the time.
names='audit model mutants stepped kills statistics sanitizers capacity hostile'
check=
if [ "${1:-}" = --check ]; then # whether the options are right, before anything is built
    check=yes
    shift
fi
while [ $# -gt 0 ]; do
    case $1 in --minutes | --only) ;; *) usage "unknown option $1" ;; esac
    [ $# -ge 2 ] || usage "$1 needs a value"
    case $1 in
    --minutes) minutes=$2 ;;
    --only) only=$2 ;;
    esac
    shift 2
done
case $minutes in '' | *[!0-9]*) usage "--minutes: '$minutes' is not a number" ;; esac
for name in $(echo "$only" | tr , ' '); do
    case " $names " in *" $name "*) ;; *) usage "--only: there is no proof $name" ;; esac
done
[ -z "$check" ] || exit 0

STW_PROVE_LOGS=$root/build/prove/$(date -u +%Y%m%dT%H%M%SZ)
TMPDIR=$STW_PROVE_LOGS/tmp # of the proofs, which may be killed
export STW_PROVE_LOGS TMPDIR
mkdir -p "$TMPDIR"
trap 'rm -rf "$TMPDIR"' EXIT
child=

# end PID: it and all that it started, whatever group they are in
end()
{
    kill -STOP "$1" 2>/dev/null || return 0
    for below in $(cat "/proc/$1"/task/*/children 2>/dev/null); do
        (end "$below")
    done
    kill -KILL "$1" 2>/dev/null || true
}
trap '[ -z "$child" ] || end "$child"; echo "interrupted; logs: $STW_PROVE_LOGS"; exit 130' INT TERM

machine()
{
    echo "stwlab proofs, $(date -u +'%Y-%m-%d %H:%M UTC'), $minutes minutes asked for"
    echo "processor  $(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -1), $(nproc) processors"
    echo "memory     $(($(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo) >> 20)) GiB"
    echo "system     $(uname -sr)"
    echo "compiler   $("${CC:-cc}" --version | head -1)"
    echo "sources    $(git -C "$root" describe --always --dirty 2>/dev/null || echo unknown)"
    echo
}

failed=0 began=$(date +%s)

# proof NAME COMMAND...: runs it and prints its line
proof()
{
    name=$1 log=$STW_PROVE_LOGS/$1.log from=$(date +%s) status=0
    shift
    case ,$only, in ,, | *",$name,"*) ;; *) return 0 ;; esac
    if [ -f "$2" ]; then
        "$@" >"$log" 2>&1 &
        child=$!
        wait $child || status=$?
        child=
    else
        echo "there is no ${2#"$root"/}" >"$log"
        status=77
    fi
    case $status in
    0) verdict=ok ;;
    77) verdict=skipped ;;
    *) verdict=FAILED failed=$((failed + 1)) ;;
    esac
    printf '%-10s %-7s %4s s  %s\n' "$name" $verdict $(($(date +%s) - from)) "$(tail -1 "$log")"
}

# long NAME COMMAND...: only with ten minutes or more
long()
{
    case ,$only, in ,, | *",$1,"*) ;; *) return 0 ;; esac
    if [ "$minutes" -ge 10 ] || [ -n "$only" ]; then
        proof "$@"
    else
        printf '%-10s %-7s %4s s  %s\n' "$1" skipped 0 'takes longer; --minutes 10 or more'
    fi
}

machine
proof audit sh "$here/audit.sh" $((minutes < 10 ? 2 : 20))
proof model sh "$root/tests/model/check.sh"
proof mutants sh "$root/tests/mutants/run.sh"
proof stepped sh "$here/stepped.sh"
long kills sh "$here/kills.sh"
long statistics sh "$here/statistics.sh"
long sanitizers sh "$here/sanitizers.sh"
long capacity sh "$here/capacity.sh"
left=$((minutes * 60 - ($(date +%s) - began)))
proof hostile sh "$here/hostile.sh" --seconds $((left > 120 ? left : 120))
echo
for log in mutants capacity; do
    [ ! -f "$STW_PROVE_LOGS/$log.log" ] || { cat "$STW_PROVE_LOGS/$log.log"; echo; }
done
echo "logs: ${STW_PROVE_LOGS#"$root"/}"
[ $failed -eq 0 ]

#!/bin/sh
# prove/failures.sh: goal: whichever call for memory or a thread fails, the trial ends with a typed
# outcome and a message: ok, out-of-memory or refused; never a crash, a hang or a wrong checksum.
# Method: a hostile build fails its N-th such call, for N = 1, 2, 3 ... First that and all later
# ones, until none is left to fail; so the number of calls is known, and each of them is failed
# alone next. What a trial computes must be what it computes undisturbed. The coordinator's own
# calls take their turn too.
# usage: failures.sh STWLAB [MODE...]      Modes of the collector, default: all.
set -eu

stwlab=${1:?path of a hostile build of stwlab}
shift
[ $# -gt 0 ] || set -- stw concurrent rescan
calls_max=2000 # the trial makes about 60
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

matrix() # MODE
{
    cat <<END
[experiment]
name     = failures
question = What becomes of a trial whose N-th system call for memory fails?
workload = map-merge
trials   = 1
seed     = 1
timeout  = 20s
[axes]
n        = 1000
[fixed]
strategy = pool
mutators = 2
merges   = 3
live     = 2
key      = string
gc.mode  = $1
; A collection at every allocation takes too long when there are many of them.
gc.stress = 200
END
}

# trial NAME=VALUE...: runs it in that environment; sets status, outcome, detail, checksum
trial()
{
    rm -rf "$work/run"
    status=0
    env "$@" timeout 60 "$stwlab" run "$work/matrix.ini" -o "$work/run" --quiet --audit \
        >"$work/log" 2>&1 || status=$?
    outcome= detail= checksum=
    [ -f "$work/run/results.sqlite" ] || return 0
    IFS='|' read -r outcome checksum detail <<END
$(sqlite3 -readonly "$work/run/results.sqlite" 'SELECT outcome, checksum, detail FROM trials')
END
}

# bad WHAT NAME=VALUE...: a trial did what it must not
bad()
{
    what=$1
    shift
    echo "FAILED: $what, mode $mode: exit status $status, outcome '$outcome': $detail" >&2
    echo "reproduce with this matrix:" >&2
    cat "$work/matrix.ini" >&2
    echo "    $* $stwlab run FILE.ini -o RUN --audit" >&2
    cat "$work/log" >&2
    exit 1
}

# judge NAME=VALUE...: whether the trial ended as it should
judge()
{
    case $outcome:$status in
    ok:0) [ "$checksum" = "$right" ] || bad "checksum $checksum is not $right" "$@" ;;
    out-of-memory:1 | refused:1) [ -n "$detail" ] || bad "no message" "$@" ;;
    *) bad "not a typed outcome" "$@" ;;
    esac
}

ended=0 survived=0
for mode; do
    matrix "$mode" >"$work/matrix.ini"
    trial STW_FAIL_IN=none
    [ "$outcome:$status" = ok:0 ] || bad "it fails undisturbed" STW_FAIL_IN=none
    right=$checksum

    calls=1
    while trial STW_FAIL_FROM=$calls; judge STW_FAIL_FROM=$calls; [ "$outcome" != ok ]; do
        ended=$((ended + 1))
        calls=$((calls + 1))
        [ $calls -lt $calls_max ] || bad "it does not get on" STW_FAIL_FROM=$calls
    done
    [ $calls -gt 20 ] || bad "hardly a call failed" STW_FAIL_FROM=$calls

    nth=1
    while [ $nth -lt $calls ]; do
        trial STW_FAIL_NTH=$nth
        judge STW_FAIL_NTH=$nth
        if [ "$outcome" = ok ]; then survived=$((survived + 1)); else ended=$((ended + 1)); fi
        nth=$((nth + 1))
    done

    # The coordinator's record of a trial: made by two calls, and the run ends with a message.
    for nth in 1 2; do
        trial STW_FAIL_IN=run STW_FAIL_NTH=$nth
        [ $status -eq 3 ] && grep -q '^stwlab run: .*record' "$work/log" ||
            bad "the coordinator" STW_FAIL_IN=run STW_FAIL_NTH=$nth
    done
done
echo "$ended failures ended a trial with a typed outcome, $survived were survived"

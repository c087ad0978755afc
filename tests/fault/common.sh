# fault/common.sh: what the scripts of this folder share; sourced, not run.
#
# $work is a folder of the script's own, removed at its end. Workers inherit $STW_FAULT_MARK, so
# that they can be told from those of tests that run beside this one.
set -u
: "${STWLAB:?the path of stwlab}"
: "${STW_FAULT_PLUGINS:?the folder of the misbehaving strategies}"
work=$(mktemp -d "${TMPDIR:-/tmp}/stw fault.XXXXXX") # a blank, for all that forgets to quote
STW_FAULT_MARK=$work
export STW_FAULT_MARK
mounted=
trap '[ -z "$mounted" ] || umount "$mounted"; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

fail()
{
    echo "FAILED: $*" >&2
    exit 1
}

# A part that cannot be shown here, with the reason (tests/skips.sh lists it), and the whole test.
skip_part()
{
    echo "skipped: $*" >&2
}
skip()
{
    skip_part "$@"
    exit 77
}

command -v sqlite3 >/dev/null || skip "sqlite3 is not installed"

sql() # RUN QUERY
{
    sqlite3 -readonly -cmd '.timeout 5000' "$1/results.sqlite" "$2"
}

expect() # WHAT ACTUAL EXPECTED
{
    [ "$2" = "$3" ] || fail "$1: '$2' instead of '$3'"
}

# What became of trials: TABLE has lines NAME|OUTCOME|DETAIL, DETAIL a pattern; in WHERE, which ids are
# LIKE, %s stands for the name.
expect_each() # RUN WHERE TABLE
{
    while IFS='|' read -r name outcome detail; do
        got=$(sql "$work/$1" "SELECT DISTINCT outcome || '|' || detail FROM trials
            WHERE id LIKE '$(printf "$2" "$name")'")
        case $got in
        "$outcome|"$detail) ;;
        *) fail "$1: $name: '$got' instead of '$outcome|$detail'" ;;
        esac
    done <<END
$3
END
}

# A matrix of small trials: experiment TRIALS STRATEGIES FILE [LINE-OF-[experiment]]...
experiment()
{
    trials=$1 strategies=$2 file=$3
    shift 3
    {
        printf '[experiment]\nname = fault\nquestion = What becomes of a trial?\n'
        printf 'workload = map-merge\ntrials = %s\nseed = 7\n' "$trials"
        for line; do printf '%s\n' "$line"; done
        printf '[axes]\nn = 100, 200\nstrategy = %s\n' "$strategies"
        printf '[fixed]\nmerges = 2\n'
    } >"$file"
}

run() # FILE RUN [OPTION]...
{
    file=$1 out=$2
    shift 2
    "$STWLAB" run "$file" -o "$out" --plugin-path "$STW_FAULT_PLUGINS" "$@" \
        >"$work/out" 2>"$work/err"
}

# Process ids of living workers of this script.
workers()
{
    for each in /proc/[0-9]*; do
        grep -qs -- --record-fd "$each/cmdline" || continue
        grep -qs "STW_FAULT_MARK=$work" "$each/environ" && echo "${each#/proc/}"
    done
}

expect_no_workers()
{
    for try in 1 2 3 4 5 6 7 8 9 10; do
        [ -z "$(workers)" ] && return
        sleep 0.2
    done
    fail "workers were left behind: $(workers)"
}

# Every trial once, nothing half-stored.
expect_whole() # RUN TRIALS
{
    expect "integrity" "$(sql "$1" 'PRAGMA integrity_check')" ok
    expect "trials" "$(sql "$1" 'SELECT count(*) FROM trial')" "$2"
    expect "trials told apart" \
        "$(sql "$1" "SELECT count(DISTINCT cell || ' ' || trial) FROM trial")" "$2"
    expect "rows without a trial" "$(sql "$1" 'SELECT count(*) FROM counter
        WHERE trial_id NOT IN (SELECT trial_id FROM trial)')" 0
}

# Waits until a run holds at least COUNT trials.
await_trials() # RUN COUNT
{
    for try in $(seq 200); do
        [ "$(sql "$1" 'SELECT count(*) FROM trial' 2>/dev/null || echo 0)" -ge "$2" ] && return
        sleep 0.05
    done
    fail "the run does not get on: $(cat "$work/err")"
}

# fidelity/common.sh: what the parts share; sourced, not run. They expect in the environment:
# STW_FIDELITY_GO (the go command), _SEED, _COUNT, _NTH (one item, with all its values; or empty).
# Exit status of a part: 0 no mismatch, 1 mismatches. Its last line is its verdict.
set -eu

here=$(dirname -- "$(readlink -f -- "$0")")
root=$(dirname -- "$(dirname -- "$here")")
stwlab=$root/build/release/stwlab
go=$STW_FIDELITY_GO seed=$STW_FIDELITY_SEED count=$STW_FIDELITY_COUNT nth=$STW_FIDELITY_NTH
again="./lab fidelity --go $go --seed $seed"
work=$(mktemp -d "${TMPDIR:-/tmp}/stw-fidelity.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# both FILE [OPTION]...: runs the cells of experiments/fidelity/FILE.ini in $work/run
both()
{
    file=$root/experiments/fidelity/$1.ini
    shift
    rm -rf "$work/run"
    "$stwlab" run "$file" -o "$work/run" --quiet --go "$go" "$@" >"$work/log" 2>&1 || {
        [ -f "$work/run/results.sqlite" ] || { cat "$work/log"; exit 1; }
    }
}

sql() # QUERY
{
    sqlite3 -readonly "$work/run/results.sqlite" "$1"
}

# counters RUNTIME: name=value pairs of its trial, or what became of it
counters()
{
    sql "SELECT coalesce((SELECT group_concat(name || '=' || value, ' ') FROM counters
            WHERE id LIKE 'runtime=$1%'),
        (SELECT replace(outcome || ': ' || detail, '=', ' ') FROM trials
            WHERE id LIKE 'runtime=$1%'), 'no trial')"
}

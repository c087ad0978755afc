# prove/common.sh: what the proofs share; sourced, not run. A proof prints what it did, its last
# line being a short figure; exit status 0: it holds, 1: it does not, 77: skipped, the last line
# says why. It keeps what it made in $STW_PROVE_LOGS, if that names a folder.
set -eu

here=$(dirname -- "$(readlink -f -- "$0")")
root=$(dirname -- "$(dirname -- "$here")")
jobs=$(nproc 2>/dev/null || echo 2)
work=$(mktemp -d "${TMPDIR:-/tmp}/stw-prove.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

fail() # MESSAGE
{
    echo "FAILED: $*"
    exit 1
}

skip() # REASON
{
    echo "$*"
    exit 77
}

need() # PROGRAM...
{
    for program; do
        command -v "$program" >/dev/null || skip "$program is not installed"
    done
}

# keep FILE NAME: as NAME in the folder of logs; says where
keep()
{
    [ -n "${STW_PROVE_LOGS:-}" ] || return 0
    cp -r -- "$1" "$STW_PROVE_LOGS/$2" && echo "kept: $STW_PROVE_LOGS/$2"
}

# build PRESET TARGET...: as ./lab build does, but no more than is asked for
build()
{
    preset=$1
    shift
    new=
    [ -f "$root/build/$preset/CMakeCache.txt" ] || new='-G Ninja'
    # shellcheck disable=SC2086 # word splitting wanted
    (cd -- "$root" && cmake --preset "$preset" $new -DSTW_TESTS=ON --log-level=WARNING) \
        >"$work/build" 2>&1 &&
        cmake --build "$root/build/$preset" --target "$@" --parallel "$jobs" >"$work/build" 2>&1 ||
        { tail -20 "$work/build"; fail "build/$preset cannot be built"; }
}

sql() # RUN QUERY
{
    sqlite3 -readonly "$1/results.sqlite" "$2"
}

# digits NUMBER: 1234567 as 1,234,567
digits()
{
    echo "$1" | sed -e :a -e 's/\(.*[0-9]\)\([0-9]\{3\}\)/\1,\2/;ta'
}

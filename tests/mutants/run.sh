#!/bin/sh
# mutants/run.sh: goal: each rule of the collector is needed, and a named test notices its absence.
# Method: each patch of this folder removes one rule. It is applied to a copy of the sources, a
# stress program is built from that and run with one seed after the other until it fails; then the
# same program without the patch passes the same test with the same seeds. A patch that does not
# apply is stale, and a failure. Delays at edges (core/prim/hostile.h) make rare orders frequent.
# usage: run.sh [-t SECONDS] [NAME...]      SECONDS: how long a mutant may live, default 30.
#
# A patch begins with lines "KEY: TEXT":
#   removed    what is not done any more
#   why        what goes wrong without it
#   build      hostile (tiny limits and delays) or delays (delays alone)
#   caught-by  the test: gc_stress, termination or waking (tests/stress) and its arguments
set -eu

here=$(dirname -- "$(readlink -f -- "$0")")
root=$(dirname -- "$(dirname -- "$here")")
compiler=${CC:-cc}
limit=30
[ "${1:-}" != -t ] || { limit=$2; shift 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
command -v patch >/dev/null || { echo "skipped: patch is not installed" >&2; exit 77; }
# as core/CMakeLists.txt makes it
(cd "$root/core/abi/stwlab" &&
    awk -f "$root/cmake/proxies.awk" allocator.h map.h strategy.h workload.h host.h) >"$work/proxies.c"

# What the stress programs are made of; objects are called after their sources.
sources='core/base/*.c core/prim/*.c core/heap/*.c core/gc/*.c core/host/*.c
    plugins/allocators/go.c plugins/allocators/bump.c tests/support/gc_rig.c
    tests/stress/gc_stress.c tests/stress/termination.c tests/stress/waking.c'
flags='-std=gnu17 -O1 -g -w -pthread -D_GNU_SOURCE -DSTW_VERSION="0" -DSTW_INSTALLED_PLUGINS="/"
    -DSTW_GUARD -DSTW_AUDITED -DSTW_DELAYS'

# key FILE KEY: the text of a header line
key()
{
    sed -n "s/^$2: *//p;/^---/q" "$1"
}

# compile TREE OBJECTS BUILD SOURCE...: in parallel, from the folder TREE; any path may have blanks
compile()
{
    tree=$1 objects=$2 extra=
    [ "$3" = delays ] || extra=-DSTW_HOSTILE
    shift 3
    mkdir -p "$objects"
    export compiler flags objects extra
    # shellcheck disable=SC2016 # expanded by the inner shell
    (cd "$tree" && printf '%s\n' "$@" | xargs -d '\n' -P "$(nproc)" -n 1 sh -c '
        case $1 in
        plugins/*) name=${1##*/} extra="$extra -DSTW_STATIC_PLUGIN=${name%.c}" ;;
        esac
        exec $compiler $flags $extra -Icore -Icore/abi -Itests/support \
            -o "$objects/$(echo "$1" | tr / _).o" -c "$1"' sh)
}

# link FOLDER: the programs of FOLDER/objects
link()
{
    folder=$1
    set --
    for object in "$folder"/objects/*.o; do
        case $object in */tests_stress_*) ;; *) set -- "$@" "$object" ;; esac
    done
    for main in "$folder"/objects/tests_stress_*.o; do
        name_of=${main##*tests_stress_}
        $compiler -pthread -o "$folder/${name_of%.c.o}" "$main" "$@" -ldl -lm || return 1
    done
}

# clean BUILD: the programs without a patch, made once, in $work/BUILD
clean()
{
    [ ! -x "$work/$1/gc_stress" ] || return 0
    # shellcheck disable=SC2046,SC2086
    compile "$root" "$work/$1/objects" "$1" $(cd "$root" && ls $sources) "$work/proxies.c" &&
        link "$work/$1"
}

# try PROGRAM ARGUMENT...: one run; its last words in $work/log
try()
{
    binary=$1
    shift
    timeout -s KILL 10 "$binary" ms=800 "$@" >"$work/log" 2>&1
}

# mutant NAME: 0 if it was caught and the original passes
mutant()
{
    file=$here/$1.patch name=$1
    build=$(key "$file" build) test=$(key "$file" caught-by)
    program=${test%% *} arguments=${test#"${test%% *}"}
    rm -rf "$work/tree" "$work/mutant"
    mkdir -p "$work/tree/tests" "$work/mutant"
    cp -r "$root/core" "$root/plugins" "$work/tree"
    cp -r "$root/tests/support" "$root/tests/stress" "$work/tree/tests"
    patch -d "$work/tree" -p1 -s -F0 --no-backup-if-mismatch <"$file" >"$work/log" 2>&1 || {
        printf '%-22s STALE: the patch does not apply: %s\n' "$name" "$(head -1 "$work/log")"
        return 1
    }
    clean "$build" || { echo "the original does not compile" >&2; exit 1; }
    cp -r "$work/$build/objects" "$work/mutant/objects"
    changed=$(sed -n 's|^+++ b/\([^	]*\).*|\1|p' "$file")
    case $changed in *.h*) changed="$(cd "$root" && ls $sources) $work/proxies.c" ;; esac
    # shellcheck disable=SC2086
    compile "$work/tree" "$work/mutant/objects" "$build" $changed &&
        link "$work/mutant" || {
        printf '%-22s STALE: it does not compile\n' "$name"
        return 1
    }
    began=$(date +%s) seed=0 status=0
    while [ $status -eq 0 ] && [ $(($(date +%s) - began)) -lt "$limit" ]; do
        seed=$((seed + 1))
        # shellcheck disable=SC2086
        try "$work/mutant/$program" "seed=$seed" $arguments || status=$?
    done
    took=$(($(date +%s) - began))
    if [ $status -eq 0 ]; then
        printf '%-22s NOT CAUGHT in %s s by %s, seeds 1 to %s\n' "$name" "$took" "$test" "$seed"
        return 1
    fi
    words=$(head -1 "$work/log" | cut -c 1-90)
    [ $status -ne 137 ] || words='it hangs'
    last=$seed
    for seed in $(seq "$last"); do
        # shellcheck disable=SC2086
        try "$work/$build/$program" "seed=$seed" $arguments || {
            printf '%-22s the test fails without it too, seed %s: %s\n' "$name" "$seed" \
                "$(head -1 "$work/log")"
            return 1
        }
    done
    printf '%-22s caught after %2s s by %s %s seed=%s: %s\n' "$name" "$took" "$build" "$test" \
        "$last" "$words"
}

if [ $# -eq 0 ]; then
    for each in "$here"/*.patch; do
        each=${each##*/}
        set -- "$@" "${each%.patch}"
    done
fi
failed=0
for each; do
    [ -f "$here/$each.patch" ] || { echo "there is no mutant $each" >&2; exit 2; }
    mutant "$each" || failed=$((failed + 1))
done
echo "$(($# - failed)) of $# mutants caught"
[ $failed -eq 0 ]

#!/bin/sh
# Goal: every slot of the ABI, and every function of the host, is annotated: who calls it, who else
# may be inside, when in the plugin's life, and then what it may do (abi.md, A14).
# Method: the generator of the checking proxy reads the headers; before that, samples that it must
# refuse, each for its own reason.
set -eu

cd -- "$(dirname -- "$(readlink -f -- "$0")")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# expect MESSAGE ANNOTATIONS...: what is said of a slot with these; MESSAGE may be empty: nothing
expect() {
    message=$1
    shift
    printf 'struct stw_map_ops {\n    uint32_t struct_size;\n    /* A; b. */\n    void (*clear)(void *self)\n        %s;\n};\n' \
        "$*" >"$work/sample.h"
    status=0
    said=$(awk -f cmake/proxies.awk "$work/sample.h" 2>&1 >"$work/proxies.c") || status=$?
    if [ -z "$message" ]; then
        [ $status -eq 0 ] && [ -z "$said" ] && grep -q 'ops->clear = map_clear;' "$work/proxies.c" &&
            return 0
    else
        case $status$said in "1$work/sample.h: clear: $message"*) return 0 ;; esac
    fi
    printf 'FAILED: of "%s": exit status %s: %s\n' "$*" "$status" "$said"
    failures=$((failures + 1))
}

expect '' STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING
expect '' STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC STW_MAY_BLOCK
expect 'says not who calls it' STW_CONCURRENT STW_WHEN_RUNNING
expect 'says neither STW_CONCURRENT nor STW_EXCLUSIVE' STW_ON_ANY STW_WHEN_RUNNING STW_MAY_BLOCK
expect 'says not when it is called' STW_ON_ANY STW_CONCURRENT STW_MAY_BLOCK
expect 'STW_EXCLUSIVE stands where' STW_ON_ANY STW_CONCURRENT STW_EXCLUSIVE STW_WHEN_RUNNING
expect 'STW_ON_ANY stands where' STW_CONCURRENT STW_ON_ANY STW_WHEN_RUNNING
expect 'there is no annotation STW_MAY_SING' STW_ON_ANY STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_SING

# Every function pointer of the tables is a slot to the generator.
headers="allocator map strategy workload host"
for name in $headers; do
    set -- "core/abi/stwlab/$name.h"
    awk -f cmake/proxies.awk "$1" >"$work/proxies.c" || failures=$((failures + 1))
    # of a header: pointers in tables, but for the one that has no wrapper
    slots=$(awk '/^struct stw_([a-z]+_ops|host) \{/ { in_table = 1 }
                 /^\};/ { in_table = 0 }
                 in_table && /\(\*[a-z_]+\)\(/ && !/\(\*block_begin\)/ { count++ }
                 END { print count + 0 }' "$1")
    wrapped=$(grep -c '^    ops->' "$work/proxies.c" || true)
    if [ "$slots" -eq 0 ] || [ "$slots" -ne "$wrapped" ]; then
        echo "FAILED: $1 has $slots slots, $wrapped of them were found"
        failures=$((failures + 1))
    fi
done

[ $failures -eq 0 ] && echo "all slots are annotated"
exit $((failures > 0))

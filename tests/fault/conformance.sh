#!/bin/sh
# Goal: the conformance workloads catch the mistakes that authors of maps and allocators make, each by
# name, in a release build; and they find none in the plugins that ship. What the workloads do follows
# from their parameters alone, or their checksums would differ: map-check.C1, alloc-check.A1; what
# map-steal takes is nowhere but on the stack, or the mutants without barrier would live: map-steal.S1.
# Method: mutants of go-buckets and of go, made by sed in a temporary folder, each a plugin of its
# own, run through the experiments in experiments/conformance. A mutant whose sed changes nothing
# fails the test.
. "$(dirname "$0")/common.sh"

[ -z "${STW_SANITIZE:-}" ] || skip "a plugin without a sanitizer hides its accesses from it"
[ -z "${STW_AUDITED:-}" ] || skip "a collection at every chance makes these runs last an hour"

conformance=$STW_SOURCE_DIR/experiments/conformance
failures=0

# conform EXPERIMENT KEY=VALUE [OPTION]...: runs it in $work/run, which holds what came of it
conform()
{
    file=$1 set=$2
    shift 2
    rm -rf "$work/run"
    "$STWLAB" run "$conformance/$file.ini" -o "$work/run" --set "$set" "$@" \
        >"$work/out" 2>"$work/err"
}

outcomes()
{
    sql "$work/run" "SELECT outcome || ' ' || detail FROM trials" 2>/dev/null
}

# mutant NAME FOLDER FILE SED: FOLDER's plugin, with FILE changed, in $work/NAME.so
mutant()
{
    rm -rf "$work/$1"
    cp -r "$2" "$work/$1"
    cp "$work/$1/$3" "$work/before"
    sed -i "$4" "$work/$1/$3"
    cmp -s "$work/before" "$work/$1/$3" && fail "$1: its sed changes nothing in $3"
    sed -i -e 's/"go-buckets"/"mutant"/' -e 's/"go"/"mutant"/' "$work/$1"/*.c
    "$CC" -std=gnu17 -O1 -w -shared -fPIC -fvisibility=hidden -I"$STW_SOURCE_DIR/core/abi" \
        "-Wl,--version-script=$STW_SOURCE_DIR/plugins/exports.map" "$work/$1"/*.c \
        -o "$work/$1.so" || fail "$1 does not compile"
}

# caught NAME EXPERIMENT KIND PATTERN [OPTION]...: some trial is invalid, and says so by that name
caught()
{
    name=$1 experiment=$2 kind=$3 pattern=$4
    shift 4
    conform "$experiment" "axes.$kind=mutant" --plugin-path "$work/$name.so" "$@"
    if outcomes | grep -q "^invalid .*$pattern"; then
        echo "$name: $(outcomes | grep -m 1 "$pattern" | cut -c 1-120)"
    else
        echo "NOT CAUGHT: $name by $pattern: $(outcomes; cat "$work/err")"
        failures=$((failures + 1))
    fi
}

# The plugins that ship have none of this.
for each in maps barrier allocators; do
    rm -rf "$work/run"
    "$STWLAB" run "$conformance/$each.ini" -o "$work/run" >"$work/out" 2>"$work/err" ||
        fail "$each: $(outcomes)$(cat "$work/err")"
done

# A workload refuses what it cannot work with, before anything runs: by default settings, too.
"$STWLAB" run "$conformance/barrier.ini" --dry-run --set "axes.gc.mode=stw, concurrent" \
    --set fixed.schedule=stepped --set fixed.map=go-buckets >"$work/out" 2>&1 || fail "$(cat "$work/out")"
grep -q 'skipped: workload/map-steal: nothing can be taken' "$work/out" || fail "$(cat "$work/out")"
conform barrier "axes.gc.mode=stw, concurrent" --set fixed.schedule=stepped \
    --set fixed.operations=1 --set fixed.map=go-buckets || fail "a refused cell: $(cat "$work/err")"
[ "$(outcomes | cut -c 1-50)" = "skipped workload/map-steal: nothing can be taken w
ok " ] || fail "a refused cell: $(outcomes)"
"$STWLAB" show --wide "$work/run" | grep -q 'skipped: workload/map-steal: nothing can' ||
    fail "show does not say who refuses"
"$STWLAB" plugins | grep -q '^      refuses gc.mode == stw: nothing can be taken' ||
    fail "plugins does not say what is refused"

# Maps.
map=$STW_SOURCE_DIR/plugins/maps/go-buckets
map_mutant() # NAME RULE FILE SED
{
    mutant "$1" "$map" "$3" "$4"
    caught "$1" maps map "map-check: $2:"
}
map_mutant find-returns-0 map-assign go-buckets.c \
    '/uint32_t find_in(/,/^}/s/return 1;/return 0;/'
map_mutant find-returns-1 'map-\(find\|erase\)' go-buckets.c \
    '/uint32_t find_in(/,/^}/s/return 0;/return 1;/'
map_mutant find-writes-beyond map-find go-buckets.c \
    '/uint32_t find_in(/,/^}/s/, shape->value_bytes);/, shape->value_bytes + 1);/'
map_mutant clear-does-nothing map-clear grow.c \
    '/^void stw__buckets_clear(/,/^}/s/if (map->count == 0)/if (map)/'
map_mutant erase-says-no map-erase go-buckets.c \
    '/uint32_t erase_in(/,/^}/s/return place.bucket != NULL;/return 0;/'
map_mutant erase-leaves-it map-erase go-buckets.c \
    '/uint32_t erase_in(/,/^}/s/if (place.bucket) {/if (0) {/'
map_mutant count-is-late map-count go-buckets.c \
    '/^static uint64_t count(/,/^}/s/->count;/->count \& ~1ull;/'
map_mutant stats-lie map-stats walk.c \
    's/\.entries = map->count}/.entries = map->count + 1}/'
map_mutant iterate-skips 'map-\(iterate\|cursor\)' walk.c \
    '/^uint32_t stw__buckets_step(/,/^}/s/while (at\[SLOTS_SEEN\] < SLOTS)/while (at[SLOTS_SEEN] < SLOTS - 1)/'
map_mutant cursor-repeats map-cursor walk.c \
    '/^static uint32_t take(/,/^}/s/if (at\[FILTER\] \&\& /if (0 \&\& /'
map_mutant cursor-skips-moved map-cursor walk.c \
    '/^static uint32_t take(/,/^}/s/return stw__buckets_entry(.*/return 0;/'
map_mutant cursor-has-old-value map-cursor walk.c \
    '/^static uint32_t take(/,/^}/s/if (top < TOP_LEAST)/if (0)/'
map_mutant hash-of-the-address map-hash go-buckets.c \
    '/^static uint64_t hash(/,/^}/s/return hash_key(/return (uintptr_t)key ^ hash_key(/'
map_mutant hint-is-ignored map-hint go-buckets.c \
    '/^static void \*make(/,/^}/s/log_for(hint,/log_for(hint \& 0,/'
map_mutant reserve-forgets-a-chain map-reserve grow.c \
    '/^void stw__buckets_reserve(/,/^}/s/while (map->old_buckets) {/while (map->old_buckets) { if (map->moved + 1 == old_count(map)) { finish(m, map); break; }/'
map_mutant no-pointer-map map-keys buckets.h \
    '/string_shape = {/,/};/s/&stw__buckets_string[a-z_]*/NULL/g'
map_mutant update-loses-key map-update go-buckets.c \
    '/^INLINE void assign_in(/,/^}/{/if (shape->key == STW_KEY_STRING)/{n;s/key);/\&(struct stw_string){0});/}}'
map_mutant update-keeps-value 'map-\(update\|merge\)' go-buckets.c \
    '/^INLINE void assign_in(/,/^}/s/set_value(w.m, shape, place.bucket, /(void)(/'

# Barriers of keys, and of values: what is overwritten while marking.
mutant no-key-barrier "$map" buckets.h \
    '/^static inline void set_key(/,/^}/s/stw_store(m, &to->bytes, from->bytes);/to->bytes = from->bytes;/'
caught no-key-barrier barrier map "map-steal: map-barrier:"
mutant no-value-barrier "$map" go-buckets.c \
    '/uint32_t erase_in(/,/^}/s/stw_copy(w.m, value_at(shape, place.bucket, place.slot), NULL,/memset(value_at(shape, place.bucket, place.slot), 0,/;/uint32_t erase_in(/,/^}/s/^ *shape->value);$/);/;/uint32_t erase_in(/,/^}/s/shape->value_bytes,$/shape->value_bytes/'
caught no-value-barrier barrier map "map-steal: map-barrier:"

# Allocators.
mkdir "$work/go"
cp "$STW_SOURCE_DIR/plugins/allocators/go.c" "$work/go"
allocator_mutant() # NAME PATTERN SED
{
    mutant "$1" "$work/go" go.c "$3"
    caught "$1" allocators allocator "$2"
}
allocator_mutant overlapping-grants 'alloc-overlap:\|L3' \
    '/^static int next_run(/,/^}/s/{span, first, end - first}/{span, first ? first - 1 : 0, end - first}/'
allocator_mutant unswept-grant 'alloc-live:\|alloc-overlap:\|L4' \
    '/^static struct stw_span \*take_listed(/,/^}/s/if (go->host->span_sweep(go->host, span) < span->cell_count)/if (count_free(span) > 0)/'
allocator_mutant leaked-span 'L2\|L7\|U6' \
    '/^static void sweep_chain(/,/^}/s/^        else$/        else if (live != 1)/'
allocator_mutant registered-twice 'L1\|U6' \
    '/^static stw_status make_span(/,/^}/s/status = host->span_register(host, request, span);/host->span_register(host, request, span), status = host->span_register(host, request, span);/'
allocator_mutant wrong-cell-bytes 'alloc-overlap:\|alloc-live:\|L5\|L3' \
    '/^static struct stw_span_request shape_of(/,/^}/s/\.cell_bytes = bytes,/.cell_bytes = bytes > 32 ? bytes - 16 : bytes,/'

[ "$failures" -eq 0 ] || fail "$failures mutants survive"

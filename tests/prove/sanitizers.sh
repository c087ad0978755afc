#!/bin/sh
# prove/sanitizers.sh: goal: nothing that the tests or the demo's matrix do makes a sanitizer
# complain. Method: the presets asan (with UBSan and leaks) and tsan are built, all their tests
# run, and the demo's matrix with one trial a cell; a report of a sanitizer in any process fails
# the part. A line for each part, and the end of its output if it failed.
. "$(dirname -- "$(readlink -f -- "$0")")/common.sh"

root=${STW_SOURCE_DIR:-$root}
silence=$root/tests/sanitize/silence.sh
failed=0 tests=0

# part NAME COMMAND...: runs it and prints how it ended
part() {
    name=$1 began=$(date +%s) verdict=ok
    shift
    "$@" >"$work/log" 2>&1 || verdict=FAILED failed=$((failed + 1))
    printf '%-18s %-6s %5s s\n' "$name" $verdict $(($(date +%s) - began))
    [ $verdict = ok ] || tail -n 60 "$work/log" | sed 's/^/    /'
    [ $verdict = ok ]
}

run_tests() { # PRESET
    ctest --test-dir "$root/build/$1" --output-on-failure --no-tests=error -j "$jobs" \
        -L '^(fast|abi|fault|stress|tidy)$'
}

run_demo() { # PRESET
    sh "$silence" begin "$work/reports"
    options="exitcode=66:log_exe_name=1:log_path='$work/reports/report'"
    status=0
    env ASAN_OPTIONS="$options" UBSAN_OPTIONS="$options:print_stacktrace=1" \
        TSAN_OPTIONS="$options:halt_on_error=1" "$root/build/$1/stwlab" run \
        "$root/experiments/merge-threshold/matrix.ini" -o "$work/$1" --set experiment.trials=1 ||
        status=1
    sh "$silence" check "$work/reports" || status=1
    return $status
}

for preset in asan tsan; do
    part "$preset build" "$root/lab" build "$preset" || continue
    part "$preset tests" run_tests "$preset" || true
    count=$(sed -n 's/.*tests failed out of \([0-9]*\)$/\1/p' "$work/log" | tail -1)
    tests=$((tests + ${count:-0}))
    part "$preset demo matrix" run_demo "$preset" || true
done
[ $failed -eq 0 ] || fail "$failed parts"
echo "$tests tests and the demo's matrix, with ASan, UBSan and leaks, and with TSan: no report"

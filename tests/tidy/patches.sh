#!/bin/sh
# tidy/patches.sh: goal: every mutant is one of today's sources. Method: each patch of tests/mutants
# must apply with its whole context, on whatever line; nothing is changed. Whether the
# mutants are caught, only the proofs tell (tests/mutants/run.sh).
# Exit status: 0 all apply, 1 one does not, 77 skipped: patch is not installed.
set -eu

command -v patch >/dev/null || { echo "skipped: patch is not installed" >&2; exit 77; }
cd -- "$(dirname -- "$(readlink -f -- "$0")")/../.."
failed=0 count=0
for file in tests/mutants/*.patch; do
    count=$((count + 1))
    log=$(patch -p1 -F0 --dry-run --force <"$file" 2>&1) || {
        printf '%s: does not apply:\n%s\n' "$file" "$log" | head -4
        failed=$((failed + 1))
    }
done
echo "$count patches, $failed of them do not apply"
[ "$failed" -eq 0 ] && [ "$count" -gt 0 ]

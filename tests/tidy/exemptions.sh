#!/bin/sh
# tidy/exemptions.sh: goal: what is exempt from a sanitizer, or left out under one, is all told in
# docs/reference/sanitizers.md. Method: a source or test that asks which sanitizer the build has, or
# turns one off, must be named in a table there, and what is named there must be one. Before that, a
# table without one of them, and one with another more, which must be found.
# Exit status: 0 all are named, 1 not.
set -eu

cd -- "$(dirname -- "$(readlink -f -- "$0")")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Those that are about sanitizers tell nothing.
grep -rlE 'STW_(ASAN|TSAN|SANITIZE)|no_sanitize' core plugins strategies experiments tests |
    grep -vE '^(core/base/sanitizer.h|tests/sanitize/|tests/support/tsan/|tests/tidy/exemptions)' |
    sort >"$work/files"

# differences DOCUMENT: a line for each file that is not named, or named in vain
differences()
{
    sed -n 's/^| \(`[^|]*\) |.*/\1/p' "$1" | grep -o '`[^` ]*/[^` ]*`' | tr -d '`' | sort -u \
        >"$work/named"
    comm -23 "$work/files" "$work/named" | sed 's/$/ is not named/'
    comm -13 "$work/files" "$work/named" | sed 's/$/ is named, and has no exemption/'
}

document=docs/reference/sanitizers.md
grep -v '`core/prim/process.c`' "$document" >"$work/less.md"
{ cat "$document"; echo '| `core/gc/gc.h` | nothing | no reason |'; } >"$work/more.md"
for sample in 'less:core/prim/process.c is not named' \
    'more:core/gc/gc.h is named, and has no exemption'; do
    differences "$work/${sample%%:*}.md" | grep -qxF "${sample#*:}" || {
        echo "the check itself does not work: ${sample#*:}"
        exit 1
    }
done
differences "$document" >"$work/found"
sed "s|^|$document: |" "$work/found"
[ ! -s "$work/found" ]

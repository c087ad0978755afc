#!/bin/sh
# tests/skips.sh: goal: a test that proves nothing here is seen. Method: `skips.sh RESULTS` reads what
# CTest wrote with --output-junit RESULTS, and prints a line for each test that was skipped or
# disabled, and for each part that a test skipped itself: its name, and the reason that it gave with
# "skipped: REASON" (its last words, if it gave none). The exit status says nothing.
set -eu

awk '
function plain(text) {
    gsub(/&quot;/, "\"", text); gsub(/&apos;/, "\047", text); gsub(/&lt;/, "<", text)
    gsub(/&gt;/, ">", text); gsub(/&amp;/, "\\&", text)
    sub(/<\/?system-out>/, "", text); sub(/<\/system-out>/, "", text)
    return text
}
function tell(reason) {
    printf "skipped: %s: %s\n", name, reason
    told = 1
}
/<testcase / {
    name = $0; sub(/.*<testcase name="/, "", name); sub(/".*/, "", name)
    is_skipped = told = 0
    last = "no reason is given"
    if (/status="disabled"/)
        tell("it is disabled in this build")
}
/<skipped / { is_skipped = 1; next }
/<\/?(properties|property|testcase|testsuite|failure|\?xml)/ { if (!/<\/testcase>/) next }
/<\/testcase>/ { if (is_skipped && !told) tell(last); next }
{
    line = plain($0)
    if (match(line, /skipped: /))
        tell(substr(line, RSTART + RLENGTH))
    else if (match(line, /\[SKIP\] */))
        tell(substr(line, RSTART + RLENGTH))
    else if (line ~ /[^ \t]/)
        last = line
}' "$1"

#!/bin/sh
# sanitize/silence.sh: goal: no report of a sanitizer is lost, whichever process of whichever test
# wrote it. Method: all of them write into one folder; `begin FOLDER` empties it before the first
# test, `check FOLDER` shows what is in it after the last one and fails if that is anything.
set -eu

folder=$2
case $1 in
begin)
    rm -rf -- "$folder"
    mkdir -p -- "$folder"
    ;;
check)
    count=0
    for report in "$folder"/*; do
        # A process that is killed while it looks for leaks may say this and no more.
        grep -qsv 'Unable to get registers from thread' "$report" || continue
        count=$((count + 1))
        printf '######## %s\n' "${report##*/}"
        cat -- "$report"
    done
    [ "$count" -eq 0 ] || { echo "FAILED: $count reports of a sanitizer"; exit 1; }
    ;;
esac

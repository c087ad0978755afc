#!/bin/sh
# fault/full_disk.sh: a disk that is full ends the run with one clear message; every trial before
# it is kept, and with more room the run goes on. The disk is a tmpfs of 512 KiB.
if [ "$(id -u)" -ne 0 ] && [ -z "${STW_FAULT_UNSHARED:-}" ]; then
    unshare -rm true 2>/dev/null || { echo "skipped: needs root or user namespaces" >&2; exit 77; }
    STW_FAULT_UNSHARED=1 exec unshare -rm sh "$0"
fi
. "$(dirname "$0")/common.sh"

mkdir "$work/disk"
mount -t tmpfs -o size=512k none "$work/disk" 2>/dev/null || skip "tmpfs cannot be mounted here"
mounted=$work/disk

experiment 200 'none, presize' "$work/x.ini"
run "$work/x.ini" "$work/disk/run"
expect "exit status on a full disk" $? 3
expect "messages" "$(grep -c 'disk is full' "$work/err")" 1
grep -q "cannot write $work/disk/run/results.sqlite: " "$work/err" ||
    fail "the message does not name the file: $(cat "$work/err")"
expect_no_workers
stored=$(sqlite3 "$work/disk/run/results.sqlite" 'SELECT count(*) FROM trial')
[ "$stored" -gt 0 ] || fail "nothing was stored"
expect_whole "$work/disk/run" "$stored"

mount -o remount,size=64m "$work/disk"
run "$work/x.ini" "$work/disk/run" --resume
expect "exit status with more room" $? 0
expect_whole "$work/disk/run" 800
umount "$work/disk" && mounted=

mkdir "$work/tiny"
mount -t tmpfs -o size=8k none "$work/tiny" || fail "mount"
mounted=$work/tiny
run "$work/x.ini" "$work/tiny/run"
expect "exit status when not even a run fits" $? 3
grep -q "cannot create $work/tiny/run/results.sqlite: " "$work/err" ||
    fail "the message does not name the file: $(cat "$work/err")"

#!/bin/sh
# fault/hostile.sh: attacks on the coordinator, its results and the machine, one a cell. Each is
# forbidden and named, none does anything, and the trials between them are ok.
. "$(dirname "$0")/common.sh"
[ -z "${STW_SANITIZE:-}" ] || skip "sanitizers have no sandbox"

ways='clone:clone execve:execve kill:kill group:kill stop:kill tgkill:tgkill tkill:tkill
pidfd:pidfd_open setpgid:setpgid setsid:setsid traceme:ptrace attach:ptrace
vmwrite:process_vm_writev socket:socket pair:socketpair lock:fcntl cut:truncate overwrite:openat
unlink:unlink rename:rename link:openat create:openat mkdir:mkdir chmod:chmod shm:openat
prlimit:prlimit64 nice:setpriority fifo:sched_setscheduler affinity:sched_setaffinity untie:prctl
hide:prctl filter:prctl unshare:unshare blocked:socket'
list=none count=1
for each in $ways; do
    list="$list, ${each%:*}" count=$((count + 1))
done
printf '[experiment]\nname = hostile\nquestion = Who is hurt?\nworkload = map-merge
trials = 1\ntimeout = 20s\n[axes]\nstrategy.hostile.way = none\n[fixed]\nstrategy = hostile
n = 100\nmerges = 1\n' >"$work/x.ini"
run "$work/x.ini" "$work/run" --set "axes.strategy.hostile.way=$list"
expect "exit status" $? 1
expect_whole "$work/run" $count
for each in none: $ways; do
    way=${each%:*} call=${each#*:}
    [ "$way" = none ] && wanted='ok|' || wanted="forbidden|strategy/hostile called $call"
    got=$(sql "$work/run" "SELECT outcome || '|' || detail FROM trials
        WHERE id LIKE '%way=$way'")
    case $got in
    "$wanted" | "$wanted;"* | "$wanted on "*) ;;
    *) fail "$way: '$got' instead of '$wanted'" ;;
    esac
done
expect "what is left in the run" "$(ls "$work/run" | grep -v '^results.sqlite')" ''
[ ! -e /dev/shm/stw-left-behind ] || fail "shared memory was left behind"
expect_no_workers

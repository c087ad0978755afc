#!/bin/sh
# fault/hostile.sh: attacks from a plugin, one a cell: on the coordinator, its results, the user's
# files, other processes, the next trial (plugins/hostile.c), and on its own process
# (plugins/mischief.c, plugins/load-*.c). What reaches out is forbidden and named, the rest is typed;
# as many trials without an attack, among them, are ok; and nothing else is changed or left behind.
# Rules: prim.SB1, prim.SB2, prim.SB4, prim.PR7, prim.WA2, prim.SC1, trial.T1.
. "$(dirname "$0")/common.sh"
[ -z "${STW_SANITIZE:-}" ] || skip "sanitizers have no sandbox"

# WAY:CALL: forbidden.
reaching='clone:clone execve:execve kill:kill group:kill stop:kill tgkill:tgkill tkill:tkill
pidfd:pidfd_open setpgid:setpgid setsid:setsid traceme:ptrace attach:ptrace
vmwrite:process_vm_writev socket:socket pair:socketpair lock:fcntl cut:truncate overwrite:openat
unlink:unlink rename:rename link:openat create:openat mkdir:mkdir chmod:chmod shm:openat
prlimit:prlimit64 nice:setpriority fifo:sched_setscheduler affinity:sched_setaffinity untie:prctl
hide:prctl filter:prctl unshare:unshare blocked:socket'

# WAY|OUTCOME|PATTERN OF THE DETAIL.
ends='status|crashed|exited with status 7, after its result
flood|crashed|SIGABRT in *; last calls: strategy/mischief.merge*it printed: xxxxxxxx*
paint|crashed|SIGABRT in *; last calls: strategy/mischief.merge*DROP TABLE trial;
unmap|crashed|SIGSEGV*
protect|crashed|SIGSEGV*
scribble|invalid|*record is damaged: its magic number is gone*
state|invalid|*record is damaged: its state is none that exists; last calls: strategy/mischief.merge*
verdict|invalid|checksum 0000000000000000 differs: *
stops|invalid|*record is damaged: *
cut|ok|
grow|crashed|SIGXFSZ; last calls: strategy/mischief.create*
close|ok|
share|out-of-memory|it held * MiB, shared mappings and children included*strategy/mischief.create*
spy|crashed|*; it printed: of parent: all told
large|crashed|SIGXFSZ; last calls: strategy/mischief.create*
litter|ok|
ignore|crashed|SIGSEGV; last calls: strategy/mischief.merge*
threads|ok|
overflow|crashed|SIGSEGV*last calls: strategy/mischief.create*
twice|crashed|SIGABRT in *; last calls: strategy/mischief.merge*double free*
abort|crashed|SIGABRT in *; last calls: strategy/mischief.destroy*
exit|crashed|exited with status 0 without a result; last calls: strategy/mischief.destroy*
sigkill|crashed|SIGKILL, not sent by the lab; last calls: strategy/mischief.merge*
tracer|forbidden|strategy/mischief called prctl*
alarm|crashed|SIGALRM; last calls: strategy/mischief.create*
world|ok|
descriptors|ok|
streams|ok|
handlers|ok|'
# They end in one of several ways.
wild='jump thread'
hangs='destructor atexit deaf return term sigstop fifo'

# attack RUN STRATEGY WAYS [OPTION]...
attack()
{
    folder=$work/$1 strategy=$2 list=$(echo $3 | sed 's/ /, /g') count=$(echo $3 | wc -w)
    shift 3
    printf '[experiment]\nname = hostile\nquestion = Who is hurt?\nworkload = map-merge
trials = 1\ntimeout = 20s\nmemory = 192MiB\n[axes]\nstrategy.%s.way = none\nstrategy = none, %s
[fixed]\nn = 100\nmerges = 2\n' "$strategy" "$strategy" >"$work/x.ini"
    run "$work/x.ini" "$folder" --set "axes.strategy.$strategy.way=$list" "$@"
    expect "exit status of $folder" $? 1
    expect_whole "$folder" $((2 * count))
    expect "trials without an attack" "$(sql "$folder" "SELECT count(*) FROM trials
        WHERE id LIKE '%=none' AND outcome = 'ok'")" "$count"
    expect_unharmed
}

# Canaries: a process, a file, and that nothing is left.
echo alive >"$work/canary"
touch -d 2001-02-03 "$work/canary"
canary=$(stat -c '%a %h %u %s %Y %i' "$work/canary")
sleep 600 &
bird=$!
trap 'kill "$bird" 2>/dev/null; rm -rf "$work"' EXIT
expect_unharmed()
{
    expect "canary" "$(cat "$work/canary")" alive
    expect "canary's state" "$(stat -c '%a %h %u %s %Y %i' "$work/canary")" "$canary"
    expect "canary's process" "$(cut -d ' ' -f 3 "/proc/$bird/stat")" S
    expect "what is left in the run" "$(ls -A "$folder" | grep -v '^results.sqlite')" ''
    [ ! -e /dev/shm/stw-left-behind ] || fail "shared memory was left behind"
    [ ! -e "$work/left-behind" ] || fail "a file was left behind"
    expect "details with control characters" "$(sql "$folder" "SELECT count(*) FROM trials
        WHERE detail GLOB '*[' || char(1) || '-' || char(31) || ']*'")" 0
    expect_no_workers
}

ways() # RUN STRATEGY TABLE, of ways
{
    expect_each "$1" "%%way=%s strategy=$2" "$3"
}

attack reaching hostile "$(for each in $reaching; do echo "${each%:*}"; done)"
ways reaching hostile "$(for each in $reaching; do
    echo "${each%:*}|forbidden|strategy/hostile called ${each#*:}[; ]*"
done)"

FAULT_SECRET=SECRET-of-the-user
export FAULT_SECRET
attack in mischief "$(echo "$ends" | cut -d '|' -f 1) $wild"
ways in mischief "$ends"
expect "wild ways that are ok" "$(sql "$work/in" "SELECT count(*) FROM trials
    WHERE (id LIKE '%=jump %mischief' OR id LIKE '%=thread %mischief') AND outcome = 'ok'")" 0
grep -q SECRET "$work/in/results.sqlite" && fail "the secret is in the results"

attack late mischief "$hangs" --set experiment.timeout=1500ms
ways late mischief "$(printf '%s|timed-out|its time was up*\n' $hangs)"

attack many mischief 'breed daemons' --set permissions.strategy/mischief=processes
ways many mischief 'breed|out-of-memory|it held * MiB, shared mappings and children included*
daemons|ok|'
expect "daemons" "$(sql "$work/many" "SELECT note FROM trials WHERE note <> ''")" \
    'left 8 processes behind, killed'

folder=$work/load
experiment 1 'none, load-exit, load-abort, load-hang' "$work/x.ini" 'timeout = 1500ms'
run "$work/x.ini" "$folder"
expect "exit status of $folder" $? 1
expect_whole "$folder" 8
expect_unharmed
expect_each load '%%strategy=%s' 'none|ok|
load-exit|crashed|exited with status 0 without a result; last calls: strategy/load-exit.load <*
load-abort|crashed|SIGABRT in *; last calls: strategy/load-abort.load <*
load-hang|timed-out|its time was up; the main thread was in libc*; last calls: strategy/load-hang.load <*'

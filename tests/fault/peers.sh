#!/bin/sh
# fault/peers.sh: goal: another runtime is found, built, run beside the lab's and told apart; what it
# lacks or does wrong is a typed outcome. Method: go commands that are scripts: they say a version,
# and "build" a script that prints a record, or something worse.
. "$(dirname "$0")/common.sh"

# The programs note how they were called, which a sandbox would forbid them.
run() # FILE RUN [OPTION]...
{
    file=$1 out=$2
    shift 2
    "$STWLAB" run "$file" -o "$out" --plugin-path "$STW_FAULT_PLUGINS" \
        --set experiment.sandbox=off "$@" >"$work/out" 2>"$work/err"
}

XDG_CACHE_HOME=$work/cache
export XDG_CACHE_HOME
unset STWLAB_GO

# toolchain RELEASE: a go command; what it builds is $work/RELEASE.sh
toolchain()
{
    mkdir -p "$work/$1"
    cat >"$work/$1/go" <<END
#!/bin/sh
case \$1 in
version) echo "go version go$1 linux/amd64" ;;
build) [ -e "$work/$1.sh" ] || { echo "main.go:7: no such word"; exit 1; }
    echo "\$PWD \$*" >>"$work/$1.builds"; cp "$work/$1.sh" "\$4"; chmod +x "\$4" ;;
esac
END
    chmod +x "$work/$1/go"
}

# What they can do.
answer='workload map-merge
strategy none
strategy presize
strategy gc-off
setting runtime
setting strategy
setting mutators
fact gc.cycles
fact go.extra|maps|sum|less|more of them
end'

# program RELEASE LINE...
program()
{
    { echo '#!/bin/sh'; echo "[ \$1 != describe ] || { cat '$work/$1.answer'; exit; }"
      echo "echo \"\$*\" >>'$work/$1.calls'"
      echo "echo \"\$GOGC \$GOMAXPROCS \$GOMEMLIMIT\" >>'$work/$1.environment'"; } >"$work/$1.sh"
    echo "$answer" >"$work/$1.answer"
    name=$1
    shift
    for line; do echo "$line" >>"$work/$name.sh"; done
    toolchain "$name"
}

# matrix RUNTIMES [LINE]...: of [fixed] or what may follow it
matrix()
{
    printf '[experiment]\nname = p\nquestion = q\nworkload = map-merge\ntrials = 2\nseed = 7\n'
    printf '[axes]\nruntime = %s\nmap = go-buckets\n' "$1"
    shift
    printf '[fixed]\nn = 100\nmerges = 3\nmutators = 2\ngogc = 50\n'
    for line; do printf '%s\n' "$line"; done
}

expect_in() # WHAT TEXT PART
{
    case $2 in *"$3"*) ;; *) fail "$1: no '$3' in '$2'" ;; esac
}

detail()
{
    sql "$work/run" "SELECT outcome || ': ' || detail FROM trials WHERE id LIKE 'runtime=$1%'
        ORDER BY trial LIMIT 1"
}

matrix stwlab >"$work/x.ini"
run "$work/x.ini" "$work/alone" || fail "the lab alone: $(cat "$work/err")"
right=$(sql "$work/alone" "SELECT checksum FROM trials LIMIT 1")

# Two releases beside the lab: one does as told, the other computes something else.
record='echo op 1000; echo op 2000; echo pause 700 0 setup; echo pause 900 400 timed; echo pause 1100 0 timed
    echo pause 50 - timed; echo pause 30 10 after; echo counter gc.cycles 1
    echo counter go.extra 5; echo time 100 200
    echo "pacer: assist ratio=+1.0e+000 (scan 1 MB in 3->4 MB) workers=0+0.25"
    echo "pacer: 25% CPU (25 exp.) for 5+6+7 B work (8 B exp.) in 3000 B -> 3500 B (∆goal -500, x)"
    echo "gc 1 @0.012s 3%: 0.01+1+2 ms clock"; 
    echo "pacer: 25% CPU (25 exp.) for 5+6+7 B work (8 B exp.) in 1 B -> 2 B (∆goal 1, x)"
    echo "gc 2 @0.013s 3%: 0.01+1+2 ms clock (forced)"
    echo "pacer: 25% CPU (25 exp.) for 5+6+7 B work (8 B exp.) in 40 B -> 60 B (∆goal 10, x)"
    echo "gc 3 @0.014s 3%: 0.01+1+2 ms clock"'
program 1.98.1 "$record" "echo checksum $right; echo done"
program 1.99.2 "$record" "echo checksum 1234; echo done"
matrix 'stwlab, go' 'strategy = presize' >"$work/x.ini"
run "$work/x.ini" "$work/run" --go "$work/1.98.1/go" --go "$work/1.99.2/go"
expect "exit status with a wrong checksum" $? 1
expect "cells" "$(sql "$work/run" "SELECT group_concat(id, ', ') FROM cells")" \
    'runtime=stwlab, runtime=go1.98.1, runtime=go1.99.2'
expect "the lab's" "$(detail stwlab)" 'ok: '
expect "the good one's" "$(detail go1.98)" 'ok: '
expect_in "the other's" "$(detail go1.99)" 'invalid: checksum 0000000000001234 differs'
expect "stops" "$(sql "$work/run" "SELECT group_concat(pause_ns || '/'
    || coalesce(stopping_ns || '+' || working_ns, '?') || '/' || phase) FROM pauses WHERE id = 'runtime=go1.98.1' AND trial = 0 AND kind = 'peer'")" \
    '700/0+700/setup,900/400+500/timed,1100/0+1100/timed,50/?/timed,30/10+20/after'
expect "what no program tells of its stops" "$(sql "$work/run" "SELECT count(*) FROM pauses
    WHERE kind = 'peer' AND coalesce(restarting_ns, start_ns, cycle, last_site, scan_bytes, mark_objects,
        root_words, barrier_words, spans_swept, is_forced, working_ns - pause_ns + stopping_ns) <> 0")" 0
expect "and what it tells" "$(sql "$work/run" "SELECT count(stopping_ns), count(working_ns), count(*),
    count(restarting_ns) + count(start_ns) + count(scan_bytes) + count(is_forced) FROM pauses
    WHERE id = 'runtime=go1.98.1' AND kind = 'peer'")" '8|8|10|0'
expect "stopping, of those that tell" "$(sql "$work/run" "SELECT stopping_count, restarting_count,
    restarting_max_ns IS NULL FROM cells WHERE id = 'runtime=go1.98.1'")" '4|0|1'
"$STWLAB" compare "$work/run" runtime=go1.98 --metric restarting.p50 >"$work/out" 2>"$work/err"
expect "exit status of what is not known" $? 1
expect_in "what is said of it" "$(cat "$work/err")" 'has no stop.restarting: its stops do not tell it'
expect "stops that count" "$(sql "$work/run" "SELECT pause_count, pause_max_ns, setup_pause_count
    FROM cells WHERE id = 'runtime=go1.98.1'")" '6|1100|2'
expect "counters" "$(sql "$work/run" "SELECT group_concat(name || '=' || value) FROM
    (SELECT name, value FROM counters WHERE id = 'runtime=go1.98.1' AND trial = 0 ORDER BY name)")" \
    'gc.cycles=1,go.extra=5,setup.pause_max_ns=700,setup.pause_total_ns=700,setup.stops=1'
expect "cycles" "$(sql "$work/run" "SELECT group_concat(cycle || ':' || coalesce(
    triggered_bytes || '<' || goal_bytes || '/' || live_bytes, '?') || coalesce(marked_bytes, '')) FROM cycles
    WHERE id = 'runtime=go1.98.1' AND trial = 0")" '1:3000<4000/3500,2:?,3:40<50/60'
expect "operations" "$(sql "$work/run" "SELECT operations, span_ns FROM trials
    WHERE id = 'runtime=go1.98.1' AND trial = 0")" '2|100'
expect "arguments" "$(head -1 "$work/1.98.1.calls")" \
    'map-merge mutators=2 seed=7 strategy=presize n=100 key=int keys=sequential merges=3 live=0 hint=0'
expect "environment" "$(head -1 "$work/1.98.1.environment")" "50 $(nproc) off"
expect "built once" "$(wc -l <"$work/1.98.1.builds" | tr -d ' ')" 1
run "$work/x.ini" "$work/again" --go "$work/1.98.1/go" || fail "once more: $(cat "$work/err")"
expect "still built once" "$(wc -l <"$work/1.98.1.builds" | tr -d ' ')" 1

# A long text reaches the program whole. (Its keys are others, so its checksum is not right.)
long=$work/$(printf '%0200d/%0200d/%0200d' 1 2 3)
mkdir -p "$long"
seq 100 >"$long/keys"
run "$work/x.ini" "$work/long" --go "$work/1.98.1/go" --set "fixed.keys=$long/keys"
expect_in "a long path ($(head -3 "$work/err"))" "$(tail -1 "$work/1.98.1.calls")" \
    " keys=$long/keys merges=3"

# Another command of the same version is told; other experiments are another runtime, which a run of
# this one is not resumed with (plan.PE1); who may write the cache builds nothing that we run
# (plan.CA1).
mkdir "$work/twin"
cp "$work/1.98.1/go" "$work/twin/go"
run "$work/x.ini" "$work/twins" --go "$work/1.98.1/go" --go "$work/twin/go" || fail "$(cat "$work/err")"
expect_in "twins" "$(cat "$work/err")" \
    "$work/twin/go is go1.98.1, as $work/1.98.1/go is: only that one runs"
expect "the program is known" "$(sql "$work/twins" "SELECT label, command, length(content)
    FROM runtime")" "go1.98.1|$work/1.98.1/go|32"
sed -i 's/^build)/env) echo "$GOEXPERIMENT"; echo v1 ;;\n&/' "$work/1.98.1/go"
matrix 'go' 'strategy = presize' >"$work/y.ini"
run "$work/y.ini" "$work/plain" --go "$work/1.98.1/go" || fail "$(cat "$work/err")"
GOEXPERIMENT=a,b run "$work/y.ini" "$work/plain" --go "$work/1.98.1/go" --resume
expect "exit status with other experiments" $? 2
expect_in "what differs" "$(cat "$work/err")" 'runtime: was go1.98.1, is go1.98.1-X:a+b'
GOEXPERIMENT=a,b run "$work/y.ini" "$work/varied" --go "$work/1.98.1/go" || fail "$(cat "$work/err")"
expect "its label and settings" "$(sql "$work/varied" "SELECT label, settings FROM runtime")" \
    'go1.98.1-X:a+b|GOEXPERIMENT=a,b GOAMD64=v1'
sed -i 's/echo v1/echo v3/' "$work/1.98.1/go"
run "$work/y.ini" "$work/plain" --go "$work/1.98.1/go" --resume
expect "exit status with another level" $? 2
expect_in "which" "$(cat "$work/err")" \
    'another build of go1.98.1: was go1.98.1 GOAMD64=v1, is go1.98.1 GOAMD64=v3'

builds() { wc -l <"$work/1.98.1.builds" | tr -d ' '; }
anew() # WHAT WORDS: it is built again, and why is told
{
    before=$(builds)
    rm -rf "$work/run"
    run "$work/y.ini" "$work/run" --go "$work/1.98.1/go" || fail "$1: $(cat "$work/err")"
    expect "builds: $1" "$(builds)" $((before + 1))
    expect_in "$1" "$(cat "$work/err")" "$2"
}
run "$work/y.ini" "$work/cached" --go "$work/1.98.1/go" || fail "$(cat "$work/err")"
chmod g+w "$work/cache/stwlab"/*
anew 'a program that others may write' 'can be written by others: it is built anew'
chmod g+w "$work/cache"
TMPDIR=$work anew 'a cache that others may write' "$work/cache can be written by others"
expect_in "where" "$(cat "$work/err")" "programs are built for this run alone, in $work/stwlab-"
chmod g-w "$work/cache"
[ -z "$(find "$work" -maxdepth 1 -name 'stwlab-*')" ] || fail "the fresh folder was left behind"
ln -s "$work/cache" "$work/link"
before=$(builds)
rm -rf "$work/run"
XDG_CACHE_HOME=$work/link run "$work/y.ini" "$work/run" --go "$work/1.98.1/go"
expect "builds through a link" "$(builds)" "$before"
if [ "$(id -u)" -eq 0 ]; then
    chown 65534 "$work/cache/stwlab"
    TMPDIR=$work anew "somebody else's cache" 'belongs to another user'
    chown 0 "$work/cache/stwlab"
else
    skip_part "a cache of somebody else's: only root can make one"
fi
run "$work/y.ini" "$work/swapped" --go "$work/1.98.1/go" || fail "$(cat "$work/err")"
for each in "$work/cache/stwlab"/peer-go1.98.1-*; do echo '# another' >>"$each"; done
run "$work/y.ini" "$work/swapped" --go "$work/1.98.1/go" --resume
expect "exit status with another program" $? 2
expect_in "which program" "$(cat "$work/err")" 'holds trials of another build of go1.98.1: was '

# What goes wrong in a program.
program 1.90 'echo "the Go program has no such thing"; exit 2'
program 1.91 'echo "fatal error: out of memory"; exit 2'
program 1.92 'echo op 5; kill -SEGV $$'
program 1.93 'echo op 5'
program 1.94 'sleep 100'
program 1.96 'echo pause 500 100; echo done'
program 1.95 'echo op 5; echo "invalid gogc it was off when the operations began, not 50"; exit 2'
matrix 'go' >"$work/x.ini"
rm -rf "$work/run"
STWLAB_GO=$(printf '%s:' "$work"/1.9[0-6]/go) run "$work/x.ini" "$work/run" \
    --set experiment.timeout=1s --set experiment.trials=1
expect "exit status of failures" $? 1
expect "a refusal" "$(detail go1.90)" \
    'refused: runtime: the program ended with status 2: the Go program has no such thing'
expect "memory" "$(detail go1.91)" 'out-of-memory: runtime: fatal error: out of memory'
expect_in "a signal" "$(detail go1.92)" 'crashed: SIGSEGV'
expect_in "half a record" "$(detail go1.93)" 'refused: runtime: the program ended with status 0'
expect "another setting" "$(detail go1.95)" \
    'invalid: gogc: it was off when the operations began, not 50'
expect_in "a stop of no phase" "$(detail go1.96)" \
    'invalid: record: the program told a stop as "pause 500 100", not as "pause TOTAL STOPPING PHASE"'
expect_in "no end" "$(detail go1.94)" 'timed-out: '
expect_no_workers

# What a peer cannot do is skipped, and why is said.
matrix 'stwlab, go' '[exclude]' 'x = runtime == go1.98 && gc.mode == stw' |
    sed 's/^map = .*/gc.mode = concurrent, stw, rescan\nstrategy = none, gc-off + twice/' |
    sed 's/^twice//' >"$work/x.ini"
sed -i 's/gc-off + twice/gc-off + crash/' "$work/x.ini"
rm -rf "$work/run"
run "$work/x.ini" "$work/run" --dry-run --go "$work/1.98.1/go" || fail "$(cat "$work/err")"
expect "skipped for the rule" "$(grep -c 'x: runtime == go1.98 && gc.mode == stw' "$work/out")" 2
expect "skipped for the mode" "$(grep -c 'runs once, beside gc.mode = concurrent' "$work/out")" 1
expect "skipped for the strategy" "$(grep -c 'no strategy crash' "$work/out")" 2
matrix 'stwlab, go, go1.12' >"$work/x.ini"
PATH=$(dirname "$(command -v sqlite3)"):/bin:/usr/bin
if ! command -v go >/dev/null; then
    run "$work/x.ini" "$work/none" || fail "without a Go: $(cat "$work/err")"
    expect "without a Go" "$(sql "$work/none" "SELECT group_concat(outcome) FROM
        (SELECT DISTINCT outcome FROM trials ORDER BY cell)")" 'ok,skipped'
    expect_in "why" "$(sql "$work/none" "SELECT detail FROM trials WHERE outcome = 'skipped'
        AND id LIKE '%go1.12'")" 'there is no go1.12: name one by --go or STWLAB_GO'
else
    skip_part "no Go at all: there is one in /usr/bin"
fi

# A program says what it can do, and no more than that is taken from it (plan.PE2).
program 1.89 'echo counter gc.cycles 1; echo counter go.other 5; echo done'
matrix 'go' >"$work/x.ini"
rm -rf "$work/run"
run "$work/x.ini" "$work/run" --go "$work/1.89/go"
expect "exit status of an undeclared counter" $? 1
expect "an undeclared counter" "$(detail go1.89)" \
    'invalid: facts: the program told go.other, which its description does not have'
expect_in "facts of the run" "$("$STWLAB" facts "$work/again")" 'more of them'
misdescribed() # WHAT ANSWER PART
{
    echo "$2" >"$work/1.89.answer"
    run "$work/x.ini" "$work/bad" --dry-run --go "$work/1.89/go"
    expect "exit status of $1" $? 3
    expect_in "$1" "$(cat "$work/err")" "go1.89: does not say what it can do: "
    expect_in "$1" "$(cat "$work/err")" "$3"
}
before=$(wc -l <"$work/1.89.builds")
misdescribed 'a program that says nothing' '' '"" is nothing that a description says'
misdescribed 'half an answer' 'workload map-merge' 'it says no end'
misdescribed 'a word that is none' 'workload map merge' '"workload map merge" is no word'
misdescribed 'a setting that is none' 'setting gogo' '"setting gogo" is no setting of the runtime'
misdescribed 'a fact twice' 'fact gc.cycles
fact gc.cycles' '"fact gc.cycles" is there twice'
misdescribed 'a fact of the lab alone' 'fact gc.restarts' 'is one that only the lab'
misdescribed 'a fact of nobody' 'fact gc.spins' 'is no fact of the lab'
misdescribed 'a fact of another' 'fact gc.spins||sum|less|h' 'begins with its own name'
misdescribed 'a fact in other words' 'fact go.x||total|less|h' 'adds up or is better in no way'
expect "builds by asking" "$(wc -l <"$work/1.89.builds")" "$before"

# Bad input.
refused() # PART OPTION...
{
    part=$1
    shift
    run "$work/x.ini" "$work/bad" "$@"
    expect "exit status of $*" $? 2
    expect_in "what is said of $*" "$(cat "$work/err")" "$part"
}
refused 'x.ini:8: [axes] runtime: '"$work"'/absent: cannot be run: No such file' --go "$work/absent"
refused 'x.ini:8: [axes] runtime: /bin/true: does not say which Go it is' --go /bin/true
matrix 'stwlab, gp' >"$work/x.ini"
refused 'there is no runtime "gp"; did you mean "go"?'
matrix 'stwlab' >"$work/x.ini"
sed -i '/^runtime/d; s/^gogc/runtime = go\ngogc/' "$work/x.ini"
refused 'more than one is there' --go "$work/1.90/go" --go "$work/1.91/go"

# A build that fails.
rm "$work/1.98.1.sh" && rm -rf "$work/cache"
matrix 'stwlab, go' >"$work/x.ini"
run "$work/x.ini" "$work/build" --go "$work/1.98.1/go"
expect "exit status of a failed build" $? 3
expect_in "what the toolchain says" "$(cat "$work/err")" 'main.go:7: no such word'

# bdwgc, where it was built: the tree is the lab's, by as many markers as there are processors.
printf '[experiment]\nname = t\nquestion = q\nworkload = tree\ntrials = 1\n[axes]\n' >"$work/t.ini"
printf 'runtime = stwlab, bdwgc\nmutators = 1, 2\n[fixed]\ndepth = 10\noperations = 3\n' >>"$work/t.ini"
printf 'gc.processors = 2\n' >>"$work/t.ini"
run "$work/t.ini" "$work/tree" || fail "beside bdwgc: $(cat "$work/err")"
if [ -x "$(dirname "$STWLAB")/peers/bdwgc" ]; then
    expect "bdwgc's cells" "$(sql "$work/tree" "SELECT group_concat(outcome || ' ' || operations)
        FROM trials WHERE id LIKE 'runtime=bdwgc8%mutators=1'")" 'ok 3'
    expect "its markers" "$(sql "$work/tree" "SELECT value FROM counters
        WHERE name = 'bdwgc.markers'")" 2
    expect "its stops" "$(sql "$work/tree" "SELECT min(kind), sum(phase = 'timed') >= 3,
        sum(phase = 'setup') = (SELECT sum(value) FROM counters WHERE id LIKE 'runtime=bdwgc%'
            AND name = 'setup.stops') FROM pauses WHERE id LIKE 'runtime=bdwgc%'")" 'peer|1|1'
    expect "its cycles" "$(sql "$work/tree" "SELECT sum(value) FILTER (WHERE name = 'timed.cycles'),
        sum(value) FILTER (WHERE name = 'gc.cycles') - sum(value) FILTER (WHERE name = 'setup.cycles')
        FROM counters WHERE id LIKE 'runtime=bdwgc%'")" '3|3'
    expect "two mutators" "$(sql "$work/tree" "SELECT detail FROM trials
        WHERE id LIKE 'runtime=bdwgc%mutators=2'")" \
        'runtime: the bdwgc program has at most 1 mutator'
else
    expect_in "no bdwgc" "$(sql "$work/tree" "SELECT detail FROM trials
        WHERE id LIKE 'runtime=bdwgc%' LIMIT 1")" 'there is no bdwgc: install libgc-dev'
fi

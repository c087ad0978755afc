#!/bin/sh
# fault/mistakes.sh: goal: a plugin that breaks a rule of a public header ends its trial under the
# rule's name, and its own, with what it did; never as a crash on an expression of the host.
# Method: a table of plugins with one mistake each (plugins/mistake*.c), each alone and, strategies,
# between others that do nothing wrong. Rules: host.ED1 host.HH1 gc.TY1 trial.BL1
# trial.BL2 trial.WH3 abi.L5 abi.L8 abi.M6.
. "$(dirname "$0")/common.sh"

# STRATEGY|OUTCOME|DETAIL
handed='need-size|invalid|A2: strategy/need-size passed a stw_map_need whose struct_size is 0, not *
entries-size|invalid|A2: strategy/entries-size passed a stw_entries whose struct_size is 0, not *
merge-range|invalid|merge-range: strategy/merge-range merges 100 entries from 1 on where there are 100*
keeps-request-begin|invalid|passes-on: strategy/keeps-request-begin states request_end without request_begin, or does not pass it on*
keeps-request-end|invalid|passes-on: strategy/keeps-request-end *
keeps-begin|invalid|passes-on: strategy/keeps-begin does not pass begin on*
type-size|invalid|A2: strategy/type-size allocated with a stw_type whose struct_size is 0, not *
type-empty|invalid|M6: strategy/type-empty allocated with type "type_empty", whose element_bytes are no multiple of 8 (0)*
type-28|invalid|M6: strategy/type-28 allocated with type "type_28", whose element_bytes are no multiple of 8 (28)*
type-mask|invalid|M6: strategy/type-mask allocated with type "type_mask", whose pointer_bytes are 8, but the last pointer of its mask ends at byte 16*
type-no-mask|invalid|M6: strategy/type-no-mask allocated with type "type_no_mask", whose pointer_mask is null*
type-beyond|invalid|M6: strategy/type-beyond allocated with type "type_beyond", whose pointer_bytes are not within an element (24)*
type-on-stack|invalid|M6: strategy/type-on-stack allocated with a type on its stack; it must live until destroy returns*
type-odd-bytes|invalid|M6: strategy/type-odd-bytes allocated 131080 bytes of type "pair", whose elements have 16*
block-merges|invalid|blocked: strategy/block-merges called block_begin, and no block_end before merge*
block-stays|invalid|blocked: strategy/block-stays called block_begin, and no block_end before *
block-twice|invalid|blocked: strategy/block-twice called block_begin twice*
block-ends|invalid|blocked: strategy/block-ends called block_end without block_begin*
block-yields|invalid|blocked: strategy/block-yields called yield between block_begin and block_end*
removes-roots|invalid|roots: strategy/removes-roots removed roots at 0x*, where none were added*
removes-late|invalid|roots: strategy/removes-late removed roots at 0x*, where none were added*
adds-odd-roots|invalid|roots: strategy/adds-odd-roots added roots at 0x*, which is no place for words*
adds-hook-late|invalid|on-main: strategy/adds-hook-late called cycle_hook_add on another thread than the main one*
undeclared|invalid|declared: strategy/undeclared asked for "chunk", which its manifest does not declare*
refuses|refused|create: strategy/refuses refused to start (invalid) and did not say why'

# ALLOCATOR|OUTCOME|DETAIL
allocators='faultless|ok|
grants-twice|invalid|L3: allocator/grants-twice granted cell 0, which is allocated already*
grants-unswept|invalid|L4: allocator/grants-unswept granted cell * of a span that is not swept*
grants-beyond|invalid|L3: allocator/grants-beyond granted cells 0 to 100000 of a span of *
grants-another-class|invalid|L5: allocator/grants-another-class was asked for class * and granted a span of class *
grants-lost|invalid|L1: allocator/grants-lost granted cells of a span that is not registered*
registers-twice|invalid|L1: allocator/registers-twice registered a span with a page that another span has*
registers-too-much|invalid|L8: allocator/registers-too-much registered a span with more cells than its pages hold*
releases-others|invalid|L8: allocator/releases-others released pages that it does not have*
sweeps-twice|invalid|L4: allocator/sweeps-twice swept a span twice*
small-large|invalid|L5: allocator/small-large made a span of 1 cells of *
cycle-end-falls|crashed|SIGSEGV at 0x8 in mistaken-allocators.so+0x* (falls_in_cycle_end)*, during allocator/cycle-end-falls.cycle_end*'

# MAP|OUTCOME|DETAIL
maps='foreign|ok|
assign-falls|crashed|SIGSEGV at 0x8 in mistaken-maps.so+0x* (fall)*, during map/assign-falls.assign < workload/map-churn.operate*
assign-aborts|crashed|SIGABRT in lib*, during map/assign-aborts.assign < workload/map-churn.operate*
erase-falls|crashed|SIGSEGV at 0x8 in mistaken-maps.so+0x* (fall)*, during map/erase-falls.erase < workload/map-churn.operate*
erase-stays|timed-out|*mutator 0 was in mistaken-maps.so+0x* (erase_stays)*, during map/erase-stays.erase < workload/map-churn.operate*
stats-falls|crashed|SIGSEGV at 0x8 in mistaken-maps.so+0x* (fall)*, during map/stats-falls.stats < workload/map-churn.*'

# ThreadSanitizer keeps signals back until a thread makes a system call.
if [ "${STW_SANITIZE:-}" = thread ]; then
    skip_part "where a thread that hangs was: ThreadSanitizer keeps the question back"
    maps=$(echo "$maps" | grep -v '^erase-stays|')
fi

names() # TABLE: a value of several lines
{
    echo "$1" | cut -d '|' -f 1 | sed "s/^/    $2/; \$!s/\$/,/"
}

experiment 1 "none,
$(names "$handed" '')" "$work/x.ini"
run "$work/x.ini" "$work/alone" --set axes.n=100
expect "exit status ($(head -3 "$work/err"))" $? 1
expect_each alone 'strategy=%s' "$handed"
expect none "$(sql "$work/alone" "SELECT outcome FROM trials WHERE id = 'strategy=none'")" ok

# Between others: innermost, so that what the mistaken one hands on reaches the host unaltered.
experiment 1 "none,
$(names "$handed" 'presize + ')" "$work/c.ini"
run "$work/c.ini" "$work/chain" --set axes.n=100 --set fixed.mutators=2
expect "exit status ($(head -3 "$work/err"))" $? 1
expect_each chain 'strategy=presize + %s' "$handed"

# The second breach of two plugins that are destroyed ends the process with the verdict of the first.
experiment 1 'removes-late + charges' "$work/l.ini" 'timeout = 20s'
run "$work/l.ini" "$work/late" --set axes.n=100 --set fixed.audit=true
expect "exit status ($(head -3 "$work/err"))" $? 1
expect_each late '%%strategy=%s' 'removes-late + charges|invalid|external-bytes: strategy/charges was destroyed with 4096 bytes still charged*'

experiment 1 none "$work/a.ini"
run "$work/a.ini" "$work/allocators" --set axes.n=5000 --set fixed.gc.stress=20 \
    --set "axes.allocator=$(names "$allocators" '' | tr -d '\n ')" --set fixed.merges=20
expect "exit status ($(head -3 "$work/err"))" $? 1
expect_each allocators 'allocator=%s' "$allocators"

experiment 1 none "$work/m.ini" 'timeout = 5s'
sed -i 's/^workload = .*/workload = map-churn/; s/^merges = .*/maps = 4\ndeletes = 30/' "$work/m.ini"
run "$work/m.ini" "$work/maps" --set axes.n=5000 \
    --set "axes.map=$(names "$maps" '' | tr -d '\n ')"
expect "exit status ($(head -3 "$work/err"))" $? 1
expect_each maps 'map=%s' "$maps"

# No rule is broken where anybody looks: an audit fills what it frees, and so the crash tells.
experiment 1 'none, keeps-in-malloc' "$work/k.ini"
run "$work/k.ini" "$work/kept" --set axes.n=1000 --set fixed.audit=true --set fixed.gc.stress=5 \
    --set fixed.merges=20
expect "exit status ($(head -3 "$work/err"))" $? 1
where='(keeps_in_malloc)' # or in ThreadSanitizer's library, which reads for it
[ "${STW_SANITIZE:-}" != thread ] || where='strategy/keeps-in-malloc.merge <'
expect_each kept 'strategy=%s' "none|ok|
keeps-in-malloc|crashed|SIGSEGV *$where*; it used a cell that the collector had freed: *"

# No breach, but what stops wait for is named after the strategy, not after the workload's site.
experiment 1 'none, presize + sleeps, computes' "$work/s.ini"
run "$work/s.ini" "$work/sleeps" --set axes.n=20000 --set fixed.mutators=2 \
    --set fixed.gc.stress=20 --set fixed.merges=20
expect "exit status ($(head -3 "$work/err"))" $? 0
expect "stops that waited for it" "$(sql "$work/sleeps" "SELECT DISTINCT id FROM pauses
    WHERE last_site = 'strategy/sleeps.need_map'")" "strategy=presize + sleeps"
# Who was late because it worked, and who because it did not run, are told apart.
expect "what the late ones did" "$(sql "$work/sleeps" "SELECT
    max(late_cpu_ns) FILTER (WHERE last_site = 'strategy/sleeps.need_map') < 2000000,
    max(late_cpu_ns) FILTER (WHERE last_site = 'strategy/computes.need_map') > 2000000,
    sum(late_cpu_ns > stopping_ns) FROM pauses WHERE stopping_ns > 4000000")" '1|1|0'
"$STWLAB" show "$work/sleeps" --cell strategy=computes >"$work/out"
grep -Eq '^strategy/computes.need_map .* ms +[0-9]+ %$' "$work/out" || fail "sites: $(cat "$work/out")"

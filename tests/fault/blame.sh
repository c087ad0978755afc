#!/bin/sh
# fault/blame.sh: whoever changes what a program computes is named, and nobody else is.
# Audited trials name the strategy that passed on other entries than it was handed, wherever it
# stands in its chain. Without audits the checksum shows it, also when the wrong trials come first.
. "$(dirname "$0")/common.sh"

bad='drops repeats changes changes-later exchanges fills'
of() # RUN STRATEGY
{
    sql "$work/$1" "SELECT DISTINCT outcome || ': ' || detail FROM trials
        WHERE id LIKE '% strategy=$2' ORDER BY 1"
}
expect_of() # RUN STRATEGY EXPECTED
{
    expect "$1: $2" "$(of "$1" "$2")" "$3"
}

# With audits, alone and between others.
audited() # RUN STRATEGIES STATUS
{
    experiment 1 "chunked-merge, $2" "$work/x.ini"
    run "$work/x.ini" "$work/$1" --audit --set fixed.mutators=2 \
        --set fixed.strategy.chunked-merge.chunk=16
    expect "exit status ($(head -3 "$work/err"))" $? "$3"
}
good='none, presize, pool, gc-off, merge-turns, pool + merge-turns + chunked-merge'
audited good "$good" 0
audited alone "none$(printf ', merge-%s' $bad)" 1
expect_of alone none 'ok: '
expect_alike() # BAD SAID
{
    audited "$1" "none, pool + merge-$1 + chunked-merge" 1
    expect_of "$1" none 'ok: '
    for said in "$(of alone "merge-$1")" "$(of "$1" "pool + merge-$1 + chunked-merge")"; do
        case $said in
        "invalid: merge-alters: strategy/merge-$1 $2"*) ;;
        *) fail "audited: merge-$1: $said" ;;
        esac
    done
}
expect_alike drops 'was handed 100 entries and passes on 99'
expect_alike repeats 'was handed 100 entries and passes on 101'
expect_alike changes 'changes the entries that it was handed'
expect_alike changes-later 'changes the entries that it was handed'
expect_alike exchanges 'passes on other entries than it was handed'
expect_alike fills 'merges entries that it was not handed'

# Without audits (builds with guards check all the same): an entry passed on twice does no harm.
experiment 2 'merge-changes, none, merge-drops, merge-changes-later, merge-exchanges, merge-fills' \
    "$work/x.ini"
run "$work/x.ini" "$work/plain"
expect "exit status ($(head -3 "$work/err"))" $? 1
expect_of plain none 'ok: '
for each in drops changes changes-later exchanges fills; do
    case $(of plain "merge-$each") in
    'invalid: checksum: mutator 0 computed '*) ;;
    "invalid: merge-alters: strategy/merge-$each "*) ;;
    *) fail "plain: merge-$each: $(of plain "merge-$each")" ;;
    esac
done

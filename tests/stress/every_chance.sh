#!/bin/sh
# every_chance.sh: goal: every strategy, key kind and mode survives a collection at every chance.
# Method: the demo's matrix with small merges, audits after every mark phase and swept cells
# poisoned; any trial that is not ok, or that computes another checksum, fails the run.
set -eu

stwlab=${STWLAB:?path of the executable}
here=$(dirname -- "$(readlink -f -- "$0")")
matrix=$here/../../experiments/merge-threshold/matrix.ini
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for mode in stw concurrent; do
    for key in int string; do
        "$stwlab" run "$matrix" -o "$work/$mode-$key" --quiet --audit \
            --set experiment.trials=1 --set axes.n=9,500 --set fixed.merges=4 \
            --set fixed.live=2 --set fixed.key=$key --set fixed.gc.mode=$mode \
            --set fixed.gc.stress=1 ||
            { "$stwlab" show "$work/$mode-$key"; echo "failed: $mode $key" >&2; exit 1; }
        cycles=$("$stwlab" show "$work/$mode-$key" --json | grep -o '"gc.cycles":[ 0-9]*' |
            grep -c ':[ ]*[1-9]') || cycles=0
        [ "$cycles" -ge 6 ] || { echo "hardly a cycle in $mode $key" >&2; exit 1; }
    done
done
echo "all cells ok in both modes, with both kinds of keys"

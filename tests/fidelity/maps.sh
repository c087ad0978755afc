#!/bin/sh
# fidelity/maps.sh: goal: maps have Go's shape after any writes. Method: random combinations of
# size, keys, hint, deletes and updates, carried out in both; maps.awk compares.
. "$(dirname -- "$(readlink -f -- "$0")")/common.sh"

awk -v "seed=$seed" -v "count=${nth:-$count}" -f "$here/combinations.awk" >"$work/combinations"
[ -z "$nth" ] || sed -i "1,$((nth - 1))d" "$work/combinations"

# One after the other, so that whoever reads the pipe sees each as it ends.
while read -r number n key hint keep deletes updates maps inputs; do
    both maps --set "fixed.n=$n" --set "fixed.key=$key" --set "fixed.hint=$hint" \
        --set "fixed.keep=$keep" --set "fixed.deletes=$deletes" --set "fixed.updates=$updates" \
        --set "fixed.maps=$maps" --set "experiment.seed=$inputs"
    echo "$number $n $key $hint $keep $deletes $updates $maps $inputs lab $(counters stwlab)"
    echo "$number $n $key $hint $keep $deletes $updates $maps $inputs go $(counters go)"
done <"$work/combinations" |
    awk -v spread=5 -v widest=7 -v "verbose=${nth:+1}" -v "again=$again" -f "$here/maps.awk"

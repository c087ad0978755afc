#!/bin/sh
# prove/statistics.sh: goal: compare calls alike what is alike, and finds what is slower. Method: 40
# cells that differ in a word that means nothing, each pair by seven metrics, each metric as if it
# were the only question; at most 5 % may be called different. A cell made 1.2 times slower on
# purpose beside one that is not, 100 times 20 trials of their own; by its median operation it must
# be found in 95. How often by the mean, which the first operations of a process are in, and by
# processor time, is told.
. "$(dirname -- "$(readlink -f -- "$0")")/common.sh"

need sqlite3
build release product
stwlab=$root/build/release/stwlab
metrics='stop.p50 stop.total op.p50 op.mean cpu rss gc.cycles'
runs=100 trials=20
cc -O2 -shared -fPIC -I"$root/core/abi" "$here/burn.c" -o "$work/burn.so" || fail "burn.c"

# matrix TRIALS AXIS...
matrix()
{
    printf '[experiment]\nname = statistics\nquestion = What is called different?\nseed = 1\n'
    printf 'workload = map-merge\ntrials = %s\n[axes]\nstrategy = burn\n' "$1"
    shift
    for line; do printf '%s\n' "$line"; done
    printf '[fixed]\nn = 2048\nmerges = 250\nlive = 2\nmutators = 1\n'
}

run() # NAME
{
    "$stwlab" run --quiet "$work/$1.ini" -o "$work/$1" --plugin-path "$work/burn.so" \
        >"$work/log" 2>&1 || { cat "$work/log"; keep "$work/$1" "statistics-$1"; fail "$1"; }
}

labels=$(seq -s ', ' 1 40)
matrix $trials "strategy.burn.label = $labels" >"$work/alike.ini"
run alike
# One line a pair and metric: whether it was asked, and what is shown of it by itself.
for a in $(seq 0 39); do
    for b in $(seq $((a + 1)) 39); do
        "$stwlab" compare "$work/alike" "$a" "$b" --json --resamples 2000 \
            --metric "$(echo "$metrics" | tr ' ' ,)" >"$work/pair.json"
        sqlite3 :memory: "SELECT value ->> 'metric', value ->> 'without' IS NULL,
            value ->> 'p' <= 0.05 AND (value ->> 'difference_low' > 0
                OR value ->> 'difference_high' < 0),
            value ->> 'shown' IN ('less', 'more')
            FROM json_each(CAST(readfile('$work/pair.json') AS TEXT))" >>"$work/pairs"
    done
done
echo 'metric: pairs asked, called different as the only question, and as one of seven'
for metric in $metrics; do
    awk -F'|' -v metric="$metric" '$1 == metric { asked += $2; alone += $2 && $3; all += $4 }
        END { printf "%s: %d, %d (%.1f %%), %d\n", metric, asked, alone, 100 * alone / (asked ? asked : 1), all }' \
        "$work/pairs"
done | tee "$work/table"
alike=$(awk -F'|' '$2 { asked++; alone += $3 } END { printf "%.2f", 100 * alone / asked }' "$work/pairs")
asked=$(awk -F'|' '{ asked += $2 } END { print asked }' "$work/pairs")
[ "$asked" -ge $((780 * 6)) ] || fail "only $asked comparisons of $((780 * 7)) have a verdict"
awk -v share="$alike" 'BEGIN { exit !(share <= 5) }' || fail "$alike % of alike cells are called different"

matrix $((runs * trials)) 'strategy.burn.percent = 0, 20' >"$work/slower.ini"
run slower
# slower RUN: what compare says of the two cells, a line for each metric: its name, what is shown
# of it as the only question, its ratio
slower()
{
    "$stwlab" compare "$work/$1" strategy.burn.percent=20 strategy.burn.percent=0 \
        --metric op.p50,op.mean,cpu --json --resamples 2000 >"$work/found.json"
    sqlite3 :memory: "SELECT value ->> 'metric',
        CASE WHEN value ->> 'p' <= 0.05 AND value ->> 'difference_low' > 0 THEN 'more' END,
        printf('%.3f', value ->> 'ratio')
        FROM json_each(CAST(readfile('$work/found.json') AS TEXT))"
}

for k in $(seq 0 $((runs - 1))); do
    rm -rf "$work/part" && cp -r "$work/slower" "$work/part"
    sqlite3 "$work/part/results.sqlite" "
        CREATE TEMP TABLE gone AS SELECT trial_id FROM trial
            WHERE trial < $((k * trials)) OR trial >= $(((k + 1) * trials));
        DELETE FROM op_bucket WHERE trial_id IN gone; DELETE FROM trial WHERE trial_id IN gone"
    slower part >>"$work/found"
done
echo "slower: found in so many of $runs, and the ratio over all trials"
for metric in op.p50 op.mean cpu; do
    echo "$metric: $(grep -c "^$metric|more|" "$work/found")," \
        "$(slower slower | sed -n "s/^$metric|.*|//p")"
done
found=$(grep -c '^op.p50|more|' "$work/found")
[ $found -ge 95 ] || fail "a cell that is 1.2 times slower was found in $found of $runs runs only"
echo "$alike % of $(digits "$asked") comparisons of alike cells called different, a slower one found in $found of $runs"

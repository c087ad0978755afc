#!/bin/sh
# tests/unit/fidelity_test.sh: goal: ./lab fidelity finds what differs, and says what it lacks.
# Method: its parts alone, fed with made-up values; go commands that are scripts.
set -eu
: "${STW_SOURCE_DIR:?the folder of the sources}"

here=$STW_SOURCE_DIR/tests/fidelity
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail()
{
    echo "fidelity_test: $*"
    exit 1
}

# ends STATUS PART COMMAND...: its exit status, and a part of what it says
ends()
{
    wanted=$1 part=$2 status=0
    shift 2
    "$@" >"$work/out" 2>&1 || status=$?
    [ $status -eq "$wanted" ] || fail "status $status, not $wanted, of $*: $(cat "$work/out")"
    grep -qF -- "$part" "$work/out" || fail "no '$part' in: $(cat "$work/out")"
}

# Usage, and a Go that is not there or another.
unset STWLAB_GO
ends 0 'usage: ./lab fidelity' sh "$here/run.sh" --help
ends 2 'there is no part x' sh "$here/run.sh" --only maps,x
ends 2 'there is no option --x' sh "$here/run.sh" --x 1
ends 2 'needs --only' sh "$here/run.sh" --nth 3
ends 2 'whole numbers' sh "$here/run.sh" --seed 1x
for release in 1.19.8 1.27.3; do
    printf '#!/bin/sh\necho "go version go%s linux/amd64"\n' $release >"$work/go$release"
    chmod +x "$work/go$release"
done
ends 3 "go1.27.3 is go1.27.3, not Go 1.23" sh "$here/run.sh" --go "$work/go1.27.3"
ends 3 "absent is no go command" sh "$here/run.sh" --go "$work/absent"
STWLAB_GO=$work/go1.19.8:$work/go1.27.3
export STWLAB_GO
ends 3 "go1.19.8 ($(echo go1.19.8))" sh "$here/run.sh"

# Combinations: the same ones for a seed, within bounds, of all kinds.
for seed in 1 1 2; do
    awk -v seed=$seed -v count=300 -f "$here/combinations.awk"
done >"$work/all"
sed -n 1,300p "$work/all" >"$work/a"
sed -n 301,600p "$work/all" >"$work/b"
sed -n 601,900p "$work/all" >"$work/c"
cmp -s "$work/a" "$work/b" || fail 'a seed makes different combinations'
cmp -s "$work/a" "$work/c" && fail 'two seeds make the same combinations'
awk 'NF != 9 || $2 < 1 || $2 > 2000000 || $4 > 4000000 || $8 < 1 || $6 > 60 { exit 1 }
    { strings += $3 == "string"; hints += $4 > 0; keeps += $5 > 0; large += $2 > 500000 }
    END { exit !(strings > 50 && hints > 50 && keeps > 50 && large > 5) }' "$work/a" ||
    fail 'combinations are not as they should be'

# maps LAB GO: what is said of a combination of two maps with these values
maps()
{
    printf '7 100 int 0 0 0 0 2 1 %s %s\n' lab "$1" go "$2" >"$work/lines"
    awk -v spread=5 -v widest=7 -v again=again -f "$here/maps.awk" "$work/lines"
}
churned() # LAB GO: of 10 maps that grew to as many buckets
{
    values='same_size=10 map.overflow=%s squares=%s doublings=8 moments=77 entries=20 map.buckets=16'
    printf "7 100 int 0 9 0 0 10 1 lab $values\n" $1 >"$work/lines"
    printf "7 100 int 0 9 0 0 10 1 go $values\n" $2 >>"$work/lines"
    awk -v spread=5 -v widest=7 -v again=again -f "$here/maps.awk" "$work/lines"
}
ends 0 'no mismatch' churned '1000 108000' '1090 127000' # 100 and 109 a map, standard deviation 30
ends 1 'handed out (by chance): stwlab 1000, go 2000' churned '1000 108000' '2000 408000'
same='workload/map-churn.doublings=8 moments=77 overflow=%s growing=0 entries=200 since=96 map.buckets=16 map.bucket_bytes=2592'
good=$(printf "$same" 4)
ends 0 'maps: 1 combinations' maps "$good" "$good map.overflow=4"
ends 0 'no mismatch' maps "$good" "$(printf "$same" 9)"
ends 1 'overflow buckets in use (by chance): stwlab 4, go 90' maps "$good" "$(printf "$same" 90)"
ends 1 'reproduce: again --only maps --nth 7' maps "$good" "$(printf "$same" 90)"
ends 1 'buckets: stwlab 16, go 32' maps "$good" "$(echo "$good" | sed 's/ts=16/ts=32/')"
ends 1 'which writes began growths (digest): stwlab 77, go 78' \
    maps "$good" "$(echo "$good" | sed 's/=77/=78/')"
ends 1 'growing at the end: stwlab 0, go 2' maps "$good" "$(echo "$good" | sed 's/growing=0/growing=2/')"
ends 0 'no mismatch' maps "$(echo "$good" | sed 's/=96/=8/')" \
    "$(echo "$good" | sed 's/=96/=8/; s/growing=0/growing=2/')" # half way through: chance decides
ends 1 'no result of go: stwlab  crashed: why' maps "$good" 'crashed: why'
ends 1 'growths to as many buckets (by chance): stwlab 30, go 1' \
    maps "$good same_size=30" "$good same_size=1"

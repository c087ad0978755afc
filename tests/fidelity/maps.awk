# fidelity/maps.awk: compares maps of the lab with maps of Go. Options: -v spread=SIGMAS
# -v widest=SIGMAS (estimated from at least 16 maps), -v verbose=1. A line of input is a combination (combinations.awk), then "lab" or "go", then
# name=value pairs, or what went wrong; the lab's line comes before Go's. docs/reference/fidelity.md
# explains the rules. Exit status 1: a mismatch.

# Two counts of things that happened by chance: are they further apart than `spread` times what
# counts with Poisson's distribution would be? The square root of such a count varies by 1/2,
# whatever the count (Anscombe 1948).
function differ(a, b,    apart)
{
    apart = apart_in_spreads(a, b)
    return apart > spread || apart < -spread
}

function apart_in_spreads(a, b)
{
    return (2 * sqrt(a + 3 / 8) - 2 * sqrt(b + 3 / 8)) / sqrt(2)
}

# Overflow buckets handed out, where maps grew to as many buckets: a map's number depends on how
# long ago its last such growth was, and its spread comes from the maps of the combination.
function compare_churned(    a, b, variance)
{
    a = lab["map.overflow"]
    b = go["map.overflow"]
    variance = (lab["squares"] - a * a / $8 + go["squares"] - b * b / $8) / (2 * $8 - 2)
    sampled++
    if ((a - b) * (a - b) > 2 * $8 * (widest * widest * variance + 1))
        mismatch("overflow buckets handed out (by chance)", a, b)
}

function mismatch(what, a, b)
{
    bad = 1
    printf "MISMATCH maps %d: n=%s key=%s hint=%s keep=%s deletes=%s updates=%s maps=%s: " \
           "%s: stwlab %s, go %s\n", $1, $2, $3, $4, $5, $6, $7, $8, what, a, b
    printf "  reproduce: %s --only maps --nth %d\n", again, $1
}

function exact(what, name)
{
    compared++
    if (lab[name] + 0 != go[name] + 0)
        mismatch(what, lab[name] + 0, go[name] + 0)
}

function by_chance(what, name)
{
    sampled++
    sum_lab[name] += lab[name]
    sum_go[name] += go[name]
    if (differ(lab[name] + 0, go[name] + 0))
        mismatch(what " (by chance)", lab[name] + 0, go[name] + 0)
}

# Whether maps were still growing: exact but while it depends on the hashes how far they came. A
# growth of N old buckets takes N/2 to N writes.
function compare_growing(    since, old)
{
    since = lab["since"] / $8 + 1
    old = lab["map.buckets"] / 2
    if (since >= old / 2 && since < old)
        undecided++
    else
        exact("maps that were growing at the end", "growing")
}

function compare(    same)
{
    same = lab["same_size"] + go["same_size"]
    exact("entries", "entries")
    exact("buckets", "map.buckets")
    exact("bytes of buckets", "map.bucket_bytes")
    exact("growths to more buckets", "doublings")
    if (same == 0) {
        steady++
        exact("which writes began growths (digest)", "moments")
        exact("writes since the last growth", "since")
        compare_growing()
        by_chance("overflow buckets in use", "overflow")
        if ("map.overflow" in go)
            by_chance("overflow buckets handed out", "map.overflow")
    } else {
        churned++
        by_chance("growths to as many buckets", "same_size")
        if ("map.overflow" in go && $8 >= 8)
            compare_churned()
    }
}

# What the workload counts goes by its own name.
function own(name)
{
    sub(/^workload\/map-churn\./, "", name)
    return name
}

function show(of, values,    name)
{
    printf "%s:", of
    for (name in values)
        if (name !~ /\./ || name ~ /^(map|go)\./)
            printf " %s=%s", name, values[name]
    printf "\n"
}

{
    delete values
    broken = ""
    for (i = 11; i <= NF; i++) {
        at = index($i, "=")
        if (at == 0)
            broken = broken " " $i
        else
            values[own(substr($i, 1, at - 1))] = substr($i, at + 1)
    }
    if (broken != "" || NF < 11) {
        mismatch("no result of " $10, broken, "")
        failed = $1
        next
    }
    if ($10 == "lab") {
        delete lab
        for (name in values)
            lab[name] = values[name]
    } else if (failed != $1) {
        delete go
        for (name in values)
            go[name] = values[name]
        count++
        maps += $8
        if (verbose) {
            show("stwlab", lab)
            show("go", go)
        }
        compare()
        if (count % 25 == 0)
            printf "  %d combinations\n", count
    }
    fflush()
}

END {
    split("overflow same_size map.overflow", names, " ")
    split("overflow buckets in use|growths to as many buckets|overflow buckets handed out", whats,
          "|")
    printf "  exact: %d values of %d combinations (%d maps); %d of them never grew to as many" \
           " buckets\n", compared, count, maps, steady
    for (i = 1; i <= 3; i++) {
        name = names[i]
        printf "  %s: stwlab %d, go %d, %.1f spreads apart\n", whats[i], sum_lab[name],
               sum_go[name], apart_in_spreads(sum_lab[name], sum_go[name])
    }
    if (differ(sum_lab["overflow"], sum_go["overflow"])) {
        bad = 1
        printf "MISMATCH maps: overflow buckets in use, of all together: stwlab %d, go %d\n",
               sum_lab["overflow"], sum_go["overflow"]
        printf "  reproduce: %s --only maps\n", again
    }
    printf "maps: %d combinations, %d values exact, %d by chance within %s spreads, %s\n", count,
           compared, sampled, spread, bad ? "MISMATCHES" : "no mismatch"
    exit bad
}

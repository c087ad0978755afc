#!/bin/sh
# tidy/architecture.sh: goal: the picture in docs/design/architecture.md is that of the sources.
# Method: the folders' dependencies are drawn from what the files include; the part of the document
# between its two marks must be the same. `architecture.sh --write` puts it there.
# Exit status: 0 the same, 1 not.
set -eu

root=$(dirname -- "$(readlink -f -- "$0")")/../..
document=$root/docs/design/architecture.md
made=$(mktemp)
trap 'rm -f "$made" "$made.new"' EXIT
cd -- "$root"

# pairs: "FOLDER INCLUDED" for each include that goes from one folder to another
pairs()
{
    grep -hoE '^#include ["<](stwlab|[a-z]+)/' -r core plugins strategies experiments/workloads \
        --include='*.[ch]' --with-filename |
        sed -E 's|^core/abi/|abi/|; s|^core/||; s|^experiments/workloads/|workloads/|' |
        awk -F'[/:"<]' '{to = $(NF - 1) == "stwlab" ? "abi" : $(NF - 1); if ($1 != to) print $1, to}' |
        awk '$2 ~ /^(abi|base|prim|heap|gc|host|testing|plan|trial|store|lab|report|cli)$/'
}

pairs | sort -u | awk '
{
    uses[$1, $2]
    all[$1]; all[$2]
}
# Whether `from` reaches `to` by more than one step.
function detours(from, to,    f)
{
    for (f in all)
        if (f != to && f != from && (from, f) in uses && reaches(f, to))
            return 1
    return 0
}
function reaches(from, to,    f)
{
    if ((from, to) in uses)
        return 1
    for (f in all)
        if ((from, f) in uses && reaches(f, to))
            return 1
    return 0
}
END {
    count = split("abi base prim heap gc host testing plan trial store lab report cli " \
                  "plugins strategies workloads", order, " ")
    print "An arrow says \"includes\"; what is reached in several steps has none of its own.\n"
    print "```mermaid"
    print "flowchart TD"
    for (i = count; i >= 1; i--)
        for (j = count; j >= 1; j--)
            if ((order[i], order[j]) in uses && !detours(order[i], order[j]))
                printf "    %s --> %s\n", order[i], order[j]
    print "```\n"
    print "All of them: the folder on the left includes files of the folder above.\n"
    line = "|  |"; rule = "|---|"
    for (j = 1; j <= count - 4; j++) {
        line = line " " order[j] " |"
        rule = rule ":---:|"
    }
    print line "\n" rule
    for (i = 2; i <= count; i++) {
        line = "| " order[i] " |"
        for (j = 1; j <= count - 4; j++)
            line = line ((order[i], order[j]) in uses ? " x |" : "  |")
        print line
    }
}' >"$made"

awk -v drawn="$made" '
/^<!-- drawn/ {print; while ((getline line <drawn) > 0) print line; inside = 1; next}
/^<!-- end/ {inside = 0}
!inside' "$document" >"$made.new"
if [ "${1:-}" = --write ]; then
    cat "$made.new" >"$document"
elif ! diff -u "$document" "$made.new"; then
    echo "architecture: the picture is out of date: sh tests/tidy/architecture.sh --write" >&2
    exit 1
fi

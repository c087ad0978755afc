#!/bin/sh
# tidy/rules.sh: goal: every rule that a source states has one name, and a test that cites it.
# Method: a rule is stated in the opening comment of a file, as " * K2  a grey cell is in a queue".
# Its name has the room in front, the folder of core or the plugin: gc.K2, pool.P3. Tests cite names,
# or a range of them: plan.I1-I4; so do sources and documents, but for a file's own rules (those of
# x.h are x.c's own, too).
# usage: rules.sh [FOLDER]; `--list` prints the rules, each with the tests that cite it.
# Exit status: 0 all well; 1 a rule is stated twice, no test cites it, or a name has no rule.
set -eu

list=
[ "${1:-}" != --list ] || { list=yes; shift; }
cd -- "${1:-$(dirname -- "$(readlink -f -- "$0")")/../..}"

# files EXTENSIONS FOLDER...
files()
{
    extensions=$1
    shift
    find "$@" -type f 2>/dev/null | grep -E "\.($extensions)\$" | sort
}

# What is stated ("rule NAME FILE"), and short ids of sources ("short ID FILE LINE").
statements()
{
    files 'c|h|def' core plugins strategies experiments | xargs awk '
        # What stands before the rules of a file.
        function room(file,    part, count)
        {
            count = split(file, part, "/")
            if (part[1] == "core")
                return part[2]
            if (part[1] == "plugins" && count > 3)
                return part[3]
            sub(/\.[a-z]+$/, "", part[count])
            return part[count]
        }
        FNR == 1 { is_opening = 1 }
        is_opening && /^( \*|\/\*) ([a-z-]+\.)?[A-Z][A-Z]?[0-9]+:? +[^ ]/ {
            id = $2
            sub(/:$/, "", id)
            print "rule", (id ~ /\./ ? id : room(FILENAME) "." id), FILENAME
        }
        /\/\*|^ *\*/ {
            line = $0
            while (match(line, /(^|[^A-Za-z0-9_."%-])[A-Z][A-Z]?[0-9]+($|[^A-Za-z0-9_."])/)) {
                id = substr(line, RSTART, RLENGTH)
                gsub(/[^A-Z0-9]/, "", id)
                print "short", id, FILENAME, FNR, room(FILENAME)
                line = substr(line, RSTART + RLENGTH - 1)
            }
        }
        /\*\// { is_opening = 0 }'
}

# citations KIND EXTENSIONS FOLDER...: "KIND NAME FILE", NAME may be a range
citations()
{
    kind=$1
    shift
    files "$@" | grep -vE '^tests/tidy/(rules|tidy_selftest)' | xargs grep -HoE \
        '(^|[^A-Za-z0-9_/.-])[a-z][a-z-]*\.[A-Z][A-Z]?[0-9]+(-[A-Z]*[0-9]+)?' /dev/null |
        sed "s/^\([^:]*\):[^a-z]*/$kind \1 /" | awk '{ print $1, $3, $2 }'
}

{
    statements
    citations cites 'c|h|sh|patch|pml' tests
    citations names 'c|h|def|md' core plugins strategies experiments docs README.md
} | awk -v list="$list" '
function fault(text)
{
    if (!list)
        print text
    faults++
}
function stem(file)
{
    sub(/\.[a-z]+$/, "", file)
    return file
}
# note KIND NAME FILE: a citation
function note(kind, name, file)
{
    if (kind == "cites" && !((name, file) in seen))
        cited[name] = cited[name] (cited[name] ? " " : "") file
    seen[name, file]
    mentioned[name] = file
}
$1 == "rule" {
    if ($2 in stated)
        fault($3 ": " $2 " is stated in " stated[$2] ", too")
    else
        order[++count] = $2
    stated[$2] = $3
    id = $2
    sub(/.*\./, "", id)
    own[stem($3), id]
    is_id[id] = 1
    is_room[substr($2, 1, length($2) - length(id) - 1)] = 1
}
$1 == "short" {
    shorts[++short_count] = $0
}
$1 == "cites" || $1 == "names" {
    if (match($2, /-[A-Z]*[0-9]+$/)) {
        last = substr($2, RSTART)
        first = substr($2, 1, RSTART - 1)
        gsub(/[^0-9]/, "", last)
        match(first, /[0-9]+$/)
        before = substr(first, 1, RSTART - 1)
        for (n = substr(first, RSTART) + 0; n <= last + 0; n++)
            note($1, before n, $3)
    } else
        note($1, $2, $3)
}
END {
    for (i = 1; i <= count; i++)
        if (list)
            printf "%-16s %s: %s\n", order[i], stated[order[i]], cited[order[i]]
        else if (!(order[i] in cited))
            fault(stated[order[i]] ": no test cites " order[i])
    for (name in mentioned) {
        split(name, part, ".")
        if (part[1] in is_room && !(name in stated))
            fault(mentioned[name] ": there is no rule " name)
    }
    for (i = 1; i <= short_count; i++) {
        split(shorts[i], part, " ")
        name = part[5] "." part[2]
        if (!((stem(part[3]), part[2]) in own) && name in stated)
            fault(part[3] ":" part[4] ": " part[2] " is of another file: " name)
    }
    if (!list)
        printf "%d rules, %d faults\n", count, faults
    exit faults > 0
}'

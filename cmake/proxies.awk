# cmake/proxies.awk: makes the checking proxy of the slots and annotations in core/abi/stwlab/*.h.
#
# For each slot of a plugin, and each function of the host, it prints one wrapper: it tells
# host/proxy.c who enters which slot, calls the real one, and tells it that the slot is left. What
# is checked is there. A slot that is added to a header gets its wrapper by itself.
# Expected of a header, and checked: a table is `struct stw_KIND_ops {` or `struct stw_host {` up
# to `};`; a slot is `TYPE (*NAME)(ARGUMENTS) ANNOTATIONS;`, where the annotations are one of each group
# and then what it may do, in this order:
#   role  concurrency  lifecycle  [STW_MAY_ALLOC] [STW_MAY_POLL] [STW_MAY_BLOCK] [STW_WORLD_STOPPED]
# usage: awk -f proxies.awk HEADER... >proxies.c
# Exit status: 1 when a slot is annotated otherwise; the messages are FILE: SLOT: what is missing.

function fault(slot, text)
{
    print file ": " slot ": " text | "cat >&2"
    faults++
}

# The annotations as an expression in C.
function flags_of(slot, text,    word, count, i, at, found, flags)
{
    at = 0
    flags = ""
    count = split(text, word, " ")
    for (i = 1; i <= count; i++) {
        if (!(word[i] in group))
            fault(slot, "there is no annotation " word[i])
        else if (group[word[i]] <= at)
            fault(slot, word[i] " stands where it does not belong")
        else {
            at = group[word[i]]
            found[at] = 1
        }
        sub(/^STW_/, "STW__", word[i])
        flags = flags (flags ? " | " : "") word[i]
    }
    if (!(1 in found))
        fault(slot, "says not who calls it (STW_ON_*)")
    if (!(2 in found))
        fault(slot, "says neither STW_CONCURRENT nor STW_EXCLUSIVE")
    if (!(3 in found))
        fault(slot, "says not when it is called (STW_WHEN_*)")
    return flags
}

# "const void *key, uint64_t n" -> "key, n"
function names_of(arguments,    part, count, i, names)
{
    names = ""
    count = split(arguments, part, ",")
    for (i = 1; i <= count; i++) {
        match(part[i], /[A-Za-z0-9_]+ *$/)
        names = names (names ? ", " : "") substr(part[i], RSTART, RLENGTH)
    }
    return names
}

function wrapper(kind, slot, type, arguments, flags,    id, names, mutator, keeps, rest)
{
    id = kind "_" slot
    names = names_of(arguments)
    mutator = arguments ~ /struct stw_mutator \*m(,|$)/ ? "m" : "NULL"
    keeps = type == "void" ? "" : type (type ~ /\*$/ ? "" : " ") "result_ = "
    printf "static const struct stw__slot %s_slot = {\"%s\",\n    %s};\n", id, slot, flags
    printf "static %s%s%s(%s)\n{\n", type, type ~ /\*$/ ? "" : " ", id, arguments
    print "    struct stw__visit visit_;"
    if (kind == "host") {
        printf "    stw__proxy_call(&visit_, host, &%s_slot, %s);\n", id, mutator
        if (match(arguments, /stw_[a-z_]+_hook hook, void \*context/))
            printf "    stw__proxy_%s(host, &hook, &context);\n",
                   substr(arguments, RSTART + 4, index(substr(arguments, RSTART), " ") - 5)
        printf "    %sstw__proxy_host()->%s(%s);\n", keeps, slot, names
    } else if (slot == "create") {
        print "    struct stw__proxy *to_ = stw__proxy_create(&visit_, host, &" id "_slot);"
        sub(/, self$/, ", \\&to_->self", names)
        printf "    %sto_->%s->%s(%s);\n", keeps, kind, slot, names
        print "    stw__proxy_created(to_, result_, self);"
    } else {
        printf "    const struct stw__proxy *to_ = "
        printf "stw__proxy_enter(&visit_, self, &%s_slot, %s);\n", id, mutator
        rest = names
        sub(/^self/, "to_->self", rest)
        printf "    %sto_->%s->%s(%s);\n", keeps, kind, slot, rest
    }
    print "    stw__proxy_leave(&visit_);"
    if (keeps)
        print "    return result_;"
    print "}\n"
}

function declaration(kind, text,    type, slot, arguments, rest, flags, name)
{
    if (!match(text, /\(\*[a-z_]+\)\(/))
        return
    type = substr(text, 1, RSTART - 1)
    sub(/^ +/, "", type)
    sub(/^typedef +/, "", type)
    sub(/ +$/, "", type)
    slot = substr(text, RSTART + 2, RLENGTH - 4)
    rest = substr(text, RSTART + RLENGTH)
    arguments = substr(rest, 1, index(rest, ")") - 1)
    rest = substr(rest, index(rest, ")") + 1)
    gsub(/ +/, " ", arguments)
    flags = flags_of(slot, rest)
    slots++
    if (kind == "typedef") {
        sub(/^stw_/, "", slot)
        name = slot
        gsub(/_/, " ", name)
        printf "const struct stw__slot stw__%s_slot = {\"%s\",\n    %s};\n\n", slot, name, flags
        return
    }
    # The collector looks for the frame of block_begin's caller right above its own.
    if (kind == "host" && slot == "block_begin")
        return
    wrapper(kind, slot, type, arguments, flags)
    table[kind] = table[kind] "    ops->" slot " = " kind "_" slot ";\n"
}

function header(text,    part, count, i, kind)
{
    while (match(text, /\/\*([^*]|\*+[^*\/])*\*+\//))
        text = substr(text, 1, RSTART - 1) " " substr(text, RSTART + RLENGTH)
    gsub(/[ \t\n]+/, " ", text)
    count = split(text, part, ";")
    kind = ""
    for (i = 1; i <= count; i++) {
        if (match(part[i], /struct stw_([a-z]+_ops|host) \{/)) {
            kind = substr(part[i], RSTART + 11, RLENGTH - 13)
            sub(/_ops$/, "", kind)
        } else if (part[i] ~ /^ *\}/)
            kind = ""
        if (kind)
            declaration(kind, part[i])
        else if (part[i] ~ /^ *typedef .*_hook\)\(/)
            declaration("typedef", part[i])
    }
}

BEGIN {
    group["STW_ON_MUTATOR"] = group["STW_ON_COLLECTOR"] = 1
    group["STW_ON_MAIN"] = group["STW_ON_ANY"] = 1
    group["STW_CONCURRENT"] = group["STW_EXCLUSIVE"] = 2
    group["STW_WHEN_LOADED"] = group["STW_WHEN_CREATED"] = group["STW_WHEN_RUNNING"] = 3
    group["STW_WHEN_FINISHED"] = 3
    group["STW_MAY_ALLOC"] = 4
    group["STW_MAY_POLL"] = 5
    group["STW_MAY_BLOCK"] = 6
    group["STW_WORLD_STOPPED"] = 7
    print "/* Made by cmake/proxies.awk of the headers in core/abi/stwlab. */"
    print "#include \"host/proxied.h\"\n\n#include <stddef.h>\n"
}

FNR == 1 {
    if (file)
        header(content)
    file = FILENAME
    content = ""
}

{ content = content "\n" $0 }

END {
    header(content)
    for (kind in table)
        if (kind == "host")
            printf "void stw__proxy_fill_host(struct stw_host *ops)\n{\n%s}\n\n", table[kind]
        else
            printf "void stw__proxy_fill_%s(struct stw_%s_ops *ops)\n{\n%s}\n\n", kind, kind,
                   table[kind]
    if (!slots)
        fault("", "no slot was found")
    close("cat >&2")
    exit faults > 0
}

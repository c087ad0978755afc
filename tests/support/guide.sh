# support/guide.sh: what tests that follow a guide share; sourced, not run.

fail() {
    printf 'FAILED: %s\n' "$1" >&2
    exit 1
}

# block WHAT FILE: the fenced blocks of FILE that stand below <!-- WHAT -->
block() {
    awk -v wanted="<!-- $1 -->" '
        fenced && /^```$/ { fenced = 0; next }
        fenced { print; next }
        /^<!-- .* -->$/ { found = ($0 == wanted) }
        /^```/ { fenced = found; found = 0 }
    ' "$2"
}

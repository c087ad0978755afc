# support/guide.sh: what tests that follow a guide share; sourced, not run.

fail() {
    printf 'FAILED: %s\n' "$1" >&2
    exit 1
}

# install_into FOLDER: the build, installed there and found there, and nothing else
install_into() {
    cmake --install "$STW_BUILD_DIR" --prefix "$1" >"$1.log" || {
        cat "$1.log"
        fail "cmake --install"
    }
    pc=$(find "$1" -name stwlab.pc)
    [ -f "$pc" ] || fail "no pkg-config file is installed"
    export PATH="$1/bin:$PATH" PKG_CONFIG_PATH="${pc%/*}" CMAKE_PREFIX_PATH="$1"
    export CMAKE_GENERATOR=Ninja
    unset STWLAB_PLUGIN_PATH CC CFLAGS
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

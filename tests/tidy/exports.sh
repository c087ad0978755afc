#!/bin/sh
# Goal: a plugin exports its entry and nothing else, so that no symbol binds to the wrong library;
# and it keeps no variables outside of its instances (abi.A5).
# Method: nm and objdump over every plugin that was built; before that, over samples that export too
# much, export nothing and keep a variable, which must all be found.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check FILE: silent if the entry is all it exports
check() {
    exported=$(nm -D --defined-only "$1" | awk '{ print $NF }' | sort | tr '\n' ' ')
    [ "$exported" = "stw_plugin_entry_v0 " ] || printf '%s exports: %s\n' "$1" "${exported:-nothing}"
    [ -n "${STW_SANITIZE:-}" ] || objdump -t "$1" | awk -v file="$1" '
        / O \.t?(data|bss)\t/ && $NF !~ /^(completed\.0|__dso_handle|__TMC_END__)$/ {
            print file " keeps " $NF
        }'
}

printf 'int stw_plugin_entry_v0, other;\n' | ${CC:-cc} -shared -fPIC -x c - -o "$work/more.so"
printf 'static int unused;\n' | ${CC:-cc} -shared -fPIC -w -x c - -o "$work/none.so"
printf 'const int stw_plugin_entry_v0 = 1;\n' | ${CC:-cc} -shared -fPIC -x c - -o "$work/good.so"
printf 'static int kept; int *f(void) { return &kept; } %s\n' \
    'const int stw_plugin_entry_v0 __attribute__((visibility("default"))) = 1;' |
    ${CC:-cc} -shared -fPIC -fvisibility=hidden -x c - -o "$work/kept.so"
[ -n "$(check "$work/more.so")" ] && [ -n "$(check "$work/none.so")" ] &&
    { [ -n "${STW_SANITIZE:-}" ] ||
        [ "$(check "$work/kept.so")" = "$work/kept.so keeps kept" ]; } &&
    [ -z "$(check "$work/good.so")" ] || {
    echo "the check itself does not work"
    exit 1
}

find "$STW_BUILD_DIR/plugins/" -name '*.so' >"$work/list"
[ -s "$work/list" ] || {
    echo "no plugins in $STW_BUILD_DIR/plugins"
    exit 1
}
while IFS= read -r file; do
    check "$file"
done <"$work/list" >"$work/findings"
cat "$work/findings"
[ ! -s "$work/findings" ] && echo "$(wc -l <"$work/list") plugins export their entry alone"

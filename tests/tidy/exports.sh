#!/bin/sh
# Goal: a plugin exports its entry and nothing else, so that no symbol binds to the wrong library.
# Method: nm over every plugin that was built; before that, over a sample that exports too much and
# one that exports nothing, which must both be found.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check FILE: silent if the entry is all it exports
check() {
    exported=$(nm -D --defined-only "$1" | awk '{ print $NF }' | sort | tr '\n' ' ')
    [ "$exported" = "stw_plugin_entry_v0 " ] || printf '%s exports: %s\n' "$1" "${exported:-nothing}"
}

printf 'int stw_plugin_entry_v0, other;\n' | ${CC:-cc} -shared -fPIC -x c - -o "$work/more.so"
printf 'static int unused;\n' | ${CC:-cc} -shared -fPIC -w -x c - -o "$work/none.so"
printf 'int stw_plugin_entry_v0;\n' | ${CC:-cc} -shared -fPIC -x c - -o "$work/good.so"
[ -n "$(check "$work/more.so")" ] && [ -n "$(check "$work/none.so")" ] &&
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

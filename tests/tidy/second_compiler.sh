#!/bin/sh
# Goal: the sources pass the other compiler too, without a warning: clang when the build is gcc's,
# gcc when it is clang's.
# Method: its front end over every file that this build compiles, with this build's own flags from
# compile_commands.json; before that, over a sample that must be refused.
set -eu

case $CC in
    *clang*) other=gcc ;;
    *) other=clang ;;
esac
command -v "$other" >/dev/null 2>&1 || {
    echo "skipped: $other is not installed"
    exit 77
}
# Criterion's Test() ends in an empty variadic argument, which clang's pedantry minds.
tolerated=
[ "$other" = gcc ] || tolerated='-Wno-gnu-zero-variadic-macro-arguments'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

printf 'long f(long x);\nint g(long x);\nint g(long x) { return x; }\n' >"$work/bad.c"
if "$other" -fsyntax-only -Wconversion -Werror "$work/bad.c" 2>/dev/null; then
    echo "$other accepts a narrowing conversion: the check itself does not work"
    exit 1
fi

# One command a line: '"command": "cc ... -o x.o -c file.c"'. The file's quotes are escaped.
sed -n 's/^ *"command": "\(.*\)",$/\1/p' "$STW_BUILD_DIR/compile_commands.json" |
    sed -e 's/\\"/"/g' -e 's/\\\\/\\/g' \
        -e "s|^[^ ]*|$other -fsyntax-only $tolerated|" -e 's| -o [^ ]*| |' >"$work/commands"
count=$(wc -l <"$work/commands")
[ "$count" -gt 0 ] || {
    echo "no commands in $STW_BUILD_DIR/compile_commands.json"
    exit 1
}
cd "$STW_BUILD_DIR"
failures=0
while IFS= read -r line; do
    sh -c "$line" </dev/null || failures=$((failures + 1))
done <"$work/commands"
echo "$count files, $failures refused by $other"
[ $failures -eq 0 ]

#!/bin/sh
# tests/unit/completion_test.sh: manual pages and completion have what the help has (cli.TD1).
# Method: every option of every command is looked for in its manual page and in each shell's words;
# scdoc and man make a page of the source, and the shells read theirs, and bash completes, where
# they are installed.
set -eu
: "${STWLAB:?the path of the program under test}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail()
{
    echo "completion_test: $*"
    exit 1
}

commands=$("$STWLAB" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' | grep -vx help)
[ "$(echo "$commands" | wc -l)" -ge 9 ] || fail "these are the commands: $commands"
for shell in bash zsh fish; do
    "$STWLAB" completion "$shell" >"$shell"
done
"$STWLAB" manual >stwlab.scd
for command in $commands; do
    "$STWLAB" manual "$command" >"$command.scd"
    grep -qF "stwlab-$command" stwlab.scd || fail "stwlab(1) does not name $command"
    "$STWLAB" help "$command" | sed -n 's/^  *\(-[a-z], *\)\{0,1\}--\([a-z][a-z-]*\).*/\2/p' >options
    [ -s options ] || fail "$command has no options"
    while read -r option; do
        escaped=$(echo "$option" | sed 's/-/\\\\-/g')
        grep -q "^\(\*-.\*, \)\{0,1\}\*--$escaped\*" "$command.scd" || fail "manual $command: no --$option"
        sed -n "s/^    $command) .*options=\"\(.*\)\" ;;/\1 /p" bash | grep -qF -- " --$option " ||
            fail "bash: $command has no --$option"
        sed -n "/^    $command)/,/;;/p" zsh | grep -q -- "--$option[}']" ||
            fail "zsh: $command has no --$option"
        grep -q "seen_subcommand_from $command' -l $option\( .*\)\{0,1\} -d \"..*\"" fish ||
            fail "fish: $command has no --$option, or no words for it"
    done <options
    # An option with a value has its name there, and each has words.
    if grep -A1 '^\*--\|^\*-.\*, ' "$command.scd" | grep -qx "$(printf '\t')"; then
        fail "manual $command: an option without words"
    fi
done
grep -q '^\*-o\*, \*--output\* _RUN_$' run.scd || fail "run --output: $(cat run.scd)"
if "$STWLAB" manual rnu 2>err; then fail "there is a page for 'rnu'"; fi
grep -q "did you mean 'run'" err || fail "no nearest command: $(cat err)"
if "$STWLAB" completion csh 2>err; then fail "there is completion for csh"; fi

if command -v scdoc >/dev/null; then
    for page in stwlab $commands; do
        scdoc <"$page.scd" >page.1 2>err || fail "scdoc does not take $page: $(cat err)"
        if command -v man >/dev/null; then
            man --warnings -E UTF-8 -l page.1 >page.txt 2>err || fail "man does not take $page"
            [ ! -s err ] || fail "man warns of $page: $(cat err)"
        fi
    done
else
    echo "skipped: manual pages are not made: there is no scdoc"
fi
for shell in zsh fish; do
    if command -v "$shell" >/dev/null; then
        HOME=$work "$shell" -n "$shell" || fail "$shell does not read its completion"
    else
        echo "skipped: there is no $shell"
    fi
done

command -v bash >/dev/null || { echo "skipped: there is no bash"; exit 0; }
touch matrix.ini other.txt
# completed WORD...: what bash would put for the last word
completed()
{
    bash -c '. ./bash; compopt() { :; }; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _stwlab
        printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}
[ "$(completed stwlab sho)" = show ] || fail "sho: $(completed stwlab sho)"
[ "$(completed stwlab run --outp)" = --output ] || fail "--outp: $(completed stwlab run --outp)"
[ "$(completed stwlab run ma)" = matrix.ini ] || fail "ma: $(completed stwlab run ma)"
[ -z "$(completed stwlab run oth)" ] || fail "oth: $(completed stwlab run oth)"
[ "$(completed stwlab completion z)" = zsh ] || fail "z: $(completed stwlab completion z)"
PATH=$(dirname "$STWLAB"):$PATH
[ "$(completed stwlab compare --metric heap.goal)" = heap.goal_bytes ] ||
    fail "heap.goal: $(completed stwlab compare --metric heap.goal)"
[ "$(completed stwlab compare --metric cpu,rss,heap.goal)" = cpu,rss,heap.goal_bytes ] ||
    fail "the last of a list: $(completed stwlab compare --metric cpu,rss,heap.goal)"

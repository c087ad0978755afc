#!/bin/sh
# fault/replaced.sh: a worker reads the files of its plugins again. One that was replaced, damaged or
# removed since the coordinator read it makes the trial refused, by a name; no other plugin matters.
. "$(dirname "$0")/common.sh"

command -v objcopy >/dev/null || skip "objcopy is not installed"
[ -z "${STW_SANITIZE:-}" ] || skip "the executable's name is a script's: no report would be found"
mkdir "$work/plugins"
experiment 1 'none, hang' "$work/x.ini" 'timeout = 2s'

# worker COMMAND...: every worker is started after the command, which is given the plugin's file.
worker()
{
    file=$work/plugins/hang.so
    rm -f "$file"
    cp "$STW_FAULT_PLUGINS/hang.so" "$file"
    printf '#!/bin/sh\nfile="%s"\n%s\nexec "%s" "$@"\n' "$file" "$1" "$STWLAB" >"$work/worker"
    chmod +x "$work/worker"
}

# expect_refused RUN WORDS
expect_refused()
{
    STWLAB_WORKER=$work/worker "$STWLAB" run --quiet "$work/x.ini" -o "$work/$1" \
        --plugin-path "$work/plugins" --set 'axes.n=100' >"$work/out" 2>"$work/err"
    expect "exit status" $? 1
    expect none "$(sql "$work/$1" "SELECT outcome FROM trials WHERE id LIKE '%none'")" ok
    expect hang "$(sql "$work/$1" "SELECT outcome FROM trials WHERE id LIKE '%hang'")" refused
    detail=$(sql "$work/$1" "SELECT detail FROM trials WHERE id LIKE '%hang'")
    case $detail in
    *"$2"*) ;;
    *) fail "$1: the detail lacks '$2': $detail" ;;
    esac
}

worker 'objcopy --remove-section .note.gnu.build-id "$file" "$file.new"; mv -f "$file.new" "$file"'
expect_refused replaced 'was replaced during the run'
worker 'rm -f "$file"'
expect_refused removed 'hang.so: No such file'
worker 'echo nonsense >"$file.new"; mv -f "$file.new" "$file"'
expect_refused damaged 'hang.so: not an ELF file'

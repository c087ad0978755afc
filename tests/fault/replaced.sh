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
worker 'printf x >>"$file"'
objcopy --remove-section .note.gnu.build-id "$file"
expect_refused unnamed 'was replaced during the run'

# A plugin without a build id, and stwlab itself, are known by their content (prim.ID1, store.ST1).
file=$work/plugins/hang.so
"$STWLAB" run --quiet "$work/x.ini" -o "$work/other" --plugin-path "$work/plugins" \
    --set axes.n=100 --set experiment.timeout=300ms >"$work/out" 2>"$work/err"
printf x >>"$file"
"$STWLAB" run --quiet "$work/x.ini" -o "$work/other" --plugin-path "$work/plugins" --resume \
    --set axes.n=100 --set experiment.timeout=300ms >"$work/out" 2>"$work/err"
expect "exit status of a resume with another plugin" $? 2
grep -q 'holds trials of another build of strategy/hang: was ' "$work/err" ||
    fail "another plugin: $(cat "$work/err")"
mkdir "$work/tree"
cp -a "$(dirname "$STWLAB")/plugins" "$work/tree"
cp "$STWLAB" "$work/tree/stwlab"
experiment 1 none "$work/y.ini"
"$work/tree/stwlab" run --quiet "$work/y.ini" -o "$work/built" 2>"$work/err" ||
    fail "a copy of stwlab: $(cat "$work/err")"
printf x >>"$work/tree/stwlab"
"$work/tree/stwlab" run --quiet "$work/y.ini" -o "$work/built" --resume 2>"$work/err"
expect "exit status of a resume with another stwlab" $? 2
grep -q 'holds trials of another build of stwlab: was ' "$work/err" ||
    fail "another stwlab: $(cat "$work/err")"

# It is exchanged under a run: no later trial is of it.
experiment 2000 none "$work/y.ini"
"$work/tree/stwlab" run --quiet "$work/y.ini" -o "$work/exchanged" 2>"$work/err" &
coordinator=$!
await_trials "$work/exchanged" 3
cp "$STWLAB" "$work/tree/new"
mv "$work/tree/new" "$work/tree/stwlab"
for try in $(seq 100); do
    [ "$(sql "$work/exchanged" "SELECT count(*) FROM trials
        WHERE outcome = 'refused' AND detail LIKE '%stwlab was replaced during the run'")" -gt 0 ] &&
        break
    sleep 0.05
done
[ "$try" -lt 100 ] || fail "the exchange was not noticed"
kill -INT $coordinator
wait $coordinator
worker 'cp "$file" "$file.new"; mv -f "$file.new" "$file"'
STWLAB_WORKER=$work/worker "$STWLAB" run --quiet "$work/x.ini" -o "$work/copied" \
    --plugin-path "$work/plugins" --set axes.n=100 --set axes.strategy=none,hang \
    --set experiment.timeout=300ms >"$work/out" 2>"$work/err"
expect "the same content in another file" \
    "$(sql "$work/copied" "SELECT outcome FROM trials WHERE id LIKE '%hang'")" timed-out
worker 'rm -f "$file"'
expect_refused removed 'hang.so: No such file'
worker 'echo nonsense >"$file.new"; mv -f "$file.new" "$file"'
expect_refused damaged 'hang.so: not an ELF file'

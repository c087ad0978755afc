#!/bin/sh
# fault/no_sqlite.sh: a machine without SQLite, or with one that is too old, gets a message and exit
# status 3 from every command that needs it. Method: a library of that name is found before the
# system's.
. "$(dirname "$0")/common.sh"

command -v "${CC:-cc}" >/dev/null || skip "no C compiler"
experiment 1 'none' "$work/x.ini"
run "$work/x.ini" "$work/run" || fail "$(cat "$work/err")"
mkdir "$work/empty" "$work/old"
: >"$work/empty/libsqlite3.so.0"
echo 'int sqlite3_libversion_number(void) { return 3030001; }' >"$work/old.c"
"${CC:-cc}" -shared -fPIC -o "$work/old/libsqlite3.so.0" "$work/old.c" || fail "the compiler"

# expect_refused FOLDER WORDS COMMAND...
expect_refused()
{
    libraries=$1 words=$2
    shift 2
    LD_LIBRARY_PATH=$work/$libraries "$STWLAB" "$@" >"$work/out" 2>"$work/err"
    expect "exit status of $1 ($libraries)" $? 3
    grep -q "^stwlab $1: .*$words" "$work/err" || fail "$1 says: $(cat "$work/err")"
    expect "lines of $1 ($libraries)" "$(wc -l <"$work/err" | tr -d ' ')" 1
}

for each in 'empty:a library is missing: ' 'old:libsqlite3.so.0 is too old: SQLite 3.30.1, 3.37'; do
    libraries=${each%%:*} words=${each#*:}
    expect_refused "$libraries" "$words" show "$work/run"
    expect_refused "$libraries" "$words" compare "$work/run" n=100 --metric op.p50
    expect_refused "$libraries" "$words" run "$work/x.ini" -o "$work/other" --dry-run
    expect_refused "$libraries" "$words" run "$work/x.ini" -o "$work/run" --dry-run --resume
    expect_refused "$libraries" "$words" run "$work/x.ini" -o "$work/run" --resume
    expect_refused "$libraries" "$words" run "$work/x.ini" -o "$work/run"
    expect_refused "$libraries" "$words" run "$work/x.ini" -o "$work/new"
done

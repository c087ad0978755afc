#!/bin/sh
# unit/blanks_test.sh: goal: the proofs run in a clone whose path has blanks, and in such a TMPDIR.
# Method: a clone with one mutant, and a compiler that only notes where it was called: what it makes
# of the mutant fails, what it makes of the original passes. `fault` tests have a blank in the path
# of their folder anyway.
set -eu

command -v patch >/dev/null || { echo "skipped: patch is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
clone="$work/a b/stwlab clone"
mkdir -p "$clone/tests" "$work/bin"
cp -r "$STW_SOURCE_DIR/cmake" "$STW_SOURCE_DIR/core" "$STW_SOURCE_DIR/plugins" "$clone"
for folder in support stress mutants prove; do
    cp -r "$STW_SOURCE_DIR/tests/$folder" "$clone/tests"
done
find "$clone/tests/mutants" -name '*.patch' ! -name tiny-blocks.patch -delete

cat >"$work/bin/noting-cc" <<'END'
#!/bin/sh
out= status=0
for argument; do
    [ "${before:-}" != -o ] || out=$argument
    [ "$argument" != "$out" ] || { before=$argument; continue; }
    case $argument in
    *.o) [ -f "$argument" ] || exit 1; ! grep -q '/tree$' "$argument" || status=1 ;;
    *.c) [ -f "$argument" ] || exit 1 ;;
    esac
    before=$argument
done
case $out in
*.o) pwd >"$out" ;;
*) printf '#!/bin/sh\necho noted\nexit %s\n' $status >"$out" && chmod +x "$out" ;;
esac
END
chmod +x "$work/bin/noting-cc"

if ! CC=noting-cc PATH="$work/bin:$PATH" sh "$clone/tests/prove/run.sh" --only mutants \
    >"$work/out" 2>&1 || ! grep -q '^1 of 1 mutants caught' "$work/out"; then
    cat "$work/out"
    exit 1
fi

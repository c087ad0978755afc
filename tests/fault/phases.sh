#!/bin/sh
# fault/phases.sh: goal: stops and cycles of set-up, and of what follows the operations, are told apart
# from those of the operations, everywhere (trial.PH1, trial.PH2); a trial that ends in set-up has
# stops of set-up alone. Method: plugins/phases.c forces cycles in each phase; what is stored is held
# against what was forced, and what the reports say against what is stored.
. "$(dirname "$0")/common.sh"

matrix() # LINE...: of [axes] and what follows
{
    printf '[experiment]\nname = p\nquestion = q\nworkload = phases\ntrials = 2\n[axes]\n'
    for line; do printf '%s\n' "$line"; done
}

# Forced cycles stop the world twice each, or once; in audit builds there are others beside them.
matrix 'gc.mode = concurrent, stw' 'schedule = threads, stepped' '[fixed]' 'setup = 3' 'operate = 2' \
    'operations = 2' 'after = 1' >"$work/x.ini"
run "$work/x.ini" "$work/forced" || fail "forced: $(cat "$work/err")"
if [ "${STW_AUDITED:-}" != ON ]; then
    for mode in concurrent:2 stw:1; do
        where="id LIKE 'gc.mode=${mode%:*} %'" times=${mode#*:}
        expect "stops of ${mode%:*}" "$(sql "$work/forced" "SELECT DISTINCT a FROM (SELECT
            sum(phase = 'setup') || ' ' || sum(phase = 'timed') || ' ' || sum(phase = 'after') AS a
            FROM pauses WHERE $where GROUP BY cell, trial)")" \
            "$((3 * times)) $((4 * times)) $times"
        expect "counters of ${mode%:*}" "$(sql "$work/forced" "SELECT group_concat(DISTINCT name || '=' || value)
            FROM (SELECT name, value FROM counters WHERE $where AND name IN
                ('setup.stops', 'setup.cycles', 'timed.cycles', 'gc.cycles') ORDER BY name)")" \
            "gc.cycles=8,setup.cycles=3,setup.stops=$((3 * times)),timed.cycles=4"
        expect "the cell of ${mode%:*}" "$(sql "$work/forced" "SELECT DISTINCT pause_count || ' '
            || setup_pause_count || ' ' || after_pause_count FROM cells WHERE $where")" \
            "$((2 * 4 * times)) $((2 * 3 * times)) $((2 * times))"
    done
fi
[ "${STW_AUDITED:-}" = ON ] || expect "stops of forced cycles" "$(sql "$work/forced" "SELECT count(*) > 0,
    sum(is_forced <> (kind <> 'other')) FROM pauses")" '1|0'
expect "times of set-up" "$(sql "$work/forced" "SELECT count(*), count(DISTINCT id) FROM counters c
    WHERE name = 'setup.pause_total_ns' AND id LIKE '%threads' AND value = (SELECT sum(pause_ns)
        FROM pauses p WHERE p.cell = c.cell AND p.trial = c.trial AND phase = 'setup')")" '4|2'
expect "their maximum" "$(sql "$work/forced" "SELECT count(*) FROM counters c
    WHERE name = 'setup.pause_max_ns' AND value = (SELECT max(pause_ns)
        FROM pauses p WHERE p.cell = c.cell AND p.trial = c.trial AND phase = 'setup')")" 4
expect "steps have the phases of their stops" "$(sql "$work/forced" "SELECT count(*) FROM steps s
    LEFT JOIN pauses p USING (cell, trial, seq) WHERE s.phase IS NOT p.phase")" 0

# Its set-up makes garbage, and its operations do nothing. Audit builds collect as often as they can.
garbage=40000
[ "${STW_AUDITED:-}" != ON ] || garbage=40
matrix 'mutators = 1, 2' '[fixed]' "garbage = $garbage" 'setup = 1' >"$work/x.ini"
run "$work/x.ini" "$work/garbage" || fail "garbage: $(cat "$work/err")"
[ "${STW_AUDITED:-}" = ON ] || expect "trials with few cycles in set-up" "$(sql "$work/garbage" "SELECT count(*) FROM counters
    WHERE name = 'setup.cycles' AND value < 3")" 0
[ "${STW_AUDITED:-}" = ON ] || expect "trials with more than one cycle in operations" \
    "$(sql "$work/garbage" "SELECT count(*) FROM counters WHERE name = 'timed.cycles' AND value > 1")" 0
expect "stops are in one phase" "$(sql "$work/garbage" "SELECT count(*) FROM trials t WHERE
    (SELECT count(*) FROM pauses p WHERE p.cell = t.cell AND p.trial = t.trial) !=
    (SELECT value FROM counters c WHERE c.cell = t.cell AND c.trial = t.trial AND name = 'gc.pauses')
    OR (SELECT count(*) FROM pauses p WHERE p.cell = t.cell AND p.trial = t.trial AND phase = 'setup')
    != (SELECT value FROM counters c WHERE c.cell = t.cell AND c.trial = t.trial
        AND name = 'setup.stops')")" 0
[ "${STW_AUDITED:-}" = ON ] || expect "stops of cycles that nobody asked for" "$(sql "$work/garbage" "SELECT
    sum(is_forced = 0) > 0 FROM pauses WHERE phase = 'setup'")" 1
"$STWLAB" show --wide "$work/garbage" >"$work/table"
grep -q '^setup pauses: over before the first operation began; in no other column$' "$work/table" \
    || fail "the table does not tell of set-up: $(cat "$work/table")"
setup=$(sql "$work/garbage" "SELECT setup_pause_count FROM cells WHERE id = 'mutators=1'")
timed=$(sql "$work/garbage" "SELECT pause_count FROM cells WHERE id = 'mutators=1'")
expect "the row" "$(awk '$1 == 1 { print $NF }' "$work/table")" "$setup"
expect "the timed ones" "$("$STWLAB" show "$work/garbage" --columns pause.count --where mutators=1 |
    awk '/^ *[0-9]+\/[0-9]+ +[0-9]+$/ { print $2 }')" "$timed"
"$STWLAB" show "$work/garbage" --cell mutators=1 | grep -Eq "^setup +$setup " || fail "show --cell"
"$STWLAB" show "$work/garbage" --cell mutators=1 --trial 0 >"$work/trial"
first=$(sql "$work/garbage" "SELECT count(*) FROM pauses WHERE id = 'mutators=1' AND trial = 0
    AND phase = 'setup'")
grep -Eq "^setup +$first " "$work/trial" || fail "show --trial: $(cat "$work/trial")"
"$STWLAB" show "$work/garbage" --cell mutators=1 --trial 0 --json >"$work/json"
expect "show --trial --json" "$(sqlite3 :memory: "SELECT json_extract(CAST(readfile('$work/json') AS TEXT),
    '\$.stops.setup.count')")" "$first"
"$STWLAB" compare "$work/garbage" mutators=1 --metric setup.stops >"$work/out" 2>&1 \
    || fail "compare: $(cat "$work/out")"

# What a workload sleeps outside of managed code is its own time, and no loss.
matrix 'operations = 5' '[fixed]' 'operate = 1' 'nap = 20' >"$work/x.ini"
run "$work/x.ini" "$work/naps" || fail "naps: $(cat "$work/err")"
expect "naps" "$(sql "$work/naps" "SELECT count(*), sum(blocked >= 95000000), sum(blocked + lost <= wall)
    FROM (SELECT max(value) FILTER (WHERE name = 'mutator.blocked_ns') AS blocked,
        max(value) FILTER (WHERE name = 'taken.wall_ns') AS wall,
        sum(value) FILTER (WHERE name LIKE 'taken.%_ns' AND name <> 'taken.wall_ns'
            OR name = 'machine.taken_ns') AS lost FROM counters GROUP BY cell, trial)")" '2|2|2'
"$STWLAB" show "$work/naps" --cell 0 | grep -Eq '^blocked +1[0-9][0-9] ms' || fail "show of naps"

# Nothing is said of phases where nothing happens in them.
matrix 'operate = 1' '[fixed]' >"$work/x.ini"
run "$work/x.ini" "$work/plain" || fail "plain: $(cat "$work/err")"
if [ "${STW_AUDITED:-}" != ON ]; then
    grep -q 'setup\|after' "$work/out" && fail "of phases without stops: $(cat "$work/out")"
    matrix 'setup = 1' '[fixed]' >"$work/x.ini"
    run "$work/x.ini" "$work/idle" || fail "idle: $(cat "$work/err")"
    "$STWLAB" compare "$work/idle" setup=1 --metric pause.p50 >"$work/out" 2>"$work/err"
    expect "exit status without timed stops" $? 1
    grep -q "has no stops of the timed phase, but 4 before and after it" "$work/err" \
        || fail "compare: $(cat "$work/err")"
fi

# No operations: what comes before their place is set-up. A crash in set-up leaves nothing else.
matrix 'operations = 0' '[fixed]' 'setup = 2' 'after = 1' >"$work/x.ini"
run "$work/x.ini" "$work/none" || fail "no operations: $(cat "$work/err")"
expect "without operations" "$(sql "$work/none" "SELECT group_concat(DISTINCT phase) FROM
    (SELECT phase FROM pauses ORDER BY seq)")" 'setup,after'
matrix 'crashes = in-setup' '[fixed]' 'setup = 2' >"$work/x.ini"
run "$work/x.ini" "$work/crash"
expect "exit status of a crash" $? 1
expect "outcomes of a crash" "$(sql "$work/crash" "SELECT DISTINCT outcome FROM trials")" crashed
expect "stops before a crash" "$(sql "$work/crash" "SELECT DISTINCT phase FROM pause")" setup

#!/bin/sh
# experiments/stop-scaling/table.sh RUN...: goal: what a stop costs against mode, live bytes, stack
# bytes and mutators, one line a cell, ready to be plotted. Method: the public views of each run's
# results, in SQL; tabs between columns, one header line, cells in the order of the runs.
#
# Only stops of the timed phase count: while the graphs are built, the heap is smaller than the cell
# says. end_*: of the stop that ends marking (`mark-termination`, or `full`
# where there is one stop a cycle). A percentile is the nearest rank, as everywhere else. What a cell
# has no value for is nan: times when there was no stop, settings that are no axes of the experiment.
set -eu

if [ $# -eq 0 ]; then
    echo "usage: table.sh RUN..." >&2
    exit 2
fi

query="
WITH stops AS (
  SELECT p.cell, p.pause_ns, p.working_ns, p.kind IN ('mark-termination', 'full') AS ends
  FROM pauses p WHERE p.phase = 'timed'),
ranked AS (
  SELECT cell, ends, pause_ns, working_ns,
    count(*) OVER (PARTITION BY cell) AS n,
    row_number() OVER (PARTITION BY cell ORDER BY pause_ns) AS by_stop,
    row_number() OVER (PARTITION BY cell ORDER BY working_ns) AS by_working,
    count(*) OVER (PARTITION BY cell, ends) AS end_n,
    row_number() OVER (PARTITION BY cell, ends ORDER BY pause_ns) AS by_end_stop,
    row_number() OVER (PARTITION BY cell, ends ORDER BY working_ns) AS by_end_working
  FROM stops),
numbers AS (
  SELECT cell, count(*) AS stops,
    min(CASE WHEN by_stop >= (n * 50 + 99) / 100 THEN pause_ns END) AS p50,
    min(CASE WHEN by_stop >= (n * 99 + 99) / 100 THEN pause_ns END) AS p99,
    min(CASE WHEN by_working >= (n * 50 + 99) / 100 THEN working_ns END) AS working,
    min(CASE WHEN ends AND by_end_stop >= (end_n * 50 + 99) / 100 THEN pause_ns END) AS end_stop,
    min(CASE WHEN ends AND by_end_working >= (end_n * 50 + 99) / 100 THEN working_ns END)
      AS end_working
  FROM ranked GROUP BY cell),
settings AS (
  SELECT cell, json_extract(axes, '\$.\"gc.mode\"') AS mode, json_extract(axes, '\$.live') AS live,
    json_extract(axes, '\$.stack') AS stack, json_extract(axes, '\$.mutators') AS mutators
  FROM cells)
SELECT coalesce(mode, 'nan'),
  coalesce(live * CASE WHEN live LIKE '%GiB' THEN 1 << 30 WHEN live LIKE '%MiB' THEN 1 << 20
                       WHEN live LIKE '%KiB' THEN 1 << 10 ELSE 1 END, 'nan'),
  coalesce(stack * CASE WHEN stack LIKE '%MiB' THEN 1 << 20
                        WHEN stack LIKE '%KiB' THEN 1 << 10 ELSE 1 END, 'nan'),
  coalesce(mutators, 'nan'), coalesce(stops, 0), coalesce(p50, 'nan'), coalesce(p99, 'nan'),
  coalesce(working, 'nan'), coalesce(end_stop, 'nan'), coalesce(end_working, 'nan')
FROM settings LEFT JOIN numbers USING (cell) ORDER BY cell;"

printf 'mode\tlive_bytes\tstack_bytes\tmutators\tstops\tmedian_stop_ns\tp99_stop_ns\t'
printf 'median_working_ns\tmedian_end_stop_ns\tmedian_end_working_ns\n'
for run in "$@"; do
    results=$run
    [ ! -d "$run" ] || results=$run/results.sqlite
    [ -f "$results" ] || { echo "table.sh: $run: neither a run nor its results.sqlite" >&2; exit 2; }
    printf '%s\n' "$query" | sqlite3 -batch -bail -readonly -tabs "$results"
done

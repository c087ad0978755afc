#!/bin/sh
# prove/kills.sh: goal: whoever kills the lab loses the trial in hand and nothing else. Method:
# fault/kills.sh with 100 kills, beside bdwgc, and the Gos that STWLAB_GO names. usage: kills.sh [KILLS]
. "$(dirname -- "$(readlink -f -- "$0")")/common.sh"

need sqlite3
build release product
STWLAB=$root/build/release/stwlab STW_FAULT_PLUGINS=$work \
    sh "$root/tests/fault/kills.sh" "${1:-100}"

#!/usr/bin/env bats
# A program that does at once all that a tracer can stumble over, while dumps are asked for all the time. LEAKTRACE_STRESS_RUNS
# says how often (20).

load ../support/leaktrace

# Where every thread stands, of a program that hangs.
show_threads() {
    gdb -p "$1" -batch -ex 'thread apply all bt' 2>&1 || true
}

is_running() {
    kill -0 "$1" 2> /dev/null && ! grep -q '^State:.*zombie' "/proc/$1/status" 2> /dev/null
}

# Asks for a dump every 5 ms until the program has ended; fails when that takes more than 60 s.
pester() {
    local started=$SECONDS
    while is_running "$1"; do
        kill -USR2 "$1" 2> /dev/null || true
        if ((SECONDS - started > 60)); then
            show_threads "$1" >&2
            return 1
        fi
        sleep 0.005
    done
}

@test "a program under stress neither hangs nor fails, and its figures stay exact" {
    local run code runs="${LEAKTRACE_STRESS_RUNS:-20}"
    export PLUGIN="$LEAKTRACE_SPECIMENS/plugin.so"
    for ((run = 1; run <= runs; run++)); do
        start -- "$LEAKTRACE_SPECIMENS/stress" 1000
        wait_for_line ready
        pester "$PROGRAM"
        code=0
        wait "$PROGRAM" || code=$?
        if [ "$code" != 0 ]; then
            cat "$BATS_TEST_TMPDIR/err" >&2
        fi
        equal "$code" 0 "run $run"
        equal "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" over "run $run"
        equal "$(cat "$BATS_TEST_TMPDIR/err")" "" "run $run"
        equal "$(figures heap keeps_three "$(newest heap "stress.$PROGRAM")")" "3 150 3 150" "run $run"
        equal "$(grep -hE '^# (truncated_stacks|dropped_memory|dropped_lock|lock_timeouts) [^0]' "$DUMPS"/*.heap.txt | head -n 1)" "" "run $run"
        equal "$(cat "$DUMPS/stress.$PROGRAM".*.heap.txt | grep -c '^# reason exit')" 1 "run $run"
        equal "$(find "$DUMPS" -name ".*" -type f | head -n 1)" "" "run $run"
        rm -rf "$DUMPS"
        mkdir -m 700 "$DUMPS"
    done
}

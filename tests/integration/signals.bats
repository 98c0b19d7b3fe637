#!/usr/bin/env bats
# What makes a dump: signals, the clock, the command, the end; and programs that use the signal themselves.

load ../support/leaktrace

log_lines() {
    grep -c "$1" "$BATS_TEST_TMPDIR/log" || true
}

@test "a signal makes a dump, numbered from 1, and the end makes the last" {
    start -- "$LEAKTRACE_SPECIMENS/signals" wait
    wait_for_line ready
    kill -USR2 "$PROGRAM"
    wait_for_dump 1
    kill -USR2 "$PROGRAM"
    wait_for_dump 2
    finish
    equal "$(cat "$BATS_TEST_TMPDIR/out")" "ready
handled 0"
    equal "$(find "$DUMPS" -name '*.heap.txt' | wc -l)" 3
    equal "$(comment heap reason "$(dump_file heap 1)")" signal
    equal "$(comment heap reason "$(dump_file heap 3)")" exit
    equal "$(figures heap keeps_three "$(dump_file heap 1)")" "3 150 3 150"
    equal "$(figures fd keeps_three "$(dump_file fd 2)")" "3 3"
    dumps_are_whole
}

@test "the signal can be another, or none" {
    local option number
    for option in USR1:10 RTMIN+3:37 SIGHUP:1; do
        number="${option#*:}"
        start "signal=${option%:*}" -- "$LEAKTRACE_SPECIMENS/signals" sigaction 12
        wait_for_line ready
        kill "-$number" "$PROGRAM"
        wait_for_dump 1
        kill -USR2 "$PROGRAM"
        finish
        equal "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" "handled 1"
    done
    start signal=none -- "$LEAKTRACE_SPECIMENS/signals" wait
    wait_for_line ready
    kill -USR2 "$PROGRAM"
    # The signal ends the program, as it does without leaktrace.
    finish "$((128 + 12))"
}

@test "an interval makes dumps" {
    start interval=1 -- "$LEAKTRACE_SPECIMENS/signals" wait
    wait_for_dump 2
    finish
    equal "$(comment heap reason "$(dump_file heap 1)")" interval
    dumps_are_whole
}

@test "a program that takes the signal gets it, sees what it would see alone, and is told of once" {
    local mode
    for mode in sigaction signal; do
        rm -f "$BATS_TEST_TMPDIR/log"
        start -- "$LEAKTRACE_SPECIMENS/signals" "$mode"
        wait_for_line ready
        kill -USR2 "$PROGRAM"
        "$LEAKTRACE_COMMAND" dump "$PROGRAM" > "$BATS_TEST_TMPDIR/paths"
        equal "$(wc -l < "$BATS_TEST_TMPDIR/paths")" 12
        equal "$(comment heap reason "$(dump_file heap 1)")" command
        finish
        equal "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" "handled 1" "$mode"
        equal "$(log_lines 'uses signal USR2 itself')" 1 "$mode"
        equal "$(find "$DUMPS" -name "signals.$PROGRAM.*.heap.txt" | wc -l)" 2 "$mode: by the command and at the end"
    done
}

@test "a program that takes the signal by System V's function gets it as well" {
    start -- "$LEAKTRACE_SPECIMENS/signals" sysv_signal
    wait_for_line ready
    kill -USR2 "$PROGRAM"
    "$LEAKTRACE_COMMAND" dump "$PROGRAM" > "$BATS_TEST_TMPDIR/paths"
    finish
    equal "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" "handled 1"
    equal "$(log_lines 'uses signal USR2 itself')" 1
}

@test "a program that takes the signal by any other function gets it as well, as it would alone" {
    local mode handled
    for mode in internal sigset sigvec sigignore; do
        rm -f "$BATS_TEST_TMPDIR/log"
        start -- "$LEAKTRACE_SPECIMENS/signals" "$mode"
        wait_for_line ready
        kill -USR2 "$PROGRAM"
        "$LEAKTRACE_COMMAND" dump "$PROGRAM" > "$BATS_TEST_TMPDIR/paths"
        finish
        handled=1
        [ "$mode" != sigignore ] || handled=0
        equal "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" "handled $handled" "$mode"
        equal "$(log_lines 'uses signal USR2 itself')" 1 "$mode"
        equal "$(find "$DUMPS" -name "signals.$PROGRAM.*.heap.txt" | wc -l)" 2 "$mode: by the command and at the end"
    done
}

@test "a program that waits for the signal gets it, is told of once, and can be dumped" {
    local mode
    for mode in sigwait sigwaitinfo sigtimedwait signalfd; do
        rm -f "$BATS_TEST_TMPDIR/log"
        start -- "$LEAKTRACE_SPECIMENS/signals" "$mode"
        wait_for_line ready
        "$LEAKTRACE_COMMAND" dump "$PROGRAM" > "$BATS_TEST_TMPDIR/paths"
        kill -USR2 "$PROGRAM"
        wait_for_line got
        "$LEAKTRACE_COMMAND" dump "$PROGRAM" > "$BATS_TEST_TMPDIR/paths"
        finish
        equal "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" "handled 1" "$mode"
        equal "$(log_lines 'uses signal USR2 itself')" 1 "$mode"
        equal "$(find "$DUMPS" -name "signals.$PROGRAM.*.heap.txt" | wc -l)" 3 "$mode"
    done
}

@test "a program that blocks the signal finds it pending, and can be dumped" {
    start -- "$LEAKTRACE_SPECIMENS/signals" block
    wait_for_line ready
    kill -USR2 "$PROGRAM"
    "$LEAKTRACE_COMMAND" dump "$PROGRAM" > "$BATS_TEST_TMPDIR/paths"
    echo >&"$INPUT"
    wait_for_line got
    finish
    equal "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" "handled 1"
    equal "$(find "$DUMPS" -name "signals.$PROGRAM.*.heap.txt" | wc -l)" 2
}

# What the status says of the signal.
signal_state() {
    sed -n 's/^signal //p' "$DUMPS/signals.$PROGRAM.status"
}

state_is() {
    [ "$(signal_state)" = "$1" ]
}

@test "a program that goes on blocking the signal is told of once, and the signal makes a dump when it is let through" {
    start checkpoint=1 -- "$LEAKTRACE_SPECIMENS/signals" block_until_told
    wait_for_line ready
    wait_until state_is "blocked by the program"
    "$LEAKTRACE_COMMAND" dump "$PROGRAM" > "$BATS_TEST_TMPDIR/paths"
    equal "$(comment heap reason "$(dump_file heap 1)")" command
    sleep 3
    equal "$(log_lines 'blocks signal USR2 in all of its threads')" 1
    kill -USR2 "$PROGRAM"
    echo >&"$INPUT"
    wait_for_dump 2
    equal "$(comment heap reason "$(dump_file heap 2)")" signal
    wait_until state_is USR2
    finish
    equal "$(log_lines 'blocks signal USR2 in all of its threads')" 1
}

@test "a program that blocks the signal at times, or in some threads, is not told of" {
    local mode
    for mode in block_but_in_poll block_in_one_thread; do
        start checkpoint=0.5 -- "$LEAKTRACE_SPECIMENS/signals" "$mode"
        wait_for_line ready
        # Four looks.
        sleep 4.5
        equal "$(signal_state)" USR2 "$mode"
        kill -USR2 "$PROGRAM"
        wait_for_dump 1
        finish
        equal "$(log_lines 'blocks signal')" 0 "$mode"
    done
}

@test "a flag that the program changes leaves the signal where it was" {
    start -- "$LEAKTRACE_SPECIMENS/signals" interrupt
    wait_for_line ready
    kill -USR2 "$PROGRAM"
    wait_for_dump 1
    finish
    equal "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" "handled 0"
}

@test "what the tests take for granted of a program alone is so" {
    local mode
    for mode in sigaction signal sysv_signal ignore give_back internal sigset sigvec sigignore interrupt; do
        equal "$("$LEAKTRACE_SPECIMENS/signals" "$mode" < /dev/null | tail -n 1)" "handled 0" "$mode"
    done
}

@test "a program that takes the signal late gets it from then on" {
    start -- "$LEAKTRACE_SPECIMENS/signals" late
    wait_for_line ready
    kill -USR2 "$PROGRAM"
    wait_for_dump 1
    echo >&"$INPUT"
    wait_for_line taken
    kill -USR2 "$PROGRAM"
    finish
    equal "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" "handled 1"
    equal "$(comment heap reason "$(dump_file heap 2)")" exit
}

@test "a program that ignores the signal is left to it, also when it was started so" {
    start -- "$LEAKTRACE_SPECIMENS/signals" ignore
    wait_for_line ready
    kill -USR2 "$PROGRAM"
    finish
    equal "$(comment heap reason "$(dump_file heap 1)")" exit
    equal "$(log_lines 'uses signal USR2 itself')" 1
    trap '' USR2
    start -- "$LEAKTRACE_SPECIMENS/signals" inherit_ignored
    trap - USR2
    wait_for_line ready
    kill -USR2 "$PROGRAM"
    finish
    equal "$(comment heap reason "$(dump_file heap 1)")" exit
    equal "$(log_lines 'uses signal USR2 itself')" 2
}

@test "a program that gives the signal back leaves it to leaktrace" {
    start -- "$LEAKTRACE_SPECIMENS/signals" give_back
    wait_for_line ready
    kill -USR2 "$PROGRAM"
    wait_for_dump 1
    finish
    equal "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" "handled 0"
}

@test "dumps that are asked for at once are all whole" {
    local i asking
    start -- "$LEAKTRACE_SPECIMENS/signals" wait
    wait_for_line ready
    for i in 1 2 3 4 5; do
        kill -USR2 "$PROGRAM"
        "$LEAKTRACE_COMMAND" dump "$PROGRAM" > "$BATS_TEST_TMPDIR/paths.$i" 3>&- &
        asking=$!
        kill -USR2 "$PROGRAM"
        "$LEAKTRACE_COMMAND" dump "$PROGRAM" > "$BATS_TEST_TMPDIR/paths"
        kill -USR2 "$PROGRAM"
        wait "$asking"
        equal "$(wc -l < "$BATS_TEST_TMPDIR/paths")" 12
        equal "$(wc -l < "$BATS_TEST_TMPDIR/paths.$i")" 12
    done
    finish
    dumps_are_whole
}

@test "a program that ends while a dump is made still makes its last, and leaves no half files" {
    local i later=""
    for ((i = 0; i < 40; i++)); do
        later="$later."
        start -- "$LEAKTRACE_SPECIMENS/signals" raise
        echo "$later" >&"$INPUT"
        finish
        cat "$DUMPS/signals.$PROGRAM".*.heap.txt | grep -qx '# reason exit'
    done
    dumps_are_whole
}

@test "dumps are made while the program forks" {
    local i
    start -- "$LEAKTRACE_SPECIMENS/signals" fork
    wait_for_line ready
    for i in 1 2 3 4 5; do
        kill -USR2 "$PROGRAM"
        wait_for_dump "$i"
        equal "$(figures heap keeps_three "$(dump_file heap "$i")")" "3 150 3 150"
    done
    finish
    run ! grep -lE '^# (truncated_stacks|dropped_events|lock_timeouts) [^0]' "$DUMPS/signals.$PROGRAM".*.txt
    dumps_are_whole
}

@test "dumps are made while the program loads and unloads" {
    local i
    export PLUGIN="$LEAKTRACE_SPECIMENS/plugin.so"
    start -- "$LEAKTRACE_SPECIMENS/signals" load
    wait_for_line ready
    for i in 1 2 3 4 5; do
        kill -USR2 "$PROGRAM"
        wait_for_dump "$i"
        equal "$(figures heap keeps_three "$(dump_file heap "$i")")" "3 150 3 150"
        equal "$(grep -c "plugin_allocate.*plugin.so" "$(dump_file heap "$i")" | awk '{ print ($1 > 0) }')" 1
    done
    finish
    run ! grep -lE '^# (truncated_stacks|dropped_events|lock_timeouts) [^0]' "$DUMPS/signals.$PROGRAM".*.txt
    dumps_are_whole
}

@test "dumps are exact when the first thread has ended" {
    start -- "$LEAKTRACE_SPECIMENS/signals" end_main
    wait_for_line ready
    kill -USR2 "$PROGRAM"
    wait_for_dump 1
    "$LEAKTRACE_COMMAND" dump "$PROGRAM" > "$BATS_TEST_TMPDIR/paths"
    equal "$(wc -l < "$BATS_TEST_TMPDIR/paths")" 12
    finish 6
    equal "$(figures heap keeps_three "$(dump_file heap 3)")" "3 150 3 150"
    equal "$(figures fd keeps_three "$(dump_file fd 1)")" "3 3"
    equal "$(figures fd keeps_three "$(dump_file fd 3)")" "3 3"
    equal "$(rows fd keeps_three "$(dump_file fd 3)")" "3 3 type=device"
    equal "$(comment fd stale_fds "$(dump_file fd 3)")" 0
    equal "$(comment heap truncated_stacks "$(dump_file heap 3)")" 0
}

@test "every end of a process makes a dump and keeps its status and output" {
    local how where
    for how in return exit _exit _Exit quick_exit; do
        for where in "" in_thread; do
            "$LEAKTRACE_SPECIMENS/exits" "$how" 37 $where > "$BATS_TEST_TMPDIR/bare" || equal $? 37
            run traced -- "$LEAKTRACE_SPECIMENS/exits" "$how" 37 $where
            equal "$status" 37 "$how $where"
            equal "$output" "$(cat "$BATS_TEST_TMPDIR/bare")" "$how $where"
            equal "$(find "$DUMPS" -name 'exits.*.heap.txt' | wc -l)" 1 "$how $where"
            equal "$(figures heap keeps_three)" "3 150 3 150"
            dumps_are_whole
            rm "$DUMPS"/exits.*
        done
    done
}

@test "no dump is made at the end when none is wanted" {
    run traced at_exit=no -- "$LEAKTRACE_SPECIMENS/exits" exit 0
    equal "$status" 0
    equal "$(ls -A "$DUMPS")" ""
}

@test "a thread that leaves a recording by siglongjmp out of a handler is recorded again" {
    traced -- "$LEAKTRACE_SPECIMENS/left"
    figures_are fd <<< "opened_after 100 100"
    equal "$(comment fd lock_timeouts)" 0
}

@test "a thread that leaves malloc by siglongjmp out of a handler holds no part of the heap's table behind it" {
    traced -- timeout -s KILL 200 "$LEAKTRACE_SPECIMENS/left_heap"
    figures_are heap <<< "acquired_after 100 6400 100 6400" "$(newest heap left_heap)"
    equal "$(comment heap dropped_events "$(newest heap left_heap)")" 0
    equal "$(comment heap lock_timeouts "$(newest heap left_heap)")" 0
}

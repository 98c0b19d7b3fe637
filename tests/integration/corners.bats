#!/usr/bin/env bats
# Corners where a traced program once went another way than the same program alone: found by people who looked for them.

load ../support/leaktrace

@test "what a traced program does in odd places is what it does alone" {
    local corner
    for corner in forks_in_fork vfork_ignores forks_behind_filter ends_while_users_change executes_nonsense; do
        run -7 timeout -s KILL 60 "$LEAKTRACE_SPECIMENS/corners" "$corner"
        read_command -- "$LEAKTRACE_SPECIMENS/corners" "$corner"
        run -7 --separate-stderr timeout -s KILL 60 env LD_PRELOAD="$LEAKTRACE_LIBRARY" LEAKTRACE_OPTIONS="$OPTIONS" "${COMMAND[@]}"
        equal "$output" "" "$corner"
        equal "$(grep -v '^leaktrace\[' <<< "$stderr")" "" "$corner"
        [ -n "$(newest heap corners)" ] || { echo "$corner left no dump" >&2 && return 1; }
        rm -f "$DUMPS"/*
    done
}

@test "stacks through plugins that a forked child loads and unloads are libunwind's" {
    read_command check=1 -- "$LEAKTRACE_SPECIMENS/corners" unloads "$LEAKTRACE_SPECIMENS/frames_narrow.so" "$LEAKTRACE_SPECIMENS/frames_wide.so"
    local round file
    for round in 1 2 3 4 5; do
        run -7 timeout -s KILL 60 env LD_PRELOAD="$LEAKTRACE_LIBRARY" LEAKTRACE_OPTIONS="$OPTIONS" "${COMMAND[@]}"
        for file in "$DUMPS"/corners.*.heap.txt; do
            equal "$(comment heap mismatched_stacks "$file")" 0 "$file"
        done
        equal "$(cat "$DUMPS"/corners.*.heap.txt | grep -c 0xffffffffffffffff)" 0
        rm -f "$DUMPS"/*
    done
}

@test "a program in the background is not stopped by a line of leaktrace's" {
    cat > "$BATS_TEST_TMPDIR/background.py" << 'END'
import os, pty, sys, termios, time
pid, master = pty.fork()
if pid == 0:
    attributes = termios.tcgetattr(0)
    attributes[3] |= termios.TOSTOP
    termios.tcsetattr(0, termios.TCSANOW, attributes)
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.environ["LD_PRELOAD"], os.environ["LEAKTRACE_OPTIONS"] = sys.argv[1], "bad=1:dir=" + sys.argv[2]
        os.execv(sys.argv[3], sys.argv[3:])
    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, os.WUNTRACED)[1]))
while True:
    try:
        if not os.read(master, 4096):
            break
    except OSError:
        break
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
    run -7 timeout -s KILL 60 /usr/bin/python3 "$BATS_TEST_TMPDIR/background.py" "$LEAKTRACE_LIBRARY" "$DUMPS" \
        "$LEAKTRACE_SPECIMENS/corners" executes_nonsense
}

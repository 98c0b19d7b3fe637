#!/usr/bin/env bats
# Each call by which leaktrace asks the kernel or its own arenas for something fails, one after the other: the program does not
# notice, and dumps that exist can be read and are true. LEAKTRACE_FAULTS=all tries every call of a run: an hour.

load ../support/leaktrace

FAULTY="$LEAKTRACE_BUILD/faults/libleaktrace.so"

with_faults_of() {
    local call seconds=800
    [ -z "${LEAKTRACE_FAULTS:-}" ] || seconds=3600
    export PLUGIN="$LEAKTRACE_SPECIMENS/plugin.so"
    for call in "$@"; do
        timeout -s KILL "$seconds" /usr/bin/python3 -B "$LEAKTRACE_SOURCE/tests/support/faults.py" "$FAULTY" "$call" \
            ${LEAKTRACE_FAULTS:+--all} "$LEAKTRACE_SPECIMENS/guest" >&2
    done
}

@test "without a fault the library of this suite is as any other" {
    LEAKTRACE_LIBRARY=$FAULTY PLUGIN="$LEAKTRACE_SPECIMENS/plugin.so" run -7 traced -- "$LEAKTRACE_SPECIMENS/guest"
    equal "$(figures heap keeps_three)" "3 150 3 150"
    equal "$(find "$DUMPS" -name '*.heap.txt' | wc -l)" 4 "two that are asked for, one at the end, one of the child"
    nothing_was_lost heap fd thread
}

@test "a call that is to fail does" {
    LEAKTRACE_LIBRARY=$FAULTY PLUGIN="$LEAKTRACE_SPECIMENS/plugin.so" LEAKTRACE_FAULT="write:1+:$BATS_TEST_TMPDIR/shown" \
        run -7 traced log=stderr -- "$LEAKTRACE_SPECIMENS/guest"
    [ -e "$BATS_TEST_TMPDIR/shown" ]
    equal "$(find "$DUMPS" -type f)" ""
}

@test "any request to an arena may fail" {
    with_faults_of arena
}

@test "any mmap may fail" {
    with_faults_of map
}

@test "any call that opens, makes or renames a file, or removes one, may fail" {
    with_faults_of open mkdir rename unlink read_only
}

@test "any read, write or close may fail" {
    with_faults_of read write quota close
}

@test "any question about a file or a folder may fail" {
    with_faults_of fstat lstat readlink getdents
}

@test "any start of leaktrace's thread may fail" {
    with_faults_of thread
}

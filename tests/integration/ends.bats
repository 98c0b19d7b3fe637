#!/usr/bin/env bats
# Every way in which a process can end: its status, core dump and output are as without leaktrace, and there is one dump.

load ../support/leaktrace

# Runs the specimen bare and traced, in folders of their own where cores may lie, and holds the two against each other: what
# waitpid tells, the core and the place in the program that it shows, and all output.
ends_as_ever() {
    ulimit -c unlimited
    python3 - "$LEAKTRACE_LIBRARY" "dir=$DUMPS:format=pprof,text:log=$BATS_TEST_TMPDIR/log" "$BATS_TEST_TMPDIR" \
        "$LEAKTRACE_SPECIMENS/ends" "$@" << 'END'
import os, signal, struct, subprocess, sys

library, options, folder, *command = sys.argv[1:]

def place_of(path):
    """Of a core: the signal, its code, and where the thread was, but for what differs with where things are loaded."""
    core = open(path, "rb").read()
    at, size, count = struct.unpack_from("<Q14xHH", core, 32)
    for header in range(at, at + size * count, size):
        kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", core, header)
        note = offset
        while kind == 4 and note < offset + length:
            name, desc, what = struct.unpack_from("<III", core, note)
            body = note + 12 + (name + 3) // 4 * 4
            if what == 1:
                info = struct.unpack_from("<iii", core, body)
                return info, struct.unpack_from("<Q", core, body + 112 + 16 * 8)[0] & 0xfff
            note = body + (desc + 3) // 4 * 4
    return None

def end_of(name, variables):
    where = os.path.join(folder, name)
    os.makedirs(where, exist_ok=True)
    out = open(os.path.join(where, "out"), "wb")
    err = open(os.path.join(where, "err"), "wb")
    process = subprocess.Popen(command, env={**os.environ, **variables}, stdout=out, stderr=err, cwd=where)
    signal.alarm(60)
    _, status = os.waitpid(process.pid, 0)
    process.returncode = 0
    places = []
    for core in [entry for entry in os.listdir(where) if entry.startswith("core")]:
        places.append(place_of(os.path.join(where, core)))
        os.unlink(os.path.join(where, core))
    return status, places, open(out.name, "rb").read(), open(err.name, "rb").read()

bare = end_of("bare", {})
traced = end_of("traced", {"LD_PRELOAD": library, "LEAKTRACE_OPTIONS": options})
if bare != traced:
    sys.exit(f"{command[1:]}: alone {bare}, traced {traced}")
print(os.WTERMSIG(bare[0]) if os.WIFSIGNALED(bare[0]) else -os.WEXITSTATUS(bare[0]), int(os.WCOREDUMP(bare[0])))
END
}

# The process is ended by that signal with that reason, or exits with minus that code, and its one dump is exact.
ends_by() {
    local by="$1" reason="$2"
    shift 2
    run -0 ends_as_ever "$@"
    equal "${output% *}" "$by" "$*"
    equal "$(find "$DUMPS" -name 'ends.*.heap.txt' | wc -l)" 1 "dumps of $*"
    equal "$(comment heap reason)" "$reason" "$*"
    equal "$(figures heap keeps_three)" "3 150 3 150" "$*"
    equal "$(find "$DUMPS" -name '*.status')" "" "$*"
    equal "$(comment heap lock_timeouts)" 0 "$*"
    dumps_are_whole
    rm "$DUMPS"/*
}

@test "a signal whose default is the end leaves a dump that names it, sent to the process or raised" {
    local number
    # HUP INT QUIT TRAP BUS USR1 SEGV ALRM TERM XCPU XFSZ PROF IO PWR SYS
    for number in 1 2 3 5 7 10 11 14 15 24 25 27 29 30 31; do
        ends_by "$number" "SIG$(kill -l "$number" | sed 's/^IO$/POLL/')" kill "$number"
    done
    ends_by 15 SIGTERM raise 15
    ends_by 34 SIGRTMIN+0 kill 34
    ends_by 64 SIGRTMIN+30 kill 64
}

@test "faults, abort, limits and clocks leave a dump" {
    ends_by 11 SIGSEGV segv
    ends_by 7 SIGBUS bus
    ends_by 8 SIGFPE fpe
    ends_by 4 SIGILL ill
    ends_by 5 SIGTRAP trap
    ends_by 6 SIGABRT abort
    ends_by 14 SIGALRM alarm
    ends_by 24 SIGXCPU cpu
    ends_by 13 SIGPIPE pipe
}

@test "a thread ends the process while others allocate, and the dump is there" {
    ends_by 11 SIGSEGV segv 0 thread
    ends_by 6 SIGABRT abort 0 thread
    ends_by 15 SIGTERM kill 15 thread
    ends_by 8 SIGFPE fpe 0 thread
    ends_by -31 exit exit 0 thread
    ends_by -32 _exit _exit 0 thread
    ends_by -33 quick_exit quick_exit 0 thread
}

@test "a core dump is made where one would be, of the place where the program was" {
    run -0 ends_as_ever segv
    equal "$output" "11 1"
    run -0 ends_as_ever abort
    equal "$output" "6 1"
    run -0 ends_as_ever kill 15
    equal "$output" "15 0"
}

@test "a thread that has the signal blocked but while it waits dies of it as ever" {
    ends_by 15 SIGTERM suspend 15
    ends_by 10 SIGUSR1 suspend 10
}

@test "an exhausted stack ends the process as ever, and with a stack for signals it leaves a dump" {
    ends_by 11 SIGSEGV overflow_altstack
    run -0 ends_as_ever overflow
    equal "${output% *}" 11
}

@test "the program's own handlers and its ignoring are its own" {
    ends_by 15 SIGTERM ignored 15
    ends_by -41 exit handler_exits 15
    ends_by 15 SIGTERM handler_gives_up 15
    ends_by 11 SIGSEGV handler_gives_up 11
    ends_by 15 SIGTERM handler_jumps 15
    ends_by -7 exit asks
}

@test "a handler for one time runs one time, and the second time the default ends the process, with a dump" {
    ends_by 15 SIGTERM handler_once 15
    ends_by 6 SIGABRT handler_once 6
    ends_by 11 SIGSEGV handler_once 11
}

@test "a child of vfork that a signal ends changes nothing of its parent's" {
    ends_by 15 SIGTERM vfork_child 15
    ends_by 11 SIGSEGV vfork_child 11
}

@test "a child of fork that a signal ends leaves a dump of its own" {
    traced -- "$LEAKTRACE_SPECIMENS/ends" fork_child 15 > "$BATS_TEST_TMPDIR/out" || equal $? 3
    child=$(awk '/^child/ { print $2 }' "$BATS_TEST_TMPDIR/out")
    equal "$(comment heap reason "$DUMPS/ends.$child.0001.heap.txt")" SIGTERM
    equal "$(figures heap keeps_three "$DUMPS/ends.$child.0001.heap.txt")" "6 300 6 300"
    equal "$(find "$DUMPS" -name 'ends.*.heap.txt' | wc -l)" 2
    dumps_are_whole
}

@test "a program behind a filter of system calls dies of its signal, not of the filter" {
    for number in 15 10; do
        run -0 ends_as_ever filter "$number"
        equal "${output% *}" "$number"
    done
}

@test "a first thread that ends by a bare system call does not leave the process behind" {
    ends_by -43 SYS_exit bare_exit
    ends_by 0 SYS_exit bare_exit_first
}

@test "the first process of a pid namespace is spared the signals that it is spared alone" {
    run -44 unshare --user --map-root-user --pid --fork "$LEAKTRACE_SPECIMENS/ends" first
    bare="$output"
    run -44 traced exe=ends -- unshare --user --map-root-user --pid --fork "$LEAKTRACE_SPECIMENS/ends" first
    equal "$output" "$bare"
    run -139 traced exe=ends -- unshare --user --map-root-user --pid --fork "$LEAKTRACE_SPECIMENS/ends" first 11
    equal "$output" "$bare"
    equal "$(comment heap reason "$DUMPS/ends.1.0002.heap.txt")" SIGSEGV
}

@test "in a Go program nothing stands in for any signal: its runtime asks the kernel" {
    readelf -nW "$LEAKTRACE_SPECIMENS/go_note" | grep -q '^  Go '
    equal "$(traced -- "$LEAKTRACE_SPECIMENS/go_note")" "caught 0"
}

@test "of several ends at once one holds, and there is one dump" {
    local i code
    for ((i = 0; i < 30; i++)); do
        code=0
        traced -- "$LEAKTRACE_SPECIMENS/ends" races "$i" > /dev/null || code=$?
        [[ " 21 22 134 139 143 " == *" $code "* ]] || { echo "status $code" >&2 && return 1; }
        equal "$(find "$DUMPS" -name 'ends.*.heap.txt' | wc -l)" 1 "run $i, status $code"
        equal "$(figures heap keeps_three)" "3 150 3 150"
        dumps_are_whole
        rm "$DUMPS"/*
    done
}

@test "without a dump at the end nothing stands in for any signal" {
    local caught
    for at_exit in yes no; do
        caught=$(traced "at_exit=$at_exit" signal=none -- cat /proc/self/status | awk '/^SigCgt/ { print substr($2, 9) }')
        [ "$at_exit" = yes ] && [ "$caught" != 00000000 ] || equal "$caught" 00000000 "$at_exit"
    done
}

# A pipe that nobody reads makes the last dump of what was started hang.
hold_last_dump() {
    mkfifo "$DUMPS/.endings.$PROGRAM.0001.fd.pb.gz"
    echo >&"$INPUT"
    wait_until test -s "$DUMPS/.endings.$PROGRAM.0001.heap_growth.pb.gz"
}

let_last_dump_go() {
    timeout 20 cat "$DUMPS/.endings.$PROGRAM.0001.fd.pb.gz" > "$BATS_TEST_TMPDIR/read"
}

@test "a signal that comes when the process has begun to end changes nothing of its end" {
    local how
    for how in _exit exit quick_exit; do
        start checkpoint=0 -- "$LEAKTRACE_SPECIMENS/endings" "$how"
        wait_for_line ready
        hold_last_dump
        kill -TERM "$PROGRAM"
        kill -INT "$PROGRAM"
        sleep 0.2
        let_last_dump_go
        finish 32
        equal "$(comment heap reason "$(dump_file heap 1)")" "$how"
    done
}

@test "a signal that ends a process that changes its user all the time leaves a dump" {
    local i
    for i in 1 2 3 4 5 6; do
        start checkpoint=0 -- "$LEAKTRACE_SPECIMENS/endings" users
        wait_for_line ready
        echo >&"$INPUT"
        wait_for_line waits
        kill -TERM "$PROGRAM"
        finish 143
        equal "$(comment heap reason "$(dump_file heap 1)")" SIGTERM "$i"
        equal "$(figures heap keeps_three "$(dump_file heap 1)")" "3 150 3 150"
    done
}

@test "a signal that ends a process inside of dlopen ends it soon" {
    start checkpoint=0 -- "$LEAKTRACE_SPECIMENS/endings" loads "$LEAKTRACE_SPECIMENS/waits.so"
    wait_for_line ready
    echo >&"$INPUT"
    wait_for_line "waits in the constructor"
    kill -TERM "$PROGRAM"
    # For less time than a handler waits where there is hope of a dump.
    timeout 9 tail --pid="$PROGRAM" -f /dev/null
    finish 143
}

@test "a child that is forked while its parent makes its last dump makes its own" {
    local child
    start checkpoint=0 -- "$LEAKTRACE_SPECIMENS/endings" forks
    wait_for_line ready
    hold_last_dump
    echo >&"$INPUT"
    wait_for_line "child has ended"
    let_last_dump_go
    finish 32
    child=$(find "$DUMPS" -name 'endings.*.0001.heap.txt' ! -name "endings.$PROGRAM.*")
    equal "$(comment heap reason "$child")" _exit
    equal "$(figures heap keeps_three "$child")" "6 300 6 300"
    equal "$(comment heap forked_from "$child")" "$PROGRAM"
    equal "$(comment heap reason "$(dump_file heap 1)")" exit
}

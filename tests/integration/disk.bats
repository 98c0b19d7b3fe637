#!/usr/bin/env bats
# The disk: how much of it one process takes, and what becomes of dumps when there is none, or when it does not answer. The program
# never waits for them, but at its end for a bounded time.

load ../support/leaktrace

setup() {
    DUMPS="$BATS_TEST_TMPDIR/dumps"
    mkdir -m 700 "$DUMPS"
    : > "$BATS_TEST_TMPDIR/log"
}

# Sends a line to what was started, and waits until it was obeyed.
tell() {
    local before
    before=$(grep -c "^done $1" "$BATS_TEST_TMPDIR/out" || true)
    echo "$1" >&"$INPUT"
    wait_until eval "[ \$(grep -c '^done $1' '$BATS_TEST_TMPDIR/out') -gt $before ]"
}

start_limits() {
    start exe=limits "$@" -- "$LEAKTRACE_SPECIMENS/limits"
    wait_for_line ready
}

# The same with a small file system of its own on the folder of the dumps; SEEN is where it is seen from outside.
start_on_tmpfs() {
    local options=$1 mount=$2 as_root=-m
    [ "$(id -u)" = 0 ] || as_root=-rm
    start exe=limits "$options" -- unshare "$as_root" sh -c "mount -t tmpfs -o mode=700,$mount none '$DUMPS' && exec '$LEAKTRACE_SPECIMENS/limits'"
    NAME=limits
    wait_for_line ready
    SEEN="/proc/$PROGRAM/root$DUMPS"
}

# Changes the file system of what was started.
mount_option() {
    local user=()
    [ "$(id -u)" = 0 ] || user=(-U --preserve-credentials)
    # It is busy while a file is being written.
    wait_until nsenter -t "$PROGRAM" -m "${user[@]}" mount -o "remount,$1" "$DUMPS"
}

# Asks for a dump by the signal and waits for the answer in the log: "dump ..." or "cannot ...".
ask() {
    local before
    before=$(grep -cE '(dump|cannot) ' "$BATS_TEST_TMPDIR/log" || true)
    kill -USR2 "$PROGRAM"
    wait_until eval "[ \$(grep -cE '(dump|cannot) ' '$BATS_TEST_TMPDIR/log') -gt $before ]"
}

lines() {
    grep -c "$1" "$BATS_TEST_TMPDIR/log" || true
}

# The numbers of the dumps that are there, in one line.
numbers() {
    find "${1:-$DUMPS}" -name "limits.*.heap.txt" ! -name '*.last.*' | sed -E 's/.*\.([0-9]+)\.heap.txt/\1/' | sort | paste -sd ' '
}

# Nothing lies in the folder but whole dumps: twelve files of each number, and the status.
only_whole_dumps() {
    equal "$(find "${1:-$DUMPS}" -name '.*' -type f | head -n 1)" ""
    find "${1:-$DUMPS}" -type f ! -name '*.status' ! -name '*.last.*' | sed -E 's/\.(heap|fd|thread)(_growth)?\.(txt|pb\.gz)$//' | sort | uniq -c |
        awk '$1 != 12 { print; wrong = 1 } END { exit wrong }'
}

@test "of the dumps of one process the newest are kept, and nobody else's are touched" {
    local i
    touch "$DUMPS/limits.1.0001.heap.pb.gz" "$DUMPS/other.0001.heap.pb.gz"
    start_limits keep=3
    touch "$DUMPS/limits.$PROGRAM.0001.heap.pb.gz" "$DUMPS/limits.$PROGRAM.0004.fd.txt"
    for i in 1 2 3 4 5; do ask; done
    equal "$(numbers)" "0005 0006 0007"
    finish
    equal "$(numbers)" "0006 0007 0008"
    equal "$(find "$DUMPS" -size 0 | sort | paste -sd ' ' | sed "s|$DUMPS/||g; s/$PROGRAM/PID/g")" \
        "limits.1.0001.heap.pb.gz limits.PID.0001.heap.pb.gz limits.PID.0004.fd.txt other.0001.heap.pb.gz"
}

@test "max_disk bounds what they take, and the newest is always kept" {
    local i size
    start_limits max_disk=1M
    for i in $(seq 18); do ask; done
    size=$(find "$DUMPS" -name 'limits.*.[0-9]*.*' ! -name '*.status' -printf '%s\n' | awk '{ n += $1 } END { print n }')
    finish
    [ "$size" -le 1048576 ]
    equal "$(find "$DUMPS" -name '*.0019.*' | wc -l)" 12
    only_whole_dumps
}

@test "a full disk costs the dump, one line, and nothing that was there before" {
    start_on_tmpfs checkpoint=0 size=90k
    tell "fds 5"
    ask
    equal "$(numbers "$SEEN")" 0001
    ask
    ask
    equal "$(numbers "$SEEN")" 0001
    only_whole_dumps "$SEEN"
    equal "$(lines 'cannot write .*0002.*: No space left on device; what was dumped before is untouched')" 2
    rm "$SEEN"/*.0001.*
    ask
    equal "$(numbers "$SEEN")" 0002
    only_whole_dumps "$SEEN"
    finish
    equal "$(lines 'No space left')" 3
}

@test "a quota that is used up costs the same, told at a write or, as by NFS, at the close" {
    local fault before i
    LEAKTRACE_LIBRARY="$LEAKTRACE_BUILD/faults/libleaktrace.so"
    for fault in quota close; do
        rm -f "$DUMPS"/*
        : > "$BATS_TEST_TMPDIR/log"
        LEAKTRACE_FAULT="$fault:60+:$BATS_TEST_TMPDIR/shown" start_limits checkpoint=0
        for ((i = 0; i < 20 && $(lines 'Disk quota exceeded') == 0; i++)); do ask; done
        before=$(numbers)
        [ -n "$before" ]
        ask
        equal "$(numbers)" "$before" "$fault"
        equal "$(lines 'cannot write .*: Disk quota exceeded; what was dumped before is untouched')" 2 "$fault"
        only_whole_dumps
        tell "fds 5"
        finish
        only_whole_dumps
    done
}

@test "what a disk keeps of a dump that becomes read-only in the middle of it goes with the next one" {
    LEAKTRACE_LIBRARY="$LEAKTRACE_BUILD/faults/libleaktrace.so"
    # The seventh rename: a few are the status's, twelve the dump's.
    LEAKTRACE_FAULT="read_only:7:$BATS_TEST_TMPDIR/shown" start_limits checkpoint=0
    ask
    equal "$(lines 'cannot write .*0001.*: Read-only file system')" 1
    [ -e "$DUMPS/limits.$PROGRAM.0001.heap.pb.gz" ]
    [ ! -e "$(dump_file thread_growth 1)" ]
    rm "$BATS_TEST_TMPDIR/shown"
    ask
    equal "$(numbers)" 0001
    only_whole_dumps
    finish
}

@test "what killed processes have left half written goes after a day; whatever else looks like it stays" {
    local name gone=(.a.b.4194305.0001.heap.pb.gz .a.4194305.last.thread_growth.txt .a.4194305.status)
    local stay=(.a.4194305.0001.heap.pb .a.4194305.001.heap.txt .4194305.0001.heap.txt .a.x4194305.0001.heap.txt .a.4194305.0001.cpu.txt
        a.4194305.0001.heap.txt .a.1.0001.heap.txt .bashrc .a.4194305.status.txt)
    for name in "${gone[@]}" "${stay[@]}"; do
        touch -d '25 hours ago' "$DUMPS/$name"
    done
    touch "$DUMPS/.young.4194305.0001.heap.txt"
    mkdir "$DUMPS/.folder.4194305.0001.heap.txt"
    touch -d '25 hours ago' "$DUMPS/.folder.4194305.0001.heap.txt"
    start_limits checkpoint=0.05
    wait_until test -e "$DUMPS/limits.$PROGRAM.last.thread_growth.txt"
    finish
    for name in "${gone[@]}"; do
        [ ! -e "$DUMPS/$name" ] || { echo "$name is there" >&2 && return 1; }
    done
    for name in "${stay[@]}" .young.4194305.0001.heap.txt .folder.4194305.0001.heap.txt; do
        [ -e "$DUMPS/$name" ] || { echo "$name has gone" >&2 && return 1; }
    done
}

@test "checkpoints on a full disk are tried again and told of once" {
    start_on_tmpfs checkpoint=0.05 size=20k
    wait_until grep -q 'No space left on device' "$BATS_TEST_TMPDIR/log"
    tell "fds 10"
    tell "fds 20"
    sleep 0.3
    equal "$(lines 'No space left')" 1
    equal "$(find "$SEEN" -name '*.last.*' | wc -l)" 0
    mount_option size=1m
    wait_until eval "[ \$(find '$SEEN' -name 'limits*.last.*' | wc -l) -eq 12 ]"
    finish
    equal "$(lines 'No space left')" 1
}

@test "a disk that becomes read-only, and writable again" {
    start_on_tmpfs checkpoint=0 size=10m
    ask
    mount_option ro
    ask
    equal "$(lines 'cannot write .*: Read-only file system')" 1
    mount_option rw
    ask
    equal "$(numbers "$SEEN")" "0001 0002"
    only_whole_dumps "$SEEN"
    finish
}

@test "where files may not grow, no signal reaches the program, and nothing half is left" {
    start exe=limits checkpoint=0.05 -- prlimit --fsize=1500 "$LEAKTRACE_SPECIMENS/limits"
    NAME=limits
    wait_for_line ready
    wait_until grep -q 'cannot write .*last.*: File too large' "$BATS_TEST_TMPDIR/log"
    kill -USR2 "$PROGRAM"
    wait_until grep -q 'cannot write .*0001.*: File too large' "$BATS_TEST_TMPDIR/log"
    finish
    equal "$(find "$DUMPS" -type f | wc -l)" 0
    equal "$(lines 'last.*: File too large')" 1
}

@test "the same where a thread of the program makes the last dump" {
    local how
    for how in now later; do
        run -0 --separate-stderr traced checkpoint=0 -- prlimit --fsize=1500 timeout -s KILL 20 "$LEAKTRACE_SPECIMENS/main_leaves" "$how"
        equal "$output" "hello and goodbye" "$how"
    done
    equal "$(find "$DUMPS" -name 'main_leaves*' -type f | wc -l)" 0
}

# A checkpoint may come in between and make the folder anew.
lead_nowhere() {
    rm -r "$DUMPS"
    ln -sT /nowhere "$DUMPS"
}

@test "a folder that is removed is made again; one that cannot be used costs a line for each dump that is asked for, and one for checkpoints" {
    start_limits checkpoint=0.05
    ask
    wait_until eval "[ \$(find '$DUMPS' -name 'limits*.last.*' | wc -l) -eq 12 ]"
    wait_until rm -r "$DUMPS"
    wait_until eval "[ \$(find '$DUMPS' -name 'limits*.last.*' 2> /dev/null | wc -l) -eq 12 ]"
    ask
    equal "$(numbers)" 0002
    equal "$(stat -c %a "$DUMPS")" 700
    wait_until lead_nowhere
    tell "fds 3"
    wait_until grep -q 'cannot write .*last.*: No such file or directory' "$BATS_TEST_TMPDIR/log"
    ask
    sleep 0.3
    equal "$(lines 'cannot write .*last.*: No such file or directory')" 1
    equal "$(lines 'cannot write .*0003.*: No such file or directory')" 1
    rm "$DUMPS"
    wait_until eval "[ \$(find '$DUMPS' -name 'limits*.last.*' 2> /dev/null | wc -l) -eq 12 ]"
    finish
    equal "$(numbers)" 0003
}

# A pipe that nobody reads stands for a mount that does not answer: the writing of a file hangs in open.
@test "the program goes on while its dump hangs, and the dump is made when the folder answers again" {
    start_limits checkpoint=0
    mkfifo "$DUMPS/.limits.$PROGRAM.0001.fd.pb.gz"
    kill -USR2 "$PROGRAM"
    wait_until test -s "$DUMPS/.limits.$PROGRAM.0001.heap_growth.pb.gz"
    tell "fds 20"
    tell "threads 5"
    tell "threads 0"
    tell "memory 1"
    # The reader gets what was to be written; the dump is then as whole as it can be.
    timeout 20 cat "$DUMPS/.limits.$PROGRAM.0001.fd.pb.gz" > "$BATS_TEST_TMPDIR/read"
    wait_for_dump 1
    gzip -t "$BATS_TEST_TMPDIR/read"
    ask
    finish
    equal "$(figures fd opens "$(dump_file fd 2)")" "20 20"
}

@test "leaktrace's thread is one also after it was to give way while it hung" {
    start_limits checkpoint=0
    mkfifo "$DUMPS/.limits.$PROGRAM.0001.fd.pb.gz"
    kill -USR2 "$PROGRAM"
    wait_until test -s "$DUMPS/.limits.$PROGRAM.0001.heap_growth.pb.gz"
    tell alone
    timeout 20 cat "$DUMPS/.limits.$PROGRAM.0001.fd.pb.gz" > /dev/null
    wait_for_dump 1
    ask
    equal "$(grep -lx leaktrace "/proc/$PROGRAM/task"/*/comm | wc -l)" 1
    tell alone
    equal "$(numbers)" "0001 0002"
    ask
    equal "$(grep -lx leaktrace "/proc/$PROGRAM/task"/*/comm | wc -l)" 1
    finish
    equal "$(numbers)" "0001 0002 0003 0004"
}

@test "the program ends though its last dump hangs" {
    start_limits checkpoint=0
    mkfifo "$DUMPS/.limits.$PROGRAM.0001.fd.pb.gz"
    finish
    equal "$(lines "the folder $DUMPS takes too long; the process ends without its last dump")" 1
}

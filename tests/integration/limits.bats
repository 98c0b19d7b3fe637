#!/usr/bin/env bats
# The limits of the program: dumps when a figure passes its threshold, and dumps when nothing is left to be had.

load ../support/leaktrace

# Sends a line to what was started, and waits until it was obeyed.
tell() {
    local before
    before=$(grep -c "^done $1" "$BATS_TEST_TMPDIR/out" || true)
    echo "$1" >&"$INPUT"
    wait_until eval "[ \$(grep -c '^done $1' '$BATS_TEST_TMPDIR/out') -gt $before ]"
}

# The reasons of all dumps of what was started, in their order, each on a line.
reasons() {
    grep -h '^# reason' "$DUMPS/$NAME.$PROGRAM".0*.heap.txt
}

dumps() {
    find "$DUMPS" -name "$NAME.$PROGRAM.0*.thread_growth.txt" | wc -l
}

# Gives the figures time to be looked at, which is done twice a second. Nothing is to happen then.
let_look() {
    sleep 1.2
}

# What uses up all descriptors is to have few.
start_limits() {
    ulimit -S -n 1024
    start "$@" -- "$LEAKTRACE_SPECIMENS/limits"
    wait_for_line ready
}

@test "passing a threshold makes one dump, and again only after it has fallen a tenth below" {
    start_limits at_fds=100
    tell "fds 50"
    let_look
    equal "$(dumps)" 0
    tell "fds 150"
    wait_for_dump 1
    [ "$(figures fd opens "$(dump_file fd 1)")" = "150 150" ]
    tell "fds 200"
    let_look
    tell "fds 95"
    let_look
    tell "fds 150"
    let_look
    equal "$(dumps)" 1
    tell "fds 40"
    let_look
    tell "fds 150"
    wait_for_dump 2
    finish
    equal "$(reasons | sed -E 's/: 15[0-9] is past 100$//')" "# reason at_fds
# reason at_fds
# reason exit"
}

@test "threads and memory have thresholds too" {
    start_limits at_threads=10 at_rss=64M
    tell "threads 5"
    let_look
    equal "$(dumps)" 0
    tell "threads 20"
    wait_for_dump 1
    tell "memory 100"
    wait_for_dump 2
    finish
    reasons | sed -n 1p | grep -qx '# reason at_threads: 21 is past 10'
    reasons | sed -n 2p | grep -qE '^# reason at_rss: [0-9]+ is past 67108864$'
}

@test "a threshold can be a percentage of the limit" {
    start at_fds=50% at_rss=50% -- prlimit --nofile=400 --as=$((400 << 20)) "$LEAKTRACE_SPECIMENS/limits"
    NAME=limits
    wait_for_line ready
    tell "fds 150"
    tell "memory 100"
    let_look
    equal "$(dumps)" 0
    tell "fds 250"
    wait_for_dump 1
    tell "memory 250"
    wait_for_dump 2
    finish
    reasons | sed -n 1p | grep -qE '^# reason at_fds: 25[0-9] is past 200$'
    reasons | sed -n 2p | grep -qE '^# reason at_rss: [0-9]+ is past 209715200$'
}

# All kinds of its own; a mapping of the program's fails from the moment on, and so would one of leaktrace's.
@test "a dump at a threshold needs no new memory" {
    local mark="$BATS_TEST_TMPDIR/mark" file
    start_limits at_fds=100 checkpoint=0.1
    tell "fds 60"
    file="$DUMPS/limits.$PROGRAM.last.fd.txt"
    wait_until grep -qs "^60 60 " "$file"
    touch "$mark"
    wait_until test "$file" -nt "$mark"
    tell pin
    tell "fds 150"
    wait_for_dump 1
    equal "$(figures fd opens "$(dump_file fd 1)")" "150 150"
    equal "$(comment fd names "$(dump_file fd 1)")" complete
    tell "others 20"
    kill -USR2 "$PROGRAM"
    wait_for_dump 2
    equal "$(total fd inuse_fds "" "$(dump_file fd 2)")" "$(($(total fd inuse_fds "" "$(dump_file fd 1)") + 20))"
    finish
    dumps_are_whole_but_last
}

dumps_are_whole_but_last() {
    rm -f "$DUMPS"/*.last.*
    dumps_are_whole
}

@test "the same without a checkpoint: a dump is rehearsed" {
    start_limits at_fds=100 checkpoint=0
    tell "fds 60"
    let_look
    tell pin
    tell "fds 150"
    wait_for_dump 1
    equal "$(figures fd opens "$(dump_file fd 1)")" "150 150"
    finish
    dumps_are_whole
}

@test "a process that has run out of descriptors still dumps, by signal, at a threshold, by the command, and at its end" {
    start_limits at_fds=90%
    tell run_out
    wait_for_dump 1
    kill -USR2 "$PROGRAM"
    wait_for_dump 2
    "$LEAKTRACE_COMMAND" dump "$PROGRAM"
    finish
    equal "$(dumps)" 4
    equal "$(figures fd opens "$(dump_file fd 4)")" "$(figures fd opens "$(dump_file fd 1)")"
    [ "$(figures fd opens "$(dump_file fd 4)" | cut -d ' ' -f 2)" -gt 900 ]
    equal "$(comment fd own_descriptors "$(dump_file fd 4)")" separate
    dumps_are_whole
}

@test "a daemon that closes every descriptor changes nothing" {
    start_limits
    tell "fds 20"
    tell close_all
    tell "fds 30"
    kill -USR2 "$PROGRAM"
    wait_for_dump 1
    finish
    equal "$(figures fd opens "$(dump_file fd 1)")" "50 30"
    equal "$(dumps)" 2
    dumps_are_whole
}

@test "where unshare is refused, a task beside the thread has the descriptors, and all of that holds too" {
    ulimit -S -n 1024
    start at_fds=90% -- "$LEAKTRACE_SPECIMENS/refusing" unshare "$LEAKTRACE_SPECIMENS/limits"
    NAME=limits
    wait_for_line ready
    tell "threads 3"
    tell run_out
    wait_for_dump 1
    kill -USR2 "$PROGRAM"
    wait_for_dump 2
    tell close_all
    tell "fds 5"
    "$LEAKTRACE_COMMAND" dump "$PROGRAM"
    finish
    equal "$(dumps)" 4
    equal "$(comment fd own_descriptors "$(dump_file fd 4)")" separate
    equal "$(comment thread unattributed_threads "$(dump_file thread 1)")" 0
    [ "$(figures fd opens "$(dump_file fd 2)" | cut -d ' ' -f 2)" -gt 900 ]
    dumps_are_whole
}

@test "the task beside the thread is whoever the program has become" {
    local user
    user=$(id -u)
    [ "$user" != 0 ] || user=65534
    chmod 777 "$DUMPS"
    # The way to the folder has to be open to that user too.
    chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/test "$BATS_TEST_TMPDIR"
    start -- "$LEAKTRACE_SPECIMENS/refusing" unshare "$LEAKTRACE_SPECIMENS/limits"
    NAME=limits
    wait_for_line ready
    tell "become $user"
    kill -USR2 "$PROGRAM"
    wait_for_dump 1
    equal "$(comment fd own_descriptors "$(dump_file fd 1)")" separate
    equal "$(stat -c %u "$(dump_file fd 1)")" "$user"
    equal "$(cat "/proc/$PROGRAM/task"/*/status | awk '$1 == "Uid:" { print $2 }' | sort -u)" "$user"
    finish
}

@test "where that is refused too, the table is shared, and dumps are made as long as there are descriptors" {
    ulimit -S -n 1024
    start -- "$LEAKTRACE_SPECIMENS/refusing" unshare,clone_files "$LEAKTRACE_SPECIMENS/limits"
    NAME=limits
    wait_for_line ready
    tell "fds 20"
    kill -USR2 "$PROGRAM"
    wait_for_dump 1
    equal "$(comment fd own_descriptors "$(dump_file fd 1)")" shared
    equal "$(figures fd opens "$(dump_file fd 1)")" "20 20"
    tell run_out
    kill -USR2 "$PROGRAM"
    let_look
    equal "$(dumps)" 1
    tell close_all
    kill -USR2 "$PROGRAM"
    wait_for_dump 2
    finish
    equal "$(dumps)" 3
    dumps_are_whole
}

# A number of what was started, as ls tells it.
listed() {
    "$LEAKTRACE_COMMAND" ls --format json | python3 -c '
import json, sys
print(next(row[sys.argv[2]] for row in json.load(sys.stdin)["processes"] if row["pid"] == int(sys.argv[1])))' "$PROGRAM" "$1"
}

@test "what leaktrace itself takes stands in every dump, and ls tells the same" {
    local key
    start_limits
    tell "fds 20"
    kill -USR2 "$PROGRAM"
    wait_for_dump 1
    for key in own_memory_bytes own_cpu_ns; do
        [ "$(comment fd "$key" "$(dump_file fd 1)")" -gt 0 ]
    done
    for key in dropped_events truncated_stacks lock_waits lock_timeouts; do
        equal "$(comment fd "$key" "$(dump_file fd 1)")" 0 "$key"
        equal "$(listed "$key")" 0 "$key"
    done
    comment fd pause_ns "$(dump_file fd 1)" | grep -qxE '[0-9]+'
    [ "$(listed own_cpu_ns)" -ge "$(comment fd own_cpu_ns "$(dump_file fd 1)")" ]
    [ "$(listed own_bytes)" -gt 100000 ]
    listed pause_ns | grep -qxE '[0-9]+'
    "$LEAKTRACE_COMMAND" ls --own > "$BATS_TEST_TMPDIR/own"
    head -n 1 "$BATS_TEST_TMPDIR/own" | grep -qE '^ *PID PROGRAM +MEMORY +CPU +DROPPED +TRUNCATED +WAITS +PAUSE$'
    grep -qE "^ *$PROGRAM limits .* (KiB|MiB) +[0-9]+ (ms|s) +0 +0 +0 +[0-9]+ us$" "$BATS_TEST_TMPDIR/own"
    finish
}

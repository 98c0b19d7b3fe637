#!/usr/bin/env bats
# The figures of specimens against what they are known to hold, per site and to the unit.

load ../support/leaktrace

# alloc_objects, alloc_space, inuse_objects, inuse_space
heap_truth() {
    cat << 'END'
by_malloc 3 300 2 100
by_calloc 2 121 1 100
refused 0 0 0 0
realloc_of_null 1 50 1 50
realloc_in_place 2 1900 1 900
realloc_moving 2 4194320 1 4194304
realloc_of_mapped 2 12582912 1 8388608
realloc_to_nothing 1 70 0 0
realloc_refused 1 80 1 80
by_reallocarray 3 228 2 220
reallocarray_refused 1 30 1 30
by_posix_memalign 2 384 1 128
by_aligned_alloc 2 256 1 192
by_memalign 2 128 1 96
by_valloc 2 5010 1 10
by_pvalloc 2 5011 1 11
by_strdup 3 17 2 10
by_asprintf - - 1 13
freed_elsewhere 10 240 6 144
in_eight_threads 8000 384000 4000 192000
freed_across_threads 4000 128000 2000 64000
resized_across_threads 8000 1862000 0 0
END
}

cxx_truth() {
    cat << 'END'
by_new 4 112 1 40
by_new_array 3 632 1 300
by_new_array_of_objects 2 136 1 80
by_nothrow 4 232 2 104
refused_without_throwing - - 0 0
by_aligned 6 1024 2 384
by_odd_sizes 4 110 2 100
by_aligned_nothrow 4 1280 2 768
refused_with_bad_alloc 3 - 0 0
refused_after_new_handler - - 0 0
constructor_throws - - 0 0
throws_deep - - 0 0
catches - - 1 40
by_own_operator 2 144 1 72
by_containers 104 12557 4 8557
thread_allocates 400 16000 300 12000
END
}

@test "heap blocks are exact for each of C's functions, also when it fails, moves a block, or another thread frees it" {
    traced -- "$LEAKTRACE_SPECIMENS/heap"
    heap_truth | figures_are heap
    nothing_was_lost heap
}

@test "heap blocks are exact with jemalloc or tcmalloc behind the library" {
    local allocator
    for allocator in libjemalloc.so.2 libtcmalloc.so.4; do
        PRELOAD_BEHIND=$allocator traced -- "$LEAKTRACE_SPECIMENS/heap_random" 3 4 > "$BATS_TEST_TMPDIR/model"
        equal "$(wc -l < "$BATS_TEST_TMPDIR/model")" 4
        figures_are heap < "$BATS_TEST_TMPDIR/model"
        nothing_was_lost heap
    done
    # jemalloc has no pvalloc, which the specimen uses.
    PRELOAD_BEHIND=libtcmalloc.so.4 traced -- "$LEAKTRACE_SPECIMENS/heap"
    heap_truth | figures_are heap
    nothing_was_lost heap
}

@test "the heap of C++ is exact for all forms of new and delete, and through exceptions" {
    traced -- "$LEAKTRACE_SPECIMENS/heap_cxx"
    cxx_truth | figures_are heap
    nothing_was_lost heap
}

@test "the heap of C++ is the same with jemalloc or tcmalloc behind the library" {
    local allocator
    for allocator in libjemalloc.so.2 libtcmalloc.so.4; do
        PRELOAD_BEHIND=$allocator traced -- "$LEAKTRACE_SPECIMENS/heap_cxx"
        cxx_truth | figures_are heap
        nothing_was_lost heap
    done
}

@test "the heap of C++ is the same when the program is linked with jemalloc or tcmalloc" {
    local allocator
    for allocator in libjemalloc.so.2 libtcmalloc.so.4; do
        c++ -O2 -g -D_GNU_SOURCE -o "$BATS_TEST_TMPDIR/linked_$allocator" "$LEAKTRACE_SOURCE/tests/specimens/heap_cxx.cc" \
            -Wl,--no-as-needed "-l:$allocator" -pthread
        traced -- "$BATS_TEST_TMPDIR/linked_$allocator"
        cxx_truth | figures_are heap
        nothing_was_lost heap
    done
}

@test "a million operations on the heap at random leave what a plain model of them says, in one thread and in four" {
    local seed threads
    for seed in 1 2; do
        for threads in 1 4; do
            traced -- "$LEAKTRACE_SPECIMENS/heap_random" "$seed" "$threads" > "$BATS_TEST_TMPDIR/model"
            equal "$(wc -l < "$BATS_TEST_TMPDIR/model")" 4
            figures_are heap < "$BATS_TEST_TMPDIR/model"
            nothing_was_lost heap
        done
    done
}

# opened_fds, inuse_fds
files_truth() {
    cat << 'END'
by_open 2 1
by_fortified_open 4 2
by_openat 3 2
by_creat 2 1
by_handle 2 1
by_mkstemp 8 4
by_stream 4 2
by_fdopen 2 1
by_freopen 4 1
without_descriptor 0 0
by_popen 2 1
by_folder 4 2
by_pipe 4 3
by_anonymous 9 8
by_signalfd 1 1
by_terminal_and_memory 2 2
END
}

numbers_truth() {
    cat << 'END'
by_dup 5 2
dup2_over_live 5 2
to_be_replaced 2 0
dup2_to_free_number 2 1
dup2_in_vain 2 2
close_in_vain 0 0
by_close_range 10 5
by_closefrom 3 1
in_eight_threads 800 80
replaced_unseen 2 1
closed_unseen 2 0
opened_unseen 0 0
END
}

# The type that the library gives a descriptor, from the link in /proc/self/fd.
type_of() {
    case "$1" in
    pipe:*) echo pipe ;;
    socket:*) echo socket ;;
    anon_inode:inotify) echo inotify ;;
    anon_inode:'[eventpoll]') echo epoll ;;
    anon_inode:*) echo "${1:12:-1}" ;;
    pidfd:* | /pidfd:*) echo pidfd ;;
    /memfd:*) echo memfd ;;
    /dev/pt*) echo pty ;;
    *) echo file ;;
    esac
}

@test "descriptors are exact for each function that makes one, and the inventory is that of /proc/self/fd" {
    local link
    mkdir "$BATS_TEST_TMPDIR/folder"
    # Its children are traced as well.
    traced exe=fd_files -- "$LEAKTRACE_SPECIMENS/fd_files" "$BATS_TEST_TMPDIR/folder" > "$BATS_TEST_TMPDIR/links"
    files_truth | figures_are fd
    nothing_was_lost fd
    equal "$(comment fd stale_fds)" 0
    while read -r _ link; do
        type_of "$link"
    done < "$BATS_TEST_TMPDIR/links" | sort | uniq -c | awk '{ print $2, $1 }' > "$BATS_TEST_TMPDIR/kernel"
    awk '/^[0-9]/ { for (i = 4; i <= NF; i++) if ($i ~ /^type=/) sum[substr($i, 6)] += $2 }
         END { for (type in sum) print type, sum[type] }' "$(newest fd)" | sort > "$BATS_TEST_TMPDIR/ours"
    diff -u "$BATS_TEST_TMPDIR/kernel" "$BATS_TEST_TMPDIR/ours"
    equal "$(total fd inuse_fds)" "$(wc -l < "$BATS_TEST_TMPDIR/links")"
}

@test "descriptors are exact through dup2 over live ones, failures, close_range and calls behind the library's back" {
    traced -- "$LEAKTRACE_SPECIMENS/fd_numbers" > "$BATS_TEST_TMPDIR/counts"
    numbers_truth | figures_are fd
    equal "$(comment fd stale_fds)" 2
    equal "$(comment fd replaced)" 1
    equal "$(comment fd dropped_events)" 0
    equal "$(comment fd unattributed_fds)" "$(($(awk '/inherited/ { print $2 }' "$BATS_TEST_TMPDIR/counts") + 2))"
    equal "$(total fd inuse_fds)" "$(($(awk '/opened/ { print $2 }' "$BATS_TEST_TMPDIR/counts") - 2))"
}

@test "sockets are labelled with their type, state and peer" {
    local listener udp refused full
    traced -- "$LEAKTRACE_SPECIMENS/sockets" > "$BATS_TEST_TMPDIR/addresses"
    listener="$(awk '/listener/ { print $2 }' "$BATS_TEST_TMPDIR/addresses")"
    udp="$(awk '/udp/ { print $2 }' "$BATS_TEST_TMPDIR/addresses")"
    refused="$(awk '/refused/ { print $2 }' "$BATS_TEST_TMPDIR/addresses")"
    full="$(awk '/full/ { print $2 }' "$BATS_TEST_TMPDIR/addresses")"
    equal "$(rows fd listens)" "1 1 type=tcp state=LISTEN"
    equal "$(rows fd connects)" "$(sort << END
1 0
1 1 type=tcp peer=$full state=ESTABLISHED
1 1 type=tcp peer=$listener state=ESTABLISHED
END
)"
    equal "$(rows fd connects_without_waiting)" "1 1 type=tcp peer=$listener state=ESTABLISHED"
    equal "$(rows fd accepts | sort | uniq -c | awk '{ $1 = $1 } 1')" "2 1 0
1 1 1 type=tcp peer=127.0.0.1 state=ESTABLISHED"
    equal "$(rows fd accepts4)" "1 1 type=tcp peer=127.0.0.1 state=ESTABLISHED"
    equal "$(rows fd is_refused | awk '$2 > 0')" "1 1 type=tcp peer=$refused"
    equal "$(rows fd syn_sent | cut -d ' ' -f 2-)" "1 type=tcp peer=$full state=SYN_SENT"
    equal "$(rows fd peer_has_closed | awk '$2 > 0')" "1 1 type=tcp peer=$listener state=CLOSE_WAIT"
    equal "$(rows fd by_socketpair)" "2 2 type=unix state=CONNECTED"
    equal "$(rows fd by_unix)" "1 1 type=unix state=CONNECTED
1 1 type=unix state=LISTEN"
    equal "$(rows fd by_udp)" "1 1 type=udp peer=$udp state=ESTABLISHED"
    equal "$(rows fd never_connected)" "1 1 type=tcp"
    nothing_was_lost fd
}

# created_threads, inuse_stack, inuse_threads
threads_truth() {
    cat << 'END'
created_and_joined 1000 0 0
running_for_ever 10 2621440 10
with_default_attributes 1 4194304 1
ended_unjoined 3 786432 3
detached_while_running 1 0 0
detached_after_the_end 1 0 0
detached_and_running 1 262144 1
created_detached 2 262144 1
ended_by_pthread_exit 1 0 0
cancelled_and_joined 1 0 0
joined_in_other_ways 3 0 0
joined_in_vain 2 524288 2
c11_joined 10 0 0
c11_detached 1 4194304 1
refused 0 0 0
starts_starters 4 0 0
start_more 208 2097152 8
END
}

cxx_threads_truth() {
    cat << 'END'
joined 20 0 0
by_async 5 0 0
detached_for_ever 1 4194304 1
forgotten 1 4194304 1
END
}

@test "threads are exact, however they begin and end" {
    ulimit -S -s 4096
    traced -- "$LEAKTRACE_SPECIMENS/threads"
    threads_truth | figures_are thread
    nothing_was_lost thread
    equal "$(comment thread unattributed_threads)" 0
    equal "$(rows thread ended_unjoined)" "3 786432 3 state=exited-unjoined start=do_nothing"
    equal "$(rows thread with_default_attributes)" "1 4194304 1 state=running start=wait_for_ever"
}

@test "threads of C++ are exact" {
    ulimit -S -s 4096
    traced -- "$LEAKTRACE_SPECIMENS/threads_cxx"
    cxx_threads_truth | figures_are thread
    nothing_was_lost thread
}

@test "a child of vfork changes nothing, and a child of fork has figures of its own" {
    local child parent_heap parent_fd
    traced exe=forks -- "$LEAKTRACE_SPECIMENS/forks" > "$BATS_TEST_TMPDIR/out"
    child="$(awk '/child/ { print $2 }' "$BATS_TEST_TMPDIR/out")"
    parent_heap="$(find "$DUMPS" -name 'forks.*.heap.txt' ! -name "forks.$child.*")"
    parent_fd="$(find "$DUMPS" -name 'forks.*.fd.txt' ! -name "forks.$child.*")"
    figures_are heap "$parent_heap" << 'END'
before_children 20 600 19 570
in_child_of_fork 0 0 0 0
after_children 1 11 1 11
END
    figures_are fd "$parent_fd" << 'END'
before_children 6 6
by_vfork 1 1
in_child_of_vfork 0 0
by_spawn 0 0
in_child_of_fork 0 0
after_children 1 1
END
    figures_are heap "$DUMPS/forks.$child.0001.heap.txt" << 'END'
before_children 20 600 15 450
in_child_of_fork 3 231 3 231
after_children 0 0 0 0
END
    figures_are fd "$DUMPS/forks.$child.0001.fd.txt" << 'END'
before_children 6 6
by_vfork 1 1
in_child_of_fork 2 1
after_children 0 0
END
    nothing_was_lost heap fd
}

# The outermost functions of all stacks of a kind.
outermost() {
    awk '/^#\t/ { split($0, part, "\t"); last = part[3]; next }
         last != "" { print last; last = "" }
         END { if (last != "") print last }' "$(newest "$1")" | sort -u
}

@test "the stacks are those of libunwind's slow walk, and every one ends in a start function" {
    local specimen every=1
    for specimen in heap heap_cxx fd_numbers sockets threads threads_cxx "heap_random 5 2"; do
        [ "$specimen" != "heap_random 5 2" ] || every=97
        # shellcheck disable=SC2086
        traced "check=$every" -- "$LEAKTRACE_SPECIMENS"/$specimen > "$BATS_TEST_TMPDIR/out"
        equal "$(comment heap mismatched_stacks)" 0 "$specimen"
        equal "$(comment heap truncated_stacks)" 0 "$specimen"
        equal "$(comment heap checked_stacks | awk '{ print ($1 > 20) }')" 1 "$specimen"
        run ! grep -vxE '_start|_dl_start_user|(__)?clone3?' <(outermost heap)
    done
}

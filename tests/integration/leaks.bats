#!/usr/bin/env bats
# What can still be reached, against what is known of the specimens.

load ../support/leaktrace

# Objects and bytes of a function by class, in the order of the classes: "definite 1 100 indirect 2 30".
classes() {
    awk -v function_name="$1" '
        function add() { if (hit) { objects[class] += values[1]; bytes[class] += values[2] } hit = 0 }
        NR == 1 { next }
        /^#\t/  { split($0, part, "\t"); if (part[3] == function_name) hit = 1; next }
        /^#/    { next }
        { add(); split($0, values); match($0, /leak=[a-z]+/); class = substr($0, RSTART + 5, RLENGTH - 5) }
        END { add(); n = split("definite indirect possible reachable", order)
              for (i = 1; i <= n; i++) if (order[i] in objects)
                  { printf "%s%s %d %d", sep, order[i], objects[order[i]], bytes[order[i]]; sep = " " } }' "${2:-$(newest heap_leak)}"
}

# Holds them against a table on standard input: a function and its classes.
classes_are() {
    local site truth wrong=0
    while read -r site truth; do
        [ "$(classes "$site" "${1:-$(newest heap_leak)}")" = "$truth" ] ||
            { echo "$site: expected $truth, got $(classes "$site" "${1:-$(newest heap_leak)}")" >&2 && wrong=1; }
    done
    return "$wrong"
}

blocks_truth() {
    cat << 'END'
by_malloc definite 1 100
by_calloc definite 1 110
by_realloc definite 1 120
by_memalign definite 2 8322
by_strdup definite 1 5
of_no_bytes definite 1 0
huge definite 1 1048576
huge_aligned definite 1 1048576
head_of_list definite 1 64
rest_of_list indirect 2 128
of_cycle definite 1 64 indirect 2 128
points_to_itself definite 1 64
before_cycle definite 1 64
of_led_cycle indirect 2 128
of_tree definite 1 64 indirect 14 896
on_dead_stack definite 1 140
after_free definite 1 170
one_behind_the_end definite 1 192
last_of_all definite 1 184
by_ignored reachable 1 64
from_data reachable 1 200
from_bss reachable 1 210
from_tls reachable 1 220
from_thread_specific_data reachable 41 9712
from_own_mapping reachable 1 240
from_shared_mapping reachable 1 241
from_mapping_made_read_only reachable 1 242
from_huge_block reachable 2 33554682
from_list reachable 10 640
from_cycle reachable 2 128
from_declared_root reachable 2 4356
by_inside possible 1 300
by_last_byte possible 1 304
behind_inside possible 1 64
holds_behind_inside possible 2 128
by_tagged possible 1 320
by_tagged_below possible 1 330
by_unaligned possible 1 64
behind_unaligned possible 1 64
by_inside_and_start reachable 1 310
on_suspended_stack reachable 1 65536
run_in_context reachable 1 450
END
}

threads_truth() {
    cat << 'END'
in_ended_thread definite 48 7200
on_stack_of_thread reachable 2 810
in_register_of_thread reachable 1 420
in_vector_register_of_thread reachable 1 421
with_all_signals_blocked reachable 1 430
for_argument reachable 1 64
result_of_unjoined reachable 1 280
END
}

# The sums of all classes are what the heap profile has in use.
adds_up() {
    equal "$(total heap_leak inuse_objects)" "$(total heap inuse_objects)"
    equal "$(total heap_leak inuse_space)" "$(total heap inuse_space)"
}

@test "each block is what is known of it, however the program ends" {
    local how code
    for how in return exit _exit quick_exit signal; do
        rm -f "$DUMPS"/*
        code=0
        traced leaks=exit -- "$LEAKTRACE_SPECIMENS/leaks" "$how" || code=$?
        equal "$code" "$([ "$how" = signal ] && echo 143 || echo 7)" "$how"
        blocks_truth | classes_are
        adds_up
        nothing_was_lost heap
    done
}

@test "pointers on stacks and in registers of threads keep blocks, those on stacks of ended threads do not" {
    local how
    for how in return exit _exit signal; do
        rm -f "$DUMPS"/*
        traced leaks=exit -- "$LEAKTRACE_SPECIMENS/leaks" "$how" threads || true
        { blocks_truth; threads_truth; } | classes_are
        adds_up
        equal "$(comment heap_leak leak_threads_missed)" 0
        equal "$(comment heap_leak leak_threads)" 6
    done
}

@test "what main had on its stack is lost when it returns, and not when it calls exit" {
    local how
    traced leaks=exit -- "$LEAKTRACE_SPECIMENS/leaks" return || true
    equal "$(classes of_main)" "definite 40 20400"
    equal "$(classes end)" "definite 1 500"
    for how in exit _exit quick_exit signal; do
        rm -f "$DUMPS"/*
        traced leaks=exit -- "$LEAKTRACE_SPECIMENS/leaks" "$how" || true
        equal "$(classes of_main)" "reachable 40 20400" "$how"
        equal "$(classes end)" "reachable 1 500" "$how"
    done
}

# The blocks of a case of leaks_corners: one lost, and so many that can be reached.
corner_is() {
    equal "$(classes lost "$3")" "definite 1 100" "$1" && equal "$(classes reached "$3")" "reachable $2 $(($2 * 200))" "$1"
}

corner() {
    rm -f "$DUMPS"/*
    traced leaks=exit -- "$LEAKTRACE_SPECIMENS/leaks_corners" "$1"
    corner_is "$1" "$2" "$(newest heap_leak leaks_corners)"
    adds_up
}

@test "a terabyte of nothing is not looked through, and stays nothing" {
    corner sparse 2
    [ "$(comment heap_leak leak_scan_bytes)" -lt 1000000000 ]
}

@test "what cannot be read is not touched: pages without access, and files that have become shorter" {
    corner unreadable 2
}

@test "a thread that blocks every signal goes on, and all of its stack counts" {
    corner unstoppable 1
    equal "$(comment heap_leak leak_threads_missed)" 1
}

@test "of threads that come and go all the time none is missed" {
    corner restless 1
    equal "$(comment heap_leak leak_threads_missed)" 0
}

@test "a thread that ends the process keeps what it has on its stack, as the others do" {
    corner from_thread 2
}

@test "memory of the program below and in a stack that a thread was given is not taken for a dead stack" {
    corner given_stack 2
}

@test "a forked child and its parent tell their own leaks, and the child keeps what its parent's threads had" {
    local parent child
    traced leaks=exit -- "$LEAKTRACE_SPECIMENS/leaks_corners" forked
    child=$(grep -l '^# forked_from' "$DUMPS"/*.heap_leak.txt)
    parent=$(grep -L '^# forked_from' "$DUMPS"/*.heap_leak.txt)
    corner_is parent 2 "$parent"
    corner_is child 3 "$child"
}

@test "dumps on request look for leaks while threads allocate, and the program goes on" {
    start leaks=dump -- "$LEAKTRACE_SPECIMENS/leaks_corners" serves
    wait_for_line ready
    local i
    for i in 1 2 3; do
        kill -USR2 "$PROGRAM"
        wait_for_dump "$i"
        corner_is "dump $i" 1 "$(dump_file heap_leak "$i")"
    done
    finish
    equal "$(comment heap dropped_events)" 0
}

@test "with leaks=exit a dump on request looks for none" {
    start leaks=exit -- "$LEAKTRACE_SPECIMENS/leaks_corners" serves
    wait_for_line ready
    kill -USR2 "$PROGRAM"
    wait_for_dump 1
    finish
    [ ! -e "$(dump_file heap_leak 1)" ]
    [ -e "$(dump_file heap_leak 2)" ]
}

@test "a program that executes another is not looked at, and the other is" {
    traced leaks=exit -- env "$LEAKTRACE_SPECIMENS/leaks_corners" given_stack
    equal "$(find "$DUMPS" -name 'env.*heap_leak*' | wc -l)" 0
    equal "$(find "$DUMPS" -name 'leaks_corners.*heap_leak*' | wc -l)" 2
}

@test "where the memory does not suffice nothing is said of leaks, in one line, and the rest is there" {
    traced leaks=exit memory=2M -- "$LEAKTRACE_SPECIMENS/leaks" exit || true
    equal "$(grep -c 'what can still be reached is not known' "$BATS_TEST_TMPDIR/log")" 1
    equal "$(find "$DUMPS" -name '*heap_leak*' | wc -l)" 0
    equal "$(total heap inuse_objects by_malloc)" 1
}

@test "without the option nothing is looked for, and no file is there" {
    traced -- "$LEAKTRACE_SPECIMENS/leaks" exit || true
    equal "$(find "$DUMPS" -name '*heap_leak*' | wc -l)" 0
    equal "$(comment heap leak_scan_bytes)" ""
}

@test "where blocks are sampled nothing is looked for" {
    traced leaks=exit sample=512 -- "$LEAKTRACE_SPECIMENS/leaks" exit || true
    equal "$(find "$DUMPS" -name '*heap_leak*' | wc -l)" 0
}

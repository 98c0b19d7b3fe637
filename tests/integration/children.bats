#!/usr/bin/env bats
# Children that go on by themselves: each has what it inherited and what it did, under a name of its own, and its parent's figures
# are as if it had none.

load ../support/leaktrace

# Runs the specimen, traced, in a folder of its own. Who waits for a thread that a child does not have would be killed.
children() {
    rm -rf "$BATS_TEST_TMPDIR/where" "$DUMPS"/*
    mkdir "$BATS_TEST_TMPDIR/where"
    read_command "${OPTIONS_TOO:-at_exit=yes}" -- "$LEAKTRACE_SPECIMENS/children" "$1"
    (cd "$BATS_TEST_TMPDIR/where" &&
        timeout -s KILL 25 env LD_PRELOAD="$LEAKTRACE_LIBRARY" LEAKTRACE_OPTIONS="$OPTIONS" "${COMMAND[@]}")
    # What has been left to itself may still be at it.
    wait_until no_status_is_left
}

no_status_is_left() {
    [ -z "$(find "$DUMPS" -name '*.status')" ]
}

# The pids of children that have said that they did in_child().
told() {
    awk '{ print $2 }' "$BATS_TEST_TMPDIR/where/children"
}

count_dumps() {
    find "$DUMPS" -name 'children.*.heap.txt' | wc -l
}

parents() {
    local pattern
    pattern=$(told | sed 's|.*|children\\.&\\.|' | paste -sd '|')
    find "$DUMPS" -name "children.*.$1.txt" | grep -vE "$pattern"
}

has_dump() {
    [ -e "$DUMPS/children.$1.0001.thread_growth.txt" ]
}

# A child of fork: it has given back 5 of 20 blocks, acquired 3, opened 2 descriptors and closed one.
child_is_exact() {
    local child="$1"
    equal "$(figures heap before_children "$DUMPS/children.$child.0001.heap.txt")" "20 600 15 450" "$child"
    equal "$(figures heap in_child "$DUMPS/children.$child.0001.heap.txt")" "3 231 3 231" "$child"
    equal "$(figures fd before_children "$DUMPS/children.$child.0001.fd.txt")" "6 6" "$child"
    equal "$(figures fd in_child "$DUMPS/children.$child.0001.fd.txt" | sed 's/^[0-9]* //')" "1" "$child"
    equal "$(comment heap reason "$DUMPS/children.$child.0001.heap.txt")" exit "$child"
    equal "$(comment heap dropped_events "$DUMPS/children.$child.0001.heap.txt")" 0 "$child"
}

parent_is_exact() {
    equal "$(figures heap before_children "$(parents heap)")" "20 600 20 600" "parent of $1"
    equal "$(figures heap in_child "$(parents heap)")" "0 0 0 0" "parent of $1"
    equal "$(figures fd before_children "$(parents fd)")" "6 6" "parent of $1"
    equal "$(figures fd in_child "$(parents fd)")" "0 0" "parent of $1"
}

@test "a child has what it inherited and what it did, whoever forks and wherever" {
    local how child
    for how in plain threaded in_atfork with_atfork in_handler double; do
        children "$how"
        for child in $(told); do
            child_is_exact "$child" || { echo "in $how" >&2 && return 1; }
        done
        parent_is_exact "$how"
        dumps_are_whole
    done
}

@test "the inherited part is marked" {
    local child parent
    children plain
    child=$(told)
    parent=$(comment heap pid "$(parents heap)")
    equal "$(comment heap forked_from "$DUMPS/children.$child.0001.heap.txt")" "$parent"
    equal "$(comment heap inherited_fds "$DUMPS/children.$child.0001.fd.txt")" 6
    # All that is there, but for the three that it has acquired.
    equal "$(comment heap inherited_objects "$DUMPS/children.$child.0001.heap.txt")" \
        "$(($(sed -En "1s/.*inuse_objects\/count ([0-9]+).*/\1/p" "$DUMPS/children.$child.0001.heap.txt") - 3))"
    equal "$(comment heap forked_from "$(parents heap)")" ""
}

@test "as many children as there are dumps" {
    local how
    for how in plain:2 threaded:11 in_atfork:3 double:2 prefork:5 daemon:2; do
        children "${how%:*}"
        [ "$how" != daemon:2 ] || wait_until has_dump "$(told)"
        equal "$(count_dumps)" "${how#*:}" "$how"
        dumps_are_whole
    done
}

@test "a daemon goes on with what it had" {
    local child
    children daemon
    wait_until has_dump "$(told)"
    child=$(told)
    child_is_exact "$child"
    parent_is_exact daemon
    equal "$(comment heap reason "$(parents heap)")" daemon
}

@test "workers of one socket have what each of them leaks" {
    local child held=0
    children prefork
    equal "$(told | wc -l)" 4
    for child in $(told); do
        equal "$(figures heap serves "$DUMPS/children.$child.0001.heap.txt")" "10 2000 10 2000"
        equal "$(figures fd serves "$DUMPS/children.$child.0001.fd.txt")" "11 5"
        equal "$(figures heap before_children "$DUMPS/children.$child.0001.heap.txt")" "20 600 20 600"
    done
    equal "$(figures heap serves "$(parents heap)")" "0 0 0 0"
    dumps_are_whole
}

@test "a child that does nothing worth a dump leaves no file" {
    children idle
    equal "$(count_dumps)" 1
    dumps_are_whole
}

@test "a child that only opens descriptors makes a dump at its end" {
    local file seen=0
    children opens
    equal "$(count_dumps)" 3
    for file in "$DUMPS"/*.fd.txt; do
        if [ "$(comment fd forked_from "$file")" != "" ]; then
            equal "$(figures fd only_opens "$file")" "2 2"
            equal "$(figures fd before_children "$file")" "6 6"
            seen=$((seen + 1))
        fi
    done
    equal "$seen" 2
    dumps_are_whole
}

@test "a child that nobody was told of ends as ever, and changes nothing of its parent's" {
    local how
    for how in bare clone; do
        children "$how"
        equal "$(count_dumps)" 1 "$how"
        equal "$(figures heap before_children)" "20 600 20 600"
        equal "$(figures fd before_children)" "6 6"
        dumps_are_whole
    done
}

@test "without follow=fork a child is as without leaktrace" {
    local how
    for OPTIONS_TOO in follow=exec follow=none; do
        for how in plain threaded killed opens; do
            children "$how"
            equal "$(count_dumps)" 1 "$how"
            equal "$(figures heap before_children)" "20 600 20 600"
        done
    done
}

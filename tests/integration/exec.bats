#!/usr/bin/env bats
# Programs that are executed: whether they are traced, what they find in their environment, and what the one before leaves.

load ../support/leaktrace

ALL="execve execv execvpe execl execle execlp execveat fexecve vfork fork spawn spawnp"

# What the executed program says of itself, traced with that option: preload, options, x, traced.
found() {
    local follow="$1"
    shift
    rm -rf "${DUMPS:?}"/* "$BATS_TEST_TMPDIR/where"
    mkdir "$BATS_TEST_TMPDIR/where"
    (cd "$BATS_TEST_TMPDIR/where" && traced "follow=$follow" -- "$LEAKTRACE_SPECIMENS/execs" "$@") > "$BATS_TEST_TMPDIR/out" ||
        equal $? 5 "$*"
    cat "$BATS_TEST_TMPDIR/out"
}

followed() {
    local options="dir=$DUMPS:format=pprof,text:log=$BATS_TEST_TMPDIR/log:follow=$FOLLOW"
    printf 'preload %s\noptions %s\nx %s\ntraced 1\n' "$LEAKTRACE_LIBRARY${1:+:$1}" "$options" "$2"
}

dumps_with() {
    grep -lx "# reason $1" "$DUMPS"/*.heap.txt | wc -l
}

@test "every way to execute hands the library on, whatever environment the program gives" {
    local how
    FOLLOW="exec"
    for how in $ALL handler; do
        equal "$(found exec "$how" empty)" "$(followed "" --)" "$how"
    done
    for how in $ALL execvp system popen; do
        equal "$(found exec "$how" own)" "$(followed "" --)" "$how"
    done
}

@test "preloads that the program gives stay, behind the library" {
    local how
    FOLLOW=exec,fork
    for how in $ALL; do
        equal "$(found exec,fork "$how" other)" "$(followed "libm.so.6 libdl.so.2" 12)" "$how"
    done
}

@test "an environment that is missing or large is copied as well" {
    local how
    FOLLOW="exec"
    for how in execve vfork spawn; do
        equal "$(found exec "$how" none)" "$(followed "" --)" "$how"
    done
    for how in execve spawn execle; do
        equal "$(found exec "$how" large)" "$(followed "" 12)" "$how"
    done
}

@test "without follow=exec the library is taken out, and other preloads stay" {
    local how
    for how in $ALL execvp system popen; do
        equal "$(found fork "$how" own | grep -v '^options')" $'preload -\nx --\ntraced 0' "$how"
        equal "$(find "$DUMPS" -name '*.heap.txt' | wc -l)" 1
        equal "$(figures heap keeps_three)" "3 150 3 150"
    done
    for how in $ALL; do
        equal "$(found none "$how" other)" $'preload libm.so.6 libdl.so.2\noptions -\nx 12\ntraced 0' "$how"
    done
    PRELOAD_BEHIND=libm.so.6:libdl.so.2
    for how in $ALL system popen; do
        equal "$(found none "$how" own | grep -v '^options')" $'preload libm.so.6:libdl.so.2\nx --\ntraced 0' "$how"
    done
}

@test "a program that becomes another leaves a dump, and the other starts clean" {
    local how
    for how in execve execv execvpe execl execle execlp execveat fexecve handler; do
        found exec "$how" empty > /dev/null
        equal "$(find "$DUMPS" -name '*.heap.txt' | wc -l)" 2 "$how"
        equal "$(dumps_with exec)" 1 "$how"
        equal "$(dumps_with exit)" 1 "$how"
        equal "$(figures heap keeps_three "$(grep -lx '# reason exec' "$DUMPS"/*.heap.txt)")" "3 150 3 150" "$how"
        equal "$(figures heap keeps_three "$(grep -lx '# reason exit' "$DUMPS"/*.heap.txt)")" "3 150 3 150" "$how"
        equal "$(find "$DUMPS" -name '*.status')" "" "$how"
        dumps_are_whole
    done
}

@test "a program of many threads can become another while they allocate" {
    found exec execve empty a b c > /dev/null
    equal "$(dumps_with exec)" 1
    equal "$(figures heap keeps_three "$(grep -lx '# reason exec' "$DUMPS"/*.heap.txt)")" "3 150 3 150"
    dumps_are_whole
}

@test "a child that executes leaves no dump of its own, and its parent's is untouched" {
    local how
    for how in vfork fork spawn; do
        found exec "$how" empty > /dev/null
        equal "$(find "$DUMPS" -name '*.heap.txt' | wc -l)" 2 "$how"
        equal "$(dumps_with exit)" 2 "$how"
        equal "$(cat "$DUMPS"/*.heap.txt | grep -c '^# dropped_events 0')" 2 "$how"
    done
}

@test "a program whose exec fails goes on, traced as before" {
    mkdir "$BATS_TEST_TMPDIR/where"
    (cd "$BATS_TEST_TMPDIR/where" && traced -- "$LEAKTRACE_SPECIMENS/execs" fails) || equal $? 9
    # What is not there, or may not be executed, is no end.
    equal "$(dumps_with exec)" 1
    equal "$(dumps_with exit)" 1
    equal "$(figures heap between_failures "$DUMPS"/execs.*.0001.heap.txt)" "2 40 2 40"
    equal "$(figures heap between_failures "$DUMPS"/execs.*.0002.heap.txt)" "4 80 4 80"
    dumps_are_whole
}

@test "no dump is made before an exec when none is wanted at the end" {
    rm -rf "${DUMPS:?}"/*
    traced at_exit=no -- "$LEAKTRACE_SPECIMENS/execs" execve own > "$BATS_TEST_TMPDIR/out" || equal $? 5
    equal "$(find "$DUMPS" -name '*.txt')" ""
    equal "$(find "$DUMPS" -name 'execs.*.status' | wc -l)" 0
}

@test "what a shell forks to execute something leaves no dump" {
    traced exe=bash -- bash -c 'for i in 1 2 3; do /bin/true > /dev/null; (x=$(seq 10); exec /bin/cat < /dev/null); done'
    equal "$(dumps_with exec)" 0
    [ "$(dumps_with exit)" -ge 1 ]
    equal "$(find "$DUMPS" -name '*.status')" ""
}

@test "real programs that execute others pass the library on, or not" {
    FOLLOW="exec"
    traced follow=exec exe=cat -- sh -c 'env -i /bin/cat /dev/null
        exec python3 -c "import subprocess; subprocess.run([\"/bin/cat\", \"/dev/null\"], env={})"'
    equal "$(find "$DUMPS" -name 'cat.*.heap.txt' | wc -l)" 2
    rm "$DUMPS"/*
    traced follow=none exe=cat,sh -- sh -c '/bin/cat /dev/null; :'
    equal "$(find "$DUMPS" -name 'cat.*.heap.txt' | wc -l)" 0
    equal "$(find "$DUMPS" -name 'sh.*.heap.txt' | wc -l)" 1
}

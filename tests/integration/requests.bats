#!/usr/bin/env bats
# Commands that ask at the same time.

load ../support/leaktrace

is_answering() {
    "$LEAKTRACE_COMMAND" mark "$PROGRAM" > /dev/null 2>&1
}

@test "each leaktrace dump makes exactly one dump, also while others ask the same process" {
    local asker i
    start at_exit=no -- cat
    wait_until is_answering
    for asker in 1 2 3; do
        for ((i = 0; i < 40; i++)); do
            "$LEAKTRACE_COMMAND" mark "$PROGRAM"
        done > /dev/null 2>&1 3>&- &
        STARTED+=($!)
    done
    for ((i = 0; i < 15; i++)); do
        "$LEAKTRACE_COMMAND" dump "$PROGRAM" > /dev/null
    done
    equal "$(find "$DUMPS" -name 'cat.*.heap.txt' | wc -l)" 15
    finish
}

#!/usr/bin/env bats
# The leak gate against the table of verdicts in gate/verdicts.txt. The score is the last line of each; what the table notes as known to
# be wrong counts in it.

load ../support/leaktrace

# No false positive, no leak missed, and everything else as the table says.
conform() {
    run python3 -B "$LEAKTRACE_SOURCE/tests/integration/gate/conformance.py" --build "$LEAKTRACE_BUILD" "$@"
    echo "# ${lines[-1]}" >&3
    equal "$status" 0 "$output"
}

@test "blocks are found whatever function they come from, and failed requests are no leaks" {
    conform acquire acquire_cxx
}

@test "a block is held by a pointer in any place that a program can have" {
    conform roots
}

@test "what a pointer is, and which of the lost blocks is the cause" {
    conform pointers
}

@test "leaks are found wherever code runs, in threads, children, handlers, and code that is gone" {
    conform places
}

@test "leaks are found however the process ends, and its own failure is what the gate passes on" {
    conform ends
}

@test "descriptors left open and threads left behind are found, inherited and closed ones are not" {
    conform descriptors threads
}

@test "what the program ignores and what the user suppresses does not fail" {
    conform asked
}

#!/usr/bin/env bats
# What grows from round to round, though something still points to it.

load ../support/leaktrace
load ../support/gate

@test "a loop that keeps more after each round fails, and one that fills a cache passes" {
    gate --growth -- "$(specimen)" loop=leak
    expect 23
    [[ "$output" == *"5 heap blocks (240 B) growing: keep_item"* ]]
    [[ "$output" == *"after each round: 1 2 3 4 5"* ]]
    gate --growth -- "$(specimen)" loop=cache
    expect 0
    gate -- "$(specimen)" loop=leak
    expect 0
}

@test "a server is driven by a trigger, judged, and ended" {
    local file="$BATS_TEST_TMPDIR/pid"
    gate --rounds 4 --grace 0.1 --trigger "kill -HUP \$(cat $file)" --format "text,json=$BATS_TEST_TMPDIR/result.json" -- \
        "$(specimen)" "serve=$file"
    expect 23
    [[ "$output" == *"4 heap blocks (192 B) growing: keep_item"* ]]
    equal "$(field 'r["findings"][0]["rounds"]')" "[1, 2, 3, 4]"
    equal "$(field 'r["program_status"]')" 0
    ! kill -0 "$(cat "$file")"
}

@test "a server that only waits passes" {
    gate --rounds 3 --grace 0 --warmup 0.1 -- "$(specimen)" "serve=$BATS_TEST_TMPDIR/pid"
    expect 0
}

@test "the mark is set when the gate gets its signal" {
    local file="$BATS_TEST_TMPDIR/pid" gate_pid
    "$LEAKTRACE_COMMAND" gate --mark-at-signal USR1 --rounds 3 --grace 0.1 --trigger "kill -HUP \$(cat $file)" -- \
        "$(specimen)" "serve=$file" > "$BATS_TEST_TMPDIR/result" &
    gate_pid=$!
    STARTED+=("$gate_pid")
    wait_until test -s "$file"
    kill -HUP "$(cat "$file")"
    sleep 1
    kill -USR1 "$gate_pid"
    status=0
    wait "$gate_pid" || status=$?
    equal "$status" 23
    grep -q "after each round: 1 2 3" "$BATS_TEST_TMPDIR/result"
}

@test "rounds that cannot be driven to the end are no verdict" {
    gate --rounds 3 --grace 0 --trigger false -- "$(specimen)" "serve=$BATS_TEST_TMPDIR/pid"
    expect 3
    says "the trigger has failed with status 1: false"
    gate --rounds 3 --grace 0 -- "$(specimen)" keep
    expect 3
    says "the program has ended after 0 of 3 rounds"
    gate --growth -- "$(specimen)" keep
    expect 3
    says "fewer than 3 dumps"
}

@test "a trigger that waits for a program which has ended is ended too" {
    run --separate-stderr timeout 60 "$LEAKTRACE_COMMAND" gate --rounds 3 --trigger 'sleep 1000' -- sh -c 'sleep 1'
    expect 3
    says "the program has ended after 0 of 3 rounds"
}

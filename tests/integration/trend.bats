#!/usr/bin/env bats
# diff and trend on dumps of the real library: figures are those of the program, over restarts and a rebuild.

load ../support/leaktrace

# step FROM TO: the program takes those steps, with a dump behind each.
steps() {
    local i
    for ((i = $1; i <= $2; i++)); do
        echo >&"$INPUT"
        wait_for_line "step $i"
        "$LEAKTRACE_COMMAND" dump "$PROGRAM" > /dev/null
    done
}

leaktrace_json() {
    "$LEAKTRACE_COMMAND" "$1" --format json "${@:2}" > "$BATS_TEST_TMPDIR/json"
}

# RISES holds of a site that rises from first dump to last. How far apart in time dumps come is the machine's, so what has risen can
# seem to have stopped; tests/unit/test_verdict.c judges series whose times are known.
RISES='site["verdict"] in ("growing", "saturating", "stopped") and site["first"] < site["last"]'

# Prints an expression of Python about `site`, that of a function in the kind, and `kind`.
of_site() {
    python3 - "$BATS_TEST_TMPDIR/json" "$@" << 'END'
import json, sys
top = json.load(open(sys.argv[1]))
top = top["trends"][0] if "trends" in top else top
kind = next(kind for kind in top["kinds"] if kind["kind"] == sys.argv[2])
site = next(site for site in kind["sites"] if site["frames"][0]["function"] == sys.argv[3])
print(eval(sys.argv[4]))
END
}

@test "trend of a process tells what grows, by how much, and how long that can go on" {
    start -- "$LEAKTRACE_SPECIMENS/trends"
    steps 1 6
    leaktrace_json trend "$PROGRAM"
    equal "$(of_site heap leak_blocks "$RISES")" True
    equal "$(of_site heap leak_blocks 'site["first"], site["last"]')" "(1000, 6000)"
    equal "$(of_site heap fill_table 'site["verdict"], site["first"], site["last"]')" "('flat', 50000, 50000)"
    equal "$(of_site heap hold_for_a_step 'site["verdict"], site["last"]')" "('flat', 5000)"
    equal "$(of_site fd leak_descriptor "$RISES")" True
    equal "$(of_site fd leak_descriptor 'site["first"], site["last"]')" "(1, 6)"
    equal "$(of_site fd leak_descriptor 'kind["limit"]')" "$(ulimit -n)"
    equal "$(of_site fd leak_descriptor '(site["hours_to_limit"] or 0) > 0 or site["verdict"] != "growing"')" True
    equal "$(of_site heap leak_blocks '0 < kind["used"] < kind["limit"]')" True
    equal "$(of_site heap leak_blocks 'top["n_dumps"], top["n_lives"]')" "(7, 1)"
    finish
}

@test "trend of a folder goes on over a restart and a rebuild" {
    local source="$LEAKTRACE_SOURCE/tests/specimens/trends.c"
    gcc -O2 -g -fno-builtin-malloc -fno-optimize-sibling-calls -o "$BATS_TEST_TMPDIR/trends" "$source"
    start at_exit=no -- "$BATS_TEST_TMPDIR/trends"
    steps 1 6
    finish
    mkdir "$BATS_TEST_TMPDIR/new"
    gcc -O1 -g -fno-builtin-malloc -DANOTHER_BUILD -o "$BATS_TEST_TMPDIR/new/trends" "$source"
    start at_exit=no -- "$BATS_TEST_TMPDIR/new/trends"
    steps 1 6
    finish
    leaktrace_json trend "$DUMPS"
    equal "$(of_site heap leak_blocks 'top["n_dumps"], top["n_lives"], kind["n_sites"]')" "(12, 2, 5)" "three, and the two buffers of stdio"
    equal "$(of_site heap leak_blocks "$RISES")" True
    equal "$(of_site heap fill_table 'site["verdict"]')" flat
    equal "$(of_site fd leak_descriptor "$RISES")" True
    "$LEAKTRACE_COMMAND" trend "$DUMPS" | grep -q 'leak_blocks (trends.c:'
}

@test "diff is signed, and stable over a rebuild" {
    local source="$LEAKTRACE_SOURCE/tests/specimens/trends.c" old
    gcc -O2 -g -fno-builtin-malloc -fno-optimize-sibling-calls -o "$BATS_TEST_TMPDIR/trends" "$source"
    start at_exit=no -- "$BATS_TEST_TMPDIR/trends"
    steps 1 4
    old="$DUMPS/trends.$PROGRAM"
    finish
    leaktrace_json diff "$old.0001.heap.pb.gz" "$old.0003.heap.pb.gz"
    equal "$(of_site heap leak_blocks 'site["change"], kind["n_changed"], kind["n_unchanged"]')" "({'count': 20, 'bytes': 2000}, 1, 4)"
    leaktrace_json diff "$old.0003.heap.pb.gz" "$old.0001.heap.pb.gz"
    equal "$(of_site heap leak_blocks 'site["change"]')" "{'count': -20, 'bytes': -2000}"
    gcc -O1 -g -fno-builtin-malloc -DANOTHER_BUILD -o "$BATS_TEST_TMPDIR/trends" "$source"
    start at_exit=no -- "$BATS_TEST_TMPDIR/trends"
    steps 1 1
    leaktrace_json diff "$old.0004".{heap,fd,thread}.pb.gz "$PROGRAM"
    equal "$(of_site heap leak_blocks 'site["change"], kind["n_changed"], kind["n_unchanged"]')" "({'count': -30, 'bytes': -3000}, 1, 4)"
    equal "$(of_site fd leak_descriptor 'site["old"], site["new"]')" "({'count': 4}, {'count': 1})"
    finish
}

@test "diff and trend say what is wrong with what they are given" {
    run -2 "$LEAKTRACE_COMMAND" diff
    run -2 "$LEAKTRACE_COMMAND" diff one
    run -3 "$LEAKTRACE_COMMAND" diff "$DUMPS" "$DUMPS"
    run -2 "$LEAKTRACE_COMMAND" trend
    run -2 "$LEAKTRACE_COMMAND" trend --top 0 x
    run -3 "$LEAKTRACE_COMMAND" trend "$BATS_TEST_TMPDIR/none"
    python3 -B "$LEAKTRACE_SOURCE/tests/golden/make_dumps.py" "$DUMPS"
    run -3 "$LEAKTRACE_COMMAND" diff "$DUMPS" "$DUMPS/worker.300.0001.heap.pb.gz"
    [[ "$output" == *"takes two dumps"* ]]
    run -3 "$LEAKTRACE_COMMAND" diff --kind fd "$DUMPS"/{worker.300.0001,exporter.100.0001}.heap.pb.gz
    [[ "$output" == *"no profile of kind 'fd' in common"* ]]
    run -3 "$LEAKTRACE_COMMAND" trend --kind frogs "$DUMPS"
    [[ "$output" == *"no profile of kind 'frogs'"* ]]
    run -0 "$LEAKTRACE_COMMAND" diff --help
    run -0 "$LEAKTRACE_COMMAND" trend --help
}

#!/usr/bin/env bats
# The benchmarks run, and no figure stands in their tables without its proof. How large the figures are is no test's business.

load ../support/leaktrace

@test "the benchmarks measure each workload in each mode, and prove that it was traced" {
    run --separate-stderr /usr/bin/python3 -B "$LEAKTRACE_SOURCE/tests/bench/bench.py" --library "$LEAKTRACE_LIBRARY" --quick --forks \
        --only sqlite,python,exchange,larson,open,connect,thread --modes leaktrace,sampled,off --json "$BATS_TEST_TMPDIR/figures.json"
    equal "$status" 0 "$output$stderr"
    equal "$(grep -ic failed <<< "$output")" 0 "$output"
    equal "$(grep -c '^| sqlite3, in memory ' <<< "$output")" 5 "$output"
    equal "$(grep -c '^| processor time of the call ' <<< "$output")" 1 "$output"
    /usr/bin/python3 -m json.tool "$BATS_TEST_TMPDIR/figures.json" > "$BATS_TEST_TMPDIR/pretty"
}

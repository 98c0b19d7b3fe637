#!/usr/bin/env bats
# The reader of profiles, and every view behind it, survives anything: no crash, no leak, less than 1 GB of memory.

setup() {
    SEEDS="$BATS_TEST_TMPDIR/seeds"
    BOMBS="$BATS_TEST_TMPDIR/bombs"
    FOUND="$BATS_TEST_TMPDIR/found"
    mkdir "$SEEDS" "$BOMBS" "$FOUND"
    python3 -B "$LEAKTRACE_SOURCE/tests/fuzz/make_corpus.py" "$SEEDS" "$BOMBS"
}

fuzz() {
    cd "$BATS_TEST_TMPDIR"
    ASAN_OPTIONS=quarantine_size_mb=16 "$LEAKTRACE_FUZZ_PROFILE" -seed=1 -max_len=65536 -timeout=30 -rss_limit_mb=1024 \
        "$@" "$LEAKTRACE_SOURCE/tests/fuzz/corpus" "$SEEDS" > "$BATS_TEST_TMPDIR/log" 2>&1 ||
        { tail -n 40 "$BATS_TEST_TMPDIR/log" && return 1; }
}

@test "each profile of the corpus gives an error line or an answer" {
    [ "$(find "$SEEDS" "$BOMBS" "$LEAKTRACE_SOURCE/tests/fuzz/corpus" -type f | wc -l)" -gt 20 ]
    fuzz -runs=0 "$FOUND" "$BOMBS"
}

@test "so do 5,000 mutations of it" {
    fuzz -runs=5000 "$FOUND"
}
